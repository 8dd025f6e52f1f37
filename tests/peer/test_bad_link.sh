#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Data both ways at once against Linux over a link that loses, reorders, repeats and corrupts one
# frame in a hundred, each alone and all together.  SEED=n for another run of bad luck.

set -uo pipefail
cd "$(dirname "$0")/../.."
. tools/linux_peer.sh

out=build/test-bad-link
need_tap "$out" "$@"
for fault in loss=1% reorder=1%/2ms dup=1% corrupt=1% \
  'loss=1%,reorder=1%/2ms,dup=1%,corrupt=1%'; do
  serve "$out/echo_server.log" echoing build/bin/echo_server \
    --uri "$uri,seed=${SEED:-0},$fault" --port 7
  echo "$fault"
  tools/peer.py half-close "$engine_ip" 7 500000 || die "$fault"
  stop_last
done

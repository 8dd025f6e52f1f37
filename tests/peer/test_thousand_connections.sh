#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# 1,000 connections from Linux open at once, each echoing OCTETS (65536 unless set).

set -uo pipefail
cd "$(dirname "$0")/../.."
. tools/linux_peer.sh

out=build/test-thousand
need_tap "$out" "$@"
serve "$out/echo_server.log" echoing build/bin/echo_server --uri "$uri" --port 7
tools/peer.py many "$engine_ip" 7 1000 "${OCTETS:-65536}" || die 'the thousand'
stop_last

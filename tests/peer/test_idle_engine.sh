#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# An engine that has nothing to do sleeps: a server with one idle connection uses under 5 % of a
# core (here over four seconds; processor time, so a busy machine does not matter).

set -uo pipefail
cd "$(dirname "$0")/../.."
. tools/linux_peer.sh

out=build/test-idle
need_tap "$out" "$@"
serve "$out/echo_server.log" echoing build/bin/echo_server --uri "$uri" --port 7
exec 3<>"/dev/tcp/$engine_ip/7" || die 'no connection'
printf 'hello\n' >&3
read -r -t 5 answer <&3 || die 'no echo'
[[ $answer == hello ]] || die "the echo of hello is $answer"
sleep 0.5 # the connection's delayed ACK and its timer run out

cpu() { awk -v hz="$(getconf CLK_TCK)" '{print int(($14 + $15) * 1000 / hz)}' "/proc/$1/stat"; }
before=$(cpu "${started[-1]}")
sleep 4
used_ms=$(($(cpu "${started[-1]}") - before))
echo "idle for 4000 ms: $used_ms ms of processor time"
((used_ms < 200)) || die 'an idle engine uses more than 5 % of a core'
exec 3>&-
stop_last

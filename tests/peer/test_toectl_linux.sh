#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# toectl beside a program whose engine talks to Linux: connections as ss(8) has them, rates that fit
# what was moved, a capture from a running engine; then bench to servers on Linux.

set -uo pipefail
cd "$(dirname "$0")/../.."
. tools/linux_peer.sh

out=$PWD/build/test-toectl-linux
need_tap "$out" "$@"
rm -rf "${out:?}"/*
export XDG_RUNTIME_DIR=$out
toectl=build/bin/toectl
python=build/venv/bin/python

# Waits until something is in a file.
filled() {
  for _ in {1..100}; do
    [[ ! -s $1 ]] || return
    sleep 0.05
  done
  die "nothing comes into $1"
}

serve "$out/echo_server.log" echoing build/bin/echo_server --uri "$uri" --port 7 --monitor echo

# --- Connections ---------------------------------------------------------------------------------
exec 3<>"/dev/tcp/$engine_ip/7" 4<>"/dev/tcp/$engine_ip/7" || die 'no connection'
printf 'hello\n' >&3
read -r -t 5 answer <&3
[[ $answer == hello ]] || die "the echo of hello is $answer"
"$toectl" connections >"$out/connections" || die 'no connections'
theirs=$(ss -Htn state established dst "$engine_ip" | awk '{print $4 " " $3}' | sort)
ours=$(awk '$2 == "ESTABLISHED" {print $3 " " $4}' "$out/connections" | sort)
[[ $(wc -l <<<"$ours") == 2 && $ours == "$theirs" ]] || die "toectl shows $ours, and ss $theirs"
"$toectl" connections --all --json | "$python" -c '
import json, sys
j = json.load(sys.stdin)
assert [c["state"] for c in j] == ["ESTABLISHED"] * 2, j
moved = sorted((c["snd_una"] - c["iss"]) % 2**32 - 1 for c in j)
assert moved == [0, 6], moved' || die 'the JSON of connections'
[[ $("$toectl" counters | awk '$1 == "passive_open" {print $2}') == 2 ]] || die 'not two opened'

# --- Rates: what is counted in all periods together is what was moved --------------------------------
"$toectl" watch --period 0.5 --count 8 --json >"$out/watch" &
watching=$!
filled "$out/watch" # the first period is over
head -c 200000 /dev/urandom >"$out/octets"
cat "$out/octets" >&4 &
sending=$!
head -c 200000 <&4 >"$out/back"
wait "$sending"
same "$out/octets" "$out/back"
wait "$watching" || die "watch ends with $?"
"$python" - "$out/watch" <<'END' || die 'the rates of watch'
import json, sys

lines = [json.loads(line) for line in open(sys.argv[1])]
assert len(lines) == 8, len(lines)
for key in ("rx_octets_per_second", "tx_octets_per_second"):
    moved = sum(line[key] * line["seconds"] for line in lines)
    assert abs(moved - 200000) < 10, (key, moved)
frames = sum(line["counters"]["rx_frame"]["per_second"] * line["seconds"] for line in lines)
assert frames > 130, frames
assert lines[-1]["states"] == {"ESTABLISHED": 2}, lines[-1]
END

# --- Capture of a running engine -----------------------------------------------------------------
"$toectl" capture --write "$out/run.pcapng" 2>"$out/capture.log" 3>&- 4>&- &
capturing=$!
filled "$out/run.pcapng"
printf 'again\n' >&3
read -r -t 5 answer <&3
[[ $answer == again ]] || die "the echo of again is $answer"
exec 3>&- 4>&-
sleep 1.5
kill -INT "$capturing"
wait "$capturing" || die "capture ends with $?"
grep -q ' 0 lost$' "$out/capture.log" || die "capture: $(cat "$out/capture.log")"
flow() { tshark -r "$out/run.pcapng" -T fields -e tcp.payload -Y "$1" 2>/dev/null | sort -u; }
for way in "frame.packet_flags_direction == 1 && ip.src == $linux_ip" \
  "frame.packet_flags_direction == 2 && ip.src == $engine_ip"; do
  [[ $(flow "$way && tcp.len > 0") == 616761696e0a ]] || die "not the octets of again: $way"
  [[ $(tshark -r "$out/run.pcapng" -Y "$way && tcp.flags.fin == 1" 2>/dev/null | wc -l) == 2 ]] ||
    die "not two FINs: $way"
done
stop_last

# --- Bench ---------------------------------------------------------------------------------------
cat >"$out/server.py" <<'END'
"""Echo on port 7 and discard on port 9."""
import socketserver, sys, threading

class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        while octets := self.request.recv(65536):
            if self.server.server_address[1] == 7:
                self.request.sendall(octets)

socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer.daemon_threads = True
servers = [socketserver.ThreadingTCPServer((sys.argv[1], port), Handler) for port in (7, 9)]
for server in servers:
    threading.Thread(target=server.serve_forever).start()
print("serving", flush=True)
END
serve "$out/server.log" serving "$python" "$out/server.py" "$linux_ip"
"$toectl" bench --uri "$uri" --octets 300000 --json "$linux_ip:9" >"$out/send" || die 'bench: send'
"$toectl" bench --uri "$uri" --echo --size 100 --count 50 --json "$linux_ip:7" >"$out/echo" ||
  die 'bench: echo'
"$python" - "$out/send" "$out/echo" <<'END' || die 'the JSON of bench'
import json, sys

send, echo = (json.load(open(name)) for name in sys.argv[1:])
assert send["time"] == "real" and send["goodput"]["octets"] == 300000 and "latency" not in send, send
assert 0 < send["goodput"]["seconds"] < 60, send
latency = echo["latency"]
assert latency["transactions"] == 50 and latency["octets"] == 100 and "goodput" not in echo, echo
assert 0 < latency["min_us"] <= latency["median_us"] <= latency["p99_us"] <= latency["max_us"], echo
assert abs(latency["per_second"] * latency["seconds"] - 50) < 1, echo
END
cat "$out/send" "$out/echo"
# A server that discards does not echo, and a port without a server refuses.
if "$toectl" bench --uri "$uri" --echo --timeout 1 --count 1 "$linux_ip:9" 2>"$out/log"; then
  die 'a discard server passes for an echo server'
fi
grep -q 'echo: .*timeout\|echo: .*time' "$out/log" || die "bench: $(cat "$out/log")"
"$toectl" bench --uri "$uri" "$linux_ip:19" 2>"$out/log"
[[ $? == 1 ]] && grep -q "$linux_ip:19: connection refused" "$out/log" || die "bench: $(cat "$out/log")"
kill "${started[-1]}"
unset 'started[-1]'

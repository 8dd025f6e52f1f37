#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Every command of toectl without a network: what it prints, as text and as JSON, its exit status,
# and what it says when it cannot; its manual pages and its completion.

set -uo pipefail
cd "$(dirname "$0")/../.."

out=$PWD/build/test-toectl
rm -rf "$out"
mkdir -p "$out/bin" "$out/far/from/any/lib" "$out/runtime"
export XDG_RUNTIME_DIR=$out/runtime TERM=xterm
toectl=$PWD/build/bin/toectl
python=$PWD/build/venv/bin/python
failed=0
started=()
trap '((${#started[@]} == 0)) || kill "${started[@]}" 2>/dev/null' EXIT

bad() {
  printf 'FAILED: %s\n' "$*"
  sed 's/^/  | /' "$out/stdout" "$out/stderr" | head -n 40
  failed=1
}

# expect STATUS COMMAND...: runs it; what it printed is in stdout and stderr.
expect() {
  local wanted=$1
  shift
  timeout 60 "$@" >"$out/stdout" 2>"$out/stderr"
  local status=$?
  ((status == wanted)) || bad "$* ends with $status, not $wanted"
  ((status == 0)) || [[ -s $out/stderr ]] || bad "$* fails without a word"
}
says() { grep -qE -- "$1" "$out/stdout" || bad "standard output has no \"$1\""; }
complains() { grep -qE -- "$1" "$out/stderr" || bad "standard error has no \"$1\""; }
silent() { [[ ! -s $out/stdout ]] || bad 'standard output is not empty'; }
# json EXPRESSION: true of what was printed, which is j.
json() {
  "$python" -c 'import json, sys
j = json.load(open(sys.argv[1]))
sys.exit(not eval(sys.argv[2]))' "$out/stdout" "$1" 2>>"$out/stderr" || bad "JSON is not so: $1"
}

# --- The command line ----------------------------------------------------------------------------
commands='list info listeners connections counters watch capture selftest bench program'
expect 0 "$toectl" --help
for command in $commands; do
  expect 0 "$toectl" --help
  says "^  $command "
  expect 0 "$toectl" "$command" --help
  says "^usage: toectl $command"
  says '--json'
  expect 2 "$toectl" "$command" --nonsense
  complains nonsense
  silent
done
for command in list info listeners connections counters watch selftest; do
  expect 2 "$toectl" "$command" superfluous --uri sim:
  complains '"superfluous" is one argument too many'
done
expect 2 "$toectl"
complains 'which command'
expect 2 "$toectl" nonsense
complains 'no command "nonsense"'

# --- Which engine --------------------------------------------------------------------------------
for command in info listeners connections counters watch; do
  expect 3 "$toectl" --json "$command"
  complains 'no program shows its engine.*--monitor'
  silent
  expect 2 "$toectl" "$command" --socket a --uri sim:
  complains 'not both'
  expect 3 "$toectl" "$command" --uri sim:nonsense=1
  complains 'no option "nonsense"'
  expect 3 "$toectl" "$command" --socket /no/such/socket
  complains 'start the program with --monitor /no/such/socket'
  expect 3 "$toectl" "$command" --uri other:
  complains 'names no transport'
done
expect 2 "$toectl" info --socket "$(printf '/%0200d' 0)"
complains 'too long'

# Nothing but what is installed beside a program is listed.
cp "$toectl" "$out/far/from/any/lib/toectl"
expect 0 "$out/far/from/any/lib/toectl" list
complains 'no engine found'
silent
expect 0 "$out/far/from/any/lib/toectl" list --json
json 'j["running"] == [] and j["engines"] == [] and isinstance(j["boards"], list)'
expect 0 "$toectl" list --json
json 'any(e["uri"] == "sim:width=64,conns=1024" for e in j["engines"])'

# A board on USB: an FT2232H that the system knows of, and that does not answer for its strings.
device=12010002000000400304106000070102030109023700020100A0FA
interface=0904%02X0002FFFFFF000705%02X020002000705%02X02000200
descriptors=$device$(printf "$interface$interface" 0 0x81 2 1 0x83 4)
cat >"$out/usb" <<END
P: /devices/pci0000:00/0000:00:14.0/usb1/1-2
N: bus/usb/001/002=$descriptors
E: DEVNAME=/dev/bus/usb/001/002
E: DEVTYPE=usb_device
E: SUBSYSTEM=usb
E: BUSNUM=001
E: DEVNUM=002
E: PRODUCT=403/6010/700
A: busnum=1\\n
A: devnum=2\\n
A: speed=480\\n
A: bConfigurationValue=1\\n
H: descriptors=$descriptors

END
expect 0 umockdev-run -d "$out/usb" -- "$toectl" list
says '^--uri usb:path=1-2 +a board on USB$'
expect 0 umockdev-run -d "$out/usb" -- "$toectl" list --json
json 'len(j["boards"]) == 1 and j["boards"][0]["uri"] == "usb:path=1-2" and j["boards"][0]["path"] == "1-2"'

# --- An engine of its own ------------------------------------------------------------------------
engine=(--uri sim:ip=10.0.0.2/24)
expect 0 "$toectl" info "${engine[@]}"
says '^num_conns +1024$'
expect 0 "$toectl" "${engine[@]}" --json info
json 'j["num_conns"] == 1024 and j["data_width"] == 64 and j["version"] == "0.1"'
expect 0 "$toectl" connections --json "${engine[@]}"
json 'j == []'
expect 0 "$toectl" listeners --json "${engine[@]}"
json 'j == []'
expect 0 "$toectl" counters "${engine[@]}"
says '^tx_frame +1$'
if grep -q rx_frame "$out/stdout"; then bad 'a counter of 0 is shown'; fi
expect 0 "$toectl" counters --all "${engine[@]}"
says '^rx_frame +0$'
expect 0 "$toectl" counters --json "${engine[@]}"
json '{"name": "tx_frame", "value": 1} in j'

# --- An engine of a running program --------------------------------------------------------------
build/bin/echo_server --uri sim:ip=10.0.0.2/24 --monitor one >"$out/one.log" 2>&1 &
started+=($!)
for _ in {1..100}; do
  grep -qs echoing "$out/one.log" && break
  sleep 0.05
done
expect 0 "$toectl" list
says '^--socket one '
expect 0 "$toectl" list --json
json 'j["running"] == [{"socket": "one"}]'
expect 0 "$toectl" listeners
says '^10.0.0.2:7 +0$'
expect 0 "$toectl" listeners --json --socket one
json 'j == [{"local": "10.0.0.2:7", "waiting": 0}]'
expect 0 "$toectl" info --socket "$out/runtime/opentoe/one" --json
json 'j["free_conns"] == 1024'

# --- watch ---------------------------------------------------------------------------------------
expect 0 "$toectl" watch --count 2 --period 0.1
[[ $(grep -c '0 connections, 0 half-open' "$out/stdout") == 2 ]] || bad 'not one block a period'
if grep -q $'\033' "$out/stdout"; then bad 'control sequences in a file'; fi
expect 0 "$toectl" watch --count 3 --period 0.1 --json
[[ $(wc -l <"$out/stdout") == 3 ]] || bad 'not one line a period'
"$python" -c 'import json, sys
for line in open(sys.argv[1]):
    j = json.loads(line)
    assert j["seconds"] > 0 and j["counters"]["tx_frame"] == {"value": 1, "per_second": 0.0}, j
' "$out/stdout" || bad 'the JSON of watch'
expect 0 "$toectl" watch --count 1 --period 0.1 "${engine[@]}"
says '^sim:ip=10.0.0.2/24: 0.1'
for period in 0 31 0.01 x 1s ''; do
  expect 2 "$toectl" watch --period "$period"
  complains '0.05 to 30 seconds'
done
# On a terminal: the screen is taken and given back, at SIGINT too, and SIGINT is a good end.
for term in xterm dumb; do
  expect 0 "$python" - "$term" "$toectl" watch --period 0.1 <<'END'
import os, pty, signal, sys, time

def read_until(fd, word):
    got = b""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            got += os.read(fd, 65536)
        except OSError:
            return got
        if word and word in got:
            return got
    raise SystemExit(f"{word} did not come: {got}")

pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = sys.argv[1]
    os.execv(sys.argv[2], sys.argv[2:])
got = read_until(fd, b"counter")
os.kill(pid, signal.SIGINT)
got += read_until(fd, None)
status = os.waitpid(pid, 0)[1]
assert status == 0, status
places = sys.argv[1] != "dumb"
for sequence in (b"\033[?1049h", b"\033[?25l", b"\033[?25h", b"\033[?1049l"):
    assert (sequence in got) == places, (sequence, got)
assert got.rstrip().endswith(b"\033[?1049l") or not places, got
END
done

# --- capture -------------------------------------------------------------------------------------
expect 2 "$toectl" capture
complains 'where to'
expect 2 "$toectl" capture --json --write -
complains 'both want standard output'
expect 1 "$toectl" capture --write /no/such/folder/file "${engine[@]}" --count 1
complains 'No such file'
expect 3 "$toectl" capture --write "$out/none" --uri sim:nonsense=1
expect 3 "$toectl" capture --write "$out/none" --socket /no/such/socket
expect 0 "$toectl" capture --write "$out/one.pcapng" --duration 0.3 --json
json 'j["received"] == 0 and j["sent"] == 0 and j["dropped"] == 0'
# An ARP request for the engine and a TCP segment for nobody: two frames in, two out.
"$python" - "$out/in.pcap" <<'END'
import struct, sys

def checksum(octets):
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF

us, them = bytes.fromhex("02000a000002"), bytes.fromhex("020000000001")
ip_us, ip_them = bytes([10, 0, 0, 2]), bytes([10, 0, 0, 1])
arp = b"\xff" * 6 + them + b"\x08\x06" + bytes.fromhex("0001080006040001") + them + ip_them + bytes(6) + ip_us
arp += bytes(60 - len(arp))
tcp = struct.pack(">HHIIBBHHH", 5000, 81, 1, 0, 5 << 4, 2, 1000, 0, 0)
pseudo = ip_them + ip_us + struct.pack(">BBH", 0, 6, len(tcp))
tcp = tcp[:16] + struct.pack(">H", checksum(pseudo + tcp)) + tcp[18:]
ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + ip_them + ip_us
ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
syn = us + them + b"\x08\x00" + ip + tcp
syn += bytes(61 - len(syn)) # a length that the format has to pad
with open(sys.argv[1], "wb") as file:
    file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
    for i, frame in enumerate((arp, syn)):
        file.write(struct.pack("<IIII", 1, i, len(frame), len(frame)) + frame)
END
expect 0 "$toectl" capture --write "$out/replay.pcapng" --uri "sim:ip=10.0.0.2/24,replay=$out/in.pcap"
complains '^2 frames received, [23] sent, 0 lost$'
tshark -r "$out/replay.pcapng" -T fields -e frame.packet_flags -e arp.opcode -e tcp.flags \
  2>"$out/stderr" | grep -v '^0x00000002	1	$' | LC_ALL=C sort >"$out/stdout" # but for its own announcement
cat >"$out/wanted" <<'END'
0x00000001		0x0002
0x00000001	1	
0x00000002		0x0014
0x00000002	2	
END
cmp -s "$out/wanted" "$out/stdout" || bad 'tshark sees other frames in the capture'
# tshark forgives blocks whose lengths are not as they must be.
"$python" - "$out/replay.pcapng" <<'END' || bad 'the blocks of the capture'
import struct, sys

octets = open(sys.argv[1], "rb").read()
lengths = []
while octets:
    kind, length = struct.unpack_from("=II", octets)
    assert length % 4 == 0 and struct.unpack_from("=I", octets, length - 4)[0] == length, length
    if kind == 6:
        lengths.append(struct.unpack_from("=I", octets, 20)[0])
    octets = octets[length:]
assert 61 in lengths, lengths
END
expect 0 "$toectl" capture --count 1 --write - --uri "sim:ip=10.0.0.2/24,replay=$out/in.pcap"
[[ $(tshark -r "$out/stdout" 2>/dev/null | wc -l) == 1 ]] || bad 'not one frame'

kill "${started[0]}"
wait "${started[0]}" || bad 'the server did not end well'
started=()
expect 3 "$toectl" info
complains 'no program shows its engine'

# --- selftest ------------------------------------------------------------------------------------
expect 2 "$toectl" selftest
complains 'which engine'
expect 3 "$toectl" selftest --uri sim:nonsense=1
expect 0 "$toectl" selftest --uri sim:
says '^loopback +skipped '
[[ $(grep -c ' ok ' "$out/stdout") == 7 ]] || bad 'not seven steps passed'
expect 0 "$toectl" selftest --uri sim:loop=1 --json
json 'j["passed"] and len(j["steps"]) == 8 and all(s["result"] == "ok" for s in j["steps"])'
expect 1 bash -c '"$0" selftest --json --uri sim:loop=1,loss=30%,seed=1 || { echo selftest failed >&2; exit 1; }' "$toectl"
json 'not j["passed"] and j["steps"][-1]["result"] == "failed"'

# --- bench ---------------------------------------------------------------------------------------
expect 0 "$toectl" bench --octets 200000 --count 20
says '^echo: 20 transactions of 64 octets in '
says '^send: 200000 octets in .* Mbit/s$'
expect 0 "$toectl" bench --octets 200000 --count 20 --size 1000 --json --uri sim:delay=1ms
json 'j["time"] == "virtual" and j["goodput"]["octets"] == 200000'
json 'j["latency"]["transactions"] == 20 and 2000 <= j["latency"]["min_us"] < 2100'
json 'abs(j["goodput"]["mbit_per_second"] - 1.6 / j["goodput"]["seconds"]) < 0.1'
expect 1 "$toectl" bench --octets 1000 --timeout 2 --json --uri sim:ip=10.0.0.2/24 10.0.0.1:9
complains '^toectl: 10.0.0.1:9: '
silent
expect 3 "$toectl" bench --uri sim:loop=1
complains 'loop= means nothing'
expect 2 "$toectl" bench 10.0.0.1:9
complains 'which engine connects'
for server in 10.0.0.1 10.0.0.1: 10.0.0:9 host:9 10.0.0.1:0 10.0.0.1:65536; do
  expect 2 "$toectl" bench --uri sim: "$server"
done
expect 2 "$toectl" bench --octets 0
expect 2 "$toectl" bench --size 1048577

# --- program -------------------------------------------------------------------------------------
export TOE_BOARDS=$out/boards.json
cat >"$TOE_BOARDS" <<'END'
{"some": {"title": "Some board", "loader": ["--board", "some_r1"], "cable": "its only socket"},
 "none": {"title": "A board without a loader", "loader": []}}
END
echo bits >"$out/some.bit"
# Stands for the loader: says what it was told, and finds no board in a file called none.bit.
cat >"$out/bin/openFPGALoader" <<'END'
#!/bin/sh
printf '%s\n' "$*"
case "$*" in *none.bit) exit 3 ;; esac
END
chmod +x "$out/bin/openFPGALoader"
real_path=$PATH
PATH=$out/bin:$real_path
expect 2 "$toectl" program
complains '^  some +Some board$'
expect 2 "$toectl" program some
expect 2 "$toectl" program other "$out/some.bit"
complains 'no board "other"'
expect 1 "$toectl" program some "$out/no.bit"
complains 'make bitstream'
expect 1 "$toectl" program some "$out"
complains 'is no bitstream'
expect 1 "$toectl" program none "$out/some.bit"
complains 'does not say how to load none'
expect 0 "$toectl" program some "$out/some.bit"
complains "^--board some_r1 $out/some.bit\$"
says 'is loaded$'
expect 0 "$toectl" program --flash --json some "$out/some.bit"
complains "^--board some_r1 --write-flash $out/some.bit\$"
json 'j["board"] == "some" and j["flash"] is True'
cp "$out/some.bit" "$out/none.bit"
expect 1 "$toectl" program --json some "$out/none.bit"
complains 'exit status 3.*plugged in at its only socket'
silent
expect 1 env PATH="$out/far" "$toectl" program some "$out/some.bit"
complains 'not installed.*openfpgaloader'
TOE_BOARDS=$out/some.bit expect 1 "$toectl" program
complains some.bit

# --- Completion ----------------------------------------------------------------------------------
# complete WORDS WANTED: a command line, its end as typed, and all that it may become.
complete() {
  local got
  got=$(PATH=$(dirname "$toectl"):$real_path bash -c '
    . host/tools/toectl/completion.bash
    COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=(toectl)
    _toectl
    printf "%s " "${COMPREPLY[@]}"' _ "$1")
  [[ "$got" == "$2 " ]] || bad "\"$1\" is completed to \"$got\", not \"$2\""
}
: >"$out/stdout" >"$out/stderr"
complete 'toectl ' "$commands"
complete 'toectl co' 'connections counters'
complete 'toectl --json --uri sim: wa' watch
complete 'toectl watch --p' --period
complete 'toectl bench --o' --octets
complete 'toectl info --so' --socket
complete 'toectl --uri sim:width=64,conns=102' 1024
complete 'toectl program ' 'some none'
complete "toectl capture --write $out/one.p" "$out/one.pcapng"
for option in $(for command in $commands; do "$toectl" "$command" --help; done | grep -oE '^ +--[a-z]+ [A-Z]+' | awk '{print $1}' | sort -u); do
  grep -qE -- "$option( |\))" host/tools/toectl/completion.bash || bad "completion does not know that $option takes a value"
done

# --- Manual pages --------------------------------------------------------------------------------
for page in host/tools/toectl/toectl.1 host/tools/toectl/toe-uri.7; do
  expect 0 mandoc -Tlint -Wstyle "$page"
done
page=$(mandoc -Tascii host/tools/toectl/toectl.1 | sed 's/.\x08//g')
for command in $commands; do
  grep -qE "^ +$command( |\$)" <<<"$page" || bad "toectl(1) does not know $command"
  for option in $("$toectl" "$command" --help | grep -oE -- '--[a-z]+'); do
    grep -q -- "$option" <<<"$page" || bad "toectl(1) does not know $option"
  done
done
page=$(mandoc -Tascii host/tools/toectl/toe-uri.7 | sed 's/.\x08//g')
for scheme in sim usb; do
  for option in $("$toectl" info --uri "$scheme:nonsense=1" 2>&1 | sed 's/.*it has//'); do
    grep -qE "\b$option=" <<<"$page" || bad "toe-uri(7) does not know $option= of $scheme:"
  done
done

exit "$failed"

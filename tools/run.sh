#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# `make run`: the simulated engine does a day's work against the Linux kernel.
#
# In a network namespace of its own, on a TAP device: the engine fetches a file from nginx, serves
# the same file to curl, opens and closes 200 connections, closes actively and passively with
# half-close; then one connection is drawn as a ladder diagram.  SIZE=octets of the file.
# Where no TAP device can be had, the same job runs between two engines.

set -uo pipefail
cd "$(dirname "$0")/.."
. tools/linux_peer.sh

readonly size=${SIZE:-16777216}
readonly out=$PWD/${OUT:-build/run}

if [[ ${1-} != inside ]]; then
  rm -rf "$out"
  mkdir -p "$out"
  enter_namespace
  echo "no TAP device can be had here: $no_tap"
  echo 'the same job between two engines instead:'
  exec build/bin/two_engines --octets "$size" --pcap "$out/run.pcap"
fi

steps=0
step() { printf '\n[%d/7] %s\n' "$((++steps))" "$*"; }

make_tap
mkdir -p "$out/www" "$out/got"
head -c "$size" /dev/urandom >"$out/www/file.bin"
echo 'a small file' >"$out/www/small.txt"
serve_files "$out"

step "the engine fetches $size octets from nginx"
build/bin/http_get --uri "$uri,stats=$out/fetch.json" --output "$out/got/fetched.bin" \
  "http://$linux_ip:8080/file.bin" || die 'http_get'
same "$out/www/file.bin" "$out/got/fetched.bin"
build/venv/bin/python tools/figures.py "$out/fetch.json"

step 'curl fetches the same file from the engine'
serve "$out/http_server.log" serving build/bin/http_server \
  --uri "$uri,stats=$out/serve.json" --port 80 "$out/www"
curl --silent --show-error --fail --max-time 120 --output "$out/got/served.bin" \
  --write-out '%{size_download} octets in %{time_total} s\n' "http://$engine_ip/file.bin" ||
  die 'curl'
stop_last
same "$out/www/file.bin" "$out/got/served.bin"
build/venv/bin/python tools/figures.py "$out/serve.json"

step 'the engine opens and closes 200 connections'
build/bin/http_get --uri "$uri" --count 200 --output "$out/got/small.txt" \
  "http://$linux_ip:8080/small.txt" >"$out/connections.log" || die 'http_get --count 200'
same "$out/www/small.txt" "$out/got/small.txt"
[[ $(grep -c 'status 200' "$out/connections.log") == 200 ]] || die 'fewer than 200 answers'
echo '200 connections, 200 answers'

step 'the engine half-closes first (FIN-WAIT-2, TIME-WAIT)'
serve "$out/peer.log" ready tools/peer.py echo "$linux_ip" 7 1
build/bin/echo_client --uri "$uri,pcap=$out/active.pcap,states=$out/active.states" \
  --octets 1000000 "$linux_ip:7" || die 'echo_client'
wait_last

step 'Linux half-closes first (CLOSE-WAIT, LAST-ACK)'
serve "$out/echo_server.log" echoing build/bin/echo_server --uri "$uri,pcap=$out/passive.pcap" \
  --port 7
tools/peer.py half-close "$engine_ip" 7 1000000 || die 'the half-closing client'
stop_last

step 'one small connection with a waveform'
build/bin/http_get --uri "$uri,fst=$out/run.fst,pcap=$out/run.pcap,states=$out/run.states" \
  --output "$out/got/small.txt" "http://$linux_ip:8080/small.txt" || die 'http_get with a waveform'

step 'that connection, as seen on the wire'
build/venv/bin/python tools/ladder.py "$out/run.pcap" --engine "$engine_ip" --port 8080 \
  --states "$out/run.states" --svg "$out/ladder.svg" || die 'ladder'
build/venv/bin/python tools/ladder.py "$out/active.pcap" --engine "$engine_ip" --port 7 \
  --states "$out/active.states" --svg "$out/active.svg" >/dev/null || die 'ladder'

printf '\nAll files the same.  In '"${out#"$PWD"/}"': run.pcap, active.pcap, passive.pcap, ladder.svg,'
printf ' active.svg,\nand the waveform run.fst.\n'

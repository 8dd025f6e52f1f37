#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Linux connects to an engine that holds no handshake: every SYN gets a cookie.  Octets go both ways,
# with the options that Linux offers and, without its timestamps, with none.  The reference model
# makes every cookie too.

set -uo pipefail
cd "$(dirname "$0")/../.."
. tools/linux_peer.sh

out=$PWD/build/test-syn-cookies
need_tap "$out" "$@"
rm -rf "${out:?}"/*
export XDG_RUNTIME_DIR=$out
toectl=build/bin/toectl
readonly connections=24 octets=200000

# A counter that is 0 is not shown.
counter() { "$toectl" counters | awk -v name="$1" '$1 == name {value = $2} END {print value + 0}'; }

# TIMESTAMPS: connections that each bring their octets back; ss(8) shows what is negotiated.
round() {
  local i file shown
  sysctl -q -w "net.ipv4.tcp_timestamps=$1" || die 'no sysctl'
  serve "$out/echo_server.$1.log" echoing build/bin/echo_server \
    --uri "$uri,stats=$out/stats.$1" --port 7 --cookies 0 --monitor echo
  head -c "$octets" /dev/urandom >"$out/octets"
  for ((i = 0; i < connections; i++)); do
    exec 3<>"/dev/tcp/$engine_ip/7" || die "no connection $i"
    cat "$out/octets" >&3 &
    head -c "$octets" <&3 >"$out/back"
    wait $! || die "connection $i ended"
    same "$out/octets" "$out/back"
    shown=$(ss -Htin state established dst "$engine_ip")
    case $1 in
      # The engine's scale, and what a timestamp leaves of 1460 octets.
      1) [[ $shown == *wscale:1,* && $shown == *mss:1448\ * ]] || die "ss shows $shown" ;;
      0) [[ $shown != *wscale:* && $shown == *mss:1460\ * ]] || die "ss shows $shown" ;;
    esac
    exec 3>&-
  done
  [[ $(counter cookie_sent) == "$connections" ]] || die "$(counter cookie_sent) cookies"
  [[ $(counter cookie_accepted) == "$connections" ]] || die "$(counter cookie_accepted) came back"
  [[ $(counter cookie_refused) == 0 ]] || die "$(counter cookie_refused) were refused"
  [[ $(counter tx_rst) == 0 ]] || die 'a connection was reset'
  stop_last
  file=$(<"$out/stats.$1")
  [[ $file == *"\"cookies_checked\": $((2 * connections)),"* ]] || die "the model knew $file"
}

round 1
round 0
echo "$connections connections with options and $connections without, $octets octets there and back each"

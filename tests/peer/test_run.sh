#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# `make run` with a small file, and what tshark thinks of its captures: nothing malformed, every
# checksum right, and nothing in the engine's segments that a clean link does not explain.

set -uo pipefail
cd "$(dirname "$0")/../.."

out=build/test-run
SIZE=2000000 OUT=$out tools/run.sh || exit 1

failed=0
check() { # file, what is wrong, display filter
  local found
  found=$(tshark -r "$1" -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE -Y "$3" 2>&1 |
    grep -v 'Running as user') || return 0
  printf '%s: %s\n%s\n' "$1" "$2" "$found"
  failed=1
}
for pcap in "$out"/*.pcap; do
  [[ $(tshark -r "$pcap" -Y tcp 2>/dev/null | wc -l) -gt 5 ]] || {
    echo "$pcap holds no connection"
    failed=1
  }
  check "$pcap" malformed '_ws.malformed'
  # Linux writes a TCP checksum of 0 as ffff, which is the same number (RFC 1624), and tshark minds.
  check "$pcap" 'wrong checksum' \
    'ip.checksum.status == 0 || icmp.checksum.status == 0 || (tcp.checksum.status == 0 &&
     !(ip.src == 10.77.0.1 && tcp.checksum == 0xffff && tcp.checksum_calculated == 0))'
  check "$pcap" "the engine's expert information" \
    'ip.src == 10.77.0.2 && (tcp.analysis.retransmission || tcp.analysis.fast_retransmission ||
     tcp.analysis.spurious_retransmission || tcp.analysis.lost_segment ||
     tcp.analysis.out_of_order || tcp.analysis.ack_lost_segment || tcp.analysis.window_full ||
     tcp.flags.reset == 1)'
done
exit "$failed"

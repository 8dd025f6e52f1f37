#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# list_tests.sh rtl|sim: the programs that the test sources ask for, one word each, for mk/tests.mk.
# rtl: test|top|width|params   sim: folder/test|variant   ~ stands for nothing.

set -euo pipefail
shopt -s nullglob
cd "$(dirname "$0")/../tests"

# Prints the words of every file given, from the fields NAME=VALUE of its marker line.
list() {
  local kind=$1
  shift
  (($# == 0)) || awk -v kind="$kind" '
    function emit(    count, part, i, name) {
      name = file
      sub(/\.c$/, "", name)
      if (kind == "rtl") sub(/.*\//, "", name)
      count = split(kind == "rtl" ? value["widths"] : value["variants"], part, ",")
      for (i = 1; i <= count; i++)
        print name "|" (kind == "rtl" ? value["top"] "|" part[i] "|" value["params"] : part[i])
    }
    FNR == 1 {
      if (file != "") emit()
      file = FILENAME
      value["top"] = value["widths"] = value["params"] = "~"
      value["variants"] = "w64"
    }
    $1 ~ /^(\/\*|\/\/|\*)$/ && $2 == (kind == "rtl" ? "tb:" : "sim:") {
      for (i = 3; i <= NF; i++) if (split($i, pair, "=") >= 2) value[pair[1]] = substr($i, length(pair[1]) + 2)
    }
    END { if (file != "") emit() }' "$@"
}

case $1 in
  rtl) list rtl rtl/test_*.c ;;
  sim) list sim scenario/test_*.c random/test_*.c bench/bench_*.c ;;
esac

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# fuzz.sh SECONDS [NAME...]: runs each fuzzer of build/fuzz, or those named, for so long: first on what
# was found before (tests/fuzz/found/NAME), then on inputs of its own, which it keeps in
# build/fuzz/corpus/NAME.  The frames that the parser's fuzzer keeps are replayed on the RTL.
# SEED=n repeats a run that began with the same corpus.  Ends with what failed, and where its input is.

set -uo pipefail
shopt -s nullglob
cd "$(dirname "$0")/.."

[[ ${1:-} =~ ^[1-9][0-9]*$ ]] || {
  echo 'usage: fuzz.sh SECONDS [NAME...]' >&2
  exit 2
}
seconds=$1
shift
names=("$@")
if ((${#names[@]} == 0)); then
  for source in tests/fuzz/fuzz_*.c; do
    name=${source##*/fuzz_}
    names+=("${name%.c}")
  done
fi

failed=0
for name in "${names[@]}"; do
  program=build/fuzz/$name
  corpus=build/fuzz/corpus/$name
  log=build/fuzz/$name.log
  found=(tests/fuzz/found/"$name"/*)
  mkdir -p "$corpus"
  rm -f build/fuzz/"$name"-{crash,leak,timeout,oom}-*
  if ((${#found[@]})) && ! "$program" "${found[@]}" >"$log" 2>&1; then
    echo "FAIL  $name: an input of tests/fuzz/found/$name fails again, log in $log"
    failed=1
    continue
  fi
  if "$program" -seed=$((${SEED:-0} + 1)) -max_total_time="$seconds" -max_len=2400 -timeout=20 \
    -artifact_prefix="build/fuzz/$name-" -print_final_stats=1 "$corpus" >"$log" 2>&1; then
    printf 'ok    %-8s %s inputs, %s kept\n' "$name" \
      "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" "$(ls "$corpus" | wc -l)"
  else
    grep -m 3 -E 'not so|ERROR|SUMMARY|runtime error' "$log"
    echo "FAIL  $name: log in $log, input in" build/fuzz/"$name"-{crash,leak,timeout,oom}-*
    failed=1
  fi
done

replay=build/tests/rtl/test_rx_model.w64
if [[ -x $replay && -d build/fuzz/corpus/parse ]]; then
  if CORPUS=build/fuzz/corpus/parse "$replay" --filter '*/what_the_fuzzer_found*' >build/fuzz/replay.log 2>&1; then
    echo "ok    replay   the parser's corpus on the RTL"
  else
    echo 'FAIL  replay: RTL and model differ, log in build/fuzz/replay.log'
    failed=1
  fi
fi
exit "$failed"

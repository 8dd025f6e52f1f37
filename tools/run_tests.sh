#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds and runs every check that `make test` stands for, adds them up, and ends with the line
# "N passed, N failed".  A program that does not build counts as failed.  ONLY=word runs the checks
# whose name contains the word; SEED=n reaches every test through the environment.

set -uo pipefail
cd "$(dirname "$0")/.."

make=${MAKE:-make}
only=${ONLY:-}
logs=build/test-logs
limit_s=900
passed=0
failed=0
failures=()

wanted() { [[ $1 == *"$only"* ]]; }

# count NAME PASSED FAILED LOG START_S: adds to the sums and prints one line, the log of a failure too.
count() {
  local name=$1 good=$2 bad=$3 log=$4 seconds=$((SECONDS - $5))
  passed=$((passed + good))
  failed=$((failed + bad))
  if ((bad == 0)); then
    printf 'ok    %4d  %4d s  %s\n' "$good" "$seconds" "$name"
  else
    failures+=("$name: $bad failed, log in $log")
    printf 'FAIL  %4d  %4d s  %s\n' "$bad" "$seconds" "$name"
    tail -n 40 "$log" | sed 's/^/      | /'
  fi
}

# A command that is one check: passed when it exits with 0.
run_step() {
  local name=$1 log=$logs/${1//\//.}.log start=$SECONDS
  shift
  wanted "$name" || return 0
  if timeout --kill-after=10 "$limit_s" "$@" >"$log" 2>&1; then
    count "$name" 1 0 "$log" "$start"
  else
    count "$name" 0 1 "$log" "$start"
  fi
}

# A Criterion program, which says itself how many of its tests passed.
run_program() {
  local program=$1 name=${1#build/} start=$SECONDS
  local log=$logs/${name//\//.}.log status tested passing
  if [[ ! -x $program ]]; then
    echo "$program was not built" >"$log"
    count "$name" 0 1 "$log" "$start"
    return
  fi
  timeout --kill-after=10 "$limit_s" "$program" >"$log" 2>&1
  status=$?
  read -r tested passing < <(
    sed -nE 's/.*Synthesis: Tested: ([0-9]+) \| Passing: ([0-9]+) .*/\1 \2/p' "$log" | tail -n 1
  )
  if [[ -z ${tested:-} ]] || ((tested == 0 || (status != 0 && tested == passing))); then
    echo "exit status $status, no complete result" >>"$log"
    count "$name" 0 1 "$log" "$start"
  else
    count "$name" "$passing" $((tested - passing)) "$log" "$start"
  fi
}

# What was reached, for functional-coverage at the end.
export COVERAGE_DIR=$PWD/$logs/coverage
rm -rf "$COVERAGE_DIR"
mkdir -p "$COVERAGE_DIR"
mapfile -t programs < <("$make" -s --no-print-directory list-tests | grep -F -- "$only" | grep .)

for step in $(tools/lint.sh --list); do
  run_step "lint/$step" tools/lint.sh "$step"
done
run_step check-generated tools/check_generated.sh

# Programs of before must not stand in for ones that no longer build.
compiled=()
for program in "${programs[@]}"; do
  [[ $program == build/* ]] && compiled+=("$program")
done
if ((${#programs[@]})); then
  start=$SECONDS
  if ! "$make" --no-print-directory -k -j"$(nproc)" all "${compiled[@]}" >"$logs/build.log" 2>&1; then
    grep -E 'error|Error|undefined' "$logs/build.log" | head -n 40
    count build 0 1 "$logs/build.log" "$start"
    for program in "${compiled[@]}"; do
      "$make" -q "$program" >/dev/null 2>&1 || rm -f "$program"
    done
  else
    printf 'built %4d  %4d s  test programs\n' "${#compiled[@]}" $((SECONDS - start))
  fi
fi

for program in "${programs[@]}"; do
  case $program in
    *.sh) run_step "${program%.sh}" "$program" ;;
    *.py) run_step "${program%.py}" build/venv/bin/python "$program" ;;
    *) run_program "$program" ;;
  esac
done

# Every bin, so only after every program.
[[ -n $only ]] || run_step functional-coverage build/venv/bin/python tools/functional.py "$COVERAGE_DIR"
run_step fuzz "$make" --no-print-directory fuzz-smoke
run_step formal build/venv/bin/python tools/formal.py --quick
run_step check-synth build/venv/bin/python tools/synth_check.py

((${#failures[@]})) && printf '%s\n' '' "${failures[@]}"
if ((passed + failed == 0)); then
  echo "no check has '$only' in its name" >&2
  failed=1
fi
printf '\n%d passed, %d failed\n' "$passed" "$failed"
((failed == 0))

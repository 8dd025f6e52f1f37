#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# `make regress ENGINE=slurm` on a cluster of this machine alone: seeds are job array tasks, their
# results and their coverage come together, and what fails is named with the command to repeat it.

set -euo pipefail
cd "$(dirname "$0")/../.."

out=build/test-slurm
mkdir -p "$out"
regress=(build/venv/bin/python tools/regress.py --engine slurm)

tools/slurm_here.sh "$out/cluster" "${regress[@]}" --seeds 4 --output "$out/good" \
  --program build/tests/rtl/test_lockstep_step | tee "$out/good.log"
grep -q '^4 seeds, 4 runs passed, 0 failed, 400000 events in lock-step$' "$out/good.log"
[[ $(grep -o '<testcase' "$out/good/junit.xml" | wc -l) == 4 ]]

if tools/slurm_here.sh "$out/cluster" "${regress[@]}" --seeds 2 --output "$out/bad" \
  --program /bin/true --program /bin/false >"$out/bad.log" 2>&1; then
  echo 'a failed program was not noticed'
  exit 1
fi
grep -qx 'seed 1: /bin/false failed; again: SEED=1 /bin/false' "$out/bad.log"
grep -q '^2 seeds, 2 runs passed, 2 failed' "$out/bad.log"
[[ $(grep -o '<failure' "$out/bad/junit.xml" | wc -l) == 2 ]]

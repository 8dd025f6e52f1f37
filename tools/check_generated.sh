#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Fails when a generated file in the tree is not what its source generates, and when
# docs/rfc9293.toml names a file or a test that is not there.

set -euo pipefail
cd "$(dirname "$0")/.."
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT

tools/gen_regs.sh "$fresh"
status=0
for file in rtl/gen/toe_regs.sv rtl/gen/toe_regs_pkg.sv host/include/toe/toe_{regs,hw}.h; do
  diff -u "$file" "$fresh/$file" || status=1
done
if ((status)); then
  echo 'check-generated: stale; run `make regs` and commit the result' >&2
fi
build/venv/bin/python tools/rfc_coverage.py --check || status=1
if ((status == 0)); then
  echo 'check-generated: up to date'
fi
exit $status

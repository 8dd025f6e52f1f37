# SPDX-License-Identifier: Apache-2.0
#
# What PeakRDL makes from rtl/toe_regs.rdl: the register block in rtl/gen, the C header in
# host/include/toe, and the HTML pages in docs/regs, which are not kept in git; and what
# tools/gen_enums.py makes from it and the packages, toe_hw.h.

REGS_SOURCE    := $(wildcard rtl/toe_regs.rdl)
REGS_GENERATED := $(if $(REGS_SOURCE),host/include/toe/toe_regs.h host/include/toe/toe_hw.h docs/regs/index.html)

$(REGS_GENERATED) &: rtl/toe_regs.rdl tools/gen_regs.sh tools/gen_enums.py \
  rtl/toe_pkg.sv rtl/toe_tcp_pkg.sv rtl/host/toe_host_pkg.sv | setup
	@echo "regs $<"
	@tools/gen_regs.sh .

# SPDX-License-Identifier: Apache-2.0
#
# What PeakRDL makes from rtl/toe_regs.rdl: the register block in rtl/gen, the C header in
# host/include/toe, and the HTML pages in docs/regs, which are not kept in git; and what
# tools/gen_enums.py makes from it and the packages, toe_hw.h.
#
# A fresh clone has them, with whatever times git gave the files.  So they are made beside, once,
# and only what differs is copied: then nothing is compiled again without need.

$(REGS_STAMP): rtl/toe_regs.rdl tools/gen_regs.sh tools/gen_enums.py rtl/toe_pkg.sv \
  rtl/toe_tcp_pkg.sv rtl/host/toe_host_pkg.sv | setup
	@echo "regs $<"
	@tools/gen_regs.sh $(SETUP_DIR)/regs
	@cd $(SETUP_DIR)/regs && find . -type f | while read -r file; do \
	  cmp -s "$$file" "$(CURDIR)/$$file" || install -D -m 644 "$$file" "$(CURDIR)/$$file"; done
	@touch $@

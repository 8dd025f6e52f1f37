# SPDX-License-Identifier: Apache-2.0
#
# The RTL's packed structs for C: tests that drive or read struct ports, and the trace port.

STRUCTS_DIR    := $(BUILD)/gen
STRUCTS_HEADER := $(STRUCTS_DIR)/toe_structs.h
STRUCTS_OBJECT := $(BUILD)/obj/gen/toe_structs.o

$(STRUCTS_HEADER) $(STRUCTS_DIR)/toe_structs.c &: tools/gen_struct_access.py rtl/toe_pkg.sv \
  rtl/toe_tcp_pkg.sv
	@echo "generate $(STRUCTS_HEADER)"
	@python3 tools/gen_struct_access.py $(STRUCTS_DIR)

$(STRUCTS_OBJECT): $(STRUCTS_DIR)/toe_structs.c $(STRUCTS_HEADER)
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) -c $< -o $@

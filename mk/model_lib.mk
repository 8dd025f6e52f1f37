# SPDX-License-Identifier: Apache-2.0
#
# The reference model: plain C, needs nothing but the compiler.

MODEL_OBJECTS := $(call objects,$(wildcard model/*.c))
MODEL_LIB     := $(BUILD)/lib/libmodel.a

$(MODEL_LIB): $(MODEL_OBJECTS)
	@mkdir -p $(@D)
	@rm -f $@
	@$(AR) rcs $@ $^

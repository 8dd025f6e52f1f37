# SPDX-License-Identifier: Apache-2.0
#
# Tools and flags that every other fragment uses.  Everything that is built goes under build/.

BUILD  := build
PYTHON := $(BUILD)/venv/bin/python
CC     := gcc
CXX    := g++

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Werror
INCLUDES := -Ihost/include -Isim/include -I.
# Position independent everywhere, because the same objects go into static and shared libraries.
CFLAGS   := -std=c11 -O2 -g -fPIC -D_GNU_SOURCE $(WARNINGS)
CXXFLAGS := -std=c++17 -O2 -fPIC

# Recursive on purpose: pkg-config may not be installed when this file is read.
CRITERION_LIBS = $(shell pkg-config --libs criterion)

# When the files generated from the registers were last looked at; see mk/regs.mk.
REGS_STAMP := $(BUILD)/regs.stamp

# Objects of C sources: $(call objects,host/src/a.c) is build/obj/host/src/a.o.
objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

$(BUILD)/obj/%.o: %.c | setup $(REGS_STAMP)
	@mkdir -p $(@D)
	@echo "cc $<"
	@$(CC) $(CFLAGS) $(INCLUDES) -MMD -MP -c $< -o $@

.SECONDARY:
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

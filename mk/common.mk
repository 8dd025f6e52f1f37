# SPDX-License-Identifier: Apache-2.0
#
# Tools and flags that every other fragment uses.  Everything that is built goes under BUILD; SETUP_DIR is
# where tools/setup.sh puts Python and Verilator.
#
# COVERAGE=1 builds everything once more, in a folder of its own, so that it counts which lines and
# branches of RTL and C it runs (tools/coverage.py).

COVERAGE ?=

SETUP_DIR := build
BUILD  := $(SETUP_DIR)$(if $(COVERAGE),/coverage)
PYTHON := $(SETUP_DIR)/venv/bin/python
CC     := gcc$(if $(COVERAGE), --coverage -fprofile-update=atomic)
CXX    := g++
# SETUP=true in a copy of the tree that borrows build/venv (tools/mutate.py).
SETUP  := tools/setup.sh

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Werror
INCLUDES := -Ihost/include -Isim/include -I.
OPTIMIZE := $(if $(COVERAGE),-O1,-O2)
# Position independent everywhere, because the same objects go into static and shared libraries.
CFLAGS   := -std=c11 $(OPTIMIZE) -g -fPIC -D_GNU_SOURCE $(WARNINGS)
CXXFLAGS := -std=c++17 $(OPTIMIZE) -fPIC

# Recursive on purpose: pkg-config may not be installed when this file is read.
CRITERION_LIBS = $(shell pkg-config --libs criterion)

# What programs need beside libtoe.a.
LIBTOE_NEEDS := -lusb-1.0 -ldl -lpthread

# When the files generated from the registers were last looked at; see mk/regs.mk.
REGS_STAMP := $(SETUP_DIR)/regs.stamp

# Objects of C sources: $(call objects,host/src/a.c) is build/obj/host/src/a.o.
objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

$(BUILD)/obj/%.o: %.c | setup $(REGS_STAMP)
	@mkdir -p $(@D)
	@echo "cc $<"
	@$(CC) $(CFLAGS) $(INCLUDES) -MMD -MP -c $< -o $@

.SECONDARY:
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

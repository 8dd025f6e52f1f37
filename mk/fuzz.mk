# SPDX-License-Identifier: Apache-2.0
#
# Fuzzers: libFuzzer of clang, with the address and undefined-behaviour sanitizers.
#
#   tests/fuzz/fuzz_NAME.c  makes build/fuzz/NAME from it, the model, the host library and tests/lib

FUZZ         := $(BUILD)/fuzz
FUZZ_SOURCES := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_TARGETS := $(patsubst tests/fuzz/fuzz_%.c,$(FUZZ)/%,$(FUZZ_SOURCES))
FUZZ_FLAGS   := -std=c11 -O1 -g -D_GNU_SOURCE -Wall -Wextra -Werror \
  -fsanitize=address,undefined -fno-sanitize-recover=undefined -DTOE_PATIENCE=1000
FUZZ_LIB     := $(patsubst %.c,$(FUZZ)/obj/%.o,$(wildcard model/*.c host/src/*.c driver/*.c) \
  $(filter-out tests/lib/wire%.c tests/lib/coverage.c tests/lib/replay.c,$(wildcard tests/lib/*.c)))

$(FUZZ)/obj/%.o: %.c | setup $(REGS_STAMP)
	@mkdir -p $(@D)
	@echo "clang $<"
	@clang $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link $(INCLUDES) -Itests/lib -MMD -MP -c $< -o $@

$(FUZZ_TARGETS): $(FUZZ)/%: $(FUZZ)/obj/tests/fuzz/fuzz_%.o $(FUZZ_LIB)
	@echo "link $@"
	@clang $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBTOE_NEEDS)

.PHONY: fuzz-targets fuzz-smoke
fuzz-targets: $(FUZZ_TARGETS)

# For `make test`: what was found before, and a few seconds of what is new.
fuzz-smoke: fuzz-targets
	@tools/fuzz.sh 3

-include $(shell find $(FUZZ)/obj -name '*.d' 2>/dev/null)

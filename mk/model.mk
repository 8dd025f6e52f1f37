# SPDX-License-Identifier: Apache-2.0
#
# Run by mk/verilator.mk inside the folder of one Verilated model: compiles what Verilator and
# tools/gen_shim.py wrote for module TOP, and joins it with Verilator's run time (folder RUNTIME)
# in libtb.a.

include V$(TOP)_classes.mk

FAST_OBJECTS := $(addsuffix .o,$(VM_CLASSES_FAST) $(VM_SUPPORT_FAST) tb_$(TOP))
# What runs once, when a model starts, is not worth the compiler's time.
SLOW_OBJECTS := $(addsuffix .o,$(VM_CLASSES_SLOW) $(VM_SUPPORT_SLOW))
OBJECTS      := $(FAST_OBJECTS) $(SLOW_OBJECTS)

libtb.a: $(OBJECTS) $(RUNTIME)/libverilated.a
	@rm -f $@
	@$(AR) rcs $@ $(OBJECTS) $(wildcard $(RUNTIME)/*.o)

$(SLOW_OBJECTS): OPTIMIZE := -O0

.PHONY: objects trained

# A model with a trainer (its objects: TRAINER, its command line: TRAIN_ARGS) is compiled twice: once
# to count which branches it takes while the trainer runs, then with those counts.
PROFILE :=
GENERATE := -fprofile-generate -fprofile-update=single
# Without gcse, which spills too many registers in functions as long as these: a tenth.
USE      := -fprofile-use -fprofile-partial-training -Wno-missing-profile -fno-gcse $(MARCH)

trained:
	@rm -f *.o *.gcda
	@$(MAKE) --no-print-directory -s -f $(firstword $(MAKEFILE_LIST)) PROFILE='$(GENERATE)' objects
	@$(CXX) $(GENERATE) -o trainer $(TRAINER) $(OBJECTS) $(RUNTIME)/*.o \
	  -lpcap -lz -llz4 -lusb-1.0 -lpthread -ldl
	@./trainer $(TRAIN_ARGS) >/dev/null
	@rm -f *.o trainer
	@$(MAKE) --no-print-directory -s -f $(firstword $(MAKEFILE_LIST)) PROFILE='$(USE)' libtb.a

objects: $(OBJECTS)

%.o: %.cpp
	@$(CXX) $(CXXFLAGS) $(OPTIMIZE) $(PROFILE) -DVERILATOR=1 -DVM_TRACE=$(TRACE) -DVM_TRACE_FST=$(TRACE) \
	  -DVM_COVERAGE=$(COVERAGE) -DVM_TIMING=0 -DVM_SC=0 -I. -MMD -MP -c $< -o $@

-include $(OBJECTS:.o=.d)

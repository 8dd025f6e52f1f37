# SPDX-License-Identifier: Apache-2.0
#
# Verilated models that C can drive.
#
#   $(eval $(call verilated_model,NAME,TOP,PARAMETERS,FLAGS))
#
# NAME        folder under build/verilated/
# TOP         top module; its file is found by its name in rtl/, rtl/*/, boards/common/, sim/ or
#             tests/rtl/
# PARAMETERS  of the top module, as DataWidth=64 NumConns=16; may be empty
# FLAGS       more flags for Verilator, as --trace-fst; may be empty
#
# makes build/verilated/NAME/libtb.a, which holds the model, Verilator's run time and the C
# functions that build/verilated/NAME/tb_TOP.h declares (see tools/gen_shim.py).  Link with
# $(CXX) and $(VERILATED_LIBS).  The packages of rtl/toe.f are read first; modules are found by
# name, so a block is built again only when a file changes that it is made of.
#
# TRAINER_NAME, when it is set before, lists the objects of a program that is linked with the model
# and run once, as TRAIN_ARGS_NAME says, to compile the model for the branches that it takes.

VERILATOR_ROOT := $(abspath $(SETUP_DIR)/verilator)
VERILATOR      := VERILATOR_ROOT=$(VERILATOR_ROOT) $(VERILATOR_ROOT)/bin/verilator
VERILATED      := $(BUILD)/verilated
VERILATED_LIBS := -lz -llz4 -lpthread $(if $(COVERAGE),--coverage)

RTL_FILES    := $(filter %.sv,$(shell sed 's://.*::' rtl/toe.f))
RTL_PACKAGES := $(filter %_pkg.sv,$(RTL_FILES))
RTL_DIRS     := rtl rtl/gen rtl/lib rtl/rx rtl/tcp rtl/tx rtl/host boards/common sim tests/rtl
ifdef COVERAGE
# Copies in which the functions of packages count as well.
RTL_DIRS     := $(addprefix $(BUILD)/,$(RTL_DIRS)) rtl/gen
$(shell python3 tools/coverage_sources.py $(BUILD))
endif

# Warnings are `make lint`'s business.
VERILATOR_FLAGS := --cc -O3 -fno-localize --assert --x-assign fast --no-timing --output-split 20000 --quiet \
  -Wno-fatal -Wno-lint -Wno-style --MP $(addprefix -y ,$(RTL_DIRS)) \
  $(if $(COVERAGE),--coverage-line --coverage-user)

define verilated_model
$(VERILATED)/$(1)/stamp: mk/verilator.mk tools/gen_shim.py | setup $(REGS_STAMP)
	@mkdir -p $$(@D)
	@echo "verilate $(2) $(3)"
	@$$(VERILATOR) $$(VERILATOR_FLAGS) $(4) $(addprefix -G,$(3)) --Mdir $$(@D) --top-module $(2) \
	  $$(RTL_PACKAGES) $$(filter-out $$(RTL_PACKAGES),$$(firstword $$(wildcard $$(addsuffix /$(2).sv,$$(RTL_DIRS)))))
	@$$(PYTHON) tools/gen_shim.py $(2) $$(@D)
	@sed '1s|^.* : |$$@: |' $$(@D)/V$(2)__ver.d >$$(@D)/stamp.d
	@touch $$@

-include $(VERILATED)/$(1)/stamp.d

$(VERILATED)/$(1)/tb_$(2).h: $(VERILATED)/$(1)/stamp
	@:

$(VERILATED)/$(1)/libtb.a: $(VERILATED)/$(1)/stamp $(VERILATED)/runtime/libverilated.a
	@echo "c++ $(2) $(3)"
	@$$(MAKE) --no-print-directory -s -C $$(@D) -f $$(CURDIR)/mk/model.mk CXX="$$(CXX)" \
	  CXXFLAGS="$$(CXXFLAGS) -I$$(VERILATOR_ROOT)/include -I$$(CURDIR)" TRACE=$(if $(findstring --trace-fst,$(4)),1,0) \
	  TOP=$(2) RUNTIME=$$(abspath $(VERILATED)/runtime) \
	  COVERAGE=$(if $(COVERAGE),1,0) $$(if $$(TRAINER_$(1)),trained TRAINER="$$(abspath $$(TRAINER_$(1)))" TRAIN_ARGS="$$(TRAIN_ARGS_$(1))" MARCH="$$(MARCH)")
	@touch $$@
endef

# Verilator's own run time, compiled once for all models.
VERILATED_RUNTIME := verilated verilated_threads verilated_fst_c $(if $(COVERAGE),verilated_cov)

$(VERILATED)/runtime/%.o: | setup
	@mkdir -p $(@D)
	@$(CXX) $(CXXFLAGS) -DVERILATOR=1 -I$(VERILATOR_ROOT)/include \
	  -c $(VERILATOR_ROOT)/include/$*.cpp -o $@

$(VERILATED)/runtime/libverilated.a: $(VERILATED_RUNTIME:%=$(VERILATED)/runtime/%.o)
	@$(AR) rcs $@ $^

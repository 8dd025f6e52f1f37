# SPDX-License-Identifier: Apache-2.0
#
# libtoe (host/src and the transports in driver/), the simulated engine (sim/ and a Verilated
# toe_top) as shared libraries, the tools and examples, and their installation.

LIB      := $(BUILD)/lib
BIN      := $(BUILD)/bin
PREFIX   ?= /usr/local
DESTDIR  ?=
VERSION  := 0.1.0
SOVERSION := 0

# --- libtoe: everything but the engine; loads the simulated one at run time -----------------------

LIBTOE_OBJECTS := $(call objects,$(wildcard host/src/*.c driver/*.c))
LIBTOE         := $(if $(LIBTOE_OBJECTS),$(LIB)/libtoe.a $(LIB)/libtoe.so)

$(LIB)/libtoe.a: $(LIBTOE_OBJECTS)
	@mkdir -p $(@D)
	@rm -f $@
	@$(AR) rcs $@ $^

$(LIB)/libtoe.so: $(LIBTOE_OBJECTS) mk/libtoe.map
	@mkdir -p $(@D)
	@$(CC) -shared -Wl,-soname,libtoe.so.$(SOVERSION) -Wl,--version-script=mk/libtoe.map \
	  -o $@.$(SOVERSION) $(LIBTOE_OBJECTS) $(LIBTOE_NEEDS)
	@ln -sf $(@F).$(SOVERSION) $@

# --- The simulated engine ------------------------------------------------------------------------
#
#   $(eval $(call sim_variant,VARIANT,PARAMETERS))
#
# makes build/lib/libtoe_sim_VARIANT.so from sim/ and toe_top with these PARAMETERS.  The C of sim/
# is the same for all; its C++ knows the model and is compiled for each.  w64 is the one that `sim:`
# loads unless told otherwise; the others are built for tests and benches.

SIM_OBJECTS := $(call objects,$(wildcard sim/*.c)) $(STRUCTS_OBJECT) $(MODEL_OBJECTS)

TRACE_READERS := $(call objects,sim/live_log.c $(wildcard sim/lockstep*.c))

$(TRACE_READERS): $(STRUCTS_HEADER)
$(TRACE_READERS): INCLUDES += -I$(STRUCTS_DIR)
SIM_SHIMS   := $(notdir $(wildcard sim/*.cpp))

define sim_library
$(call verilated_model,sim_$(1),toe_top,$(2),$(3))

$(VERILATED)/sim_$(1)/shim/%.o: sim/%.cpp $(VERILATED)/sim_$(1)/stamp
	@mkdir -p $$(@D)
	@$$(CXX) $$(CXXFLAGS) $$(INCLUDES) -I$(VERILATED)/sim_$(1) -I$$(VERILATOR_ROOT)/include \
	  -DVERILATOR=1 -DVM_COVERAGE=$(if $(COVERAGE),1,0) $(if $(findstring --trace-fst,$(3)),-DVM_TRACE=1 -DVM_TRACE_FST=1,-DVM_TRACE=0) \
	  -MMD -MP -c $$< -o $$@
-include $(patsubst %.cpp,$(VERILATED)/sim_$(1)/shim/%.d,$(SIM_SHIMS))

$(LIB)/libtoe_sim_$(1).so: $(SIM_OBJECTS) $(patsubst %.cpp,$(VERILATED)/sim_$(1)/shim/%.o,$(SIM_SHIMS)) \
  $(VERILATED)/sim_$(1)/libtb.a mk/libtoe.map
	@mkdir -p $$(@D)
	@echo "link $$@"
	@$$(CXX) -shared -Wl,-soname,$$(@F) -Wl,--version-script=mk/libtoe.map -Wl,-Bsymbolic -Wl,--no-undefined \
	  -o $$@ $$(filter %.o,$$^) -Wl,--whole-archive $$(filter %.a,$$^) -Wl,--no-whole-archive -lpcap $$(VERILATED_LIBS)
endef

# The one that everybody runs is trained: a tenth faster for twice the time to compile it.  And it is
# made for the machine that makes it, which is another twelfth; MARCH= makes one for any machine.
# TRAINER_sim_w64= compiles it once, untrained.
MARCH ?= -march=native

# Nothing is trained to count.
ifndef COVERAGE
TRAINER_sim_w64    := $(SIM_OBJECTS) $(VERILATED)/sim_w64/shim/verilator_shim.o \
  $(BUILD)/obj/sim/examples/two_engines.o $(LIB)/libtoe.a
TRAIN_ARGS_sim_w64 := --octets 262144

# Another library or example needs no new training.
$(VERILATED)/sim_w64/libtb.a: | $(TRAINER_sim_w64)
endif

# Each has a twin that writes waveforms, for `make replay`.
define sim_variant
$(call sim_library,$(1),$(2))
$(call sim_library,$(1)_trace,$(2),--trace-fst)
endef

$(eval $(call sim_variant,w64,DataWidth=64))
$(eval $(call sim_variant,w128,DataWidth=128))
$(eval $(call sim_variant,w256,DataWidth=256))
$(eval $(call sim_variant,w512,DataWidth=512))
# driver/sim.c finds a library for other than 1,024 connections by _c and their number.
$(eval $(call sim_variant,w64_c16,DataWidth=64 NumConns=16))
$(eval $(call sim_variant,w64_c65536,DataWidth=64 NumConns=65536))
# The smallest rings there are; what the boards are built with.
$(eval $(call sim_variant,w64_board,DataWidth=64 NumConns=64 RxRingLog2=11 TxRingLog2=11))
# So small that everything runs out and every ring wraps.
$(eval $(call sim_variant,w128_small,DataWidth=128 NumConns=32 RxRingLog2=12 TxRingLog2=12 SynCacheSize=16 TimeWaitSize=16))

LIBTOE_SIM := $(if $(SIM_OBJECTS),$(LIB)/libtoe_sim_w64.so)

# --- Programs: a folder of host/tools each, or a file of host/examples ----------------------------

TOOLS    := $(patsubst host/tools/%/,$(BIN)/%,$(wildcard host/tools/*/))
EXAMPLES := $(patsubst host/examples/%.c,$(BIN)/%,$(wildcard host/examples/*.c))

define program
$(1): $(call objects,$(2)) $(LIB)/libtoe.a
	@mkdir -p $$(@D)
	@$$(CC) -o $$@ $$^ -ljansson $$(LIBTOE_NEEDS)
endef
$(foreach tool,$(TOOLS),$(eval $(call program,$(tool),$(wildcard host/tools/$(notdir $(tool))/*.c))))
$(foreach example,$(EXAMPLES),$(eval $(call program,$(example),host/examples/$(notdir $(example)).c)))

# How `toectl program` loads each board.
BOARD_TABLE := $(BUILD)/share/opentoe/boards.json

$(BOARD_TABLE): tools/board_table.py $(wildcard boards/*/board.py) | setup
	@mkdir -p $(@D)
	@$(PYTHON) $< >$@

# Programs that own a simulated engine are linked with it, at its place in build/ or when installed.
SIM_PROGRAMS := $(patsubst sim/examples/%.c,$(BIN)/%,$(wildcard sim/examples/*.c))

$(SIM_PROGRAMS): $(BIN)/%: $(BUILD)/obj/sim/examples/%.o $(LIB)/libtoe.a $(LIBTOE_SIM)
	@mkdir -p $(@D)
	@$(CC) -o $@ $^ -Wl,-rpath,'$$ORIGIN/../lib' $(LIBTOE_NEEDS)

ALL_TARGETS := $(LIBTOE) $(LIBTOE_SIM) $(TOOLS) $(EXAMPLES) $(SIM_PROGRAMS) $(BOARD_TABLE)

# --- Installation --------------------------------------------------------------------------------

HEADERS       := $(wildcard host/include/toe/*.h sim/include/toe/*.h driver/toe_transport.h)
MAN_PAGES     := $(wildcard host/tools/*/*.[1-8])
INSTALL_FILES := $(LIBTOE) $(LIBTOE_SIM) $(TOOLS) $(BOARD_TABLE)
UDEV_RULES    := $(wildcard driver/*.rules)

define install_files
set -e; to='$(DESTDIR)$(PREFIX)'; \
install -d "$$to/bin" "$$to/lib/pkgconfig" "$$to/include/toe"; \
install -m 644 $(HEADERS) "$$to/include/toe"; \
install -m 644 $(LIB)/libtoe.a "$$to/lib"; \
install -m 755 $(LIB)/libtoe.so.$(SOVERSION) $(LIBTOE_SIM) "$$to/lib"; \
ln -sf libtoe.so.$(SOVERSION) "$$to/lib/libtoe.so"; \
$(if $(TOOLS),install -m 755 $(TOOLS) "$$to/bin";) \
for page in $(MAN_PAGES); do install -D -m 644 -t "$$to/share/man/man$${page##*.}" "$$page"; done; \
install -D -m 644 -t "$$to/share/opentoe" $(BOARD_TABLE); \
install -D -m 644 host/tools/toectl/completion.bash "$$to/share/bash-completion/completions/toectl"; \
install -d "$$to/lib/udev/rules.d"; \
install -m 644 $(UDEV_RULES) "$$to/lib/udev/rules.d"; \
for pc in libtoe libtoe-sim; do \
  sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|' mk/$$pc.pc.in >"$$to/lib/pkgconfig/$$pc.pc"; \
done; \
echo "installed in $$to"
endef

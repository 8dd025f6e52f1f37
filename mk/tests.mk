# SPDX-License-Identifier: Apache-2.0
#
# Test programs, found by their names; nothing has to be listed.
#
#   tests/unit/test_*.c      C units; linked with libtoe and the objects of sim/
#   tests/rtl/test_*.c       one block each, on a Verilated model of it; linked with libtoe; needs a
#                            line such as
#                              /* tb: top=toe_fifo widths=64,512 params=Depth=16,Width=8 */
#                            widths (one program for each, parameter DataWidth, macro DATA_WIDTH)
#                            and params may be left out; a test top is tests/rtl/TOP.sv
#   tests/usb/test_*.c       the usb: transport, on a machine's USB made by umockdev
#   tests/scenario/test_*.c  whole connections; linked with libtoe and libtoe_sim_w64.so, unless
#                              /* sim: variants=w64,w512 */
#                            names other variants of mk/host.mk (one program for each)
#   tests/random/test_*.c    built like scenario tests, with the other files of the folder
#   tests/peer/test_*.sh     scripts run as they are, after everything is built; 0 is passed
#   tests/boards/test_*.py   scripts as well, run by build/venv's Python: the boards without a board
#   tests/bench/bench_*.c    not Criterion; built like scenario tests, with rig.c beside them; run by
#                            `make bench`
#   tests/lib/*.c            helpers that every program above is linked with; wire*.c: those with
#                            an engine only
#
# Every program may call the reference model (mk/model_lib.mk).

# TRACE=1 builds block tests that write the FST waveform named by TB_FST, beside the usual ones.
TRACE ?=
TESTS := $(BUILD)/tests$(if $(TRACE),.trace)

comma := ,
space := $(subst ,, )
# Field number $(1) of a word $(2) whose fields are separated by bars.
field = $(subst ~,,$(word $(1),$(subst |, ,$(2))))

TEST_LIB := $(call objects,$(filter-out tests/lib/wire%.c,$(wildcard tests/lib/*.c))) $(STRUCTS_OBJECT) \
  $(MODEL_LIB)
TEST_INC := -Itests/lib -I$(STRUCTS_DIR)

define link_test
	@mkdir -p $(@D)
	@echo "link $@"
	@$(CXX) -o $@ $(filter %.o %.a %.so,$^) -Wl,-rpath,'$$ORIGIN/../../lib' \
	  -ljansson -lpcap $(LIBTOE_NEEDS) $(VERILATED_LIBS) $(CRITERION_LIBS)
endef

$(BUILD)/obj/tests/%: INCLUDES += $(TEST_INC)

# What the tools are made of, but for their main().
$(LIB)/libtool_units.a: $(call objects,$(filter-out %/main.c,$(wildcard host/tools/*/*.c)))
	@mkdir -p $(@D)
	@rm -f $@
	@$(AR) rcs $@ $^

# --- Units ---------------------------------------------------------------------------------------

UNIT_TESTS := $(patsubst tests/%.c,$(TESTS)/%,$(wildcard tests/unit/test_*.c))

$(LIB)/libsim_units.a: $(SIM_OBJECTS)
	@mkdir -p $(@D)
	@rm -f $@
	@$(AR) rcs $@ $^

$(UNIT_TESTS): $(TESTS)/%: $(BUILD)/obj/tests/%.o $(TEST_LIB) $(firstword $(LIBTOE)) \
  $(if $(SIM_OBJECTS),$(LIB)/libsim_units.a)
	$(link_test)

# --- Blocks --------------------------------------------------------------------------------------

# Words of the form test|top|width|params; ~ stands for nothing.
RTL_TEST_LIST := $(shell tools/list_tests.sh rtl)

rtl_params = $(if $(call field,3,$(1)),DataWidth=$(call field,3,$(1))) \
  $(subst $(comma), ,$(call field,4,$(1)))
rtl_model = $(subst $(space),.,$(strip $(call field,2,$(1)) $(subst =,,$(call rtl_params,$(1)))))$(if $(TRACE),.trace)
rtl_test = $(TESTS)/rtl/$(call field,1,$(1))$(if $(call field,3,$(1)),.w$(call field,3,$(1)))

define rtl_test_rules
$(if $(filter $(call rtl_model,$(1)),$(RTL_MODELS)),,
  $(call verilated_model,$(call rtl_model,$(1)),$(call field,2,$(1)),$(call rtl_params,$(1)),$(if $(TRACE),--trace-fst)))
RTL_MODELS += $(call rtl_model,$(1))
RTL_TESTS += $(call rtl_test,$(1))

$(call rtl_test,$(1)).o: tests/rtl/$(call field,1,$(1)).c $(VERILATED)/$(call rtl_model,$(1))/stamp $(STRUCTS_HEADER)
	@mkdir -p $$(@D)
	@echo "cc $$< $(call field,3,$(1))"
	@$$(CC) $$(CFLAGS) $$(INCLUDES) $$(TEST_INC) -I$(VERILATED)/$(call rtl_model,$(1)) \
	  $(if $(call field,3,$(1)),-DDATA_WIDTH=$(call field,3,$(1))) -MMD -MP -c $$< -o $$@

$(call rtl_test,$(1)): $(call rtl_test,$(1)).o $(TEST_LIB) $(firstword $(LIBTOE)) \
  $(VERILATED)/$(call rtl_model,$(1))/libtb.a
	$$(link_test)
endef
$(foreach test,$(RTL_TEST_LIST),$(eval $(call rtl_test_rules,$(test))))
-include $(wildcard $(TESTS)/rtl/*.d)

# --- Whole engine --------------------------------------------------------------------------------

# The scripted peer: the only helper that needs an engine.
WIRE := $(call objects,$(wildcard tests/lib/wire*.c))

# Words of the form folder/test|variant.
SIM_TEST_LIST := $(shell tools/list_tests.sh sim)

sim_test = $(TESTS)/$(call field,1,$(1)).$(call field,2,$(1))

define sim_test_rules
SIM_TESTS += $(call sim_test,$(1))

$(call sim_test,$(1)): $(BUILD)/obj/tests/$(call field,1,$(1)).o $(TEST_LIB) $(WIRE) \
  $(LIB)/libtool_units.a $(firstword $(LIBTOE)) $(LIB)/libtoe_sim_$(call field,2,$(1)).so
	$$(link_test)
endef
$(foreach test,$(SIM_TEST_LIST),$(eval $(call sim_test_rules,$(test))))

# The engine of test PROGRAM as it writes waveforms; `make replay` puts it before the other.
PROGRAM       ?=
REPLAY_ENGINE  = $(LIB)/libtoe_sim_$(patsubst %_trace,%,$(patsubst .%,%,$(suffix $(PROGRAM))))_trace.so

SCENARIO_TESTS := $(filter $(TESTS)/scenario/%,$(SIM_TESTS))
RANDOM_TESTS   := $(filter $(TESTS)/random/%,$(SIM_TESTS))
BENCH_PROGRAMS := $(filter $(TESTS)/bench/%,$(SIM_TESTS))
PEER_TESTS     := $(wildcard tests/peer/test_*.sh)
BOARD_TESTS    := $(wildcard tests/boards/test_*.py)

BENCH_RIG := $(call objects,$(wildcard tests/bench/rig*.c))

$(BENCH_RIG): $(STRUCTS_HEADER)
$(BENCH_PROGRAMS): $(BENCH_RIG)

RANDOM_WORLD := $(call objects,$(filter-out tests/random/test_%,$(wildcard tests/random/*.c)))

$(RANDOM_WORLD): $(STRUCTS_HEADER)
$(RANDOM_TESTS): $(RANDOM_WORLD)
$(patsubst %,$(BUILD)/obj/%.o,$(basename $(wildcard tests/random/test_*.c))): $(STRUCTS_HEADER)

# --- USB -----------------------------------------------------------------------------------------

USB_TESTS  := $(patsubst tests/%.c,$(TESTS)/%,$(wildcard tests/usb/test_*.c))
USB_MOCK   := $(call objects,tests/usb/ft2232h.c tests/usb/usb_board.c tests/usb/mock_usb.c)
# Recursive on purpose, as CRITERION_LIBS.
UMOCKDEV_LIBS = $(shell pkg-config --libs umockdev-1.0)

$(USB_MOCK) $(USB_TESTS:$(TESTS)/%=$(BUILD)/obj/tests/%.o): INCLUDES += $(shell pkg-config --cflags umockdev-1.0 2>/dev/null)

# The board shell as tests meet it: small, and with memory for some octets on their way.
USB_SHELL := $(BUILD)/obj/tests/usb/sim_board.o $(VERILATED)/board/libtb.a
$(eval $(call verilated_model,board,toe_board,NumConns=16 RxRingLog2=14 TxRingLog2=14 ExternalTime=1))
$(BUILD)/obj/tests/usb/sim_board.o: INCLUDES += -I$(VERILATED)/board
$(BUILD)/obj/tests/usb/sim_board.o: $(VERILATED)/board/stamp

$(USB_TESTS): LIBTOE_NEEDS += $(UMOCKDEV_LIBS)
$(USB_TESTS): $(TESTS)/%: $(BUILD)/obj/tests/%.o $(USB_MOCK) $(USB_SHELL) $(TEST_LIB) $(firstword $(LIBTOE))
	$(link_test)

# The board for a guest in QEMU, which tools/test_usb.sh runs.
$(BIN)/redir_board: $(BUILD)/obj/tests/usb/redir_board.o $(call objects,tests/usb/ft2232h.c tests/usb/usb_board.c) \
  $(USB_SHELL) $(call objects,tests/lib/tb.c) $(LIB)/libsim_units.a
	@mkdir -p $(@D)
	@echo "link $@"
	@$(CXX) -o $@ $^ -lusbredirparser -lpcap $(VERILATED_LIBS)

# --- For tools/run_tests.sh ----------------------------------------------------------------------

TEST_PROGRAMS := $(UNIT_TESTS) $(USB_TESTS) $(RTL_TESTS) $(SCENARIO_TESTS) $(RANDOM_TESTS)

.PHONY: test-programs list-tests
test-programs: $(TEST_PROGRAMS) $(ALL_TARGETS)

list-tests:
	@printf '%s\n' $(TEST_PROGRAMS) $(PEER_TESTS) $(BOARD_TESTS)

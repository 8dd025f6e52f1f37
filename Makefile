# SPDX-License-Identifier: Apache-2.0
#
# Every command of the project.  `make` alone lists them; the details are in mk/.
# Each target installs what it needs first (tools/setup.sh), and skips that when it is done.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

include mk/common.mk
include mk/verilator.mk
include mk/structs.mk
include mk/model_lib.mk
include mk/host.mk
include mk/regs.mk
include mk/tests.mk
include mk/fuzz.mk

.PHONY: help setup all run test test-usb bench coverage regress lint format regs rfc-coverage check-generated check-synth area synth-xilinx timing bitstream program boards formal mutate fuzz replay install clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' Makefile

setup: ## install Debian's packages and build/venv; skips what is done
	@$(SETUP)

all: $(ALL_TARGETS) ## build the libraries, the tools and the simulated engine

run: all $(LIB)/libtoe_sim_w64_trace.so ## the engine against a real Linux peer: files both ways, a ladder diagram, figures
	@tools/run.sh

test: setup ## lint, all tests, synthesis check; ONLY=word runs some, SEED=n repeats a run
	@MAKE="$(MAKE)" tools/run_tests.sh

test-usb: $(addprefix $(BIN)/,toectl http_get http_server redir_board) ## a Linux guest in QEMU meets the simulated board on USB; ACCEL=tcg: without KVM
	@tools/test_usb.sh

fuzz: fuzz-targets $(TESTS)/rtl/test_rx_model.w64 ## libFuzzer, each target of tests/fuzz for SECONDS=60
	@tools/fuzz.sh $(or $(SECONDS),60)

replay: $(PROGRAM) $(if $(PROGRAM),$(REPLAY_ENGINE)) ## run one test again with a waveform: PROGRAM=build/tests/... TEST=suite/name SEED=n WAVE=file
	@test -n '$(PROGRAM)' || { echo 'PROGRAM=build/tests/... is missing' >&2; exit 1; }
	@LD_PRELOAD=$(abspath $(REPLAY_ENGINE)) $(PROGRAM) $(if $(TEST),--filter '$(TEST)')

bench: $(BENCH_PROGRAMS) ## cycles per segment, latency, handshakes; writes build/bench.json
	@$(PYTHON) tools/run_bench.py $(BENCH_PROGRAMS)

coverage: setup ## functional, line and branch coverage of RTL and C: build/coverage/report/index.html
	@$(PYTHON) tools/coverage.py

SEEDS  ?= 20
ENGINE ?= local

regress: test-programs ## random tests with SEEDS=20 seeds; ENGINE=slurm: as a job array on a cluster
	@$(PYTHON) tools/regress.py --seeds $(SEEDS) --engine $(ENGINE)

lint: setup ## Verilator -Wall, Verible, resets, clang-format, clang-tidy, cppcheck, layers, faults, SPDX
	@tools/lint.sh

format: setup ## rewrite the sources in the project's format
	@tools/lint.sh --fix

regs: ## rewrite what is generated from rtl/toe_regs.rdl
	@rm -f $(REGS_STAMP)
	@$(MAKE) --no-print-directory $(REGS_STAMP)

rfc-coverage: setup ## check docs/rfc9293.toml against the tree and write docs/rfc-coverage.md
	@$(PYTHON) tools/rfc_coverage.py

check-generated: setup ## fail when a generated file differs from its source
	@tools/check_generated.sh

check-synth: setup ## synthesize toe_top for ECP5: no latch, no error; prints the area
	@$(PYTHON) tools/synth_check.py

area: setup ## synthesize toe_top for ECP5 with 16 to 1,024 connections: area, and which memory is block RAM; CONNS="16 64"
	@$(PYTHON) tools/area.py $(CONNS) $(addprefix --param ,$(PARAMS))

synth-xilinx: setup ## synthesize toe_top for Xilinx's 7 series with Yosys: area beside what published engines say
	@$(PYTHON) tools/synth_xilinx.py $(CONNS)

timing: setup ## place and route BLOCK=toe_flow_table alone on an ECP5, five seeds: MHz, critical path, area; PARAMS="NumConns=64"
	@$(PYTHON) tools/timing.py $(BLOCK) $(addprefix --param ,$(PARAMS))

bitstream: setup ## from source to a bitstream: BOARD=ecpix5; SEED=n places anew, SYNTH=1 stops when it is known to fit, KEEP=1 keeps one that is too slow
	@$(PYTHON) tools/bitstream.py $(BOARD) $(if $(SEED),--seed $(SEED)) $(if $(SYNTH),--synth-only) $(if $(KEEP),--keep)

program: setup ## load a board with what `make bitstream` made: BOARD=ecpix5
	@$(PYTHON) tools/program.py $(BOARD)

boards: setup ## list the boards, with size and speed
	@$(PYTHON) tools/board_list.py

formal: setup ## prove properties of step and the blocks around it; BLOCK=toe_fifo proves one
	@$(PYTHON) tools/formal.py $(BLOCK)

mutate: setup ## put faults into the RTL, one at a time; tests and proofs must see them; FAULTS=80 SEED=1
	@$(PYTHON) tools/mutate.py $(if $(FAULTS),--faults $(FAULTS)) $(if $(SEED),--seed $(SEED))

install: $(INSTALL_FILES) ## install libtoe, its headers and tools; PREFIX=/usr/local DESTDIR=
	@$(install_files)

clean: ## remove what was built; keeps build/venv and the stamps of the set-up
	@find build -mindepth 1 -maxdepth 1 ! -name venv ! -name setup ! -name verilator -exec rm -rf {} +

# hearth: `make help` lists the targets. Sources are found by their place: src/<room>/*.c is the library, src/cli/ the
# program, tests/unit/test_*.c one test program each. A kernel's file suffix picks its instruction set.

.DEFAULT_GOAL := all
SHELL := /bin/bash
BUILD ?= build
ifeq ($(origin CC),default)
CC := gcc
endif
SANITIZE ?=
ARGS ?=
TIME ?= 60

# All processors, unless make was told a number.
ifeq ($(MAKELEVEL)$(filter -j% --jobserver%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif

# Say what is built in one short line; V=1 shows the commands.
Q := $(if $(V),,@)

# The compiler's target, which need not be this machine.
ARCH := $(or $(firstword $(subst -, ,$(shell $(CC) -dumpmachine 2>/dev/null))),$(shell uname -m))
PKG_CONFIG ?= pkg-config
PACKAGES := jansson libpcre2-8 libutf8proc
# libmicrohttpd and libcurl are needed too, but linked when a process first uses them (src/base/late_library.h)
SERVICE_PACKAGES := libseccomp
CLI_PACKAGES := libedit

# Contraction off: a sum must round the same way wherever it is computed; kernels spell their FMAs out.
CFLAGS_BASE := -std=c17 -D_GNU_SOURCE -O2 -g -fPIC -fvisibility=hidden -fno-math-errno -ffp-contract=off \
	-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla $(if $(findstring clang,$(CC)),,-Wno-format-truncation) -Isrc -Iinclude -Itests/support -Itests/kernels
CFLAGS_BASE += $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
LIBS = $(shell $(PKG_CONFIG) --libs $(PACKAGES)) -lpthread -lm
SERVICE_LIBS = $(shell $(PKG_CONFIG) --libs $(SERVICE_PACKAGES))
CLI_LIBS = $(shell $(PKG_CONFIG) --libs $(CLI_PACKAGES))
ifneq ($(SANITIZE),)
CFLAGS_BASE += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
LDFLAGS += -fsanitize=$(SANITIZE)
endif
CFLAGS ?=

ROOMS := base quant formats kernels array tokenizer models runtime chat dialogue
KERNELS_x86_64 := simd x86
KERNELS_aarch64 := simd arm
KERNELS := reference $(or $(KERNELS_$(ARCH)),portable)
# a room may have folders; those of kernels are chosen by the machine
FOLDERS := $(filter-out src/kernels/%,$(patsubst %/,%,$(wildcard $(ROOMS:%=src/%/*/))))
LIB_SOURCES := $(foreach folder,$(ROOMS:%=src/%) $(KERNELS:%=src/kernels/%) $(FOLDERS),$(wildcard $(folder)/*.c))
# `hearth serve` and its workers: parts of the program, not of the library
SERVICE_SOURCES := $(wildcard src/worker/*.c src/worker/*/*.c src/server/*.c src/server/*/*.c)
CLI_SOURCES := $(wildcard src/cli/*.c src/cli/*/*.c)
LIB_OBJECTS := $(LIB_SOURCES:%.c=$(BUILD)/obj/%.o)
SERVICE_OBJECTS := $(SERVICE_SOURCES:%.c=$(BUILD)/obj/%.o)
CLI_OBJECTS := $(CLI_SOURCES:%.c=$(BUILD)/obj/%.o)
# models that are a part of the program
SHIPPED := $(patsubst models/%.gguf,$(BUILD)/obj/models/%.o,$(wildcard models/*.gguf))

UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))
TEST_SUPPORT := $(wildcard tests/support/*.c)
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_REPLAYS := $(FUZZERS:%=$(BUILD)/tests/replay_%)

ISA_avx2 := -mavx2 -mfma -mf16c -mbmi2
ISA_avxvnni := $(ISA_avx2) -mavxvnni
ISA_avx512 := $(ISA_avx2) -mavx512f -mavx512bw -mavx512dq -mavx512vl
ISA_avx512vnni := $(ISA_avx512) -mavx512vnni
ISA_neon := -march=armv8-a
ISA_dotprod := -march=armv8.2-a+dotprod
ISA_i8mm := $(ISA_dotprod)+i8mm
isa = $(ISA_$(lastword $(subst _, ,$(basename $(notdir $(1))))))

.PHONY: help all build dependencies run test check-kernels bench lint format fuzz asan ubsan tsan install clean
help: ## this list
	@grep -hE '^[a-z][a-z0-9-]*:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

all: dependencies ## build build/hearth, build/libhearth.a and build/libhearth.so
	@$(MAKE) --no-print-directory build

build: $(if $(wildcard src/cli/main.c),$(BUILD)/hearth) $(BUILD)/libhearth.a $(BUILD)/libhearth.so

dependencies: ## install the Debian packages that are missing (says which)
	@scripts/install_dependencies.sh build

$(BUILD)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo "  cc   $<"
	$(Q)$(CC) $(CFLAGS_BASE) $(call isa,$<) $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/libhearth.a: $(LIB_OBJECTS)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/service.a: $(SERVICE_OBJECTS)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/libhearth.so: $(LIB_OBJECTS)
	@echo "  ld   $@"
	$(Q)$(CC) -shared -Wl,-soname,libhearth.so $(LDFLAGS) $^ $(LIBS) -o $@

$(BUILD)/obj/models/%.o: models/%.gguf src/cli/shipped_model.S
	@mkdir -p $(@D)
	@echo "  as   $<"
	$(Q)$(CC) -c -DNAME=$(subst -,_,$*) -DMODEL='"$<"' src/cli/shipped_model.S -o $@

$(BUILD)/hearth: $(CLI_OBJECTS) $(SHIPPED) $(BUILD)/service.a $(BUILD)/libhearth.a
	@echo "  ld   $@"
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS) $(SERVICE_LIBS) $(CLI_LIBS) -o $@

$(BUILD)/tests/test_%: $(BUILD)/obj/tests/unit/test_%.o $(TEST_SUPPORT:%.c=$(BUILD)/obj/%.o) $(BUILD)/service.a $(BUILD)/libhearth.a
	@mkdir -p $(@D)
	@echo "  ld   $@"
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS) $(SERVICE_LIBS) -lcmocka -o $@

$(BUILD)/tests/complete_schemas: $(BUILD)/obj/tests/schema/complete_schemas.o $(TEST_SUPPORT:%.c=$(BUILD)/obj/%.o) $(BUILD)/libhearth.a
	@mkdir -p $(@D)
	@echo "  ld   $@"
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS) -o $@

$(BUILD)/tests/replay_%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/obj/tests/fuzz/replay.o $(TEST_SUPPORT:%.c=$(BUILD)/obj/%.o) $(BUILD)/service.a $(BUILD)/libhearth.a
	@mkdir -p $(@D)
	@echo "  ld   $@"
	$(Q)$(CC) $(LDFLAGS) $^ $(LIBS) $(SERVICE_LIBS) -o $@

$(BUILD)/tests/embed: examples/embed.c include/hearth.h $(BUILD)/libhearth.so
	@mkdir -p $(@D)
	@echo "  ld   $@"
	$(Q)$(CC) -std=c17 -O2 -Wall -Wextra -Iinclude $(CFLAGS) $(LDFLAGS) $< -L$(BUILD) -lhearth \
		-Wl,-rpath,$(abspath $(BUILD)) -o $@

MODEL ?=
run: all ## build and start a chat: make run [MODEL=model.gguf] [ARGS="a prompt"]
	$(BUILD)/hearth run $(or $(MODEL),ember) $(ARGS)

TESTS = $(UNIT_TESTS) $(FUZZ_REPLAYS) $(BUILD)/check-kernels $(BUILD)/tests/complete_schemas $(if $(wildcard examples/embed.c),$(BUILD)/tests/embed)
KINDS ?=
test: ## build and run all tests: make test [KINDS="unit replay kernels cli schema serve example"] [FILTER=name]
	@scripts/install_dependencies.sh build test
	@$(MAKE) --no-print-directory build tests
	@FILTER="$(FILTER)" scripts/run_tests.sh $(BUILD) $(KINDS)

.PHONY: tests
tests: $(TESTS)

# The same tests under the sanitizers; under tsan only those of what has threads.
asan: ## all tests with AddressSanitizer (build/asan)
	@$(MAKE) --no-print-directory test BUILD=build/asan SANITIZE=address
ubsan: ## all tests with UndefinedBehaviorSanitizer (build/ubsan)
	@$(MAKE) --no-print-directory test BUILD=build/ubsan SANITIZE=undefined
TSAN_TESTS = $(filter %thread_pool %engine %session %session_steps %hearth %response %http_server %http_stream %worker_process %residency %residency_room,$(UNIT_TESTS:build/%=build/tsan/%))
tsan: ## the tests of what has threads (engine, pool, server) with ThreadSanitizer (build/tsan)
	@scripts/install_dependencies.sh build test
	@$(if $(TSAN_TESTS),$(MAKE) --no-print-directory BUILD=build/tsan SANITIZE=thread $(TSAN_TESTS),true)
	@scripts/run_tests.sh build/tsan unit

# The library and its tests for arm64, by a cross compiler, as programs that qemu-user runs.
CROSS := aarch64-linux-gnu
test-arm64: ## build for arm64 (build/arm64) and run kernel checks and tests under qemu, with each level of instructions
	@scripts/install_dependencies.sh build test arm64
	@$(MAKE) --no-print-directory BUILD=build/arm64 CC=$(CROSS)-gcc AR=$(CROSS)-ar \
		PKG_CONFIG="env PKG_CONFIG_LIBDIR=/usr/lib/$(CROSS)/pkgconfig pkg-config" tests-arm64
	@scripts/test_arm64.sh build/arm64
.PHONY: test-arm64 tests-arm64
tests-arm64: $(UNIT_TESTS) $(FUZZ_REPLAYS) $(BUILD)/check-kernels

# libFuzzer comes with clang. New inputs are kept in build/fuzz/corpus, what crashes in build/fuzz/crash-NAME-*.
fuzz: ## run each fuzz target: make fuzz [TIME=60] [FUZZERS=fuzz_gguf]
	@scripts/install_dependencies.sh build fuzz
	@$(MAKE) --no-print-directory BUILD=build/fuzz CC=clang SANITIZE=fuzzer-no-link,address,undefined \
		$(FUZZERS:%=build/fuzz/tests/%)
	@for name in $(FUZZERS); do scripts/fuzz_one.sh build/fuzz $$name $(TIME) || exit 1; done

$(BUILD)/tests/fuzz_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(TEST_SUPPORT:%.c=$(BUILD)/obj/%.o) $(BUILD)/service.a $(BUILD)/libhearth.a
	@mkdir -p $(@D)
	@echo "  ld   $@"
	$(Q)$(CC) -fsanitize=fuzzer,address,undefined $^ $(LIBS) $(SERVICE_LIBS) -o $@

# Without MODEL: random weights of a real shape, made once.
BENCH_MODEL = $(or $(MODEL),build/bench/llama3.2-1b-q4_0.gguf)
bench: all ## compare speed with llama.cpp (bench/README.md has more): make bench [MODEL=model.gguf] [OUT=results.csv] [ARGS="--rounds 3"]
	@command -v node >/dev/null || { echo "make bench needs node (apt-get install nodejs npm)" >&2; exit 1; }
	@[ -e $(BENCH_MODEL) ] || { mkdir -p build/bench && $(BUILD)/hearth synth llama3.2-1b Q4_0 $(BENCH_MODEL); }
	@node bench/peers.mjs $(if $(wildcard bench/node_modules/@node-llama-cpp),,--install) $(BENCH_MODEL) \
		--hearth $(BUILD)/hearth $(if $(OUT),--csv $(OUT)) $(ARGS)

lint: ## layering of rooms, format, names, headers that stand alone
	@scripts/install_dependencies.sh build lint
	@scripts/lint.sh

format: ## let clang-format lay out every C file
	@scripts/install_dependencies.sh lint
	clang-format -i $$(find src include tests examples -name '*.[ch]')

PREFIX ?= /usr/local
install: all ## copy program, libraries and header below PREFIX (/usr/local)
	install -Dm755 $(BUILD)/hearth $(DESTDIR)$(PREFIX)/bin/hearth
	install -Dm644 $(BUILD)/libhearth.a $(DESTDIR)$(PREFIX)/lib/libhearth.a
	install -Dm755 $(BUILD)/libhearth.so $(DESTDIR)$(PREFIX)/lib/libhearth.so
	install -Dm644 include/hearth.h $(DESTDIR)$(PREFIX)/include/hearth.h

clean: ## remove everything that was built
	rm -rf build

CHECK_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/kernels/*.c))

$(BUILD)/check-kernels: $(CHECK_OBJECTS) $(BUILD)/libhearth.a
	$(CC) $(LDFLAGS) $^ $(LIBS) -o $@

check-kernels: $(BUILD)/check-kernels ## compare every kernel this machine can run with the reference (ARGS=--bench)
	$(BUILD)/check-kernels $(ARGS)

-include $(LIB_OBJECTS:.o=.d) $(SERVICE_OBJECTS:.o=.d) $(CLI_OBJECTS:.o=.d) $(wildcard $(BUILD)/obj/tests/*/*.d)
.SECONDARY:

# hearth: `make help` lists the targets. Sources are found by their place: src/<room>/*.c is the library, src/cli/ the
# program, tests/unit/test_*.c one test program each. A kernel's file suffix picks its instruction set.

.DEFAULT_GOAL := all
SHELL := /bin/bash
BUILD ?= build
CC ?= gcc
SANITIZE ?=
ARGS ?=
TIME ?= 60

ARCH := $(shell uname -m)
PACKAGES := jansson libpcre2-8 libutf8proc
CLI_PACKAGES := libedit

# Contraction off: a sum must round the same way wherever it is computed; kernels spell their FMAs out.
CFLAGS_BASE := -std=c17 -D_GNU_SOURCE -O2 -g -fPIC -fvisibility=hidden -fno-math-errno -ffp-contract=off \
	-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wno-format-truncation -Isrc -Iinclude
CFLAGS_BASE += $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
LIBS = $(shell pkg-config --libs $(PACKAGES)) -lpthread -lm
CLI_LIBS = $(shell pkg-config --libs $(CLI_PACKAGES))
ifneq ($(SANITIZE),)
CFLAGS_BASE += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
LDFLAGS += -fsanitize=$(SANITIZE)
endif
CFLAGS ?=

ROOMS := base quant formats kernels array tokenizer models runtime
LIB_SOURCES := $(foreach room,$(ROOMS),$(wildcard src/$(room)/*.c)) $(wildcard src/kernels/reference/*.c)
ifeq ($(ARCH),x86_64)
LIB_SOURCES += $(wildcard src/kernels/x86/*.c)
else
LIB_SOURCES += $(wildcard src/kernels/portable/*.c)
endif
CLI_SOURCES := $(wildcard src/cli/*.c)
LIB_OBJECTS := $(LIB_SOURCES:%.c=$(BUILD)/obj/%.o)
CLI_OBJECTS := $(CLI_SOURCES:%.c=$(BUILD)/obj/%.o)

UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))
TEST_SUPPORT := $(wildcard tests/support/*.c)
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_REPLAYS := $(FUZZERS:%=$(BUILD)/tests/replay_%)

ISA_avx2 := -mavx2 -mfma -mf16c -mbmi2
ISA_avx512 := $(ISA_avx2) -mavx512f -mavx512bw -mavx512dq -mavx512vl
ISA_avx512vnni := $(ISA_avx512) -mavx512vnni
isa = $(ISA_$(lastword $(subst _, ,$(basename $(notdir $(1))))))

.PHONY: help all run test check-kernels bench lint format fuzz asan ubsan tsan clean dependencies
help: ## this list
	@grep -hE '^[a-z][a-z-]*:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

all: dependencies ## build build/hearth, build/libhearth.a and build/libhearth.so
	@$(MAKE) --no-print-directory build

.PHONY: build
build: $(BUILD)/hearth $(BUILD)/libhearth.a $(BUILD)/libhearth.so

dependencies: ## install the Debian packages that are missing (says which)
	@scripts/install_dependencies.sh build

$(BUILD)/obj/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_BASE) $(call isa,$<) $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/libhearth.a: $(LIB_OBJECTS)
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/libhearth.so: $(LIB_OBJECTS)
	$(CC) -shared -Wl,-soname,libhearth.so $(LDFLAGS) $^ $(LIBS) -o $@

$(BUILD)/hearth: $(CLI_OBJECTS) $(BUILD)/libhearth.a
	$(CC) $(LDFLAGS) $^ $(LIBS) $(CLI_LIBS) -o $@

$(BUILD)/tests/test_%: $(BUILD)/obj/tests/unit/test_%.o $(TEST_SUPPORT:%.c=$(BUILD)/obj/%.o) $(BUILD)/libhearth.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $^ $(LIBS) -lcmocka -o $@

$(BUILD)/tests/replay_%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/obj/tests/fuzz/replay.o $(BUILD)/libhearth.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $^ $(LIBS) -o $@

-include $(LIB_OBJECTS:.o=.d) $(CLI_OBJECTS:.o=.d) $(wildcard $(BUILD)/obj/tests/*/*.d)
.SECONDARY:

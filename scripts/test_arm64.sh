#!/usr/bin/env bash
# test_arm64.sh BUILD: run the arm64 programs in BUILD under qemu-user, as processors with more and more features and with
# features masked off by HEARTH_CPU.
#
# Speed means nothing here, so what
# takes minutes under emulation is left to `make test`. The last line is always "N passed, N failed, N skipped".
set -uo pipefail
cd "$(dirname "$0")/.."

build=${1:?usage: test_arm64.sh BUILD}
qemu=$(command -v qemu-aarch64 || command -v qemu-aarch64-static) || {
    echo "test_arm64.sh: no qemu-aarch64" >&2
    exit 1
}

passed=0 failed=0 skipped=0
run() { # CPU LEVEL PROGRAMS [TESTS]: as a processor that qemu knows, with what HEARTH_CPU=LEVEL lets through
    local output p f s
    echo "-- $1, HEARTH_CPU=$2"
    output=$(RUNNER="$qemu -cpu $1" HEARTH_CPU=$2 FILTER=$3 TESTS=${4:-} scripts/run_tests.sh "$build" unit replay kernels)
    read -r p f s < <(sed -nE '$s/^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' <<<"$output")
    [ -n "${s:-}" ] || { p=0 f=1 s=0; }
    sed '$d' <<<"$output"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

slow='engine|sampler'
others=$(printf '%s\n' "$build"/tests/{test,replay}_* | sed 's|.*/||; s/\.d$//' | grep -vE "$slow" | sort -u | paste -sd '|')

run max reference "^($others)\$"

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]

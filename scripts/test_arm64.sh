#!/usr/bin/env bash
# test_arm64.sh BUILD: run the arm64 programs in BUILD under qemu-user, as processors with more and more features and with
# features masked off by HEARTH_CPU.
#
# Speed means nothing here, so of what takes minutes under emulation a part is run: one of many shapes of the kernel checks,
# some tests of the engine and the sampler. `make test` runs all of it. The last line is always
# "N passed, N failed, N skipped".
set -uo pipefail
cd "$(dirname "$0")/.."

build=${1:?usage: test_arm64.sh BUILD}
qemu=$(command -v qemu-aarch64 || command -v qemu-aarch64-static) || {
    echo "test_arm64.sh: no qemu-aarch64" >&2
    exit 1
}
export CHECK="--every 31" LIMIT=600

passed=0 failed=0 skipped=0
run() { # CPU LEVEL PROGRAMS: as a processor that qemu knows, with what HEARTH_CPU=LEVEL lets through ("-": all)
    local output p f s
    echo "-- $1, HEARTH_CPU=$2"
    output=$(export RUNNER="$qemu -cpu $1" FILTER=$3; [ "$2" = - ] || export HEARTH_CPU=$2
        scripts/run_tests.sh "$build" unit replay kernels)
    read -r p f s < <(sed -nE '$s/^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' <<<"$output")
    [ -n "${s:-}" ] || { echo "$output"; p=0 f=1 s=0; }
    sed '$d' <<<"$output"
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

detects() { # CPU LEVEL: the processor's own level is what it should be
    local best
    best=$("$qemu" -cpu "$1" "$build/check-kernels" --filter nothing | sed -nE 's/^best level ([a-z0-9]+),.*/\1/p')
    if [ "$best" = "$2" ]; then passed=$((passed + 1)); else
        failed=$((failed + 1))
        echo "$1: best level is '$best', expected '$2'"
    fi
}

detects cortex-a53 neon
detects neoverse-n1 dotprod
detects max i8mm

# Without a feature its instructions end the program, so these runs also show that none is used where it is not announced.
exact='^(check-kernels|test_(matmul_exactness|golden_models))$'
run cortex-a53 - "$exact"
run neoverse-n1 - "$exact"
run max - "$exact"
for level in reference neon dotprod; do
    run max "$level" '^test_golden_models$'
done

TESTS="engine_agrees_with all_logits_of truncated steps_that pages_that" run max - '^test_engine$'
TESTS="weights totals equal_seeds as_ever levels_of penalties zero" run max - '^test_sampler$'
others=$(printf '%s\n' "$build"/tests/{test,replay}_* | sed 's|.*/||' |
    grep -vE '\.d$|_(engine|sampler|matmul_exactness|golden_models)$' | paste -sd '|')
run max - "^($others)\$"

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]

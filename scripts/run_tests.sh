#!/usr/bin/env bash
# run_tests.sh BUILD [KIND...]: run the test programs that stand in BUILD/tests and sum their results.
#
# KIND is unit, replay, kernels, cli, schema, serve or example; all of them without one. FILTER=expression keeps the programs whose
# name it matches, TESTS=words the unit tests whose name contains one; CHECK=options go to check-kernels; RUNNER=command runs
# the programs (an emulator). A program is quiet while it passes and shown in full when it fails; one that crashes, hangs or
# passes nothing counts as a failure. The last line is always "N passed, N failed, N skipped".
set -uo pipefail
cd "$(dirname "$0")/.."

build=${1:?usage: run_tests.sh BUILD [KIND...]}
shift
kinds=("${@:-}")
[ -n "${kinds[0]}" ] || kinds=(unit replay kernels cli schema serve example)
limit_seconds=${LIMIT:-900}
filter=${FILTER:-}
read -ra runner <<<"${RUNNER:-}"
read -ra tests <<<"${TESTS:-}"
read -ra check_options <<<"${CHECK:-}"

passed=0 failed=0 skipped=0
output=$(mktemp)
trap 'rm -f "$output"' EXIT

sum_of() { # PATTERN with the number as its first group
    sed -nE "s/$1/\1/p" "$output" | awk '{ sum += $1 } END { print sum + 0 }'
}

# What a program said about itself: cmocka's summary, or a closing line like our own.
count() {
    p=0 f=0 s=0
    if grep -qE '^\[=+\] ' "$output"; then
        p=$(sum_of '^\[  PASSED  \] ([0-9]+) test.*')
        f=$(sum_of '^\[  FAILED  \] ([0-9]+) test.*')
        s=$(sum_of '^\[  SKIPPED \] ([0-9]+) test.*')
    elif grep -qE '^[0-9]+ passed, [0-9]+ failed' "$output"; then
        read -r p f s < <(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?.*/\1 \2 \4/p' "$output" | tail -n 1)
        s=${s:-0}
    elif [ "$1" -eq 0 ]; then
        p=1
    fi
}

describe() { # STATUS: why a program that named no failure failed all the same
    case $1 in
    124) echo "stopped after $limit_seconds s" ;;
    12[5-7]) echo "did not start" ;;
    *) if [ "$1" -gt 128 ]; then echo "killed by signal $(($1 - 128))"; else echo "exit status $1"; fi ;;
    esac
}

run() { # NAME COMMAND...
    local name=$1 status began=$SECONDS
    shift
    [[ "$name" =~ $filter ]] || return
    timeout --kill-after=5 "$limit_seconds" "$@" >"$output" 2>&1 </dev/null
    status=$?
    count "$status"
    if [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then
        f=1
        echo "$name: $(describe "$status")" >>"$output"
    elif [ "$status" -eq 0 ] && [ $((p + f + s)) -eq 0 ]; then
        f=1
        echo "$name: ran no test" >>"$output"
    fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    if [ "$f" -gt 0 ]; then
        printf -- '--- %s failed\n' "$name"
        cat "$output"
    else
        printf '%-34s %4d passed' "$name" "$p"
        [ "$s" -gt 0 ] && printf ', %d skipped' "$s"
        [ $((SECONDS - began)) -ge 5 ] && printf '  (%d s)' $((SECONDS - began))
        printf '\n'
        # one line for each reason, so that nothing is skipped unseen
        grep -hE '^skipped: ' "$output" | sort | uniq -c | sed -E 's/^ *([0-9]+) /    \1 x /'
    fi
}

for kind in "${kinds[@]}"; do
    case $kind in
    unit) for program in "$build"/tests/test_*; do
        [ -x "$program" ] && [ -f "tests/unit/$(basename "$program").c" ] && run "$(basename "$program")" "${runner[@]}" "$program" "${tests[@]}"
    done ;;
    replay) for program in "$build"/tests/replay_fuzz_*; do
        name=$(basename "$program")
        corpus=tests/fuzz/corpus/${name#replay_fuzz_}
        [ -x "$program" ] && [ -f "tests/fuzz/${name#replay_}.c" ] && run "$name" "${runner[@]}" "$program" "$corpus"
    done ;;
    kernels) [ -x "$build/check-kernels" ] && run check-kernels "${runner[@]}" "$build/check-kernels" "${check_options[@]}" ;;
    cli) for script in tests/cli/test_*.sh; do
        [ -f "$script" ] && HEARTH=$build/hearth run "$(basename "$script" .sh)" bash "$script"
    done ;;
    schema) [ -x "$build/tests/complete_schemas" ] && run schema_completions bash tests/schema/test_completions.sh "$build/tests/complete_schemas" ;;
    serve) for script in tests/serve/test_*.mjs; do
        [ -f "$script" ] && HEARTH=$build/hearth run "serve_$(basename "$script" .mjs)" bash tests/serve/run.sh "$script"
    done ;;
    example) [ -x "$build/tests/embed" ] && run example bash tests/cli/example.sh "$build/tests/embed" ;;
    *) echo "run_tests.sh: no kind '$kind'" >&2; exit 2 ;;
    esac
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]

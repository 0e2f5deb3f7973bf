#!/usr/bin/env bash
# fuzz_one.sh BUILD TARGET SECONDS: one fuzz target over its seeds and what earlier runs found.
set -uo pipefail
build=$1 target=$2 seconds=$3
name=${target#fuzz_}
found=$build/corpus/$name
seeds=tests/fuzz/corpus/$name
mkdir -p "$found" "$seeds"
log=$build/$target.log
"$build/tests/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$build/crash-$name-" "$found" "$seeds" >"$log" 2>&1
status=$?
runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
if [ "$status" -ne 0 ]; then
    tail -n 60 "$log"
    echo "$target: failed with status $status after ${runs:-?} inputs; the input is $build/crash-$name-*" >&2
    exit 1
fi
echo "$target: $runs inputs in $seconds s, clean"

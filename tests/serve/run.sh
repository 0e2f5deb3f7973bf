#!/usr/bin/env bash
# run.sh TEST.mjs: one test file by node's runner; closes with the line that scripts/run_tests.sh sums. Where the clients cannot
# be installed (no network, an old node), everything is skipped with the reason.
set -uo pipefail
export HEARTH=$(realpath "${HEARTH:-build/hearth}")
cd "$(dirname "$0")"

skip() {
    echo "skipped: the clients of tests/serve: $1"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
}

command -v node >/dev/null || skip "no node"
[ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] || skip "node is older than 20"
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    command -v npm >/dev/null || skip "no npm"
    npm ci --no-audit --no-fund --silent >/dev/null 2>&1 || skip "npm cannot install them"
    touch node_modules/.package-lock.json
fi

output=$(mktemp)
trap 'rm -f "$output"' EXIT
node --test --test-reporter=tap "$(basename "$1")" >"$output" 2>&1
number() { sed -nE "s/^# $1 ([0-9]+)/\1/p" "$output" | tail -n 1; }
failed=$(($(number fail) + $(number cancelled)))
[ "$failed" -eq 0 ] || cat "$output"
echo "$(number pass) passed, $failed failed, $(number skipped) skipped"
[ "$failed" -eq 0 ] && [ "$(number pass)" -gt 0 ]

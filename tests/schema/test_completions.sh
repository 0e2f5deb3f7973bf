#!/usr/bin/env bash
# test_completions.sh COMPLETE_SCHEMAS: what a model writes under the schemas of the suite is valid (judge_completions.py).
set -uo pipefail
cd "$(dirname "$0")/../.."

golden=${HEARTH_GOLDEN:-../shared/golden}
if [ ! -d "$golden/schema/draft7" ]; then
    echo "skipped: no golden data (HEARTH_GOLDEN or ../shared/golden) for schema/"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi

# the first Python that has the validator: a Debian package belongs to /usr/bin/python3 only
for python in python3 /usr/bin/python3; do
    "$python" -c "import jsonschema" 2>/dev/null || continue
    exec "$python" -W ignore tests/schema/judge_completions.py "$1" "$golden/schema" "$golden/stories260K/stories260K.gguf"
done
echo "no Python with the module jsonschema (python3-jsonschema)"
exit 1

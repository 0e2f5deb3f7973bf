# The example that embeds libhearth: built against include/hearth.h alone, run against libhearth.so.
cd "$(dirname "$0")/../.." && source tests/cli/lib.sh
embed=$1

it "the example says how it is called"
try "$embed"
status_is 2
err_has "usage: embed"

it "the example names a missing file"
try "$embed" "$tmp/missing.gguf" hello
status_is 1
err_has "$tmp/missing.gguf"

it "the example streams the documented story"
if needs_stories; then
    try "$embed" "$stories" "Once upon a time"
    status_is 0
    expected=$(cat "$golden/stories260K/expected.txt")
    [[ "$expected" == "Once upon a time$(cat "$tmp/out")"* ]] || wrong "it said '$(head -c 500 "$tmp/out")'"
    err_matches '^[0-9]+ tokens read, 100 written$'
fi

it "the library shows its public functions and nothing else"
library=$(dirname "$embed")/../libhearth.so
declared=$(grep -oE '\bhearth_[a-z_]+\(' include/hearth.h | tr -d '(' | sort -u)
exported=$(nm -D --defined-only "$library" | awk '{ print $3 }' | grep -vE '^(_|__.*)$|^__|^_(init|fini)$' | sort -u)
[ "$declared" = "$exported" ] || wrong "declared and exported differ: $(diff <(echo "$declared") <(echo "$exported") | head -20)"

finish

# hearth run without a terminal: prompts, streaming, the end of an answer.
cd "$(dirname "$0")/../.." && source tests/cli/lib.sh

any_model
run() { try "$hearth" run "$model" --temperature 0 --no-display-prompt "$@"; }

# The documented text of this model, without the prompt it begins with.
prompt="Once upon a time"
needs_text() {
    needs_stories || return
    expected=$(cat "$golden/stories260K/expected.txt")
    answer=${expected#"$prompt"}
}
begins_with() { [[ "$(cat "$tmp/out")" == "$1"* ]] || wrong "$command_line: '$(head -c 1000 "$tmp/out")' does not begin with '$1'"; }

it "streams the documented story at temperature 0"
if needs_text; then
    try "$hearth" run "$stories" "$prompt" --temperature 0
    status_is 0
    begins_with "$expected"
    err_is_empty
    run "$prompt"
    status_is 0
    begins_with "$answer"
    err_is_empty
fi

it "names a level of HEARTH_CPU that there is not"
HEARTH_CPU=avx3 run "$prompt"
fails_with 1 "HEARTH_CPU is 'avx3'" "avx512"

it "joins the words of the prompt with a space"
if needs_text; then
    try "$hearth" run --no-display-prompt --temperature=0 "$stories" Once upon --num-predict 60 a time
    status_is 0
    words=$(cat "$tmp/out")
    [[ "$answer" == "$words"* && ${#words} -gt 100 ]] || wrong "'$words' is not how '$answer' begins"
fi

it "reads the prompt from standard input"
if needs_text; then
    input=$'Once upon a time\n'
    run
    status_is 0
    begins_with "$answer"
fi

it "puts standard input in front of the words"
if needs_text; then
    input="Once upon"
    run a time
    status_is 0
    begins_with "$answer"
fi

it "takes everything behind -- as words"
run --num-predict 4 -- --verbose
status_is 0
err_is_empty

it "writes at most num-predict tokens and ends the line"
run "$prompt" --num-predict 1 --verbose
status_is 0
err_matches '^eval count: +1 token\(s\)$'
[ "$(tail -c 1 "$tmp/out" | od -An -tx1 | tr -d ' ')" = 0a ] || wrong "the last byte is no line break"

it "prints the timing block with --verbose on standard error"
run "$prompt" --num-predict 8 --verbose
status_is 0
for label in "total duration:" "load duration:" "prompt eval count:" "prompt eval duration:" \
    "prompt eval rate:" "eval count:" "eval duration:" "eval rate:"; do
    err_matches "^$label +[0-9.]+"
done
err_matches '^eval count: +8 token\(s\)$'

it "gives the same answer to the same seed, and others to others"
try "$hearth" run "$model" "$prompt" --seed 7 --num-predict 60
cp "$tmp/out" "$tmp/first"
try "$hearth" run "$model" "$prompt" --seed 7 --num-predict 60
cmp -s "$tmp/first" "$tmp/out" || wrong "seed 7 twice: two answers"
try "$hearth" run "$model" "$prompt" --seed 8 --num-predict 60
cmp -s "$tmp/first" "$tmp/out" && wrong "seeds 7 and 8: one answer"

it "gives the same answer with one thread and with all"
run "$prompt" --threads 1 --num-predict 100
cp "$tmp/out" "$tmp/first"
run "$prompt" --num-predict 100
cmp -s "$tmp/first" "$tmp/out" || wrong "the number of threads changed the answer"

it "keeps keys and values in the type that a flag or the environment names"
for type in f16 bf16 f32 auto; do
    run "$prompt" --num-predict 8 --kv-cache-type $type
    status_is 0
done
run "$prompt" --num-predict 8 --kv-cache-type q9
fails_with 1 "'q9'"
HEARTH_KV_CACHE_TYPE=q9 run "$prompt" --num-predict 8
fails_with 1 "'q9'"
HEARTH_KV_CACHE_TYPE=q9 run "$prompt" --num-predict 8 --kv-cache-type bf16
status_is 0

it "ends before a stop string that spans tokens"
if needs_text; then
    run "$prompt" --stop "named Lily"
    status_is 0
    out_is "${answer%%named Lily*}"
fi

it "ends where the context is full"
if needs_text; then
    run "$prompt" --num-ctx 32 --verbose
    status_is 0
    [[ "$answer" == "$(cat "$tmp/out")"* ]] || wrong "another answer in a short context: '$(cat "$tmp/out")'"
fi

it "refuses a prompt longer than the context with both numbers"
input=$(for _ in $(seq 3000); do printf 'word '; done)
run
fails_with 1 $n_ctx
err_matches "[0-9]{3,}.*$n_ctx|$n_ctx.*[0-9]{3,}"

it "refuses a huge prompt without reading it into the context"
head -c 20000000 /dev/zero | tr '\0' 'a' >"$tmp/huge"
timeout 60 "$hearth" run "$model" <"$tmp/huge" >"$tmp/out" 2>"$tmp/err"
status=$? command_line="run with 20 MB on standard input"
fails_with 1 $n_ctx

it "only opens the model for an empty prompt"
run ""
status_is 0
out_is_empty
err_is_empty

it "takes bytes that are not UTF-8 as a prompt"
input=$'\xff\xfe Once \xe2\x82'
run --num-predict 8
status_is 0

it "stops the answer at SIGINT with status 130"
random_model
: >"$tmp/out"
"$hearth" run "$random" --no-display-prompt --seed 1 hello >"$tmp/out" 2>"$tmp/err" </dev/null &
pid=$!
while kill -0 $pid 2>/dev/null && [ ! -s "$tmp/out" ]; do sleep 0.01; done
kill -INT $pid
wait $pid
status=$? command_line="run, interrupted"
status_is 130
err_is_empty
# what tells a program that stopped from one that the signal killed
[ "$(tail -c 1 "$tmp/out" | od -An -tx1 | tr -d ' ')" = 0a ] || wrong "the line was not ended"

it "ends quietly, and soon, when nobody reads on"
random_model
began=$SECONDS
{ "$hearth" run "$random" --no-display-prompt --seed 1 hello 2>"$tmp/err" </dev/null; } | head -c 1 >/dev/null
err_is_empty
[ $((SECONDS - began)) -lt 10 ] || wrong "it went on for $((SECONDS - began)) s"

it "says so when standard output cannot be written"
"$hearth" run "$model" --temperature 0 --no-display-prompt "$prompt" >/dev/full 2>"$tmp/err" </dev/null
status=$? command_line="run >/dev/full"
: >"$tmp/out"
fails_with 1 "cannot write to standard output"
"$hearth" run "$model" --temperature 0 "$prompt" >&- 2>"$tmp/err" </dev/null
status=$? command_line="run >&-"
fails_with 1 "cannot write to standard output"

it "answers in the form of a schema: as text, in a file, behind @"
schema='{"enum":["red","green"]}'
printf '%s\n' "$schema" >"$tmp/schema.json"
for format in "$schema" "$tmp/schema.json" "@$tmp/schema.json"; do
    run "$prompt" --format "$format"
    status_is 0
    out_matches '^("red"|"green")$'
    err_is_empty
done

it "answers with a JSON object, complete within its tokens"
run "$prompt" --format json --num-predict 12 --temperature 1.5
status_is 0
[[ "$(tr -d '\n' <"$tmp/out")" =~ ^\{.*\}$ ]] || wrong "'$(cat "$tmp/out")' is no object"

it "answers as a grammar says"
printf 'root ::= "y" "es"? | "no"\n' >"$tmp/answer.gbnf"
run "$prompt" --grammar "$tmp/answer.gbnf"
status_is 0
out_matches '^(y|yes|no)$'
run "$prompt" --grammar 'root ::= [0-9]{3}'
out_matches '^[0-9]{3}$'

it "refuses formats that it cannot keep"
run "$prompt" --format '{"type":"strin"}'
fails_with 1 "format: #/type: no such type"
run "$prompt" --format '{"type":'
fails_with 1 "format"
run "$prompt" --format "$tmp/none.json"
fails_with 1 "none.json"
run "$prompt" --grammar 'root ::= ('
fails_with 1 "line 1"
run "$prompt" --format json --grammar "$tmp/answer.gbnf"
fails_with 1 "not both"
run "$prompt" --format "$schema" --num-predict 1
status_is 1
err_has "there is room for 1"

finish

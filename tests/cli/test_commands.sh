# show, tokenize, logits, perplexity, bench and synth.
cd "$(dirname "$0")/../.." && source tests/cli/lib.sh

model_a=$golden/models/llama-a

needs_models() {
    [ -r "$model_a/golden.json" ] && return
    skip "no golden data (HEARTH_GOLDEN or ../shared/golden) for models"
    return 1
}

number() { # KEY: its value in the JSON that was printed
    sed -nE "s/.*\"$1\":([-0-9.e+]+).*/\1/p" "$tmp/out"
}
is_between() { # KEY LOW HIGH
    local value
    value=$(number "$1")
    awk -v v="${value:-nothing}" -v low="$2" -v high="$3" 'BEGIN { exit !(v + 0 == v && v >= low && v <= high) }' ||
        wrong "$command_line: $1 is '$value', not $2 to $3"
}

it "shows a GGUF model's sections"
if needs_stories; then
    try "$hearth" show "$stories"
    status_is 0
    out_matches '^  Model$'
    out_matches '^    architecture +llama$'
    out_matches '^    parameters +260K$'
    out_matches '^    context length +512$'
    out_matches '^    embedding length +64$'
    out_matches '^    quantization +F32$'
    out_matches '^  Tokenizer$'
    out_matches '^    vocabulary +512$'
    grep -q '^  Tensors$' "$tmp/out" && wrong "tensors without -v"
    err_is_empty
fi

it "shows metadata and tensors with -v"
if needs_stories; then
    try "$hearth" show -v "$stories"
    status_is 0
    out_matches '^    general\.architecture +llama$'
    out_matches '^    tokenizer\.ggml\.tokens +\[.* \.\.\. \+509 more\]$'
    out_matches '^    blk\.0\.attn_q\.weight +F32 +\[64 64\]$'
fi

it "shows a folder of safetensors"
if needs_models; then
    try "$hearth" show "$model_a" -v
    status_is 0
    out_matches '^    architecture +llama$'
    out_matches '^    parameters +177K$'
    out_matches '^    model\.embed_tokens\.weight +F32'
fi

it "prints the logits and greedy tokens of a golden model"
if needs_models && command -v node >/dev/null; then
    read -r tokens greedy < <(node -e '
        const g = JSON.parse(require("fs").readFileSync(process.argv[1]));
        console.log(g.tokens.short.join(",") + " " + JSON.stringify(g.greedy.short));' "$model_a/golden.json")
    try "$hearth" logits "$model_a" --tokens "$tokens" --greedy 24
    status_is 0
    out_has "\"greedy\":$greedy"
    [ "$status" -ne 0 ] || problem=$(node -e '
        const fs = require("fs");
        const want = JSON.parse(fs.readFileSync(process.argv[1])).logits_last.short;
        const got = JSON.parse(fs.readFileSync(process.argv[2])).logits;
        let error = 0, size = 0;
        want.forEach((w, i) => { error += (w - got[i]) ** 2; size += w * w; });
        const relative = Math.sqrt(error / size);
        if (!(got.length === want.length && relative < 2e-4)) console.log(`${got.length} logits, relative L2 ${relative}`);
    ' "$model_a/golden.json" "$tmp/out")
    [ -z "${problem:-}" ] || wrong "logits: $problem"
elif needs_models; then
    skip "no node to read golden.json with"
fi

it "prints logits without greedy tokens by itself"
if needs_stories; then
    try "$hearth" logits "$stories" --tokens "1 403 407"
    status_is 0
    out_matches '^\{"logits":\[-?[0-9].*\],"greedy":\[\]\}$'
    [ "$(tr -cd , <"$tmp/out" | wc -c)" -eq 512 ] || wrong "not 512 logits"
fi

it "refuses tokens that are none"
if needs_stories; then
    try "$hearth" logits "$stories" --tokens "1 two"
    fails_with 2 "no token id at 'two'"
    try "$hearth" logits "$stories" --tokens ""
    fails_with 2 "--tokens holds no token"
    try "$hearth" logits "$stories"
    fails_with 2 "--tokens holds no token"
    try "$hearth" logits "$stories" --tokens "1 512"
    fails_with 1 512
    try "$hearth" logits "$stories" --tokens "$(seq -s ' ' 1 511) 1 1"
    fails_with 1 513 512
fi

it "measures perplexity alike in windows that hold the whole text and in steps of any size"
if needs_stories; then
    cp "$golden/stories260K/expected.txt" "$tmp/text"
    try "$hearth" perplexity "$stories" "$tmp/text" --json
    status_is 0
    is_between perplexity 1 4
    is_between bits_per_byte 0.1 1.5
    is_between tokens 150 260
    is_between seconds 0 60
    err_is_empty
    whole=$(number perplexity)
    try "$hearth" perplexity "$stories" "$tmp/text" --json --num-ctx 64
    status_is 0
    is_between perplexity "$whole" 8
fi

it "prints perplexity for people too"
if needs_stories; then
    try "$hearth" perplexity "$stories" "$tmp/text"
    status_is 0
    out_matches '^perplexity +[0-9.]+$'
    out_matches '^tokens +[0-9]+$'
fi

it "refuses a text that is missing, empty or too short"
if needs_stories; then
    try "$hearth" perplexity "$stories" "$tmp/missing.txt"
    fails_with 1 "$tmp/missing.txt"
    : >"$tmp/empty.txt"
    try "$hearth" perplexity "$stories" "$tmp/empty.txt"
    fails_with 1 "$tmp/empty.txt"
    try "$hearth" perplexity "$stories" "$tmp/text" --num-ctx 2
    fails_with 1 2
fi

it "benchmarks with the keys that scripts read"
if needs_stories; then
    try "$hearth" bench "$stories" -p 32 -n 16 -r 2 -t 1 --json
    status_is 0
    is_between prompt_tps 1 1e7
    is_between gen_tps 1 1e7
    is_between ttft_ms 0.001 60000
    is_between load_ms 0.001 60000
    is_between peak_bytes 1e6 1e11
    is_between read_gbs 0.1 10000
    is_between decode_read_share 0.00001 10
    is_between threads 1 1
    err_is_empty
fi

it "benchmarks with lines for people when there is one of each kind"
if needs_stories; then
    try "$hearth" bench "$stories" -p 32 -n 4 -r 1 -t 1
    status_is 0
    out_matches '^prompt +[0-9.]+ tokens/s \(32 tokens\)$'
    out_matches '^generation +[0-9.]+ tokens/s \(4 tokens\)$'
    out_matches '^peak memory +[0-9.]+ MB, [0-9.]+ MB of it beyond the file'
fi

it "benchmarks lists as a table with a row for each combination"
if needs_stories; then
    try "$hearth" bench "$stories" "$stories" -p 4,16 -n 3 -b 1,5 -d 0,70 -t 1 --kv-cache-type f16,f32 -r 1
    status_is 0
    out_matches '^\| model \|.* tokens/s '
    out_matches '^\| stories260K\.gguf \| 1 \| f32 \| tg3 x5 @ d70 \| [0-9.]+ '
    [ "$(wc -l <"$tmp/out")" -eq $((2 + 2 * 2 * 2 * 4)) ] || wrong "$(wc -l <"$tmp/out") lines"
    err_is_empty
    try "$hearth" bench "$stories" -p 0 -n 3 -b 2 -t 1 -r 2 -o csv
    status_is 0
    out_matches '^model,cpu,threads,kv_type,test,.*,extra_bytes$'
    out_matches ",1,f32,tg3 x2,3,2,0,2,[0-9.]+,"
    [ "$(wc -l <"$tmp/out")" -eq 2 ] || wrong "$(wc -l <"$tmp/out") lines"
fi

it "prints where the time of a prompt and an answer goes"
if needs_stories; then
    try "$hearth" bench "$stories" --profile -p 16 -n 4 -t 1
    status_is 0
    out_matches '^prompt: 1 steps of [0-9.]+ ms, 1 threads$'
    out_matches '^generation: 4 steps of [0-9.]+ ms, 1 threads$'
    out_matches '^  linear 64 -> 512 [A-Z0-9_]+ +[0-9.]+ +[0-9.]+ +[0-9.]+ %$'
    out_matches '^  outside all kernels +[0-9.]+ +[0-9.]+ %$'
fi

it "replays a transcript with guesses and without"
if needs_stories; then
    { echo 1 $(seq 300 330) $(seq 300 310); echo $(seq 311 330) $(seq 300 320); } >"$tmp/copy.ids"
    try "$hearth" bench "$stories" --replay "$tmp/copy.ids" -r 1 -t 1 --json
    status_is 0
    out_matches '"transcript":"copy","prompt_tokens":43,"answer_tokens":41,'
    out_matches '"true":[1-9]'
    err_is_empty
    echo 1 2 >"$tmp/short.ids"
    try "$hearth" bench "$stories" --replay "$tmp/short.ids"
    fails_with 1 "two lines of them expected"
    { echo 1; echo 511 512; } >"$tmp/large.ids"
    try "$hearth" bench "$stories" --replay "$tmp/large.ids"
    fails_with 1 "512"
fi

it "benchmarks lists as one JSON object of rows"
if needs_stories; then
    try "$hearth" bench "$stories" -p 4 -n 3,5 -t 1 -r 1 -o json
    status_is 0
    out_matches '^\{"rows":\[\{"model":.*\}\]\}$'
    [ "$(grep -o '"test":"[^"]*"' "$tmp/out" | tr '\n' ' ')" = '"test":"pp4" "test":"tg3" "test":"tg5" ' ] ||
        wrong "not the rows that were asked for: $(cat "$tmp/out")"
fi

it "takes turns in a benchmark with whoever writes lines"
if needs_stories; then
    input=$'\n\n\n\n\n\n'
    try "$hearth" bench "$stories" -p 4 -n 3 -d 0,9 -t 1 -r 1 --paced
    status_is 0
    [ "$(grep -oE '^\{"ready":[0-9]+\}$|"test":"[^"]*"' "$tmp/out" | tr '\n' ' ')" = \
        '{"ready":0} "test":"pp4" "test":"tg3" {"ready":9} "test":"pp4 @ d9" "test":"tg3 @ d9" ' ] ||
        wrong "not the lines of each turn: $(cat "$tmp/out")"
    input=$'\n\n'
    try "$hearth" bench "$stories" -p 4 -n 3 -t 1 -r 1 --paced
    status_is 1
    err_has "standard input ended"
    [ "$(wc -l <"$tmp/out")" -eq 2 ] || wrong "$(wc -l <"$tmp/out") lines for two turns"
    try "$hearth" bench "$stories" -p 4 -n 3 -t 1 -r 1 --paced -o csv
    fails_with 2 "--paced"
fi

it "counts what is resident beyond the file and the keys and values"
if needs_stories; then
    try "$hearth" bench "$stories" -p 16 -n 4 -d 300 -b 8 -t 1 -r 1 -o json
    status_is 0
    is_between extra_bytes 100000 16e6
    is_between kv_bytes 100000 16e6
fi

it "refuses a benchmark that does not fit the context"
if needs_stories; then
    try "$hearth" bench "$stories" -p 512 -n 1 -d 0,1 -r 1
    fails_with 1 "$stories" "pp512 @ d1 needs 513" 512
    try "$hearth" bench "$stories" "$tmp/missing.gguf" -p 1 -n 1
    fails_with 1 "$tmp/missing.gguf"
fi

it "refuses lists that make no sense"
try "$hearth" bench x.gguf -r 0
fails_with 2 "--repeat is 0"
try "$hearth" bench x.gguf -p 16,,64
fails_with 2 "--prompt wants whole numbers with commas between them, not '16,,64'"
try "$hearth" bench x.gguf -b 1,0
fails_with 2 "--batch is 0, but must be 1 to 256"
try "$hearth" bench x.gguf -p 0 -n 0
fails_with 2 "nothing to measure"
try "$hearth" bench x.gguf --kv-cache-type q9
fails_with 2 "'q9'" f16
try "$hearth" bench x.gguf -o xml
fails_with 2 "--output is 'xml'" csv
try "$hearth" bench x.gguf -p 1,2 -o text
fails_with 2 "--output text"

it "names the shapes it can synthesize, and refuses others"
try "$hearth" synth --help
out_has llama3.2-1b
try "$hearth" synth no-such-shape Q4_0 "$tmp/out.gguf"
status_is 1
err_has no-such-shape
try "$hearth" synth smollm-135m Q9_9 "$tmp/out.gguf"
status_is 1
err_has Q9_9
try "$hearth" synth smollm-135m Q4_0 "$tmp/no/such/folder/out.gguf"
status_is 1
err_has "$tmp/no/such/folder/out.gguf"

it "synthesizes a model that runs"
try "$hearth" synth smollm-135m Q4_0 "$tmp/synth.gguf"
status_is 0
try "$hearth" show "$tmp/synth.gguf"
status_is 0
out_matches '^    quantization +Q4_0$'
try "$hearth" logits "$tmp/synth.gguf" --tokens "1 2 3" --greedy 2
status_is 0
out_matches '"greedy":\[[0-9]+,[0-9]+\]'
rm -f "$tmp/synth.gguf"

it "tokenizes and back"
if needs_stories; then
    try "$hearth" tokenize "$stories" "Once upon a time"
    status_is 0
    out_is "1 403 407 261 378"
    input="Once upon a time"
    try "$hearth" tokenize "$stories"
    status_is 0
    out_is "1 403 407 261 378"
    input="403,407 261 378"
    try "$hearth" tokenize "$stories" --decode
    status_is 0
    out_is "Once upon a time"
    input="403 512"
    try "$hearth" tokenize "$stories" --decode
    fails_with 1 512
fi

it "tokenizes lines of JSON in both directions"
if needs_stories; then
    input='{"text":"Once upon a time"}'$'\n''{"text":"Once upon a time","add_special":true}'$'\n''{"ids":[403,407]}'$'\n'
    try "$hearth" tokenize "$stories" --jsonl
    status_is 0
    out_is '{"ids":[403,407,261,378]}
{"ids":[1,403,407,261,378]}
{"text":"Once upon"}'
    input=$'{"text":"a"}\n{"text":\n'
    try "$hearth" tokenize "$stories" --jsonl
    status_is 1
    err_has "line 2"
fi

it "measures what a grammar costs with a vocabulary"
if needs_stories; then
    printf '{"type":"object","properties":{"a":{"type":"integer"}}}' >"$tmp/cost.json"
    try "$hearth" grammar --schema "$tmp/cost.json" --sample 3 --cost "$stories"
    status_is 0
    out_matches '^compiling .* ms'
    out_matches '^mask again +mean'
    out_matches '^held pick at 0.8 +mean'
fi

finish

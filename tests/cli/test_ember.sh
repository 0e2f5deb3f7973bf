# ember, the model that is a part of the program, from outside.
cd "$(dirname "$0")/../.." && source tests/cli/lib.sh && source tests/cli/terminal.sh

# A program is linked with the files that lie there when it is built.
if [ ! -r models/ember.gguf ]; then
    it "knows ember"
    skip "there is no models/ember.gguf, so the program was built without ember"
    finish
    exit
fi

hearth=$(realpath "$hearth")
elsewhere=$tmp/elsewhere
mkdir "$elsewhere"
away() { try env -C "$elsewhere" "$@"; }
run() { try "$hearth" run ember --temperature 0 --num-predict 20 "$@"; }

has_words() { # N: at least so many on standard output
    local n
    n=$(grep -oE "[A-Za-z']{2,}" "$tmp/out" | wc -l)
    [ "$n" -ge "$1" ] || wrong "$command_line: $n words, not $1, in '$(head -c 300 "$tmp/out")'"
}

it "goes on with a story that somebody began"
run "Once upon a time there was"
status_is 0
has_words 10
err_is_empty

it "is the model of its file"
cp "$tmp/out" "$tmp/named"
try "$hearth" run models/ember.gguf --temperature 0 --num-predict 20 "Once upon a time there was"
status_is 0
cmp -s "$tmp/named" "$tmp/out" || wrong "the file answers '$(cat "$tmp/out")', the name '$(cat "$tmp/named")'"

it "says what it is and what it can be asked"
try "$hearth" show ember
status_is 0
out_matches '^    architecture +llama$'
out_matches '^    parameters +2[34]\.[0-9]+M$'
out_matches '^    context length +2048$'
out_matches '^    vocabulary +8192$'
out_has "the model's own template (Jinja)"
for capability in completion tools insert; do out_matches "^    $capability$"; done
grep -q '^    thinking$' "$tmp/out" && wrong "it claims to think"
try "$hearth" show ember -v
out_matches '^    general\.name +ember$'
out_matches '^    general\.license +[a-z0-9.-]+$'

it "has a small companion with the same vocabulary"
if [ -r models/ember-draft.gguf ]; then
    try "$hearth" show ember-draft
    status_is 0
    out_matches '^    parameters +[2-4]\.[0-9]+M$'
    try "$hearth" tokenize ember-draft "The fox said: 3 + 4 = 7."
    cp "$tmp/out" "$tmp/ids"
    try "$hearth" tokenize ember "The fox said: 3 + 4 = 7."
    cmp -s "$tmp/ids" "$tmp/out" || wrong "the same text is other tokens"
else
    skip "there is no models/ember-draft.gguf"
fi

it "is asked in ChatML, without a token in front"
try "$hearth" render ember "Hi" --system "Be brief."
status_is 0
sed -n 's/^    //p' "$tmp/out" | head -5 >"$tmp/prompt"
cat >"$tmp/want" <<'EOF'
<|im_start|>system
Be brief.<|im_end|>
<|im_start|>user
Hi<|im_end|>
<|im_start|>assistant
EOF
cmp -s "$tmp/want" "$tmp/prompt" || wrong "the prompt is '$(cat "$tmp/prompt")'"
out_matches '^    0 +[0-9]+  <\|im_start\|>$'
grep -q endoftext "$tmp/out" && wrong "a beginning token, which the model was not trained with"

it "takes a control token in a message for letters"
try "$hearth" render ember "Hi <|im_end|>"
n_ends=$(grep -cE '^    [0-9]+ +[0-9]+  <\|im_end\|>$' "$tmp/out")
[ "$n_ends" -eq 1 ] || wrong "$n_ends tokens <|im_end|>, not the template's one"

it "answers standard input when nothing is named"
input=$'Who are you?\n'
try "$hearth" run --temperature 0 --num-predict 20
status_is 0
has_words 5
cp "$tmp/out" "$tmp/unnamed"
grep -q "comes with hearth (" "$tmp/out" && wrong "it introduces itself to a pipe"
run "Who are you?"
cmp -s "$tmp/unnamed" "$tmp/out" || wrong "named, it answers otherwise: '$(cat "$tmp/out")'"

it "tokenizes and back"
try "$hearth" tokenize ember "Once upon a time, a fox found 12 eggs."
status_is 0
out_matches '^[0-9]+( [0-9]+){8,20}$'
input=$(cat "$tmp/out")
try "$hearth" tokenize ember --decode
out_is "Once upon a time, a fox found 12 eggs."

it "predicts prose, and stories of its kind better than its companion"
cat >"$tmp/prose" <<'EOF'
The ferryman had a goat who would not be left behind. Every morning she stepped into the boat before the first
passenger, lay down in the bow, and looked at the other shore as though somebody were waiting for her there. People
laughed at it, and then they got used to it, and in the end nobody would cross the river without the goat.
EOF
cat >"$tmp/story" <<'EOF'
It was a cold evening in winter. An old shepherd sat in his hut by the fire. Somebody knocked at the door. Outside
stood a boy, shaking with cold. "May I come in?" he asked. "I have lost my way." "Come in and sit by the fire," said
the shepherd, and gave him hot soup. In the morning the boy thanked him and went home.
EOF
bits_of() {
    try "$hearth" perplexity "$1" "$2"
    status_is 0
    bits=$(sed -nE 's/^bits per byte +//p' "$tmp/out")
}
bits_of ember "$tmp/prose"
awk -v b="$bits" 'BEGIN { exit !(b > 0.7 && b < 1.8) }' || wrong "$bits bits per byte"
bits_of ember "$tmp/story"
own=$bits
if [ -r models/ember-draft.gguf ]; then
    bits_of ember-draft "$tmp/story"
    awk -v own="$own" -v b="$bits" 'BEGIN { exit !(b > own) }' || wrong "ember $own bits per byte, ember-draft $bits"
fi

it "gives logits for tokens, and measures its speed"
try "$hearth" logits ember --tokens "6141 773"
status_is 0
err_is_empty
try "$hearth" bench ember -p 8 -n 2 -r 1 -t 1
status_is 0
out_matches '^generation +[0-9.]+ tokens/s \(2 tokens\)$'

cat >"$tmp/tools.json" <<'EOF'
[{"type":"function","function":{"name":"get_weather","description":"The weather in a city","parameters":{"type":"object",
  "properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}}}]
EOF

it "calls a tool"
try "$hearth" run ember "What is the weather in Rome?" --tools "$tmp/tools.json" --temperature 0 --events
status_is 0
out_has '"name":"get_weather"'
out_has '"arguments":{"city":"Rome"}'

it "answers as a schema says"
run "Which colour is the grass?" --format '{"enum":["red","green"]}'
status_is 0
out_matches '^"(red|green)"$'

it "fills in what is missing between two texts"
run "The cat sat on the" --suffix " and looked out of the window."
status_is 0
has_words 1

needs_template() {
    template=train/chat_template.jinja
    [ -r "$template" ] && return
    skip "there is no train/chat_template.jinja"
    return 1
}

it "has the template that it was trained with"
if needs_template; then
    conversation=("What now?" --system "Be brief." --tools "$tmp/tools.json")
    try "$hearth" render ember "${conversation[@]}"
    out_has "get_weather"
    grep -v '^    origin ' "$tmp/out" >"$tmp/own"
    try "$hearth" render ember "${conversation[@]}" --template "$template"
    status_is 0
    grep -v '^    origin ' "$tmp/out" | cmp -s "$tmp/own" - || wrong "$template makes another prompt: '$(cat "$tmp/out")'"
fi

it "is read by its template"
if needs_template; then
    input=$'It rains.<tool_call>\n{"name": "get_weather", "arguments": {"city": "Rome"}}\n</tool_call>'
    try "$hearth" parse --template "$template" --tools "$tmp/tools.json"
    status_is 0
    cat >"$tmp/want" <<'EOF'
{"content":"It rains."}
{"tool_calls":[{"function":{"index":0,"name":"get_weather","arguments":{"city":"Rome"}}}]}
EOF
    cmp -s "$tmp/want" "$tmp/out" || wrong "printed $(cat "$tmp/out")"
fi

it "answers in any folder, and with an empty environment"
away "$hearth" run ember "Who are you?" --temperature 0 --num-predict 20
status_is 0
cmp -s "$tmp/unnamed" "$tmp/out" || wrong "in another folder it answers '$(cat "$tmp/out")'"
away -u HOME "$hearth" run ember "Who are you?" --temperature 0 --num-predict 20
cmp -s "$tmp/unnamed" "$tmp/out" || wrong "without HOME it answers '$(cat "$tmp/out")'"
away -i "$hearth" run ember "Who are you?" --temperature 0 --num-predict 20
cmp -s "$tmp/unnamed" "$tmp/out" || wrong "without an environment it answers '$(cat "$tmp/out")'"
err_is_empty
[ -z "$(ls -A "$elsewhere")" ] || wrong "it left $(ls -A "$elsewhere")"

it "answers without a network"
loopback_only='import fcntl, os, socket, struct, sys
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh", b"lo", 1))  # SIOCSIFFLAGS: up
os.execv(sys.argv[1], sys.argv[1:])'
if unshare -rn true 2>/dev/null; then
    away unshare -rn python3 -c "$loopback_only" "$hearth" run ember "Who are you?" --temperature 0 --num-predict 20
    status_is 0
    cmp -s "$tmp/unnamed" "$tmp/out" || wrong "it answers '$(cat "$tmp/out")'"
else
    skip "unshare -rn, which takes the network away, is not allowed here"
fi

it "is reached by its name beside a file of that name, which is ./ember"
echo "no model" >"$elsewhere/ember"
away "$hearth" show ember
status_is 0
out_matches '^    parameters +2[34]\.[0-9]+M$'
away "$hearth" show ./ember
fails_with 1 "./ember"
ln -sf "$PWD/models/ember-draft.gguf" "$elsewhere/ember"
away "$hearth" show ./ember
status_is 0
out_matches '^    parameters +[2-4]\.[0-9]+M$'
rm "$elsewhere/ember"

it "is reached by its name beside a folder of that name"
mkdir "$elsewhere/ember"
away "$hearth" run ember "Who are you?" --temperature 0 --num-predict 20
cmp -s "$tmp/unnamed" "$tmp/out" || wrong "it answers '$(cat "$tmp/out")'"
away "$hearth" show ./ember
fails_with 1 "./ember"
rmdir "$elsewhere/ember"

it "says what it is, and how to get a larger one, where nobody named a model"
if has_terminal; then
    model= flags="--num-predict 10" talk 'Hi\n' answered '/bye\n'
    status_is 0
    sed -n 1p "$tmp/out" | grep -qE '^This is ember, the small model that comes with hearth \([0-9.]+M parameters\)' ||
        wrong "the first line is '$(sed -n 1p "$tmp/out")'"
    sed -n 2p "$tmp/out" | grep -q '^For a larger one: hearth run FILE' || wrong "the second line is '$(sed -n 2p "$tmp/out")'"
    sed -n 3p "$tmp/out" | grep -q '^>>> ' || wrong "the third line is '$(sed -n 3p "$tmp/out")'"
    [ "$(grep -c "This is ember" "$tmp/out")" -eq 1 ] || wrong "it says so more than once"
fi

it "says so by its name too, and a file does not"
if has_terminal; then
    model=ember talk '/bye\n'
    out_has "This is ember"
    model=models/ember.gguf talk '/bye\n'
    grep -q "comes with hearth" "$tmp/out" && wrong "a file says that it comes with hearth"
fi

finish

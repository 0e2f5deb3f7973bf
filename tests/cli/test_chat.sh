# hearth run with a chat template: prompts, thinking, calls, conversations. Random weights say random things: what is checked is
# the form of prompts and answers, and that the same prompt gets the same answer.
cd "$(dirname "$0")/../.." && source tests/cli/lib.sh && source tests/cli/terminal.sh

chat=$tmp/chat.jinja model=$tmp/chat.gguf tools=$tmp/tools.json
cat >"$chat" <<'EOF_'
{%- macro turn(role, content) -%}
{{ '<|im_start|>' + role + '\n' + content + '<|im_end|>\n' }}
{%- endmacro -%}
{%- if tools -%}
{{ '<|im_start|>system\n' }}
{%- if messages[0].role == 'system' %}{{ messages[0].content + '\n' }}{% endif -%}
{{ 'Call these functions as <tool_call>\n{"name": "...", "arguments": {...}}\n</tool_call>:\n' }}
{%- for tool in tools %}{{ tool | tojson + '\n' }}{% endfor -%}
{{ '<|im_end|>\n' }}
{%- elif messages[0].role == 'system' -%}
{{ turn('system', messages[0].content) }}
{%- endif -%}
{%- for m in messages -%}
{%- if m.role == 'assistant' -%}
{{ '<|im_start|>assistant\n' }}
{%- if m.reasoning_content %}{{ '<think>\n' + m.reasoning_content + '\n</think>\n\n' }}{% endif -%}
{{ m.content }}
{%- for call in m.tool_calls or [] -%}
{{ '<tool_call>\n{"name": "' + call.function.name + '", "arguments": ' + call.function.arguments | tojson + '}\n</tool_call>' }}
{%- endfor -%}
{{ '<|im_end|>\n' }}
{%- elif m.role == 'tool' -%}
{{ turn('user', '<tool_response>\n' + m.content + '\n</tool_response>') }}
{%- elif not (loop.first and m.role == 'system') -%}
{{ turn(m.role, m.content) }}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{ '<|im_start|>assistant\n' }}
{%- if enable_thinking is defined and not enable_thinking %}{{ '<think>\n\n</think>\n\n' }}{% endif -%}
{%- endif -%}
EOF_
cat >"$tools" <<'EOF_'
[{"type":"function","function":{"name":"get_weather","description":"The weather of days to come","parameters":{"type":"object",
  "properties":{"city":{"type":"string","maxLength":12},"days":{"type":"integer","minimum":1,"maximum":9}},
  "required":["city","days"],"additionalProperties":false}}},
 {"name":"get_time","parameters":{"type":"object","properties":{"zone":{"enum":["UTC","CET"]}},"required":["zone"],
  "additionalProperties":false}}]
EOF_
weather='{"type":"object","properties":{"city":{"type":"string","maxLength":12},"days":{"type":"integer","minimum":1,"maximum":9}},"required":["city","days"],"additionalProperties":false}'
"$hearth" synth test-chat Q8_0 "$model" --template "$chat" || exit 1

run() { try "$hearth" run "$model" --seed 1 --num-predict 300 "$@"; }
render() { try "$hearth" render "$model" "$@"; }
count_out() { grep -oF -- "$1" "$tmp/out" | wc -l; }
out_has_times() { # N TEXT
    local n
    n=$(count_out "$2")
    [ "$n" -eq "$1" ] || wrong "$command_line: '$2' $n times, not $1: $(head -c 1000 "$tmp/out")"
}
# Whether each document, a line of standard input, is what the schema says.
judged_by() { # SCHEMA
    printf '%s\n' "$1" >"$tmp/judge.json"
    while IFS= read -r document; do
        printf '%s\n' "$document" >"$tmp/document.json"
        "$hearth" grammar --schema "$tmp/judge.json" --check "$tmp/document.json" >/dev/null 2>&1 || wrong "$command_line: '$document' is not valid"
    done
}
# The arguments of calls of a tool, of the lines on standard output.
arguments_of() { sed -nE "s/^\{\"name\":\"$1\",\"arguments\":(.*),\"id\":\"[^\"]+\"\}\$/\1/p" "$tmp/out"; }

# Prompts

it "renders the prompt of a message, its tokens and where the template comes from"
render Hi
status_is 0
out_has "    <|im_start|>user
    Hi<|im_end|>
    <|im_start|>assistant"
out_matches '^    0 +990  <\|endoftext\|>$'
out_matches '^    [0-9]+ +10  "\\n"$'
out_has "the model's own template (Jinja)"

it "renders for programs"
render Hi there --system 'Be "brief".' --json
status_is 0
out_has '"prompt":"<|im_start|>system\nBe \"brief\".<|im_end|>\n<|im_start|>user\nHi there<|im_end|>\n<|im_start|>assistant\n"'
out_has '"template":"the model'"'"'s own template (Jinja)"'
out_has '{"id":991,"text":"<|im_start|>"}'

it "begins with one beginning token, whether or not the template has it, too"
render Hi --json
out_has_times 1 '"id":990'
printf '%s' "{{ bos_token }}$(cat "$chat")" >"$tmp/bos.jinja"
render Hi --json --template "$tmp/bos.jinja"
out_has_times 1 '"id":990'
out_has "the given template (Jinja)"

it "puts what --messages says in front of the prompt"
echo '[{"role":"user","content":"One"},{"role":"assistant","content":"Two"}]' >"$tmp/messages.json"
render Three --messages "$tmp/messages.json" --json
out_has 'user\nOne<|im_end|>\n<|im_start|>assistant\nTwo<|im_end|>\n<|im_start|>user\nThree<|im_end|>\n<|im_start|>assistant\n"'

it "goes on with an answer that the assistant began"
render --messages "$tmp/messages.json" --json
out_has '<|im_start|>assistant\nTwo"'

it "loses no system message where the template has no words for one"
echo "{% for m in messages %}{% if m.role in ['user', 'assistant'] %}<|im_start|>{{ m.content }}<|im_end|>{% endif %}{% endfor %}" >"$tmp/deaf.jinja"
printf 'Be brief.\n' >"$tmp/system.txt"
for system in "Be brief." "@$tmp/system.txt"; do
    render Hi --template "$tmp/deaf.jinja" --system "$system"
    status_is 0
    out_has_times 1 "Be brief."
done

it "lists tools, also where the template has no words for them"
for template in "$chat" "$tmp/deaf.jinja"; do
    render Hi --template "$template" --tools "$tools" --system 'Be brief.'
    status_is 0
    for text in get_weather get_time "The weather of days to come" "Be brief."; do out_has_times 1 "$text"; done
done

it "does not take a control token for one where a user writes it"
render 'A<|im_end|>B' --json
status_is 0
out_has_times 2 '{"id":991,"text":"<|im_start|>"}'
out_has_times 1 '{"id":992,"text":"<|im_end|>"}'

it "renders by a Go template"
printf '{{ if .System }}[S]{{ .System }}{{ end }}[U]{{ .Prompt }}[A]' >"$tmp/chat.gotmpl"
render Hi --template "$tmp/chat.gotmpl" --system 'Be brief.' --json
status_is 0
out_has '"prompt":"[S]Be brief.[U]Hi[A]"'
out_has "the given template (Go)"

it "switches thinking by the template's own words"
render Hi --think=false --json
out_has '<|im_start|>assistant\n<think>\n\n</think>\n\n"'
render Hi --think --json
out_has '<|im_start|>assistant\n"'

it "renders what surrounds a gap"
render 'def f(' --suffix 'return x' --json
status_is 0
for id in 997 998 999; do out_has_times 1 "\"id\":$id,"; done
out_has_times 0 '<|im_start|>'

it "renders without template when asked"
render 'Once' --raw --json
out_has '"prompt":"Once"'

it "shows what a model can be asked"
try "$hearth" show "$model"
status_is 0
for talent in completion tools insert thinking; do out_matches "^    $talent\$"; done
out_matches "^    origin +the model's own template \(Jinja\)\$"

it "says of a base model that it goes on with text"
if needs_stories; then
    try "$hearth" show "$stories"
    out_matches '^    origin +none: plain text$'
    out_has_times 0 '    tools'
fi

# Answers

it "answers a message, not its text"
run hello
status_is 0
out_has_times 0 hello
err_is_empty
cp "$tmp/out" "$tmp/first"
run hello --raw
out_matches '^hello'
tail -c +6 "$tmp/out" >"$tmp/rest"
cmp -s "$tmp/first" "$tmp/rest" && wrong "the template changed nothing"

it "answers what it rendered"
render hello --system Short. --json
prompt=$(sed -E 's/.*"prompt":"(.*)","is_thinking".*/\1/' "$tmp/out")
run hello --system Short.
cp "$tmp/out" "$tmp/first"
input=$(printf "$prompt\n.") # alone, standard input loses its last line break: here it is the second one
input=${input%.}
run --raw --no-display-prompt
cmp -s "$tmp/first" "$tmp/out" || wrong "another answer: '$(head -c 300 "$tmp/first")', '$(head -c 300 "$tmp/out")'"

it "gives several answers with seeds one after another"
for seed in 1 2 3; do
    try "$hearth" run "$model" hello --num-predict 12 --seed $seed
    [ $seed = 1 ] || echo --- >>"$tmp/want"
    cat "$tmp/out" >>"$tmp/want"
done
try "$hearth" run "$model" hello --num-predict 12 --seed 1 --n 3
status_is 0
cmp -s "$tmp/want" "$tmp/out" || wrong "'$(cat "$tmp/out")' is not '$(cat "$tmp/want")'"

it "makes tokens likelier by id and text"
run hello --logit-bias lo=100 --num-predict 3
out_is "lololo"
run hello --logit-bias 545=100 --logit-bias 104=-100 --num-predict 2
out_is "lolo"

it "ends an answer that runs in a loop, when that is allowed"
run hello --logit-bias lo=100 --num-predict 1000 --stop-loops --events
out_has '"reason":"repetition"'
run hello --logit-bias lo=100 --num-predict 1000 --events
out_has '"reason":"length"'

it "tells how likely tokens were"
run hello --num-predict 4 --logprobs 2
status_is 0
[ "$(grep -cE '^ +-[0-9.]+ ".*"  \| +-[0-9.]+ ".*" +-[0-9.]+ ".*"$' "$tmp/err")" -eq 4 ] || wrong "no table of 4 tokens: $(cat "$tmp/err")"
run hello --num-predict 4 --logprobs 2 --events
out_has_times 4 '{"logprobs":[{"token":'
out_has_times 4 '"top_logprobs":[{'

it "prints events"
run hello --num-predict 5 --events
status_is 0
out_matches '^\{"content":".*"\}$'
out_matches '^\{"done":true,"reason":"(length|stop)","prompt_tokens":[0-9]+,"answer_tokens":[1-5],"thinking_tokens":0\}$'
[ "$(grep -cvE '^\{".*\}$' "$tmp/out")" -eq 0 ] || wrong "more than lines of JSON: $(cat "$tmp/out")"
run hello --num-predict 2 --events --n 2
out_has_times 1 '{"answer":0}'
out_has_times 1 '{"answer":1}'
out_has_times 2 '{"done":true'

it "answers in a form with thinking on and off"
for think in --think --think=false "--think=high"; do
    run hello $think --format '{"enum":["red","green"]}' --hidethinking --thinking-budget 20
    status_is 0
    tail -n 1 "$tmp/out" | judged_by '{"enum":["red","green"]}'
    err_is_empty
done

# A prompt that leaves thinking open: then the model does think.
printf '%s' "$(cat "$chat")<think>" >"$tmp/thinker.jinja"

it "frames thinking and ends it within its budget"
for budget in 0 1 7; do
    run hello --template "$tmp/thinker.jinja" --think --thinking-budget $budget --events --format '{"enum":["red","green"]}'
    status_is 0
    grep -E '^\{"content"' "$tmp/out" | sed -E 's/^\{"content":"(.*)"\}$/\1/' | tr -d '\n\\' >"$tmp/content"
    echo >>"$tmp/content"
    judged_by '{"enum":["red","green"]}' <"$tmp/content"
    tokens=$(sed -nE 's/.*"thinking_tokens":([0-9]+)\}$/\1/p' "$tmp/out")
    # the closing tag counts, and its line break before
    [ "${tokens:-99}" -le $((budget + 4)) ] || wrong "$tokens tokens of thinking, $budget are allowed"
done
run hello --template "$tmp/thinker.jinja" --think --thinking-budget 7 --format '{"enum":["red","green"]}'
[ "$(head -n 1 "$tmp/out")" = "Thinking..." ] || wrong "no frame: $(cat "$tmp/out")"
out_has_times 1 "...done thinking."
run hello --template "$tmp/thinker.jinja" --think --thinking-budget 7 --format '{"enum":["red","green"]}' --hidethinking
out_matches '^("red"|"green")$'
out_has_times 0 "hinking"

it "shows thinking in grey on a terminal, and no colour elsewhere"
if has_terminal; then
    flags="--template $tmp/thinker.jinja --think --thinking-budget 6 --num-predict 14" talk 'hello\n' answered '/bye\n'
    out_has $'\e[90mThinking...'
    out_has $'\e[0m'
    run hello --template "$tmp/thinker.jinja" --think --thinking-budget 6 --num-predict 14
    out_has_times 0 $'\e'
fi

it "ends the frame of thinking that nothing follows"
run hello --template "$tmp/thinker.jinja" --think --num-predict 5
status_is 0
out_has "...done thinking."

# Calls

it "calls a declared tool with arguments of its schema, when it must"
for seed in 1 2 3 4 5 6; do
    try "$hearth" run "$model" hello --tools "$tools" --tool-choice required --seed $seed --hidethinking
    status_is 0
    [ "$(grep -cvE '^\{"name":"(get_weather|get_time)","arguments":\{.*\},"id":"[A-Za-z0-9]+"\}$' "$tmp/out")" -eq 0 ] || wrong "more than calls: $(cat "$tmp/out")"
    [ -s "$tmp/out" ] || wrong "no call with seed $seed"
    arguments_of get_weather | judged_by "$weather"
    arguments_of get_time | judged_by '{"enum":[{"zone":"UTC"},{"zone":"CET"}]}'
done

it "calls the tool that is named, once"
run hello --tools "$tools" --tool-choice get_time --no-parallel-tools
status_is 0
[ "$(wc -l <"$tmp/out")" -eq 1 ] || wrong "not one line: $(cat "$tmp/out")"
[ -n "$(arguments_of get_time)" ] || wrong "no call of get_time: $(cat "$tmp/out")"

it "calls no tool when it must not"
for seed in 1 2 3; do
    try "$hearth" run "$model" hello --tools "$tools" --tool-choice none --seed $seed --num-predict 60 --events
    status_is 0
    out_has_times 0 tool_calls
done

it "tells of calls as events"
run hello --tools "$tools" --tool-choice get_time --no-parallel-tools --events
out_matches '^\{"tool_calls":\[\{"id":"[A-Za-z0-9]+","function":\{"index":0,"name":"get_time","arguments":\{"zone":"(UTC|CET)"\}\}\}\]\}$'
out_has '"reason":"stop"'

it "takes calls and their results as messages"
cat >"$tmp/calls.json" <<'EOF_'
[{"role":"user","content":"Time?"},
 {"role":"assistant","content":"","tool_calls":[{"id":"a1","function":{"name":"get_time","arguments":{"zone":"UTC"}}}]},
 {"role":"tool","tool_call_id":"a1","content":"noon"}]
EOF_
render --messages "$tmp/calls.json" --tools "$tools" --json
status_is 0
out_has '{\"name\": \"get_time\", \"arguments\": {\"zone\": \"UTC\"}}'
out_has '<tool_response>\nnoon\n</tool_response>'
run --messages "$tmp/calls.json" --tools "$tools" --num-predict 5
status_is 0

it "calls tools in the words of every template that has some"
templates=$golden/jinja/templates
if [ -d "$templates" ]; then
    checked=0
    for template in "$templates"/*.jinja; do
        case ${template##*/} in
        meetkai-functionary-medium-v3.2.jinja) continue ;; # no syntax of calls is found in it: hearth says so
        esac
        run hello --template "$template" --tools "$tools" --tool-choice get_time --no-parallel-tools --hidethinking
        status_is 0
        arguments_of get_time | judged_by '{"enum":[{"zone":"UTC"},{"zone":"CET"}]}'
        [ -n "$(arguments_of get_time)" ] || wrong "${template##*/}: no call in '$(head -c 300 "$tmp/out")'"
        checked=$((checked + 1))
    done
    [ $checked -gt 50 ] || wrong "only $checked templates in $templates"
else
    skip "no golden data (HEARTH_GOLDEN or ../shared/golden) for templates"
fi

# Filling in

it "prints only what goes into a gap"
run 'def f(' --suffix 'return x' --num-predict 8
status_is 0
out_has_times 0 'def f('
out_has_times 0 'return x'
[ -s "$tmp/out" ] || wrong "nothing was written"
if needs_stories; then
    try "$hearth" run "$stories" Once --suffix end
    fails_with 1 "does not support insert"
fi

# What cannot be

it "refuses flags that contradict each other, and wrong values"
for wrong_flags in "--raw --system x" "--raw --tools $tools" "--suffix b --think" "--raw --template $chat" "--suffix b --messages $tmp/messages.json" \
    "--think=much" "--n 0" "--n 3x" "--thinking-budget -2" "--logprobs 21" "--raw=yes" "--events=1"; do
    run hello $wrong_flags
    fails_with 2
done
for bias in lo lo= lo=200 lo=x; do
    run hello --logit-bias $bias
    status_is 1
    err_has "--logit-bias"
done
run hello --logit-bias 5000=1
fails_with 1 "token 5000, but there are 1000"
run hello --logit-bias 'hello there=1'
fails_with 1 "tokens, not one"
run hello --tool-choice required
fails_with 1 "tool"
run hello --tool-choice get_tea --tools "$tools"
fails_with 1 "get_tea"
run hello --format json --grammar 'root ::= "a"'
fails_with 1 "not both"

it "refuses what a model without template would lose"
if needs_stories; then
    for flag in "--system x" "--messages $tmp/messages.json" "--tools $tools" "--think"; do
        try "$hearth" run "$stories" hello $flag
        fails_with 1 "${flag%% *}" "--template"
    done
    try "$hearth" run "$stories" hello --system x --template "$chat" --num-predict 2
    status_is 0
fi

it "refuses files that are no messages, with their names or numbers"
deep=$(printf '[%.0s' $(seq 5000))
i=0
for messages in '' 'nonsense' '{"role":"user"}' '[{"role":"user","content":"x"' '[1]' '[{"content":"x"}]' '[{"role":"king","content":"x"}]' \
    '[{"role":"user","content":5}]' '[{"role":"user","content":null}]' '[{"role":"user","content":[{"type":"image_url"}]}]' \
    '[{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":[]}}]}]' '[null]' "$deep" '[{"role":"user","content":"\ud800"}]'; do
    i=$((i + 1))
    printf '%s' "$messages" >"$tmp/bad.json"
    run --messages "$tmp/bad.json"
    fails_with 1
    err_matches 'bad.json|message'
done
run --messages "$tmp/none.json"
fails_with 1 "none.json"
run --messages "$tmp"
fails_with 1 "$tmp"
run hello --system "@$tmp/none.txt"
fails_with 1 "none.txt"
printf '[]' >"$tmp/bad.json"
run --messages "$tmp/bad.json"
fails_with 1 "message"

it "refuses files that are no tools"
for declared in 'x' '{}' '[1]' '[{"name":""}]' '[{"name":"a b"}]' '[{"name":"f"},{"name":"f"}]' '[{"name":"f","parameters":[]}]' \
    '[{"type":"retrieval","function":{"name":"f"}}]' '[{"name":"f","parameters":{"type":"strin"}}]'; do
    printf '%s' "$declared" >"$tmp/bad.json"
    run hello --tools "$tmp/bad.json"
    fails_with 1
    err_matches 'bad.json|tool'
done

it "refuses templates that are none, or never end"
for source in '{% if %}' '{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}' "{% if 1 %}{{ raise_exception('no') }}{% endif %}"; do
    printf '%s' "$source" >"$tmp/bad.jinja"
    run hello --template "$tmp/bad.jinja"
    fails_with 1
done
printf '{{ .Prompt' >"$tmp/bad.gotmpl"
run hello --template "$tmp/bad.gotmpl"
fails_with 1
run hello --template "$tmp/none.jinja"
fails_with 1 "none.jinja"

it "refuses a prompt longer than the context with both numbers"
run "$(printf 'word %.0s' $(seq 9000))"
fails_with 1 8192
err_matches '[0-9]{5}.*8192'
head -c 3000000 /dev/zero | tr '\0' 'a' >"$tmp/huge"
timeout 60 "$hearth" run "$model" <"$tmp/huge" >"$tmp/out" 2>"$tmp/err"
status=$? command_line="run with 3 MB on standard input"
fails_with 1 8192

it "only opens the model for an empty prompt"
run ""
status_is 0
out_is_empty
err_is_empty

it "takes bytes that are not UTF-8 as a message"
input=$'\xff\xfe Once \xe2\x82'
run --num-predict 4
status_is 0

# Conversations

# Answers of letters only, so that they can stand in a file of messages.
letters='root ::= [a-z]{8}'
asked() { "$hearth" run "$model" --temperature 0 --grammar "$letters" "$@" </dev/null; }

it "remembers what was said in a conversation"
if has_terminal; then
    first=$(asked hello)
    echo "[{\"role\":\"user\",\"content\":\"hello\"},{\"role\":\"assistant\",\"content\":\"$first\"}]" >"$tmp/said.json"
    second=$(asked more --messages "$tmp/said.json") alone=$(asked more)
    [ "$second" != "$alone" ] || wrong "what was said makes no difference"
    flags="--grammar '$letters'" talk 'hello\n' answered 'more\n' answered '/clear\n' 'more\n' answered '/bye\n'
    status_is 0
    for text in "$first" "$second" "$alone"; do out_has_times 1 "$text"; done
fi

it "changes the system message, thinking and template's words in a conversation"
if has_terminal; then
    brief=$(asked hello --system $'Be\nbrief.') plain=$(asked hello) quick=$(asked hello --think=false)
    [ "$brief" != "$plain" ] && [ "$quick" != "$plain" ] || wrong "neither makes a difference"
    flags="--grammar '$letters'" talk '/show system\n' '/set system """Be\n' 'brief."""\n' '/show system\n' 'hello\n' answered '/clear\n' \
        '/set system\n' '/set nothink\n' '/set think low\n' '/set think much\n' '/show template\n' '/bye\n'
    out_has "No system message is set."
    out_has "Set system message."
    out_has_times 1 "$brief"
    out_has "Usage: /set system"
    out_has "Set 'nothink' mode."
    out_has "Set 'think' mode to 'low'."
    out_has "invalid think value"
    out_has "Template: the model's own template (Jinja)"
    out_has "{%- if tools -%}"
    flags="--grammar '$letters'" talk '/set nothink\n' 'hello\n' answered '/bye\n'
    out_has_times 1 "$quick"
fi

it "refuses a format that it cannot keep when it is set"
if has_terminal; then
    talk '/set format {"type":"strin"}\n' '/set format {"enum":["red","green"]}\n' 'hello\n' answered '/set noformat\n' '/bye\n'
    out_matches 'Error: .*no such type'
    out_matches '^("red"|"green")'
    out_has "Disabled format."
fi

it "takes a message back that does not fit, and goes on"
if has_terminal; then
    first=$(asked hello)
    flags="--num-ctx 64 --grammar '$letters'" talk "$(printf 'word %.0s' $(seq 60))\n" 'hello\n' answered '/bye\n'
    status_is 0
    out_matches 'Error: .*64'
    out_has "/clear forgets"
    out_has_times 1 "$first"
fi

it "keeps what was said until Ctrl-C"
if has_terminal; then
    random_model
    model=$random flags="--seed 1 --verbose --template $chat" talk 'hello\n' answering '\003' 'more\n' answering '\003' '/bye\n'
    status_is 0
    mapfile -t answered < <(sed -nE 's/^eval count: +([0-9]+) token.*/\1/p' "$tmp/out")
    mapfile -t evaluated < <(sed -nE 's/^prompt eval count: +([0-9]+) token.*/\1/p' "$tmp/out")
    [ "${answered[0]:-9999}" -lt 1500 ] || wrong "the answer has ${answered[0]:-no} tokens"
    # random text does not become the same tokens again, so that most of it is read anew
    [ "${evaluated[1]:-0}" -gt $((${answered[0]:-0} / 2)) ] || wrong "${answered[0]} tokens were said, ${evaluated[1]} read for the next answer"
fi

it "drops a parameter that answers cannot obey"
if has_terminal; then
    first=$(asked hello) long=$(printf 'x%.0s' $(seq 1100))
    flags="--num-predict 20" talk '/set parameter grammar root ::= (\n' '/set parameter format nothing\n' "/set parameter stop $long\n" \
        "/set parameter grammar $letters\n" 'hello\n' answered '/bye\n'
    out_matches 'Error: .*line 1'
    out_has "nothing: No such file"
    out_matches 'Error: .*1100'
    out_has_times 1 "$first"
fi

it "keeps a bias when another one makes no sense"
if has_terminal; then
    flags="--num-predict 3" talk '/set parameter logit_bias lo=100\n' '/set parameter logit_bias no such=1\n' \
        '/set parameter num_predict 5\n' 'hello\n' answered '/bye\n'
    out_matches 'Error: .*tokens, not one'
    out_has_times 1 lololololo
fi

it "has no place in a conversation for what belongs to one prompt"
if has_terminal; then
    for flag in "--n 2" "--events" "--suffix x"; do
        script -qec "exec $hearth run $model $flag" /dev/null </dev/null >"$tmp/out" 2>&1
        status=$? command_line="conversation with $flag"
        status_is 2
        out_has "wants a prompt"
    done
    talk '/set parameter n 2\n' '/set parameter system x\n' '/set parameter thinking_budget 5\n' '/show parameters\n' '/bye\n'
    out_has_times 2 "is no parameter of an answer"
    out_matches 'thinking-budget +5$'
fi

finish

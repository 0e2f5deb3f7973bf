# How the program is called: help, version, unknown commands and flags.
cd "$(dirname "$0")/../.." && source tests/cli/lib.sh

it "says which version it is"
try "$hearth" --version
status_is 0
out_matches '^hearth version is [0-9]+\.[0-9]+\.[0-9]+$'

it "lists the commands without a command"
try "$hearth"
status_is 0
for command in run show tokenize logits perplexity bench synth; do out_matches "^  $command "; done

for command in run show tokenize logits perplexity bench synth; do
    it "explains $command on request, in two ways"
    try "$hearth" "$command" --help
    status_is 0
    out_matches "^Usage: hearth $command "
    cp "$tmp/out" "$tmp/first"
    try "$hearth" help "$command"
    status_is 0
    cmp -s "$tmp/first" "$tmp/out" || wrong "help $command differs from $command --help"

    it "names an unknown flag of $command"
    try "$hearth" "$command" --no-such-flag
    fails_with 2 "unknown flag: --no-such-flag" "hearth $command --help"

    [ "$command" = run ] && continue # takes the shipped model
    it "wants the arguments of $command"
    try "$hearth" "$command"
    fails_with 2 "0 arguments given"
done

it "names an unknown command"
try "$hearth" no-such-command
fails_with 2 "unknown command: no-such-command"

it "names an unknown flag before the command"
try "$hearth" --no-such-flag
fails_with 2 "unknown flag: --no-such-flag"

it "refuses a flag's wrong value with the value and the limits"
try "$hearth" run x.gguf --temperature hot
fails_with 2 "--temperature wants a number, not 'hot'"
try "$hearth" run x.gguf --temperature -1
fails_with 2 "--temperature is -1, but must be 0 to 100"
try "$hearth" run x.gguf --top-k=4x
fails_with 2 "--top-k wants a whole number, not '4x'"
try "$hearth" run x.gguf --num-predict 99999999999999999999
fails_with 2 "--num-predict"
try "$hearth" run x.gguf --seed
fails_with 2 "--seed N"
try "$hearth" run x.gguf --verbose=yes
fails_with 2 "--verbose takes no value"

it "says which file is missing"
try "$hearth" run "$tmp/missing.gguf" hello
fails_with 1 "$tmp/missing.gguf"
try "$hearth" show "$tmp/missing.gguf"
fails_with 1 "$tmp/missing.gguf"
try "$hearth" logits "$tmp/missing.gguf" --tokens 1
fails_with 1 "$tmp/missing.gguf"
try "$hearth" bench "$tmp/missing.gguf"
fails_with 1 "$tmp/missing.gguf"
try "$hearth" perplexity "$tmp/missing.gguf" "$tmp/missing.txt"
fails_with 1 "$tmp/missing.gguf"

it "does not take a control sequence in a name to the terminal"
try "$hearth" $'\e[2Jevil'
fails_with 2 "unknown command: ?[2Jevil"

finish

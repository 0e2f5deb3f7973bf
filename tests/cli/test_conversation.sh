# hearth run on a terminal: typing, slash commands, Ctrl-C. `script` (util-linux) lends the terminal.
cd "$(dirname "$0")/../.." && source tests/cli/lib.sh && source tests/cli/terminal.sh

can_talk() {
    any_model
    has_terminal
}

it "answers, and leaves at /bye"
if can_talk && needs_stories; then
    flags="--num-predict 20" talk 'Once upon a time\n' answered '/bye\n'
    status_is 0
    out_has ">>> "
    out_has "there was a little girl named Lily"
fi

it "leaves at Ctrl-D"
if can_talk; then
    talk '\004'
    status_is 0
fi

it "remembers what was typed for its owner only"
if can_talk; then
    flags="--num-predict 1" talk 'Once upon a time\n' answered '/bye\n'
    [ "$(stat -c %a "$HOME/.hearth/history" 2>&1)" = 600 ] || wrong "history: $(stat -c %a "$HOME/.hearth/history" 2>&1)"
    grep -q "upon" "$HOME/.hearth/history" || wrong "the line is not in the history"
fi

it "keeps no history when HEARTH_NOHISTORY is set"
if can_talk; then
    rm -rf "$HOME/.hearth"
    HEARTH_NOHISTORY=1 flags="--num-predict 1" talk 'Once\n' answered '/bye\n'
    [ ! -e "$HOME/.hearth/history" ] || wrong "there is a history"
fi

it "takes a message of several lines between triple quotes"
if can_talk; then
    flags="--num-predict 20" talk '"""Once upon\n' 'a time"""\n' answered '/bye\n'
    status_is 0
    out_has "... "
fi

it "hints at Ctrl-C on an empty line how to leave, and goes on"
if can_talk; then
    talk '\003' '/bye\n'
    status_is 0
    out_has "Use Ctrl + d or /bye to exit."
fi

it "drops a line that Ctrl-C ends"
if can_talk; then
    talk 'Once upon\003' '/bye\n'
    status_is 0
    out_has ">>> Once upon"
    grep -q Lily "$tmp/out" && wrong "it was answered"
fi

it "stops an answer at Ctrl-C and not the program"
if can_talk; then
    random_model
    model=$random flags="--seed 1 --verbose" talk 'hello\n' answering '\003' '/show info\n' '/bye\n'
    status_is 0
    out_has "architecture        llama"
    # the context holds 2048: an answer that was not stopped is longer, or not over yet
    tokens=$(sed -nE 's/^eval count: +([0-9]+) token.*/\1/p' "$tmp/out")
    [ "${tokens:-9999}" -lt 1500 ] || wrong "the answer has ${tokens:-no} tokens"
fi

it "shows and sets parameters"
if can_talk; then
    talk '/set parameter top_k 7\n' '/set parameter stop Lily\n' '/show parameters\n' '/set parameter top_k many\n' \
        '/set parameter no_such 1\n' '/set parameter num_ctx 300\n' '/set parameter threads 1\n' '/bye\n'
    status_is 0
    out_has "Set parameter 'top_k' to '7'"
    out_matches 'top-k +7$'
    out_matches 'stop +"Lily"$'
    out_has "--top-k wants a whole number, not 'many'"
    out_has "unknown parameter 'no_such'"
    out_has "Set parameter 'num_ctx' to '300'"
    out_has "use --threads"
fi

it "obeys a stop string that was set"
if can_talk && needs_stories; then
    talk '/set parameter stop Lily\n' 'Once upon a time\n' answered '/bye\n'
    out_has "there was a little girl named"
    grep -q "named Lily" "$tmp/out" && wrong "it said the stop string"
fi

it "knows its commands"
if can_talk; then
    talk '/?\n' '/nope\n' '/clear\n' '/show\n' '/set\n' '/exit\n'
    status_is 0
    out_has "Available Commands:"
    out_has "Unknown command '/nope'. Type /? for help"
    out_has "Cleared session context"
    out_has "Usage: /show info"
    out_has "Usage: /set parameter"
fi

it "begins anew after /clear"
if can_talk && needs_stories; then
    flags="--num-predict 12" talk 'Once upon a time\n' answered '/clear\n' 'Once upon a time\n' answered '/bye\n'
    [ "$(grep -c 'there was a little girl' "$tmp/out")" -eq 2 ] || wrong "two beginnings, $(grep -c 'there was a little girl' "$tmp/out") stories"
fi

it "times an answer after /set verbose"
if can_talk; then
    flags="--num-predict 4" talk '/set verbose\n' 'Once\n' answered '/bye\n'
    out_matches '^eval count: +4 token'
fi

it "refuses a message that does not fit and goes on"
if can_talk; then
    flags="--num-ctx 16" talk 'one two three four five six seven eight nine ten eleven twelve thirteen\n' '/bye\n'
    status_is 0
    out_matches 'Error: .*16'
fi

it "changes the format of answers and back"
if can_talk; then
    flags="--num-predict 20" talk '/set format {"enum":["red","green"]}\n' 'Once\n' answered '/show parameters\n' '/set noformat\n' \
        '/set format json\n' '/set format {"type":"strin"}\n' '/bye\n'
    status_is 0
    out_matches '^("red"|"green")'
    out_has "Set format to '{"
    out_matches 'format +\{"enum":\["red","green"\]\}'
    out_has "Disabled format."
    out_has "Set format to 'json'."
    out_matches 'Error: .*no such type'
fi

finish

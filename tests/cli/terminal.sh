# terminal.sh: what the tests of conversations share: typing at a terminal that `script` (util-linux) lends. To be sourced after lib.sh.

# How often something stands on the terminal. Nothing is waited for longer than half a minute.
count() { grep -aoF -- "$1" "$tmp/raw" | wc -l; }
until_count() { # TEXT N
    for ((i = 0; i < 300; i++)); do
        if [ "$(count "$1")" -ge "$2" ]; then break; fi
        sleep 0.1
    done
}
until_bytes() { # N
    for ((i = 0; i < 300; i++)); do
        if [ "$(stat -c %s "$tmp/raw")" -ge "$1" ]; then break; fi
        sleep 0.1
    done
}

# Type each argument, the first at the first prompt and each other one a little after the one before. As arguments, "answered"
# waits for the next prompt, "answering" for the beginning of an answer.
type_in_turn() {
    local n_prompts=1 size
    until_count ">>> " 1
    for typed in "$@"; do
        sleep 0.3
        case $typed in
        answered) until_count ">>> " $((n_prompts + 1)) ;;
        answering) until_bytes $((size + 60)) ;; # more than the echo of what was typed
        *)
            n_prompts=$(count ">>> ") size=$(stat -c %s "$tmp/raw")
            printf "$typed"
            ;;
        esac
    done
    sleep 0.5
}

# `script` runs its command by $SHELL, and dash, once hearth has ended, dies of the Ctrl-C that was meant for hearth: exec leaves
# no shell between.
talk() {
    : >"$tmp/raw"
    type_in_turn "$@" | timeout 60 script -qec "exec $hearth run $model --temperature 0 ${flags:-}" /dev/null >"$tmp/raw" 2>"$tmp/err"
    status=$? command_line="conversation ($*)"
    tr -d '\r' <"$tmp/raw" >"$tmp/out"
}

has_terminal() {
    command -v script >/dev/null && return
    skip "no 'script' program to lend a terminal"
    return 1
}

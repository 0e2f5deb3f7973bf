# lib.sh: what the tests of the command line share. A test file sources it, opens a case with `it`, runs commands with `try`
# and says what it expects; `finish` prints the closing line that scripts/run_tests.sh sums.
set -uo pipefail

hearth=${HEARTH:-build/hearth}
golden=${HEARTH_GOLDEN:-../shared/golden}
stories=$golden/stories260K/stories260K.gguf
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export HOME=$tmp/home
mkdir -p "$HOME"
# Neither settings of whoever runs the tests nor a server of theirs: nobody listens there.
for variable in $(compgen -v | grep -E '^(HEARTH|OLLAMA)_|_proxy$|_PROXY$'); do
    case $variable in HEARTH_GOLDEN | HEARTH_CPU) ;; *) unset "$variable" ;; esac
done
export HEARTH_HOST=127.0.0.1:1

passed=0 failed=0 skipped=0
case_name= problems=() skip_reason=

settle() {
    if [ -z "$case_name" ]; then
        return
    elif [ ${#problems[@]} -gt 0 ]; then
        failed=$((failed + 1))
        printf 'FAILED: %s\n' "$case_name"
        printf '    %s\n' "${problems[@]}"
    elif [ -n "$skip_reason" ]; then
        skipped=$((skipped + 1))
        printf 'skipped: %s\n' "$skip_reason"
    else
        passed=$((passed + 1))
    fi
    case_name=
}

it() { # NAME: a sentence
    settle
    case_name=$1 problems=() skip_reason=
}

skip() { skip_reason=$1; }

# For cases that need the trained model: `needs_stories || ...` keeps the case short.
needs_stories() {
    [ -r "$stories" ] && return
    skip "no golden data (HEARTH_GOLDEN or ../shared/golden) for stories260K"
    return 1
}

# A model of random weights that is large enough to be interrupted: its answers take seconds. Made once a test file.
random_model() {
    random=$tmp/random.gguf
    [ -e "$random" ] || "$hearth" synth smollm-135m Q4_0 "$random" || wrong "cannot synthesize a model"
}

# For cases that any model will do for: the trained one, else random weights.
any_model() {
    model=$stories n_ctx=512
    [ -r "$stories" ] && return
    random_model
    model=$random n_ctx=2048
}

finish() {
    settle
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ]
}

wrong() { problems+=("$*"); }

# Run a command without input, or with $input when that is set, for at most a minute.
try() {
    command_line="$*"
    if [ -n "${input+set}" ]; then
        printf '%s' "$input" | timeout 60 "$@" >"$tmp/out" 2>"$tmp/err"
        status=${PIPESTATUS[1]}
    else
        timeout 60 "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
        status=$?
    fi
    unset input
}

status_is() { [ "$status" -eq "$1" ] || wrong "$command_line: exit status $status, not $1; standard error: $(head -c 500 "$tmp/err")"; }
out_is() { [ "$(cat "$tmp/out"; echo x)" = "$1"$'\n'x ] || wrong "$command_line: printed '$(head -c 1000 "$tmp/out")', not '$1'"; }
out_has() { grep -qF -- "$1" "$tmp/out" || wrong "$command_line: no '$1' in '$(head -c 1000 "$tmp/out")'"; }
out_matches() { grep -qE -- "$1" "$tmp/out" || wrong "$command_line: nothing like '$1' in '$(head -c 1000 "$tmp/out")'"; }
out_is_empty() { [ ! -s "$tmp/out" ] || wrong "$command_line: printed '$(head -c 300 "$tmp/out")'"; }
err_has() { grep -qF -- "$1" "$tmp/err" || wrong "$command_line: no '$1' in the message '$(head -c 1000 "$tmp/err")'"; }
err_matches() { grep -qE -- "$1" "$tmp/err" || wrong "$command_line: nothing like '$1' in the message '$(head -c 1000 "$tmp/err")'"; }
err_is_empty() { [ ! -s "$tmp/err" ] || wrong "$command_line: said '$(head -c 300 "$tmp/err")'"; }

# An error as everyone sees it: one "Error:" line, nothing on standard output.
fails_with() { # STATUS TEXT...
    status_is "$1"
    shift
    out_is_empty
    err_matches '^Error: '
    for text in "$@"; do err_has "$text"; done
}

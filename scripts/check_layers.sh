#!/usr/bin/env bash
# check_layers.sh: every room includes only rooms that stand below it (the table of ARCHITECTURE.md), each library has one
# owner, and nothing below the command line prints or exits. Prints the offending lines; exit status 1 when there are any.
set -uo pipefail
cd "$(dirname "$0")/.."

declare -A below=(
    [base]=""
    [quant]="base"
    [formats]="quant base"
    [kernels]="quant base"
    [array]="kernels quant base"
    [tokenizer]="formats quant base"
    [models]="array kernels formats quant base"
    [runtime]="models tokenizer array kernels formats quant base"
    [chat]="base"
    [dialogue]="chat runtime models tokenizer array kernels formats quant base"
    [worker]="dialogue runtime chat models tokenizer array kernels formats quant base"
    [store]="formats quant base"
    [server]="worker store base"
    [cli]="server worker store dialogue chat runtime models tokenizer array kernels formats quant base"
)

# A library's header and the only places that may name it.
libraries=(
    'jansson.h|src/base/json.c'
    'pcre2.h|src/tokenizer/'
    'utf8proc.h|src/(tokenizer|chat)/'
    'histedit.h|src/cli/'
    'editline/readline.h|src/cli/'
    'microhttpd.h|src/server/http/microhttpd_library.h'
    'seccomp.h|src/worker/sandbox.c'
    'curl/curl.h|src/cli/client/curl_library.h'
    'cmocka.h|tests/unit/test.h'
)

offences=0
report() { # REASON < lines
    local lines
    lines=$(cat)
    [ -z "$lines" ] && return
    offences=$((offences + $(wc -l <<<"$lines")))
    sed "s|$| <- $1|" <<<"$lines"
}

for folder in src/*/; do
    room=$(basename "$folder")
    if [ -z "${below[$room]+known}" ]; then
        echo "$folder" | report "a room that the table in scripts/check_layers.sh does not know"
        continue
    fi
    allowed=$(tr ' ' '|' <<<"$room ${below[$room]}" | sed 's/|$//')
    grep -rnE --include='*.[ch]' '^ *# *include +"' "$folder" |
        grep -vE "\"($allowed)/" | grep -vE '"hearth\.h"' |
        report "$room may include only: $room ${below[$room]}"
done

for row in "${libraries[@]}"; do
    header=${row%%|*} owner=${row#*|}
    grep -rnF --include='*.[ch]' "<$header>" src include tests examples 2>/dev/null | grep -vE "^$owner" |
        report "only $owner may include <$header>"
done

# The public interface: written by runtime/hearth*.c, used by dialogue, worker, `run` and programs outside, by nobody else inside.
public='^src/(runtime/(hearth|session)[a-z_]*|dialogue/[a-z_]+|worker/[a-z_]+|server/[a-z_/]+|cli/(run/[a-z_]+|client/[a-z_]+|replay_command|main))\.[ch]:'
grep -rnE --include='*.[ch]' '\bhearth_[a-z]|"hearth\.h"' src | grep -vE "$public" |
    report "only include/ and what implements or uses it has the product's prefix"
grep -nE '^ *# *include +"' src/cli/run/*.[ch] 2>/dev/null | grep -vE '"(hearth\.h|(cli|cli/run|cli/client|cli/prompt|chat)/[a-z_]+\.h|base/[a-z0-9_]+\.h)"' |
    report "the run command is a client: it runs no model itself"

grep -rnE --include='*.[ch]' '\b(printf|vprintf|puts|putchar|perror|exit|_exit|abort)\(|\bfprintf\((stdout|stderr)' \
    $(ls -d src/*/ | grep -v '^src/cli/') |
    report "nothing below src/cli prints or ends the process"

[ "$offences" -eq 0 ] || { echo "check_layers: $offences offending lines" >&2; exit 1; }

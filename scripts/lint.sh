#!/usr/bin/env bash
# lint.sh: layering, format, names and self-sufficient headers. Prints what offends; exit status 1 when anything does.
set -uo pipefail
cd "$(dirname "$0")/.."

folders=()
for folder in src include tests examples; do [ -d "$folder" ] && folders+=("$folder"); done
mapfile -t sources < <(find "${folders[@]}" -name '*.[ch]' | sort)
mapfile -t headers < <(printf '%s\n' "${sources[@]}" | grep '\.h$')
failed=()

check() { # NAME COMMAND...: the command prints offences, or says so by its status
    local output
    if ! output=$("${@:2}" 2>&1) || [ -n "$output" ]; then
        failed+=("$1")
        printf '%s:\n%s\n' "$1" "$output"
    fi
}

format() { clang-format --dry-run --Werror "${sources[@]}"; }

one_header() { "${CC:-gcc}" -std=c17 -D_GNU_SOURCE -Wall -Wextra -Werror -Wno-unused-function -fsyntax-only -Isrc -Iinclude \
    "${@:2}" -x c - <<<"#include \"${1#@(src|include)/}\"" || { echo "$1 does not compile alone"; return 1; }; }
export -f one_header
# An _impl.h, and what is written over the vectors of vec_avx2.h or vec_avx512.h, cannot stand alone by design.
headers_alone() {
    local avx512="-mavx2 -mfma -mf16c -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vnni"
    printf '%s\n' "${headers[@]}" | grep -E '^(src|include)/' | grep -v '_impl\.h$' |
        case $(uname -m) in x86_64) grep -v '/arm/' ;; *) grep -vE '/(x86|simd|arm)/' ;; esac |
        xargs -P "$(nproc)" -I{} bash -O extglob -c "case {} in
            */@(x86|simd)/*) one_header {} $avx512 >/dev/null 2>&1 || one_header {} $avx512 -include kernels/x86/vec_avx512.h || true ;;
            *) one_header {} || true ;;
        esac"
}

header_opening() {
    for header in "${headers[@]}"; do
        head -n 1 "$header" | grep -qF "/* $(basename "$header"): " ||
            echo "$header: the first line is '/* $(basename "$header"): what it owns'"
    done
}

unique_names() {
    printf '%s\n' "${sources[@]}" | sed 's|.*/||' | sort | uniq -d | grep -vx main.c | sed 's/$/: two files have this name/'
    return 0
}

whitespace() {
    find "${folders[@]}" scripts bench docs Makefile ./*.md .ci -type f \
        \( -name '*.[ch]' -o -name '*.md' -o -name '*.sh' -o -name '*.mjs' -o -name Makefile -o -name run \) \
        -not -path '*/node_modules/*' -print0 2>/dev/null |
        xargs -0 grep -nE '[[:space:]]+$' | sed 's/$/ <- trailing white space/'
    grep -nP '\t' "${sources[@]}" | sed 's/$/ <- tab/'
    return 0
}

shell_syntax() {
    find scripts tests .ci -type f \( -name '*.sh' -o -name run \) -print0 | xargs -0 -n 1 bash -n
}

check layers scripts/check_layers.sh
check format format
check "headers that need others" headers_alone
check "how headers open" header_opening
check "file names" unique_names
check "white space" whitespace
check "shell syntax" shell_syntax

if [ ${#failed[@]} -gt 0 ]; then
    (IFS=,; echo "lint: failed: ${failed[*]}" >&2)
    exit 1
fi
echo "lint: ${#sources[@]} files, nothing to complain about"

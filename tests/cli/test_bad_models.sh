# Files that are no models: each a message that names the file, exit status 1, no crash.
cd "$(dirname "$0")/../.." && source tests/cli/lib.sh

refused() { # FILE: by run and by show
    try "$hearth" run "$1" hello
    fails_with 1 "$1"
    try "$hearth" show "$1"
    fails_with 1 "$1"
}

it "refuses an empty file"
: >"$tmp/empty.gguf"
refused "$tmp/empty.gguf"

it "refuses a file that is no model"
echo "just some text, longer than a header" >"$tmp/text.gguf"
refused "$tmp/text.gguf"

it "refuses a folder without config.json"
mkdir "$tmp/folder"
refused "$tmp/folder"

it "refuses a FIFO at once"
mkfifo "$tmp/fifo.gguf"
refused "$tmp/fifo.gguf"

it "refuses a device"
refused /dev/null

it "refuses a file it may not read"
if [ "$(id -u)" -eq 0 ]; then
    skip "root reads every file"
else
    echo GGUF >"$tmp/secret.gguf"
    chmod 000 "$tmp/secret.gguf"
    refused "$tmp/secret.gguf"
fi

# A header of our own: magic, version, tensors, metadata entries.
header() { # VERSION N_TENSORS N_VALUES as escapes
    printf 'GGUF'
    printf "$1$2$3"
}
zero64='\0\0\0\0\0\0\0\0'

it "refuses versions it does not know with the number"
for version in 1 99; do
    header "\\x$(printf %02x $version)\\0\\0\\0" "$zero64" "$zero64" >"$tmp/version.gguf"
    refused "$tmp/version.gguf"
    err_has "$version"
done

it "refuses absurd counts without reserving memory for them"
header '\x03\0\0\0' '\0\0\0\0\0\0\0\x80' "$zero64" >"$tmp/count.gguf"
refused "$tmp/count.gguf"
header '\x03\0\0\0' "$zero64" '\xff\xff\xff\xff\xff\xff\xff\x7f' >"$tmp/count.gguf"
refused "$tmp/count.gguf"

it "refuses a model without an architecture"
header '\x03\0\0\0' "$zero64" "$zero64" >"$tmp/bare.gguf"
refused "$tmp/bare.gguf"

it "does not take a file name's control characters to the terminal"
try "$hearth" run "$tmp/"$'\e[2J.gguf' hello
status_is 1
grep -q $'\e' "$tmp/err" && wrong "an escape sequence in the message"

it "refuses a model cut at any length"
if needs_stories; then
    size=$(stat -c %s "$stories")
    for cut in 1 4 8 23 24 100 997 9970 99700 $((size / 2)) $((size - 1)); do
        head -c "$cut" "$stories" >"$tmp/cut.gguf"
        refused "$tmp/cut.gguf"
    done
fi

it "refuses a model with a missing tensor by its name"
if needs_stories; then
    # one letter of a tensor's name changed: the model no longer has blk.2.ffn_up.weight
    LC_ALL=C sed 's/blk\.2\.ffn_up/blk.2.ffn_uq/' "$stories" >"$tmp/missing.gguf"
    try "$hearth" run "$tmp/missing.gguf" hello
    fails_with 1 "$tmp/missing.gguf" "blk.2.ffn_up.weight"
fi

it "refuses an architecture it does not run by its name"
if needs_stories; then
    # the same length, so that everything else stays in place
    LC_ALL=C sed '0,/llama/s/llama/lxama/' "$stories" >"$tmp/other.gguf"
    try "$hearth" run "$tmp/other.gguf" hello
    fails_with 1 "$tmp/other.gguf" "lxama"
fi

finish

# Models of the user's folder by their names, at a private server.
cd "$(dirname "$0")/../.." && source tests/cli/lib.sh
any_model
mkdir -p "$HOME/.hearth/models" "$tmp/others/sub"
ln -s "$(realpath "$model")" "$HOME/.hearth/models/Tiny.gguf"
ln -s "$(realpath "$model")" "$tmp/others/sub/other.gguf"

it "runs a model of the folder by its name"
try "$hearth" run tiny "Once upon" --raw --temperature 0 --num-predict 5
status_is 0
err_is_empty
cp "$tmp/out" "$tmp/first"
try "$hearth" run "$model" "Once upon" --raw --temperature 0 --num-predict 5
cmp -s "$tmp/first" "$tmp/out" || wrong "the model of that name says something else"
try "$hearth" run TINY:latest ""
status_is 0

it "looks into the folder that the settings name"
HEARTH_MODELS=$tmp/others try "$hearth" run other ""
status_is 0
HEARTH_MODELS=$tmp/others try "$hearth" run sub/other ""
status_is 0
HEARTH_MODELS=$tmp/others try "$hearth" run tiny ""
fails_with 1 "tiny"

it "prefers a file of that name, and names what is not there"
try "$hearth" run ./tiny ""
fails_with 1 "./tiny"
try "$hearth" run ../models/tiny ""
fails_with 1 "../models/tiny"

it "says which setting makes no sense"
HEARTH_HOST=ftp://x try "$hearth" run tiny ""
fails_with 1 "HEARTH_HOST: 'ftp://x'"

finish

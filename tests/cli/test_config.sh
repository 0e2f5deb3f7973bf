# hearth config: each setting with its value and where it came from.
cd "$(dirname "$0")/../.." && source tests/cli/lib.sh
unset HEARTH_HOST
unset XDG_CONFIG_HOME

it "lists the defaults"
try "$hearth" config
status_is 0
err_is_empty
out_matches '^NAME +VALUE +ORIGIN$'
out_matches '^host +127\.0\.0\.1:11434 +default$'
out_matches '^origins +"" +default$'

it "tells where each value came from"
mkdir -p "$HOME/.config/hearth"
printf '# mine\nkeep-alive = 1m\nmax_queue = 10\n' >"$HOME/.config/hearth/config"
OLLAMA_MAX_QUEUE=20 HEARTH_THREADS=3 try "$hearth" config --log-format=json --no-auth
status_is 0
out_matches "^keep_alive +1m +$HOME/.config/hearth/config:2$"
out_matches '^max_queue +20 +OLLAMA_MAX_QUEUE$'
out_matches '^threads +3 +HEARTH_THREADS$'
out_matches '^log_format +json +--log-format$'
out_matches '^no_auth +true +--no-auth$'

it "prints JSON"
HEARTH_API_KEY=secret try "$hearth" config --json
status_is 0
out_has '{"name":"max_queue","value":"10","origin":"'"$HOME/.config/hearth/config:3"'","meaning":"'
out_has '{"name":"api_key","value":"(not shown)","origin":"HEARTH_API_KEY"'
grep -q secret "$tmp/out" && wrong "the key is shown"

it "reads another file when told"
printf 'threads = 7\n' >"$tmp/other"
try "$hearth" config --config "$tmp/other"
status_is 0
out_matches "^threads +7 +$tmp/other:1$"
out_matches '^max_queue +512 +default$'

it "says which value makes no sense"
HEARTH_MAX_QUEUE=many try "$hearth" config
status_is 1
err_has "Error: HEARTH_MAX_QUEUE: max_queue is 'many', but must be a whole number from 1 to 1000000"
out_matches '^max_queue +many +HEARTH_MAX_QUEUE$'

it "says which line of a file makes no sense"
printf 'threads = 7\nthread = 8\n' >"$tmp/other"
try "$hearth" config --config "$tmp/other"
fails_with 1 "$tmp/other:2: there is no setting 'thread'"

it "says that a file is not there"
try "$hearth" config --config "$tmp/none"
fails_with 1 "cannot read '$tmp/none'"

it "names unknown flags and missing values"
try "$hearth" config --no-such-flag
fails_with 2 "unknown flag: --no-such-flag" "hearth config --help"
try "$hearth" config --max-queue
fails_with 2 "flag needs a value: --max-queue"
try "$hearth" config one
fails_with 2 "1 arguments given"

it "explains the settings"
try "$hearth" config --help
status_is 0
out_matches '^ +--keep-alive VALUE +How long'

it "knows every setting of the document, and the document every setting"
try "$hearth" config --json
diff <(grep -oE '"name":"[a-z_]+"' "$tmp/out" | cut -d'"' -f4 | sort) \
    <(sed -nE 's/^\| `([a-z_]+)` \|.*/\1/p' docs/serving.md | grep -v '^hearth_' | sort) >"$tmp/difference" ||
    wrong "docs/serving.md: $(cat "$tmp/difference")"

finish

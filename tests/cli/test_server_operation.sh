# A server from its operator's side: settings, log, metrics, ps and stop, shutting down.
cd "$(dirname "$0")/../.." && source tests/cli/lib.sh
unset HEARTH_HOST
any_model
mkdir -p "$HOME/.hearth/models" "$HOME/.config/hearth"
ln -s "$(realpath "$model")" "$HOME/.hearth/models/tiny.gguf"
printf 'host = 127.0.0.1:0\nlog_format = json\nlog_file = %s\n' "$tmp/log" >"$HOME/.config/hearth/config"

"$hearth" serve --port-file "$tmp/port" --log-prompts --keep-alive -1 2>"$tmp/serve.err" &
server=$!
trap 'kill "$server" 2>/dev/null; rm -rf "$tmp"' EXIT
for _ in $(seq 300); do [ -e "$tmp/port" ] && break; sleep 0.1; done
[ -e "$tmp/port" ] || { it "starts"; wrong "no port: $(head -c 500 "$tmp/serve.err")"; finish; exit; }
export HEARTH_HOST=127.0.0.1:$(cat "$tmp/port")

# ask.py PATH [BODY]: the answer on standard output
cat >"$tmp/ask.py" <<'P'
import os, sys, urllib.request
body = sys.argv[2].encode() if len(sys.argv) > 2 else None
request = urllib.request.Request("http://" + os.environ["HEARTH_HOST"] + sys.argv[1], body)
print(urllib.request.urlopen(request, timeout=50).read().decode())
P
log_has() { # until it does, for five seconds: lines are written by other threads
    for _ in $(seq 50); do grep -qF -- "$1" "$tmp/log" && return; sleep 0.1; done
    wrong "no '$1' in the log '$(tail -c 1500 "$tmp/log")'"
}

it "lists its models"
try "$hearth" list tiny
status_is 0
out_matches '^tiny:latest +[0-9a-f]{12} +[0-9.]+ [KMG]B +.* ago$'

it "has no models in memory at first"
try "$hearth" ps
status_is 0
out_is "NAME    ID    SIZE    PROCESSOR    CONTEXT    UNTIL"

it "lists a model that was asked, and for how long it stays"
try python3 "$tmp/ask.py" /api/generate '{"model":"tiny","prompt":"Once upon","raw":true,"stream":false,"options":{"num_predict":5,"temperature":0}}'
status_is 0
out_has '"done":true'
try "$hearth" ps
status_is 0
out_matches '^tiny:latest +[0-9a-f]{12} +[0-9.]+ [KMG]B +100% CPU +[0-9]+ +Forever$'

it "counts what it does"
try python3 "$tmp/ask.py" /metrics
status_is 0
out_has 'hearth_answers_total{model="tiny:latest",reason="length"} 1'
out_has 'hearth_answer_tokens_total{model="tiny:latest"} 5'
out_has 'hearth_model_load_seconds_count{model="tiny:latest"} 1'
out_has 'hearth_http_requests_total{route="/api/generate",status="200"} 1'
out_matches '^hearth_memory_bytes\{model="tiny:latest",owner="weights"\} [1-9]'
out_has 'hearth_models_loaded 1'

it "logs as JSON, prompts because that is wanted"
log_has '"message":"listening"'
log_has '"message":"asked"'
log_has 'Once upon'
log_has '"message":"answered"'
python3 -c 'import json, sys; [json.loads(line) for line in open(sys.argv[1])]' "$tmp/log" || wrong "a line is no JSON"

it "opens its log anew at SIGHUP"
mv "$tmp/log" "$tmp/log.1"
kill -HUP "$server"
log_has '"message":"opened the log anew"'

it "stops a model"
try "$hearth" stop TINY.gguf
status_is 0
for _ in $(seq 50); do "$hearth" ps | grep -q tiny || break; sleep 0.1; done
try "$hearth" ps
out_is "NAME    ID    SIZE    PROCESSOR    CONTEXT    UNTIL"
try "$hearth" stop none
fails_with 1 "couldn't find model \"none\" to stop"

it "ends at SIGTERM, and says so"
kill -TERM "$server"
wait "$server"
status=$? command_line="hearth serve"
: >"$tmp/err"
status_is 0
log_has '"message":"shutting down"'
try "$hearth" ps
fails_with 1 "could not connect to hearth server, run 'hearth serve' to start it"

finish

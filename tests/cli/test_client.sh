# hearth ps and hearth stop: what clients say of a server's answers, good and bad.
cd "$(dirname "$0")/../.." && source tests/cli/lib.sh

python3 tests/cli/canned_server.py "$tmp/port" 2>/dev/null &
server=$!
trap 'kill "$server"; rm -rf "$tmp"' EXIT
for _ in $(seq 100); do [ -e "$tmp/port" ] && break; sleep 0.1; done
port=$(cat "$tmp/port")
at() { export HEARTH_HOST="127.0.0.1:$port/$1"; }

it "says how to start a server when there is none"
export HEARTH_HOST=127.0.0.1:1
try "$hearth" ps
fails_with 1 "could not connect to hearth server, run 'hearth serve' to start it"
try "$hearth" stop ember
fails_with 1 "could not connect to hearth server, run 'hearth serve' to start it"

it "lists the models in memory"
at good
try "$hearth" ps
status_is 0
out_is "NAME            ID              SIZE      PROCESSOR          CONTEXT    UNTIL
qwen:latest     0123456789ab    4.7 GB    100% CPU           4096       4 minutes from now
ember:latest    0123456789ab    24 MB     100% CPU           4096       Forever
odd?[31m        0123456789ab    12 B      100% GPU           4096       Stopping...
split           0123456789ab    1 KB      75%/25% CPU/GPU    4096       About an hour from now"

it "lists those that begin alike"
try "$hearth" ps EMB
out_is "NAME            ID              SIZE     PROCESSOR    CONTEXT    UNTIL
ember:latest    0123456789ab    24 MB    100% CPU     4096       Forever"

it "lists the models of the server, in two ways"
try "$hearth" list SPL
out_is "NAME     ID              SIZE    MODIFIED
split    0123456789ab    1 KB    3 days ago"
try "$hearth" ls
status_is 0
out_has "qwen:latest"

it "finds the server by Ollama's variable, and through no proxy"
unset HEARTH_HOST
OLLAMA_HOST="http://127.0.0.1:$port/good" http_proxy=http://127.0.0.1:1 try "$hearth" ps
status_is 0
out_has "qwen:latest"

it "stops a model"
at good
try "$hearth" stop qwen
status_is 0
out_is_empty

it "says that there is no such model to stop"
try "$hearth" stop 'no"such'
fails_with 1 "couldn't find model \"no\"such\" to stop"

it "tells what the server says"
at locked
try "$hearth" ps
fails_with 1 "Error: this server wants an API key"
at nested
try "$hearth" ps
fails_with 1 "Error: the engine fell over"
at mute
try "$hearth" ps
fails_with 1 "the server answered with HTTP status 502"

it "shows the key of the environment, and on this machine that of the file"
at locked
HEARTH_API_KEY="key-of-the-test-1" try "$hearth" ps
status_is 0
mkdir -p "$HOME/.hearth"
(umask 077 && echo "key-of-the-test-1" >"$HOME/.hearth/api_key")
try "$hearth" ps
status_is 0
rm "$HOME/.hearth/api_key"
try "$hearth" ps
[ -e "$HOME/.hearth/api_key" ] && wrong "a client has made a key"

it "follows no redirect"
at away
try "$hearth" ps
fails_with 1 "the server answered with HTTP status 302"

it "survives answers that are none"
at html
try "$hearth" ps
fails_with 1 "the server's answer"
at cut
try "$hearth" ps
fails_with 1 "the server went away in the middle of its answer"
at endless
try "$hearth" ps
fails_with 1 "the server's answer has a line of more than 64 MB"

it "names a host that is none"
HEARTH_HOST="ftp://x" try "$hearth" ps
fails_with 1 "HEARTH_HOST: 'ftp://x': the scheme is http or https"

it "wants a model to stop"
try "$hearth" stop
fails_with 2 "0 arguments given"

finish

# render.
cd "$(dirname "$0")/../.." && source tests/cli/lib.sh

cat > "$tmp/chat.jinja" <<'EOF'
{%- for m in messages %}
<|{{ m.role }}|>{{ m.content|trim }}
{% endfor %}
{{- strftime_now('%d %b %Y %H:%M:%S') }}
EOF
cat > "$tmp/chat.json" <<'EOF'
{"messages":[{"role":"user","content":" Hi "},{"role":"assistant","content":"Hello."}]}
EOF

it "prints what the template makes of the context, and nothing else"
try "$hearth" render --template "$tmp/chat.jinja" --context "$tmp/chat.json" --now 2026-02-14T09:05:07
status_is 0
printf '<|user|>Hi\n<|assistant|>Hello.\n14 Feb 2026 09:05:07' > "$tmp/want"
cmp -s "$tmp/want" "$tmp/out" || wrong "printed $(cat "$tmp/out")"
err_is_empty

it "takes the present time unless told another"
try "$hearth" render --template "$tmp/chat.jinja" --context "$tmp/chat.json"
status_is 0
out_matches "$(date -u +%Y)"

it "says what the template says when it refuses"
echo "{{ raise_exception('roles must alternate') }}" > "$tmp/no.jinja"
try "$hearth" render --template "$tmp/no.jinja" --context "$tmp/chat.json"
status_is 1
err_matches '^Error: roles must alternate$'

it "names file and line of a mistake"
printf 'a\n{{ messages[0].role.nope.x }}\n' > "$tmp/bad.jinja"
try "$hearth" render --template "$tmp/bad.jinja" --context "$tmp/chat.json"
status_is 1
err_matches "bad.jinja: line 2: "
[ -s "$tmp/out" ] && wrong "something was printed"
printf 'a\n\n{%% if %%}' > "$tmp/bad.jinja"
try "$hearth" render --template "$tmp/bad.jinja" --context "$tmp/chat.json"
status_is 1
err_matches "bad.jinja: line 3: "

it "keeps integers of any length"
echo '{"n":123456789012345678901234567890}' > "$tmp/n.json"
echo '{{ n + 1 }}' > "$tmp/n.jinja"
try "$hearth" render --template "$tmp/n.jinja" --context "$tmp/n.json"
status_is 0
out_matches '^123456789012345678901234567891$'

it "stops a template that never ends"
echo '{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}' > "$tmp/loop.jinja"
try "$hearth" render --template "$tmp/loop.jinja" --context "$tmp/chat.json"
status_is 1
err_matches 'steps'

it "says how it is called"
try "$hearth" render --template "$tmp/chat.jinja"
status_is 2
try "$hearth" render --template "$tmp/chat.json" --context "$tmp/chat.json"
status_is 2
err_matches '\.jinja'
try "$hearth" render --template "$tmp/chat.jinja" --context "$tmp/chat.json" --now yesterday
status_is 2
echo '[1]' > "$tmp/list.json"
try "$hearth" render --template "$tmp/chat.jinja" --context "$tmp/list.json"
status_is 1
err_matches 'not a JSON object'

finish

# parse.
cd "$(dirname "$0")/../.." && source tests/cli/lib.sh

cat > "$tmp/tools.json" <<'EOF'
[{"type":"function","function":{"name":"get","description":"gets","parameters":{"type":"object","properties":{"s":{"type":"string"}}}}}]
EOF
cat > "$tmp/tagged.jinja" <<'EOF'
{%- for t in tools or [] %}{{ t | tojson }}{% endfor %}
{%- for m in messages %}<|{{ m.role }}|>{{ m.content }}
{%- for c in m.tool_calls or [] %}[CALL]{{ c.function.name }}[WITH]{{ c.function.arguments | tojson }}[DONE]{% endfor %}</s>
{%- endfor %}
{%- if add_generation_prompt %}<|assistant|><think>{% endif %}{# </think> #}
EOF

it "reads a family's syntax by its name"
input='so</think>a<tool_call>{"name":"get","arguments":{"s":"x"}}</tool_call>'
try "$hearth" parse --parser qwen3-thinking --tools "$tmp/tools.json"
status_is 0
cat > "$tmp/want" <<'EOF'
{"thinking":"so"}
{"content":"a"}
{"tool_calls":[{"function":{"index":0,"name":"get","arguments":{"s":"x"}}}]}
EOF
cmp -s "$tmp/want" "$tmp/out" || wrong "printed $(cat "$tmp/out")"

it "reads the syntax that a template renders, thinking that its prompt opens included"
input='so</think>a[CALL]get[WITH]{"s": "x[DONE]"}[DONE]'
try "$hearth" parse --template "$tmp/tagged.jinja" --tools "$tmp/tools.json"
status_is 0
cat > "$tmp/want" <<'EOF'
{"thinking":"so"}
{"content":"a"}
{"tool_calls":[{"function":{"index":0,"name":"get","arguments":{"s":"x[DONE]"}}}]}
EOF
cmp -s "$tmp/want" "$tmp/out" || wrong "printed $(cat "$tmp/out")"
err_is_empty

it "reads Go templates too"
cat > "$tmp/own.gotmpl" <<'EOF'
{{ range .Tools }}{{ . }}{{ end }}{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ range .ToolCalls }}<call>{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}</call>{{ end }}<|end|>{{ end }}
EOF
input='a<call>{"name": "get", "arguments": {"s": "x"}}</call>'
try "$hearth" parse --template "$tmp/own.gotmpl" --tools "$tmp/tools.json"
status_is 0
printf '{"content":"a"}\n{"tool_calls":[{"function":{"index":0,"name":"get","arguments":{"s":"x"}}}]}\n' > "$tmp/want"
cmp -s "$tmp/want" "$tmp/out" || wrong "printed $(cat "$tmp/out")"

it "names a tool that is none"
input='</think>[CALL]got[WITH]{}[DONE]'
try "$hearth" parse --template "$tmp/tagged.jinja" --tools "$tmp/tools.json"
status_is 1
err_matches "'got'"

it "has calls as content where no tools are declared"
input='</think>[CALL]got[WITH]{}[DONE]'
try "$hearth" parse --template "$tmp/tagged.jinja"
status_is 0
printf '{"content":"[CALL]got[WITH]{}[DONE]"}\n' > "$tmp/want"
cmp -s "$tmp/want" "$tmp/out" || wrong "printed $(cat "$tmp/out")"

finish

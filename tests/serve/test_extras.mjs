// test_extras.mjs: what hearth has beside Ollama's members: templates of a request, guesses, checks, codes.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { post, startServer } from "./lib.mjs";

let server;
before(async () => {
    server = await startServer();
});
after(() => server?.stop());

const messages = [{ role: "user", content: "What is the capital of France?" }];
const chat = { model: "ember", messages, stream: false, options: { temperature: 0, num_predict: 16 } };
const generate = { model: "ember", prompt: messages[0].content, stream: false, options: chat.options };

async function ask(path, body) {
    const answer = await post(server, path, body);
    return { status: answer.status, headers: answer.headers, json: await answer.json() };
}

async function rendered(path, body) {
    return (await ask(path, { ...body, _debug_render_only: true })).json._debug_info.rendered_template;
}

test("a template comes with a chat or a prompt, in Go or Jinja", async () => {
    const jinja = "<{{ messages[-1].content }}>";
    assert.equal(await rendered("/api/chat", { ...chat, template: "[{{ .Prompt }}]" }), `[${messages[0].content}]`);
    for (const [path, body] of [["/api/chat", chat], ["/api/generate", generate]]) {
        assert.equal(await rendered(path, { ...body, template: jinja, template_kind: "jinja" }), `<${messages[0].content}>`);
        for (const [template, kind] of [["{{ if }}", "go"], ["{% for %}", "jinja"], ["{{ raise_exception('no') }}", "jinja"]]) {
            const { status, json } = await ask(path, { ...body, template, template_kind: kind });
            assert.equal(status, 400, JSON.stringify(json));
            assert.ok(json.error.length > 0);
        }
        assert.equal((await ask(path, { ...body, template: jinja, template_kind: "perl" })).status, 400);
    }
});

test("the number of guesses changes no answer", async () => {
    const text = async (n) => (await ask("/api/chat", { ...chat, options: { ...chat.options, num_draft: n } })).json.message.content;
    const wanted = await text(0);
    assert.ok(wanted.length > 0);
    for (const n of [-1, 4]) assert.equal(await text(n), wanted);
});

test("a dry run checks everything and answers nothing", async () => {
    const format = { type: "object", properties: { city: { type: "string" } } };
    for (const [path, body] of [["/api/chat", { ...chat, format }], ["/api/generate", generate]]) {
        const { status, json } = await ask(path, { ...body, dry_run: true, stream: true });
        assert.equal(status, 200, JSON.stringify(json));
        assert.equal(json.done, true);
        assert.equal(json.done_reason, "checked");
        assert.ok(json.prompt_eval_count > 0 && json.n_ctx > json.prompt_eval_count);
        assert.equal(json.message ?? json.response, undefined);
        const said = await ask(path, { ...body, options: { num_predict: 40 } });
        assert.equal(said.json.prompt_eval_count, json.prompt_eval_count);
    }
    for (const wrong of [{ grammar: "root ::= (" }, { format: { type: "nothing" } }, { template: "{{ if }}" }, { options: { num_ctx: 4 } },
        { options: { top_p: 7 } }])
        assert.equal((await ask("/api/chat", { ...chat, dry_run: true, ...wrong })).status, 400, JSON.stringify(wrong));
});

test("errors have a code, and numbers where there are some", async () => {
    const long = await ask("/api/chat", { ...chat, options: { num_ctx: 4 } });
    assert.equal(long.json.code, "context_length");
    assert.ok(long.json.prompt_tokens > long.json.n_ctx && long.json.n_ctx === 4);
    const codes = [
        ["/api/chat", { ...chat, template: "{{ if }}" }, "template"],
        ["/api/chat", { ...chat, grammar: "root ::= (" }, "invalid"],
        ["/api/chat", { ...chat, n: 0 }, "invalid"],
        ["/api/chat", { ...chat, model: "nobody" }, "not_found"],
        ["/api/show", { model: "nobody" }, "not_found"],
        ["/api/pull", { model: "x" }, "unsupported"],
    ];
    for (const [path, body, code] of codes) {
        const { json } = await ask(path, body);
        assert.equal(json.code, code, JSON.stringify(json));
        assert.ok(json.error.length > 0);
    }
});

test("a model is shown with the origin of its template", async () => {
    const { json } = await ask("/api/show", { model: "ember" });
    assert.ok(json.template_origin.length > 0);
});

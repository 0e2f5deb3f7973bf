// test_ollama.mjs: Ollama's own client against `hearth serve` with ember.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import Ajv from "ajv";
import { Ollama } from "ollama";
import { post, slowModel, startServer, until } from "./lib.mjs";

let server, ollama;
before(async () => {
    server = await startServer({ models: [slowModel()] });
    ollama = new Ollama({ host: server.url });
});
after(() => server?.stop());

const ember = { model: "ember", options: { temperature: 0, num_predict: 24 } };
const question = [{ role: "user", content: "What is the capital of France?" }];
const prompt = question[0].content;

async function collect(stream) {
    const parts = [];
    for await (const part of stream) parts.push(part);
    return parts;
}

/** What the server says to a body, by status and text; for what the client would not send. */
async function ask(path, body) {
    const answer = await post(server, path, body);
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, text, json: text.startsWith("{") ? JSON.parse(text.split("\n")[0]) : null };
}

async function refused(path, body, status, message) {
    const answer = await ask(path, body);
    assert.equal(answer.status, status, answer.text);
    assert.match(answer.json.error, message);
}

function hasCounts(part) {
    assert.equal(part.done, true);
    for (const name of ["total_duration", "prompt_eval_count", "eval_count", "eval_duration", "n_ctx"])
        assert.ok(part[name] > 0, `${name} is ${part[name]}`);
    assert.ok(part.total_duration > 1e5 && part.total_duration < 6e11, "nanoseconds");
    assert.equal(typeof part.cached_tokens, "number");
    assert.equal(part.truncated_tokens, 0);
    assert.match(String(part.created_at), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/);
}

test("the root, the version and HEAD answer", async () => {
    assert.equal(await (await fetch(server.url)).text(), "Ollama is running");
    assert.equal((await fetch(server.url, { method: "HEAD" })).status, 200);
    assert.equal((await fetch(`${server.url}/api/tags`, { method: "HEAD" })).status, 200);
    assert.match((await ollama.version()).version, /^\d+\.\d+\.\d+$/);
    assert.equal((await fetch(`${server.url}/api/chat`)).status, 405);
    assert.equal((await fetch(`${server.url}/api/nothing`)).status, 404);
});

test("show tells template, metadata, tensors and capabilities, and leaves nothing in memory", async () => {
    const shown = await ollama.show({ model: "ember" });
    assert.ok(shown.template.length > 0);
    assert.ok(shown.capabilities.includes("completion"));
    assert.ok(shown.model_info["general.architecture"]);
    assert.ok(shown.model_info["general.parameter_count"] > 1e5);
    assert.equal(shown.model_info["tokenizer.ggml.tokens"], null);
    assert.ok(shown.tensors.length > 10 && shown.tensors[0].shape.length > 0);
    assert.match(shown.modelfile, /^FROM /m);
    await until(async () => (await ollama.ps()).models.length === 0, 5000, "an empty memory");
    await refused("/api/show", { model: "nobody" }, 404, /model 'nobody' not found/);
    await refused("/api/show", {}, 400, /model is required/);
});

test("models are listed with what clients show", async () => {
    const model = (await ollama.list()).models.find(({ name }) => name === "ember:latest");
    assert.ok(model, "ember is listed");
    assert.ok(model.size > 1e5);
    assert.match(model.digest, /^[0-9a-f]{64}$/);
    assert.equal(model.details.format, "gguf");
    assert.match(model.details.parameter_size, /^[\d.]+[KMB]$/, "known since it was shown");
    assert.ok(model.capabilities.includes("completion"));
    assert.ok(!Number.isNaN(new Date(model.modified_at).getTime()));
});

test("generate answers whole and in a stream alike", async () => {
    const whole = await ollama.generate({ ...ember, prompt });
    assert.ok(whole.response.length > 0);
    hasCounts(whole);
    assert.ok(whole.context.length >= whole.prompt_eval_count + whole.eval_count - 1);
    const parts = await collect(await ollama.generate({ ...ember, prompt, stream: true }));
    assert.ok(parts.length > 2);
    assert.equal(parts.map((part) => part.response).join(""), whole.response);
    assert.deepEqual(parts.map((part) => part.done), parts.map((_, i) => i === parts.length - 1));
    hasCounts(parts.at(-1));
    assert.deepEqual(parts.at(-1).context, whole.context);
});

test("generate goes on from a context", async () => {
    const first = await ollama.generate({ ...ember, prompt: "My name is Ada." });
    const second = await ollama.generate({ ...ember, prompt: "What is my name?", context: first.context });
    assert.ok(second.prompt_eval_count > first.context.length);
});

test("chat answers whole and in a stream alike", async () => {
    const whole = await ollama.chat({ ...ember, messages: question });
    assert.equal(whole.message.role, "assistant");
    assert.ok(whole.message.content.length > 0);
    assert.equal(whole.context, undefined);
    hasCounts(whole);
    const parts = await collect(await ollama.chat({ ...ember, messages: question, stream: true }));
    assert.equal(parts.map((part) => part.message.content).join(""), whole.message.content);
    hasCounts(parts.at(-1));
});

test("the same prompt is not read twice", async () => {
    const messages = [{ role: "user", content: `Count the words: ${"one two three ".repeat(40)}` }];
    await ollama.chat({ ...ember, messages });
    const again = await ollama.chat({ ...ember, messages });
    assert.ok(again.cached_tokens > again.prompt_eval_count / 2, `${again.cached_tokens} of ${again.prompt_eval_count}`);
});

test("num_predict ends an answer after so many tokens, each with its logprob", async () => {
    const request = { model: "ember", prompt: "Once upon a time", raw: true, logprobs: true, top_logprobs: 3, options: { num_predict: 10, seed: 1 } };
    const parts = await collect(await ollama.generate({ ...request, stream: true }));
    const logprobs = parts.flatMap((part) => part.logprobs ?? []);
    assert.equal(parts.at(-1).done_reason, "length");
    assert.equal(parts.at(-1).eval_count, 10);
    assert.equal(logprobs.length, 10);
    for (const { token, logprob, bytes, top_logprobs } of logprobs) {
        assert.ok(logprob <= 0);
        if (!token.includes("\ufffd")) assert.deepEqual(bytes, [...Buffer.from(token)]);
        assert.equal(top_logprobs.length, 3);
        assert.ok(top_logprobs[0].logprob >= top_logprobs[1].logprob && top_logprobs[1].logprob >= top_logprobs[2].logprob);
    }
    assert.equal(parts.at(-1).context, undefined, "raw has no context");
});

test("a stream tells its counts where that is asked for", async () => {
    const body = { model: "ember", prompt: "Tell me a story.", options: { num_predict: 20, temperature: 0 } };
    const plain = (await (await post(server, "/api/generate", body)).text()).trim().split("\n").map((line) => JSON.parse(line));
    assert.ok(plain.slice(0, -1).every((line) => !("eval_count" in line)));
    const counted = (await (await post(server, "/api/generate", { ...body, stream_counts: true })).text()).trim().split("\n")
        .map((line) => JSON.parse(line));
    const last = counted.at(-1), counts = counted.map((line) => line.eval_count);
    assert.equal(last.eval_count, 20);
    assert.ok(counts.every((count, i) => count > 0 && (i === 0 || count >= counts[i - 1])));
    assert.ok(counted.every((line) => line.prompt_eval_count === last.prompt_eval_count));
    assert.deepEqual(counted.map((line) => line.response), plain.map((line) => line.response));
});

test("stop strings end an answer and are not shown", async () => {
    const { response } = await ollama.generate({ ...ember, prompt });
    const stop = response.trim().split(" ")[2];
    const cut = await ollama.generate({ ...ember, prompt, options: { ...ember.options, stop: [stop] } });
    assert.ok(!cut.response.includes(stop) && response.startsWith(cut.response));
    assert.equal(cut.done_reason, "stop");
    assert.equal(cut.stop, stop);
});

test("a format holds", async () => {
    const schema = {
        type: "object", required: ["city", "people"], additionalProperties: false,
        properties: { city: { type: "string", maxLength: 20 }, people: { type: "integer", minimum: 1 } },
    };
    const isValid = new Ajv().compile(schema);
    for (const stream of [false, true]) {
        const answer = await ollama.chat({ model: "ember", messages: question, format: schema, stream, options: { temperature: 1, seed: 3 } });
        const parts = stream ? await collect(answer) : [answer];
        const object = JSON.parse(parts.map((part) => part.message.content).join(""));
        assert.ok(isValid(object), JSON.stringify(object));
    }
    JSON.parse((await ollama.generate({ ...ember, prompt, format: "json", options: { num_predict: 200 } })).response || "{}");
    await refused("/api/chat", { model: "ember", messages: question, format: "yaml" }, 400, /invalid format: "yaml"; expected "json"/);
});

const weather = {
    type: "function",
    function: {
        name: "get_weather", description: "The weather of a city",
        parameters: { type: "object", required: ["city"], properties: { city: { type: "string", maxLength: 30 } } },
    },
};

test("tools are called, in a stream and whole", async () => {
    const request = { ...ember, messages: [{ role: "user", content: "What is the weather in Paris?" }], tools: [weather], tool_choice: "required", options: { temperature: 0 } };
    for (const stream of [false, true]) {
        const answer = await ollama.chat({ ...request, stream });
        const parts = stream ? await collect(answer) : [answer];
        const [call] = parts.flatMap((part) => part.message.tool_calls ?? []);
        assert.equal(call.function.name, "get_weather");
        assert.equal(call.function.index, 0);
        assert.equal(typeof call.function.arguments.city, "string");
        assert.match(call.id, /^\w+$/);
        assert.equal(parts.at(-1).done_reason, "stop");
        const next = await ollama.chat({
            ...ember, tools: [weather],
            messages: [...request.messages, { role: "assistant", content: "", tool_calls: [call] }, { role: "tool", tool_name: "get_weather", content: "sunny, 20 degrees" }],
        });
        assert.ok(next.prompt_eval_count > parts.at(-1).prompt_eval_count);
    }
});

test("several answers come beside each other", async () => {
    const request = { model: "ember", prompt, n: 3, options: { num_predict: 8, temperature: 1, seed: 5 } };
    const whole = await ollama.generate(request);
    assert.equal(whole.choices.length, 3);
    assert.equal(whole.response, whole.choices[0].response);
    const texts = ["", "", ""];
    const parts = await collect(await ollama.generate({ ...request, stream: true }));
    for (const part of parts) texts[part.choice] += part.response;
    assert.deepEqual(texts, whole.choices.map((choice) => choice.response));
    assert.equal(parts.filter((part) => part.done).length, 1);
});

test("keep_alive loads, keeps and unloads", async () => {
    const loaded = await ollama.generate({ model: "ember", prompt: "", keep_alive: "10m" });
    assert.equal(loaded.done_reason, "load");
    let [model] = (await ollama.ps()).models.filter(({ name }) => name === "ember:latest");
    const minutes = (new Date(model.expires_at) - Date.now()) / 60_000;
    assert.ok(minutes > 9 && minutes < 10.1, `${minutes} minutes`);
    assert.ok(model.size > 1e5 && model.context_length > 0 && model.digest.length === 64);
    assert.equal(model.size, model.weights_bytes + model.scratch_bytes + model.kv_used_bytes + model.kv_cached_bytes);
    await ollama.chat({ ...ember, messages: question, keep_alive: -1 });
    [model] = (await ollama.ps()).models.filter(({ name }) => name === "ember:latest");
    assert.ok(new Date(model.expires_at).getFullYear() > 2200);
    const unloaded = await ollama.chat({ model: "ember", messages: [], keep_alive: 0 });
    assert.equal(unloaded.done_reason, "unload");
    assert.equal(unloaded.message.content, "");
    await until(async () => (await ollama.ps()).models.length === 0, 5000, "an empty memory");
    assert.equal((await ollama.generate({ model: "ember", prompt: "", keep_alive: 0 })).done_reason, "unload", "also when it was not there");
    await refused("/api/generate", { model: "nobody", keep_alive: 0 }, 404, /not found/);
    assert.ok((await ollama.generate({ ...ember, prompt, keep_alive: 0 })).response.length > 0);
    await until(async () => (await ollama.ps()).models.length === 0, 5000, "a memory that is empty after the answer");
    await refused("/api/generate", { model: "ember", keep_alive: "300" }, 400, /time: missing unit in duration/);
});

test("many clients at once get what each would get alone", async () => {
    const prompts = Array.from({ length: 8 }, (_, i) => `Tell me about the number ${i}.`);
    const answer = async (text) => (await ollama.generate({ ...ember, prompt: text })).response;
    const alone = [];
    for (const text of prompts) alone.push(await answer(text));
    assert.deepEqual(await Promise.all(prompts.map(answer)), alone);
});

test("an answer that is aborted ends at once", async () => {
    const model = (await ollama.list()).models.find(({ name }) => name.startsWith("slow")).name;
    const stream = await ollama.generate({ model, prompt: "Once", raw: true, stream: true, options: { num_predict: 2000 } });
    await assert.rejects(async () => {
        let n = 0;
        for await (const part of stream)
            if (++n === 3) stream.abort();
    }, { name: "AbortError" });
    const running = async () => (await ollama.ps()).models.find(({ name }) => name === model)?.running;
    await until(async () => (await running()) === 0, 3000, "an idle model");
});

test("a prompt that does not fit is refused with both numbers, unless it may be cut", async () => {
    const messages = Array.from({ length: 21 }, (_, i) => ({ role: i % 2 ? "assistant" : "user", content: `Turn ${i}: ${"word ".repeat(20)}` }));
    const request = { model: "ember", messages, stream: false, options: { num_ctx: 128, num_predict: 8 } };
    const answer = await ask("/api/chat", request);
    assert.equal(answer.status, 400);
    assert.equal(answer.json.n_ctx, 128);
    assert.ok(answer.json.prompt_tokens > 128);
    assert.match(answer.json.error, /longer than the context length/);
    const cut = await ask("/api/chat", { ...request, truncate: true });
    assert.equal(cut.status, 200, cut.text);
    assert.ok(cut.json.truncated_tokens > 0 && cut.json.prompt_eval_count < 128);
    assert.equal(cut.headers.get("x-hearth-truncated-tokens"), String(cut.json.truncated_tokens));
    assert.equal(cut.headers.get("x-hearth-n-ctx"), "128");
});

test("bodies are read as Go reads them", async () => {
    const send = async (body, type) => {
        const answer = await fetch(`${server.url}/api/generate`, { method: "POST", body, headers: type ? { "Content-Type": type } : {} });
        return { status: answer.status, type: answer.headers.get("content-type"), text: await answer.text() };
    };
    const odd = await send(`{"Model":"ember","PROMPT":"x","Stream":false,"options":{"num_predict":1}} and more`, "application/x-www-form-urlencoded");
    assert.equal(odd.status, 200, odd.text);
    assert.equal(odd.type, "application/json; charset=utf-8");
    assert.equal((await send("")).text, `{"error":"missing request body","code":"invalid"}`);
    assert.equal((await send("{")).status, 400);
    const streamed = await send(`{"model":"ember","prompt":"x","options":{"num_predict":2}}`);
    assert.match(streamed.type, /^application\/x-ndjson/);
    for (const line of streamed.text.trimEnd().split("\n")) assert.equal(JSON.parse(line).model, "ember");
});

test("what cannot be done is refused by name", async () => {
    const chat = { model: "ember", messages: question };
    await refused("/api/chat", { messages: question }, 400, /^model is required$/);
    await refused("/api/chat", { ...chat, model: "nobody" }, 404, /^model 'nobody' not found$/);
    await refused("/api/embed", { model: "nobody", input: "x" }, 404, /^model "nobody" not found, try pulling it first$/);
    assert.equal((await ask("/api/chat", { ...chat, think: false, options: { num_predict: 1 } })).status, 200);
    await refused("/api/chat", { ...chat, think: true }, 400, /^"ember" does not support thinking$/);
    await refused("/api/chat", { ...chat, options: { num_ctx: "x" } }, 500, /^option "num_ctx" must be of type integer$/);
    await refused("/api/chat", { ...chat, options: { mirostat: 1 } }, 400, /mirostat/);
    await refused("/api/chat", { ...chat, top_logprobs: 21 }, 400, /^top_logprobs must be between 0 and 20$/);
    await refused("/api/chat", { model: "ember", messages: [{ role: "user", content: "x", images: ["aGk="] }] }, 400, /does not support vision/);
    await refused("/api/generate", { model: "ember", prompt, raw: true, system: "x" }, 400, /^raw mode does not support/);
    for (const path of ["/api/pull", "/api/create", "/api/copy", "/api/push"]) await refused(path, { model: "x" }, 501, /no store of models/);
    await assert.rejects(ollama.chat({ ...chat, model: "nobody" }), { name: "ResponseError", status_code: 404 });
});

test("what has no meaning is named", async () => {
    const answer = await ask("/api/generate", { model: "ember", prompt, stream: false, options: { num_gpu: 99, num_predict: 1, nonsense: 1 } });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("x-hearth-ignored"), "num_gpu, nonsense");
    assert.match(server.log(), /nonsense/);
});

test("the prompt can be seen without an answer", async () => {
    const { json } = await ask("/api/chat", { model: "ember", messages: question, _debug_render_only: true });
    assert.ok(json._debug_info.rendered_template.includes(prompt));
    const own = { model: "ember", prompt, system: "Be brief.", template: "[{{ .System }}] {{ .Prompt }} =>", _debug_render_only: true };
    assert.equal((await ask("/api/generate", own)).json._debug_info.rendered_template, `[Be brief.] ${prompt} =>`);
    const raw = { model: "ember", prompt: "<b>", raw: true, _debug_render_only: true };
    assert.equal((await ask("/api/generate", raw)).json._debug_info.rendered_template, "<b>");
});

test("embeddings have unit length, also when they are cut", async () => {
    const request = { model: "ember", input: ["a cat", "a dog"] };
    const { embeddings, prompt_eval_count } = await ollama.embed(request);
    const short = (await ollama.embed({ ...request, dimensions: 8 })).embeddings;
    assert.equal(embeddings.length, 2);
    assert.ok(prompt_eval_count >= 2);
    for (const vector of [...embeddings, ...short]) assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-5);
    assert.deepEqual(short.map((vector) => vector.length), [8, 8]);
    assert.deepEqual((await ollama.embed({ model: "ember", input: [] })).embeddings, []);
    assert.equal((await ollama.embeddings({ model: "ember", prompt: "a cat" })).embedding.length, embeddings[0].length);
});

// test_openai.mjs: OpenAI's own client against hearth serve, with the model inside.
import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import OpenAI from "openai";
import { metric, startServer, until } from "./lib.mjs";

let server, client;
const model = "ember", greedy = { model, temperature: 0, reasoning_effort: "none" };
const ask = (content) => [{ role: "user", content }];

before(async () => {
    server = await startServer();
    client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none", maxRetries: 0 });
});
after(() => server?.stop());

async function collect(stream) {
    const parts = [];
    for await (const part of stream) parts.push(part);
    return parts;
}

const weather = {
    type: "function",
    function: {
        name: "get_weather",
        description: "The weather of a city",
        parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false },
    },
};

test("a chat has content, a reason and usage", async () => {
    const chat = await client.chat.completions.create({ ...greedy, messages: ask("Say hello."), max_completion_tokens: 20 });
    assert.equal(chat.object, "chat.completion");
    assert.equal(chat.model, model);
    assert.match(chat.id, /^chatcmpl-/);
    const [choice] = chat.choices;
    assert.equal(choice.message.role, "assistant");
    assert.ok(choice.message.content.length > 0);
    assert.ok(["stop", "length"].includes(choice.finish_reason));
    assert.ok(chat.usage.prompt_tokens > 0 && chat.usage.completion_tokens > 0 && chat.usage.completion_tokens <= 20);
    assert.equal(chat.usage.total_tokens, chat.usage.prompt_tokens + chat.usage.completion_tokens);
    assert.equal(chat.usage.completion_tokens_details.reasoning_tokens, 0);
});

test("a stream joins to the whole answer and ends with usage", async () => {
    const request = { ...greedy, messages: ask("Name three colours."), max_completion_tokens: 24 };
    const whole = await client.chat.completions.create(request);
    const stream = await client.chat.completions.create({ ...request, stream: true, stream_options: { include_usage: true } });
    const chunks = await collect(stream);
    assert.equal(new Set(chunks.map((chunk) => `${chunk.id} ${chunk.created}`)).size, 1);
    assert.equal(chunks.filter((chunk) => chunk.choices[0]?.delta.role).length, 1);
    assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join(""), whole.choices[0].message.content);
    assert.equal(chunks.at(-2).choices[0].finish_reason, whole.choices[0].finish_reason);
    assert.deepEqual(chunks.at(-1).choices, []);
    assert.equal(chunks.at(-1).usage.completion_tokens, whole.usage.completion_tokens);
    assert.ok(chunks.at(-1).usage.prompt_tokens_details.cached_tokens > 0);
});

test("the client's own reader of streams gives the same", async () => {
    const request = { ...greedy, messages: ask("Name three colours."), max_completion_tokens: 24 };
    const whole = await client.chat.completions.create(request);
    const runner = client.chat.completions.stream(request);
    assert.equal(await runner.finalContent(), whole.choices[0].message.content);
});

test("n choices have numbers, one seed gives one answer", async () => {
    const request = { model, messages: ask("Tell me something."), reasoning_effort: "none", n: 3, seed: 7, max_tokens: 12 };
    const [one, two] = [await client.chat.completions.create(request), await client.chat.completions.create(request)];
    assert.deepEqual(one.choices.map((choice) => choice.index), [0, 1, 2]);
    assert.deepEqual(one.choices.map((choice) => choice.message.content), two.choices.map((choice) => choice.message.content));
});

test("probabilities belong to the tokens", async () => {
    const chat = await client.chat.completions.create({ ...greedy, messages: ask("Say hello."), max_tokens: 6, logprobs: true, top_logprobs: 3 });
    const tokens = chat.choices[0].logprobs.content;
    assert.equal(tokens.length, chat.usage.completion_tokens);
    for (const { token, logprob, bytes, top_logprobs } of tokens) {
        assert.ok(logprob <= 0 && top_logprobs.length === 3);
        assert.ok(top_logprobs[0].logprob >= top_logprobs[2].logprob);
        if (!token.includes("\ufffd")) assert.deepEqual(bytes, [...Buffer.from(token)]);
    }
});

test("a stop string is not shown", async () => {
    const request = { ...greedy, messages: ask("Count from one to five in words."), max_tokens: 40 };
    const full = (await client.chat.completions.create(request)).choices[0].message.content;
    const stop = full.slice(4, 7);
    const chat = await client.chat.completions.create({ ...request, stop });
    assert.equal(chat.choices[0].message.content, full.slice(0, full.indexOf(stop)));
    assert.equal(chat.choices[0].finish_reason, "stop");
});

test("answers obey a schema, and the client parses them", async () => {
    const schema = { type: "object", properties: { colour: { enum: ["red", "blue"] } }, required: ["colour"], additionalProperties: false };
    const chat = await client.chat.completions.parse({ ...greedy, messages: ask("Which colour has the sky?"),
        response_format: { type: "json_schema", json_schema: { name: "sky", strict: true, schema } } });
    assert.ok(["red", "blue"].includes(JSON.parse(chat.choices[0].message.content).colour));
});

test("a tool that must be called is called", async () => {
    const request = { ...greedy, messages: ask("What is the weather in Oslo?"), tools: [weather], tool_choice: "required", max_tokens: 200 };
    const chat = await client.chat.completions.create(request);
    const [call] = chat.choices[0].message.tool_calls;
    assert.equal(call.function.name, "get_weather");
    assert.equal(typeof JSON.parse(call.function.arguments).city, "string");
    assert.equal(chat.choices[0].finish_reason, "tool_calls");
    const none = await client.chat.completions.create({ ...request, tool_choice: "none", max_tokens: 20 });
    assert.equal(none.choices[0].message.tool_calls, undefined);
});

test("the tool runner brings results back", async () => {
    const asked = [];
    const runner = client.chat.completions.runTools({ ...greedy, messages: ask("What is the weather in Oslo?"), max_tokens: 200,
        tool_choice: { type: "function", function: { name: "get_weather" } },
        tools: [{ type: "function", function: { ...weather.function, parse: JSON.parse, function: (args) => { asked.push(args); return "sunny"; } } }] });
    await runner.done();
    assert.ok(asked.length >= 1);
    assert.ok(runner.messages.some((message) => message.role === "tool" && message.content === "sunny"));
});

test("completions take several prompts", async () => {
    const request = { model, prompt: ["Once upon", "The sky"], max_tokens: 6, temperature: 0, echo: true };
    const whole = await client.completions.create(request);
    assert.deepEqual(whole.choices.map((choice) => choice.index), [0, 1]);
    assert.ok(whole.choices[0].text.startsWith("Once upon") && whole.choices[1].text.startsWith("The sky"));
    const texts = ["", ""];
    for await (const { choices } of await client.completions.create({ ...request, stream: true }))
        for (const choice of choices) texts[choice.index] += choice.text;
    assert.deepEqual(texts, whole.choices.map((choice) => choice.text));
});

test("responses are whole or streamed", async () => {
    const request = { model, input: "Name three colours.", instructions: "Be brief.", temperature: 0, reasoning: { effort: "none" }, max_output_tokens: 40 };
    const whole = await client.responses.create(request);
    assert.equal(whole.object, "response");
    assert.ok(whole.output_text.length > 0);
    const events = await collect(await client.responses.create({ ...request, stream: true }));
    assert.deepEqual(events.map((event) => event.sequence_number), events.map((_, index) => index));
    assert.equal(events[0].type, "response.created");
    const text = events.filter((event) => event.type === "response.output_text.delta").map((event) => event.delta).join("");
    assert.equal(text, whole.output_text);
    assert.deepEqual(events.at(-1).response.output.map((item) => item.type), whole.output.map((item) => item.type));
});

test("responses call functions and take their results", async () => {
    const tools = [{ type: "function", strict: true, ...weather.function }];
    const input = [{ role: "user", content: "What is the weather in Oslo?" }];
    const request = { model, tools, temperature: 0, reasoning: { effort: "none" }, max_output_tokens: 200 };
    const first = await client.responses.create({ ...request, input, tool_choice: "required" });
    const call = first.output.find((item) => item.type === "function_call");
    assert.equal(call.name, "get_weather");
    const second = await client.responses.create({ ...request, tool_choice: "none", max_output_tokens: 20,
        input: [...input, ...first.output, { type: "function_call_output", call_id: call.call_id, output: "sunny" }] });
    assert.ok(second.output_text.length > 0);
});

test("models are listed and found", async () => {
    const models = await collect(client.models.list());
    const ember = models.find(({ id }) => id.startsWith("ember"));
    assert.equal((await client.models.retrieve(ember.id)).object, "model");
    await assert.rejects(client.models.retrieve("nobody/else"), OpenAI.NotFoundError);
});

test("a client that goes ends its stream, and its answer", async () => {
    const stream = await client.chat.completions.create({ ...greedy, max_completion_tokens: 1500, stop: ["no such text"],
        messages: ask("Tell me a long story."), stream: true });
    let n = 0;
    for await (const _ of stream) if (++n === 3) stream.controller.abort();
    assert.ok(n >= 3 && n < 100, `${n} pieces`); // those that had arrived are read
    await until(async () => await metric(server, "hearth_requests_running") === 0, 5000, "an answer that ends");
});

test("embeddings have a direction, alone and among others", async () => {
    const alone = await client.embeddings.create({ model, input: "a little fox", encoding_format: "float" });
    const many = await client.embeddings.create({ model, input: ["a big ship", "a little fox"] }); // base64 by the client
    const vector = alone.data[0].embedding;
    assert.ok(Math.abs(vector.reduce((sum, x) => sum + x * x, 0) - 1) < 1e-3);
    assert.equal(many.data.length, 2);
    many.data[1].embedding.forEach((x, i) => assert.ok(Math.abs(x - vector[i]) < 1e-6));
    assert.ok(alone.usage.prompt_tokens > 0);
});

test("errors have OpenAI's classes, codes and fields", async () => {
    const create = (fields) => client.chat.completions.create({ ...greedy, messages: ask("hi"), ...fields });
    const bad = async (fields, wanted) => assert.rejects(create(fields), (error) => {
        assert.ok(error instanceof OpenAI.BadRequestError, String(error));
        for (const [name, value] of Object.entries(wanted)) assert.equal(error[name], value);
        return true;
    });
    await assert.rejects(create({ model: "nobody" }), (error) => error instanceof OpenAI.NotFoundError && error.code === "model_not_found");
    await bad({ messages: [] }, { param: "messages" });
    await bad({ store: true }, { param: "store", code: "unsupported_parameter" });
    await bad({ messages: ask([{ type: "image_url", image_url: { url: "data:," } }]) }, { param: "messages[0].content[0]" });
    await bad({ messages: ask("word ".repeat(200_000)) }, { param: "messages", code: "context_length_exceeded" });
    await bad({ messages: ask("word ".repeat(200_000)), stream: true }, { code: "context_length_exceeded" });
    await assert.rejects(client.responses.create({ model, input: "hi", previous_response_id: "resp_1" }), { param: "previous_response_id" });
});

// test_anthropic.mjs: Anthropic's own client.
import Anthropic from "@anthropic-ai/sdk";
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startServer } from "./lib.mjs";

let server, client;
before(async () => {
    server = await startServer();
    client = new Anthropic({ baseURL: server.url, apiKey: "none", maxRetries: 0 });
});
after(() => server?.stop());

const ask = (content, more = {}) => ({ model: "ember", max_tokens: 24, temperature: 0,
    messages: [{ role: "user", content }], ...more });
const weather = { name: "get_weather", description: "Get the weather of a city",
    input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] } };

test("a message", async () => {
    const message = await client.messages.create(ask("Hello! How are you?"));
    assert.equal(message.type, "message");
    assert.equal(message.role, "assistant");
    assert.match(message.id, /^msg_[0-9a-f]{24}$/);
    assert.equal(message.content[0].type, "text");
    assert.ok(message.content[0].text.length > 0);
    assert.ok(["end_turn", "max_tokens"].includes(message.stop_reason));
    assert.ok(message.usage.input_tokens + message.usage.cache_read_input_tokens > 0);
    assert.ok(message.usage.output_tokens > 0 && message.usage.output_tokens <= 24);
});

test("a stream says the same as the whole answer", async () => {
    const whole = await client.messages.create(ask("Tell me a story about a fox."));
    const stream = client.messages.stream(ask("Tell me a story about a fox."));
    const pieces = [];
    stream.on("text", (text) => pieces.push(text));
    const message = await stream.finalMessage();
    assert.equal(message.content[0].text, whole.content[0].text);
    assert.equal(pieces.join(""), whole.content[0].text);
    assert.ok(pieces.length > 1);
    assert.equal(message.usage.output_tokens, whole.usage.output_tokens);
    assert.ok(message.usage.cache_read_input_tokens > 0, "the second time the prompt is in the cache");
});

test("tokens are counted as messages use them", async () => {
    const body = ask("Hello! How are you?", { system: "Be brief." });
    const { input_tokens } = await client.messages.countTokens({ model: body.model, system: body.system, messages: body.messages });
    const { usage } = await client.messages.create(body);
    assert.equal(usage.input_tokens + usage.cache_read_input_tokens, input_tokens);
});

test("a tool is called, streamed too, and its result is read", async () => {
    const body = ask("What is the weather in Paris?", { tools: [weather], tool_choice: { type: "tool", name: "get_weather" }, max_tokens: 100 });
    const message = await client.messages.create(body);
    assert.equal(message.stop_reason, "tool_use");
    const use = message.content.find((block) => block.type === "tool_use");
    assert.equal(use.name, "get_weather");
    assert.equal(typeof use.input.city, "string");
    const streamed = await client.messages.stream(body).finalMessage();
    assert.deepEqual(streamed.content.find((block) => block.type === "tool_use").input, use.input);
    const next = await client.messages.create({ ...body, tool_choice: { type: "none" }, messages: [...body.messages,
        { role: "assistant", content: message.content },
        { role: "user", content: [{ type: "tool_result", tool_use_id: use.id, content: "Sunny, 20 degrees" }] }] });
    assert.ok(next.content.every((block) => block.type !== "tool_use"));
});

test("a stop sequence ends the answer and is told", async () => {
    const whole = await client.messages.create(ask("Tell me a story about a fox."));
    const word = whole.content[0].text.split(" ")[3];
    const message = await client.messages.create(ask("Tell me a story about a fox.", { stop_sequences: [` ${word}`] }));
    assert.equal(message.stop_reason, "stop_sequence");
    assert.equal(message.stop_sequence, ` ${word}`);
    assert.ok(!message.content[0].text.includes(` ${word}`));
});

test("an answer in the form of a schema", async () => {
    const schema = { type: "object", properties: { colour: { enum: ["red", "green"] } }, required: ["colour"], additionalProperties: false };
    const message = await client.messages.create(ask("Red or green?", { output_config: { format: { type: "json_schema", schema } } }));
    assert.ok(["red", "green"].includes(JSON.parse(message.content[0].text).colour));
});

test("a stream that is aborted ends", async () => {
    const stream = client.messages.stream(ask("Tell me a story about a fox.", { max_tokens: 400, stop_sequences: ["no such text"] }));
    await assert.rejects(async () => {
        for await (const event of stream) if (event.type === "content_block_delta") stream.abort();
    });
});

test("errors are those of the client", async () => {
    await assert.rejects(client.messages.create(ask("Hi", { model: "nobody" })), (error) =>
        error instanceof Anthropic.NotFoundError && /nobody/.test(error.message));
    await assert.rejects(client.messages.create(ask("Hi", { max_tokens: 0 })), Anthropic.BadRequestError);
    await assert.rejects(client.messages.create(ask([{ type: "image", source: { type: "base64", media_type: "image/png", data: "" } }])),
        (error) => error instanceof Anthropic.BadRequestError && /image/.test(error.message));
    await assert.rejects(client.messages.create(ask("word ".repeat(5000))), (error) =>
        error instanceof Anthropic.BadRequestError && /\d{4}/.test(error.message));
});

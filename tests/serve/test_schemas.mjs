// test_schemas.mjs: generated tools and response schemas through the three dialects, as their clients see the answers: every
// call and every object validates by another's validator. CASES=1000,200 (tools, responses) are all of them.
import Anthropic from "@anthropic-ai/sdk";
import Ajv from "ajv/dist/2020.js";
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Ollama } from "ollama";
import OpenAI from "openai";
import { startServer } from "./lib.mjs";
import { Maker } from "./random_schemas.mjs";

const [nTools, nResponses] = (process.env.CASES ?? "60,30").split(",").map(Number);
const together = 8, most = 300;
const ajv = new Ajv({ strict: false, validateFormats: false });
const question = "Please do what fits: Anna wants the blue one in Paris on the 3rd of May.";
const messages = [{ role: "user", content: question }];

let server, ollama, openai, anthropic;
before(async () => {
    server = await startServer({ args: ["--keep-alive", "-1"] });
    ollama = new Ollama({ host: server.url });
    openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none", maxRetries: 0 });
    anthropic = new Anthropic({ baseURL: server.url, apiKey: "none", maxRetries: 0 });
});
after(() => server?.stop());

/** All numbers below n, a few at a time. */
async function each(n, work) {
    let next = 0;
    await Promise.all(Array.from({ length: together }, async () => {
        while (next < n) {
            const i = next++;
            try {
                await work(i);
            } catch (error) {
                error.message = `case ${i}: ${error.message}`;
                throw error;
            }
        }
    }));
}

function assertValid(schema, value, what) {
    assert.ok(ajv.validate(schema, value), `${what}: ${JSON.stringify(value)} by ${JSON.stringify(schema)}: ${ajv.errorsText()}`);
}

/** calls: [{ name, arguments }] */
function assertCalls(tools, calls) {
    assert.ok(calls.length > 0, "no call");
    for (const call of calls) {
        const tool = tools.find((one) => one.name === call.name);
        assert.ok(tool, `a call of ${call.name}`);
        assertValid(tool.parameters, call.arguments, call.name);
    }
}

const declared = (tools) => tools.map((tool) => ({ type: "function", function: tool }));

test("calls in Ollama's dialect", () => each(nTools, async (i) => {
    const tools = new Maker(i).tools();
    const { message } = await ollama.chat({ model: "ember", messages, tools: declared(tools), tool_choice: "required",
        options: { num_predict: most, seed: i } });
    assertCalls(tools, message.tool_calls.map((call) => call.function));
}));

test("calls in OpenAI's dialect, by its tool runner", () => each(nTools, async (i) => {
    const tools = new Maker(i).tools(), calls = [];
    const runner = openai.chat.completions.runTools({
        model: "ember", messages, tool_choice: "required", max_completion_tokens: most, seed: i, stream: false,
        tools: tools.map((tool) => ({ type: "function", function: { ...tool, parse: JSON.parse,
            function: (args) => { calls.push({ name: tool.name, arguments: args }); runner.abort(); return "done"; } } })),
    });
    await runner.done().catch((error) => { if (!(error instanceof OpenAI.APIUserAbortError)) throw error; });
    assertCalls(tools, calls);
}));

test("calls in Anthropic's dialect, streamed", () => each(nTools, async (i) => {
    const tools = new Maker(i).tools();
    const message = await anthropic.messages.stream({ model: "ember", max_tokens: most, messages, tool_choice: { type: "any" },
        tools: tools.map((tool) => ({ name: tool.name, description: tool.description, input_schema: tool.parameters })) }).finalMessage();
    assertCalls(tools, message.content.filter((block) => block.type === "tool_use").map((use) => ({ name: use.name, arguments: use.input })));
}));

test("objects in Ollama's format", () => each(nResponses, async (i) => {
    const schema = new Maker(5000 + i).object(2);
    const { message } = await ollama.chat({ model: "ember", messages, format: schema, options: { num_predict: most, seed: i } });
    assertValid(schema, JSON.parse(message.content), "content");
}));

test("objects parsed by OpenAI's client", () => each(nResponses, async (i) => {
    const schema = new Maker(5000 + i).object(2);
    const answer = await openai.chat.completions.parse({ model: "ember", messages, max_completion_tokens: most, seed: i,
        response_format: { type: "json_schema", json_schema: { name: "answer", strict: true, schema }, $brand: "auto-parseable-response-format", $parseRaw: JSON.parse } });
    const [{ message }] = answer.choices;
    assertValid(schema, message.parsed ?? JSON.parse(message.content), "parsed");
}));

test("objects in Anthropic's output format", () => each(nResponses, async (i) => {
    const schema = new Maker(5000 + i).object(2);
    const message = await anthropic.messages.create({ model: "ember", max_tokens: most, messages,
        output_config: { format: { type: "json_schema", schema } } });
    assertValid(schema, JSON.parse(message.content[0].text), "text");
}));

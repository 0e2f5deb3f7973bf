// test_memory.mjs: two models and memory for one: who needs the other's place waits, and nobody waits for ever.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { metric, post, slowModel, startServer, until } from "./lib.mjs";

const ask = (server, model, num_predict, options = {}) => post(server, "/api/generate",
    { model, prompt: "Once upon a time", raw: true, stream: false, options: { num_predict, temperature: 0, stop_loops: false } }, options);
const waiting = (server, model) => metric(server, "hearth_requests_waiting", { model: `${model}:latest` });
const running = (server, model) => metric(server, "hearth_requests_running", { model: `${model}:latest` });
const waits = (server, model) => until(async () => await waiting(server, model) === 1, 10_000, `a request that waits for ${model}`);

async function assertAnswers(promise) {
    const response = await promise, body = await response.json();
    assert.equal(response.status, 200, body.error);
    return body;
}

/** An answer that takes minutes, once it runs; its abort() ends it. */
async function occupy(server, model) {
    const controller = new AbortController();
    ask(server, model, 5000, { signal: controller.signal }).catch(() => {});
    await until(async () => await running(server, model) === 1, 20_000, `an answer of ${model}`);
    return controller;
}

let memory;
before(async () => {
    const server = await startServer({ models: [slowModel()], args: ["--memory", "1MB"] });
    try {
        const needs = [];
        for (const model of ["slow", "ember"]) {
            const response = await ask(server, model, 1), { error } = await response.json();
            assert.equal(response.status, 500, "what can never fit is refused at once");
            assert.equal(response.headers.get("retry-after"), null);
            const found = /needs ([\d.]+) MB .* the budget is 1\.00 MB/.exec(error);
            assert.ok(found, error);
            needs.push(Number(found[1]) * 1e6);
        }
        memory = Math.ceil(Math.max(...needs) + Math.min(...needs) / 2);
    } finally {
        await server.stop();
    }
});

test("a model waits until a busy one is idle, which answers others meanwhile; it goes with its client", async () => {
    const server = await startServer({ models: [slowModel()], args: ["--memory", `${memory}`, "--yield-after", "5m", "--max-queue", "3"] });
    try {
        const busy = await occupy(server, "slow"), gone = new AbortController();
        ask(server, "ember", 3, { signal: gone.signal }).catch(() => {});
        await waits(server, "ember");
        gone.abort();
        await until(async () => await waiting(server, "ember") === 0, 10_000, "a request that goes with its client");

        const answer = ask(server, "ember", 3);
        await waits(server, "ember");
        await assertAnswers(ask(server, "slow", 2));
        assert.equal(await waiting(server, "ember"), 1);
        const other = ask(server, "ember", 3);
        await until(async () => await waiting(server, "ember") === 2, 10_000, "two that wait");
        const refused = await ask(server, "ember", 3); // three are not answered yet
        assert.equal(refused.status, 503);
        assert.ok(Number(refused.headers.get("retry-after")) > 0);
        assert.match((await refused.json()).error, /maximum pending requests exceeded/);

        busy.abort();
        for (const one of [answer, other]) assert.ok((await assertAnswers(one)).load_duration > 0);
        assert.equal(await metric(server, "hearth_memory_bytes", { model: "slow:latest" }), 0);
        await assertAnswers(ask(server, "slow", 2));
    } finally {
        await server.stop();
    }
});

test("a steady stream of requests to one model does not keep another out", async () => {
    const server = await startServer({ models: [slowModel()], args: ["--memory", `${memory}`, "--yield-after", "200ms"] });
    try {
        let isOver = false, n = 0;
        const stream = async () => { for (; !isOver; n++) await assertAnswers(ask(server, "slow", 12)); };
        const streams = Array.from({ length: 4 }, stream);
        await until(() => n > 4, 60_000, "answers of the busy model");
        for (let turn = 0; turn < 3; turn++) {
            await assertAnswers(ask(server, "ember", 3));
            const before = n;
            await until(() => n > before + 4, 60_000, "the busy model's turn");
        }
        isOver = true;
        await Promise.all(streams);
        assert.ok(await metric(server, "hearth_model_load_seconds_count", { model: "ember:latest" }) >= 2);
        assert.equal(await metric(server, "hearth_worker_deaths_total"), 0);
    } finally {
        await server.stop();
    }
});

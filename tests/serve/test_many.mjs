// test_many.mjs: many clients at once get what each would get alone, from a cold cache and a warm one, in fair shares.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { metric, post, startServer } from "./lib.mjs";

let server;
before(async () => { server = await startServer({ args: ["--keep-alive", "-1"] }); });
after(() => server?.stop());

const prompts = Array.from({ length: 32 }, (_, i) => `Story ${i}. ${["Once upon a time", "The old king", "One morning Anna", "It was a cold night"][i % 4]} `
    + "there was ".repeat(i));
const ask = async (i) => {
    const response = await post(server, "/api/generate", { model: "ember", raw: true, stream: false, prompt: prompts[i],
        options: { temperature: 0, num_predict: 30 } });
    const answer = await response.json();
    assert.equal(response.status, 200, answer.error);
    return answer;
};
const texts = (answers) => answers.map((answer) => answer.response);

test("greedy answers are the same for 1, 8 and 32 clients, from a cold cache and a warm one", async () => {
    const together = await Promise.all(prompts.map((_, i) => ask(i))); // nothing was read before
    const alone = [];
    for (let i = 0; i < prompts.length; i++) alone.push(await ask(i));
    assert.deepEqual(texts(together), texts(alone));
    assert.ok(alone.some((answer) => answer.cached_tokens > 0), "the second time prompts are in the cache");
    for (let begin = 0; begin < prompts.length; begin += 8) {
        const eight = await Promise.all(prompts.slice(begin, begin + 8).map((_, i) => ask(begin + i)));
        assert.deepEqual(texts(eight), texts(alone.slice(begin, begin + 8)));
    }
    await post(server, "/api/generate", { model: "ember", keep_alive: 0 });
    const cold = [];
    for (let i = 0; i < 8; i++) cold.push(await ask(i));
    assert.deepEqual(texts(cold), texts(alone.slice(0, 8)), "by a worker that has read nothing before");
});

test("64 clients that stream are served together, none much less than another", async () => {
    const until = performance.now() + 4000, counts = new Array(64).fill(0);
    let total = 0; // several answers of each, also where the machine is slow: some answers are short
    await Promise.all(counts.map(async (_, i) => {
        while (performance.now() < until || total < 64 * 256) {
            const response = await post(server, "/api/generate", { model: "ember", raw: true, prompt: `Client ${i}: once`,
                options: { temperature: 1, seed: i, num_predict: 64 } });
            assert.equal(response.status, 200);
            for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
                assert.ok(!part.includes("\"error\""), part);
                const n = part.split("\n").length - 1;
                counts[i] += n;
                total += n;
            }
        }
    }));
    const sorted = [...counts].sort((a, b) => a - b);
    assert.ok(sorted[0] * 2 >= sorted[32], `the slowest has ${sorted[0]}, the median ${sorted[32]}`);
    assert.equal(await metric(server, "hearth_worker_deaths_total"), 0);
});

test("two clients with different context lengths share one loaded model", async () => {
    const loads = await metric(server, "hearth_model_load_seconds_count");
    for (const num_ctx of [256, 1024, undefined]) {
        const response = await post(server, "/api/generate", { model: "ember", prompt: "Hi", stream: false, options: { num_ctx, num_predict: 3 } });
        assert.equal(response.status, 200);
        assert.equal((await response.json()).n_ctx, num_ctx ?? 2048);
    }
    assert.equal(await metric(server, "hearth_model_load_seconds_count"), loads);
});

// test_faults.mjs: what goes wrong ends with a message that says so, and everybody else is served on.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, truncateSync, unlinkSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { childrenOf, isSanitized, metric, post, sleep, slowModel, startServer, until, workerOf } from "./lib.mjs";

const long = Array.from({ length: 200 }, (_, i) => `word${(i * 7919) % 997}`).join(" ");
const slow = (more = {}) => ({ model: "slow", prompt: long, raw: true, stream: true, options: { num_predict: 500, temperature: 0 }, ...more });

let server;
before(async () => {
    server = await startServer({ models: [slowModel()], args: ["--request-timeout", "1s", "--log-level", "debug"] });
    await post(server, "/api/generate", { model: "ember" });
});
after(() => server?.stop());

async function assertEmberAnswers() {
    const response = await post(server, "/api/generate", { model: "ember", prompt: "Hi", stream: false, options: { num_predict: 4 } });
    assert.equal(response.status, 200);
    assert.ok((await response.json()).done);
}

const used = () => metric(server, "hearth_kv_bytes", { state: "used", model: "slow:latest" });

/** Lines of a stream as they come. */
async function* lines(response) {
    let rest = "";
    for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
        const all = (rest + part).split("\n");
        rest = all.pop();
        for (const line of all) yield JSON.parse(line);
    }
}

test("a worker that is killed while it reads a prompt", async () => {
    const answer = post(server, "/api/generate", slow({ stream: false }));
    const pid = await until(() => workerOf(server, "slow"), 20_000, "the worker");
    await sleep(100);
    process.kill(pid, "SIGKILL");
    const response = await answer;
    assert.equal(response.status, 500);
    assert.match((await response.json()).error, /signal 9/);
    await assertEmberAnswers();
});

test("a worker that is killed in the middle of an answer, and started again", async () => {
    const response = await post(server, "/api/generate", slow({ prompt: "Once" }));
    let last, n = 0;
    for await (const line of lines(response)) {
        last = line;
        if (++n === 3) process.kill(await workerOf(server, "slow"), "SIGKILL");
    }
    assert.match(last.error, /signal 9/);
    await assertEmberAnswers();
    const again = await post(server, "/api/generate", slow({ prompt: "Once", stream: false, options: { num_predict: 2 } }));
    assert.equal(again.status, 200);
    assert.ok(await metric(server, "hearth_worker_deaths_total") >= 2);
});

test("a client that goes while its prompt is read frees its pages within 100 ms", { skip: isSanitized && "a sanitizer's step takes seconds" }, async () => {
    await post(server, "/api/generate", { model: "slow" });
    const controller = new AbortController();
    const answer = post(server, "/api/generate", slow({ prompt: `gone ${long}` }), { signal: controller.signal });
    answer.catch(() => {});
    await until(async () => await used() > 0, 10_000, "a prompt that is read");
    const began = performance.now();
    controller.abort();
    await until(async () => await used() === 0, 5000, "pages that are free");
    const took = performance.now() - began;
    assert.ok(took < 1000, `pages were free after ${took} ms`); // the time itself is for bench/serve.mjs
});

test("requests that are sent half are given up, and nobody waits for them", async () => {
    const socket = net.connect(server.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write("POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{\"model\":");
    const closed = new Promise((done) => socket.on("close", done));
    await assertEmberAnswers();
    await Promise.race([closed, sleep(8000).then(() => assert.fail("the connection is still open"))]);
});

test("what is no HTTP and no JSON harms nobody", async () => {
    const hostile = ["\0\0\0\0", "GET", "GET / HTTP/9.9\r\n\r\n", `GET /${"a".repeat(100_000)} HTTP/1.1\r\n\r\n`,
        `GET / HTTP/1.1\r\n${"X: y\r\n".repeat(20_000)}\r\n`, "POST /api/chat HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "\r\n".repeat(1000)];
    await Promise.all(hostile.map((bytes) => new Promise((done) => {
        const socket = net.connect(server.port, "127.0.0.1");
        socket.on("error", done).on("close", done);
        socket.resume().end(bytes);
        setTimeout(() => socket.destroy(), 3000);
    })));
    for (const path of ["/api/chat", "/api/generate", "/api/embed", "/v1/chat/completions", "/v1/responses", "/v1/messages", "/tokenize"])
        for (const body of ["", "{", "[]", "null", "{\"model\":5}", `${"[".repeat(100_000)}`, "{\"model\":\"\\ud800\"}"]) {
            const response = await fetch(`${server.url}${path}`, { method: "POST", body });
            assert.ok(response.status >= 400 && response.status < 500, `${path} ${body.slice(0, 40)}: ${response.status}`);
            const text = await response.text();
            assert.match(text, /^\{.*"error":/, `${path} ${body.slice(0, 40)}`);
        }
    await assertEmberAnswers();
});

test("a model whose file is deleted goes on; one whose file is cut ends with a message", { skip: isSanitized && "a sanitizer tells of SIGBUS in its own way" }, async () => {
    const folder = join(server.home, "models"), file = join(folder, "cut.gguf");
    mkdirSync(folder, { recursive: true });
    copyFileSync(slowModel(), file);
    const ask = (prompt) => post(server, "/api/generate", { model: "cut", prompt, raw: true, stream: false, options: { num_predict: 3 } });
    assert.equal((await ask("a")).status, 200);
    truncateSync(file, 4096);
    const response = await ask("b");
    assert.equal(response.status, 500);
    assert.match((await response.json()).error, /signal 7|SIGBUS|bus error/i);
    unlinkSync(file);
    await until(async () => (await ask("c")).status === 404, 5000, "a model that is not found");
    copyFileSync(slowModel(), file);
    assert.equal((await ask("d")).status, 200);
    unlinkSync(file);
    assert.equal((await ask("e")).status, 200, "its file is gone, the model is in memory");
    await assertEmberAnswers();
});

test("a worker that gets no memory", { skip: isSanitized ? "a sanitizer needs memory itself" : !existsSync("/usr/bin/prlimit") && "no prlimit" }, async () => {
    const other = await startServer({ models: [slowModel()] });
    try {
        await post(other, "/api/generate", { model: "slow" });
        const pid = await workerOf(other, "slow");
        const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[0]);
        execFileSync("prlimit", ["--pid", String(pid), `--as=${pages * 4096 + (1 << 20)}`]);
        const response = await post(other, "/api/generate", slow({ stream: false }));
        assert.ok(response.status >= 500, `status ${response.status}`);
        assert.match((await response.json()).error, /memory/);
        process.kill(await workerOf(other, "slow") ?? pid, "SIGKILL"); // the next one has no limit
        await until(() => !existsSync(`/proc/${pid}`), 5000, "the worker's end");
        const again = await post(other, "/api/generate", slow({ prompt: "a", stream: false, options: { num_predict: 2 } }));
        assert.equal(again.status, 200);
    } finally {
        await other.stop();
    }
});

test("a log on a full disk stops nobody", { skip: !existsSync("/dev/full") && "no /dev/full" }, async () => {
    const other = await startServer({ args: ["--log-file", "/dev/full", "--log-level", "debug"] });
    try {
        const response = await post(other, "/api/generate", { model: "ember", prompt: "Hi", stream: false, options: { num_predict: 3 } });
        assert.equal(response.status, 200);
    } finally {
        await other.stop();
    }
});

test("a server that is told to end lets answers end, and leaves no worker behind", async () => {
    const other = await startServer({});
    const answer = post(other, "/api/generate", { model: "ember", prompt: "Once upon a time", raw: true, stream: false,
        options: { num_predict: 60, temperature: 0 } });
    const workers = await until(() => { const all = childrenOf(other.pid); return all.length && all; }, 10_000, "a worker");
    await sleep(20);
    const how = other.stop();
    assert.equal((await answer).status, 200);
    assert.deepEqual(await how, { code: 0, signal: null });
    for (const pid of workers) assert.ok(!existsSync(`/proc/${pid}`), "a worker outlives the server");
});

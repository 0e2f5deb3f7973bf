// test_run.mjs: `hearth run` as a client: whose server answers, and what becomes of it.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import http from "node:http";
import net from "node:net";
import { test } from "node:test";
import { childrenOf, hearth, metric, slowModel, startServer, until, workerOf } from "./lib.mjs";

const nobody = "127.0.0.1:1", slow = slowModel();

/** A `hearth run` that is going on: its process, what it says so far, and how it ends. */
function start(args, { host = nobody, home = "/nonexistent", env = {} } = {}) {
    const child = spawn(hearth, ["run", ...args], {
        stdio: ["ignore", "pipe", "pipe"],
        env: { PATH: process.env.PATH, HOME: home, HEARTH_HOST: host, ...env },
    });
    const said = { child, out: "", err: "" };
    child.stdout.setEncoding("utf8").on("data", (text) => said.out += text);
    child.stderr.setEncoding("utf8").on("data", (text) => said.err += text);
    said.ended = new Promise((done) => child.on("close", (code, signal) => done({ code, signal })));
    return said;
}

async function run(args, options) {
    const said = start(args, options);
    return { ...await said.ended, out: said.out, err: said.err };
}

const greeting = ["ember", "Who are you?", "--temperature", "0", "--num-predict", "12"];
const endless = ["Tell me a story.", "--raw", "--seed", "1", "--no-display-prompt"];

test("the user's server answers where it knows the model, and goes on holding it", async () => {
    const server = await startServer();
    const alone = await run(greeting);
    assert.deepEqual({ code: alone.code, err: alone.err }, { code: 0, err: "" });
    assert.equal(await workerOf(server, "ember"), undefined);
    const served = await run(greeting, { host: `127.0.0.1:${server.port}` });
    assert.deepEqual(served, alone);
    assert.ok(await workerOf(server, "ember"));
    assert.equal(await metric(server, "hearth_answer_tokens_total"), 12);
    await server.stop();
});

test("a file is opened by a server of its own, as is what asks for another engine", async () => {
    const server = await startServer();
    const host = `127.0.0.1:${server.port}`;
    for (const args of [[slow, "--raw", "Hi"], ["ember", "Hi", "--threads", "1"], ["ember", "Hi", "--kv-cache-type", "bf16"]])
        assert.equal((await run([...args, "--num-predict", "2"], { host })).code, 0);
    assert.equal(await metric(server, "hearth_answer_tokens_total"), 0);
    await server.stop();
});

test("what it was told how long to keep, the server keeps", async () => {
    const server = await startServer();
    const host = `127.0.0.1:${server.port}`;
    assert.equal((await run(["ember", "", "--keepalive", "-1"], { host })).code, 0);
    const [model] = (await (await fetch(`${server.url}/api/ps`)).json()).models;
    assert.ok(Date.parse(model.expires_at) > Date.now() + 365 * 86400e3);
    assert.equal((await run([...greeting, "--keepalive", "0"], { host })).code, 0);
    await until(async () => !await workerOf(server, "ember"), 5000, "the end of the model");
    const wrong = await run([...greeting, "--keepalive", "soon"], { host });
    assert.equal(wrong.code, 1);
    assert.match(wrong.err, /^Error: .*soon/);
    await server.stop();
});

test("a server that is none of hearth's, or without the model, leaves it to a private one", async () => {
    const asked = [];
    const other = http.createServer((request, response) => {
        asked.push(request.url);
        response.end(JSON.stringify({ version: "0.30.0", response: "I am another.", done: true }));
    }).listen(0, "127.0.0.1");
    await new Promise((done) => other.on("listening", done));
    const answer = await run(greeting, { host: `127.0.0.1:${other.address().port}` });
    assert.equal(answer.code, 0);
    assert.match(answer.out, /ember/);
    assert.deepEqual(asked, ["/api/version"]);
    other.close();

    const server = await startServer({ env: { HEARTH_API_KEY: "key-of-somebody-else" }, args: ["--host", "0.0.0.0:0"] });
    assert.equal((await run(greeting, { host: `127.0.0.1:${server.port}` })).out, answer.out);
    const unknown = await run(["llama", "Hi"], { host: `127.0.0.1:${server.port}` });
    assert.equal(unknown.code, 1);
    assert.match(unknown.err, /^Error: .*llama/);
    await server.stop();
});

test("what listens there and says nothing does not hold it up for ever", async (t) => {
    const sockets = [];
    const mute = net.createServer((socket) => sockets.push(socket.on("error", () => {}))).listen(0, "127.0.0.1");
    t.after(() => { mute.close(); sockets.forEach((socket) => socket.destroy()); });
    await new Promise((done) => mute.on("listening", done));
    const answer = await run(greeting, { host: `127.0.0.1:${mute.address().port}` });
    assert.deepEqual([answer.code, answer.err], [0, ""]);
    assert.equal(sockets.length > 0, true);
});

test("a server on another machine is not replaced", async () => {
    const answer = await run(greeting, { host: "http://no-such-host.invalid:11434" });
    assert.equal(answer.code, 1);
    assert.match(answer.err, /^Error: .*no-such-host\.invalid/);
});

test("Ctrl-C ends the answer at the server, too", async () => {
    const server = await startServer({ models: [slow] });
    const said = start(["slow", ...endless, "--verbose"], { host: `127.0.0.1:${server.port}` });
    await until(() => said.out.length > 20, 20_000, "an answer");
    said.child.kill("SIGINT");
    assert.deepEqual(await said.ended, { code: 130, signal: null });
    const counted = /^eval count: +(\d+) token/m.exec(said.err);
    assert.ok(Number(counted?.[1]) > 0, said.err);
    await until(async () => await metric(server, "hearth_requests_running") === 0, 5000, "the end of the answer");
    await server.stop();
});

test("it says what happened when the model's process dies, or the server", async () => {
    const server = await startServer({ models: [slow] });
    const host = `127.0.0.1:${server.port}`;
    for (const kill of [async () => process.kill(await workerOf(server, "slow"), "SIGKILL"), () => server.child.kill("SIGKILL")]) {
        const said = start(["slow", ...endless], { host });
        await until(() => said.out.length > 20, 20_000, "an answer");
        await kill();
        assert.deepEqual(await said.ended, { code: 1, signal: null });
        assert.match(said.err, /^Error: .*(signal 9|SIGKILL|went away)/);
        assert.match(said.out, /\n$/);
    }
    await server.stop();
});

test("it survives a server's answers that are none", async (t) => {
    const version = execFileSync(hearth, ["--version"], { encoding: "utf8" }).trim().split(" ").at(-1);
    let shown = "{}", answer = "";
    const server = http.createServer((request, response) => {
        if (request.url === "/api/version") response.end(JSON.stringify({ version: "0", hearth: version }));
        else if (request.url === "/api/show") response.end(shown);
        else if (request.url === "/api/chat") response.end(answer);
        else response.end('{"done":true}');
    }).listen(0, "127.0.0.1");
    t.after(() => server.close());
    await new Promise((done) => server.on("listening", done));
    const host = `127.0.0.1:${server.address().port}`, deep = "[".repeat(100_000);
    const done = '{"done":true,"done_reason":"stop"}\n', said = '{"message":{"content":"so far"}}\n';
    const expected = [ // exit status, what is printed, what is said of it
        [`${said}${done}`, 0, "so far\n", ""],
        [said, 1, "so far\n", "no end"],
        ["", 1, "", "no end"],
        [`${said}{"error":"out of luck"}\n`, 1, "so far\n", "out of luck"],
        [`${said}nonsense\n`, 1, "so far\n", "the server's answer"],
        [`${said}${deep}\n`, 1, "so far\n", "the server's answer"],
        [`null\n7\n[]\n{"message":7}\n{"message":{"content":7}}\n${said}${done}`, 0, "so far\n", ""],
        [`${said}{"message":{"tool_calls":{"a":1}}}\n${done}`, 1, "so far\n", "tool call without a name"],
        [`{"message":{"tool_calls":[{"function":{"name":"f","index":-1,"arguments":"x"}}]}}\n${done}`, 0, undefined, ""],
        [`{"message":{"tool_calls":[{"function":7}]}}\n${done}`, 1, "", "tool call without a name"],
        [`{"logprobs":[null,{"bytes":[1e9,-1,"x"],"top_logprobs":[[]]}],"message":{"content":"so far"}}\n${done}`, 0, "so far\n", undefined],
        [`{"eval_count":-5,"prompt_eval_count":1e300,"n_ctx":"x","done":"yes"}\n${said}{"done":true,"eval_duration":-1}\n`, 0, "so far\n", undefined],
    ];
    for (const [lines, code, out, err] of expected) {
        answer = lines;
        for (const flags of [[], ["--events"], ["--verbose", "--logprobs", "1"]]) {
            const ran = await run(["any", "Hi", ...flags], { host });
            assert.equal(ran.code, code, `${lines.slice(0, 200)}: ${JSON.stringify(ran)}`);
            if (flags.length === 0 && out !== undefined) assert.equal(ran.out, out);
            if (err) assert.match(ran.err, new RegExp(`^Error: .*${err}`));
        }
    }
    answer = `${said}${done}`;
    for (const [facts, code] of [["nonsense", 1], ["", 1], [deep, 1], ["[]", 0], ['{"is_plain":7,"details":[],"template":{}}', 0]]) {
        shown = facts;
        assert.equal((await run(["any", "Hi"], { host })).code, code, facts.slice(0, 100));
    }
});

test("a private server ends with its client, however that ends", async () => {
    for (const signal of ["SIGKILL", "SIGTERM", "SIGINT"]) {
        const said = start([slow, ...endless]);
        await until(() => said.out.length > 20, 20_000, "an answer");
        const [server] = childrenOf(said.child.pid), [worker] = childrenOf(server);
        assert.ok(server && worker);
        said.child.kill(signal);
        await said.ended;
        for (const pid of [server, worker])
            await until(() => { try { process.kill(pid, 0); return false; } catch { return true; } }, 5000, `the end of ${pid}`);
    }
});

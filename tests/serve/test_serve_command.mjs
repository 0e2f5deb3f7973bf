// test_serve_command.mjs: how `hearth serve` begins, is told things by signals, and ends.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync, chmodSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { childrenOf, hearth, post, sleep, slowModel, startServer, until } from "./lib.mjs";

const longAnswer = { model: "ember", prompt: "Tell me a story.", options: { num_predict: 400 } };
const endless = { ...longAnswer, options: { num_predict: -1, num_ctx: 2048 } };

test("it says where it listens, and that it is ready", async () => {
    const server = await startServer();
    assert.equal(await (await fetch(`${server.url}/healthz`)).text(), "ok\n");
    assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
    assert.match(server.log(), new RegExp(`listening address=127.0.0.1 port=${server.port} models=\\S+ memory_bytes=\\d+`));
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
});

test("SIGTERM lets a running answer end, and refuses new ones", async () => {
    const server = await startServer();
    const answer = await post(server, "/api/generate", longAnswer);
    const reader = answer.body.getReader();
    await reader.read();
    server.child.kill("SIGTERM");
    await until(async () => (await fetch(`${server.url}/readyz`)).status === 503, 2000, "not ready");
    assert.equal((await post(server, "/api/generate", longAnswer)).status, 503);
    let text = "";
    for (let part; !(part = await reader.read()).done;) text += Buffer.from(part.value).toString();
    assert.match(text, /"done":true/);
    assert.deepEqual(await server.stop("SIGCONT"), { code: 0, signal: null });
});

test("a second signal ends it at once", async () => {
    const server = await startServer({ models: [slowModel()] });
    const answer = await post(server, "/api/generate", { ...endless, model: "slow" });
    await answer.body.getReader().read();
    server.child.kill("SIGTERM");
    await until(() => server.log().includes("shutting down"), 2000, "the end");
    await sleep(100);
    assert.equal(server.child.exitCode, null);
    assert.deepEqual(await server.stop(), { code: null, signal: "SIGTERM" });
});

test("requests that take too long are cut off", async () => {
    const server = await startServer({ models: [slowModel()], args: ["--shutdown-timeout", "200ms"] });
    const answer = await post(server, "/api/generate", { ...endless, model: "slow" });
    const reader = answer.body.getReader();
    await reader.read();
    const begin = performance.now();
    assert.equal((await server.stop()).code, 0);
    assert.ok(performance.now() - begin < 5000);
    assert.match(server.log(), /cutting requests off/);
    await assert.rejects((async () => { while (!(await reader.read()).done); })());
});

test("SIGHUP opens the log anew", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hearth-log-"));
    const path = join(folder, "log");
    const server = await startServer({ args: ["--log-file", path, "--log-format", "json"] });
    renameSync(path, `${path}.1`);
    server.child.kill("SIGHUP");
    await until(() => existsSync(path) && readFileSync(path, "utf8").includes("opened the log anew"), 2000, "a new log");
    for (const line of readFileSync(`${path}.1`, "utf8").trim().split("\n")) JSON.parse(line);
    await server.stop();
    rmSync(folder, { recursive: true });
});

test("another address than loopback has a key, made for its owner alone", async () => {
    const server = await startServer({ args: ["--host", "0.0.0.0:0"] });
    const path = /made a key that clients must show file=(\S+)/.exec(server.log())[1];
    const key = readFileSync(path, "utf8").trim();
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal((await fetch(`${server.url}/api/tags`)).status, 401);
    assert.equal((await fetch(`${server.url}/api/tags`, { headers: { authorization: `Bearer ${key}` } })).status, 200);
    assert.equal((await fetch(`${server.url}/v1/models`, { headers: { "x-api-key": key } })).status, 200);
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
    assert.ok(!server.log().includes(key), "the key is in the log");
    await server.stop();
});

test("a key that others may read is refused", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hearth-key-"));
    const path = join(folder, "key");
    writeFileSync(path, "a-key-that-is-long-enough\n");
    chmodSync(path, 0o644);
    await assert.rejects(startServer({ args: ["--host", "0.0.0.0:0", "--api-key-file", path] }), /its mode is 644, and must be 600/);
    const open = await startServer({ args: ["--host", "0.0.0.0:0", "--no-auth"] });
    assert.equal((await fetch(`${open.url}/api/tags`)).status, 200);
    assert.match(open.log(), /without a key/);
    await open.stop();
    rmSync(folder, { recursive: true });
});

test("what makes no sense is told", async () => {
    const run = (...args) => {
        try {
            return execFileSync(hearth, ["serve", ...args], { stdio: "pipe", timeout: 5000 }).toString();
        } catch (error) {
            return `${error.status} ${error.stderr}`;
        }
    };
    assert.match(run("--no-such-setting", "1"), /^2 .*no-such-setting/);
    assert.match(run("--keep-alive", "soon"), /^1 [^]*keep_alive/);
    assert.match(run("--host", "127.0.0.1:0", "/no/such/model.gguf"), /^1 [^]*\/no\/such\/model.gguf/);
    const server = await startServer();
    assert.match(run("--host", `127.0.0.1:${server.port}`), /^1 [^]*running already/);
    await server.stop();
    assert.match(run("--help"), /--keep-alive/);
});

/** A private server and what it says on its socket. */
async function startPrivate(env = {}) {
    const home = mkdtempSync(join(tmpdir(), "hearth-private-"));
    const child = spawn(hearth, ["serve", "--private-fd", "3"],
        { stdio: ["ignore", "ignore", "ignore", "pipe"], env: { PATH: process.env.PATH, HOME: home, ...env } });
    const ended = new Promise((done) => child.on("exit", (code) => done(code)));
    ended.then(() => rmSync(home, { recursive: true }));
    const line = await new Promise((done) => child.stdio[3].once("data", (text) => done(text.toString())));
    return { child, ended, line };
}

test("a private server answers who has its key, and ends with its client", async () => {
    const { child, ended, line } = await startPrivate({ HEARTH_HOST: "127.0.0.1:1", HEARTH_API_KEY: "another-key" });
    const [, port, key] = /^(\d+) ([0-9a-f]{32})\n$/.exec(line);
    const status = async (headers) => (await fetch(`http://127.0.0.1:${port}/api/tags`, { headers })).status;
    assert.equal(await status({ authorization: `Bearer ${key}` }), 200);
    assert.equal(await status({ authorization: "Bearer another-key" }), 401);
    assert.equal(await status({}), 401);
    await sleep(50);
    assert.equal(child.exitCode, null);
    child.stdio[3].destroy();
    assert.equal(await ended, 0);
});

test("a private server tells its client why it cannot start", async () => {
    const { ended, line } = await startPrivate({ HEARTH_KEEP_ALIVE: "soon", HEARTH_MAX_QUEUE: "none" });
    assert.equal(line, "Error: HEARTH_MAX_QUEUE: max_queue is 'none', but must be a whole number from 1 to 1000000\n");
    assert.equal(await ended, 1);
});

test("nothing goes out", async (t) => {
    try {
        execFileSync("strace", ["-f", "true"], { stdio: "ignore" });
    } catch {
        t.skip("no strace, or it may not trace here");
        return;
    }
    const folder = mkdtempSync(join(tmpdir(), "hearth-trace-"));
    const trace = join(folder, "trace"), portFile = join(folder, "port");
    const child = spawn("strace", ["-f", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg", "-o", trace, hearth, "serve",
        "--host", "127.0.0.1:0", "--port-file", portFile], { stdio: "ignore", env: { PATH: process.env.PATH, HOME: folder } });
    const ended = new Promise((done) => child.on("exit", done));
    const port = await until(() => existsSync(portFile) && Number(readFileSync(portFile, "utf8")), 20_000, "a port");
    const server = { url: `http://127.0.0.1:${port}` };
    await (await post(server, "/api/generate", { ...longAnswer, options: { num_predict: 4 } })).text();
    await (await fetch(`${server.url}/api/tags`)).text();
    process.kill(childrenOf(child.pid)[0], "SIGTERM");
    await ended;
    const calls = readFileSync(trace, "utf8");
    assert.doesNotMatch(calls, /connect\([^)]*AF_INET/);
    assert.doesNotMatch(calls, /send\w+\([^)]*sa_family=AF_INET/);
    rmSync(folder, { recursive: true });
});

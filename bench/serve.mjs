// serve.mjs: what `hearth serve` adds to the engine, and how it holds up with many clients.
//
//   node bench/serve.mjs MODEL [--hearth build/hearth] [--clients 64] [--seconds 60] [--only many,prefix,gone,overhead]
//
// many      N clients stream answers for S seconds: errors, tokens a second beside `hearth bench` with as many sequences,
//           the slowest client beside the median, resident memory over time; in turns of a few seconds, in which the
//           others stand still, since the machine's speed changes from minute to minute
// prefix    the same long prompt twice: time to the first token
// gone      a client goes while its prompt is read: time until its pages are free
// overhead  one client: time a token and to the first token, beside `hearth bench`, measured in turns
import { spawn, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, existsSync, rmSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join, basename, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Hearth } from "./engines.mjs";
import { testsAt } from "./plan.mjs";

const { values: flags, positionals } = parseArgs({
    allowPositionals: true,
    options: {
        hearth: { type: "string", default: "build/hearth" },
        clients: { type: "string", default: "64" },
        seconds: { type: "string", default: "60" },
        rounds: { type: "string", default: "5" },
        only: { type: "string", default: "many,prefix,gone,overhead" },
        tokens: { type: "string", default: "128" },
    },
});
if (positionals.length !== 1) {
    console.error("usage: node bench/serve.mjs MODEL [--clients N] [--seconds S] [--only many,prefix,gone,overhead]");
    process.exit(2);
}
const model = positionals[0], nTokens = Number(flags.tokens);
const name = basename(model).replace(/\.gguf$/, "");
const folder = mkdtempSync(join(tmpdir(), "hearth-bench-"));
const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

async function start() {
    const portFile = join(folder, "port");
    const child = spawn(flags.hearth, ["serve", model, "--host", "127.0.0.1:0", "--port-file", portFile,
        "--keep-alive", "-1"], { stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, HOME: folder } });
    for (let i = 0; i < 200 && !existsSync(portFile); i++) await sleep(25);
    return { child, port: Number(readFileSync(portFile, "utf8")) };
}

// One streamed answer: resolves to { n, first, last, error } with times in ms since the request.
function generate(port, body, onToken = () => {}, signal = undefined) {
    return new Promise((resolve) => {
        const begun = performance.now(), out = { n: 0, first: 0, last: 0, error: null, done: null };
        const request = http.request({ port, agent, method: "POST", path: "/api/generate", signal }, (response) => {
            let rest = "";
            response.setEncoding("utf8");
            response.on("data", (part) => {
                const lines = (rest + part).split("\n");
                rest = lines.pop();
                for (const line of lines) {
                    const event = JSON.parse(line);
                    if (event.error) out.error = event.error;
                    if (event.done) out.done = event;
                    out.last = performance.now() - begun;
                    if (!out.first) out.first = out.last;
                    out.n += 1;
                    onToken();
                }
            });
            response.on("end", () => {
                if (rest) out.error = JSON.parse(rest).error; // an answer that is no stream
                resolve(out);
            });
            response.on("error", (error) => resolve({ ...out, error: out.error ?? String(error) }));
        });
        request.on("error", (error) => resolve({ ...out, error: String(error) }));
        request.end(JSON.stringify({ model: name, raw: true, stream: true, ...body }));
    });
}

const greedy = (n, more = {}) => ({ temperature: 0, num_predict: n, ...more });

function engine(...options) {
    return JSON.parse(execFileSync(flags.hearth, ["bench", model, "-r", "3", ...options, "-o", "json"],
        { maxBuffer: 1 << 26, stdio: ["ignore", "pipe", "ignore"] }));
}

const rows = (result) => result.rows;

// A process and its children.
const family = (pid) => [pid, ...readdirSync("/proc").filter((p) => /^\d+$/.test(p)).filter((p) => {
    try { return readFileSync(`/proc/${p}/stat`, "utf8").split(") ")[1].split(" ")[1] === String(pid); }
    catch { return false; }
}).map(Number)];

function residentBytes(pid) {
    let sum = 0;
    for (const p of family(pid)) {
        try { sum += Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${p}/status`, "utf8"))[1]) * 1024; }
        catch { /* it has ended */ }
    }
    return sum;
}

const turnMs = 5000;

// Those of stream_clients.mjs, in a process of their own; the promise is kept when they have ended.
function startClients(port) {
    const file = join(dirname(fileURLToPath(import.meta.url)), "stream_clients.mjs");
    const child = spawn(process.execPath, [file, port, name, flags.clients, nTokens], { stdio: ["ignore", "pipe", "inherit"] });
    let out = "";
    child.stdout.on("data", (part) => { out += part; });
    return { pid: child.pid, ended: new Promise((resolve) => child.on("close", () => resolve(JSON.parse(out)))) };
}

// The engine alone: as many answers at once and as long, and a prompt of the length of a portion beside them.
async function openEngine(rounds) {
    const plan = { prompts: [64], generations: [nTokens], depths: [0], batches: [Number(flags.clients)], rounds };
    const engine = new Hearth({ model, plan, threads: 0, program: flags.hearth }), seconds = { prompt: 0, generation: 0 };
    await engine.goToDepth(0);
    return {
        async turn() { // seconds a token, summed up over all turns
            for (const test of testsAt(plan, 0)) seconds[test.kind] += 1 / (await engine.measure(test)).tps;
        },
        speeds: () => ({ read: rounds / seconds.prompt, told: rounds / seconds.generation }),
        close: () => engine.close(),
    };
}

// Turns of clients and server, and of the engine; how long the former were, in seconds.
async function takeTurns(pids, engine, rounds) {
    const signal = (what) => pids.forEach((pid) => process.kill(pid, what));
    let ms = 0;
    try {
        for (let round = 0; round < rounds; round++) {
            const begun = performance.now();
            signal("SIGCONT");
            await sleep(turnMs);
            signal("SIGSTOP");
            ms += performance.now() - begun;
            await engine.turn();
        }
    } finally {
        process.kill(pids[0], "SIGTERM");
        signal("SIGCONT");
    }
    return ms / 1000;
}

async function many(server) {
    const memory = [], rounds = Math.max(1, Math.round((Number(flags.seconds) * 1000) / turnMs)), engine = await openEngine(rounds);
    await generate(server.port, { prompt: "warm", options: greedy(4) });
    const clients = startClients(server.port), watch = setInterval(() => memory.push(residentBytes(server.child.pid)), 1000);
    const seconds = await takeTurns([clients.pid, ...family(server.child.pid)], engine, rounds);
    const { tokens, promptTokens, errors } = await clients.ended, alone = engine.speeds();
    const told = tokens.reduce((a, b) => a + b, 0) / seconds, read = promptTokens / seconds;
    clearInterval(watch);
    await engine.close();
    return { clients: tokens.length, seconds, errors: errors.length, first_error: errors[0],
        tokens_per_s: told, prompt_tokens_per_s: read, slowest_of_median: Math.min(...tokens) / median(tokens),
        memory_after_a_third: memory[Math.floor(memory.length / 3)], memory_end: memory.at(-1),
        engine_tokens_per_s: alone.told, engine_prompt_tokens_per_s: alone.read,
        of_the_engine: told / alone.told, // by the tokens of answers, by all tokens, and by the time that it needs for them
        of_the_engine_with_prompts: (told + read) / alone.told, of_the_engines_time: told / alone.told + read / alone.read };
}

const words = (n) => Array.from({ length: n }, (_, i) => `word${(i * 7919) % 997}`).join(" ");

async function prefix(server) {
    const out = [];
    let nWords = 3000; // as many as the context takes
    for (let round = 0; round < Number(flags.rounds); round++) {
        const prompt = `Round ${round}. ${words(nWords)}`;
        const cold = await generate(server.port, { prompt, options: greedy(2) });
        if (/context/.test(cold.error ?? "")) {
            nWords = Math.floor(nWords * 0.8);
            round -= 1;
            continue;
        }
        const warm = await generate(server.port, { prompt, options: greedy(2) });
        if (cold.error || warm.error) return { error: cold.error ?? warm.error };
        out.push({ cold: cold.first, warm: warm.first, tokens: cold.done.prompt_eval_count });
    }
    return { prompt_tokens: out[0].tokens, cold_ms: median(out.map((o) => o.cold)), warm_ms: median(out.map((o) => o.warm)),
        share: median(out.map((o) => o.warm / o.cold)) };
}

async function usedBytes(server) {
    const text = await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text();
    return Number(/^hearth_kv_bytes\{[^}]*state="used"\} (\S+)/m.exec(text)?.[1] ?? 0);
}

async function gone(server) {
    const times = [];
    for (let round = 0; times.length < Number(flags.rounds) && round < 50; round++) {
        const controller = new AbortController();
        const answers = Array.from({ length: 8 }, (_, i) =>
            generate(server.port, { prompt: `Gone ${round} ${i}. ${words(200)}`, options: greedy(2) }, () => {}, controller.signal));
        while (await usedBytes(server) === 0 && answers.length) await sleep(2);
        const began = performance.now();
        controller.abort();
        while (await usedBytes(server) > 0) await sleep(1);
        times.push(performance.now() - began);
        await Promise.all(answers);
    }
    return { clients: 8, free_ms: median(times), slowest_ms: Math.max(...times) };
}

async function overhead(server) {
    const perToken = [], first = [], enginePerToken = [], engineFirst = [];
    for (let round = 0; round < Number(flags.rounds); round++) {
        const out = await generate(server.port, { prompt: `Round ${round}: `, options: greedy(nTokens) });
        if (out.error) return { error: out.error };
        perToken.push((out.last - out.first) / (out.n - 1));
        first.push(out.first);
        const row = rows(engine("-p", "0", "-n", String(nTokens), "-r", "1"))[0];
        enginePerToken.push(1000 / (row.tps));
        const read = rows(engine("-p", String(out.done.prompt_eval_count), "-n", "0", "-r", "1"))[0];
        engineFirst.push(read.ttft_ms);
    }
    return { token_ms: median(perToken), engine_token_ms: median(enginePerToken),
        added_ms_a_token: median(perToken) - median(enginePerToken), first_ms: median(first),
        engine_first_ms: median(engineFirst), added_first_ms: median(first) - median(engineFirst) };
}

const server = await start();
try {
    for (const what of flags.only.split(",")) {
        const result = await { many, prefix, gone, overhead }[what](server);
        console.log(what, JSON.stringify(result, null, 2));
    }
} finally {
    server.child.kill("SIGTERM");
    agent.destroy();
    rmSync(folder, { recursive: true, force: true });
}

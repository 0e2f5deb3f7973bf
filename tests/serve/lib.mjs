// lib.mjs: a server of its own for a test file, and what tests look at outside of HTTP.
import { spawn, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
export const hearth = resolve(process.env.HEARTH ?? join(here, "../../build/hearth"));
/** Sanitizers take several times as long, tell of signals in their own way and end where memory does. */
export const isSanitized = /__[at]san_init/.test(readFileSync(hearth, "latin1"));
export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/* A test that fails stops nothing; what it has started would keep node from ending. */
const started = [];
after(() => { for (const child of started) if (child.exitCode === null) child.kill("SIGKILL"); });

/** Waits until `check` gives something true, at most `limitMs`; gives that. */
export async function until(check, limitMs = 10_000, what = "what was waited for") {
    for (const end = performance.now() + limitMs; ;) {
        const value = await check();
        if (value) return value;
        if (performance.now() > end) throw new Error(`${what} did not happen within ${limitMs} ms`);
        await sleep(5);
    }
}

/**
 * Starts `hearth serve` on a free port with an empty home. Knows ember, the files in `models` (paths) and what lies in
 * its folder `folder`. The test calls stop() at its end.
 */
export async function startServer({ args = [], models = [], env = {} } = {}) {
    const home = mkdtempSync(join(tmpdir(), "hearth-serve-"));
    const portFile = join(home, "port"), log = [];
    const child = spawn(hearth, ["serve", ...models, "--host", "127.0.0.1:0", "--port-file", portFile, ...args], {
        stdio: ["ignore", "ignore", "pipe"],
        env: { PATH: process.env.PATH, HOME: home, HEARTH_MODELS: join(home, "models"), ...env },
    });
    started.push(child);
    child.stderr.setEncoding("utf8").on("data", (text) => log.push(text));
    const ended = new Promise((done) => child.on("exit", (code, signal) => done({ code, signal })));
    let port = 0;
    try {
        port = await until(() => child.exitCode === null ? existsSync(portFile) && Number(readFileSync(portFile, "utf8")) : -1,
            10_000, "a server that listens");
    } finally {
        if (!(port > 0)) child.kill("SIGKILL");
    }
    if (port < 0) throw new Error(`hearth serve ended: ${log.join("")}`);
    return {
        child, home, port, pid: child.pid,
        url: `http://127.0.0.1:${port}`,
        log: () => log.join(""),
        async stop(signal = "SIGTERM") {
            if (child.exitCode === null) child.kill(signal);
            const how = await ended;
            rmSync(home, { recursive: true, force: true });
            return how;
        },
    };
}

/** Numbers of the processes that `pid` started. */
export function childrenOf(pid) {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).filter((child) => {
        try {
            return readFileSync(`/proc/${child}/stat`, "utf8").split(") ").at(-1).split(" ")[1] === String(pid);
        } catch {
            return false;
        }
    });
}

/** The worker that holds the model whose name contains `name`: by /api/ps. */
export async function workerOf(server, name) {
    const { models } = await (await fetch(`${server.url}/api/ps`)).json();
    return models.find((model) => model.name.includes(name))?.pid;
}

export async function post(server, path, body, options = {}) {
    return fetch(`${server.url}${path}`, { method: "POST", body: JSON.stringify(body), ...options });
}

/** The sum of a metric's samples, of those with all `labels`. */
export async function metric(server, name, labels = {}) {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    let sum = 0;
    for (const line of text.split("\n")) {
        const found = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line);
        if (found?.[1] === name && Object.entries(labels).every(([key, value]) => (found[2] ?? "").includes(`${key}="${value}"`)))
            sum += Number(found[3]);
    }
    return sum;
}

/** Random weights of a real shape: slow enough to be interrupted. Made once a machine. */
export function slowModel() {
    const path = join(dirname(hearth), "tests/slow.gguf");
    mkdirSync(dirname(path), { recursive: true });
    if (!existsSync(path)) execFileSync(hearth, ["synth", "smollm-135m", "Q4_0", path], { stdio: "ignore" });
    return path;
}

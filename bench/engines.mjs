// engines.mjs: what is compared, each as something that goes to a depth and measures one test when it is its turn.
//
// hearth and the package's llama.cpp stay open all the time and work only when they are told to, so that their repetitions
// alternate and a depth is read once. A llama-bench program is run anew for every measurement.
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import * as llamaCpp from "./llama_cpp.mjs";
import { fatal, flagsOf, testsAt } from "./plan.mjs";

// For the threads of whoever worked before to go to sleep: those of llama.cpp spin for a tenth of a second.
const settleMs = 200;

// A program that does a piece of work when it reads a line, and prints a line of JSON when it is done.
class LineProcess {
    constructor(command, args, env = {}) {
        this.what = [command, ...args].join(" ");
        this.process = spawn(command, args.map(String), { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, ...env } });
        this.process.on("error", (error) => fatal(`${command}: ${error.message}`));
        this.process.stdin.on("error", () => {}); // the missing answer tells
        this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
    }

    async read() {
        const { value, done } = await this.lines.next();
        if (done) fatal(`${this.what}: ended before its last measurement`);
        return JSON.parse(value);
    }

    async ask(line) {
        await sleep(settleMs);
        this.process.stdin.write(line + "\n");
        return this.read();
    }

    async close() {
        this.process.stdin.end();
        if (this.process.exitCode === null) await new Promise((resolve) => this.process.on("exit", resolve));
    }
}

// `hearth bench --paced` knows its plan and waits only for its turns.
export class Hearth {
    constructor({ model, plan, threads, program, kvType, cpu }) {
        this.name = `hearth${cpu ? ` (${cpu})` : ""}`;
        const args = ["bench", model, ...flagsOf(plan), "-t", threads, "--paced", ...(kvType ? ["--kv-cache-type", kvType] : [])];
        this.process = new LineProcess(program, args, cpu ? { HEARTH_CPU: cpu } : {});
    }

    async goToDepth(depth) {
        const { ready } = await this.process.ask("");
        if (ready !== depth) fatal(`${this.process.what}: ready for depth ${ready}, not ${depth}`);
    }

    async measure(test) {
        const result = await this.process.ask("");
        if (result.test !== test.name) fatal(`${this.process.what}: measured ${result.test}, not ${test.name}`);
        return result;
    }

    close() {
        return this.process.close();
    }
}

// The package's llama.cpp; warmed up at each depth as hearth is.
export class LlamaCpp {
    constructor({ model, plan, threads, kvType, flashAttention, backend }) {
        const cells = Math.max(...plan.depths) + Math.max(...plan.prompts, ...plan.generations);
        this.name = `llama.cpp${backend ? ` (${backend})` : ""}`;
        this.plan = plan;
        this.backend = backend;
        this.process = new LineProcess(llamaCpp.program(), [llamaCpp.backendFolder(backend), model, threads, flashAttention ? 1 : 0,
            llamaCpp.kvTypeNumber(kvType), cells, Math.max(...plan.batches)]);
    }

    // The code that runs, told by what the process has mapped.
    findBackend() {
        const maps = readFileSync(`/proc/${this.process.process.pid}/maps`, "utf8");
        this.cpu = [...new Set([...maps.matchAll(/libggml-cpu-([^/]+)\.so/g)].map((match) => match[1]))].join("+");
        if (this.backend && this.cpu !== this.backend) fatal(`llama.cpp runs its backend ${this.cpu}, not ${this.backend}`);
    }

    ask({ kind, sequences }, tokens) {
        return this.process.ask(kind === "prompt" ? `prompt ${tokens}` : `generate ${tokens} ${sequences}`);
    }

    async goToDepth(depth) {
        if (!this.cpu) {
            this.loadMs = (await this.process.read()).load_ms;
            this.findBackend();
        }
        await this.process.ask(`depth ${depth}`);
        for (const test of testsAt(this.plan, depth)) await this.ask(test, Math.min(test.tokens, test.kind === "prompt" ? 256 : 8));
    }

    async measure(test) {
        const { seconds, peak_bytes } = await this.ask(test, test.tokens);
        return { tps: (test.tokens * test.sequences) / seconds, cpu: this.cpu, load_ms: this.loadMs, peak_bytes };
    }

    close() {
        return this.process.close();
    }
}

// A llama-bench program of llama.cpp or of a fork; what it cannot measure has no result.
export class LlamaBench {
    // `text`: "PATH" or "PATH=NAME"
    constructor(text, setting) {
        const at = text.lastIndexOf("=");
        const program = at < 0 ? text : text.slice(0, at);
        Object.assign(this, { name: at < 0 ? basename(program) : text.slice(at + 1), program, setting });
        const help = spawnSync(program, ["-h"], { encoding: "utf8" });
        if (help.error) fatal(`${program}: ${help.error.message}`);
        const usage = help.stdout + help.stderr;
        if (!usage.includes("--n-prompt")) fatal(`${program}: not a llama-bench, to judge by its -h`);
        this.hasDepth = usage.includes("--n-depth"); // llama.cpp
        this.hasGenerationAfterPrompt = /^ *-gp /m.test(usage); // ik_llama.cpp
    }

    async goToDepth() {}

    // The flags that choose the test; undefined when there are none.
    flagsOf(test) {
        const { kind, tokens, sequences, depth } = test;
        if (sequences > 1) return undefined;
        const alone = kind === "prompt" ? ["-p", tokens, "-n", 0] : ["-p", 0, "-n", tokens];
        if (depth === 0) return alone;
        if (this.hasDepth) return [...alone, "-d", depth];
        return this.hasGenerationAfterPrompt && kind === "generation" ? ["-p", 0, "-n", 0, "-gp", `${depth},${tokens}`] : undefined;
    }

    async measure(test) {
        const { model, threads, kvType, flashAttention } = this.setting;
        const choice = this.flagsOf(test);
        if (!choice) return undefined;
        await sleep(settleMs);
        const args = ["-m", model, "-t", threads, "-r", 1, "-o", "json", "-fa", flashAttention ? 1 : 0, ...choice,
            ...(kvType ? ["-ctk", kvType, "-ctv", kvType] : [])].map(String);
        const result = spawnSync(this.program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], maxBuffer: 1 << 26 });
        if (result.status !== 0)
            fatal(`${this.program} ${args.join(" ")}: ended with ${result.status ?? result.signal}\n${(result.stderr ?? "").slice(-2000)}`);
        const rows = JSON.parse(result.stdout);
        if (rows.length !== 1) fatal(`${this.program} ${args.join(" ")}: ${rows.length} results, not one`);
        return { tps: rows[0].avg_ts };
    }

    async close() {}
}


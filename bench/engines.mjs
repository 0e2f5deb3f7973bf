// engines.mjs: what is compared, each as something that goes to a depth and measures one test when it is its turn.
//
// hearth and the package's llama.cpp stay open all the time and work only when they are told to, so that their repetitions
// alternate and a depth is read once. A llama-bench program is run anew for every measurement.
import { spawn, spawnSync } from "node:child_process";
import { basename } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import * as llamaCpp from "./llama_cpp.mjs";
import { fatal, flagsOf } from "./plan.mjs";

const settleMs = 100; // for the threads of whoever worked before to go to sleep

// A program that begins its next piece of work when it reads a line, and prints a line of JSON when it is done.
class PacedProcess {
    constructor(name, command, args, env = {}) {
        this.name = name;
        this.what = [command, ...args].join(" ");
        this.process = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, ...env } });
        this.process.on("error", (error) => fatal(`${command}: ${error.message}`));
        this.process.stdin.on("error", () => {}); // the missing answer tells
        this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
    }

    async turn() {
        await sleep(settleMs);
        this.process.stdin.write("\n");
        const { value, done } = await this.lines.next();
        if (done) fatal(`${this.what}: ended before its last measurement`);
        return JSON.parse(value);
    }

    async goToDepth(depth) {
        const { ready } = await this.turn();
        if (ready !== depth) fatal(`${this.what}: ready for depth ${ready}, not ${depth}`);
    }

    async measure(test) {
        const result = await this.turn();
        if (result.test !== test.name) fatal(`${this.what}: measured ${result.test}, not ${test.name}`);
        return result;
    }

    async close() {
        this.process.stdin.end();
        if (this.process.exitCode === null) await new Promise((resolve) => this.process.on("exit", resolve));
    }
}

export function hearth(setting) {
    const { model, plan, threads, program, kvType, cpu } = setting;
    const args = ["bench", model, ...flagsOf(plan), "-t", threads, "--paced", ...(kvType ? ["--kv-cache-type", kvType] : [])];
    return new PacedProcess(`hearth${cpu ? ` (${cpu})` : ""}`, program, args, cpu ? { HEARTH_CPU: cpu } : {});
}

export function llama(setting) {
    const { model, plan, threads, kvType, flashAttention, backend } = setting;
    const args = [llamaCpp.childPath, model, ...flagsOf(plan), "-t", threads, "--folder", llamaCpp.backendFolder(backend),
        ...(kvType ? ["--kv-cache-type", kvType] : []), ...(flashAttention ? [] : ["--no-flash-attention"])];
    const peer = new PacedProcess(`llama.cpp${backend ? ` (${backend})` : ""}`, process.execPath, args, llamaCpp.childEnvironment);
    const measure = peer.measure.bind(peer);
    peer.measure = async (test) => {
        const result = await measure(test);
        if (backend && result.cpu !== backend) fatal(`llama.cpp runs its backend ${result.cpu}, not ${backend}`);
        return result;
    };
    return peer;
}

// A llama-bench program of llama.cpp or of a fork; what it cannot measure has no result.
class LlamaBench {
    constructor(name, program, setting) {
        Object.assign(this, { name, program, setting });
        const help = spawnSync(program, ["-h"], { encoding: "utf8" });
        if (help.error) fatal(`${program}: ${help.error.message}`);
        const text = help.stdout + help.stderr;
        if (!text.includes("--n-prompt")) fatal(`${program}: not a llama-bench, to judge by its -h`);
        this.hasDepth = text.includes("--n-depth"); // llama.cpp
        this.hasGenerationAfterPrompt = /^ *-gp /m.test(text); // ik_llama.cpp
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

// "PATH" or "PATH=NAME".
export function llamaBench(text, setting) {
    const at = text.lastIndexOf("=");
    const program = at < 0 ? text : text.slice(0, at);
    return new LlamaBench(at < 0 ? basename(program) : text.slice(at + 1), program, setting);
}

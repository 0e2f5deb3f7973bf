// constrained.mjs: what it costs to hold answers to a JSON Schema, in hearth and in llama.cpp as node-llama-cpp drives it.
//
//     node bench/constrained.mjs MODEL.gguf [--schema FILE] [--compile FILE] [-n 128] [-t 2] [-r 5] [--temperature 0.8]
//                                [--hearth build/hearth] [--no-llama] [--install]
//
// bench/README.md tells what is measured.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { installBinding, isBindingInstalled } from "./llama_cpp.mjs";
import { fatal } from "./plan.mjs";
import { markdown, median } from "./table.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const prompt = "The order of last Tuesday as JSON:\n";
const settleMs = 200; // the threads of whoever worked before spin for a tenth of a second

function readFlags() {
    try {
        return parseArgs({
            allowPositionals: true,
            options: {
                schema: { type: "string", default: join(here, "schemas/contact.json") },
                compile: { type: "string", default: join(here, "schemas/order.json") },
                tokens: { type: "string", short: "n", default: "128" },
                threads: { type: "string", short: "t", default: String(availableParallelism()) },
                rounds: { type: "string", short: "r", default: "5" },
                temperature: { type: "string", default: "0.8" },
                hearth: { type: "string", default: join(here, "../build/hearth") },
                "no-llama": { type: "boolean", default: false },
                install: { type: "boolean", default: false },
            },
        });
    } catch (error) {
        return fatal(error.message);
    }
}

const { values: options, positionals } = readFlags();
const model = positionals[0];

// Each run is a new process, whose first token's time is left out by hearth itself.
class Hearth {
    name = "hearth";

    async open() {
        const cost = (schema) => this.run(["grammar", "--schema", schema, "--sample", "5", "--cost", model]).stdout;
        const text = cost(options.schema), mean = (name) => this.number(text, new RegExp(`^${name} at 0\\.8 +mean +([\\d.]+)`, "m"));
        this.stepUs = mean("held pick") - mean("free pick");
        this.compileMs = this.number(cost(options.compile), /^compiling ([\d.]+) ms/m);
    }

    run(args) {
        const result = spawnSync(options.hearth, args, { encoding: "utf8" });
        if (result.error || result.status !== 0) fatal(`${options.hearth}: ${result.error?.message ?? result.stderr}`);
        return result;
    }

    number(text, pattern) {
        const match = pattern.exec(text);
        return match ? Number(match[1]) : fatal(`${options.hearth}: no ${pattern} in '${text}'`);
    }

    // Milliseconds for each token of an answer.
    async measure(isHeld, seed) {
        const { stderr } = this.run(["run", model, prompt, "--num-predict", options.tokens, "--num-draft", "0", "--verbose",
            "--threads", options.threads, "--temperature", options.temperature, "--seed", String(seed),
            ...(isHeld ? ["--format", options.schema] : [])]);
        return 1000 / this.number(stderr, /^eval rate: +([\d.]+)/m);
    }

    async close() {}
}

// One context that is cleared before each answer.
class LlamaCpp {
    name = "llama.cpp";

    async open() {
        const binding = await import("node-llama-cpp");
        this.llama = await binding.getLlama({ gpu: false, build: "never", logLevel: binding.LlamaLogLevel.error });
        this.model = await this.llama.loadModel({ modelPath: model });
        this.context = await this.model.createContext({ contextSize: 512, threads: Number(options.threads) });
        this.sequence = this.context.getSequence();
        this.completion = new binding.LlamaCompletion({ contextSequence: this.sequence });
        const compile = async (schema) => {
            const grammar = await this.llama.createGrammarForJsonSchema(JSON.parse(readFileSync(schema, "utf8")));
            new binding.LlamaGrammarEvaluationState({ model: this.model, grammar });
            return grammar;
        };
        this.grammar = await compile(options.schema);
        const start = performance.now();
        await compile(options.compile);
        this.compileMs = performance.now() - start;
    }

    async measure(isHeld, seed) {
        const times = [];
        await this.sequence.clearHistory();
        await this.completion.generateCompletion(prompt, {
            maxTokens: Number(options.tokens), temperature: Number(options.temperature), topK: 40, topP: 0.9, minP: 0, seed,
            repeatPenalty: false, onToken: (tokens) => tokens.forEach(() => times.push(performance.now())),
            ...(isHeld ? { grammar: this.grammar } : {}),
        });
        if (times.length < 3) fatal(`llama.cpp answered with ${times.length} tokens only`);
        return (times.at(-1) - times[0]) / (times.length - 1);
    }

    async close() {
        await this.llama.dispose();
    }
}

async function compare(engines) {
    const runs = engines.map((engine) => ({ engine, free: [], held: [], added: [] }));
    for (let round = 0; round < Number(options.rounds); round++)
        for (let i = 0; i < runs.length; i++) {
            const run = runs[(i + round) % runs.length], pair = {};
            for (const kind of round % 2 ? ["held", "free"] : ["free", "held"]) {
                await sleep(settleMs);
                pair[kind] = await run.engine.measure(kind === "held", round + 1);
                run[kind].push(pair[kind]);
            }
            run.added.push(pair.held / pair.free - 1);
        }
    return runs;
}

if (options.install) installBinding();
if (!model) fatal("usage: node bench/constrained.mjs MODEL.gguf [--schema FILE] [-n 128] [-t 2] [-r 5] ...");
for (const file of [model, options.schema, options.compile, options.hearth]) if (!existsSync(file)) fatal(`there is no '${file}'`);
if (!options["no-llama"] && !isBindingInstalled())
    fatal("node-llama-cpp is not there: add --install (npm, about 85 MB on disk), or --no-llama to go without");
const engines = [new Hearth(), ...(options["no-llama"] ? [] : [new LlamaCpp()])];
for (const engine of engines) await engine.open();
const runs = await compare(engines);
console.log(`${basename(model)}, ${basename(options.schema)}, ${options.threads} threads, ${options.tokens} tokens, `
    + `temperature ${options.temperature}, median of ${options.rounds} rounds\n`);
console.log(markdown(["engine", `${basename(options.compile)} compiled in ms`, "free tokens/s", "held tokens/s", "slower %"], runs.map((run) => [
    run.engine.name, run.engine.compileMs.toFixed(1), (1000 / median(run.free)).toFixed(2), (1000 / median(run.held)).toFixed(2),
    (100 * median(run.added)).toFixed(1)])));
const step = median(runs[0].free) * 1000;
console.log(`hearth's mask, pick and next state take ${engines[0].stepUs.toFixed(1)} us more than a free pick, `
    + `${((100 * engines[0].stepUs) / step).toFixed(2)} % of a step of ${step.toFixed(0)} us`);
for (const engine of engines) await engine.close();

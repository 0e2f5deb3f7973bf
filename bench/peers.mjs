// peers.mjs: hearth and llama.cpp on the same file, in alternating runs, as a table of medians.
//
//     node bench/peers.mjs MODEL.gguf [--prompt 512] [--generate 128] [--rounds 5] [--threads N]
//                          [--hearth build/hearth] [--csv FILE] [--install]
//
// llama.cpp comes as the npm package node-llama-cpp (its CPU build, prebuilt), which --install puts into
// bench/node_modules. Both read the same number of arbitrary tokens, then generate greedily one token a step, with the same
// number of threads; each process measures once after one run that is not counted. Rounds alternate, so that a machine that
// grows slower does so for both.
import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const peerVersion = "3.22.1"; // brings llama.cpp v0.5.0

const { values: options, positionals } = parseArgs({
    allowPositionals: true,
    options: {
        prompt: { type: "string", default: "512" },
        generate: { type: "string", default: "128" },
        rounds: { type: "string", default: "5" },
        threads: { type: "string", default: String(availableParallelism()) },
        hearth: { type: "string", default: join(here, "../build/hearth") },
        csv: { type: "string" },
        install: { type: "boolean", default: false },
        child: { type: "boolean", default: false }, // one measurement of llama.cpp, for ourselves
    },
});

function install() {
    const platform = `@node-llama-cpp/linux-${process.arch}@${peerVersion}`;
    const result = spawnSync(
        "npm",
        ["install", "--prefix", here, "--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--omit=optional",
            "--ignore-scripts", `node-llama-cpp@${peerVersion}`, platform],
        { stdio: "inherit" },
    );
    if (result.status !== 0) fatal("npm could not install node-llama-cpp");
}

function fatal(message) {
    console.error(`Error: ${message}`);
    process.exit(1);
}

const seconds = (began) => Number(process.hrtime.bigint() - began) / 1e9;

// One process, one model: what llama.cpp needs for the prompt and for each token after it.
async function measureLlama(path, nPrompt, nGenerate, threads) {
    const { getLlama, LlamaLogLevel } = await import("node-llama-cpp");
    const llama = await getLlama({ gpu: false, build: "never", maxThreads: threads, logLevel: LlamaLogLevel.error });
    const began = process.hrtime.bigint();
    const model = await llama.loadModel({ modelPath: path });
    const loadMs = seconds(began) * 1e3;
    const context = await model.createContext({
        contextSize: nPrompt + nGenerate + 8, batchSize: Math.min(nPrompt, 512), threads, sequences: 1,
    });
    const sequence = context.getSequence();
    const nVocab = model.fileInfo.metadata?.tokenizer?.ggml?.tokens?.length ?? 1000;
    const prompt = Array.from({ length: nPrompt }, (_, i) => (i * 7919 + 13) % nVocab);

    const once = async () => {
        await sequence.clearHistory();
        const promptBegan = process.hrtime.bigint();
        await sequence.evaluateWithoutGeneratingNewTokens(prompt);
        const promptSeconds = seconds(promptBegan);
        const generateBegan = process.hrtime.bigint();
        let n = 0;
        for await (const _ of sequence.evaluate([prompt[0]], { temperature: 0, yieldEogToken: true }))
            if (++n === nGenerate) break;
        return { prompt_tps: nPrompt / promptSeconds, gen_tps: n / seconds(generateBegan), generated: n };
    };
    await once();
    const result = await once();
    if (result.generated !== nGenerate) fatal(`llama.cpp ended after ${result.generated} of ${nGenerate} tokens`);
    console.log(JSON.stringify({ ...result, load_ms: loadMs, peak_bytes: process.resourceUsage().maxRSS * 1024 }));
    process.exit(0); // nothing left to wait for
}

function runForJson(command, args) {
    const result = spawnSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
    if (result.status !== 0) fatal(`${command} ${args.join(" ")}: ended with status ${result.status ?? result.signal}`);
    return JSON.parse(result.stdout.trim().split("\n").at(-1));
}

function median(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function compare(path) {
    const rounds = Number(options.rounds);
    const shape = ["--prompt", options.prompt, "--generate", options.generate, "--threads", options.threads];
    const hearthArgs = ["bench", path, "-p", options.prompt, "-n", options.generate, "-t", options.threads, "-r", "1", "--json"];
    const runs = { hearth: [], llama: [] };
    for (let i = 0; i < rounds; i++) {
        if (process.stderr.isTTY) process.stderr.write(`\r\x1b[Kround ${i + 1} of ${rounds}`);
        runs.hearth.push(runForJson(options.hearth, hearthArgs));
        runs.llama.push(runForJson(process.execPath, [fileURLToPath(import.meta.url), path, "--child", ...shape]));
    }
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");

    const rows = [
        ["prompt tokens/s", "prompt_tps", 2],
        ["generation tokens/s", "gen_tps", 2],
        ["load ms", "load_ms", 1],
        ["peak MB", "peak_bytes", 0, 1e6],
    ];
    console.log(`${path}: prompt ${options.prompt}, generation ${options.generate}, ${options.threads} threads, median of ${rounds}\n`);
    console.log(`${"".padEnd(22)}${"hearth".padStart(12)}${"llama.cpp".padStart(12)}${"ratio".padStart(10)}`);
    for (const [label, key, digits, unit = 1] of rows) {
        const [ours, theirs] = [runs.hearth, runs.llama].map((list) => median(list.map((run) => run[key])) / unit);
        console.log(label.padEnd(22) + ours.toFixed(digits).padStart(12) + theirs.toFixed(digits).padStart(12) +
            (ours / theirs).toFixed(3).padStart(10));
        if (options.csv)
            appendFileSync(options.csv, [path, options.prompt, options.generate, options.threads, key, ours, theirs, ours / theirs].join(",") + "\n");
    }
    const share = median(runs.hearth.map((run) => run.decode_read_share));
    console.log(`\nhearth's generation reached ${(share * 100).toFixed(1)} % of the memory read speed measured beside it ` +
        `(${median(runs.hearth.map((run) => run.read_gbs)).toFixed(1)} GB/s).`);
}

if (options.install) install();
if (positionals.length === 1 && options.child)
    await measureLlama(positionals[0], Number(options.prompt), Number(options.generate), Number(options.threads));
else if (positionals.length !== 1) {
    if (!options.install) fatal("usage: node bench/peers.mjs MODEL.gguf [--install] ...");
} else if (!existsSync(join(here, "node_modules/node-llama-cpp")))
    fatal("node-llama-cpp is not there: add --install (npm, about 85 MB on disk)");
else compare(positionals[0]);

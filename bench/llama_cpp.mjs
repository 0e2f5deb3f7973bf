// llama_cpp.mjs: llama.cpp as the npm package node-llama-cpp brings it (its CPU build, prebuilt): installing it, choosing one
// of its CPU backends, and measuring it in a process of its own that takes turns like `hearth bench --paced`.
//
// The child calls the package's native addon itself, without the package's scheduler and sampler in between, and like
// llama-bench takes any tokens instead of the likeliest: what is measured is llama_decode alone.
import { spawnSync } from "node:child_process";
import { existsSync, linkSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { fatal, listFlags, readPlan, testsAt } from "./plan.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const peerVersion = "3.22.1"; // brings llama.cpp v0.5.0
const packageName = `@node-llama-cpp/linux-${process.arch}`;
const bins = join(here, "node_modules", packageName, "bins", `linux-${process.arch}`);
const stepTokens = 512; // n_batch and n_ubatch, as llama-bench has them

export const isInstalled = () => existsSync(join(bins, "llama-addon.node"));

export function install() {
    const result = spawnSync(
        "npm",
        ["install", "--prefix", here, "--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--omit=optional",
            "--ignore-scripts", `${packageName}@${peerVersion}`],
        { stdio: "inherit" },
    );
    if (result.status !== 0) fatal(`npm could not install ${packageName}`);
}

export function release() {
    return JSON.parse(readFileSync(join(bins, "_nlcBuildMetadata.json"), "utf8")).buildOptions.llamaCpp.release;
}

const backendOf = (file) => /^libggml-cpu-(.+)\.so$/.exec(file)?.[1];

// A folder with the addon and one backend only, of which the addon would otherwise load the best for this machine.
export function backendFolder(backend) {
    if (!backend) return bins;
    const files = readdirSync(bins), known = files.map(backendOf).filter(Boolean);
    if (!known.includes(backend)) fatal(`llama.cpp has no backend '${backend}', only ${known.join(", ")}`);
    const folder = join(here, "node_modules", `.one-backend-${backend}`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    for (const file of files)
        if ([undefined, backend].includes(backendOf(file))) linkSync(join(bins, file), join(folder, file));
    return folder;
}

const seconds = (began) => Number(process.hrtime.bigint() - began) / 1e9;
const someTokens = (first, count) => Uint32Array.from({ length: count }, (_, i) => ((first + i) * 7919 + 13) % 256);

// One context for single sequences and one for batches, so that neither bears the other's cells; each goes to a depth and back.
class Subject {
    constructor(bindings, model, options) {
        Object.assign(this, { bindings, model, options, contexts: new Map() });
    }

    async context(sequences) {
        const most = sequences > 1 ? this.options.mostSequences : 1;
        if (!this.contexts.has(most)) {
            const { cells, threads, flashAttention, kvType } = this.options;
            const type = kvType && this.bindings.getGgmlType(kvType.toUpperCase());
            const context = new this.bindings.AddonContext(this.model, {
                contextSize: Math.ceil(cells / 256) * 256 * most, batchSize: stepTokens, sequences: most, threads,
                flashAttention, ...(kvType ? { kvCacheKeyType: type, kvCacheValueType: type } : {}),
            });
            if (!await context.init()) fatal(`llama.cpp: no context for ${most} sequences of ${cells} tokens`);
            this.contexts.set(most, context);
        }
        return this.contexts.get(most);
    }

    async read(context, first, count) {
        for (let done = 0; done < count;) {
            const n = Math.min(count - done, stepTokens);
            const wanted = done + n === count ? [n - 1] : [];
            context.initBatch(n);
            context.addToBatch(0, first + done, someTokens(first + done, n), Uint32Array.from(wanted));
            await context.decodeBatch();
            done += n;
        }
    }

    // The first sequence reads, the others get copies.
    async goToDepth(depth, batches) {
        for (const sequences of new Set(batches.map((n) => Math.min(n, 2)))) {
            const context = await this.context(sequences);
            const most = sequences > 1 ? this.options.mostSequences : 1;
            for (let i = 0; i < most; i++) context.disposeSequence(i);
            await this.read(context, 0, depth);
            for (let i = 1; i < most && depth > 0; i++) await context.copySequenceStateFromOtherSequence(i, 0);
        }
    }

    async measure(test, most = Infinity) {
        const context = await this.context(test.sequences);
        const n = Math.min(test.tokens, most);
        const began = process.hrtime.bigint();
        if (test.kind === "prompt") await this.read(context, test.depth, n);
        for (let step = 0; test.kind === "generation" && step < n; step++) {
            const position = test.depth + step;
            context.initBatch(test.sequences);
            for (let i = 0; i < test.sequences; i++)
                context.addToBatch(i, position, someTokens(position + i * 31, 1), Uint32Array.of(0));
            await context.decodeBatch();
        }
        const tps = (n * test.sequences) / seconds(began);
        for (let i = 0; i < test.sequences; i++) context.removeTokenCellsFromSequence(i, test.depth, -1);
        return tps;
    }
}

// The code that runs, told by what the process has mapped.
function loadedBackends() {
    const maps = readFileSync("/proc/self/maps", "utf8");
    return [...new Set([...maps.matchAll(/libggml-cpu-([^/]+)\.so/g)].map((match) => match[1]))];
}

async function openModel(bindings, path) {
    const began = process.hrtime.bigint();
    const model = new bindings.AddonModel(path, { addonExports: bindings, gpuLayers: 0, useMmap: true });
    if (!await model.init()) fatal(`llama.cpp cannot open '${path}'`);
    return { model, load_ms: seconds(began) * 1e3 };
}

const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");

async function child() {
    const { values, positionals } = parseArgs({
        allowPositionals: true,
        options: {
            ...listFlags,
            threads: { type: "string", short: "t" },
            folder: { type: "string" },
            "kv-cache-type": { type: "string" },
            "no-flash-attention": { type: "boolean", default: false },
        },
    });
    const plan = readPlan(values);
    const bindings = createRequire(import.meta.url)(join(values.folder, "llama-addon.node"));
    bindings.markLoaded();
    bindings.setLogger((level, message) => level <= 2 && process.stderr.write(message)); // errors
    bindings.setLoggerLogLevel(2);
    bindings.loadBackends(values.folder);
    await bindings.init();
    const { model, load_ms } = await openModel(bindings, positionals[0]);
    const subject = new Subject(bindings, model, {
        cells: Math.max(...plan.depths) + Math.max(...plan.prompts, ...plan.generations),
        mostSequences: Math.max(...plan.batches), threads: Number(values.threads), flashAttention: !values["no-flash-attention"], kvType: values["kv-cache-type"],
    });
    const turns = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
    const turn = async () => (await turns.next()).done && process.exit(0);
    for (const depth of plan.depths) {
        await turn();
        await subject.goToDepth(depth, [...(plan.prompts.length ? [1] : []), ...plan.batches]);
        for (const test of testsAt(plan, depth)) await subject.measure(test, test.kind === "prompt" ? 256 : 8);
        say({ ready: depth });
        for (let round = 0; round < plan.rounds; round++)
            for (const test of testsAt(plan, depth)) {
                await turn();
                const tps = await subject.measure(test);
                say({
                    test: test.name, tps, load_ms, cpu: loadedBackends().join("+"),
                    peak_bytes: process.resourceUsage().maxRSS * 1024,
                });
            }
    }
    process.exit(0);
}

// With one thread that calls llama_decode. Node would call it from any of four, which makes llama.cpp's threads wait for and
// disturb each other: a model of 135M then generates 46 tokens a second where it does 271 from one thread (2 cores).
export const childEnvironment = { UV_THREADPOOL_SIZE: "1" };

export const childPath = fileURLToPath(import.meta.url);
if (process.argv[1] === childPath) await child();

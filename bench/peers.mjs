// peers.mjs: hearth and other engines on the same files, in alternating rounds, as a table of medians with ratios.
//
//     node bench/peers.mjs MODEL.gguf... [-p 16,256] [-n 64] [-d 0,2048] [-b 1,8] [-t 2] [-r 5] [--kv-cache-type q8_0]
//                          [--hearth build/hearth] [--hearth-cpu avx2] [--backend haswell] [--no-llama]
//                          [--llama-bench PATH[=NAME]]... [--no-flash-attention] [--csv FILE] [--install]
//
// bench/README.md tells what is compared how.
import { appendFileSync, existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Hearth, LlamaBench, LlamaCpp } from "./engines.mjs";
import * as llamaCpp from "./llama_cpp.mjs";
import { fatal, listFlags, numbers, readPlan, testsAt } from "./plan.mjs";
import { csvHead, csvRow, markdown, median } from "./table.mjs";

const here = dirname(fileURLToPath(import.meta.url));

function readFlags() {
    try {
        return parseArgs({
            allowPositionals: true,
            options: {
                ...listFlags,
                threads: { type: "string", short: "t", default: String(availableParallelism()) },
                hearth: { type: "string", default: join(here, "../build/hearth") },
                "hearth-cpu": { type: "string" },
                backend: { type: "string" },
                "llama-bench": { type: "string", multiple: true, default: [] },
                "no-llama": { type: "boolean", default: false },
                "no-flash-attention": { type: "boolean", default: false },
                "kv-cache-type": { type: "string" },
                csv: { type: "string" },
                install: { type: "boolean", default: false },
            },
        });
    } catch (error) {
        return fatal(error.message);
    }
}

const { values: options, positionals: models } = readFlags();

function progress(text) {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

function openEngines(plan, model, threads) {
    const setting = {
        model, plan, threads: String(threads), program: options.hearth, cpu: options["hearth-cpu"], backend: options.backend,
        kvType: options["kv-cache-type"], flashAttention: !options["no-flash-attention"],
    };
    return [
        new Hearth(setting),
        ...(options["no-llama"] ? [] : [new LlamaCpp(setting)]),
        ...options["llama-bench"].map((text) => new LlamaBench(text, setting)),
    ];
}

// For each test and each engine the results of its rounds; the engine that begins changes from round to round.
async function measure(plan, list) {
    const results = [];
    for (const depth of plan.depths) {
        for (const engine of list) {
            progress(`${engine.name}: depth ${depth}`);
            await engine.goToDepth(depth);
        }
        const tests = testsAt(plan, depth).map((test) => ({ test, runs: new Map(list.map((engine) => [engine, []])) }));
        for (let round = 0; round < plan.rounds; round++)
            for (const { test, runs } of tests)
                for (let i = 0; i < list.length; i++) {
                    const engine = list[(i + round) % list.length];
                    progress(`${test.name}, round ${round + 1} of ${plan.rounds}: ${engine.name}`);
                    const result = await engine.measure(test);
                    if (result) runs.get(engine).push(result);
                }
        results.push(...tests);
    }
    progress("");
    return results;
}

const medianOf = (runs, key) => {
    const values = runs.map((run) => run[key]).filter((value) => typeof value === "number");
    return values.length ? median(values) : undefined;
};

function csvRows(model, threads, list, { test, runs }) {
    const ours = medianOf(runs.get(list[0]), "tps");
    return list.filter((engine) => runs.get(engine).length).map((engine) => {
        const mine = runs.get(engine), speeds = mine.map((run) => run.tps), last = mine.at(-1), tps = median(speeds);
        const medians = ["read_gbs", "read_share", "peak_gops", "peak_share", "load_ms"].map((key) => [key, medianOf(mine, key)]);
        return {
            model: basename(model), engine: engine.name, cpu: last.cpu, threads,
            kv_type: last.kv_type ?? options["kv-cache-type"] ?? "f16", test: test.name, kind: test.kind, tokens: test.tokens,
            sequences: test.sequences, depth: test.depth, rounds: mine.length, tps, tps_min: Math.min(...speeds),
            tps_max: Math.max(...speeds), hearth_ratio: ours / tps, ...Object.fromEntries(medians),
            peak_bytes: last.peak_bytes, extra_bytes: last.extra_bytes,
        };
    });
}

const shown = (value, digits, unit = 1) => (value === undefined ? "" : (value / unit).toFixed(digits));

function printTests(rows, list) {
    const head = ["test", ...list.map((engine) => `${engine.name} tokens/s`),
        ...list.slice(1).map((engine) => `hearth : ${engine.name}`), "of read %", "of int8 peak %"];
    const lines = [...new Set(rows.map((row) => row.test))].map((test) => {
        const of = (engine) => rows.find((row) => row.test === test && row.engine === engine.name);
        const ours = of(list[0]);
        return [test, ...list.map((engine) => shown(of(engine)?.tps, 2)),
            ...list.slice(1).map((engine) => shown(of(engine)?.hearth_ratio, 2)),
            ours.kind === "prompt" ? "" : shown(ours.read_share, 1, 0.01), shown(ours.peak_share, 1, 0.01)];
    });
    console.log(markdown(head, lines));
}

function printProcesses(rows, list) {
    const lines = list.flatMap((engine) => {
        const last = rows.filter((row) => row.engine === engine.name).at(-1);
        return last?.peak_bytes ? [[engine.name, last.cpu, shown(last.load_ms, 1), shown(last.peak_bytes, 0, 1e6),
            shown(last.extra_bytes, 1, 1e6)]] : [];
    });
    console.log(markdown(["process", "code for", "load ms", "peak MB", "of it beyond file, keys and values"], lines));
}

async function compare(plan, model, threads) {
    const list = openEngines(plan, model, threads);
    const rows = (await measure(plan, list)).flatMap((result) => csvRows(model, threads, list, result));
    for (const engine of list) await engine.close();
    const kvTypes = [...new Set(rows.map((row) => row.kv_type))].join(" and ");
    console.log(`${basename(model)}, ${threads} threads, median of ${plan.rounds} rounds, keys and values ${kvTypes}\n`);
    printTests(rows, list);
    printProcesses(rows, list);
    if (options.csv) {
        if (!existsSync(options.csv)) appendFileSync(options.csv, csvHead());
        appendFileSync(options.csv, rows.map(csvRow).join(""));
    }
}

if (options.install) llamaCpp.install();
if (models.length === 0 && !options.install) fatal("usage: node bench/peers.mjs MODEL.gguf... [-p 16,256] [-n 64] [-d 0,2048] [-b 1,8] ...");
if (models.length > 0 && !options["no-llama"] && !llamaCpp.isInstalled())
    fatal("llama.cpp is not there: add --install (npm, about 30 MB on disk), or --no-llama to go without");
const plan = readPlan(options);
for (const model of models) {
    if (!existsSync(model)) fatal(`there is no '${model}'`);
    for (const threads of numbers("threads", options.threads, 1)) await compare(plan, model, threads);
}

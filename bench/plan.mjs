// plan.mjs: the lists of one comparison, and the measurements they multiply into, in the order and with the names of
// `hearth bench` (src/cli/bench_plan.h).

export function fatal(message) {
    console.error(`Error: ${message}`);
    process.exit(1);
}

// Flags of every script that measures, for util.parseArgs.
export const listFlags = {
    prompt: { type: "string", short: "p", default: "512" },
    generate: { type: "string", short: "n", default: "128" },
    depth: { type: "string", short: "d", default: "0" },
    batch: { type: "string", short: "b", default: "1" },
    rounds: { type: "string", short: "r", default: "5" },
};

export function numbers(flag, text, least = 0) {
    const list = text.split(",");
    if (!list.every((item) => /^[0-9]{1,8}$/.test(item) && Number(item) >= least))
        fatal(`--${flag} wants whole numbers from ${least} with commas between them, not '${text}'`);
    return list.map(Number);
}

export function readPlan(options) {
    const plan = {
        prompts: numbers("prompt", options.prompt).filter((n) => n > 0),
        generations: numbers("generate", options.generate).filter((n) => n > 0),
        depths: numbers("depth", options.depth),
        batches: numbers("batch", options.batch, 1),
        rounds: numbers("rounds", options.rounds, 1)[0],
    };
    if (plan.prompts.length + plan.generations.length === 0) fatal("nothing to measure: --prompt 0 and --generate 0");
    return plan;
}

export const flagsOf = (plan) => [
    "-p", plan.prompts.join(",") || "0", "-n", plan.generations.join(",") || "0", "-d", plan.depths.join(","),
    "-b", plan.batches.join(","), "-r", String(plan.rounds),
];

export function testsAt(plan, depth) {
    const at = depth ? ` @ d${depth}` : "";
    const prompts = plan.prompts.map((tokens) => ({ kind: "prompt", tokens, sequences: 1, depth, name: `pp${tokens}${at}` }));
    const generations = plan.generations.flatMap((tokens) => plan.batches.map((sequences) => ({
        kind: "generation", tokens, sequences, depth, name: `tg${tokens}${sequences > 1 ? ` x${sequences}` : ""}${at}`,
    })));
    return [...prompts, ...generations];
}

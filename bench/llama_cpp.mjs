// llama_cpp.mjs: llama.cpp as the npm package node-llama-cpp brings it (its CPU build, prebuilt libraries): installing it,
// choosing one of its CPU backends, and building the program that measures it (llama_decode.c).
//
// The libraries are called from C and not from Node: there another thread must wake up for every step and a new team of
// threads is started for it, so that a model of 135M generated 45 to 280 tokens a second where it now does 245 (2 cores).
import { spawnSync } from "node:child_process";
import { existsSync, linkSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fatal } from "./plan.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const peerVersion = "3.22.1"; // brings llama.cpp v0.5.0
const packageName = `@node-llama-cpp/linux-${process.arch}`;
const bins = join(here, "node_modules", packageName, "bins", `linux-${process.arch}`);

export const isInstalled = () => existsSync(bins);
export const isBindingInstalled = () => isInstalled() && existsSync(join(here, "node_modules/node-llama-cpp"));

function installPackages(names) {
    const result = spawnSync(
        "npm",
        ["install", "--prefix", here, "--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=optional",
            ...names.map((name) => `${name}@${peerVersion}`)],
        { stdio: "inherit" },
    );
    if (result.status !== 0) fatal(`npm could not install ${names.join(" and ")}`);
}

export const install = () => installPackages([packageName]);

// The libraries and what drives them from Node.
export const installBinding = () => installPackages([packageName, "node-llama-cpp"]);

const backendOf = (file) => /^libggml-cpu-(.+)\.so$/.exec(file)?.[1];

// A folder with one backend only, of which llama.cpp would otherwise load the best for this machine.
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

// The program, built anew when its source is newer.
export function program() {
    const source = join(here, "llama_decode.c"), built = join(here, "node_modules", ".llama_decode");
    if (existsSync(built) && statSync(built).mtimeMs > statSync(source).mtimeMs) return built;
    const compiler = process.env.CC || "cc";
    const result = spawnSync(compiler, ["-std=gnu17", "-O2", "-Wall", "-o", built, source, "-ldl"], { stdio: "inherit" });
    if (result.status !== 0) fatal(`${compiler} could not build ${source}`);
    return built;
}

// Numbers that ggml gives the types of keys and values; -1: llama.cpp's own choice, f16.
export function kvTypeNumber(name) {
    const numbers = { f32: 0, f16: 1, q8_0: 8, bf16: 30 };
    if (!name || name === "auto") return -1;
    return numbers[name] ?? fatal(`llama.cpp has no keys and values of type '${name}'`);
}

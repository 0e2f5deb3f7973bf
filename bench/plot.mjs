// plot.mjs: results as an SVG: speed against context depth and against batch size, one line for each engine.
//
//     node bench/plot.mjs results.csv out.svg [--title TEXT]
//
// Reads the CSV of bench/peers.mjs or of `hearth bench -o csv`. One panel for each test that was measured at two depths or
// more, and one for each generation with two batch sizes or more; models, threads and types of keys and values that differ
// have lines of their own. Bars span the slowest to the fastest round.
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { fatal } from "./plan.mjs";
import { readCsv } from "./table.mjs";

const panel = { width: 460, height: 300, left: 64, right: 16, top: 40, bottom: 48 };
const legendLine = 20, margin = 16;

// Told apart by people who see colours differently too (Okabe and Ito), and on dark and light ground.
const style = `
  text { font: 12px system-ui, sans-serif; fill: #24292f; }
  .title { font-weight: 600; }
  .ground { fill: #ffffff; }
  .grid { stroke: #d0d7de; stroke-width: 1; }
  .axis { stroke: #57606a; stroke-width: 1; }
  .line { fill: none; stroke-width: 2; }
  .span { stroke-width: 1; opacity: 0.6; }
  .c0 { stroke: #0072b2; } .f0 { fill: #0072b2; }
  .c1 { stroke: #d55e00; } .f1 { fill: #d55e00; }
  .c2 { stroke: #009e73; } .f2 { fill: #009e73; }
  .c3 { stroke: #b8568f; } .f3 { fill: #b8568f; }
  .c4 { stroke: #8a6d00; } .f4 { fill: #8a6d00; }
  .c5 { stroke: #57606a; } .f5 { fill: #57606a; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .ground { fill: #0d1117; }
    .grid { stroke: #30363d; }
    .axis { stroke: #8b949e; }
    .c0 { stroke: #56b4e9; } .f0 { fill: #56b4e9; }
    .c1 { stroke: #ff9e57; } .f1 { fill: #ff9e57; }
    .c2 { stroke: #2fd1a3; } .f2 { fill: #2fd1a3; }
    .c3 { stroke: #e59ac4; } .f3 { fill: #e59ac4; }
    .c4 { stroke: #f0e442; } .f4 { fill: #f0e442; }
    .c5 { stroke: #b1bac4; } .f5 { fill: #b1bac4; }
  }`;
const dashes = ["", "7 4", "2 3", "9 3 2 3"]; // the same colour again

const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
const number = (value) => Number(value.toFixed(2)); // of the drawing

function readRows(path) {
    const rows = readCsv(readFileSync(path, "utf8"));
    for (const key of ["test", "tokens", "sequences", "depth", "tps"])
        if (rows.length === 0 || !(key in rows[0])) fatal(`${path}: no column '${key}'; is it a CSV of peers.mjs or hearth bench?`);
    return rows.map((row) => ({
        ...row, engine: row.engine || "hearth", kind: row.test.startsWith("pp") ? "prompt" : "generation",
        model: row.model.split("/").at(-1), ...Object.fromEntries(["tokens", "sequences", "depth", "tps"].map((key) => [key, Number(row[key])])),
        low: Number(row.tps_min || row.tps), high: Number(row.tps_max || row.tps),
    }));
}

// A line's name says what differs between lines only.
function namer(rows) {
    const differs = (key) => new Set(rows.map((row) => row[key])).size > 1;
    const keys = ["model", "threads", "kv_type"].filter(differs);
    const units = { threads: (row) => `${row.threads} threads` };
    return (row) => [row.engine, ...keys.map((key) => units[key]?.(row) ?? row[key])].join(", ");
}

const group = (rows, key) => Map.groupBy ? Map.groupBy(rows, key) : rows.reduce((map, row) =>
    map.set(key(row), [...(map.get(key(row)) ?? []), row]), new Map());

// Panels of rows that differ in one number only.
function panelsOf(rows, x, wanted, title, label) {
    const panels = [];
    for (const [name, some] of group(rows.filter(wanted), title))
        if (new Set(some.map((row) => row[x])).size > 1) panels.push({ title: name, label, x, rows: some });
    return panels;
}

function findPanels(rows) {
    const together = (row) => (row.sequences > 1 ? ` by ${row.sequences} sequences` : "");
    const what = (row) => (row.kind === "prompt" ? `prompt of ${row.tokens}` : `generation of ${row.tokens}`);
    return [
        ...panelsOf(rows, "depth", () => true, (row) => what(row) + together(row), "context before (tokens)"),
        ...panelsOf(rows, "sequences", (row) => row.kind === "generation",
            (row) => what(row) + (row.depth ? ` at depth ${row.depth}` : ""), "sequences together"),
    ];
}

// Round steps of 1, 2 or 5 that make four to eight.
function ticks(most) {
    const raw = most / 5, power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= raw);
    return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, i) => i * step);
}

function scales(some, x) {
    const { width, height, left, right, top, bottom } = panel;
    const mostX = Math.max(...some.map((row) => row[x])), mostY = Math.max(...some.map((row) => row.high)) * 1.08;
    return {
        mostX, mostY,
        toX: (value) => number(left + ((width - left - right) * value) / mostX),
        toY: (value) => number(height - bottom - ((height - top - bottom) * value) / mostY),
    };
}

// Numbers that were measured, unless they are too near to each other to be read.
function ticksX(some, x, toX) {
    const kept = [];
    for (const value of [...new Set(some.map((row) => row[x]))].sort((a, b) => b - a))
        if (kept.length === 0 || toX(kept.at(-1)) - toX(value) > 34) kept.push(value);
    return kept;
}

function drawAxes({ title, label, x, rows: some }, { mostY, toX, toY }) {
    const { width, height, left, right, top, bottom } = panel, floor = height - bottom;
    const parts = [`<text class="title" x="${left}" y="${top - 18}">${escape(title)}</text>`];
    for (const value of ticks(mostY))
        parts.push(`<line class="grid" x1="${left}" x2="${width - right}" y1="${toY(value)}" y2="${toY(value)}"/>`,
            `<text x="${left - 8}" y="${toY(value) + 4}" text-anchor="end">${value >= 1 ? value : number(value)}</text>`);
    for (const value of ticksX(some, x, toX))
        parts.push(`<line class="axis" x1="${toX(value)}" x2="${toX(value)}" y1="${floor}" y2="${floor + 4}"/>`,
            `<text x="${toX(value)}" y="${floor + 18}" text-anchor="middle">${value}</text>`);
    parts.push(`<line class="axis" x1="${left}" x2="${width - right}" y1="${floor}" y2="${floor}"/>`,
        `<text x="${(left + width - right) / 2}" y="${height - 10}" text-anchor="middle">${label}</text>`,
        `<text x="14" y="${(top + floor) / 2}" text-anchor="middle" transform="rotate(-90 14 ${(top + floor) / 2})">tokens/s</text>`);
    return parts;
}

function drawLine(rows, x, { toX, toY }, { colour, dash }) {
    const points = [...rows].sort((a, b) => a[x] - b[x]);
    const path = points.map((row) => `${toX(row[x])},${toY(row.tps)}`).join(" ");
    return [
        `<polyline class="line c${colour}" points="${path}"${dash ? ` stroke-dasharray="${dash}"` : ""}/>`,
        ...points.map((row) => `<line class="span c${colour}" x1="${toX(row[x])}" x2="${toX(row[x])}" y1="${toY(row.low)}" y2="${toY(row.high)}"/>` +
            `<circle class="f${colour}" cx="${toX(row[x])}" cy="${toY(row.tps)}" r="3.5"><title>${escape(`${row.name}, ${row.test}: ${number(row.tps)} tokens/s`)}</title></circle>`),
    ];
}

function drawPanel(one, looks) {
    const measures = scales(one.rows, one.x);
    const lines = [...group(one.rows, (row) => row.name)].flatMap(([name, rows]) => drawLine(rows, one.x, measures, looks.get(name)));
    return [...drawAxes(one, measures), ...lines];
}

function drawLegend(looks) {
    return [...looks].flatMap(([name, { colour, dash }], i) => {
        const y = i * legendLine + 10;
        return [`<line class="line c${colour}" x1="0" x2="30" y1="${y}" y2="${y}"${dash ? ` stroke-dasharray="${dash}"` : ""}/>`,
            `<text x="38" y="${y + 4}">${escape(name)}</text>`];
    });
}

function draw(panels, names, title) {
    const looks = new Map(names.map((name, i) => [name, { colour: i % 6, dash: dashes[Math.floor(i / 6) % dashes.length] }]));
    const across = Math.min(panels.length, 2), down = Math.ceil(panels.length / 2);
    const head = (title ? 30 : 0) + names.length * legendLine + margin;
    const width = across * panel.width + 2 * margin, height = head + down * panel.height + 2 * margin;
    const place = (parts, x, y) => `<g transform="translate(${x} ${y})">\n${parts.join("\n")}\n</g>`;
    return [
        `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
        `<title>${escape(title || "tokens per second")}</title>`, `<style>${style}\n</style>`,
        `<rect class="ground" width="${width}" height="${height}"/>`,
        ...(title ? [`<text class="title" x="${margin + 8}" y="${margin + 14}">${escape(title)}</text>`] : []),
        place(drawLegend(looks), margin + 8, margin + (title ? 30 : 0)),
        ...panels.map((one, i) => place(drawPanel(one, looks), margin + (i % 2) * panel.width, margin + head + Math.floor(i / 2) * panel.height)),
        "</svg>\n",
    ].join("\n");
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { title: { type: "string", default: "" } } });
if (positionals.length !== 2) fatal("usage: node bench/plot.mjs results.csv out.svg [--title TEXT]");
const rows = readRows(positionals[0]);
const nameOf = namer(rows);
for (const row of rows) row.name = nameOf(row);
const panels = findPanels(rows);
if (panels.length === 0) fatal(`${positionals[0]}: no test was measured at two depths or with two batch sizes`);
const named = new Set(panels.flatMap((one) => one.rows.map((row) => row.name)));
writeFileSync(positionals[1], draw(panels, [...new Set(rows.map((row) => row.name))].filter((name) => named.has(name)), values.title));

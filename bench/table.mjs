// table.mjs: results as CSV (one row a measurement of one engine) and as Markdown (one row a test, engines side by side).

export const columns = ["model", "engine", "cpu", "threads", "kv_type", "test", "kind", "tokens", "sequences", "depth", "rounds",
    "tps", "tps_min", "tps_max", "hearth_ratio", "read_gbs", "read_share", "peak_gops", "peak_share", "load_ms", "peak_bytes",
    "extra_bytes"];

const quote = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

export const csvHead = () => columns.join(",") + "\n";
export const csvRow = (row) => columns.map((key) => quote(String(row[key] ?? ""))).join(",") + "\n";

// A table of objects by the names in its first line.
export function readCsv(text) {
    const [head, ...rows] = text.trim().split(/\r?\n/).map((line) =>
        [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map((m) => m[1]?.replaceAll('""', '"') ?? m[2]));
    return rows.map((row) => Object.fromEntries(head.map((key, i) => [key, row[i]])));
}

export function median(values) {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function markdown(head, rows) {
    const line = (cells) => `| ${cells.join(" | ")} |\n`;
    return line(head) + line(head.map((_, i) => (i ? "---:" : "---"))) + rows.map(line).join("");
}

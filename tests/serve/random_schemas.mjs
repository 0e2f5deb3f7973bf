// random_schemas.mjs: JSON Schemas and tools as people write them, out of a seed.

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function random(seed) {
    let state = seed >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let t = Math.imul(state ^ (state >>> 15), 1 | state);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
}

const words = ("city name date count price label kind state owner title colour weight email phone street level score limit unit "
    + "query path mode note reason size shape speed topic place month").split(" ");
const verbs = "get set find list send make book open close play move count check add remove update plan start".split(" ");

export class Maker {
    constructor(seed) { this.next = random(seed); }
    below(n) { return Math.floor(this.next() * n); }
    pick(list) { return list[this.below(list.length)]; }
    chance(p) { return this.next() < p; }

    names(n) {
        const all = new Set();
        while (all.size < n) all.add(this.pick(words) + (this.chance(0.3) ? `_${this.pick(words)}` : ""));
        return [...all];
    }

    string() {
        switch (this.below(6)) {
        case 0: return { type: "string", enum: this.names(2 + this.below(4)) };
        case 1: return { type: "string", minLength: 1, maxLength: 1 + this.below(20) };
        case 2: return { type: "string", pattern: this.pick(["^[A-Z]{2}[0-9]{3}$", "^(red|green|blue)$", "^[a-z]+-[0-9]+$", "^\\d{4}$"]), maxLength: 12 };
        case 3: return { type: "string", format: this.pick(["date", "time", "uuid", "ipv4"]) };
        case 4: return { const: this.pick(words) };
        default: return { type: "string", maxLength: 30 };
        }
    }

    number() {
        const least = this.below(50);
        return this.pick([
            { type: "integer" }, { type: "integer", minimum: least, maximum: least + this.below(100) },
            { type: "number", minimum: 0, maximum: 1000 }, { type: "integer", multipleOf: 5, minimum: 0, maximum: 500 }]);
    }

    schema(depth) {
        switch (this.below(depth > 0 ? 8 : 5)) {
        case 0: case 1: return this.string();
        case 2: case 3: return this.number();
        case 4: return { type: "boolean" };
        case 5: return { type: "array", items: this.schema(depth - 1), minItems: this.below(2), maxItems: 1 + this.below(3) };
        case 6: return { anyOf: [this.string(), this.number(), { type: "null" }] };
        default: return this.object(depth - 1);
        }
    }

    object(depth) {
        const names = this.names(1 + this.below(4)), properties = {};
        for (const name of names) {
            properties[name] = this.schema(depth);
            if (this.chance(0.4)) properties[name].description = `The ${name.replace("_", " ")}`;
        }
        const required = names.filter(() => this.chance(0.7));
        return { type: "object", properties, required, additionalProperties: false };
    }

    tool(taken) {
        let name;
        do name = `${this.pick(verbs)}_${this.pick(words)}${this.chance(0.2) ? this.below(10) : ""}`; while (taken.has(name));
        taken.add(name);
        return { name, description: `${name.replace("_", " ")}.`, parameters: this.object(2) };
    }

    tools() {
        const taken = new Set();
        return Array.from({ length: 1 + this.below(3) }, () => this.tool(taken));
    }
}

// stream_clients.mjs: clients that stream answers of `hearth serve`, each one after another.
//
//   node bench/stream_clients.mjs PORT MODEL CLIENTS TOKENS
//
// serve.mjs runs it on the processors that the server works on; so it gives way to the server, and takes little of their time:
// a socket a client, of which every line is read, but only the last one of an answer taken apart. Goes on until
// SIGTERM, then prints a line of JSON: each client's tokens, prompt tokens that had to be read, errors.
import net from "node:net";
import { constants, setPriority } from "node:os";

const [port, model, nClients, nTokens] = process.argv.slice(2).map((word, i) => (i === 1 ? word : Number(word)));
const tokens = new Array(nClients).fill(0), errors = [];
let promptTokens = 0;

class Client {
    constructor(number) {
        Object.assign(this, { number, round: 0, text: "", line: "" });
        const callback = (n, bytes) => this.read(bytes.latin1Slice(0, n));
        this.socket = net.connect({ port, onread: { buffer: Buffer.alloc(1 << 16), callback } }, () => this.ask());
        this.socket.on("error", (error) => errors.push(error.message));
        this.socket.on("close", (hadError) => hadError || errors.push("the server has closed a connection"));
    }

    ask() {
        const body = JSON.stringify({ model, raw: true, stream: true,
            prompt: `Client ${this.number}, round ${this.round++}: once upon a time there was`,
            options: { temperature: 0, num_predict: nTokens } });
        Object.assign(this, { isHead: true, nLines: 0 });
        this.socket.write(`POST /api/generate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    }

    // Heads and whole chunks, as they come.
    read(text) {
        this.text += text;
        while (this.isHead ? this.takeHead() : this.takeChunk());
    }

    takeHead() {
        const end = this.text.indexOf("\r\n\r\n");
        if (end < 0) return false;
        if (!this.text.startsWith("HTTP/1.1 200 ")) return this.fail(this.text);
        this.text = this.text.slice(end + 4);
        this.isHead = false;
        return true;
    }

    takeChunk() {
        const begin = this.text.indexOf("\r\n") + 2, length = parseInt(this.text, 16);
        if (begin < 2 || this.text.length < begin + length + 2) return false;
        if (Number.isNaN(length)) return this.fail(`'${this.text.slice(0, begin)}' is no chunk's length`);
        const lines = (this.line + this.text.slice(begin, begin + length)).split("\n");
        this.text = this.text.slice(begin + length + 2);
        this.line = lines.pop();
        for (const line of lines) this.takeLine(line);
        if (length === 0) this.ask();
        return true;
    }

    // A line is a token, but for those that were no text by themselves: the last line knows how many there were.
    takeLine(line) {
        this.nLines += 1;
        tokens[this.number] += 1;
        if (line.includes('"done":false')) return;
        const event = JSON.parse(line);
        if (!event.done) return void this.fail(line);
        tokens[this.number] += event.eval_count - this.nLines;
        promptTokens += event.prompt_eval_count - event.cached_tokens;
    }

    fail(why) {
        this.socket.destroy(new Error(why));
        return false;
    }
}

setPriority(constants.priority.PRIORITY_LOW);
process.on("SIGTERM", () => {
    console.log(JSON.stringify({ tokens, promptTokens, errors }));
    process.exit();
});
setInterval(() => {}, 1 << 30); // until then also when all clients have failed
for (let i = 0; i < nClients; i++) new Client(i);

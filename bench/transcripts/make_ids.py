#!/usr/bin/env python3
"""Writes NAME.ids beside each NAME.prompt.txt and NAME.answer.txt: two lines of token ids.

    make_ids.py HEARTH TOKENIZERS

The vocabulary is that of Llama 3 (128000 tokens): llama3.2.encoder.json and llama3.2.vocab.bpe in
the folder TOKENIZERS, whose manifest.json has the expression that cuts the text.
"""
import json
import pathlib
import subprocess
import sys
import tempfile


def write_tokenizer(folder, out):
    manifest = json.loads((folder / "manifest.json").read_text())
    rows = manifest if isinstance(manifest, list) else manifest["vocabularies"]
    row = next(r for r in rows if r["name"] == "llama3.2")
    merges = [line for line in (folder / "llama3.2.vocab.bpe").read_text().split("\n")
              if line and not line.startswith("#version")]
    out.write_text(json.dumps({
        "added_tokens": [],
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": row["pre_tokenizer"]},
             "behavior": "Isolated", "invert": False},
            {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}]},
        "decoder": {"type": "ByteLevel"},
        "model": {"type": "BPE", "ignore_merges": row["ignore_merges"], "merges": merges,
                  "vocab": json.loads((folder / "llama3.2.encoder.json").read_text())},
    }))


def encode(hearth, tokenizer, texts):
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    result = subprocess.run([hearth, "tokenize", "--jsonl", tokenizer], input=lines, text=True,
                            capture_output=True, check=True)
    return [json.loads(line)["ids"] for line in result.stdout.splitlines()]


def main():
    hearth, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    here = pathlib.Path(__file__).parent
    with tempfile.TemporaryDirectory() as scratch:
        tokenizer = pathlib.Path(scratch) / "tokenizer.json"
        write_tokenizer(folder, tokenizer)
        for prompt in sorted(here.glob("*.prompt.txt")):
            name = prompt.name.removesuffix(".prompt.txt")
            answer = here / f"{name}.answer.txt"
            ids = encode(hearth, tokenizer, [prompt.read_text(), answer.read_text()])
            (here / f"{name}.ids").write_text("".join(" ".join(map(str, i)) + "\n" for i in ids))
            print(f"{name}: {len(ids[0])} + {len(ids[1])} tokens")


main()

"""Reads the corpus: documents of the text files, rows of the jsonl files."""
import json
import lzma
import pathlib


def _open(folder, name):
    """The file itself, or its .xz beside it."""
    path = pathlib.Path(folder) / name
    if path.exists():
        return open(path, encoding="utf-8")
    return lzma.open(str(path) + ".xz", "rt", encoding="utf-8")


def text(folder, name):
    with _open(folder, name) as file:
        return file.read()


def documents(folder, name):
    return [d.strip("\n") for d in text(folder, name).split("\n<|end|>\n") if d.strip()]


def rows(folder, name):
    with _open(folder, name) as file:
        return [json.loads(line) for line in file]

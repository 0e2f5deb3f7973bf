"""Trains the vocabulary on a sample of the corpus and writes tokenizer.json.

    python3 train/make_tokenizer.py CORPUS_FOLDER OUT/tokenizer.json
"""
import argparse
import collections
import json
import random
import re

import bpe
import chat
import corpus

# Characters of each kind. The proportions are about those of the training mix; rows with tools
# repeat the same declarations so often that few are enough.
SAMPLE = {"stories.txt": 16_000_000, "prose.txt": 12_000_000,
          "dialogue.jsonl": 14_000_000, "tools.jsonl": 5_000_000}
N_TOKENS = 8192


def sample_texts(folder, name, budget, shuffle):
    if name.endswith(".txt"):
        # whole paragraphs from everywhere: a few novels would teach their heroes' names
        texts = [p + "\n\n" for d in corpus.documents(folder, name) for p in d.split("\n\n")]
    else:
        texts = corpus.rows(folder, name)
    shuffle(texts)
    for text in texts:
        if not isinstance(text, str):
            text = chat.render(text["messages"], text.get("tools"))
        yield text
        budget -= len(text)
        if budget <= 0:
            return


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus")
    parser.add_argument("out")
    parser.add_argument("--tokens", type=int, default=N_TOKENS)
    arguments = parser.parse_args()

    special = re.compile("|".join(map(re.escape, bpe.SPECIAL_TOKENS)))
    shuffle = random.Random(5).shuffle
    counts = collections.Counter()
    for name, budget in SAMPLE.items():
        texts = sample_texts(arguments.corpus, name, budget, shuffle)
        counts.update(bpe.count_pieces(special.sub("", text) for text in texts))
        print(name, len(counts), "different pieces so far", flush=True)
    tokens, merges = bpe.Trainer(counts).train(arguments.tokens - bpe.N_SPECIAL)
    with open(arguments.out, "w") as file:
        json.dump(bpe.tokenizer_json(tokens, merges), file, ensure_ascii=False)
    print(len(tokens), "learned tokens and", bpe.N_SPECIAL, "special ones")


if __name__ == "__main__":
    main()

"""Byte-level BPE: training, encoding and decoding in plain Python.

Training counts the pieces that Qwen 2's published expression cuts a text into and merges the most
frequent pair of symbols again and again (Sennrich et al. 2016). Ties go to the pair of lower ids, so
the same text always gives the same vocabulary. The result is written as Hugging Face's tokenizer.json.
"""
import collections
import heapq
import json

import regex

# The pre-tokenizer that GGUF calls "qwen2": words take one sign in front, digits stand alone.
SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
         r"|\s*[\r\n]+|\s+(?!\S)|\s+")
SPLIT_PATTERN = regex.compile(SPLIT)

CONTROL_TOKENS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>",
                  "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"]
USER_TOKENS = ["<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>"]
N_SPECIAL = 16
SPECIAL_TOKENS = CONTROL_TOKENS + USER_TOKENS + [
    f"<|reserved_{i}|>" for i in range(N_SPECIAL - len(CONTROL_TOKENS) - len(USER_TOKENS))]


def byte_letters():
    """A printable letter for each byte: GPT-2's table, which tokenizer.json and GGUF both use."""
    shown = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAC + 1), *range(0xAE, 0xFF + 1)]
    letters = {byte: chr(byte) for byte in shown}
    hidden = [byte for byte in range(256) if byte not in letters]
    letters.update({byte: chr(256 + i) for i, byte in enumerate(hidden)})
    return [letters[byte] for byte in range(256)]


LETTERS = byte_letters()
BYTES = {letter: byte for byte, letter in enumerate(LETTERS)}
# The single bytes come first, in the order of their letters.
ALPHABET = sorted(LETTERS)


def count_pieces(texts):
    counts = collections.Counter()
    for text in texts:
        counts.update(SPLIT_PATTERN.findall(text))
    return counts


class Trainer:
    """Words as lists of ids; per pair its count and the words it occurs in."""

    def __init__(self, piece_counts, min_count=2):
        first = {letter: i for i, letter in enumerate(ALPHABET)}
        self.words, self.word_counts = [], []
        self.pair_counts = collections.defaultdict(int)
        self.pair_words = collections.defaultdict(set)
        for piece, count in sorted(piece_counts.items()):
            if count >= min_count:
                self._add_word([first[LETTERS[b]] for b in piece.encode()], count)
        self.heap = [(-count, pair) for pair, count in self.pair_counts.items()]
        heapq.heapify(self.heap)

    def _add_word(self, ids, count):
        self.words.append(ids)
        self.word_counts.append(count)
        for pair in zip(ids, ids[1:]):
            self.pair_counts[pair] += count
            self.pair_words[pair].add(len(self.words) - 1)

    def _pop_best(self):
        while self.heap:
            negative, pair = heapq.heappop(self.heap)
            count = self.pair_counts.get(pair, 0)
            if count == -negative:
                return pair
            if count > 0:  # stale: put back with its true count
                heapq.heappush(self.heap, (-count, pair))
        raise ValueError("the sample is too small for a vocabulary of this size")

    def _replace(self, index, pair, new):
        ids, count, out, i = self.words[index], self.word_counts[index], [], 0
        before = collections.Counter(zip(ids, ids[1:]))
        while i < len(ids):
            if i + 1 < len(ids) and (ids[i], ids[i + 1]) == pair:
                out.append(new)
                i += 2
            else:
                out.append(ids[i])
                i += 1
        after = collections.Counter(zip(out, out[1:]))
        self.words[index] = out
        for changed in before.keys() | after.keys():
            difference = after[changed] - before[changed]
            if difference:
                self.pair_counts[changed] += difference * count
            if difference > 0:
                self.pair_words[changed].add(index)
                heapq.heappush(self.heap, (-self.pair_counts[changed], changed))

    def train(self, n_tokens):
        tokens, merges = list(ALPHABET), []
        while len(tokens) < n_tokens:
            pair = self._pop_best()
            merges.append((tokens[pair[0]], tokens[pair[1]]))
            tokens.append(tokens[pair[0]] + tokens[pair[1]])
            for index in self.pair_words.pop(pair):
                self._replace(index, pair, len(tokens) - 1)
            self.pair_counts.pop(pair, None)
        return tokens, merges


def tokenizer_json(tokens, merges):
    """tokenizer.json; the special tokens follow the learned ones."""
    vocabulary = {token: i for i, token in enumerate(tokens)}
    if len(vocabulary) != len(tokens):
        raise ValueError("two merges made the same token")
    added = [{"id": len(tokens) + i, "content": text, "single_word": False, "lstrip": False,
              "rstrip": False, "normalized": False, "special": text not in USER_TOKENS}
             for i, text in enumerate(SPECIAL_TOKENS)]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False,
                  "use_regex": False}
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": SPLIT}, "behavior": "Isolated",
             "invert": False}, byte_level]},
        "post_processor": byte_level, "decoder": byte_level,
        "model": {"type": "BPE", "dropout": None, "unk_token": None,
                  "continuing_subword_prefix": "", "end_of_word_suffix": "",
                  "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                  "vocab": vocabulary, "merges": [list(pair) for pair in merges]},
    }


class Tokenizer:
    """Encodes with a tokenizer.json that tokenizer_json() wrote."""

    def __init__(self, path):
        with open(path) as file:
            self.json = json.load(file)
        self.ids = dict(self.json["model"]["vocab"])
        self.ranks = {tuple(pair): i for i, pair in enumerate(self.json["model"]["merges"])}
        self.special = {t["content"]: t["id"] for t in self.json["added_tokens"]}
        self.texts = {i: token for token, i in self.ids.items()}
        self.special_texts = {i: text for text, i in self.special.items()}
        self.n_tokens = len(self.ids) + len(self.special)
        self.split_special = regex.compile(
            "(" + "|".join(regex.escape(text) for text in self.special) + ")")
        self.cache = {}

    def _piece_ids(self, piece):
        symbols = [LETTERS[b] for b in piece.encode()]
        while len(symbols) > 1:
            rank, at = min((self.ranks.get(pair, len(self.ranks)), i)
                           for i, pair in enumerate(zip(symbols, symbols[1:])))
            if rank == len(self.ranks):
                break
            symbols[at:at + 2] = [symbols[at] + symbols[at + 1]]
        return [self.ids[symbol] for symbol in symbols]

    def encode(self, text):
        """Token ids; special tokens written in the text become themselves."""
        out, cache = [], self.cache
        for i, part in enumerate(self.split_special.split(text)):
            if i % 2:
                out.append(self.special[part])
                continue
            for piece in SPLIT_PATTERN.findall(part):
                ids = cache.get(piece)
                if ids is None:
                    ids = cache[piece] = self._piece_ids(piece)
                out.extend(ids)
        return out

    def decode(self, ids):
        out = bytearray()
        for i in ids:
            i = int(i)
            if i in self.special_texts:
                out += self.special_texts[i].encode()
            else:
                out += bytes(BYTES[letter] for letter in self.texts[i])
        return out.decode("utf-8", "replace")

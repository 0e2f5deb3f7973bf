"""Turns the corpus into token files: one per source, and the held-out cases.

    python3 train/prepare.py CORPUS_FOLDER TOKENIZER.json OUT_FOLDER

A stream is OUT/NAME.npy, uint16 [n]. Conversations are OUT/NAME.npy, uint16 [rows, ROW], whole ones
packed into rows, with OUT/NAME.roles.npy beside it: 0 padding, 1 what was given, 2 what the assistant
says, its end of turn included.
"""
import argparse
import json
import multiprocessing
import pathlib
import random
import time

import numpy

import bpe
import chat
import corpus
import mix
import synthetic_arithmetic
import synthetic_facts
import synthetic_functions
import synthetic_reading
import synthetic_stories
import synthetic_tales
import synthetic_tools

CONTEXT = 2048
ROW = CONTEXT + 1  # each row holds the inputs and, one later, what they predict
PADDING, GIVEN, SAID = 0, 1, 2
N_TOOL_CASES = 100
N_NEW_TOOL_CASES = 40
# how much is made up
N_TALES, N_TOLD, N_READINGS, N_INVENTIONS = 600_000, 40_000, 140_000, 60_000
SOURCE_OF = {"self_dialogue": "talk", "topical_chat": "talk", "sgd": "service",
             "taskmaster4": "service", "fairytaleqa": "passages", "gsm8k": "sums"}

_tokenizer = None
_marks = None


def _start(path):
    """In each worker."""
    global _tokenizer, _marks
    _tokenizer = bpe.Tokenizer(path)
    _marks = (_tokenizer.special["<|im_end|>"], _tokenizer.encode("<|im_start|>assistant\n"))


def encode_document(text):
    ids = _tokenizer.encode(text) + [_tokenizer.special["<|endoftext|>"]]
    return numpy.array(ids, dtype=numpy.uint16)


def encode_conversation(conversation):
    """Tokens and roles, cut to a row."""
    text = chat.render(conversation["messages"], conversation.get("tools"))
    ids = _tokenizer.encode(text) + [_tokenizer.special["<|endoftext|>"]]
    end, opening = _marks
    roles, i = [GIVEN] * len(ids), 0
    while i < len(ids):
        if ids[i:i + len(opening)] == opening:
            i += len(opening)
            while i < len(ids):
                roles[i] = SAID
                i += 1
                if ids[i - 1] == end:
                    break
        else:
            i += 1
    return numpy.array(ids[:ROW], dtype=numpy.uint16), numpy.array(roles[:ROW], dtype=numpy.uint8)


def encode_tale(seed):
    return encode_document(synthetic_tales.document(f"tale {seed}"))


def encode_told(seed):
    return encode_conversation(synthetic_tales.conversation(f"told {seed}"))


def encode_reading(seed):
    return encode_conversation(synthetic_reading.conversation(f"reading {seed}"))


def encode_invention(seed):
    return encode_conversation(synthetic_functions.conversation(random.Random(f"invention {seed}")))


def line_up(documents):
    """Rows that begin where a document begins; the last one of each row is cut off."""
    rows, row, length = [], [], 0
    for ids in documents:
        row.append(ids)
        length += len(ids)
        if length >= ROW:
            rows.append(numpy.concatenate(row)[:ROW])
            row, length = [], 0
    return numpy.stack(rows)


def pack(pairs, pick, end_token):
    """Whole conversations into rows, each into the fullest of the open rows it fits."""
    pick.shuffle(pairs)
    full, open_rows = [], []
    for pair in pairs:
        fitting = [r for r in open_rows if r[0] + len(pair[0]) <= ROW]
        if fitting:
            row = max(fitting, key=lambda r: r[0])
            row[0] += len(pair[0])
            row[1].append(pair)
        else:
            open_rows.append([len(pair[0]), [pair]])
        if len(open_rows) > 48:
            fullest = max(range(len(open_rows)), key=lambda i: open_rows[i][0])
            full.append(open_rows.pop(fullest)[1])
    full += [row[1] for row in open_rows]
    pick.shuffle(full)
    ids = numpy.full((len(full), ROW), end_token, dtype=numpy.uint16)
    roles = numpy.full((len(full), ROW), PADDING, dtype=numpy.uint8)
    for i, parts in enumerate(full):
        joined = numpy.concatenate([p[0] for p in parts])
        ids[i, :len(joined)] = joined
        roles[i, :len(joined)] = numpy.concatenate([p[1] for p in parts])
    return ids, roles


def fill_document(text, pick):
    """prefix, suffix and then the middle, which is what an editor's cursor stands in."""
    a, b = sorted(pick.sample(range(len(text) + 1), 2))
    b = min(b, a + pick.choice([40, 120, 400, 1200]))
    return f"<|fim_prefix|>{text[:a]}<|fim_suffix|>{text[b:]}<|fim_middle|>{text[a:b]}"


def fill_documents(documents, pick, share=0.35):
    for document in documents:
        paragraphs, start = document.split("\n\n"), 0
        while start < len(paragraphs):
            n = pick.randint(1, 6)
            text = "\n\n".join(paragraphs[start:start + n])[:4000]
            start += n
            if len(text) > 80 and pick.random() < share:
                yield fill_document(text, pick)


def transcript(conversation):
    """As plain text with names, the way people paste conversations."""
    return "\n".join(m["role"].capitalize() + ": " + m["content"] for m in conversation["messages"])


def persona_conversations(pick, talks, count):
    entries = json.loads(pathlib.Path(__file__).with_name("persona.json").read_text())
    for i in range(count):
        messages = []
        for entry in pick.sample(entries, pick.choice([1, 1, 1, 2, 3])):
            messages += [{"role": "user", "content": pick.choice(entry["user"])},
                         {"role": "assistant", "content": pick.choice(entry["assistant"])}]
        if pick.random() < 0.2:
            messages += pick.choice(talks)["messages"][:6]
        if pick.random() < 0.1:
            system = pick.choice(["You are ember.", "You are a helpful assistant.",
                                  "You are ember, a small language model.", "Answer briefly."])
            messages.insert(0, {"role": "system", "content": system})
        yield {"messages": messages}


def story_conversations(pick, documents, count):
    """Tales to tell and to continue; the short and simple ones most often."""
    short = [d for d in documents if len(d) < 6000]
    longer = [d for d in documents if len(d) >= 6000]
    made = 0
    while made < count:
        is_short = pick.random() < 0.6
        document = pick.choice(short if is_short else longer)
        if pick.random() < 0.35:
            row = synthetic_stories.told(pick, document) if is_short else None
        else:
            row = synthetic_stories.continued(pick, document, is_short and pick.random() < 0.6)
        if row:
            made += 1
            yield row


def said_conversations(pick, documents, count):
    longer = [d for d in documents if len(d) > 2000]
    for _ in range(count):
        row = synthetic_stories.who_said(pick, pick.choice(longer))
        if row:
            yield row


def hold_out_tools(rows, talks, pick):
    """Rows that are kept for measuring, and everything else without their dialogues."""
    positive = [i for i, r in enumerate(rows) if r["source"] == "sgd"]
    held = set(pick.sample(positive, N_TOOL_CASES))
    texts = {m["content"] for i in held for m in rows[i]["messages"]
             if m["role"] == "user" and len(m["content"]) > 40}
    is_clean = lambda r: not any(m.get("content") in texts for m in r["messages"])
    return ([rows[i] for i in sorted(held)],
            [r for i, r in enumerate(rows) if i not in held and is_clean(r)],
            [r for r in talks if is_clean(r)])


def tool_case(row, pick):
    """The conversation up to one of its calls, and that call."""
    at = pick.choice([i for i, m in enumerate(row["messages"]) if m.get("tool_calls")])
    return {"tools": row["tools"], "messages": row["messages"][:at],
            "expected": row["messages"][at]["tool_calls"][0]["function"]}


def gather(folder, pick, small, prose_step):
    """Everything to encode: texts of each stream, conversations of each other source, and cases."""
    stories, prose = corpus.documents(folder, "stories.txt"), corpus.documents(folder, "prose.txt")[::prose_step]
    talks, calls = corpus.rows(folder, "dialogue.jsonl"), corpus.rows(folder, "tools.jsonl")
    if small:
        stories, prose = stories[::40], prose[::60]
        talks, calls = talks[::100], calls[::30]
    held, calls, talks = hold_out_tools(calls, talks, pick)
    cases = [tool_case(row, pick) for row in held]
    cases += [tool_case(synthetic_tools.conversation(
        pick, functions=synthetic_tools.HELD_OUT_FUNCTIONS), pick) for _ in range(N_NEW_TOOL_CASES)]

    n = lambda count: count // 50 if small else count
    conversations = {name: [] for name in mix.CONVERSATIONS if name != "reading"}
    for row in talks:
        conversations[SOURCE_OF[row["source"]]].append(row)
    plain = [r for r in talks if r["source"] in ("self_dialogue", "topical_chat")]
    persona = list(persona_conversations(pick, plain, n(6000)))
    conversations["persona"] = persona
    conversations["calls"] = [synthetic_functions.renamed(pick, row) if i % 4 == 0 else row
                              for i, row in enumerate(calls)]
    conversations["functions"] = [synthetic_tools.conversation(pick) for _ in range(n(24000))]
    conversations["functions"] = [synthetic_functions.renamed(pick, row) if i % 2 else row
                                  for i, row in enumerate(conversations["functions"])]
    conversations["functions"] += [
        synthetic_tools.conversation(pick, pick.choice(pick.choice([persona, plain, plain])))
        for _ in range(n(5000))]
    conversations["sums"] += [synthetic_arithmetic.conversation(pick) for _ in range(n(40000))]
    conversations["passages"] += [synthetic_facts.conversation(pick) for _ in range(n(20000))]
    conversations["passages"] += said_conversations(pick, stories, n(16000))
    conversations["inventions"] = [synthetic_functions.conversation(pick, pick.choice(pick.choice([persona, plain,
                plain]))) for _ in range(n(4000))]
    conversations["told"] = list(story_conversations(pick, stories, n(3000)))
    pick.shuffle(prose)
    streams = {"stories": stories, "prose": prose,
               "fill": list(fill_documents(stories + prose, pick)),
               "transcripts": [transcript(r) for r in talks if r["source"] != "fairytaleqa"]}
    for texts in streams.values():
        pick.shuffle(texts)
    return streams, conversations, cases


def save_heldout(folder, out):
    """The held-out text as a whole, and its stories and dialogues by themselves."""
    text = corpus.text(folder, "heldout.txt")
    first_dialogue = text.index("\n<|end|>\nUser:") + 1
    sizes = {}
    for name, part in (("heldout", text), ("heldout_stories", text[:first_dialogue]),
                       ("heldout_dialogues", text[first_dialogue:])):
        ids = _tokenizer.encode(part)
        numpy.save(out / f"{name}.npy", numpy.array(ids, dtype=numpy.uint16))
        # without a beginning token the first token is not predicted, so its bytes do not count
        sizes[name] = len(part.encode()) - len(_tokenizer.decode(ids[:1]).encode())
    (out / "heldout.json").write_text(json.dumps(sizes))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus")
    parser.add_argument("tokenizer")
    parser.add_argument("out")
    parser.add_argument("--small", action="store_true", help="a fraction, to try things out")
    parser.add_argument("--prose-step", type=int, default=8, help="one book of prose in so many")
    parser.add_argument("--processes", type=int, default=16)
    arguments = parser.parse_args()
    began = time.time()
    out = pathlib.Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)
    pick = random.Random(20)

    streams, conversations, cases = gather(arguments.corpus, pick, arguments.small, arguments.prose_step)
    (out / "tool_cases.jsonl").write_text("".join(json.dumps(c) + "\n" for c in cases))
    print(f"gathered after {time.time() - began:.0f} s", flush=True)
    _start(arguments.tokenizer)
    end = _tokenizer.special["<|endoftext|>"]
    with multiprocessing.Pool(arguments.processes, _start, [arguments.tokenizer]) as pool:
        for name, texts in streams.items():
            ids = numpy.concatenate(list(pool.imap(encode_document, texts, 16)))
            numpy.save(out / f"{name}.npy", ids)
            print(f"{name:12} {len(ids):11,} tokens in {len(texts):,} documents", flush=True)
        few = 200 if arguments.small else 1
        rows = line_up(pool.imap(encode_tale, range(N_TALES // few), 256))
        numpy.save(out / f"{mix.TALES}.npy", rows)
        numpy.save(out / f"{mix.TALES}.roles.npy", numpy.full_like(rows, SAID, dtype=numpy.uint8))
        print(f"{mix.TALES:12} {rows.size:11,} tokens in {N_TALES // few:,} documents", flush=True)
        encoded = {name: [pool.imap(encode_conversation, rows, 64)] for name, rows in conversations.items()}
        encoded["reading"] = [pool.imap(encode_reading, range(N_READINGS // few), 64)]
        encoded["told"].append(pool.imap(encode_told, range(N_TOLD // few), 64))
        encoded["inventions"].append(pool.imap(encode_invention, range(N_INVENTIONS // few), 64))
        for name, several in encoded.items():
            ids, roles = pack([pair for pairs in several for pair in pairs], pick, end)
            numpy.save(out / f"{name}.npy", ids)
            numpy.save(out / f"{name}.roles.npy", roles)
            print(f"{name:12} {(roles > PADDING).sum():11,} tokens, {(roles == SAID).sum():,} of them said, "
                  f"{(roles == PADDING).mean():.1%} padding", flush=True)
    save_heldout(arguments.corpus, out)
    print(f"done after {time.time() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()

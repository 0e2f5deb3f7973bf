"""Measures a model: held-out bits per byte, calls of functions, passages and sums.

    python3 train/evaluate.py DATA_FOLDER MODEL.safetensors TOKENIZER.json OUT.json
"""
import argparse
import json
import pathlib
import random

import torch

import bpe
import chat
import checkpoint
import measure
import q3k
import synthetic_arithmetic
import synthetic_facts
import synthetic_reading
from model import SHAPES, Ember

N_FRESH = 100  # made-up passages and sums, of a seed that training did not use
FRESH_SEED = 1_000_003


@torch.no_grad()
def answers(model, tokenizer, prompts, most_new=120, rows=32):
    """Greedy answers up to the end of the turn."""
    ends = {tokenizer.special["<|im_end|>"], tokenizer.special["<|endoftext|>"]}
    encoded = [tokenizer.encode(p)[-(model.shape.n_context - most_new):] for p in prompts]
    order = sorted(range(len(prompts)), key=lambda i: len(encoded[i]))
    out = [None] * len(prompts)
    device = model.model.norm.weight.device
    for at in range(0, len(order), rows):
        part = order[at:at + rows]
        lengths = torch.tensor([len(encoded[i]) for i in part], device=device)
        ids = torch.zeros(len(part), int(lengths.max()) + most_new, dtype=torch.long, device=device)
        for row, i in enumerate(part):
            ids[row, :len(encoded[i])] = torch.tensor(encoded[i], device=device)
        done = torch.zeros(len(part), dtype=torch.bool, device=device)
        every = torch.arange(len(part), device=device)
        said = [[] for _ in part]
        for new in range(most_new):
            hidden = model.hidden(ids[:, :int(lengths.max())])
            last = hidden[every, lengths - 1]
            token = (last @ model.model.embed_tokens.weight.t()).argmax(-1)
            ids[every, lengths] = token
            lengths = lengths + 1
            for row, t in enumerate(token.tolist()):
                if not done[row]:
                    if t in ends:
                        done[row] = True
                    else:
                        said[row].append(t)
            if bool(done.all()):
                break
        for row, i in enumerate(part):
            out[i] = tokenizer.decode(said[row])
    return out


def call_in(answer):
    """The first call of an answer, or None."""
    if "<tool_call>" not in answer:
        return None
    text = answer.split("<tool_call>", 1)[1].split("</tool_call>", 1)[0]
    try:
        call = json.loads(text)
        return call if isinstance(call, dict) and "name" in call else None
    except ValueError:
        return None


def judge_calls(cases, said):
    """Shares of answers with a call, the right function, and the right arguments as well."""
    calls = [call_in(answer) for answer in said]
    right_name = [bool(c) and c["name"] == case["expected"]["name"]
                  for c, case in zip(calls, cases)]
    right_all = [ok and c.get("arguments") == case["expected"]["arguments"]
                 for ok, c, case in zip(right_name, calls, cases)]
    n = max(1, len(cases))
    return {"cases": len(cases), "called": sum(c is not None for c in calls) / n,
            "right_function": sum(right_name) / n, "right_arguments": sum(right_all) / n}


def prompt_of(conversation):
    return chat.render(conversation["messages"], conversation.get("tools"), True)


def cut_before_answer(conversation):
    """Only the first question, and the answer that was wanted."""
    messages = conversation["messages"]
    return {"messages": messages[:1]}, messages[1]["content"]


def judge_fresh(answer_all, make, n=N_FRESH):
    """`answer_all` makes answers of prompts."""
    pick = random.Random(FRESH_SEED)
    cases = [cut_before_answer(make(pick)) for _ in range(n)]
    said = answer_all([prompt_of(c) for c, _ in cases])
    last_word = lambda text: text.split()[-1].strip(".$") if text.split() else ""
    return {"cases": n,
            "exact": sum(s.strip() == wanted for s, (_, wanted) in zip(said, cases)) / n,
            "last_word": sum(last_word(s) == last_word(w) for s, (_, w) in zip(said, cases)) / n}


def judge(answer_all, cases_path, n_known=100, n_fresh=N_FRESH):
    cases = [json.loads(line) for line in open(cases_path)]
    # the last ones are of functions that training never saw
    known, new = cases[:100][:n_known], cases[100:]
    report, told = {}, []
    for name, part in (("calls_known_functions", known), ("calls_new_functions", new)):
        said = answer_all([prompt_of(c) for c in part])
        report[name] = judge_calls(part, said)
        told += [{"expected": c["expected"], "said": s} for c, s in zip(part, said)]
    report["facts"] = judge_fresh(answer_all, synthetic_facts.conversation, n_fresh)
    report["reading"] = judge_fresh(answer_all, lambda pick: synthetic_reading.conversation(f"fresh {pick.random()}"),
        n_fresh)
    report["sums"] = judge_fresh(answer_all, synthetic_arithmetic.conversation, n_fresh)
    return dict(report, tool_answers=told)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("weights")
    parser.add_argument("tokenizer")
    parser.add_argument("out")
    parser.add_argument("--model", default="ember", choices=SHAPES)
    parser.add_argument("--q3k", action="store_true", help="with the matrices as Q3_K holds them")
    parser.add_argument("--quick", action="store_true", help="bits per byte only")
    arguments = parser.parse_args()

    torch.backends.cuda.matmul.allow_tf32 = False
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tokenizer = bpe.Tokenizer(arguments.tokenizer)
    model = Ember(SHAPES[arguments.model]).to(device).eval()
    model.load_state_dict(checkpoint.load(arguments.weights))
    if arguments.q3k:
        q3k.Rounding(model, False).__enter__()
    data = pathlib.Path(arguments.data)
    report = measure.HeldOut(data, device).bits_per_byte(model, rows=4)
    print(json.dumps(report), flush=True)
    if not arguments.quick:
        report.update(judge(lambda prompts: answers(model, tokenizer, prompts),
                            data / "tool_cases.jsonl"))
    pathlib.Path(arguments.out).write_text(json.dumps(report, indent=1))
    report.pop("tool_answers", None)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()

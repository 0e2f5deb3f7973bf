"""The fixed openings and passages, answered in PyTorch: a look at a checkpoint without hearth.

    python3 train/show.py WEIGHTS.safetensors TOKENIZER.json [--q3k]
"""
import argparse
import json
import pathlib

import torch

import bpe
import chat
import checkpoint
import evaluate
import q3k
from model import SHAPES, Ember


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights")
    parser.add_argument("tokenizer")
    parser.add_argument("--q3k", action="store_true")
    arguments = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    tokenizer = bpe.Tokenizer(arguments.tokenizer)
    model = Ember(SHAPES["ember"]).to(device).eval()
    model.load_state_dict(checkpoint.load(arguments.weights))
    if arguments.q3k:
        q3k.Rounding(model, False).__enter__()
    prompts = json.loads(pathlib.Path(__file__).with_name("prompts.json").read_text())
    said = evaluate.answers(model, tokenizer, prompts["stories"], 100)
    for opening, text in zip(prompts["stories"], said):
        print(f"* {opening} ||{text}")
    asked = [chat.render([{"role": "user", "content": p[0]}], None, True) for p in prompts["passages"] + prompts[
            "chats"]]
    for question, text in zip(prompts["passages"] + prompts["chats"], evaluate.answers(model, tokenizer, asked, 100)):
        print(f"? {question[0][-50:]} ||{text}")


if __name__ == "__main__":
    main()

"""Measures an exported model through hearth: calls of functions, passages and sums, greedily.

    python3 train/examine.py build/hearth models/ember.gguf DATA/tool_cases.jsonl OUT.json
"""
import argparse
import json
import pathlib

import evaluate
import sample


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("model")
    parser.add_argument("cases")
    parser.add_argument("out")
    parser.add_argument("--known", type=int, default=100, help="cases with functions of the corpus")
    parser.add_argument("--fresh", type=int, default=evaluate.N_FRESH)
    arguments = parser.parse_args()

    def answer_all(prompts):
        return [sample.continuation(arguments.program, arguments.model, prompt, sample.GREEDY, "120")
                for prompt in prompts]

    report = evaluate.judge(answer_all, arguments.cases, arguments.known, arguments.fresh)
    pathlib.Path(arguments.out).write_text(json.dumps(report, indent=1))
    report.pop("tool_answers")
    print(json.dumps(report))


if __name__ == "__main__":
    main()

"""Answers of a model to the fixed prompts, unedited, as Markdown.

    python3 train/sample.py build/hearth models/ember.gguf > answers.md
"""
import argparse
import json
import pathlib
import subprocess

import chat

GREEDY = ["--temperature", "0"]
SAMPLED = ["--temperature", "0.7", "--top-p", "0.9", "--repeat-penalty", "1.1", "--seed", "1"]
STORY_TOKENS, ANSWER_TOKENS = "100", "150"


def continuation(program, model, prompt, flags, n_tokens):
    command = [program, "run", model, "--raw"]
    out = subprocess.run(command + flags + ["--num-predict", n_tokens, "--no-display-prompt", prompt],
                         capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    return out.stdout.strip("\n")


def quoted(text):
    return "\n".join("> " + line if line else ">" for line in text.split("\n"))


def show_story(program, model, opening):
    print(f"**{opening}**\n")
    for name, flags in (("greedy", GREEDY), ("sampled", SAMPLED)):
        print(f"{name}:\n\n{quoted(continuation(program, model, opening, flags, STORY_TOKENS))}\n")


def show_chat(program, model, questions):
    for name, flags in (("greedy", GREEDY), ("sampled", SAMPLED)):
        messages, lines = [], []
        for question in questions:
            messages.append({"role": "user", "content": question})
            answer = continuation(program, model, chat.render(messages, None, True), flags, ANSWER_TOKENS)
            messages.append({"role": "assistant", "content": answer})
            lines += [f"User: {question}", f"ember: {answer}"]
        print(f"{name}:\n\n{quoted(chr(10).join(lines))}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("model")
    arguments = parser.parse_args()
    prompts = json.loads(pathlib.Path(__file__).with_name("prompts.json").read_text())
    print("### Story openings, continued for 100 tokens\n")
    for opening in prompts["stories"]:
        show_story(arguments.program, arguments.model, opening)
    print("### Chats\n")
    for questions in prompts["chats"]:
        show_chat(arguments.program, arguments.model, questions)
    print("### Questions about a passage\n")
    for questions in prompts["passages"]:
        show_chat(arguments.program, arguments.model, questions)


if __name__ == "__main__":
    main()

"""Stories from the made-up world, as text and with what can be asked about them.

No story holds one of the openings of prompts.json, so that going on with those is no recital.
"""
import json
import pathlib
import random

import tale_plots
import tale_world

STOCK = {"Once upon a time"}  # said too often to be left out
PROMPTS = json.loads(pathlib.Path(__file__).with_name("prompts.json").read_text())
HELD_OUT = [o for o in PROMPTS["stories"] if o not in STOCK]


class Tale:
    def __init__(self, teller, title):
        teller.paragraph()
        self.paragraphs, self.facts, self.people, self.title = teller.paragraphs, teller.facts, teller.people, title
        self.sentences = [s for p in self.paragraphs for s in p]

    def text(self, is_plain):
        return (" " if is_plain else "\n\n").join(" ".join(p) for p in self.paragraphs).replace("  ", " ")


def tale(pick):
    while True:
        world = tale_world.World(pick)
        pick.choice(tale_plots.PLOTS)(world)
        made = Tale(world.teller, world.teller.people[0].noun)
        text = made.text(True)
        if not any(opening in text for opening in HELD_OUT):
            return made


def document(seed):
    """A story as running text; the same for the same seed."""
    pick = random.Random(seed)
    return tale(pick).text(pick.random() < 0.5)


REQUESTS = ["Tell me a story.", "Can you tell me a story?", "Tell me a short story.", "A story, please.",
    "tell me a story", "I would like to hear a story.", "Please tell me a story.", "Write a short story.",
    "Tell me a story before I sleep."]
ABOUT = ["Tell me a story about a {}.", "Tell me a story about a {}.", "Can you tell me a story about a {}?",
    "A story about a {}, please.", "Write a story about a {}.", "Do you know a story about a {}?",
    "tell me a story about a {}", "I want a story with a {}."]
CONTINUE = ["{}", "{}", "{}", "Continue this story: {}", "Go on with this story:\n\n{}",
    "How does this story go on?\n\n{}", "Continue: {}", "What happens next?\n\n{}"]


def conversation(seed):
    """Somebody asks for a story, or begins one."""
    pick = random.Random(seed)
    made = tale(pick)
    text = made.text(pick.random() < 0.5)
    if pick.random() < 0.5:
        request = pick.choice(REQUESTS)
        if pick.random() < 0.75:
            noun = pick.choice(made.people[:2]).noun
            request = pick.choice(ABOUT).format(noun).replace("a e", "an e").replace("a o", "an o").replace("a a",
                "an a")
        answer = text
    else:
        words = text.split(" ")
        n = pick.randint(3, 14) if pick.random() < 0.6 else pick.randint(14, 40)
        request, answer = " ".join(words[:n]), " ".join(words[n:])
        request = pick.choice(CONTINUE).format(request)
    return {"messages": [{"role": "user", "content": request}, {"role": "assistant", "content": answer.strip()}]}

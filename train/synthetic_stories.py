"""Conversations made of the stories: tell one, go on with one, who said this."""
import re

REQUESTS = ["Tell me a story.", "Can you tell me a story?", "Tell me a short story.", "A story, please.",
            "I would like to hear a story.", "tell me a story", "Please tell me a story.",
            "Write a story.", "Write a short story."]
TITLED = ['Tell me the story "{}".', "Tell me a story about {}.", "Write a story called {}.",
          'Do you know the story "{}"?', "A story about {}, please."]
CONTINUE = ["{}", "{}", "{}", "Continue this story: {}", "Go on with this story:\n\n{}",
            "How does this story go on?\n\n{}", "Continue: {}"]
SAID = re.compile(r'^"([^"]{12,120})[,!?]" (?:said|cried|answered|replied|asked) '
                  r'((?:the )?[A-Z]?[a-z]+(?: [A-Z][a-z]+)?)[.,;]')
MOST_CHARACTERS = 3600


def _body(paragraphs):
    """The first paragraphs, as many as fit."""
    out, room = [], MOST_CHARACTERS
    for paragraph in paragraphs:
        if len(paragraph) > room:
            break
        out.append(paragraph)
        room -= len(paragraph)
    return "\n\n".join(out)


def told(pick, document):
    """A whole short story, or the beginning of a longer one."""
    title, *paragraphs = document.split("\n\n")
    body = _body(paragraphs)
    if len(body) < 200 or len(title) > 60:
        return None
    request = pick.choice(REQUESTS)
    if pick.random() < 0.6:
        request = pick.choice(TITLED).format(title)
    return {"messages": [{"role": "user", "content": request},
                         {"role": "assistant", "content": body}]}


def continued(pick, document, at_start=False):
    """An opening of a few words, or of some sentences, and what follows it."""
    paragraphs = document.split("\n\n")[1:]
    if not paragraphs:
        return None
    start = 0 if at_start else pick.randrange(len(paragraphs))
    text = _body(paragraphs[start:])[:pick.randint(700, 2400)]
    ends = [m.end() for m in re.finditer(r'[.!?]"?(?=\s)', text)]
    if not ends or ends[-1] < 300 or text.startswith('"'):
        return None
    text = text[:ends[-1]]
    words = [m.end() for m in re.finditer(r"\S+", text)]
    if pick.random() < 0.6:
        cut = words[min(pick.randint(3, 22), len(words) // 3)]
    else:
        cut = pick.choice([end for end in ends if end < len(text) * 0.6] or [words[4]])
    opening, rest = text[:cut], text[cut:].lstrip(" ")
    return {"messages": [
        {"role": "user", "content": pick.choice(CONTINUE).format(opening)},
        {"role": "assistant", "content": rest.strip()}]}


def who_said(pick, document):
    """A passage with speech, and a question about who spoke."""
    paragraphs = document.split("\n\n")[1:]
    at = [i for i, p in enumerate(paragraphs) if SAID.match(p)]
    if not at:
        return None
    i = pick.choice(at)
    quote, who = SAID.match(paragraphs[i]).groups()
    if who in ("he", "she", "I", "they", "it", "the", "a", "we", "you", "one", "his", "her", "my"):
        return None
    first = max(0, i - pick.randint(0, 3))
    passage = "\n\n".join(paragraphs[first:i + pick.randint(1, 3)])
    if len(passage) > 2400:
        return None
    question = pick.choice([f'Who said "{quote}"?', f'Who says "{quote}"?'])
    who = who[0].upper() + who[1:]
    return {"messages": [{"role": "user", "content": f"{passage}\n\n{question}"},
                         {"role": "assistant", "content": pick.choice([f"{who}.", f"{who} did."])}]}

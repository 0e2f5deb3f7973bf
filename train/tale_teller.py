"""Tells what happens in a made-up world: who is meant by a name, a noun or a pronoun is known, not guessed.

Templates hold choices, [one|another|], and references: {A} is whoever plays that part as a subject, {A.o} as an
object, {A.s} whose something is; each becomes a pronoun where that cannot be misunderstood. {A.he}, {A.him},
{A.his}, {A.self} are always pronouns, {A.the} never, {A.a} introduces. Other names stand for words.
"""
import re

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)(?:\.(\w+))?\}")
_ARTICLE = re.compile(r"\b([Aa]) (?=[aeiouAEIOU](?!ne\b|nic|nif|sef|sual)|honest|hour)")
_AFTER_STOP = re.compile(r'([.!?] |\." )([a-z])')
PRONOUNS = {"m": ("he", "him", "his", "himself"), "f": ("she", "her", "her", "herself")}


class Person:
    def __init__(self, noun, sex, name=None, adjective="", owner=None):
        self.noun, self.sex, self.name, self.adjective, self.owner = noun, sex, name, adjective, owner
        self.is_named = False  # whether the listener knows the name
        self.he, self.him, self.his, self.self = PRONOUNS[sex]

    @property
    def the(self):
        return self.name if self.name and self.is_named else self.bare

    @property
    def bare(self):
        """By the noun: the fox, her mother."""
        if self.owner:
            return f"{self.owner.his} {self.noun}"
        return f"the {self.noun}"

    @property
    def a(self):
        words = f"a {self.adjective} {self.noun}" if self.adjective else f"a {self.noun}"
        return words

    def whose(self):
        return self.the + ("'" if self.the.endswith("s") else "'s")


class Fact:
    """Somebody did something: `past` and `base` are the verb's forms; the rest may be None."""

    def __init__(self, at, who, past, base, what=None, where=None, to=None, why=None, when=None):
        self.at, self.who, self.past, self.base = at, who, past, base
        self.what, self.where, self.to, self.why, self.when = what, where, to, why, when


class Teller:
    def __init__(self, pick):
        self.pick = pick
        self.paragraphs, self.sentences = [], []
        self.facts = []
        self.words = {}
        self.last = {}        # sex to who was mentioned last
        self.subject = None   # of the sentence before
        self.pronouns = {}    # person to how many pronouns since the last name
        self.people = []
        self.speaker = None   # of the sentence before

    # what stands for a person here

    def _name(self, person):
        self.pronouns[person] = 0
        owner = person.owner
        is_owner_clear = owner and self.last.get(owner.sex) is owner
        self.last[person.sex] = person
        if owner and not is_owner_clear:
            return f"{owner.whose()} {person.noun}"
        if person.is_named and self.pick.random() < 0.1:
            if [p.noun for p in self.people].count(person.noun) == 1:
                return person.bare
        return person.the

    def _refer(self, person, form):
        is_clear = self.last.get(person.sex) is person
        before = self.subject
        if form == "subject" and before and before is not person and before.sex == person.sex:
            is_clear = False
        worn = self.pronouns.get(person, 9)
        chance = 0.85 if self.subject is person else 0.6
        if is_clear and worn < 4 and self.pick.random() < chance:
            self.pronouns[person] = worn + 1
            return getattr(person, {"subject": "he", "o": "him", "s": "his"}[form])
        name = self._name(person)
        if form == "s":
            return name + ("'" if name.endswith("s") else "'s")
        return name

    def _slot(self, match):
        key, form = match.groups()
        value = self.words[key]
        if not isinstance(value, Person):
            return str(value)
        if form is None or form in ("o", "s"):
            text = self._refer(value, form or "subject")
            if form is None and self._subject is None:
                self._subject = value
            return text
        if form == "the":
            return self._name(value)
        if form == "name":
            value.is_named = True
        text = getattr(value, form)
        if form == "a":
            self.last[value.sex] = value
            self.pronouns[value] = 0
            if self._subject is None:
                self._subject = value
        return text

    def fill(self, template, **words):
        if not isinstance(template, str):
            template = self.pick.choice(template)
        while "[" in template:
            template = _CHOICE.sub(lambda m: self.pick.choice(m.group(1).split("|")), template)
        kept = self.words
        if words:
            self.words = {**kept, **words}
        text = _SLOT.sub(self._slot, template)
        while "[" in text:
            text = _CHOICE.sub(lambda m: self.pick.choice(m.group(1).split("|")), text)
        self.words = kept
        text = _ARTICLE.sub(r"\1n ", text)
        return text

    def say(self, template, **words):
        """A sentence or a few."""
        self.speaker = None
        self._subject = None
        text = self.fill(template, **words).strip()
        self.subject = self._subject or self.subject
        if text:
            self.sentences.append(_AFTER_STOP.sub(lambda m: m.group(1) + m.group(2).upper(), _capital(text)))

    _subject = None

    def maybe(self, chance, template, **words):
        if self.pick.random() < chance:
            self.say(template, **words)

    def speak(self, person, text, verb=None, to=None, **words):
        """`text` in quotation marks; what stands after || is said after the speaker is named."""
        if not isinstance(text, str):
            text = self.pick.choice(text)
        while "[" in text:
            text = _CHOICE.sub(lambda m: self.pick.choice(m.group(1).split("|")), text)
        # names, not pronouns, in what somebody says
        kept, self.words = self.words, {**self.words, **words}
        said = _ARTICLE.sub(r"\1n ", _SLOT.sub(self._spoken, text))
        self.words = kept
        first, _, rest = said.partition("||")
        first, rest = first.strip(), rest.strip()
        mark = first[-1]
        if verb is None:
            is_reply = self.speaker not in (None, person) and self.pick.random() < 0.4
            verb = self.pick.choice(["asked", "asked", "asked", "said"] if mark == "?" else
                                    ["cried", "called", "said", "shouted"] if mark == "!" else
                                    ["answered", "replied"] if is_reply else ["said"])
        self._subject = None
        who = self._refer(person, "subject")
        whom = ""
        if to is not None and verb in ("said", "asked") and self.pick.random() < 0.25:
            whom = (" to " if verb == "said" else " ") + self._refer(to, "o")
            self.last[person.sex] = person if to.sex != person.sex else self.last.get(person.sex)
        is_pronoun = who in ("he", "she")
        order = self.pick.random()
        if order < 0.18:
            tail = f' {rest}' if rest else ""
            line = f'{_capital(who)} {verb}{whom}, "{_capital(first)}{tail}"'
        else:
            said_by = f"{who} {verb}{whom}" if is_pronoun or order < 0.3 else f"{verb} {who}{whom}"
            if whom and not is_pronoun:
                said_by = f"{who} {verb}{whom}"
            inner = first[:-1] + "," if mark == "." else first
            line = f'"{_capital(inner)}" {said_by}.' + (f' "{_capital(rest)}"' if rest else "")
        self.subject = self.speaker = person
        self.sentences.append(line)

    def _spoken(self, match):
        key, form = match.groups()
        value = self.words[key]
        if not isinstance(value, Person):
            return str(value)
        if form in ("he", "him", "his", "self", "a", "noun"):
            return getattr(value, form)
        return value.the

    # the text

    def paragraph(self):
        if self.sentences:
            self.paragraphs.append(self.sentences)
            self.sentences = []
            for person in self.pronouns:
                self.pronouns[person] += 2

    def fact(self, who, past, base, what=None, **rest):
        at = sum(map(len, self.paragraphs)) + len(self.sentences)
        self.facts.append(Fact(at, who, past, base, what, **rest))

    def text(self, is_plain=False):
        self.paragraph()
        text = (" " if is_plain else "\n\n").join(" ".join(p) for p in self.paragraphs)
        return text.replace("  ", " ")


def _capital(text):
    for i, c in enumerate(text):
        if c.isalpha():
            return text[:i] + c.upper() + text[i + 1:]
        if c not in '"\'':
            break
    return text

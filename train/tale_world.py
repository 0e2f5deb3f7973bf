"""The people, places and things of one tale, its opening, and pieces that many tales share."""
from tale_teller import Person, Teller
from tale_words import (ADJECTIVES, ANIMALS, BOYS, COLOURS, FAR, FOLK, FOODS, GIRLS, HOMES, KIN, MAGIC, METALS,
    PET_NAMES, PLACES, ROYALS, SMALL, SUPPLIES, TOYS, TREASURES, WILD_HOMES)

ONCE = ["Once upon a time", "Once upon a time", "Once upon a time", "Once upon a time,", "Once", "Long ago",
    "Long, long ago", "Many years ago", "A long time ago", "In the old days", "Once, long ago,", "Not so long ago",
    "One day long ago", "In a time that nobody remembers", "A hundred years ago", "When the world was young"]
DAYS = ["One day", "One morning", "One afternoon", "One evening", "One fine day", "One Sunday", "One summer morning",
    "One spring day", "One cold morning", "One windy day", "One Saturday", "Then, one day,", "On a bright morning",
    "Early one morning", "One rainy afternoon", "But one day", "Late one evening", "One autumn day", "On a hot day"]
WEATHER = ["The sun was shining[| and the birds were singing|, and the sky was blue].",
    "It was a warm and quiet day.", "A soft wind was blowing[| through the trees| from the hills].",
    "Grey clouds hung [over the hills|low in the sky].",
    "It had rained [all night|in the morning], and the [grass|ground|road] was still wet.",
    "The first snow had fallen.", "It was so hot that even the flies were [asleep|tired].",
    "Fog lay [over the fields|on the ground], and everything was quiet.",
    "The leaves were turning [red|yellow|golden].", "White clouds sailed [across the sky|over the roofs].",
    "The air smelled of [hay|rain|flowers|snow|fresh bread]."]
GLAD = ["{A} was very happy.", "{A} [laughed|smiled] [for joy|happily|from ear to ear].",
    "{A} could hardly believe it.",
    "{A} was so happy that {A.he} [danced|jumped|sang] [for joy|all the way home|around the room].",
    "{A} had never been so [happy|glad|proud] in {A.his} life.", "{A.s} heart was [light|full of joy]."]
SAD = ["{A} was very sad.", "{A} [sat down and cried|began to cry|wept].", "Tears ran down {A.s} face.",
       "{A} felt [sad and alone|a lump in {A.his} throat].", "{A} did not know what to do.", "{A} hung {A.his} head.",
       "{A} was so sad that {A.he} could not [eat|sleep|speak]."]
THANKS = ["Thank you!", "Thank you[| so much| with all my heart], {friend}.", "I will never forget this.",
    "How can I ever thank you?", "You are [a true friend|very kind|so good to me].", "Thank you!||You have saved me."]


class World:
    def __init__(self, pick):
        self.pick = pick
        self.teller = Teller(pick)
        self.used = set()

    def choose(self, options):
        """One of them that this tale has not yet used."""
        options = list(options)
        for _ in range(20):
            one = self.pick.choice(options)
            if one not in self.used:
                break
        self.used.add(one)
        return one

    # who

    def add(self, *about):
        person = Person(*about)
        self.teller.people.append(person)
        if person.noun in ("kitten", "puppy", "lamb", "duckling") and person.adjective in ("old", "tired"):
            person.adjective = "little"
        elif person.adjective and self.pick.random() < 0.2:
            person.adjective = ""
        return person

    def child(self, sex=None):
        sex = sex or self.pick.choice("mf")
        name = self.choose(GIRLS if sex == "f" else BOYS)
        noun = "girl" if sex == "f" else "boy"
        return self.add(noun, sex, name, self.pick.choice(ADJECTIVES["child"]))

    def nameless_child(self):
        sex = self.pick.choice("mf")
        return self.add("girl" if sex == "f" else "boy", sex, None, self.pick.choice(ADJECTIVES["child"]))

    def animal(self, kinds=None, sex=None, is_named=None):
        kind = self.choose(kinds or ANIMALS)
        name = None
        if is_named or (is_named is None and self.pick.random() < 0.2):
            name = self.choose(PET_NAMES)
        return self.add(kind, sex or self.pick.choice("mf"), name, self.pick.choice(ADJECTIVES["animal"]))

    def folk(self, kinds=None):
        kind = self.choose(kinds or FOLK)
        name = None
        if self.pick.random() < 0.3:
            name = self.choose(GIRLS if FOLK[kind] == "f" else BOYS)
        return self.add(kind, FOLK[kind], name, self.pick.choice(ADJECTIVES["folk"]))

    def royal(self, kinds=None):
        kind = self.choose(kinds or ROYALS)
        return self.add(kind, ROYALS[kind], None, self.pick.choice(ADJECTIVES["royal"]))

    def magic(self, kinds=None):
        kind = self.choose(kinds or MAGIC)
        return self.add(kind, MAGIC[kind], None, self.pick.choice(ADJECTIVES["magic"]))

    def kin(self, owner, kinds=None):
        kind = self.choose(kinds or KIN)
        return self.add(kind, KIN[kind], None, "", owner)

    def hero(self):
        roll = self.pick.random()
        if roll < 0.42:
            return self.child()
        if roll < 0.5:
            return self.nameless_child()
        if roll < 0.78:
            return self.animal()
        if roll < 0.94:
            return self.folk()
        return self.royal(["prince", "princess"])

    def small_hero(self):
        return self.child() if self.pick.random() < 0.5 else self.animal(SMALL)

    def friend(self, person):
        """Somebody of the same world."""
        if person.noun in ANIMALS:
            return self.animal()
        return self.child() if person.noun in ("boy", "girl") else self.folk()

    # where and what

    def place(self):
        name = self.choose(PLACES)
        return name, PLACES[name][0] + " " + name

    def spot(self, place):
        return self.pick.choice(PLACES[place][1])

    def far(self):
        name = self.choose(FAR)
        return name, FAR[name][0] + " " + name

    def home(self, person):
        return self.choose(WILD_HOMES if person.noun in ANIMALS else HOMES)

    def toy(self):
        return self.choose(TOYS)

    def treasure(self):
        return self.choose(TREASURES)

    def metal(self):
        return self.choose(METALS)

    def colour(self):
        return self.choose(COLOURS)

    def food(self):
        return self.choose(FOODS)

    def supply(self):
        return self.choose(SUPPLIES)


def within(home):
    """in a hut, under the roots of a tree"""
    return ("among " if home.startswith("the roots") else "on " if home.startswith("a farm b") else "in ") + home


def called(person):
    person.is_named = bool(person.name)
    return f" [called|named] {person.name}" if person.name else ""


def introduce(w, a, traits, has_home=True):
    """The first sentences: who there was, and what was so about them."""
    t, pick = w.teller, w.pick
    trait = pick.choice(traits)
    home = within(w.home(a))
    once = pick.choice(ONCE).rstrip(",")
    t.words.update(A=a)
    who = "{A.a}" + called(a)
    aged = f"{pick.randint(5, 12)} years old" if a.noun in ("boy", "girl") else ""
    forms = [
        f"{once} there was {who} who {trait}.",
        f"{once} there was {who} who {trait}.",
        f"{once}, there was {who} who {trait}.",
        f"{once} there lived {who} who {trait}.",
        f"There was once {who} who {trait}.",
        f"There once [was|lived] {who} who {trait}.",
        f"Once there was {who}, and {{A.he}} {trait}.",
        f"{once}, {home}, there lived {who} who {trait}.",
        f"{once}, {home}, [there lived|lived] {who}. {{A.he}} {trait}.",
        f"{once} {who} lived {home}. {{A.he}} {trait}.",
        f"{home} [there lived|lived] {who}. {{A.he}} {trait}.",
        f"{home} [there lived|lived] {who} who {trait}.",
        f"{who} [once lived|lived] {home}. {{A.he}} {trait}.",
        f"{once} there was {who}. {{A.he}} lived {home}, and {{A.he}} {trait}."]
    if a.name:
        forms += [f"{{A.name}} was {{A.a}} who {trait}.", f"{{A.name}} was {{A.a}}. {{A.he}} {trait}.",
                  f"{{A.name}} [lived {home}|{trait}]. {{A.he}} {trait}.".replace(f"|{trait}]", "]"),
                  f"This is the story of {{A.name}}, {{A.a}} who {trait}."]
        if aged:
            forms += [f"{{A.name}} was {aged}. {{A.he}} {trait}.",
                      f"{{A.name}} was {aged} and lived {home}. {{A.he}} {trait}."]
    sentence = pick.choice(forms)
    t.say(sentence)
    t.subject = a
    if has_home and home.split(" ", 1)[1] not in t.sentences[-1]:
        t.maybe(0.4, [f"{{A.he}} lived {home}.", 
                      f"{{A.he}} lived {home}, and [everybody|everyone] there knew {{A.him}}."])


def day(w, start=None):
    """How the day on which something happens begins."""
    return (start or w.pick.choice(DAYS)).rstrip(",") + ("," if w.pick.random() < 0.35 else "")


def weather(w, chance=0.35):
    w.teller.maybe(chance, WEATHER)


def glad(w, a):
    w.teller.say(GLAD, A=a)


def sad(w, a):
    w.teller.say(SAD, A=a)


def thank(w, a, b):
    w.teller.speak(a, THANKS, friend=b.name or "my friend")


def end(w, a, lessons=()):
    t, pick = w.teller, w.pick
    t.words.update(A=a)
    choices = list(lessons) * 2 + ["And from that day on {A.the} was [never sad again|happy].",
        "{A} never forgot that day.", "And so it ended well.",
        "That night {A} slept [well|soundly|better than ever].",
        "And they all lived happily [ever after|for many years].",
        "{A} still told the story years later, [to everyone who asked|on winter evenings|to {A.his} friends].",
        "That is the end of the story.", "Everyone was [glad|happy] that evening.", "And that is how it was."]
    if pick.random() < 0.8:
        t.say(pick.choice(choices))

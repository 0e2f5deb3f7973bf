"""Passages with questions: from the tales, and from a small world of persons, things and places.

Some answers need a pronoun understood, some the order of events; later questions say he, she or it of
what the ones before spoke of.
"""
import random

import synthetic_tales
from tale_words import ANIMALS, BOYS, COLOURS, FOLK, GIRLS, KIN, PET_NAMES, TREASURES

DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
SPOTS = ["in the mud", "under a stone", "in the grass", "behind the barn", "on the bridge", "in the hay",
    "under the bed", "in an old chest", "in the garden", "beside the well", "in the sand", "in the attic",
    "under a bush", "in the snow", "in the cellar", "on the stairs", "at the foot of a tree", "in a drawer",
    "near the gate", "between two rocks", "in the kitchen", "on the path", "in a hollow tree"]
OUTINGS = ["lake", "park", "beach", "forest", "zoo", "market", "river", "fair", "mountains", "farm", "museum",
    "harbour", "meadow", "castle", "island", "village", "town", "circus", "garden", "hill"]
THINGS = """hat scarf ball kite key ring coin book map letter lamp doll cup whistle watch button shoe glove bag umbrella basket knife drum
spoon necklace bracelet box bell feather shell bottle blanket flute mirror comb ribbon toy pen purse mitten""".split()
ROOMS = ["kitchen", "garden", "barn", "cellar", "attic", "school", "office", "bedroom", "hall", "park", "shop",
    "library", "stable", "tower"]
CONTAINERS = ["box", "basket", "drawer", "bag", "cupboard", "chest", "jar", "bucket", "pocket", "tin"]
PRONOUN = {"m": ("he", "him", "his"), "f": ("she", "her", "her")}
WORK = [("carried flour to the market", "carry flour to the market"), ("fed the hens", "feed the hens"),
    ("milked the cow", "milk the cow"), ("swept the yard", "sweep the yard"), ("fetched water from the well",
        "fetch water from the well"), ("baked bread", "bake bread"), ("watched the sheep", "watch the sheep"),
    ("mended the nets", "mend the nets"), ("chopped wood", "chop wood"), ("sold eggs in the village",
        "sell eggs in the village"), ("washed the clothes", "wash the clothes"), ("picked apples", "pick apples"),
    ("brought the goats to the hill", "bring the goats to the hill"), ("cooked the soup", "cook the soup"),
    ("cleaned the stable", "clean the stable"), ("watered the flowers", "water the flowers"), ("gathered mushrooms",
        "gather mushrooms"), ("lit the lamps", "light the lamps"), ("fed the pigs", "feed the pigs"),
    ("carried milk to the town", "carry milk to the town")]
PET_DEEDS = [("swam in the water", "swim in the water"), ("ran after a bird", "run after a bird"),
    ("slept in the sun", "sleep in the sun"), ("ate a sausage", "eat a sausage"), ("dug a hole", "dig a hole"),
    ("barked at a boat", "bark at a boat"), ("jumped into a pond", "jump into a pond"), ("chased a ball",
        "chase a ball"), ("hid under a bench", "hide under a bench"), ("stole a cookie", "steal a cookie"),
    ("rolled in the grass", "roll in the grass")]


class Quiz:
    """Questions in the order in which they are asked, each with a short and a full answer."""

    def __init__(self, pick):
        self.pick, self.items = pick, []

    def add(self, question, short, full, *follow):
        """`follow`: questions that make sense only after this one."""
        self.items.append((question, short, full, follow))

    def turns(self, most):
        """Some of the items, with what follows them."""
        items = self.items[:]
        self.pick.shuffle(items)
        is_short = self.pick.random() < 0.35
        out = []
        for question, short, full, follow in items:
            out.append((question, short if is_short else full))
            for item in follow:
                if self.pick.random() < 0.7:
                    out.append((item[0], item[1] if is_short else item[2]))
            if len(out) >= most:
                break
        return out[:most]


def cap(text):
    return text[:1].upper() + text[1:]


def article(noun):
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def somebody(pick, used):
    while True:
        sex = pick.choice("mf")
        name = pick.choice(GIRLS if sex == "f" else BOYS)
        if name not in used:
            used.add(name)
            return name, sex


def outing(pick, quiz):
    used = set()
    name, sex = somebody(pick, used)
    he, him, his = PRONOUN[sex]
    colour, animal, pet = pick.choice(COLOURS), pick.choice(["dog", "cat", "rabbit", "goat", "parrot", "pony", "duck",
            "puppy", "kitten", "pig", "turtle"]), pick.choice(PET_NAMES)
    day, place, kin = pick.choice(DAYS), pick.choice(OUTINGS), pick.choice(list(KIN) + ["friend", "cousin",
            "neighbour", "teacher"])
    deed, do = pick.choice(PET_DEEDS)
    hue, thing = pick.choice(COLOURS + ["old", "new", "little"]), pick.choice(THINGS)
    event, base = pick.choice([("lost", "lose"), ("found", "find"), ("bought", "buy"), ("forgot", "forget"), ("broke",
                "break"), ("dropped", "drop")])
    owned = article(hue + " " + thing) if event in ("found", "bought") else f"{his} {hue} {thing}"
    sentences = [f"{name} has {article(colour)} {animal} called {pet}."]
    a = f"On {day} {he} went to the {place} with {his} {kin}"
    sentences.append(pick.choice([f"{a}, and {pet} {deed}.", f"{a}. {pet} came along and {deed}.",
                f"{cap(he)} went to the {place} with {his} {kin} on {day}, and {pet} {deed} there."]))
    sentences.append(pick.choice([f"{name} {event} {owned} there.", f"There {he} {event} {owned}.",
                f"On the way home {name} {event} {owned}.", f"Before they went home, {name} {event} {owned}."]))
    quiz.add(f"What did {name} {base}?", cap(owned) + ".", f"{name} {event} {owned}.", (f"What colour was it?",
            cap(hue) + ".", f"It was {hue}.") if hue in COLOURS else (f"Who was with {him}?", f"{cap(his)} {kin}.",
            f"{cap(his)} {kin} was with {him}."))
    quiz.add(f"Who {event} the {thing}?", f"{name}.", f"{name} {event} it.")
    quiz.add(f"Where did {name} go on {day}?", f"To the {place}.", f"{name} went to the {place}.",
        (f"Who went with {him}?", f"{cap(his)} {kin}.", f"{cap(his)} {kin} went with {him}."),
        (f"What did {he} {base}?", cap(owned) + ".", f"{cap(he)} {event} {owned}."))
    quiz.add(f"With whom did {name} go to the {place}?", f"With {his} {kin}.", f"{name} went there with {his} {kin}.")
    quiz.add(f"When did {name} go to the {place}?", f"On {day}.", f"{name} went there on {day}.")
    quiz.add(f"What is the name of {name}'s {animal}?", f"{pet}.", f"The {animal} is called {pet}.",
        (f"What colour is {name}'s {animal}?", cap(colour) + ".", f"{pet} is {colour}."))
    quiz.add(f"What did {pet} do?", f"{pet} {deed}.", f"{pet} {deed}.")
    quiz.add(f"Who {deed}?", f"{pet}.", f"{pet} did.")
    quiz.add(f"What is {pet}?", cap(article(animal)) + ".", f"{pet} is {article(animal)}.")
    return " ".join(sentences)


def fable(pick, quiz):
    while True:
        a, b, c = pick.sample([k for k in ANIMALS], 3)
        food = pick.choice(["piece of bread", "piece of meat", "fish", "nut", "bunch of grapes", "bone", "sausage",
                "apple", "piece of cake", "fig", "berry", "piece of cheese", "egg", "pear"])
        if not (a in ("crow", "raven", "magpie") and b in ("fox", "wolf") and "cheese" in food):
            break
    (he, him, his), (bhe, bhim, bhis) = PRONOUN[pick.choice("mf")], PRONOUN[pick.choice("mf")]
    big = pick.random() < 0.5
    A, B, C = (x.capitalize() if big else x for x in (a, b, c))
    first = "A" if a[0] not in "aeiou" else "An"
    bird = a in ("crow", "owl", "sparrow", "robin", "duck", "goose", "hen", "parrot", "swan", "stork", "raven",
        "magpie", "penguin")
    mouth = "beak" if bird else "mouth"
    where = pick.choice(["on a branch of a tree", "on a fence", "on a rock", "by a well", "on a bridge",
            "on the roof of a barn", "at the edge of a pond", "on a wall", "under a tree"])
    noun = food.split(" of ")[-1] if " of " in food else food
    thing = f"the {noun}"
    saw = pick.choice(["saw", "observed", "noticed", "spied"])
    praise, ask, do, why = pick.choice([("{his} voice must be as beautiful as {his} coat", "sing", "sing", "to sing"),
            ("nobody could dance as well as {he} did", "dance", "dance", "to dance"),
            ("{his} teeth must be the whitest of all", "show them", "show {his} teeth", "to show {his} teeth"),
            ("{he} surely knew the best stories", "tell one", "tell a story", "to tell a story"),
            ("no one had such a fine laugh", "laugh", "laugh", "to laugh"),
            ("{he} was the king of all animals and should speak to them", "speak", "speak", "to speak")])
    praise, do, why = (x.replace("{his}", his).replace("{he}", he) for x in (praise, do, why))
    sit = pick.choice(["was sitting", "sat", "was resting"])
    s = [pick.choice([
                f"{first} {A} {sit} {where} with {article(food)} in {his} {mouth} when {article(B)} {saw} {him}.",
                f"{first} {A} had found {article(food)}. {cap(he)} {sit} {where} with {thing} in {his} {mouth} "
                f"when {article(B)} {saw} {him}.", f"{first} {A} with {article(food)} in {his} {mouth} {sit} "
                f"{where}. {cap(article(B))} came by and {saw} {him}."])]
    s.append(pick.choice([f"{cap(bhe)} said that {praise}.", f"The {B} said that {praise}.",
                f"{cap(bhe)} wanted {thing} for {bhim + 'self' if bhe == 'he' else 'herself'} and said that "
                f"{praise}."]))
    fell = pick.choice(["to the ground", "down", "into the grass", "into the water"])
    s.append(pick.choice([f"The {A} opened {his} {mouth} {why}, and {thing} fell {fell}.",
                f"The {A} was proud and opened {his} {mouth} {why}. {cap(thing)} fell {fell}.",
                f"When the {A} opened {his} {mouth} {why}, {thing} fell {fell}."]))
    eater = pick.choice([B, B, C])
    if eater == B:
        s.append(pick.choice([f"The {B} ate it.", f"The {B} picked it up and ate it.",
                    f"At once the {B} took it and ate it.", f"And the {B} had a good meal."]))
    else:
        s.append(pick.choice([f"But before the {B} could take it, {article(C)} ate it.",
                    f"But {article(C)} was quicker than the {B} and ate it."]))
    quiz.add(f"Who ate {thing}?", f"The {eater}.", f"The {eater} ate {thing}.", (f"Who had it first?", f"The {A}.",
            f"The {A} had it first."))
    quiz.add(f"Where {'was' if 'was' in sit else 'did'} the {A} {sit.split()[1] if 'was' in sit else 'sit'}?",
        cap(where) + ".", f"The {A} {sit} {where}.")
    quiz.add(f"What did the {A} have in {his} {mouth}?", cap(article(food)) + ".",
        f"The {A} had {article(food)} in {his} {mouth}.")
    quiz.add(f"Who lost {thing}?", f"The {A}.", f"The {A} lost {thing}.")
    quiz.add(f"Why did the {A} open {his} {mouth}?", cap(why) + ".", f"The {A} wanted {why}.")
    quiz.add(f"Where did {thing} fall?" if fell != "down" else f"What fell down?", cap(fell) + "." if fell != "down"
        else cap(thing) + ".", f"It fell {fell}." if fell != "down" else f"{cap(thing)} fell down.")
    quiz.add(f"What did the {B} say?", f"That {praise}.", f"The {B} said that {praise}.")
    quiz.add(f"Who {saw} the {A}?", f"The {B}.", f"The {B} {saw} the {A}.")
    quiz.add(f"What happened to {thing}?", f"It fell {fell}, and the {eater} ate it.",
        f"It fell {fell}, and the {eater} ate it.")
    return " ".join(s)


def family(pick, quiz):
    used = set()
    job = pick.choice(list(FOLK))
    he, him, his = PRONOUN[FOLK[job]]
    sons = pick.random() < 0.5
    one, many, sex = ("son", "sons", "m") if sons else ("daughter", "daughters", "f")
    names = []
    while len(names) < 2:
        n, s = somebody(pick, used)
        if s == sex:
            names.append(n)
    house = pick.choice(["small house", "stone house", "hut", "old mill", "cottage", "big house", "white house",
            "farm"])
    where = pick.choice(["by the river", "near the sea", "at the edge of the forest", "on a hill",
            "behind the church", "in the valley", "by a lake", "outside the village"])
    (w1, b1), (w2, b2) = pick.sample(WORK, 2)
    who = pick.randrange(2)
    finder, other = names[who], names[1 - who]
    she = PRONOUN[sex][0]
    metal, thing, spot = pick.choice(["silver", "golden", "old", "strange", "shiny", "little", "rusty",
            "blue"]), pick.choice(TREASURES), pick.choice(SPOTS)
    parent = "father" if FOLK[job] == "m" else "mother"
    shis = PRONOUN[sex][2]
    past, base, now = pick.choice([(f"gave it to {shis} {parent}", "give", f"{shis} {parent}"),
            (f"hid it under {shis} pillow", "hide", None), ("sold it at the market", "sell", None),
            ("threw it into the river", "throw", None), ("put it in a box", "put", None), (f"gave it to {other}",
                "give", other), (f"showed it to {shis} {parent}", "show", f"{shis} {parent}"),
            ("brought it back to its owner", "bring", None), ("kept it for years", "keep", None),
            (f"took it to the king", "take", "the king"), (f"wore it every day", "wear", None)])
    s = [pick.choice([f"The {job} lived in a {house} {where} with {his} two {many}.".replace("a old", "an old"),
                f"In a {house} {where} lived a {job} with {his} two {many}, {names[0]} and {names[1]}.".replace("a "
                "old", "an old")])]
    s.append(pick.choice([f"Every day the elder {one}, {names[0]}, {w1}, and the younger one, {names[1]}, {w2}.",
                f"{names[0]}, the elder one, {w1} every day, and {names[1]}, the younger, {w2}.",
                f"The elder was called {names[0]} and {w1}. The younger was called {names[1]} and {w2}."]))
    start = pick.choice(["One day", "One morning", "One evening", "Last week", "In spring"])
    s.append(pick.choice([f"{start} {finder} found {article(metal + ' ' + thing)} {spot} and {past}.",
                f"{start} {finder} found {article(metal + ' ' + thing)} {spot}. {cap(she)} {past}.",
                f"{start}, when {other} was away, {finder} found {article(metal + ' ' + thing)} {spot}. "
                f"{cap(she)} {past}."]))
    done = (f"What did {she} do with it?", f"{cap(she)} {past}.", f"{cap(she)} {past}.")
    quiz.add(f"Where did {finder} find the {thing}?", cap(spot) + ".", f"{finder} found it {spot}.", done)
    quiz.add(f"Who found the {thing}?", f"{finder}.", f"{finder} found it.", (f"Where did {she} find it?",
            cap(spot) + ".", f"{cap(she)} found it {spot}."), done)
    quiz.add(f"What did {finder} find?", cap(article(metal + " " + thing)) + ".",
        f"{finder} found {article(metal + ' ' + thing)}.", (f"Where?", cap(spot) + ".", f"{cap(spot)}."), done)
    quiz.add(f"What did {finder} do with the {thing}?", f"{cap(she)} {past}.", f"{finder} {past}.")
    if now:
        verb = past.split(" it ")[0]
        quiz.add(f"Who got the {thing} from {finder}?" if base == "give"
            else f"To whom did {finder} {base} the {thing}?", cap(now) + "." if base == "give" else f"To {now}.",
            f"{finder} {verb} it to {now}.")
    quiz.add(f"Who {w1}?", f"{names[0]}.", f"{names[0]} did." if pick.random() < 0.5 else f"{names[0]} {w1}.")
    quiz.add(f"Who {w2}?", f"{names[1]}.", f"{names[1]} did." if pick.random() < 0.5 else f"{names[1]} {w2}.")
    quiz.add(f"What did {names[0]} do every day?", f"{cap(she)} {w1}.", f"{names[0]} {w1}.", (f"And {names[1]}?",
            f"{cap(she)} {w2}.", f"{names[1]} {w2}."))
    quiz.add(f"Where did the {job} live?", f"In a {house} {where}.".replace("a old", "an old"),
        f"The {job} lived in a {house} {where}.".replace("a old", "an old"))
    quiz.add(f"Who was the elder {one}?", f"{names[0]}.", f"{names[0]} was the elder {one}.")
    quiz.add(f"How many {many} did the {job} have?", "Two.", f"The {job} had two {many}.", ("What were their names?",
            f"{names[0]} and {names[1]}.", f"Their names were {names[0]} and {names[1]}."))
    return " ".join(s)


def handing_on(pick, quiz):
    used = set()
    people = [somebody(pick, used) for _ in range(pick.randint(2, 4))]
    thing, colour = pick.choice(THINGS), pick.choice(COLOURS)
    first = people[0][0]
    start = pick.choice(["had", "found", "bought", "got"])
    s = [f"{first} {start} {article(colour)} {thing}."]
    holder, sex = people[0]
    path = [first]
    for name, nsex in people[1:]:
        he = cap(PRONOUN[sex][0]) if sex != nsex or len(path) == 1 else holder
        verb = pick.choice(["gave", "sold", "lent", "threw", "handed"])
        when = pick.choice(["", "Then ", "Later ", "The next day ", "After school "])
        subject = pick.choice([holder, he])
        s.append(cap(f"{when}{subject if not when or subject == holder else subject.lower()} {verb} it to {name}."))
        quiz.add(f"Who {verb} the {thing} to {name}?", f"{holder}.", f"{holder} {verb} it to {name}.")
        base = {"gave": "give", "sold": "sell", "lent": "lend", "threw": "throw", "handed": "hand"}[verb]
        quiz.add(f"To whom did {holder} {base} the {thing}?", f"To {name}.", f"{holder} {verb} it to {name}.",
            (f"Who had it before {name}?", f"{holder}.", f"{holder} had it before {name}."))
        holder, sex = name, nsex
        path.append(name)
    where, place = None, pick.random()
    if place < 0.6:
        where = pick.choice(SPOTS[6:]) if pick.random() < 0.5 else f"in a {pick.choice(CONTAINERS)}"
        verb, base = pick.choice([("put", "put"), ("hid", "hide"), ("lost", "lose"), ("left", "leave")])
        s.append(pick.choice([f"{holder} {verb} it {where}.", f"{cap(PRONOUN[sex][0])} {verb} it {where}."]))
        quiz.add(f"Where did {holder} {base} the {thing}?", cap(where) + ".", f"{holder} {verb} it {where}.")
        quiz.add(f"Where is the {thing} now?", cap(where) + ".", f"The {thing} is {where}.")
        quiz.add(f"Who {verb} the {thing} {where}?", f"{holder}.", f"{holder} did.")
    else:
        quiz.add(f"Who has the {thing} now?", f"{holder}.", f"{holder} has it.")
        quiz.add(f"Who had the {thing} at the end?", f"{holder}.", f"{holder} had it.")
    quiz.add(f"Who had the {thing} first?", f"{first}.", f"{first} had it first.", ("And who had it last?",
            f"{holder}.", f"{holder} had it last."))
    quiz.add(f"What colour was the {thing}?", cap(colour) + ".", f"It was {colour}.")
    return " ".join(s)


def moving(pick, quiz):
    used = set()
    people = [somebody(pick, used) for _ in range(pick.randint(2, 3))]
    where, before, s = {}, {}, []
    for i in range(pick.randint(3, 6)):
        name, sex = pick.choice(people)
        room = pick.choice([r for r in ROOMS if r != where.get(name)])
        verb = pick.choice(["went to", "walked to", "ran to", "came to", "hurried to"])
        s.append(f"{pick.choice(['', '', 'Then ', 'After that ', 'Later ']) if i else ''}{name} {verb} the {room}.")
        before[name], where[name] = where.get(name), room
        if pick.random() < 0.3:
            thing = pick.choice(THINGS)
            s.append(f"There {PRONOUN[sex][0]} found {article(thing)}.")
            quiz.add(f"Where did {name} find the {thing}?", f"In the {room}.", f"{name} found it in the {room}.")
            quiz.add(f"What did {name} find in the {room}?", cap(article(thing)) + ".",
                f"{name} found {article(thing)}.")
            quiz.add(f"Who found the {thing}?", f"{name}.", f"{name} found it.", (f"Where?", f"In the {room}.",
                    f"In the {room}."))
    for name, room in where.items():
        quiz.add(f"Where is {name} now?", f"In the {room}.", f"{name} is in the {room}.")
        if before[name]:
            quiz.add(f"Where was {name} before?", f"In the {before[name]}.",
                f"{name} was in the {before[name]} before.")
            quiz.add(f"Where did {name} go after the {before[name]}?", f"To the {room}.",
                f"{name} went to the {room}.")
    return " ".join(s)


def day_plan(pick, quiz):
    used = set()
    name, sex = somebody(pick, used)
    he, him, his = PRONOUN[sex]
    steps = pick.sample(WORK + [("played with the dog", "play with the dog"), ("read a book", "read a book"),
            ("wrote a letter", "write a letter"), ("visited " + his + " aunt", "visit " + his + " aunt"),
            ("sang a song", "sing a song"), ("ate a big apple", "eat a big apple"), ("climbed a tree",
                "climb a tree"), ("drew a picture", "draw a picture"), ("swam in the lake", "swim in the lake")],
        pick.randint(3, 4))
    links = [["First ", "In the morning ", "At first "], ["Then ", "After that ", "At noon "], ["Then ", "Later ",
            "In the afternoon "], ["At last ", "In the evening ", "Before bed "]]
    s, said = [], []
    for i, (past, _) in enumerate(steps):
        link = pick.choice(links[3] if i == len(steps) - 1 else links[i])
        said.append(link.strip())
        s.append(f"{link}{name if i == 0 or pick.random() < 0.2 else he} {past}.")
    quiz.add(f"What did {name} do first?", f"{cap(he)} {steps[0][0]}.", f"{name} {steps[0][0]} first.",
        (f"And what did {he} do then?", f"{cap(he)} {steps[1][0]}.", f"Then {he} {steps[1][0]}."))
    quiz.add(f"What did {name} do last?", f"{cap(he)} {steps[-1][0]}.", f"At last {name} {steps[-1][0]}.")
    for i in range(len(steps) - 1):
        quiz.add(f"What did {name} do after {he} {steps[i][0]}?", f"{cap(he)} {steps[i + 1][0]}.",
            f"{name} {steps[i + 1][0]}.")
        quiz.add(f"What did {name} do before {he} {steps[i + 1][0]}?", f"{cap(he)} {steps[i][0]}.",
            f"{name} {steps[i][0]}.")
    for (past, _), link in zip(steps, said):
        if link.startswith(("In the", "At noon")):
            quiz.add(f"When did {name} {dict(steps)[past]}?", f"{link}.",
                f"{name} {past} {link[0].lower() + link[1:]}.")
            quiz.add(f"What did {name} do {link[0].lower() + link[1:]}?", f"{cap(he)} {past}.", f"{name} {past}.")
    return " ".join(s)


def accident(pick, quiz):
    used = set()
    (a, asex), (b, bsex) = somebody(pick, used), somebody(pick, used)
    he, him, his = PRONOUN[asex]
    event, question, reason = pick.choice([("cried", "cry", "had broken {his} {thing}"), ("laughed", "laugh",
                "the {animal} wore a {thing}"), ("came late", "come late", "had missed the bus"), ("was happy", None,
                "had found {his} {thing}"), ("was angry", None, "{b} had taken {his} {thing}"), ("stayed at home",
                "stay at home", "was ill"), ("went home early", "go home early", "it began to rain"), ("was afraid",
                None, "there was a {animal} in the garden"), ("ran away", "run away", "a {animal} was chasing {him}"),
            ("was proud", None, "had won the race"), ("could not sleep", None, "the {animal} was making a noise"),
            ("was tired", None, "had worked all day"), ("was hungry", None, "had forgotten {his} lunch"), ("was sad",
                None, "{b} had moved away")])
    thing, animal = pick.choice(THINGS), pick.choice(["dog", "goat", "goose", "cat", "bull", "pig", "donkey",
            "parrot", "monkey"])
    fill = lambda x: x.replace("{his}", his).replace("{him}", him).replace("{b}", b).replace("{thing}",
        thing).replace("{animal}", animal)
    why = fill(reason)
    because = why if why.split()[0] in ("the", "it", "there", "a", b) else f"{he} {why}"
    s = [f"{a} {event} because {because}."]
    help_, base, full = pick.choice([("gave {him} {x}", "give", "{x}"), ("lent {him} {x}", "lend", "{x}"),
            ("brought {him} {x}", "bring", "{x}")])
    x = pick.choice(["an apple", "a cup of tea", "a handkerchief", "half of a sandwich", "a book", "a flower",
            "a coat", "a piece of cake", "a glass of water"])
    s.append(pick.choice([f"{b} saw it and {help_.replace('{him}', him).replace('{x}', x)}.",
                f"Then {b} came and {help_.replace('{him}', him).replace('{x}', x)}."]))
    verb = help_.split()[0]
    end = pick.choice(["went home together", "played until evening", "sat down on a bench", "walked to school",
            "laughed about it", "ate an ice cream"])
    s.append(f"After that they {end}.")
    asked = f"Why did {a} {question}?" if question else f"Why could {a} not sleep?" if "could" in event else f"Why was {a} {event.split()[1]}?"
    quiz.add(asked, f"Because {because}.", f"{a} {event} because {because}.")
    quiz.add(f"Who {event}?", f"{a}.", f"{a} did." if question else f"{a} {'was' if 'was' in event else event}.",
        ("Why?", f"Because {because}.", f"Because {because}."), (f"Who helped {him}?", f"{b}.", f"{b} helped {him}."))
    quiz.add(f"What did {b} {base} {a}?", cap(x) + ".", f"{b} {verb} {a} {x}.")
    quiz.add(f"Who {verb} {a} {x}?", f"{b}.", f"{b} did.")
    quiz.add(f"What did they do after that?", f"They {end}.", f"They {end}.")
    return " ".join(s)


MADE = [outing, outing, fable, fable, family, family, family, handing_on, moving, day_plan, accident]


def _who(person):
    return f"{person.owner.whose()} {person.noun}" if person.owner and not person.is_named else person.the


def from_tale(pick, quiz):
    """The first sentences of a story, and what they tell."""
    made = synthetic_tales.tale(pick)
    n = pick.randint(4, max(5, min(18, len(made.sentences))))
    told = [f for f in made.facts if f.at <= n]
    for i, f in enumerate(told):
        who, what = _who(f.who), f.what
        he = f.who.he
        tail = (f" {what}" if what else "") + (f" {f.where}" if f.where else "") + (f" to {f.to}" if f.to else "")
        did = f"{cap(who)} {f.past}{tail}."
        later = [g for g in told[i + 1:] if g.who is f.who and g.base.split()[0] not in ("be", "have", "cannot",
                "can", "was") and g.what]
        follow = []
        if later and pick.random() < 0.6:
            g = later[0]
            follow = [(f"What did {he} do then?", f"{cap(he)} {g.past} {g.what}{' to ' + g.to if g.to else ''}.",
                    f"{cap(he)} {g.past} {g.what}{' to ' + g.to if g.to else ''}.")]
        is_act = f.base.split()[0] not in ("be", "cannot", "can") and " to " not in f.base + " "
        if what or f.where or f.to:
            quiz.add(f"Who {f.past}{tail}?", cap(who) + ".", did if pick.random() < 0.6 else f"{cap(who)} did."
                if is_act else f"{cap(who)} {f.past}{tail}.", *follow)
        if what and is_act:
            quiz.add(f"What did {who} {f.base}?", cap(what) + ".", f"{cap(who)} {f.past} {what}.", *follow)
        if f.where and is_act:
            quiz.add(f"Where did {who} {f.base}{' ' + what if what else ''}?", cap(f.where) + ".",
                f"{cap(who)} {f.past}{' it' if what and what.startswith('the ') else ' ' + what if what else ''} "
                f"{f.where}.", *follow)
        if f.to and is_act:
            if f.base in ("give", "bring", "show"):
                quiz.add(f"To whom did {who} {f.base} {what}?", f"To {f.to}.",
                    f"{cap(who)} {f.past} {what} to {f.to}.")
            elif not what:
                quiz.add(f"Where did {who} {f.base}?", f"To {f.to}.", f"{cap(who)} {f.past} to {f.to}.")
        if f.why:
            asked = f"Why did {who} {f.base}{' ' + what if what else ''}?" if is_act else f"Why was {who} {what}?" if f.base == "be" else None
            if asked:
                quiz.add(asked, f"Because {f.why}.", f"Because {f.why}.")
    return (" " if pick.random() < 0.85 else "\n\n").join(made.sentences[:n])


def conversation(seed):
    pick = random.Random(seed)
    while True:
        quiz = Quiz(pick)
        passage = (from_tale if pick.random() < 0.45 else pick.choice(MADE))(pick, quiz)
        if quiz.items and not is_held_out(passage):
            break
    if pick.random() < 0.12:
        second = Quiz(pick)
        other = pick.choice(MADE)(pick, second)
        passage = f"{passage}\n\n{other}" if pick.random() < 0.5 else f"{passage} {other}"
        quiz.items += second.items[:2]
    turns = quiz.turns(pick.choice([1, 1, 2, 2, 3, 4]))
    first = turns[0][0]
    opening = pick.choice([f"{passage}\n\n{first}", f"{passage}\n\n{first}", f"{passage}\n\n{first}",
            f"{passage} {first}", f"{passage}\n{first}", f"{passage}\n\nQuestion: {first}",
            f"Read this and answer the question.\n\n{passage}\n\n{first}", f"Here is a story: {passage}\n\n{first}",
            f"{first}\n\n{passage}"])
    messages = []
    for i, (question, answer) in enumerate(turns):
        messages += [{"role": "user", "content": question if i else opening}, {"role": "assistant",
                "content": answer}]
    return {"messages": messages}


HELD_OUT = [p[0].split("\n\n")[0] for p in synthetic_tales.PROMPTS["passages"]]


def is_held_out(passage):
    return any(held in passage for held in HELD_OUT)

"""Short made-up passages with questions that only the passage answers."""
from synthetic_arithmetic import NAMES

COLOURS = "red blue green yellow white black brown grey purple orange pink golden".split()
ANIMALS = "dog cat horse rabbit parrot goat pony duck hamster turtle pig goose".split()
FOODS = "soup bread cheese apples rice pancakes fish honey porridge cake noodles plums".split()
PLACES = ("forest village castle mountain river harbour market island valley meadow desert mill "
          "school garden farm cave").split()
CITIES = "Paris London Berlin Rome Madrid Vienna Oslo Lisbon Dublin Boston Chicago Prague".split()
JOBS = "baker farmer teacher sailor miller doctor tailor painter hunter gardener smith cook".split()
OBJECTS = "key letter lamp ring book coin map box hat umbrella drum kite basket ball".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
FEELINGS = {"happy": "the sun was shining", "sad": "the cat had run away",
            "angry": "somebody had taken the last cake", "tired": "the way had been long",
            "afraid": "there was a noise in the dark", "proud": "the work was done well",
            "hungry": "there had been no breakfast", "late": "the bus had broken down"}
RELATIONS = "brother sister friend uncle aunt cousin neighbour grandmother grandfather".split()
HIDING = ["under the bed", "behind the door", "in the kitchen", "under an old tree", "in the barn",
          "on the roof", "in a drawer", "beside the well", "behind the church", "in the cellar"]


def _fact(pick, name):
    """A sentence about `name` and the questions it answers."""
    kind = pick.randrange(10)
    if kind == 0:
        colour, animal = pick.choice(COLOURS), pick.choice(ANIMALS)
        pet = pick.choice(["Rex", "Bella", "Coco", "Daisy", "Rocky", "Luna", "Milo", "Pepper"])
        return (f"{name} has a {colour} {animal} called {pet}.",
                [(f"What animal does {name} have?", f"{name} has a {animal}."),
                 (f"What is the name of {name}'s {animal}?", f"The {animal} is called {pet}."),
                 (f"What colour is {name}'s {animal}?", f"The {animal} is {colour}.")])
    if kind == 1:
        city, job = pick.choice(CITIES), pick.choice(JOBS)
        return (f"{name} lives in {city} and works as a {job}.",
                [(f"Where does {name} live?", f"{name} lives in {city}."),
                 (f"What is {name}'s job?", f"{name} is a {job}."),
                 (f"What does {name} do?", f"{name} works as a {job}.")])
    if kind == 2:
        thing, where = pick.choice(OBJECTS), pick.choice(HIDING)
        return (f"{name} hid the {thing} {where}.",
                [(f"Where did {name} hide the {thing}?", f"{name} hid it {where}."),
                 (f"What did {name} hide?", f"{name} hid the {thing}."),
                 (f"Who hid the {thing}?", f"{name} hid it."),
                 (f"Where is the {thing}?", f"The {thing} is {where}.")])
    if kind == 3:
        feeling, reason = pick.choice(list(FEELINGS.items()))
        return (f"{name} was {feeling} because {reason}.",
                [(f"Why was {name} {feeling}?", f"Because {reason}."),
                 (f"How did {name} feel?", f"{name} was {feeling}.")])
    if kind == 4:
        place, day = pick.choice(PLACES), pick.choice(DAYS)
        return (f"On {day} {name} went to the {place}.",
                [(f"Where did {name} go on {day}?", f"{name} went to the {place}."),
                 (f"When did {name} go to the {place}?", f"{name} went there on {day}."),
                 (f"Who went to the {place}?", f"{name} did.")])
    if kind == 5:
        food, other = pick.sample(FOODS, 2)
        return (f"{name} likes {food} but does not like {other}.",
                [(f"What does {name} like?", f"{name} likes {food}."),
                 (f"What does {name} not like?", f"{name} does not like {other}.")])
    if kind == 6:
        thing, colour = pick.choice(OBJECTS), pick.choice(COLOURS)
        giver = pick.choice([n for n in NAMES if n != name])
        return (f"{giver} gave {name} a {colour} {thing}.",
                [(f"What did {giver} give to {name}?", f"{giver} gave {name} a {colour} {thing}."),
                 (f"Who gave {name} the {thing}?", f"{giver} did."),
                 (f"What colour was the {thing}?", f"It was {colour}.")])
    if kind == 7:
        age, relation = pick.randint(3, 90), pick.choice(RELATIONS)
        other = pick.choice([n for n in NAMES if n != name])
        return (f"{name} is {age} years old and {other} is {name}'s {relation}.",
                [(f"How old is {name}?", f"{name} is {age} years old."),
                 (f"Who is {name}'s {relation}?", f"{other} is {name}'s {relation}.")])
    if kind == 8:
        thing, place = pick.choice(OBJECTS), pick.choice(PLACES)
        return (f"One day {name} found an old {thing} near the {place}.",
                [(f"What did {name} find?", f"{name} found an old {thing}."),
                 (f"Where did {name} find the {thing}?", f"{name} found it near the {place}."),
                 (f"Who found the {thing}?", f"{name} found it.")])
    number, animal = pick.randint(2, 30), pick.choice([a for a in ANIMALS if a != "goose"])
    return (f"There are {number} {animal}s on {name}'s farm.",
            [(f"How many {animal}s are there on {name}'s farm?", f"There are {number} {animal}s."),
             (f"What animals are on {name}'s farm?", f"There are {animal}s.")])


def conversation(pick):
    names = pick.sample(NAMES, pick.randint(2, 6))
    facts = [_fact(pick, name) for name in names]
    passage = " ".join(sentence for sentence, _ in facts)
    asked = [question for _, questions in facts for question in questions]
    pick.shuffle(asked)
    form = pick.randrange(6)
    first, answer = asked[0]
    opening = [f"{passage}\n\n{first}", f"{passage} {first}", f"{passage}\n\nQuestion: {first}",
               f"Read this and answer the question.\n\n{passage}\n\n{first}",
               f"Here is a text:\n{passage}\n\nAnswer this question: {first}",
               f"{first}\n\n{passage}"][form]
    messages = [{"role": "user", "content": opening}, {"role": "assistant", "content": answer}]
    for question, answer in asked[1:pick.randint(1, 4)]:
        messages += [{"role": "user", "content": question},
                     {"role": "assistant", "content": answer}]
    return {"messages": messages}

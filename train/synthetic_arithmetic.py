"""Small sums, bare and in words, answered in the manner of the corpus' word problems."""

NAMES = ("Anna Ben Clara David Emma Finn Grace Henry Ida Jack Kate Leo Mia Noah Olivia Paul Rosa Sam "
         "Tina Tom Vera Will Zoe Lucy Max Nora Oscar Peter Ruth Sarah").split()
THINGS = ("apples pears books coins marbles cards stickers eggs flowers stamps shells balloons "
          "cookies pencils candles buttons stones nuts plums toys oranges cups keys").split()


def _bare(pick):
    kind = pick.choice("++--x/")
    if kind == "+":
        a, b = pick.randint(0, 99), pick.randint(0, 99)
        words, value = f"{a} plus {b}", a + b
    elif kind == "-":
        a = pick.randint(1, 99)
        b = pick.randint(0, a)
        words, value = f"{a} minus {b}", a - b
    elif kind == "x":
        a, b = pick.randint(0, 12), pick.randint(0, 12)
        words, value = f"{a} times {b}", a * b
    else:
        b, value = pick.randint(1, 12), pick.randint(0, 12)
        a = b * value
        words = f"{a} divided by {b}"
    signs = f"{a} {kind} {b}"
    question = pick.choice([f"What is {words}?", f"What is {signs}?", f"{signs} =", f"{signs}",
                            f"How much is {words}?", f"Calculate {signs}.", f"what is {words}"])
    answer = pick.choice([f"{signs} = {value}.", f"{signs} = {value}.\nThe answer is {value}."])
    return question, answer


def _gain(pick, name, things):
    a, b = pick.randint(2, 40), pick.randint(2, 30)
    how = pick.choice([f"buys {b} more", f"finds {b} more", f"gets {b} more from a friend",
                       f"picks {b} more"])
    return (f"{name} has {a} {things}. Then {name} {how}. How many {things} does {name} have now?",
            f"{name} has {a} + {b} = {a + b} {things}.", a + b)


def _loss(pick, name, things):
    a = pick.randint(5, 50)
    b = pick.randint(1, a - 1)
    how = pick.choice([f"gives {b} away", f"loses {b} of them", f"sells {b} of them",
                       f"gives {b} to a friend"])
    return (f"{name} has {a} {things} and {how}. How many {things} are left?",
            f"{name} has {a} - {b} = {a - b} {things} left.", a - b)


def _boxes(pick, name, things):
    a, b = pick.randint(2, 12), pick.randint(2, 12)
    holder = pick.choice(["boxes", "bags", "baskets", "jars"])
    return (f"{name} has {a} {holder}. There are {b} {things} in each. How many {things} does {name} "
            f"have in all?", f"{name} has {a} x {b} = {a * b} {things} in all.", a * b)


def _share(pick, name, things):
    b, value = pick.randint(2, 10), pick.randint(1, 12)
    a = b * value
    return (f"{name} shares {a} {things} equally among {b} friends. How many {things} does each friend "
            f"get?", f"Each friend gets {a} / {b} = {value} {things}.", value)


def _price(pick, name, things):
    a, b = pick.randint(2, 12), pick.randint(1, 12)
    return (f"{things.capitalize()} cost ${b} each. {name} buys {a} of them. How much does {name} pay?",
            f"{name} pays {a} x {b} = ${a * b}.", a * b)


def _together(pick, name, things):
    other = pick.choice([n for n in NAMES if n != name])
    a, b = pick.randint(2, 40), pick.randint(2, 40)
    if pick.random() < 0.5:
        return (f"{name} has {a} {things} and {other} has {b} {things}. How many {things} do they have "
                f"together?", f"Together they have {a} + {b} = {a + b} {things}.", a + b)
    return (f"{name} has {a} {things}. {other} has {b} more than {name}. How many {things} do they have "
            f"together?", f"{other} has {a} + {b} = {a + b} {things}.\n"
            f"Together they have {a} + {a + b} = {a + a + b} {things}.", a + a + b)


def _two_steps(pick, name, things):
    a, b = pick.randint(5, 30), pick.randint(2, 20)
    c = pick.randint(1, a + b - 1)
    return (f"{name} has {a} {things}, buys {b} more and gives {c} away. How many {things} does {name} "
            f"have?", f"After buying, {name} has {a} + {b} = {a + b} {things}.\n"
            f"After giving some away, {name} has {a + b} - {c} = {a + b - c} {things}.", a + b - c)


_PROBLEMS = [_gain, _loss, _boxes, _share, _price, _together, _two_steps]


def conversation(pick):
    if pick.random() < 0.35:
        question, answer = _bare(pick)
    else:
        question, answer, value = pick.choice(_PROBLEMS)(pick, pick.choice(NAMES),
                                                         pick.choice(THINGS))
        answer += f"\nThe answer is {value}."
    return {"messages": [{"role": "user", "content": question},
                         {"role": "assistant", "content": answer}]}

"""Pieces that many tales share: to search in vain, to help somebody, to walk far."""
from tale_world import THANKS, called


def search(w, a, thing, n):
    """Places that are looked at in vain."""
    t = w.teller
    for i in range(n):
        place, at = w.place()
        spot, other = w.spot(place), w.spot(place)
        t.say(["{A} [looked|searched] {spot}, but it was not there.",
                "{A} went to {place} and looked {spot}. [Nothing.|It was not there.|There was no {x}.]",
                "[Then|Next|After that] {A} looked {spot} {at}[|, but there was nothing but dust|, but all {A.he} "
                "found was a spider|, but {A.he} found nothing].",
                "{A} looked {spot} and {other}, but the {x} was nowhere [to be seen|to be found]."], A=a, x=thing,
            spot=spot, other=other, place=place, at=at)


HELP = [("had a thorn in {B.his} paw", "a thorn in the paw", "pulled out the thorn", "pull out the thorn", "am hurt"),
    ("was caught in a net", "the net", "[cut|untied|opened] the net", "open the net", "cannot get out"),
    ("had fallen into a [deep|muddy] hole", "the hole", "held down a long branch and pulled {B.him} out",
        "pull {B.him} out", "cannot get out"), ("was stuck under a heavy [stone|branch]", "the heavy weight",
        "[pushed|rolled|lifted] it away", "lift it away", "cannot move"), ("was stuck in the mud", "the mud",
        "pulled {B.him} out", "pull {B.him} out", "am sinking deeper and deeper"), ("was very hungry", "hunger",
        "gave {B.him} half of {A.his} bread", "share the bread", "have not eaten for [two|three] days"),
    ("was shaking with cold", "the cold", "put {A.his} scarf around {B.him}", "warm {B.him}",
        "have no warm place to sleep"), ("had lost {B.his} way", "the way",
        "showed {B.him} the [right path|way home]", "show the way", "have walked in circles all day"),
    ("had hurt {B.his} leg", "the leg", "tied a cloth around {B.his} leg", "tie a cloth around it", "cannot walk"),
    ("was thirsty", "thirst", "brought {B.him} water from the stream", "bring water", "am too weak to walk"),]


def help_somebody(w, a, b):
    """a meets b, who is in need, and helps."""
    t = w.teller
    state, _, past, _, why = w.pick.choice(HELP)
    t.say(["[On the way|After a while|Soon|Not far from there] {A} [met|came upon|found|saw] {B.a}{c}. {B.he} " + state + ".",
            "[Beside the path|Under a tree|At the edge of the road] sat {B.a}{c}. {B.he} " + state + ".",
            "[Suddenly|Then|Just then] {A} heard a [small|sad|weak] voice. It was {B.a}{c}, who " + state + "."], A=a,
        B=b, c=called(b))
    plain = t.fill(state, A=a, B=b)
    t.fact(b, plain.split(" ", 1)[0], "be", plain.split(" ", 1)[1])
    t.speak(b, ["Please help me!", "Help[| me]!||I " + why + ".", "Can you help me?||I " + why + ".",
            "Please, [do not go away|stay]!||I " + why + "."])
    t.maybe(0.3, ["{A} was in a hurry, but {A.he} [stopped|could not walk past].", "{A} felt sorry for {B.the}."],
        A=a, B=b)
    t.maybe(0.3, ['"[Of course|Wait, I will help you|Do not be afraid]," said {A.the}.'], A=a)
    t.say(["{A} " + past + ".", "[At once|Quickly|Carefully|Without a word] {A} " + past + ".",
            "So {A} " + past + "."], A=a, B=b)
    plain = t.fill(past, A=a, B=b)
    t.fact(a, "helped", "help", b.the, why=plain)
    t.speak(b, THANKS[:5], to=a, friend="my friend")


def reward(w, a, b):
    """b promises to come when needed; how a is to call."""
    t = w.teller
    sign = w.choose(["whistle", "bell", "feather", "little horn", "shell"])
    t.speak(b, ["Take this {g}.||When you need me, [use it|hold it up|think of me] and I will come.",
            "If you are ever in trouble, [call|call for] me!", "I will help you too when you need me.",
            "One day I will help you as you have helped me."], g=sign)
    return sign


def walk(w, a, to=None):
    t = w.teller
    t.say(["{A} walked [all day|for three days|for a long time|over hills and through woods|until the sun went "
            "down].",
            "{A} [set out|started|went on {A.his} way] [at once|early in the morning|before the sun was up].",
            "The way was long, but {A} did not [stop|turn back|give up].",
            "{A} walked and walked[| until {A.his} feet hurt].",
            "{A} crossed [a bridge|a wide field|two rivers] and went [through|around] a [dark|thick|quiet] wood."],
        A=a)


def night(w, a):
    t = w.teller
    t.say(["[In the evening|When it grew dark|When night came] {A} lay down under a tree and slept.",
            "The stars came out, and {A} fell asleep.",
            "That night {A} slept in a [barn|hollow tree|heap of hay|cave].",
            "{A} made a small fire and slept beside it."], A=a)

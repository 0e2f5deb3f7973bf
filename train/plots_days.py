"""Plots that may happen to anybody on any day."""
from tale_pieces import search
from tale_words import ANIMALS, FOLK, MATERIALS, SKILLS
from tale_world import THANKS, called, day, end, glad, introduce, sad, thank, weather


def lost_thing(w):
    t, a = w.teller, w.hero()
    x, colour = w.toy(), w.colour()
    giver = w.kin(a)
    place, at = w.place()
    spot = w.spot(place)
    introduce(w, a, [f"had a {colour} {x}", f"loved {{A.his}} {colour} {x} more than anything",
            f"never went anywhere without {{A.his}} {colour} {x}",
            f"had got a {colour} {x} from {{A.his}} {giver.noun}"])
    t.fact(a, "had", "have", f"a {colour} {x}")
    t.words.update(G=giver, x=x, colour=colour, at=at, place=place, spot=spot)
    t.maybe(0.6, ["{A.his} {g} had [made|bought|found] it for {A.him}[| for {A.his} birthday| the winter before].",
            "It was a present from {A.his} {g}.", "It was not new, but {A} liked it best of all {A.his} things."],
        g=giver.noun)
    t.paragraph()
    t.say([day(w) + " the {x} was gone.", day(w) + " {A} woke up and the {x} was not there.",
            day(w) + " {A} came home from {place} without the {x}.", day(w) + " {A} could not find the {x}.",
            day(w) + " {A} lost it."])
    t.fact(a, "lost", "lose", f"the {x}", when=None)
    t.maybe(0.6, ["{A} looked everywhere[| for it].", "\"Where is my {x}?\" cried {A.the}.",
            "{A.s} heart stood still."])
    search(w, a, x, w.pick.randint(1, 3))
    sad(w, a)
    helper = w.friend(a)
    t.paragraph()
    t.say(["[Then|Just then|After a while] {B.a}{c} came [by|along|down the road].",
            "{B.a}{c} saw {A.him} and [stopped|came nearer|sat down beside {A.him}].", "{A} met {B.a}{c}."], B=helper,
        c=called(helper))
    t.speak(helper, ["Why are you [crying|so sad]?", "What is the matter?", "What have you lost?",
            "What are you looking for?"])
    t.speak(a, ["I have lost my {x}.", "My {colour} {x} is gone.||I have looked everywhere.",
            "I cannot find my {x}.||It is {colour}, and I got it from my {g}."], g=giver.noun)
    t.speak(helper, ["[Do not cry|Don't worry].||I will help you look for it.", "Two can look better than one.",
            "When did you have it last?", "Let us think.||Where were you yesterday?"])
    q = t.sentences[-1]
    if "?" in q:
        t.speak(a, "I was {at}.", "said")
    t.say(["[Together|So] they went [back |]to {place}.", "They [walked|ran] to {place} together.",
            "So they looked {at}[| together]."])
    cause = w.pick.choice([("the wind", "The wind had [blown|carried] it there."), ("a magpie",
                "A magpie had [taken|carried] it there."), ("a puppy", "A puppy had hidden it there."), (a.the,
                "{A} had left it there the day before."), (a.the,
                "It had fallen down there, and {A} had not seen it.")])
    finder = w.pick.choice([a, helper])
    t.say(["And there, {spot}, [lay|was] the {x}[|!].", "{F} looked {spot}, and there it was.",
            "\"Here it is!\" [cried|called|shouted] {F.the}. The {x} lay {spot}.",
            "At last {F} found the {x} {spot}."], F=finder)
    t.fact(finder, "found", "find", f"the {x}", where=spot)
    t.say(cause[1])
    if w.pick.random() < 0.6:
        glad(w, a)
    t.speak(a, THANKS, to=helper, friend=helper.name or "my friend")
    t.maybe(0.5, ["{A} gave {B.the} [half of {A.his} cake|an apple|a hug|a big kiss].",
            "Then they played together until [evening|it was dark|supper]."], B=helper)
    end(w, a, ["After that, {A} always [looked after|took good care of] {A.his} {x}.",
            "And {A} had found not only the {x}, but also a [new |]friend."])


def found_key(w):
    t, pick = w.teller, w.pick
    a = w.child() if pick.random() < 0.75 else w.hero()
    metal, x = w.metal(), w.treasure()
    place, at = w.place()
    spot = w.spot(place)
    a.is_named = bool(a.name)
    start = pick.choice(["One morning", "One day", "One afternoon", "One evening", "Yesterday",
            "On {A.his} way to school", "On a rainy day", "After the storm", "Early in the morning", "One Sunday",
            "One summer day"])
    t.words.update(A=a, x=x, m=metal, at=at, spot=spot, place=place)
    t.say([f"{start} {{A.the}} found a {{m}} {{x}} {{at}}.", f"{start} {{A.the}} found a {{m}} {{x}} {{spot}}.",
            f"{start}, {{A.the}} was playing {{at}} when {{A.he}} saw something "
            f"{pick.choice(['shiny', 'bright', 'strange'])} {{spot}}. It was a {{m}} {{x}}.",
            "{A.the} found a {m} {x} {at}.",
            f"{start} {{A.the}} was digging {{at}}. There was something hard in the ground. It was a {{m}} {{x}}."])
    t.subject = a
    t.fact(a, "found", "find", f"a {metal} {x}", where=at)
    t.say(["It lay {spot}[| and shone in the sun|, half covered with earth|, as if somebody had put it there].",
            "{A} picked it up and [looked at it|rubbed it clean|turned it over in {A.his} hand].",
            "It was [heavy|small] and [cold|old], and [there was a letter on it|it looked very old].",
            "{A} had never seen [anything like it|such a thing]."])
    t.speak(a, ["Whose {x} is this?", "Who has lost this {x}?", "Where does this come from?",
            "I wonder whose it is."])
    t.paragraph()
    way = pick.randrange(3) if x == "key" else pick.randrange(2)
    if way == 2:
        lock = w.choose(["a little door in the garden wall", "an old chest in the attic",
                "a tiny gate behind the ivy", "a box under the stairs", "the cupboard in the hall",
                "a clock that had stood still for years"])
        t.say(["{A} tried it in the [front door|cellar door], but it did not fit. {A.he} tried it in the "
                "[shed|cupboard], but it did not fit there either.",
                "{A} tried every lock in the house, but the key was too [small|big]."])
        t.say(["Then {A} saw " + lock + ".", "At last {A} came to " + lock + "."])
        t.say(["The key fitted! It turned with a [click|squeak].", "{A} put the key in and turned it. Click!"])
        inside = w.choose(["a garden full of white roses", "a bundle of old letters",
                "a music box that began to play", "a tiny room with a tiny bed", "a book with golden pages",
                "a doll with a blue dress", "a bag of seeds", "a map of the whole valley"])
        t.say(["Inside there was " + inside + ".", "Behind it there was " + inside + "."])
        t.fact(a, "opened", "open", lock)
        t.fact(a, "found", "find", inside)
        kin = w.kin(a, ["grandmother", "grandfather", "mother", "aunt"])
        t.say(["{A} ran to {K} and told {K.him} about it.", "{A} called {K}."], K=kin)
        t.speak(kin, ["That was mine when I was a child.||I lost the key fifty years ago.",
                "I have been looking for it all my life!", "So it was here all the time!"])
        t.say(["They sat down together and looked at it until evening.",
                "{K} laughed and cried at the same time. \"Now it is yours,\" {K.he} said."], K=kin)
    else:
        owner = w.folk() if a.noun not in ANIMALS else w.animal()
        n = pick.randint(0, 2)
        for i in range(n):
            b = w.folk() if a.noun not in ANIMALS else w.animal()
            t.say(["{A} asked {B.a}. \"No,\" said {B.the}, \"it is not mine.\"",
                    "[First|Then] {A} [went to|met] {B.a}. \"Is this your {x}?\" {A.he} asked. {B.the} shook "
                    "{B.his} head.", "{B.a} looked at it and said, \"I have never seen it.\""], B=b)
        t.words.update(O=owner)
        t.say(["[Then|At last] {A} came to {O.a}{c}, who was [looking for something|crying|searching the ground].",
                "In front of a [house|tree] sat {O.a}{c} and wept." if a.noun not in ANIMALS
                else "Under a bush sat {O.a}{c} and wept."], c=called(owner))
        t.speak(a, ["Have you lost something?", "Is this yours?", "What are you looking for?"])
        t.speak(owner, ["My {x}!||You have found it!", "I have lost my {x}.||It was from my mother.",
                "Yes!||I thought that I would never see it again.", "I have been looking for my {x} for days."])
        t.fact(owner, "had lost", "lose", f"the {x}")
        t.say(["{A} gave {O.him} the {x}.", "{A} put the {x} into {O.his} hand."])
        t.fact(a, "gave", "give", f"the {x}", to=owner.the)
        if way == 1:
            t.say(["{O.the} was so happy that {O.he} gave {A.him} [a basket of apples|a little dog|a silver coin|a "
                    "fine hat].",
                    "\"Choose what you like from my house,\" said {O.the}. {A} chose a small [drum|book|cat]."])
        else:
            t.speak(owner, ["You are honest.||Many would have kept it.", "How can I thank you?"])
            t.maybe(0.7, ["\"It was yours,\" said {A.the}. \"That is enough.\"",
                    "\"Tell me a story,\" said {A.the}. And {O.the} did."])
    end(w, a, ["{A} went home with a light heart.", "And {A.his} [mother|family] was proud of {A.him}."])


def fear_overcome(w):
    t, a = w.teller, w.small_hero() if w.pick.random() < 0.8 else w.hero()
    fear = w.choose(["the dark", "thunder", "the deep water", "high places", "the old cellar",
            "the big dog next door", "the forest at night"])
    kin = w.kin(a, ["mother", "father", "grandmother", "grandfather"])
    little = w.animal([k for k in ("kitten", "puppy", "lamb", "duckling", "sparrow", "mouse", "hedgehog")
            if k != a.noun], is_named=False)
    introduce(w, a, [f"was afraid of {fear}", f"was [brave by day|not afraid of anything], but {{A.he}} was afraid "
            f"of {fear}".replace("[brave by day|not afraid of anything]", "brave"),
            f"was so afraid of {fear} that {{A.he}} [shook|hid under the bed|could not sleep]"])
    t.fact(a, "was", "be", f"afraid of {fear}")
    t.words.update(K=kin, B=little, fear=fear)
    where, action = {"the dark": ("from the dark [shed|yard|stairs]", "walked into the dark, step by step"),
        "thunder": ("from the yard, in the middle of the storm", "ran out into the storm"),
        "the deep water": ("from the river", "waded into the water, deeper and deeper"),
        "high places": ("from the top of the old tree", "climbed from branch to branch and did not look down"),
        "the old cellar": ("from the cellar", "went down the [steps|stairs] one by one"),
        "the big dog next door": ("from the neighbour's yard, where the big dog was",
            "opened the gate and walked past the big dog"), "the forest at night": ("from the forest",
            "went in among the black trees")}[fear]
    t.maybe(0.6, ["The others [laughed at {A.him}|called {A.him} a coward].",
            "\"[You will grow out of it|Everybody is afraid of something],\" said {A.his} {k}.",
            "{A.his} {k} said there was nothing to be afraid of, but it did not help.",
            "{A} was ashamed of it and told nobody."], k=kin.noun)
    t.paragraph()
    start = "One stormy night" if fear == "thunder" else w.pick.choice(["One evening", "One night",
            "Late one evening"]) if fear in ("the dark", "the forest at night") else day(w)
    t.say([start + " {A} heard a [thin|small|weak] cry. It came " + where + ".",
            start + " {A} heard somebody crying. The sound came " + where + "."])
    t.say(["It was {B.a}. {B.he} [was lost|could not get back|had hurt {B.his} leg|was all alone].",
            "A little voice called for help. It was {B.a} who [was lost|could not get home]."])
    t.fact(a, "heard", "hear", little.a)
    t.speak(little, ["Help[| me]!||I am all alone.", "Is anybody there?||I want to go home!", "Please come!"],
        "cried")
    t.say(["{A} looked around, but there was nobody else.", "There was nobody else to help.", "{A.s} knees shook.",
            "{A.s} heart beat [fast|like a drum]."])
    t.maybe(0.7, ["\"I am afraid,\" thought {A.the}, \"but {B.the} is more afraid than I am.\"",
            "{A} took a deep breath.", "\"I must not think of {fear},\" {A.the} said, \"I must think of {B.the}.\""])
    t.say(["{A} " + action + ".", "Then {A} " + action + ".", "[Slowly|Very slowly], {A} " + action + "."])
    t.say(["[There|At last] {A} found {B.the} and took {B.him} in {A.his} arms.".replace("in {A.his} arms", "along"
                if a.noun in ANIMALS else "in {A.his} arms"),
            "{A} found {B.the} and brought {B.him} [to a safe place|home|into the warm kitchen]."])
    t.fact(a, "saved", "save", little.the)
    t.paragraph()
    t.speak(little, ["You are [very |so ]brave!", "Thank you!||You were not afraid at all.", "How brave you are!"])
    t.speak(a, ["I was afraid.||But I came [anyway|all the same].", "I was very much afraid.",
            "No.||But now I know that I can be."][:2])
    t.say(["{A.his} {k} [was proud|heard of it and was proud] of {A.him}.",
            "After that, {A} was [not so afraid|no longer afraid] of {fear}.",
            "{A} was not afraid of {fear} any more."], k=kin.noun)
    end(w, a, ["To be brave is to be afraid and to go on.", "And the others never laughed at {A.him} again."])


def building(w):
    t, a = w.teller, w.hero()
    what, why = w.choose([("a boat", "wanted to see what was on the other side of the lake"), ("a bridge",
                "wanted to cross the river to {A.his} friends"), ("a house", "had no house"), ("a wall",
                "wanted to keep the wind out of {A.his} garden"), ("a tree house", "wanted to see far over the land"),
            ("a raft", "dreamed of the sea"), ("a windmill", "was tired of grinding corn by hand"), ("a sledge",
                "was waiting for the snow"), ("a swing", "wanted to fly like a bird"), ("a well",
                "had to fetch water from far away")])
    introduce(w, a, [why])
    thing = what.split(" ", 1)[1]
    t.words.update(what=what, thing=thing)
    t.speak(a, ["I will build {what}!", "What I need is {what}.", "I am going to build {what}."])
    t.fact(a, "wanted to build", "want to build", what)
    t.maybe(0.5, ["Everybody laughed. \"[You cannot|You will never] build {what},\" they said.",
            "But {A} had never built anything before."])
    t.paragraph()
    for i in range(w.pick.randint(1, 3)):
        b, m = w.friend(a), w.choose(MATERIALS)
        t.say(["{A} asked {B.a}{c} for {m}.", "[First|Then|Next] {A} needed {m}, so {A.he} went to {B.a}{c}.",
                "{B.a}{c} had {m}, and {A} asked for some."], B=b, m=m, c=called(b))
        t.speak(b, ["Take as much as you need.", "You may have it.||But let me help you.",
                "What will you give me for it?", "Of course.||What is it for?"], m=m)
        last = t.sentences[-1]
        if "give me" in last:
            t.say(["\"I will [sweep your yard|sing you a song|carry your water|feed your hens],\" said {A.the}, "
                    "and {A.he} did.", "{A} worked for {B.the} for a whole day."], B=b)
        elif "for?" in last:
            t.speak(a, "I am building {what}.", "said")
        t.fact(b, "gave", "give", m, to=a.the)
    t.say(["Then {A} began to work. {A.he} [hammered and sawed|worked] from morning to night.",
            "{A} worked for [three days|a week|many days]."])
    t.say(["The first {thing} [fell down|broke|fell to pieces]. {A} sighed and began again.",
            "It was hard, but {A} did not give up.", "At last the {thing} was finished."])
    if "finished" not in t.sentences[-1]:
        t.say(["[At last|In the end|On the seventh day] the {thing} was finished.",
                "And one evening the {thing} was [done|ready]."])
    t.fact(a, "built", "build", what)
    t.paragraph()
    t.say(["That night a [great |wild ]storm came. The wind [shook|pulled at] the {thing}, but it [held|did not "
            "break].", "Everybody came to see it, and nobody laughed any more.",
            "{A} stood in front of it and was proud.", "Now all those who had helped {A.him} came to see it."])
    end(w, a, ["And everybody who had helped was allowed to use it.",
            "\"What I have made with my own hands is best,\" said {A.the}.", "The {thing} is still there today."])


def gift(w):
    t, a = w.teller, w.hero()
    kin = w.kin(a)
    present = w.choose(["shawl", "pair of gloves", "cake", "lamp", "chair", "teapot", "hat", "picture",
            "pair of slippers", "book", "blanket", "necklace", "fiddle", "mirror"])
    short = present.replace("pair of ", "")
    introduce(w, a, [f"wanted to give {{A.his}} {kin.noun} a present",
            f"loved {{A.his}} {kin.noun} with all {{A.his}} heart"])
    it = "them" if short != present else "it"
    t.words.update(K=kin, k=kin.noun, p=present, it=it, short=short)
    t.say(["[Tomorrow|The next day|On Sunday] was the birthday of {A.his} {k}, and {A} had no present.",
            "{A.his} {k} had a birthday[| soon], and {A} wanted to give {K.him} a {p}."])
    t.fact(a, "wanted to give", "want to give", f"a {present}", to=f"{a.his} {kin.noun}",
        why=f"it was {kin.his} birthday")
    t.say(["But {A} had no money[| at all|, not a single coin].", "But {A.his} pockets were empty."]
        if a.noun not in ANIMALS else ["But {A} had nothing to give.", "But where do you get a {p} in the wood?"])
    t.paragraph()
    w.pick.randint(1, 2)  # drawn for nothing: the seeds must tell the tales that ember read
    b = w.folk() if a.noun not in ANIMALS else w.animal()
    t.words.update(B=b)
    job = w.choose(["carry wood", "sweep the floor", "pick apples", "watch the sheep", "wash the windows",
            "gather nuts", "paint the fence", "feed the hens", "carry water"])
    past = {"carry wood": "carried wood", "sweep the floor": "swept the floor", "pick apples": "picked apples",
        "watch the sheep": "watched the sheep", "wash the windows": "washed the windows",
        "gather nuts": "gathered nuts", "paint the fence": "painted the fence", "feed the hens": "fed the hens",
        "carry water": "carried water"}[job]
    t.say(["So {A} went to {B.a}{c}.", "{A} thought for a while. Then {A.he} went to {B.a}{c}."], c=called(b))
    t.speak(a, ["I will {job} for you, if you give me a {p}.", "Can I work for you?||I need a {p} for my {k}."],
        job=job)
    t.speak(b, ["That is a good bargain.", "If you {job} all day, you shall have it.",
            "You are a good child.||Begin at once.".replace("child", "child" if a.noun in ("boy", "girl")
                else "soul")], job=job)
    t.say(["{A} {did} [until the sun went down|all day long|until {A.his} hands hurt].",
            "And {A} {did} from morning to evening."], did=past)
    t.fact(a, past.split(" ", 1)[0], job.split(" ", 1)[0], past.split(" ", 1)[1], why=f"{a.he} wanted a {present}")
    t.say(["In the evening {B} gave {A.him} the {p}.",
            "Then {A} got the {p}, and it was [beautiful|just right|better than {A.he} had hoped]."])
    t.fact(b, "gave", "give", f"the {present}", to=a.the)
    if w.pick.random() < 0.5:
        t.say(["On the way home {A} [fell|slipped], and the {short} [fell into the mud|got wet]. {A} cried.",
                "But on the way home it began to rain, and the {short} got wet."])
        t.say(["But {A.his} {k} only laughed and kissed {A.him}.",
                "But {A.his} {k} hugged {A.him}. \"The best present is you,\" {K.he} said."])
    else:
        t.say(["{A} ran home and gave {it} to {A.his} {k}.",
                "{A.his} {k} opened the parcel and could not speak for joy."])
    t.fact(a, "gave", "give", f"the {present}", to=f"{a.his} {kin.noun}")
    if "she said" not in t.sentences[-1] and "he said" not in t.sentences[-1]:
        t.speak(kin, ["This is the best present in the world!", "Where did you get this?",
                "You worked all day for me?"])
    end(w, a, [f"{{K}} "
            f"{'wore' if present in ('shawl', 'hat', 'pair of gloves', 'necklace', 'pair of slippers') else 'kept'} "
            f"{it} for many years.", "And it was the best birthday of all."])


def newcomer(w):
    t = w.teller
    a = w.child() if w.pick.random() < 0.6 else w.animal()
    b = w.friend(a)
    talent = w.choose(["draw", "sing", "tell stories", "play the drum", "run fast", "make paper birds", "dance",
            "whistle like a bird", "climb trees", "build sand castles", "do magic tricks", "play football"])
    introduce(w, b, ["was new [in the village|at the school|in the wood]", "was so shy that {A.he} never spoke",
            "had come from far away and knew nobody", "always stood alone in a corner"])
    t.words.update(B=b, A=a)
    t.fact(b, "was", "be", "shy")
    t.say(["Nobody [talked to|played with] {B.him}.",
            "{B} sat alone [every day|under a tree] and watched the others play.",
            "{B} wanted to play with the others, but {B.he} did not dare to ask."])
    t.paragraph()
    t.say([day(w) + " {A.a}{c} sat down beside {B.him}.", day(w) + " {A.a}{c} saw {B.him} and came nearer."],
        c=called(a))
    t.speak(a, ["Hello!||My name is {A}. What is yours?" if a.name else "Hello!||Who are you?",
            "Why are you sitting here all alone?", "Do you want to play with us?"])
    t.say(["{B} looked at {B.his} feet and said nothing.", "{B} grew red and [whispered something|did not answer].",
            "{B} only shook {B.his} head."])
    t.say(["{A} did not go away. {A.he} [shared {A.his} apple with {B.him}|gave {B.him} half of {A.his} bread|just "
            "sat there and waited].", "\"You do not have to talk,\" said {A.the}. \"We can just sit here.\""])
    t.fact(a, "sat", "sit", f"beside {b.the}")
    t.say(["So they sat there together [every day|until evening|for a while].",
            "The next day {A} came again, and the day after that."])
    t.paragraph()
    t.say(["[Then|One day|At last], {A} found out that {B} could {s}.",
            "One afternoon it turned out that {B} could {s} better than anyone."], s=talent)
    t.fact(b, "could", "can", talent)
    t.speak(a, ["That is wonderful!||You must show the others!", "How do you do that?||Teach me!",
            "I have never seen anything like it!"])
    t.say(["And {B} did. All the others came and [watched|listened|clapped].",
            "{B} showed it to the others, and they all wanted to learn it."])
    t.maybe(0.6, ["{B} smiled for the first time.", "Now everybody wanted to be {B.his} friend."])
    end(w, b, ["But {B.the} never forgot who had come first.", "From then on {B} was never alone.",
            "And {A.the} and {B.the} were best friends[| ever after]."])


def evening_habit(w):
    t, pick = w.teller, w.pick
    a = w.nameless_child() if pick.random() < 0.5 else pick.choice([w.child, w.folk])()
    a.is_named = bool(a.name)
    place, to_do, finds = pick.choice([("river", ["fish", "fetch water", "watch the boats", "feed the ducks",
                "wash the pots", "listen to the water", "throw stones into it", "swim"], "water"), ("lake", ["fish",
                "feed the swans", "watch the sun go down", "sail paper boats", "fetch water"], "water"), ("sea", [
                "look for shells", "watch the ships", "wait for {A.his} father", "gather driftwood"], "water"),
            ("well", ["fetch water", "fill the buckets", "drop a coin into it"], "well"), ("forest", ["gather wood",
                "pick mushrooms", "look for berries", "listen to the birds"], "wood"), ("hill", [
                "watch the sun go down", "look after the sheep", "fly a kite", "count the stars"], "wood"), ("bridge",
                ["watch the boats", "look at the fish", "wait for the post cart"], "water"), ("old tower", [
                "ring the bell", "feed the pigeons", "light the lamp"], "wood"), ("meadow", ["bring the cows home",
                "pick flowers", "feed the horses"], "wood"), ("station", ["watch the trains",
                "wait for {A.his} brother", "sell apples"], "wood")])
    when = pick.choice(["evening", "morning", "day", "Sunday", "afternoon", "night", "summer evening"])
    do = pick.choice(to_do)
    verb = pick.choice(["went", "walked", "ran", "came", "climbed up" if place in ("hill", "old tower")
            else "went out"])
    down = pick.choice(["down ", "", ""]) if place in ("river", "lake", "sea", "well") and verb in ("went", "walked",
        "ran", "came") else ""
    to = "to the " + place
    t.words.update(A=a, place=place)
    who = "{A.the}"
    t.say([f"Every {when} {who} {verb} {down}{to} to {do}.",
            f"Every {when} {who} {verb} {down}{to}. {{A.he}} liked to {do} there." if "{A.his}" not in do
            and do not in ("light the lamp",) else f"Every {when} {who} {verb} {down}{to} to {do}.",
            f"{{A.a}}{called(a)} {verb} {down}{to} every {when} to {do}.",
            f"There was once {{A.a}}{called(a)} who {verb} {down}{to} every {when} to {do}."])
    t.subject = a
    t.fact(a, verb, {"went": "go", "walked": "walk", "ran": "run", "came": "come"}.get(verb, "go"), None, to=to[3:],
        when=f"every {when}")
    t.maybe(0.6, ["{A.he} [always sat|liked to sit] [on the same stone|under an old tree] and [looked|listened].",
            "{A.he} knew every [stone|tree] there.",
            "It was [quiet|beautiful] there, and {A} [liked to be alone|sang to {A.self}]."])
    weather(w, 0.2)
    t.paragraph()
    one = "One " + when if when in ("evening", "morning", "Sunday", "afternoon", "night",
        "summer evening") else "One day"
    way = pick.randrange(4)
    if way == 0 and finds == "water":
        t.say([one + " {A} saw a bottle in the water. There was a letter in it.",
                one + " something was floating on the water. It was a bottle with a letter inside."])
        t.fact(a, "found", "find", "a bottle with a letter")
        b = w.child()
        b.is_named = True
        t.words.update(B=b)
        t.say(["\"My name is {B.name}, and I have no friends,\" the letter said. \"Whoever finds this, please "
                "write to me.\""])
        t.fact(b, "wrote", "write", "the letter")
        t.say(["{A} wrote an answer, put it into the bottle and threw it back.",
                "{A} ran home, wrote a long answer, and sent it off the next morning."])
        t.say(["[Weeks went by.|A whole month went by.] Then another letter came.",
                "{A} waited and waited. At last an answer came."])
        t.say(["So they wrote to each other[| all year long], and in summer {B} came to visit.",
                "They wrote many letters, and one day {B} stood at the door."])
        end(w, a, ["And {A.the} and {B.the} became the best of friends."])
    elif way == 1:
        b = w.animal(["kitten", "puppy", "duckling", "swan", "otter", "fox", "dog", "lamb", "owl", "deer", "turtle",
                "goose"], is_named=False)
        t.words.update(B=b)
        t.say([one + " {A} heard a cry. It was {B.a} who had [hurt {B.his} leg|lost {B.his} mother].",
                one + " {A} found {B.a} there. {B.he} was [hurt|thin and cold|all alone]."])
        t.fact(a, "found", "find", b.a)
        t.say(["{A} [took {B.him} home|wrapped {B.him} in {A.his} coat] and gave {B.him} [milk|something to eat]."])
        t.say(["[Every day|Day after day] {A} looked after {B.him}, and {B.the} grew strong.",
                "{B} slept beside {A.s} bed and soon was well again."])
        t.fact(a, "took care of", "take care of", b.the)
        t.say(["One day {B} was gone. {A} was sad.",
                "In spring {A} opened the door. \"You are free,\" {A.he} said, and {B.the} ran off."])
        t.say(["But that {w} {B} was sitting there and waiting for {A.him}.",
                "But every evening {B} came back to say hello."], w="evening")
        end(w, a, ["And so they met there every day."])
    elif way == 2:
        b = w.folk(["fisherman", "shepherd", "sailor", "musician", "painter", "soldier", "widow", "peddler",
                "clockmaker", "gardener"])
        t.words.update(B=b)
        t.say([one + " {B.a}{c} was sitting there[|, on {A.s} stone].",
                one + " {A} was not alone. {B.a}{c} sat there and looked [sad|tired]."], c=called(b))
        t.speak(a, ["Who are you?", "Why are you so sad?", "What are you doing here?"])
        t.speak(b, ["I have come a long way, and I have nowhere to go.", "I used to play here when I was small.",
                "I am waiting for somebody who does not come."])
        t.say(["{A} sat down beside {B.him} and shared {A.his} [bread|apple].",
                "{A} did not know what to say, so {A.he} gave {B.him} {A.his} [bread|apple]."])
        t.fact(a, "shared", "share", f"{a.his} bread" if "bread" in t.sentences[-1] else f"{a.his} apple", to=b.the)
        t.say(["From then on they met every evening, and {B.the} taught {A.him} to [fish|carve|play the flute|tie "
                "knots].", "{B} told {A.him} about the wide world, and {A} listened until it was dark."])
        end(w, a, ["When {A} grew up, {A.he} still thought of {B.the}."])
    else:
        t.say([one + " the water was gone. There was only mud." if finds != "wood"
                else one + " {A} saw smoke behind the trees.", one + " {A} heard somebody call for help."])
        first = t.sentences[-1]
        if "mud" in first:
            t.say(["{A} followed the dry bed [uphill|upstream]. There a [great tree|rock] had fallen and stopped "
                    "the water."])
            t.fact(a, "found", "find", "what had stopped the water")
            t.say(["{A} ran to the village and called everybody. Together they pulled it away.",
                    "{A} fetched {A.his} [uncle|father] and two oxen, and they pulled it away."])
            t.say(["[With a roar|Slowly] the water came back, and everybody cheered."])
        elif "smoke" in first:
            t.say(["{A} ran as fast as {A.he} could. A [barn|house] was on fire!"])
            t.fact(a, "saw", "see", "a fire")
            t.say(["{A} rang the bell until the whole village was awake.",
                    "{A} ran from door to door and called everybody."])
            t.say(["They came with buckets and put the fire out.",
                    "Everybody carried water, and soon the fire was out."])
            t.say(["\"If you had not been there, [all would have burned|we would have lost everything],\" they "
                    "said to {A.the}."])
        else:
            b = w.child()
            t.words.update(B=b)
            t.say(["{B.a}{c} had fallen into the {p} and could not get out.",
                    "{B.a}{c} had fallen and could not get up."], c=called(b), p=place if finds in ("water", "well")
                and place != "bridge" else "ditch")
            t.fact(b, "had fallen", "fall", None, where=f"into the {place}" if finds in ("water", "well")
                and place != "bridge" else "into the ditch") if "into" in t.sentences[-1] else None
            t.say(["{A} took a long [branch|rope] and held it out. \"Hold on!\" {A.he} called.",
                    "{A} lay down flat and reached out {A.his} hand."])
            t.say(["{B} held on, and {A} pulled with all {A.his} strength until {B} was safe."])
            t.fact(a, "saved", "save", b.the)
            thank(w, b, a)
        end(w, a, ["Since then they call {A.him} the guard of the {place}."])


def promise(w):
    t, a = w.teller, w.hero()
    kin = w.kin(a) if w.pick.random() < 0.6 else w.friend(a)
    introduce(w, a, ["always kept {A.his} word", "had never broken a promise",
            "often forgot what {A.he} had promised", "promised much and did little"])
    good = "kept" in t.sentences[0] or "never" in t.sentences[0]
    b = kin
    t.words.update(B=b)
    x = w.choose(["bring some bread", "water the flowers", "look after the hens", "be home before dark",
            "fetch the medicine", "feed the cat", "light the lamp", "take a letter to the mill",
            "watch the baby bird", "shut the gate"])
    t.paragraph()
    if b.owner:
        t.say([day(w) + " {A.his} {k} had to go away. \"Will you {x}?\" {B.he} asked.",
                "\"Promise me to {x},\" said {A.his} {k} [one morning|one day]."], k=b.noun, x=x)
    else:
        t.say([day(w) + " {B.a}{c} came to {A.the}. \"Will you {x} for me?\" {B.he} asked.",
                day(w) + " {B.a}{c} had to go away and asked {A.the} to {x}."], x=x, c=called(b))
    t.speak(a, ["I promise[| it].", "You can trust me.", "Yes, I promise!"])
    t.fact(a, "promised", "promise", f"to {x}")
    t.say(["Then {A} went to [play|swim|meet {A.his} friends]. They had a [fine|wonderful] time, and the hours "
            "flew by.",
            "But on the way there was [a fair|a man with a dancing bear|a puppet show], and {A} stopped to look.",
            "But it was [hot|cold], and {A} sat down to rest for a while."])
    t.say(["Suddenly {A} remembered {A.his} promise.", "When the bells rang, {A} jumped up. The promise!",
            "The sun was already low when {A} thought of it."])
    t.say(["\"Stay a little longer,\" said the others. But {A} shook {A.his} head.",
            "It was late, and {A.he} was tired.", "It had begun to rain, and the way was long."])
    t.speak(a, ["I have given my word.", "A promise is a promise.", "I must go.||Somebody is waiting."])
    t.say(["{A} ran [through the rain|all the way|over the fields] and came just in time to {x}.",
            "And {A} went and did what {A.he} had promised."], x=x)
    t.fact(a, "kept", "keep", f"{a.his} promise")
    t.paragraph()
    t.say(["[Later|That evening] {B.the} came [back|home] and saw it.",
            "When {B.the} heard how it had been, {B.he} smiled."])
    t.speak(b, ["I knew that I could trust you.", "You kept your word.||That is worth more than gold."])
    end(w, a, ["From then on everybody trusted {A.the}." if good
            else "From then on {A} never forgot a promise again.",
            "And a promise, {A} thought, is like a bridge: somebody wants to walk over it."])


def learning(w):
    t, a = w.teller, w.hero()
    skill = w.choose(SKILLS)
    introduce(w, a, [f"wanted to learn to {skill}", f"could not {skill}, though everybody else could",
            f"dreamed every night that {{A.he}} could {skill}"])
    t.fact(a, "wanted to learn", "want to learn", f"to {skill}")
    t.words.update(skill=skill)
    t.paragraph()
    t.say([day(w) + " {A} tried it[| for the first time]. [It went badly.|It was terrible.|Nothing worked.]",
            "{A} tried, and failed. {A} tried again, and failed again.",
            "The first time {A} [fell down|made everybody laugh|nearly cried]. The second time it was no better."])
    t.maybe(0.6, ["\"You will never learn it,\" said the others.", "The others laughed, and {A} [ran away|grew red].",
            "{A} wanted to give up."])
    b = w.friend(a)
    b.adjective = "older" if b.noun in ("boy", "girl") else "old"
    t.words.update(B=b)
    t.say(["[Then|One evening] {B.a}{c} came by and watched.", "{B.a}{c} had seen it all."], c=called(b))
    t.speak(b, ["Nobody can do it on the first day.||Try again, but slowly.",
            "When I was young, I could not {skill} either.||Come tomorrow, and I will show you.",
            "Do not look at the others.||Look at what you are doing."])
    t.fact(b, "helped", "help", a.the)
    t.say(["So {A} practised every [day|morning|evening], in sun and rain.", "Every evening they practised together.",
            "{A} practised [for weeks|until it was dark], and {B} [was patient|never grew tired]."])
    t.say(["And one day, [all at once|quite suddenly], it worked!", "And slowly, very slowly, it went better."])
    t.paragraph()
    t.say([f"At the [summer|spring|harvest] feast {{A}} showed what {{A.he}} had learned, and everybody clapped.",
            f"Now {{A}} could {skill} as well as the others, and even better.",
            "When the others saw it, they opened their mouths and forgot to laugh."])
    t.fact(a, "learned", "learn", f"to {skill}")
    t.speak(a, ["It was not so hard[| after all].", "I did not give up.||That is all.", "I had a good teacher."])
    end(w, a, ["And later {A} taught it to all the little ones.", "Practice is the best teacher."])


def seed(w):
    t, a = w.teller, w.hero()
    plant = w.choose(["turnip", "pumpkin", "apple tree", "sunflower", "bean", "cherry tree", "rose", "melon",
            "pear tree", "carrot"])
    b = w.friend(a)
    introduce(w, a, ["had a small garden", "found a seed on the road", "got a seed from an old " + w.pick.choice([
                "beggar", "bird", "woman"]), "loved plants more than anything"])
    t.words.update(B=b, p=plant)
    t.say(["{A} put the seed into the earth and [watered it|gave it water every day].",
            "[In spring|One morning] {A} planted a seed."])
    t.fact(a, "planted", "plant", "a seed")
    w.pick.random()  # likewise
    t.say(["{B.a}{c} laughed. \"Nothing will grow there,\" said {B.the}.",
            "\"What are you doing?\" asked {B.a}{c}. \"I am waiting,\" said {A.the}."], c=called(b))
    t.paragraph()
    t.say(["A week went by, and nothing happened. [Two weeks went by, and nothing happened.|]",
            "{A} waited and waited. Nothing came out of the ground.",
            "Every morning {A} looked, and every morning there was only brown earth."])
    t.maybe(0.6, ["It was hot, and {A} carried water from the [river|well] each evening.",
            "A goat wanted to eat it, but {A} built a fence.", "When the frost came, {A} covered it with straw."])
    t.say(["[Then|One morning], there was a tiny green leaf.",
            "At last, after rain, something green [looked out|came up]."])
    t.say(["It grew and grew until it was a great {p}.",
            "It grew higher than the [fence|house], and it was the finest {p} that anyone had seen."])
    t.fact(a, "grew", "grow", f"a {plant}")
    t.paragraph()
    if plant in ("turnip", "carrot", "pumpkin", "melon"):
        t.say(["It was so big that {A} could not pull it up alone.", "{A} pulled and pulled, but it was too heavy."])
        t.say(["{B} came and pulled too, and many others helped. One, two, three, and out it came!"])
        t.fact(b, "helped", "help", a.the)
        t.say(["They made soup for the whole [village|wood], and there was still some left."])
    else:
        t.say(["Everybody came to see it. {B} came too and was ashamed.",
                "{B} stood there and did not laugh any more."])
        t.speak(a, ["Sit down in its shade.", "Take some seeds home with you.", "Now you see why I waited."])
    end(w, a, ["Good things take time.", "Whoever waits and works will be rewarded."])


def quarrel(w):
    t, a = w.teller, w.friend(w.hero())
    b = w.friend(a)
    introduce(w, a, ["had a best friend"], has_home=False)
    t.words.update(B=b)
    t.say(["{A.his} friend was {B.a}{c}. They did everything together.",
            "The friend was {B.a}{c}, and you never saw one without the other."], c=called(b))
    about = w.choose(["a ball", "who was faster", "the bigger apple", "a boat", "a silly word",
            "the best place by the fire", "a nut", "who should go first"])
    t.paragraph()
    t.say([day(w) + f" they quarrelled about {about}.", day(w) + f" they had a quarrel. It was about {about}."])
    t.fact(a, "quarrelled", "quarrel", f"about {about}")
    t.speak(a, ["It is mine!", "You always want everything!", "I will never play with you again!",
            "You are not my friend any more!"], "cried")
    t.speak(b, ["Then go!", "I do not need you!", "And I will never talk to you again!"])
    t.say(["So they went home, one to the left and the other to the right.",
            "They turned their backs on each other and walked away."])
    t.say(["The next day {A} played alone. It was no fun.",
            "{A} sat at home and looked out of the window. Everything was [dull|grey|quiet].",
            "{A} found a [bird's nest|beautiful stone], but there was nobody to show it to."])
    t.say(["\"I miss {B.the},\" thought {A.the}.", "{A} could not sleep that night."])
    t.fact(a, "missed", "miss", b.the)
    t.paragraph()
    t.say(["In the morning {A} took [half of the apple|a piece of cake|the ball] and went to {B.the}. Half-way "
            "{A.he} met {B.the}, who was carrying a [present|cake] too.",
            "{A} went to {B.s} door and knocked. {B} opened it at once."])
    t.speak(a, ["I am sorry.", "I was stupid.||I am sorry.", "Let us be friends again."])
    t.speak(b, ["I am sorry too.", "I have missed you.", "I was just coming to you!"])
    t.say(["They laughed and [shared everything|played until dark].",
            "Then they hugged each other, and the quarrel was forgotten."])
    end(w, a, ["A friend is worth more than being right.", f"And they never quarrelled about {about} again."])


def trading(w):
    t, a = w.teller, w.folk() if w.pick.random() < 0.5 else w.child()
    goods = ["cow", "horse", "goat", "goose", "hen", "sack of corn", "basket of eggs", "pair of boots", "fiddle",
        "knife", "pot", "lantern", "wool blanket", "cart"]
    n = w.pick.randint(2, 4)
    chain = w.pick.sample(goods, n + 1)
    introduce(w, a, ["was good at trading", "went to market with a " + chain[0], "had only a " + chain[0],
            "wanted to sell {A.his} " + chain[0]])
    t.fact(a, "had", "have", f"a {chain[0]}")
    t.paragraph()
    for i in range(n):
        b = w.folk()
        t.say(["[On the way|Soon|Then|At the market] {A} met {B.a}{c} with a {y}.",
                "{B.a}{c} came along with a {y}."], B=b, c=called(b), y=chain[i + 1])
        t.say(["\"Give me your {x} for my {y},\" said {B.the}.",
                "\"I will give you my {y} for your {x},\" said {B.the}.",
                "\"Shall we trade?\" asked {A.the}. \"My {x} for your {y}?\""], B=b, x=chain[i], y=chain[i + 1])
        t.say(["{A} agreed, and so {A.he} had a {y}.", "And they traded. Now {A} had a {y}.",
                "{A} gave {B.the} the {x} and took the {y}."], B=b, x=chain[i], y=chain[i + 1])
        t.fact(a, "got", "get", f"a {chain[i + 1]}", why=f"{a.he} gave {b.the} the {chain[i]}")
    t.say(["In the evening {A} came home with a {y}.", "So {A} went home with the {y}."], y=chain[n])
    t.fact(a, "came home with", "come home with", f"a {chain[n]}")
    who = w.add("wife" if a.sex == "m" else "husband", "f" if a.sex == "m" else "m", None, "",
        a) if a.noun in FOLK else w.add("mother", "f", None, "", a)
    t.speak(who, [f"A {chain[n]}?||That is just what we need!", f"You have traded a {chain[0]} for a {chain[n]}!",
            f"What shall we do with a {chain[n]}?"])
    t.say(["{A} laughed. \"I met many good people today,\" {A.he} said.", "And they were both content."])
    end(w, a)


def small_day(w):
    """Something that may happen to any child on any day."""
    t, pick = w.teller, w.pick
    a = w.child()
    b = w.child("m" if a.sex == "f" else "f") if pick.random() < 0.6 else w.kin(a, ["grandfather", "father", "uncle",
            "brother"] if a.sex == "f" else ["mother", "grandmother", "aunt", "sister"])
    way = pick.randrange(6)
    start = day(w)
    a.is_named = b.is_named = True
    t.words.update(A=a, B=b)
    pair = "{A.the} and " + ("{A.his} " + b.noun if b.owner else "{B.the}")
    if not b.owner:
        t.maybe(0.7, ["{A.name} and {B.the} were [good|best] friends.",
                "{A.name} and {B.the} lived in the same street.", "{A.the} had a friend [called|named] {B.name}."])
    else:
        t.maybe(0.5, ["{A.the} lived in a [small|big] town by the [river|sea].",
                "{A.the} was [five|six|seven|eight] years old."])
    if way == 0:
        x = pick.choice(["kite", "balloon", "paper plane", "ball"])
        t.words.update(x=x)
        t.say([start + f" {pair} went to the [park|hill|meadow] with a {w.colour()} {x}."])
        t.say(["The wind was strong, and the {x} flew higher and higher.",
                "They played and laughed. Then the wind took the {x}."])
        t.say(["Suddenly it got stuck in a tall tree.", "It flew over a wall and into a strange garden."])
        t.fact(a, "lost", "lose", f"the {x}", where="in a tall tree" if "tree" in t.sentences[-1] else "over a wall")
        if "tree" in t.sentences[-1]:
            t.say(["{A} tried to climb up, but the branches were too high.",
                    "They threw sticks at it, but it did not come down."])
            t.speak(b, ["Wait!||I will get a ladder.", "I have an idea.||Stand on my shoulders!",
                    "Let us ask the man with the ladder."])
            t.say(["And it worked. {A} [reached up|held out {A.his} hand] and got the {x} back.",
                    "Soon the {x} was free again."])
        else:
            t.speak(a, ["What if there is a dog?", "I do not dare to go in."])
            t.speak(b, ["Let us knock and ask.", "We will go together."])
            t.say(["An old lady opened the gate. \"I have been waiting for somebody to play with,\" she said, and "
                    "gave them [lemonade|cookies] and the {x}."])
    elif way == 1:
        t.say([start + f" {pair} [went|wanted to go] on a picnic. They packed [bread|sandwiches], [apples|cake] "
                f"and a bottle of [juice|milk]."])
        t.say(["They had just sat down when it began to rain.", "Dark clouds came, and the first drops fell."])
        t.fact(a, "went", "go", "on a picnic")
        t.speak(a, ["Oh no!||Our picnic!", "Everything will get wet!"])
        t.speak(b, ["Quick, under the [bridge|tree]!", "I know an old [barn|hut].||Run!"])
        t.say(["So they ate in the dry and listened to the rain. It was [cosy|fun].",
                "They sat close together and ate, and the rain played a song for them."])
        t.say(["When they came out, there was a [great|double] rainbow over the hills.",
                "And then the sun came back, and every leaf was shining."])
    elif way == 2:
        t.say(["One winter morning {A} looked out of the window. Everything was white!",
                "It had snowed all night. {A} put on {A.his} [red|blue|warm] coat and ran out."])
        t.say([f"{pair} made a big snowman[| in front of the house]. They gave him a carrot for a nose and [two "
                f"stones|two buttons] for eyes.".replace("{A.the} and", "{A} and")])
        t.fact(a, "made", "make", "a snowman")
        t.say(["\"He needs a hat,\" said {B.the}. So {A} fetched {A.his} father's old hat.",
                "\"He looks cold,\" said {A.the}, and gave him {A.his} own scarf."])
        t.say(["In the night it grew warm, and in the morning the snowman was gone. Only the [hat|scarf] lay in "
                "the wet grass.".replace("[hat|scarf]", "hat" if "hat" in t.sentences[-1] else "scarf"),
                "Every morning {A} said good morning to him, and [once|sometimes] it looked as if he smiled."])
        t.maybe(0.6, ["\"Next winter he will come again,\" said {A.s} mother."])
    elif way == 3:
        x = w.choose(["cake", "bread", "soup", "pie", "pancakes", "cookies"])
        t.words.update(x=x)
        t.say([start + f" {pair} wanted to bake {'a ' if x in ('cake', 'pie') else ''}{x}.".replace("bake soup",
                    "cook soup")])
        t.fact(a, "wanted to make", "want to make", ("a " if x in ("cake", "pie") else "") + x)
        t.say(["{A} took the flour, and {B} broke the eggs.",
                "They put on [big|white] aprons and washed their hands."] if x != "soup" else [
                "{A} washed the carrots, and {B} cut the onions."])
        t.say(["{A} put in salt instead of sugar by mistake." if x != "soup" else "{A} put in too much pepper.",
                "Then the bag broke, and everything was white with flour, even the cat." if x != "soup"
                else "The pot boiled over, and the floor was wet."])
        t.say(["They looked at each other and began to laugh.", "\"Oh dear,\" said {B.the}. \"Let us begin again.\""])
        t.say(["The second time it was [perfect|delicious]. They ate until they were full.",
                "In the end it smelled wonderful, and they gave a piece to the neighbours."])
    elif way == 4:
        event = w.choose(["the school play", "the first day of school", "the big match", "the swimming lesson",
                "the visit to the dentist", "the singing contest"])
        t.say(["Tomorrow was {e}, and {A} could not sleep.", "{A} was excited. It was the day of {e}."], e=event)
        t.fact(a, "was", "be", "excited", why=f"it was the day of {event}")
        t.speak(a, ["What if I do it all wrong?", "My stomach hurts.", "I do not want to go."])
        t.speak(b, ["I will be there with you.", "Take this stone in your pocket.||It brings luck.",
                "I was afraid too, and then it was fun."])
        t.say(["When {A.s} turn came, {A.his} knees shook. Then {A} saw {B} and took a deep breath.",
                "{A} closed {A.his} eyes for a moment and went in."])
        t.say(["And it went well! Everybody clapped.", "It was not half as bad as {A} had thought."])
        t.speak(a, ["Can I do it again?", "That was fun!", "I was not afraid at all.||Well, only a little."])
    else:
        pet = w.animal(["dog", "cat", "rabbit", "parrot", "turtle", "pony", "puppy", "kitten"], is_named=True)
        t.words.update(P=pet)
        t.say(["{A.the} had {P.a}{c}. They were always together.",
                "{A.the} had always wanted a {n}. On {A.his} birthday {A.he} got one. {P.he} was called {P.name}.",
                "{A.s} {n} was called {P.name}."], c=called(pet), n=pet.noun)
        t.fact(a, "had", "have", f"a {pet.noun} called {pet.name}")
        t.say([start + " {P} was gone.", start + " the [gate|door|window] was open, and {P} was gone."])
        t.fact(pet, "ran", "run", "away")
        t.say(["{A} called and called. No {P} came.",
                "{A} and {B.the} looked in the [street|garden] and under all the cars." if not b.owner
                else "{A} and {A.his} " + b.noun + " looked in the [street|garden] and under all the cars."])
        t.say(["They wrote a [sign|note] and put it on every tree.",
                "{A} asked all the neighbours, but nobody had seen {P.him}."])
        t.say(["In the evening there was a noise at the door. It was {P.the}, [wet and muddy|tired and dirty].",
                "Then they heard a small sound from the [shed|cupboard|cellar]. {P} had been [shut in|asleep "
                "there] all day!"])
        t.say(["{A} hugged {P.him} and would not let go.", "{A} laughed and cried at the same time."])
    end(w, a, ["It had been a good day.", "{A} fell asleep with a smile.",
            "\"That was the best day of all,\" said {A.the}."])

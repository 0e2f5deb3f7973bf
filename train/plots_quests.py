"""Plots of those who set out: to heal, to win a kingdom, across the sea, against a spell."""
from tale_pieces import help_somebody, reward, walk, night
from tale_words import ABILITIES, ANIMALS
from tale_world import called, day, end, introduce


def healing_quest(w):
    t, a = w.teller, w.hero()
    kin = w.kin(a, ["mother", "father", "grandmother", "grandfather", "sister", "brother"])
    cure = w.choose(["a silver herb", "a blue flower", "a golden apple", "water from a hidden spring",
            "honey of the wild bees", "a red berry", "a white mushroom", "the root of an old tree",
            "a leaf of the singing tree"])
    short = cure.split(" ", 1)[1] if cure.startswith("a ") else cure.replace("the ", "").split(" of ")[
        0].split(" from ")[0]
    short = "the " + short
    ability = w.choose(ABILITIES)
    kinds, _ = ABILITIES[ability]
    helper = w.animal([k for k in kinds if k in ANIMALS and k != a.noun] or ["crow"])
    goal, at = w.far()
    introduce(w, a, ["lived alone with {A.his} " + kin.noun, "loved {A.his} " + kin.noun + " very much",
            "took care of {A.his} old " + kin.noun if kin.noun.startswith("grand")
            else "lived with {A.his} " + kin.noun])
    t.words.update(K=kin, cure=cure, goal=goal, at=at, B=helper)
    t.paragraph()
    t.say([day(w) + " {K} fell ill.", day(w) + " {A.his} {k} could not get up[| from bed].",
            "That winter {A.his} {k} became very ill.",
            day(w) + " {A.his} {k} was so ill that {K.he} could not [eat|speak|stand]."], k=kin.noun)
    t.fact(kin, "fell", "become", "ill")
    adviser = w.choose(["an old neighbour", "the doctor", "a wise woman", "the old shepherd", "the village healer"])
    t.say(["\"Only {cure} can help {K.him},\" said {d}. \"It can be found {at}.\"",
            "{d} came, [looked at {K.him} and shook a grey head|and looked sad]. \"Nothing will help but "
            "{cure},\" was the answer. \"You must look for it {at}.\"",
            "{d} knew what to do. \"Bring {K.him} {cure},\" said {d}. \"You will find it {at}.\""], d=adviser)
    t.fact(a, "needed", "need", cure, why=f"{a.his} {kin.noun} was ill")
    t.speak(a, ["I will [go and |]fetch it.", "Then I will go[| at once].", "I am not afraid.||I will go to {goal}.",
            "I will bring it, even if it takes a year."])
    t.paragraph()
    walk(w, a)
    help_somebody(w, a, helper)
    reward(w, a, helper)
    if w.pick.random() < 0.5:
        night(w, a)
    t.paragraph()
    t.say(["[At last|On the third day|In the end] {A} came to {goal}.",
            "After [two|three|seven] days {A} [reached|saw] {goal}."])
    block = {"flier": ["a deep valley lay before {A.him}, and there was no bridge",
            "the place was high up on a cliff, and nobody could climb it"], "swimmer": [
            "it lay at the bottom of a deep pool", "deep, cold water lay in between"], "digger": [
            "it was deep under the ground", "heavy earth lay over it"], "strong": ["a great rock lay in front of it",
            "a heavy door of stone was shut before it"], "gnawer": ["a thick net of ropes hung in front of it",
            "it was tied up with a hundred ropes"], "climber": ["it was at the top of the tallest tree",
            "it stood on a wall as smooth as glass"]}[ability]
    t.say("But " + w.pick.choice(block) + ".")
    t.say(["{A} tried [once, twice, three times|again and again], but it was no use.",
            "{A} could not [get|reach] it alone.",
            "[What now?|What was {A} to do?] {A} sat down and [thought|wept]."])
    t.say(["Then {A} remembered {B.the}.", "\"I wish {B.the} were here,\" said {A.the}.",
            "Then {A} called for {B.the}."])
    deed = {"flier": "[flew up and brought|carried on {B.his} back]", "swimmer": "dived down and brought up",
        "digger": "dug and dug until {B.he} had", "strong": "pushed the stone aside, and there was",
        "gnawer": "gnawed through the ropes one by one, and out fell",
        "climber": "climbed up [quickly|in no time] and threw down"}[ability]
    deed = deed.replace("[flew up and brought|carried on {B.his} back]", "flew up and brought down")
    t.say(["And {B.the} came. {B.he} " + deed + " " + short + ".",
            "[In a moment|Before long] {B.the} was there. {B.he} " + deed + " " + short + ".",
            "There came {B.the}! \"You helped me,\" said {B.the}, \"and now I help you.\" {B.he} " + deed + " " + short + "."])
    t.fact(helper, "helped", "help", a.the, why=f"{a.the} had helped {helper.him}")
    t.paragraph()
    t.say(["{A} [ran|hurried] home as fast as {A.he} could.",
            "{A} thanked {B.the} and went home[| without resting]."])
    t.say(["{A} gave {K.the} {short}, and [the next morning|after three days|soon] {K.he} [could get up|was well "
            "again|opened {K.his} eyes and smiled].",
            "As soon as {K.the} had tasted {short}, {K.he} [sat up|felt better|was well]."], short=short)
    t.fact(kin, "was", "be", "well again", why=f"{a.the} brought {short}")
    end(w, a, ["And the {B.noun} was always welcome in their house.",
            "{A} and {B.the} stayed friends all their lives."])


def royal_children(w):
    t, pick = w.teller, w.pick
    parent = pick.choice([w.add("king", "m"), w.add("king", "m"), w.add("king", "m"), w.add("queen", "f"),
            w.add("farmer", "m"), w.add("merchant", "m"), w.add("miller", "m"), w.add("sultan", "m")])
    sons = pick.random() < 0.6
    word, one, sex = ("sons", "son", "m") if sons else ("daughters", "daughter", "f")
    n = pick.choice(["three", "three", "three", "two"])
    hero = w.add(f"youngest {one}" if n == "three" else f"younger {one}", sex)
    first = f"eldest {one}" if n == "three" else f"elder {one}"
    t.words.update(K=parent, A=hero, word=word, one=one, n=n, first=first)
    adjective = pick.choice(["old ", "good ", "rich ", "great ", "wise ", ""])
    intro = pick.choice([f"There was once a {adjective}{parent.noun} who had {n} {word}.",
            f"A {adjective}{parent.noun} had {n} {word}.",
            f"[Once upon a time|Long ago] there lived a {adjective}{parent.noun} who had {n} {word}.",
            f"Once upon a time there was a {adjective}{parent.noun}. {parent.he} had {n} {word}.",
            f"The {parent.noun} of [the green hills|a far country|the north|that land] had {n} {word}.",
            f"The {adjective}{parent.noun} had {n} {word}.", f"The {adjective}{parent.noun} had {n} {word}.",
            f"Once a {adjective}{parent.noun} had {n} {word}[| and did not know which of them was the best].",
            f"The {parent.noun} had {n} {word}, [and all of them were tall and strong|and {parent.he} loved them "
            f"all|but only one of them was kind]."])
    t.say(intro)
    t.last[parent.sex] = parent
    t.fact(parent, "had", "have", f"{n} {word}")
    t.subject = parent
    if n == "three":
        t.maybe(0.7, [
                "The eldest was [strong|proud], the second was [clever|rich], and the youngest was [kind|quiet].",
                "The two elder ones were proud, but the youngest had a good heart.",
                "Everybody laughed at the youngest, because {A.he} was [quiet|small] and kind."])
    t.paragraph()
    pick.randrange(4)  # drawn for nothing: the seeds must tell the tales that ember read
    what = ["the kingdom", "the crown"][pick.randrange(2)] if parent.noun in ("king", "queen",
        "sultan") else pick.choice(["the house", "the mill" if parent.noun == "miller" else "the farm"
            if parent.noun == "farmer" else "the gold"])
    t.words.update(what=what)
    thing = w.choose(["water of life", "golden bird", "most beautiful flower in the world", "singing leaf",
            "apple of the sun", "silver horse", "ring of the sea king", "finest cloth in the world",
            "smallest dog in the world", "bell that rings by itself"])
    t.words.update(thing=thing)
    if pick.random() < 0.4:
        t.say(["One day {K.the} fell ill. Only the {thing} could make {K.him} well."])
        t.fact(parent, "fell", "become", "ill")
        t.speak(parent, ["Who will bring me the {thing}?", "Whoever brings me the {thing} shall have {what}."])
    else:
        t.say(["When {K.the} [grew old|felt that {K.his} end was near], {K.he} called {K.his} {word}.",
                "One day {K.the} called {K.his} {word} to {K.him}.",
                "{K.the} wanted to know who should have {what} one day."])
        t.speak(parent, ["Go out into the world.||Whoever brings me the {thing} shall have {what}.",
                "I am old.||Bring me the {thing}, and {what} is yours."])
    t.fact(parent, "wanted", "want", f"the {thing}")
    beggar = w.choose([("old woman", "f"), ("old man", "m"), ("little grey man", "m"), ("beggar", "m"),
            ("blind woman", "f"), ("dwarf", "m")])
    b = w.add(beggar[0], beggar[1])
    t.words.update(B=b)
    t.paragraph()
    order = ["the eldest", "the second"] if n == "three" else ["the elder"]
    for i, who in enumerate(order):
        t.words.update(who=who)
        if i == 0:
            t.say(["{who} [rode out|set out] first, on [a fine|the best] horse. At the edge of the [wood|road] sat "
                    "{B.a}.", "First {who} set out. In the [forest|mountains] there sat {B.a} by the road."])
            t.speak(b, ["Give me a piece of bread.", "I am hungry.||Will you share your bread with me?",
                    "Please, give me something to eat."])
            t.say(["\"Out of my way!\" said {who}, and [rode on|went on]. But the road grew narrower and narrower, "
                    "until {who} could go neither forward nor back.",
                    "But {who} only laughed and rode on, and [was lost in the forest|came home with nothing|never "
                    "found it]."])
        else:
            t.say(["The second did the same and fared no better.", "Then {who} set out, and it went the same way.",
                    "{who} had no time for {B.the} either, and came home with empty hands."])
    t.fact(b, "asked for", "ask for", "bread")
    t.say(["[Then|At last] {A.the} set out[| on foot].", "Then it was {A.s} turn."])
    t.last[b.sex] = None
    t.say(["When {A.the} met {B.the}, {A.he} sat down and shared {A.his} bread.",
            "{A.the} stopped and gave {B.the} half of {A.his} bread."])
    t.fact(hero, "shared", "share", f"{hero.his} bread", to=b.the)
    t.speak(b, ["Because you have a good heart, I will help you.||Go to the {p}. There you will find the {thing}.",
            "You were kind to me.||The {thing} is in the {p}. But do not [turn around|take the gold|speak a word] "
            "on the way!", "Take this [stick|key|little pipe].||It will lead you to the {thing}."], p=pick.choice([
                "castle behind the hill", "garden of the sleeping queen", "third cave", "glass tower",
                "old mill in the valley"]))
    t.paragraph()
    t.say(["{A.the} did as {B.the} had said, and found the {thing}.",
            "And so it was. {A.the} found the {thing} and [carried it|brought it] home.",
            "{A.the} walked for three days, and there was the {thing}."])
    t.fact(hero, "found", "find", f"the {thing}", why=f"{b.the} helped {hero.him}")
    t.say(["{K.the} [was full of joy|embraced {A.him}] and gave {A.him} {what}.",
            "When {A.the} brought the {thing} to {K.the}, {K.he} said: \"You shall have {what}.\""])
    t.fact(parent, "gave", "give", what, to=hero.the)
    t.maybe(0.6, ["The others were ashamed, but {A.the} forgave them[| and they all lived together in peace].",
            "And {A.the} [ruled|lived] wisely and well for many years."])
    end(w, hero, ["A kind heart is worth more than a fine horse."])


def storm_at_sea(w):
    t, pick = w.teller, w.pick
    a = w.child() if pick.random() < 0.6 else w.nameless_child()
    captain = w.folk(["sailor", "fisherman"]) if pick.random() < 0.2 else None
    captain = w.add("captain", "m", None, pick.choice(["old", "good", "brave", "grey"]))
    ship = pick.choice(["ship", "little ship", "boat", "old ship", "fishing boat"])
    s = ship.split()[-1]
    name = pick.choice(["Sea Gull", "Morning Star", "White Whale", "Good Hope", "Swallow", "Dolphin", "Blue Lady",
            "Silver Fish"])
    t.words.update(A=a, C=captain, s=s, ship=ship, name=name)
    days = pick.choice(["three days", "seven days", "two weeks", "a month", "ten days", "forty days", "five weeks",
            "many weeks", "nine days and nights", "almost a year"])
    problem = pick.randrange(4)
    event = ["a [great|terrible|black] storm came up", "the wind stopped and the sails hung down",
        "the [water|bread] ran out", "thick fog came over the sea"][problem]
    t.say([f"The {{s}} had sailed for {days} when {event}.",
            f"The {{s}} had been on its way for {days} when {event}.",
            f"[Once upon a time|Long ago] there was a {{ship}} called the {name}. It had been on the sea for "
            f"{days} when {event}.",
            f"[Far out|Out] on the wide sea sailed a {{ship}}. For {days} nobody on it had seen land. Then {event}.",
            f"The {name} was a {{ship}} with [white|red|brown] sails. One [day|night], far from land, {event}.",
            f"The sailors had not seen land for {days}. Then {event}.",
            f"For {days} the {{s}} had been at sea, and the sailors were [tired|hungry|homesick]. Then {event}."])
    t.fact(a, "was", "be", f"on a {s}")
    who = "On board was {A.a}" + called(a) if a.name else "On board was {A.a}"
    t.say([who + ". {A.he} [helped in the kitchen|washed the deck|was the youngest of the crew|was the captain's "
            "helper].", "Among the sailors was {A.a}" + called(a) + ", the youngest of them all."])
    t.paragraph()
    if problem == 0:
        t.say(["The waves were as high as houses, and the wind [howled|screamed] in the ropes.",
                "The sky turned black, and [thunder rolled|lightning flashed].",
                "The {s} [rolled|danced] on the waves like a nutshell."])
        t.speak(captain, ["Take down the sails!", "Hold on, [men|everybody]!", "All hands on deck!"], "shouted",
            C=captain)
        t.say(["The mast broke with a crack.", "A great wave washed over the deck.",
                "The sailors were afraid[| and prayed]."])
        t.say(["{A} saw that the lamp had gone out. {A.he} climbed up and lit it again.",
                "{A} saw a rope that was coming loose. {A.he} held it with both hands and did not let go.",
                "Then {A} saw a small light far away. \"Light ahead!\" {A.he} called."])
        t.fact(a, "was", "be", "brave in the storm")
        t.say(["[All night|For hours] they fought against the storm. In the morning the sea was calm.",
                "When morning came, the storm was over."])
    elif problem == 1:
        t.say(["For [three|five|seven] days not a breath of air moved, and the sea was as smooth as glass.",
                "The sea was like a mirror. The sun burned, and nobody spoke."])
        t.speak(captain, ["We can only wait.", "If the wind does not come back, we are lost."], C=captain)
        t.say(["In the evening {A} sat on the deck and [sang a song|played the flute|told stories], so that the "
                "others forgot their fear.", "{A} shared {A.his} last water with the [ship's cat|old cook]."])
        t.fact(a, "comforted", "comfort", "the sailors")
        t.say(["[The next morning|In the night] a little wind came. The sails filled, and everybody cheered.",
                "Then {A} felt something cool on {A.his} cheek. \"The wind!\" {A.he} cried. And the sails filled."])
    elif problem == 2:
        t.say(["Everybody was [thirsty|hungry] and looked at the empty barrels.",
                "The sailors sat about and had no strength left."])
        t.speak(captain, ["Who has the best eyes?", "Somebody must climb the mast and look for land."], C=captain)
        t.say(["{A} climbed up the mast and looked and looked.",
                "\"I will,\" said {A.the}, and climbed up to the top of the mast."])
        t.fact(a, "climbed", "climb", "the mast")
        t.say(["At first there was only water. Then {A} saw a [green|thin|dark] line.",
                "A white bird flew past, and {A} followed it with {A.his} eyes. There was something green!"])
        t.speak(a, ["Land!||I see land!", "An island!||Over there!"], "cried")
    else:
        t.say(["Nobody could see [his own hand|the end of the {s}].",
                "It was so thick and white that they could not see the water."])
        t.speak(captain, ["Be quiet, all of you!||There are rocks near here.", "We must not hit the rocks."],
            C=captain)
        t.say(["{A} listened. {A.he} heard [the barking of seals|waves breaking|a bell] on the left.",
                "{A} had very good ears. {A.he} heard waves breaking in front of them."])
        t.speak(a, ["Turn to the right!||There are rocks ahead!", "I hear the rocks!||Turn around!"], "cried")
        t.say(["The captain turned the wheel, and the {s} passed the rocks, so near that one could touch them."])
        t.fact(a, "heard", "hear", "the rocks")
    t.paragraph()
    t.say(["[Before them|In front of them] lay an island with [green trees|white sand|tall palms|a small village].",
            "[The next day|In the evening] they saw an island.", "At noon they came to a quiet bay."])
    t.say(["There they found [fresh water|fruit] and [slept|rested] under the trees.",
            "They [filled their barrels|mended the sails] and rested.",
            "The people there gave them [fish and fruit|bread and water]."])
    t.say(["The captain put his hand on {A.s} shoulder. \"You have saved us,\" he said.",
            "\"Without {A.the} we would have been lost,\" said the captain."])
    t.say(["After [two|three] weeks they came home, and {A.s} mother stood at the harbour and [waved|cried for joy].",
            "And when they came home at last, {A} had much to tell.", "Then they sailed home with a good wind."])
    end(w, a, ["Later {A} became a captain {A.self}.", "{A} never forgot that [night|voyage]."])


def spell(w):
    t, pick = w.teller, w.pick
    villain = w.magic(["witch", "dragon", "wizard", "troll", "goblin"])
    a = w.child() if pick.random() < 0.5 else w.folk()
    lost = w.choose([("the well was dry", "the water", "the water came back"), ("the sun did not rise", "the sun",
                "the sun rose again"), ("the princess could not laugh", "her laughter", "the princess laughed"),
            ("all the bells were silent", "the bells' voices", "the bells rang again"),
            ("the apple trees bore no fruit", "the apples", "the trees bloomed again"), ("nobody could sleep",
                "their sleep", "everybody fell asleep at last"), ("the birds no longer sang", "the song of the birds",
                "the birds sang again"), ("it never stopped snowing", "the spring", "spring came")])
    t.words.update(V=villain, A=a)
    t.say([f"{{P}} there was a [village|town|land] where {lost[0]}.".replace("{P}", pick.choice(["Once upon a time",
                "Long ago", "Once"])), f"In a [far|small] country, {lost[0]}. Nobody knew why.",
            f"One year, {lost[0]}, and everybody was sad."])
    t.say([f"{{V.a}} had stolen {lost[1]}[| and hidden it|, because {{V.he}} was lonely].",
            f"It was the work of {{V.a}} who lived [on the mountain|in the old tower|behind the swamp]."])
    t.fact(villain, "stole", "steal", lost[1])
    t.say(["Many [knights|men] had gone to {V.the}, but none had come back[| with good news].",
            "All were afraid of {V.him}."])
    t.paragraph()
    t.say(["Then {A.a}{c} stood up. \"I will go,\" {A.he} said.",
            "In that place lived {A.a}{c}. \"I am not afraid,\" said {A.the}. \"I will talk to {V.him}.\""],
        c=called(a))
    t.fact(a, "went", "go", None, to=villain.the)
    walk(w, a)
    t.speak(villain, ["What do you want?", "Another one!||What do you want from me?", "You are brave to come here."])
    t.speak(a, ["Give us back what you took.", "Why are you so angry with us?",
            "I have come to ask you to set it free."])
    way = pick.randrange(2)
    if way == 0:
        riddle, answer = w.choose([("What has a bed but never sleeps?", "a river"),
                ("What goes up and never comes down?", "your age"), ("What has teeth but cannot bite?", "a comb"),
                ("What gets bigger the more you take away?", "a hole"), ("What has hands but cannot clap?",
                    "a clock"), ("What can run but has no legs?", "water"),
                ("What is yours, but others use it more than you?", "your name"), ("What has one eye but cannot see?",
                    "a needle"), ("What falls but never gets hurt?", "the snow")])
        t.speak(villain, ["First you must answer my riddle.||" + riddle,
                "If you can answer this, you shall have it.||" + riddle])
        t.say(["{A} thought [for a long time|hard].", "{A} closed {A.his} eyes and thought of home."])
        t.say([f"\"I know it,\" said {{A.the}}. \"It is {answer}.\"", f"Then {{A}} laughed. \"That is {answer}!\""])
        t.fact(a, "answered", "answer", "the riddle")
        t.say(["{V} [screamed|stamped {V.his} foot], but {V.he} had to keep {V.his} word.",
                "\"Nobody has ever known that,\" said {V.the}, and opened {V.his} hand."])
    else:
        t.say(["\"Nobody ever [invites me|says a kind word to me],\" said {V.the}, and a tear ran down {V.his} "
                "nose."])
        t.fact(villain, "was", "be", "lonely")
        t.speak(a, ["Then come to our feast.||You shall sit beside me.", "I invite you.||Come with me."])
        t.say(["{V} had never heard such words. {V.he} [smiled|wept], and the spell was broken."])
    t.paragraph()
    t.say([f"And at that moment {lost[2]}.", f"[Far away|At home], {lost[2]}, and the people danced in the streets."])
    end(w, a, ["And {V.the} was never seen to be angry again." if way
            else "{A} was carried home on their shoulders."])


def basket(w):
    t, a = w.teller, w.child() if w.pick.random() < 0.7 else w.animal()
    kin = w.kin(a, ["grandmother", "grandfather", "aunt", "uncle"])
    introduce(w, a, ["often visited {A.his} " + kin.noun,
            "had a " + kin.noun + " on the other side of the [wood|hill]"])
    n = w.pick.randint(1, 3)
    foods = [w.choose(["cake", "loaf of bread", "piece of cheese", "jar of honey", "pot of butter", "red apple",
                "bottle of milk", "pie", "sausage"]) for _ in range(n)]
    listed = " and ".join(["a " + f for f in foods]) if n < 3 else f"a {foods[0]}, a {foods[1]} and a {foods[2]}"
    t.words.update(K=kin, k=kin.noun, listed=listed)
    t.say([day(w) + " {A.his} mother gave {A.him} a basket. \"Take this to your {k},\" she said. In it there was "
            "{listed}.", day(w) + " {A} set out with a basket for {A.his} {k}. In the basket there was {listed}."])
    t.fact(a, "carried", "carry", f"a basket with {listed}", to=f"{a.his} {kin.noun}")
    t.paragraph()
    for f in foods:
        b = w.animal(is_named=False) if w.pick.random() < 0.5 else w.folk()
        t.say(["[On the way|In the wood|At the bridge|Soon] {A} met {B.a}{c} who [was hungry|had nothing to "
                "eat|looked very thin].",
                "[Then|A little later] {B.a}{c} sat by the road. \"I am hungry,\" {B.he} said."], B=b, c=called(b))
        t.say(["{A} gave {B.him} the {f}.", "\"Here,\" said {A.the}, and gave {B.the} the {f}.",
                "{A} thought of {A.his} {k}, but then {A.he} gave {B.the} the {f}."], B=b, f=f)
        t.fact(a, "gave", "give", f"the {f}", to=b.the)
    t.say(["So the basket was empty when {A} came to the door.", "Now there was nothing left in the basket."])
    t.speak(kin, ["What have you brought me?", "Come in, my dear!||What is in the basket?"])
    t.speak(a, ["Nothing.||I met somebody who was hungry." if n == 1 else "Nothing.||I gave it all away.",
            "I am sorry.||The basket is empty."])
    t.fact(a, "came", "come", "with an empty basket", to=f"{a.his} {kin.noun}",
        why=f"{a.he} had given everything away")
    t.say(["But {K} laughed and [took {A.him} in {K.his} arms|kissed {A.him}]. \"A good heart is the best gift,\" "
            "{K.he} said.",
            "{K} was not angry at all. \"You have brought me something better,\" {K.he} said, \"a kind heart.\""])
    t.maybe(0.6, ["[Just then|In the evening] there was a knock. There stood all those whom {A} had helped, with "
            "[nuts and berries|wood for the fire|fish from the river].".replace("all those whom {A} had helped",
                "the one whom {A} had helped" if n == 1 else "all those whom {A} had helped")])
    end(w, a, ["And so they had a feast after all."])


def lighthouse(w):
    t, pick = w.teller, w.pick
    a = w.child()
    kin = w.kin(a, ["father", "grandfather", "uncle", "mother", "grandmother"])
    guard = pick.choice(["the lighthouse on the cliff", "the big bell on the hill", "the lamp in the harbour",
            "the lighthouse"])
    light = "rang" if "bell" in guard else "lit"
    introduce(w, a, ["lived with {A.his} " + kin.noun + " beside the sea",
            "lived in a house by the sea, where {A.his} " + kin.noun + " looked after " + guard], has_home=False)
    t.words.update(K=kin, k=kin.noun, g=guard)
    t.say(["Every evening {A.his} {k} " + light + " {g}, so that the ships could find their way.",
            "{A.his} {k} took care of {g}. It showed the ships where the rocks were."])
    t.fact(kin, light, "ring" if light == "rang" else "light", guard, when="every evening")
    t.paragraph()
    t.say(["[One night|One stormy evening] {A.his} {k} [was ill|fell on the stairs|had a fever] and could not do "
            "it."])
    t.say(["The wind was wild, and far out a ship was coming nearer and nearer to the rocks.",
            "Outside the waves roared. {A} saw a small ship between the rocks."])
    t.fact(a, "saw", "see", "a ship near the rocks")
    t.speak(a, ["I must do it!", "If I do not go, they will be lost.", "I know how it is done."])
    t.say(["{A} put on {A.his} coat and ran out into the storm.",
            "The wind nearly blew {A.him} over, but {A} went on step by step."])
    t.say(["There were a hundred steps. {A} counted them in the dark.",
            "The door was stuck. {A} pushed with all {A.his} strength until it opened.",
            "Three times the matches went out."] if light == "lit" else [
            "The rope was wet and heavy. {A} hung on it with {A.his} whole weight."])
    t.say(["At last the light shone out over the sea."] if light == "lit" else [
            "At last the bell rang out over the sea."])
    t.fact(a, light, "ring" if light == "rang" else "light", guard, why=f"{a.his} {kin.noun} could not do it")
    t.say(["The ship turned just in time.",
            "The captain [saw|heard] it and turned the ship away from the rocks.".replace("[saw|heard]", "saw"
                if light == "lit" else "heard")])
    t.paragraph()
    t.say(["In the morning the sailors came to thank {A.him}. They brought {A.him} [a model of their ship|a "
            "parrot|an orange from the south].", "The next day {A.his} {k} was better and heard what had happened."])
    t.maybe(0.6, ["\"You are a real keeper now,\" said {A.his} {k}."])
    end(w, a, ["{A} was tired, but very proud."])

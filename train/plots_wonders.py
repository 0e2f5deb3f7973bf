"""Plots with wishes, giants and strangers at the door."""
from tale_words import ANIMALS, SMALL
from tale_world import called, day, end, introduce, sad


def three_wishes(w):
    t, pick = w.teller, w.pick
    a = w.folk(["woodcutter", "fisherman", "farmer", "cobbler", "shepherd", "miller", "weaver", "charcoal burner",
            "basket maker", "tailor", "potter", "stonecutter"])
    a.adjective = pick.choice(["poor", "poor", "old", "honest", "good"])
    wife = w.add("wife" if a.sex == "m" else "husband", "f" if a.sex == "m" else "m", None, "", a)
    t.words.update(W=wife)
    introduce(w, a, ["lived with {A.his} " + wife.noun, "worked hard and had little to eat",
            "had nothing but an old [axe|coat|pot]", "went to work every morning before the sun was up",
            "had [three|five|seven] hungry children", "owned nothing but the clothes on {A.his} back",
            "worked from morning to night and was always hungry"], has_home=False)
    t.fact(a, "was", "be", "poor")
    t.paragraph()
    spirit = pick.choice([("a golden fish", "in {A.his} net" if a.noun == "fisherman" else "in a puddle on the road",
                "fish", "let it go", "put it back into the [river|sea]"), ("a tiny old man", "under a fallen tree",
                "little man", "helped him out", "lifted the tree and set him free"), ("a white bird", "in a trap",
                "bird", "opened the trap", "opened the trap and let it fly"), ("a frog with a crown",
                "at the bottom of a dry well", "frog", "helped it out", "let down a bucket and pulled it up"),
            ("a silver snake", "under a stone", "snake", "lifted the stone", "lifted the stone and set it free"),
            ("a fairy", "in a spider's web", "fairy", "cut the web", "cut the threads and set her free")])
    what, where, noun, base, past = spirit
    t.words.update(S=noun, what=what)
    t.say([day(w) + " {A} found {what} " + where + ".",
            day(w) + " {A} heard a voice. There was {what} " + where + "."])
    t.fact(a, "found", "find", what, where=t.fill(where, A=a))
    it = {"fairy": "she", "little man": "he"}.get(noun, "it")
    t.say([f"\"Help me,\" {it} [said|begged], \"and you shall have three wishes.\"",
            f"\"If you set me free,\" said the {noun}, \"I will give you three wishes.\""])
    t.say(["{A} had a good heart and " + past + ".", "{A} " + past + "."])
    t.maybe(0.5, [f"\"Think well before you wish,\" said the {noun}, and was gone.", f"Then the {noun} was gone."])
    t.say(["{A} ran home and told {W.the} [everything|about it].", "At home {A} told {W.the} what had happened."])
    t.paragraph()
    way = pick.randrange(3)
    if way == 0:
        food = pick.choice(["sausage", "pudding", "cake", "pie"])
        t.words.update(f=food)
        t.say(["They sat by the fire and thought. \"I am so hungry,\" {A.he} said. \"I wish I had a {f}.\""])
        t.say(["At once a big {f} lay on the table.", "And there lay a {f}, fat and brown."])
        t.fact(a, "wished for", "wish for", f"a {food}")
        t.speak(wife, ["You fool!||I wish the {f} hung on your nose!",
                "How could you be so stupid?||I wish it grew on your nose!"], "cried")
        t.say(["And there it hung, on {A.s} nose, and it would not come off."])
        t.fact(wife, "wished", "wish", f"the {food} on {a.his} nose")
        t.say(["They pulled and pulled, but it was no use. So they had to use the third wish to make it [go "
                "away|fall off]."])
        t.say(["So they had nothing, but they had a {f} for supper, and they laughed about it.",
                "Then they looked at each other and began to laugh."])
    elif way == 1:
        t.say(["{A} wished for [a warm house|a full table], and there it was.",
                "\"First I wish for bread for all who are hungry,\" said {A.the}."])
        t.say(["{W.the} wished for [a cow|a garden] that would feed them[| all year].",
                "The second wish they gave to a sick neighbour, who became well at once."])
        t.speak(wife, ["And the third?", "What shall we wish for now?", "There is one wish left."])
        t.speak(a, ["We have all we need.||Let us keep it for a bad day.",
                "Let us give it to somebody who needs it more."])
        t.fact(a, "kept", "keep", "the third wish")
        t.say(["And so they did, and they were happy to the end of their days.", "But the bad day never came."])
    else:
        t.say(["First {A} wished for a [bigger house|sack of gold], and there it was. Then {A.he} wished to be a "
                "[king|rich lord], and so it was."])
        t.fact(a, "wished for", "wish for", "gold and power")
        t.say(["But {A} could not sleep for fear that somebody would take it all away.",
                "But {A} had no friends any more, and {W.the} [wept|was sad]."])
        t.speak(wife, ["We were happier in our hut.", "When did we last laugh together?"])
        t.say(["\"You are right,\" said {A.the}. With the third wish {A.he} wished everything back as it had been.",
                "So {A} used the last wish to be poor again."])
        t.say(["And when they sat in their old hut again, the [soup|bread] tasted better than ever."])
    end(w, a, ["Who has enough should not wish for more.", "A wish is quickly made and hard to take back."])


def magic_axe(w):
    t, pick = w.teller, w.pick
    a = w.folk(["woodcutter", "fisherman", "carpenter", "farmer", "shepherd", "blacksmith", "gardener"])
    tool = {"woodcutter": "axe", "fisherman": "net", "carpenter": "saw", "farmer": "spade", "shepherd": "crook",
        "blacksmith": "hammer", "gardener": "rake"}[a.noun]
    a.adjective = pick.choice(["poor", "poor", "honest", "old"])
    introduce(w, a, [f"had nothing but {{A.his}} old {tool}", f"worked hard every day with {{A.his}} {tool}",
            "was poor but honest", "lived alone with [an old dog|a cat|a lame donkey]",
            "lived with {A.his} three children and [often had|had] nothing to eat"])
    water = pick.choice(["river", "lake", "deep pond", "well"])
    s = w.add(*pick.choice([("water fairy", "f"), ("old man of the water", "m"), ("mermaid", "f"), ("river king",
                "m")]))
    t.words.update(tool=tool, water=water, S=s)
    t.paragraph()
    t.say([day(w) + " {A.his} {tool} [slipped out of {A.his} hands and |]fell into the {water}.",
            day(w) + " {A} was working near the {water} when the {tool} fell in."])
    t.fact(a, "lost", "lose", f"{a.his} {tool}", where=f"in the {water}")
    sad(w, a)
    t.speak(a, ["What shall I do now?||Without my {tool} I cannot work.", "Now my children will have no bread.",
            "It was all I had!"])
    t.say(["Then the water [parted|began to shine], and {S.a} [came up|looked out].",
            "{S.a} heard it and rose out of the water."])
    t.speak(s, ["Why are you crying?", "What has happened?"])
    t.say(["{A} told {S.him} everything.", "\"My {tool} has fallen into the water,\" said {A.the}."])
    t.say(["{S.the} dived down and came up with a {tool} of gold. \"Is this yours?\"",
            "{S.the} held up a golden {tool}. \"Is it this one?\""])
    t.fact(s, "showed", "show", f"a golden {tool}", to=a.the)
    honest = pick.random() < 0.75
    if honest:
        t.speak(a, ["No, mine was not so fine.", "No.||That one is not mine.",
                "No, it is beautiful, but mine is old."])
        t.say(["[Then|Next] {S.the} brought a {tool} of silver. But {A} shook {A.his} head again."])
        t.say(["[The third time|At last] {S.the} brought up the old {tool}. \"Yes, that is mine!\" cried {A.the}."])
        t.say(["Because {A} had told the truth, {S.the} gave {A.him} all three.",
                "\"You are honest,\" said {S.the}. \"Take all three of them.\""])
        t.fact(s, "gave", "give", "all three", to=a.the, why=f"{a.he} told the truth")
        t.say(["From then on nobody in {A.his} house was ever hungry.", "{A} went home singing."])
        if pick.random() < 0.4:
            w.folk()  # drawn for nothing: the seeds must tell the tales that ember read
            t.say(["A greedy neighbour heard of it. He threw his own {tool} into the water and cried. But when he "
                    "said that the golden one was his, {S.the} took it away and left him with nothing."])
    else:
        t.say(["{A} saw the gold, and {A.his} eyes grew big. \"Yes, that is mine,\" {A.he} said."])
        t.say(["{S.the} looked at {A.him} sadly and went down again with both.",
                "\"You are lying,\" said {S.the}, and was gone with both."])
        t.fact(a, "lost", "lose", "everything", why=f"{a.he} lied")
    end(w, a, ["Honesty is worth more than gold.", "Whoever tells the truth can sleep well."])


def night_visitor(w):
    t, pick = w.teller, w.pick
    a = pick.choice([w.folk, w.child, w.animal])()
    kin = w.kin(a, ["mother", "father", "grandmother", "grandfather"])
    season = pick.choice(["winter", "autumn", "winter", "spring", "December", "November"])
    time = pick.choice(["night", "evening", "night"])
    adjective = pick.choice(["cold", "dark", "stormy", "long", "bitter", "black", "wild", "icy", "quiet"])
    sky = pick.choice(["the snow fell [in big flakes|without a sound]",
            "the wind howled [around the house|in the chimney|over the hills|like a wolf]",
            "the rain beat against the [windows|door]", "the wind shook the [trees|shutters|old door]",
            "the moon was hidden behind the clouds",
            "the wind blew [the snow|the leaves|the rain] against the [window|house]", "the stars were hidden",
            "the frost painted flowers on the windows"])
    t.words.update(A=a, K=kin)
    t.say([f"It was a {adjective} {season} {time}, and {sky}.", f"It was a {adjective} {time} in {season}. {sky}.",
            f"One {adjective} {season} {time} {sky}.", f"The {time} was {adjective}, and {sky}.",
            f"Outside, {sky}. It was the [longest|coldest|darkest] {time} of the year.",
            f"It was {season}, and {sky}."])
    inside = "in {A.his} " + pick.choice(["house", "hut", "kitchen", "cottage"] if a.noun not in ANIMALS else ["den",
            "hole", "nest"])
    t.say([f"{{A.a}}{called(a)} sat " + inside + "[|  by the fire| beside the stove]." ,
            "[Inside|In a small house], {A.a}" + called(a) + " " "was [sitting by the fire|cooking soup|just going "
            "to bed].", "{A.a}" + called(a) + " and {A.his} " + kin.noun + " sat by the fire and [told stories|ate "
            "their " "soup|listened to it]."])
    t.fact(a, "sat", "sit", "by the fire")
    t.say(["[Suddenly|Then|All at once] there was a knock at the door.",
            "Somebody knocked at the door. Once, twice, three times.", "Then {A} heard [steps|a voice] outside."])
    t.speak(a, ["Who can that be[| at this hour]?", "Who is out in such weather?", "Did you hear that?"], "asked")
    guest = pick.choice([lambda: w.add("old man", "m", None, ""), lambda: w.add("old woman", "f", None, ""),
            lambda: w.add("stranger", "m", None, "tall"), lambda: w.add("traveller", "m", None, "tired"),
            lambda: w.add("child", pick.choice("mf"), None, "small"), lambda: w.animal(["fox", "hare", "deer", "dog",
                "cat", "hedgehog", "bear", "wolf", "owl"], is_named=False)])()
    t.words.update(B=guest)
    t.say(["{A} opened the door. Outside stood {B.a}, [white with snow|wet to the skin|shaking with cold]."
            if season in ("winter", "December")
            else "{A} opened the door. Outside stood {B.a}, [wet to the skin|shaking with cold]."])
    t.fact(guest, "knocked", "knock", None, where="at the door")
    t.speak(guest, ["May I come in and warm myself?", "I have lost my way.||May I stay until morning?",
            "Please, let me in.||I am so cold.", "Every other door was shut.||Will you let me in?"])
    t.maybe(0.4, ["{A} had little, but {A.he} did not think twice.", "{A} was a little afraid."])
    t.speak(a, ["Come in and sit by the fire.", "Come in, [come in|quickly]!||There is soup on the stove.",
            "You are welcome here.||Sit down."])
    t.say(["{A} gave {B.the} [hot soup|bread and milk|a warm blanket|{A.his} own bed].",
            "{B.the} [ate|drank] and grew warm, and {B.his} eyes began to shine."])
    t.fact(a, "let in", "let in", guest.the)
    t.paragraph()
    way = pick.randrange(4)
    if way == 0:
        t.say(["In the morning {B.the} was gone, but on the table lay [a golden coin|a small bell|a red apple that "
                "never grew old].", "When {A} woke up, {B.the} was gone. In the snow there were no footprints."
                if season in ("winter", "December")
                else "When {A} woke up, {B.the} was gone, and the cupboard was full of bread."])
        t.say(["And from that day on there was always [wood by the stove|bread in the house].",
                "{A} never found out who it had been."])
    elif way == 1:
        t.say(["{B.the} told stories of far lands the whole night long.",
                "Then {B.the} began to tell of [the sea|the mountains|a city of glass]."])
        t.fact(guest, "told", "tell", "stories")
        t.say(["In the morning the storm was over, and {A} was sorry to see {B.him} go.",
                "When the sun rose, {B.the} said goodbye."])
        t.speak(guest, ["Next year I will come again.", "Your house is small, but it is the warmest of all."])
    elif way == 2:
        t.say(["They waited together until the storm was over.",
                "The storm lasted three days, and so {B.the} stayed."])
        t.say(["{B.the} [mended the roof|cut wood|cooked|swept the floor], and {A} was glad to have company."
                if guest.noun not in ANIMALS else "{B.the} slept at {A.s} feet, and {A} was glad to have company."])
        t.say(["And when spring came, {B.the} was still there, and they were like a family."])
        t.fact(guest, "stayed", "stay", "until spring")
    else:
        t.say(["\"I am [the king of this land|the spirit of winter|the queen of the forest],\" said {B.the}. \"You "
                "opened your door when all others were shut.\"".replace("[the king of this land|the spirit of "
                "winter|the queen of the forest]", "the king of this land" if guest.sex == "m"
                    else "the queen of this land") if guest.noun not in ANIMALS
                else "\"You opened your door when all others were shut,\" said {B.the}. \"I will not forget it.\""])
        t.say(["And {A} never had to be cold or hungry again.",
                "The next day a [cart full of wood|sack of flour] stood before the door."])
    end(w, a, ["Nobody who knocked there was ever sent away."])


def giant(w):
    t, pick = w.teller, w.pick
    g = w.magic(["giant", "giant", "troll", "ogre", "dragon", "witch", "giantess", "wizard", "dwarf"])
    a = w.child() if pick.random() < 0.65 else w.nameless_child() if pick.random() < 0.5 else w.animal(SMALL)
    t.words.update(G=g, A=a)
    house = pick.choice(["castle", "cave", "garden", "house", "tower"])
    t.words.update(house=house)
    mode = pick.randrange(3)
    shouted = ["cried", "roared", "shouted", "called", "growled", "asked"]
    if mode == 0:
        line = pick.choice(["Who goes there?", "Who has been in my {house}?", "Who are you?", "Stop!",
                "Who has eaten my [soup|porridge|cheese]?", "What do you want here?", "Who is knocking?",
                "I smell somebody!", "Come out, whoever you are!", "Who woke me?",
                "Who dares to come into my {house}?", "Go away!", "Is somebody there?", "Who is that at my door?"])
        verb = pick.choice(shouted)
        line = t.fill(line)
        t.sentences.append(f'"{line}" {verb} the {g.noun}.')
        t.last[g.sex] = g
        t.subject = t.speaker = g
        t.maybe(0.5, ["{G.his} voice was like thunder.", "The [windows|walls|trees] shook.",
                "{G.he} [bent down|looked around] [slowly|with big eyes].", "{G.he} was as tall as a [tree|tower]."
                if g.noun not in ("dwarf", "witch", "wizard") else "{G.his} eyes were [green|yellow] and bright."])
        who = "{A.a}" + called(a)
        t.say(["[In the doorway|At the gate|Behind the door|Before {G.him}] stood " + who + ".",
                who + " came out from behind a [stone|barrel|chair].", "It was " + who + "."])
        t.speak(a, ["It is only me.", "It is I, {A}." if a.name else "It is only me.", "Please do not be angry.",
                "Do not hurt me!||I have lost my way.", "I am not a thief.||I only want to ask you something."])
    else:
        introduce(w, a, ["was not afraid of anybody", "wanted to see a {x} once".replace("{x}", g.noun),
                "was small, but very brave"])
        t.say(["On the hill [lived|stood the {house} of] {G.a}, and everybody was afraid of {G.him}.",
                "Behind the [wood|mountain] lived {G.a}. Nobody dared to go there."])
        t.paragraph()
        t.say([day(w) + " {A} [lost {A.his} way|ran after {A.his} ball|followed a bird] and came to the {house}.",
                day(w) + " {A} went to the {house} and knocked."])
        t.fact(a, "came", "come", None, to=f"the {house} of the {g.noun}")
        t.speak(g, ["Who goes there?", "Who are you[|, little one]?", "What do you want here?",
                "Who dares to knock at my door?"], pick.choice(shouted))
        t.speak(a, ["I am {A}, and I am not afraid of you." if a.name else "I am not afraid of you.",
                "I have lost my way.||Can you help me?", "I only wanted to see you."])
    t.fact(g, "lived", "live", None, where=f"in the {house}") if house in ("castle", "cave", "house",
        "tower") else None
    t.maybe(0.5, ["{G} was surprised. Nobody had ever [answered {G.him}|spoken to {G.him}] like that.",
            "{G} looked down at {A.the}.", "{G} bent down to see {A.him} better."])
    t.paragraph()
    way = pick.randrange(4)
    if way == 0:
        pain = w.choose(["a bad tooth", "a thorn in {G.his} foot", "a cold", "a splinter in {G.his} thumb",
                "a bee in {G.his} ear"])
        plain = t.fill(pain, G=g)
        t.say(["Then {A} saw that {G.he} had " + plain + ".", "\"I am angry because I have " + plain.replace("his",
                    "my").replace("her", "my") + ",\" said {G.the}."])
        t.fact(g, "had", "have", plain)
        do = {"tooth": "tied a string to the tooth and pulled", "foot": "pulled out the thorn",
            "cold": "made hot tea with honey", "thumb": "pulled out the splinter",
            "ear": "called the bee out with a flower"}
        act = next(v for k, v in do.items() if plain.endswith(k))
        t.say(["{A} " + act + ".", "\"Hold still,\" said {A.the}, and " + act + "."])
        t.fact(a, "helped", "help", g.the, why=act)
        t.say(["[Soon|At once] {G.the} felt better. {G.he} smiled for the first time in a hundred years."])
        t.speak(g, ["Thank you, little one.||You may come here whenever you like.",
                "You are the first who has ever helped me."])
    elif way == 1:
        t.say(["{G} sat down with a sigh. \"Nobody ever comes to see me,\" {G.he} said. \"They are all afraid of "
                "me.\""])
        t.fact(g, "was", "be", "lonely", why="nobody came to see him" if g.sex == "m" else "nobody came to see her")
        t.speak(a, ["I am not afraid.||I will stay and drink tea with you.",
                "You shout too much.||Try to speak softly.", "Then I will be your friend."])
        t.say(["So they [drank tea together|played cards|ate cake] until evening, and {G.the} told {A.him} about "
                "the old days.", "They talked and laughed until the stars came out."])
        t.say(["The next day {A} brought the other [children|animals], and nobody was afraid any more.".replace("[children|animals]",
                    "children" if a.noun in ("boy", "girl") else "animals")])
    elif way == 2:
        t.speak(g, ["I am going to eat you!", "You will be my supper!", "I am so hungry that I could eat you."])
        t.speak(a, ["First let us see who is stronger.||Can you squeeze water out of a stone?",
                "Wait!||Let us have a contest. If I win, you must let me go."])
        if "stone" in t.sentences[-1]:
            t.say(["{G} squeezed a stone until it broke, but no water came. {A} had [a piece of cheese|an egg] in "
                    "{A.his} pocket and squeezed that, and water ran out."])
            t.fact(a, "squeezed", "squeeze", "a piece of cheese" if "cheese" in t.sentences[-1] else "an egg")
        else:
            t.say(["{G} threw a stone so high that it took an hour to come down. But {A} let a bird fly, and it "
                    "never came down at all."])
            t.fact(a, "won", "win", "the contest")
        t.say(["{G} was afraid of such strength and [ran away|gave {A.him} a sack of gold|let {A.him} go].",
                "\"You are stronger than I am,\" said {G.the}, and opened the gate."])
    else:
        t.say(["\"I cannot sleep,\" said {G.the}. \"For a hundred nights I have not slept.\"",
                "{G} had dark rings under {G.his} eyes. \"I cannot sleep,\" {G.he} said."])
        t.fact(g, "could not", "cannot", "sleep")
        t.say(["{A} sat down beside {G.him} and [sang a song|told a long story|played a tune].",
                "\"Lie down,\" said {A.the}, and began to sing softly."])
        t.say(["{G.s} eyes grew heavy, and soon {G.he} was snoring so loudly that the [hills|windows] shook."])
        t.say(["In the morning {G} gave {A.him} [a golden apple|a magic whistle|a sack of silver] as a thank-you.",
                "After that {A} came every [evening|Sunday] to sing for {G.him}."])
    end(w, a, ["And people learned that a loud voice can hide a soft heart.",
            "After that nobody was afraid of the {house} any more."])


def house_in_wood(w):
    t, pick = w.teller, w.pick
    a = pick.choice([lambda: w.add("old woman", "f", None, ""), lambda: w.add("old man", "m", None, ""),
            lambda: w.add("woman", "f", None, pick.choice(["wise", "kind", "poor"])), lambda: w.folk(["hunter",
                "widow", "beekeeper", "charcoal burner", "spinner", "basket maker"]), lambda: w.magic(["witch",
                "fairy", "dwarf", "wizard"]), lambda: w.child(), lambda: w.nameless_child()])()
    child = a.noun in ("boy", "girl")
    pets = pick.choice(["a black cat", "three white hens", "an old dog", "a blind owl", "a goat with one horn",
            "seven geese", "a tame crow", "a donkey", "a fat grey cat", "two doves", "a lame fox"])
    house = pick.choice(["house", "hut", "cottage", "little house", "tower", "cabin"])
    where = pick.choice(["in the middle of the forest", "at the end of the road", "on the top of a hill",
            "beside a deep lake", "by the sea", "at the foot of the mountain", "behind seven hills",
            "between two rivers", "near the edge of a great forest", "under three tall pines", "where the road ends"])
    once = pick.choice(["Once upon a time,", "Long ago,", "Once,", "Many years ago,", "A long time ago,", ""])
    who = "{A.a}" + called(a)
    t.words.update(A=a, house=house)
    kin = w.kin(a, ["grandmother", "grandfather", "mother", "father"]) if child else None
    with_ = f" with {{A.his}} {kin.noun}" if child else pick.choice(["", f" with {pets}", " all alone"])
    t.say([f"{once} in a {house} {where}, there lived {who}{with_}.",
            f"{once} in a {house} {where} lived {who}{with_}.",
            f"{once} {where} stood a {house}. {who} lived there{with_}.",
            f"{once} there was a {house} {where}, and in it lived {who}{with_}.",
            f"{who} lived in a {house} {where}{with_}.", f"{once} {who} lived{with_} in a {house} {where}."])
    t.subject = a
    t.fact(a, "lived", "live", None, where=f"in a {house} {where}")
    t.maybe(0.7, ["{A.he} had a garden full of [herbs|cabbages|roses] and never [sent anyone away|locked the door].",
            "In winter nobody came there, and in summer only the [birds|bees].",
            "{A.he} knew every [bird|tree] by name.", "People said that {A.he} could talk to the [animals|trees].",
            "{A.he} was [never|often] lonely, and in the evening {A.he} [sang|talked to the fire]."])
    t.paragraph()
    b = w.child() if pick.random() < 0.7 else w.animal()
    if pick.random() < 0.3:
        w.friend(b)
    t.words.update(B=b)
    start = day(w)
    t.say([start + " {B.a}{c} came to the door. {B.he} had [lost {B.his} way|been walking all day|run away from "
            "home].", start + " {A} found {B.a}{c} asleep in front of the door.",
            start + " {A} heard somebody crying outside. It was {B.a}{c}."], c=called(b))
    t.fact(b, "came", "come", None, to=f"the {house}")
    t.speak(a, ["Where do you come from?", "What are you doing here all alone?", "Are you hungry?",
            "Come in!||You are as cold as ice."])
    t.speak(b, ["I [wanted to pick berries|followed a bird], and then I could not find the way back.",
            "I do not know where I am.", "I am looking for my [brother|mother].",
            "I wanted to see the world, but the world is so big."])
    t.say(["{A} took {B.him} in and gave {B.him} [soup and bread|warm milk|a bed by the stove].",
            "\"First eat,\" said {A.the}, \"and then we shall see.\""])
    t.fact(a, "gave", "give", "something to eat", to=b.the)
    t.paragraph()
    way = pick.randrange(3)
    if way == 0:
        t.say(["In the morning {A} gave {B.him} a ball of [red|white] thread. \"Roll it in front of you,\" {A.he} "
                "said, \"and it will lead you home.\""])
        t.say(["{B} did so. The thread rolled over stones and roots, and before evening {B} saw {B.his} own house."])
        t.fact(a, "gave", "give", "a ball of thread", to=b.the)
    elif way == 1:
        t.say(["{B} stayed for [three days|a week|the whole winter] and helped with the work. {B.he} [carried "
                "wood|fed the animals|swept the floor] every morning."])
        t.speak(a, ["You have worked well.||Take this [box|nut|little bag] and open it at home.",
                "It is time to go home.||They are waiting for you."])
        t.say(["At home {B.his} mother [cried for joy|ran to meet {B.him}]. And in {B.his} pocket there was [a "
                "gold coin|a ring|a seed that grew into a wonderful tree]."])
        t.fact(b, "helped", "help", a.the)
    else:
        t.say(["They took a lantern and went out together. {A} [knew every path|called into the night], and at "
                "last a voice answered.",
                "{A} climbed on the roof and [hung up a lamp|blew a horn]. Before long somebody came running."])
        t.say(["It was {B.s} [father|mother|sister], who had been looking for {B.him} all day."])
        t.say(["They all sat by the fire and ate, and the {house} was full of laughter.",
                "Nobody scolded. They were too happy."])
    end(w, a, ["And whenever {B} was near, {B.he} came to visit {A.the}.",
            "Since then a light always burns in the window[| at night]."])

"""Plots of animals, and of people who are like them."""
from tale_words import ANIMALS, SMALL, STRONG
from tale_world import called, day, end, glad, introduce, weather


def sharing(w):
    t, a = w.teller, w.animal() if w.pick.random() < 0.6 else w.hero()
    b = w.friend(a)
    food = w.supply()
    introduce(w, a, ["never shared anything", "liked {f} more than anything".replace("{f}", food),
            "had more {f} than anybody else".replace("{f}", food), "kept all {A.his} {f} for {A.self}".replace("{f}",
                food)])
    t.fact(a, "had", "have", f"a lot of {food}")
    t.words.update(B=b, food=food)
    weather(w)
    t.paragraph()
    t.say([day(w) + " {B.a}{c} came to {A.the}.", day(w) + " {B.a}{c} knocked at {A.s} door.",
            day(w) + " {A} was sitting before a big [bowl|basket|heap] of {food} when {B.a}{c} came by."],
        c=called(b))
    t.speak(b, ["I am so hungry.||May I have a little of your {food}?",
            "Will you share your {food} with me?||I have had nothing since yesterday.",
            "What fine {food}!||Can you give me some?"])
    t.fact(b, "asked for", "ask for", f"some {food}")
    is_kind = w.pick.random() < 0.35
    if is_kind:
        t.say(["{A} looked at {A.his} {food}. There was [just enough for one|not very much]. But {B} looked so "
                "hungry."])
        t.speak(a, ["Sit down.||There is enough for two.", "Come in and eat with me.", "Here, take half[| of it]."])
        t.fact(a, "gave", "give", f"half of the {food}", to=b.the)
        t.say(["They ate together, and the {food} had never tasted so good.",
                "{B} ate and [smiled|grew warm|thanked {A.him}]."])
    else:
        t.speak(a, ["No!||It is all mine.", "Go away!||I have none to spare.", "Find your own {food}.",
                "[I am sorry, but|No,] I need it all for myself."])
        t.fact(a, "refused", "refuse", f"to share the {food}")
        t.say(["{B} went away [hungry|sadly|without a word].", "So {B} had to go on with an empty stomach."])
    t.paragraph()
    trouble = w.choose([("a storm [broke the roof|blew down the house] and carried all the {food} away",
                "had nothing left"), ("thieves came in the night and took all the {food}", "had nothing left"),
            ("water came into the house and spoiled all the {food}", "had nothing to eat"),
            ("{A} fell ill and could not get up", "could not get any food")])
    t.say(["[Not long after|A week later|Some days later|That winter], " + trouble[0] + "."])
    t.say(["Now {A} " + trouble[1] + ".", "{A} was alone and hungry."])
    t.say(["[Then|In the evening] there was a knock at the door. It was {B.the}, with a [pot of soup|loaf of "
            "bread|basket of apples].",
            "{B} heard of it and came [at once|through the rain] with [a pot of soup|warm bread|a full basket]."])
    t.fact(b, "brought", "bring", "food", to=a.the)
    if is_kind:
        t.speak(b, ["You shared with me.||Now I share with you.", "I have not forgotten how good you were."])
        glad(w, a)
    else:
        t.speak(a, ["Why do you help me?||I gave you nothing.", "But I sent you away!"])
        t.speak(b, ["I know what it is to be hungry.", "You were hungry, and I had food.||That is all.",
                "Nobody should be alone when things are bad."])
        t.say(["{A} was ashamed.", "{A} grew red and [looked at the floor|could not speak]."])
    end(w, a, ["From then on, {A} always [shared|gave half of] what {A.he} had.",
            "And {A} learned that food tastes best when it is shared.",
            "Since that day they have always eaten together."])


def trick(w):
    t = w.teller
    a, d = w.animal(SMALL), w.animal(STRONG)
    introduce(w, a, ["was small but clever", "had quick legs and a quicker head",
            "was not strong, but {A.he} was very clever", "always found a way out"])
    t.words.update(D=d)
    t.paragraph()
    place, at = w.place()
    t.say([day(w) + " {A} was looking for food when {D.a} jumped out [from behind a tree|of the bushes].",
            day(w) + " {D.a} caught {A.the} {at}.",
            day(w) + " {A} met {D.a} who had not eaten for [two|three] days."], at=at)
    t.fact(d, "caught", "catch", a.the)
    t.speak(d, ["Now I will eat you!", "You will make a fine supper.", "I am hungry, and you look [good|tasty].",
            "There is no way out[| for you], little one!"], D=d)
    t.maybe(0.6, ["{A} was [very much |]afraid, but {A.he} did not show it.", "{A} thought quickly."])
    way = w.pick.randrange(5)
    if way == 0:
        t.speak(a, ["Wait!||I am [so thin|only skin and bones]. Behind the hill there is [a fat sheep|a big "
                "cheese]. Let me show you.",
                "I am too small for you.||Come, I know where there is something bigger."])
        t.say(["{D} was greedy and went along.", "\"Bigger is better,\" thought {D.the}, and followed {A.him}."])
        t.say(["{A} led {D.him} to a [deep well|pond]. In the water was the [round|yellow] moon. \"There is the "
                "cheese,\" said {A.the}.", "{A} led {D.him} to a well. \"Look down there,\" said {A.the}."])
        t.say(["{D} bent down, [fell|jumped] in with a splash, and {A} ran away.",
                "{D} jumped in. Splash! And {A} ran home [laughing|as fast as {A.he} could]."])
        t.fact(d, "fell", "fall", "into the water", why=f"{a.the} tricked {d.him}")
    elif way == 1:
        t.speak(a, ["Eat me, if you like.||But first let me [sing one last song|say goodbye to my children].",
                "May I ask one thing before I die?||Let me dance for you."])
        t.speak(d, ["Very well.||But be quick!", "Why not?||A little music before supper is pleasant."])
        t.say(["{A} sang so loudly that [the dogs|the farmer's dogs|the hunters] heard it.",
                "{A} danced farther and farther away, [round and round|to the left and to the right], until "
                "{A.he} was at the mouth of {A.his} hole."])
        t.say(["In one jump {A} was gone, and {D} had nothing for supper.", "{D} had to run, and {A} was free."])
        t.fact(a, "escaped", "escape", None)
    elif way == 2:
        t.speak(a, [
                "You are strong, I know.||But can you make yourself so small that you fit into this [bag|jar|box]?",
                "They say that you cannot even [get into this bag|crawl into that barrel]."])
        t.speak(d, ["Of course I can!", "I can do anything!||Look!", "Who says so?||I will show you!"])
        t.say(["And {D.he} crawled in. [At once|Quick as lightning] {A} shut it and [tied it up|sat down on it]."])
        t.speak(d, ["Let me out!"], "cried")
        t.speak(a, ["Only if you promise never to hunt me again.",
                "First you must promise to leave us all in peace."])
        t.say(["{D} [had to promise|promised it], and {D.he} kept {D.his} word."])
        t.fact(d, "promised", "promise", f"to leave {a.the} alone")
    elif way == 3:
        t.speak(a, ["You can eat me, but who will pull the thorn out of your paw?||I see that you are limping.",
                "If you eat me, who will scratch your back where you cannot reach it?"])
        t.say(["{D} stopped. Nobody had ever offered {D.him} anything.", "{D} had never thought of that."])
        t.say(["{A} worked so [gently|well] that {D} closed {D.his} eyes and fell asleep. Then {A} tiptoed away."])
        t.fact(d, "fell", "fall", "asleep")
    else:
        t.speak(a, [
                "The king of the forest has called me.||Whoever eats me must answer to him. Do you hear him coming?",
                "Hush!||Do you hear the hunters? They are right behind you."])
        t.say(["{D} [listened|turned around]. [The wind howled in the trees.|A branch cracked.] {D.he} was "
                "frightened and ran away.",
                "{D} turned around to look, and in that moment {A} jumped into {A.his} hole."])
        t.fact(d, "was", "be", "tricked", why=f"{d.he} turned around")
    t.maybe(0.5, ["{A} laughed until {A.his} sides hurt.",
            "{A} told [everyone|{A.his} brothers and sisters] about it that evening.",
            "{D} was [very |]angry, but it was too late."])
    end(w, a, ["A clever head is better than strong legs.", "So the little one was stronger than the big one.",
            "{D} never came back[| to that place]."])


def race(w):
    t = w.teller
    a = w.animal(sex="m" if w.pick.random() < 0.5 else "f") if w.pick.random() < 0.6 else w.child()
    b = w.friend(a)
    introduce(w, a, ["was slow, but never gave up", "was the smallest of all", "loved to run",
            "had short legs and a big heart"])
    t.words.update(B=b)
    t.say(["{B.a}{c} lived [near by|next door|not far away]. {B.he} was [very |]proud of how fast {B.he} could run.",
            "In the same [place|village|wood] lived {B.a}{c}, who always [boasted|said]: \"Nobody is faster than "
            "I am.\""], c=called(b))
    t.paragraph()
    t.speak(b, ["You are so slow!||A snail could beat you.", "Nobody here can run as fast as I can.",
            "I am the fastest of all!"], D=b)
    t.speak(a, ["Then let us run a race.", "I will race you, if you like.", "Are you sure?||Let us see tomorrow."])
    goal = w.choose(["the old oak", "the bridge", "the mill", "the big stone", "the river", "the church",
            "the far hill"])
    t.words.update(goal=goal)
    t.say(["[The next morning|On Sunday|At noon] everyone came to watch. They were to run to {goal}[| and back].",
            "So they agreed to run to {goal}."])
    t.fact(a, "raced", "race", f"against {b.the}", to=goal)
    t.say(["\"One, two, three!\" [called|cried] the owl.", "\"Ready, steady, go!\"", "A whistle blew, and they ran."])
    t.say(["{B} [shot ahead|was far ahead in no time]. {A} came slowly behind.", "Soon {A} was far behind."])
    way = w.pick.randrange(3)
    if way == 0:
        t.say(["[Half-way|In the middle of the way] {B} looked back and laughed. \"I have time for a "
                "[nap|sleep],\" {B.he} said, and lay down [under a tree|in the grass]."])
        t.fact(b, "lay", "lie", "down to sleep")
        t.say(["{A} came along, step by step, and passed {B.him}. {A} did not stop.",
                "But {A} went on and on, and did not stop."])
        t.say(["When {B} woke up, {A} was already at {goal}.",
                "{B} woke up and ran, but it was too late: {A} was sitting at {goal}."])
        t.fact(a, "won", "win", "the race", why=f"{b.the} fell asleep")
    elif way == 1:
        t.say(["Then {B} [fell|slipped] [on a wet stone|into a ditch] and hurt {B.his} foot."])
        t.fact(b, "hurt", "hurt", f"{b.his} foot")
        t.say(["{A} could have run past {B.him} and won. But {A} stopped.",
                "{A} came and saw it. {A.he} stopped at once."])
        t.speak(a, ["Are you hurt?||Lean on me.", "Hold on to me.||We will go together."])
        t.say(["[Slowly|Step by step], they walked to {goal}, side by side.",
                "So they both came to {goal} at the same time, and everyone [cheered|clapped]."])
        t.fact(a, "stopped", "stop", f"to help {b.the}", why=f"{b.the} had hurt {b.his} foot")
        t.speak(b, ["You are the real winner.", "I will never laugh at you again."])
    else:
        t.say(["But {B} took the short way through the [swamp|thorns|thick wood] and got stuck.",
                "But {B} did not look where {B.he} was going and ran the wrong way."])
        t.say(["{A} kept to the path.", "{A} walked on, slowly and surely."])
        t.say(["And so {A} was the first at {goal}.",
                "When {B} came to {goal} at last, {A} was waiting there with a smile."])
        t.fact(a, "won", "win", "the race")
    t.maybe(0.5, ["Everyone [cheered|was surprised|clapped].", "{B} was ashamed of {B.his} big words."])
    end(w, a, ["Slow and steady [wins the race|gets there too].", "After that, {B} never boasted again.",
            "And {A.the} and {B.the} became good friends."])


def winter_store(w):
    t = w.teller
    a, b = w.animal(SMALL + ["ant", "bee", "beaver"]), w.animal(["cricket", "butterfly", "sparrow", "squirrel",
            "frog", "lizard", "cat", "hare"])
    food = w.supply()
    introduce(w, a, ["worked all summer long", "gathered [nuts|seeds] from morning to night",
            "always thought of the winter"])
    t.words.update(B=b, food=food)
    t.say(["{B.a}{c} lived near by and [sang|danced|played] all day.",
            "{A.his} neighbour was {B.a}{c}, who liked to lie in the sun."], c=called(b))
    t.speak(b, ["Why do you work so much?||Come and dance with me!", "The sun is shining.||Rest a little!"])
    t.speak(a, ["Winter will come, and then I will need it.",
            "I am gathering {food} for the winter.||You should do the same."])
    t.fact(a, "gathered", "gather", food)
    t.say(["But {B} only laughed[| and sang on].", "\"Winter is far away,\" said {B.the}."])
    t.paragraph()
    t.say(["Then the leaves fell, and the snow came. {B} had nothing to eat.",
            "Soon the cold days came. {B} looked for food, but everything was covered with snow."])
    t.fact(b, "had", "have", "nothing to eat", when="in winter")
    t.say(["{B} knocked at {A.s} door. \"Please, give me something to eat,\" {B.he} said."])
    if w.pick.random() < 0.75:
        t.say(["{A} opened the door at once. \"Come in,\" {A.he} said. \"Sing for me, and I will share with you.\"",
                "{A} looked at the thin little guest. \"Sit down,\" {A.he} said."])
        t.fact(a, "shared", "share", f"the {food}", to=b.the)
        t.say(["So {A} had music all winter, and {B} had enough to eat.",
                "And next summer {B} [worked too|helped {A.him}]."])
    else:
        t.speak(a, ["What did you do all summer?", "And where were you when I worked?"])
        t.speak(b, ["I sang.", "I danced and laughed."])
        t.say(["{A} gave {B.him} a little. \"This time,\" {A.he} said. \"But next summer you will work with me.\""])
    end(w, a, ["There is a time to work and a time to sing."])


def little_rescuer(w):
    t = w.teller
    big, small = w.animal(["lion", "bear", "elephant", "tiger", "wolf", "horse", "cow"]), w.animal(["mouse", "ant",
            "beetle", "sparrow", "snail", "cricket", "squirrel"])
    introduce(w, big, ["was the strongest of all", "was proud of {A.his} strength",
            "slept under a big tree every noon"])
    t.words.update(B=small)
    t.paragraph()
    t.say([day(w) + " {B.a}{c} ran over {A.s} nose by mistake.", day(w) + " {A} nearly stepped on {B.a}{c}.",
            day(w) + " {B.a}{c} woke {A.the} from {A.his} sleep."], c=called(small))
    t.speak(big, ["How dare you!", "I could crush you with one foot."])
    t.speak(small, ["Please let me go!||One day I may help you.", "I am sorry.||Spare me, and I will not forget it."])
    t.say(["{A} laughed. \"You, help me?\" But {A.he} let {B.him} go.",
            "{A} had to laugh so much that {A.he} let {B.him} go."])
    t.fact(big, "let", "let", f"{small.the} go")
    t.paragraph()
    if small.noun in ("mouse", "squirrel", "beetle", "ant"):
        t.say(["[Some days later|Not long after] {A} was caught in a hunter's net. {A.he} [roared|pulled], but the "
                "ropes held."])
        t.fact(big, "was caught", "be caught", None, where="in a net")
        t.say(["{B} heard it and came [running|at once]. \"Hold still,\" said {B.the}, and gnawed through the "
                "ropes one by one.", "Then {B} came. With {B.his} little teeth {B.he} bit through the ropes."])
        t.fact(small, "freed", "free", big.the)
    else:
        t.say(["[Some days later|Not long after] the hunters came. {A} was asleep and did not hear them.",
                "Then, one night, the wood was on fire, and {A} slept."])
        t.say(["But {B} saw it and [called|sang] into {A.his} ear until {A.he} woke up.",
                "{B} sat down on {A.his} nose and called: \"Wake up! Wake up!\""])
        t.fact(small, "woke", "wake", big.the)
        t.say(["{A} jumped up and got away just in time."])
    t.speak(big, ["You have saved my life.", "I laughed at you.||I will never do that again."])
    t.maybe(0.6, ["\"Now you see,\" said {B.the}, \"that little friends can be great friends.\""])
    end(w, big, ["Nobody is too small to help.", "Since then they have been friends."])


def lost_young(w):
    t, pick = w.teller, w.pick
    a = w.animal() if pick.random() < 0.6 else w.child()
    a.adjective = "little"
    mother = w.add("mother", "f", None, "", a)
    introduce(w, a, ["lived with {A.his} mother and [three|five] brothers", "was always curious",
            "never listened to {A.his} mother", "wanted to see the world"])
    t.words.update(M=mother)
    t.maybe(0.7, ["\"Never go too far,\" {A.his} mother always said.",
            "\"Stay near the [house|nest],\" said {A.his} mother[| every morning].".replace("[house|nest]", "house"
                if a.noun in ("boy", "girl") else "nest" if a.noun in ("sparrow", "robin") else "others")])
    t.paragraph()
    thing = w.choose(["a yellow butterfly", "a shining beetle", "a red leaf in the wind", "the sound of music",
            "a little bird", "a blue balloon"])
    t.say([day(w) + " {A} [saw|followed] " + thing + " and went farther and farther away.",
            day(w) + " {A} ran after " + thing + " and did not look back."])
    t.fact(a, "followed", "follow", thing)
    t.say(["When {A} looked around, everything was strange.",
            "Then it grew dark, and {A} did not know where {A.he} was.",
            "Soon {A} could not see [the house|home] any more."])
    t.speak(a, ["Mother!||Where are you?", "I want to go home!"], "cried")
    t.fact(a, "was", "be", "lost")
    n = pick.randint(1, 3)
    for i in range(n):
        b = w.animal(is_named=False) if a.noun in ANIMALS else pick.choice([w.folk,
                lambda: w.animal(is_named=False)])()
        answer = ["\"Are you my mother?\" asked {A.the}. \"No,\" said {B.the}. \"[I am too big for that|I have no "
            "children|Look over there].\"", "{A} asked {B.a} for the way. \"I do not know your mother,\" said "
            "{B.the}, \"but I [heard somebody calling by the river|saw somebody at the big oak].\"",
            "{B.a} came by. \"Do you know where I live?\" asked {A.the}. But {B.the} [shook {B.his} head|did not "
            "know]."]
        t.say(["[First|Then|After that] {A} met {B.a}. " + answer[0]], B=b) if pick.random() < 0.4 else t.say(answer[
                1:], B=b)
    helper = w.animal(is_named=False) if a.noun in ANIMALS else w.folk()
    t.words.update(H=helper)
    t.paragraph()
    t.say(["At last {H.a} said: \"Come with me.\" {H.he} [walked ahead|let {A.him} ride on {H.his} back] and "
            "brought {A.him} [back|to the right path].",
            "Then {H.a} heard {A.him} and stopped. \"I know the way,\" {H.he} said."])
    t.fact(helper, "brought", "bring", f"{a.the} home")
    t.say(["And there was {A.his} mother! She [ran to meet {A.him}|had looked for {A.him} everywhere|cried for joy].",
            "Before the door stood {A.his} mother with a lantern."])
    t.speak(mother, ["There you are!||I was so afraid.", "My little one!||Never go away again!",
            "Where have you been?"], to=a)
    t.speak(a, ["I will never run away again.", "I only wanted to see the world.",
            "The world is big, but home is better."])
    end(w, a, ["That night {A} slept close to {A.his} mother."])


def night_thief(w):
    t, pick = w.teller, w.pick
    a = w.folk(["baker", "farmer", "cook", "gardener", "beekeeper", "innkeeper", "miller", "dairymaid"])
    food = {"baker": "loaf of bread", "farmer": "cabbage", "cook": "cake", "gardener": "carrot",
        "beekeeper": "jar of honey", "innkeeper": "cheese", "miller": "sack of flour", "dairymaid": "bowl of milk"}[
        a.noun]
    introduce(w, a, ["was known for {A.his} good " + {"loaf of bread": "bread", "cabbage": "cabbages",
                "cake": "cakes", "carrot": "carrots", "jar of honey": "honey", "cheese": "cheese",
                "sack of flour": "flour", "bowl of milk": "milk"}[food], "got up before everybody else",
            "worked hard and slept well"])
    t.words.update(food=food)
    t.paragraph()
    t.say([day(w, "One morning") + " a {food} was missing. The next morning another one was gone.",
            "But every night somebody stole a {food}."])
    t.fact(a, "missed", "miss", f"a {food}")
    t.speak(a, ["Who is stealing from me?", "I will catch that thief!", "Tonight I will stay awake."])
    t.say(["So {A} hid behind the door and waited.", "That night {A} sat in the dark and did not sleep."])
    t.say(["At midnight there was a small noise. [The door|Something] moved.",
            "The clock struck twelve. Then {A} heard [soft steps|a scratching sound]."])
    b = w.animal(["mouse", "fox", "hedgehog", "cat", "badger", "squirrel", "dog", "hare", "rat"],
        is_named=False) if pick.random() < 0.7 else w.child()
    t.words.update(B=b)
    t.say(["{A} lit the lamp. There stood {B.a}{c} with the {food}.",
            "\"Stop!\" cried {A.the} and held up the light. It was {B.a}{c}."], c=called(b))
    t.fact(b, "stole", "steal", f"the {food}", why=f"{b.his} children were hungry" if b.noun in ANIMALS
        else f"{b.his} mother was ill")
    t.speak(b, ["Please do not hurt me.||My children are hungry.", "I am sorry.||My little ones have nothing to eat."]
        if b.noun in ANIMALS else ["Please do not be angry.||My mother is ill, and we have nothing to eat.",
            "I am so sorry.||We are hungry at home."])
    t.say(["{A} looked at the thin little thief and was not angry any more.", "{A} put down the stick.",
            "{A} thought for a moment."])
    t.speak(a, ["You should have asked me.||Take it, and come back tomorrow.",
            "Nobody needs to steal from me.||Will you work for me?",
            "Then let us make a bargain.||You guard my house, and I feed you."])
    t.fact(a, "forgave", "forgive", b.the)
    t.say(["And so {B} [watched the house every night|swept the floor every morning] and was given something to "
            "eat each day.", "Since then {B} has worked there, and nothing has ever been stolen again."])
    end(w, a, ["Hunger makes thieves, and kindness makes friends."])

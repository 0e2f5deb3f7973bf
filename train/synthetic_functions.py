"""Functions that nobody declared before: verb, thing and parameters put together by rule.

Every row has its own declarations, so their names can only be read, not remembered. What is asked is said with
the words of the description more often than with those of the name.
"""
import json

from synthetic_facts import DAYS
from synthetic_tools import BOOKS, COMPANIES, FILES, LANGUAGES, MORE_CITIES, ROOMS, SONGS, TASKS, TOPICS, WORDS
from tale_words import BOYS, COLOURS, GIRLS, SUPPLIES

# verbs of names, and how people ask for them
VERBS = {"get": (["get", "fetch", "show", "read", "retrieve", "load", "view"], ["Show me {np}", "Get {np}",
            "Give me {np}", "What is {np}?", "I want to see {np}", "Can you show me {np}?", "Tell me {np}"]),
    "find": (["find", "search", "look_up", "locate", "query"], ["Find {np}", "Search for {np}", "Look for {np}",
            "Where is {np}?", "I am looking for {np}", "Can you find {np}?"]), "list": (["list", "list_all", "browse",
            "enumerate"], ["List {np}", "Show all of {np}", "Which are there: {np}?", "Give me a list of {np}"]),
    "create": (["create", "add", "new", "make", "insert", "register"], ["Create {np}", "Add {np}", "Make {np}",
            "I need a new entry: {np}", "Please set up {np}"]), "delete": (["delete", "remove", "erase", "drop",
            "clear"], ["Delete {np}", "Remove {np}", "Please get rid of {np}", "I no longer need {np}",
            "Throw away {np}"]), "update": (["update", "change", "edit", "modify", "set"], ["Change {np}",
            "Update {np}", "Please edit {np}", "Set {np}"]), "order": (["order", "buy", "purchase"], ["Order {np}",
            "I would like to buy {np}", "Buy {np}, please", "Get me {np}"]), "book": (["book", "reserve"], [
            "Book {np}", "Reserve {np}", "I need {np}", "Please book {np}"]), "cancel": (["cancel", "revoke",
            "call_off"], ["Cancel {np}", "Please cancel {np}", "I do not want {np} any more"]), "check": (["check",
            "verify", "inspect", "test"], ["Check {np}", "Please check {np}", "Is {np} all right?",
            "Have a look at {np}"]), "start": (["start", "run", "launch", "begin", "activate"], ["Start {np}",
            "Run {np}", "Launch {np}, please", "Begin {np}"]), "stop": (["stop", "halt", "end", "pause",
            "deactivate"], ["Stop {np}", "Please stop {np}", "Pause {np}", "End {np} now"]), "count": (["count",
            "tally", "number_of"], ["How many are there of {np}?", "Count {np}", "Tell me the number of {np}"]),
    "send": (["send", "forward", "mail", "post", "deliver"], ["Send {np}", "Please mail {np}", "Forward {np}",
            "Deliver {np}"]), "open": (["open", "unlock", "raise"], ["Open {np}", "Unlock {np}", "Please open {np}"]),
    "close": (["close", "lock", "shut"], ["Close {np}", "Lock {np}", "Shut {np}, please"]), "measure": (["measure",
            "estimate", "compute", "calculate"], ["Measure {np}", "Calculate {np}", "How big is {np}?",
            "Work out {np}"]), "compare": (["compare", "diff"], ["Compare {np}", "What is the difference: {np}?"]),
    "rate": (["rate", "review", "score"], ["Rate {np}", "I want to review {np}", "Give a score for {np}"]),
    "paint": (["paint", "draw", "render"], ["Paint {np}", "Draw {np}", "Please draw {np}"]), "water": (["water",
            "feed", "clean", "wash"], ["Take care of {np}", "Look after {np}", "See to {np}"]), "track": (["track",
            "follow", "watch", "monitor"], ["Track {np}", "Keep an eye on {np}", "Follow {np}"]), "save": (["save",
            "store", "archive", "backup"], ["Save {np}", "Store {np}", "Keep {np} for later"]), "print": (["print",
            "export", "publish"], ["Print {np}", "Export {np}", "I need a copy of {np}"]),}
THINGS = """account address album animal answer appliance article auction badge bakery bike bill boat box bridge broadcast budget bus cabin
cake calendar camera campsite car card cart case chart chat class clock coat coin comment concert contact contract course coupon
curtain customer dashboard delivery desk device discount document door dress drink drone employee engine essay event exam exhibition
expense farm fence ferry festival field fish flag flight flower folder form fountain friend fridge game garden gate gift goal greenhouse guest
guitar guide hall harbour headline heater hedge hike horse hospital hotel house image insurance inventory invoice island job journal key kitchen
lamp lawn lecture lesson library license lift light list loan locker lunch machine magazine mail map market match medal medicine meeting
membership menu meter mill mirror mission model mortgage mountain movie museum music nest news newsletter note novel nurse oven office opera order
package painting parade park parking passenger password patient payment pen pet phone photo picture pipeline pizza plane planet plant playlist
poem pool post poster prescription printer prize product profile project pump puzzle quest question quiz quote radio ranking rating receipt recipe
record refund rental repair reply report reservation restaurant result ride river robot room rose route ruler salary sale schedule school score
sculpture season seat sensor server shelf shift ship shirt shoe shop shower signal ski skill sofa song soup speaker speech sprinkler stadium star station
statue store storm story student subscription suitcase survey table tape taxi team telescope tent ticket tide timer tool tour tournament tower toy
track tractor trail train tram translation tree trip truck umbrella uniform vaccine vase vehicle video village visa visit visitor voucher wallet
warehouse watch waterfall weather wedding well wheel window wine workshop zone""".split()
HELD_OUT_WORDS = ("population", "roll", "dice", "die", "call", "phone", "define", "dictionary", "definition",
    "contact", "word")
THINGS = [t for t in THINGS if t not in HELD_OUT_WORDS]
QUALITIES = "daily weekly new old local public private online monthly free shared main current next last digital".split()
DOMAINS = "app api home shop city travel school office farm library music health bank club garden admin user smart".split()
HUES, NAMES = COLOURS, GIRLS + BOYS


def _date(pick):
    return f"2{pick.choice(['019', '020', '023', '024', '025'])}-{pick.randint(1, 12):02d}-{pick.randint(1, 28):02d}"


def _code(pick):
    letters = "ABCDEFGHKLMNPRSTX"
    return pick.choice([f"{pick.choice(letters)}{pick.randint(10, 999)}",
            f"{pick.choice(letters)}{pick.choice(letters)}-{pick.randint(100, 9999)}", str(pick.randint(100, 99999))])


def _choice_of(options):
    return lambda pick: pick.choice(options)


# A parameter: names, JSON type, descriptions, a maker of values, how a request says it.
PARAMETERS = [(["city", "location", "town", "place", "cityName", "where"], "string", ["Name of the city", "The city",
            "City"], _choice_of(MORE_CITIES), ["in {}", "in {}", "for {}", "near {}"]), (["name", "person", "who",
            "owner", "full_name", "customer", "user"], "string", ["Name of the person", "Who it is for", "Person"],
        _choice_of(NAMES), ["for {}", "of {}", "by {}"]), (["day", "weekday", "on_day", "dayName"], "string", [
            "Day of the week", "The day"], _choice_of(DAYS), ["on {}", "for {}"]), (["date", "on", "when", "due_date",
            "startDate"], "string", ["Date as YYYY-MM-DD", "The date"], _date, ["on {}", "for {}"]), (["time", "at",
            "clock", "start_time", "hour"], "string", ["Time as HH:MM", "Time of day"],
        lambda p: f"{p.randint(0, 23):02d}:{p.choice(['00', '15', '30', '45'])}", ["at {}", "for {}"]), (["count",
            "quantity", "number", "n", "amount", "how_many"], "integer", ["How many", "Number of pieces", "Quantity"],
        lambda p: p.randint(1, 60), ["{} times", "with quantity {}", "{} of them", "count {}"]), (["id", "code",
            "number", "reference", "itemId", "serial"], "string", ["Identifier", "The code", "Reference number"],
        _code, ["with code {}", "number {}", "{}", "with the id {}"]), (["colour", "color", "paint", "shade"],
        "string", ["The colour", "Colour"], _choice_of(HUES), ["in {}", "of colour {}"]), (["title", "label",
            "caption", "heading"], "string", ["Title", "The title"], lambda p: p.choice(BOOKS + SONGS), ["called {}",
            'with the title "{}"', "{}"]), (["topic", "subject", "theme", "about", "keyword"], "string", [
            "What it is about", "The topic", "Subject"], _choice_of(TOPICS), ["about {}", "on {}"]), (["language",
            "lang", "locale"], "string", ["Language", "The language"], _choice_of(LANGUAGES), ["in {}"]), (["room",
            "area", "zone", "roomName"], "string", ["The room", "Which room"], _choice_of(ROOMS), ["in the {}",
            "for the {}"]), (["file", "path", "filename", "source"], "string", ["Name of the file", "Path"],
        _choice_of(FILES), ["from {}", "in {}", "{}"]), (["price", "max_price", "limit", "cost", "budget"], "number",
        ["Price in dollars", "Highest price"], lambda p: p.choice([p.randint(1, 500), p.randint(1, 90) + 0.5]), [
            "for {} dollars", "up to {} dollars", "under ${}"]), (["size", "width", "height", "length", "weight",
            "distance"], "integer", ["The size", "How big", "In centimetres"], lambda p: p.randint(2, 300), [
            "of size {}", "with {} cm", "{} long"]), (["priority", "level", "grade", "rank"], "integer", [
            "From 1 to 5", "Level"], lambda p: p.randint(1, 5), ["with priority {}", "at level {}", "grade {}"]), ([
            "product", "item", "food", "dish", "ingredient"], "string", ["What to take", "The item",
            "Name of the product"], _choice_of(SUPPLIES), ["with {}", "for {}", "of {}"]), (["minutes", "duration",
            "length", "seconds", "days"], "integer", ["How long", "Duration"], lambda p: p.randint(1, 90), [
            "for {} minutes", "lasting {}", "of {} minutes"]), (["company", "brand", "vendor", "shop"], "string", [
            "The company", "Company name"], _choice_of(COMPANIES), ["of {}", "from {}", "by {}"]), (["task", "note",
            "message", "text", "comment"], "string", ["The text", "What to do", "Note"], _choice_of(TASKS), [
            'saying "{}"', 'with the note "{}"', "to {}"]), (["urgent", "express", "public", "notify"], "boolean", [
            "Whether it is so", "Yes or no"], lambda p: True, ["{}"]), (["word", "tag", "keyword", "query"], "string",
        ["The word", "Search text"], _choice_of([w for w in WORDS]), ['tagged "{}"', "with {}", '"{}"']),]
for i, row in enumerate(PARAMETERS):
    if row[0][0] == "word":
        PARAMETERS[i] = (["tag", "keyword", "query"], *row[1:])
STATUS = [lambda p: {"status": "ok"}, lambda p: {"done": True}, lambda p: {"id": p.randint(1, 999)},
    lambda p: {"result": "success"}, lambda p: {"count": p.randint(1, 80)}]


def _styled(pick, words):
    words = [w for part in words for w in part.split("_")]
    style = pick.random()
    if style < 0.6:
        return "_".join(words)
    if style < 0.8:
        return words[0] + "".join(w.capitalize() for w in words[1:])
    if style < 0.87:
        return "".join(w.capitalize() for w in words)
    if style < 0.93:
        return pick.choice(DOMAINS) + "_" + "_".join(words)
    return "-".join(words) if style < 0.96 else pick.choice(DOMAINS) + "." + "_".join(words)


def _function(pick, verb=None, thing=None):
    """A declaration, and all that a request for it needs."""
    verb, thing = verb or pick.choice(list(VERBS)), thing or pick.choice(THINGS)
    names, phrases = VERBS[verb]
    quality = pick.choice(QUALITIES) if pick.random() < 0.15 else ""
    plural = verb in ("list", "count")
    noun = (quality + " " if quality else "") + thing + ("s" if plural else "")
    said_verb = pick.choice(names)
    words = [said_verb] + ([quality] if quality else []) + [thing + ("s" if plural else "")]
    if pick.random() < 0.12:
        words = words[1:] + words[:1]
    elif pick.random() < 0.1:
        words = [thing + pick.choice(["_info", "_service", "_tool", "_details", ""])]
    chosen = pick.sample(PARAMETERS, pick.choice([0, 1, 1, 1, 2, 2, 3]))
    properties, values, said, required = {}, {}, [], []
    for options, type_name, texts, make, ways in chosen:
        name = pick.choice(options)
        if name in properties:
            continue
        properties[name] = {"type": type_name}
        if pick.random() < 0.75:
            properties[name][
                "description"] = pick.choice(texts) if type_name != "boolean" else f"Whether it is {name}"
        value = make(pick)
        if type_name == "string" and pick.random() < 0.08:
            others = [make(pick) for _ in range(3)]
            properties[name]["enum"] = sorted({value, *others})
        is_required = pick.random() < 0.85
        if is_required:
            required.append(name)
        if is_required or pick.random() < 0.5:
            values[name] = value
            said.append(pick.choice(ways).format(value) if type_name != "boolean" else pick.choice([f"{name}",
                        f"and make it {name}"]))
    parameters = {"type": "object", "properties": properties}
    if required or pick.random() < 0.5:
        parameters["required"] = required
    declared = {"name": _styled(pick, words)}
    article = "" if plural else pick.choice(["a ", "the "])
    if article == "a " and noun[0] in "aeiou":
        article = "an "
    if pick.random() < 0.85:
        declared["description"] = pick.choice([f"{verb.capitalize()} {article}{noun}",
                f"{said_verb.replace('_', ' ').capitalize()} {article}{noun}", f"Use this to {verb} {article}{noun}",
                f"{verb.capitalize()}s {article}{noun}."])
    declared["parameters"] = parameters
    determiner = "" if plural else pick.choice(["the ", "the ", "my ", "a "])
    if determiner == "a " and noun[0] in "aeiou":
        determiner = "an "
    np = determiner + noun + "".join(" " + s for s in said)
    request = pick.choice(phrases).format(np=np)
    if pick.random() < 0.15:
        request = f"{said_verb.replace('_', ' ').capitalize()} {np}"
    if not request.endswith("?"):
        request += pick.choice([".", ".", ", please.", "", "!"])
    if pick.random() < 0.1:
        request = request[0].lower() + request[1:]
    return {"type": "function", "function": declared}, values, request, noun


def conversation(pick, plain=None):
    """Declared functions, a request for one of them, its call and what comes of it."""
    target, values, request, noun = _function(pick)
    n = pick.choice([0, 0, 1, 2, 3, 4])
    tools, taken = [target], {target["function"]["name"]}
    while len(tools) <= n:
        # often the same verb or the same thing, so that both have to be read
        other = _function(pick, None if pick.random() < 0.6 else pick.choice(list(VERBS)), noun.split()[
                -1].rstrip("s") if pick.random() < 0.25 else None)[0]
        if other["function"]["name"] not in taken and other["function"].get("description") != target[
            "function"].get("description", ""):
            taken.add(other["function"]["name"])
            tools.append(other)
    pick.shuffle(tools)
    if plain:
        return {"tools": tools, "messages": plain["messages"]}
    result = pick.choice(STATUS)(pick)
    answer = pick.choice(["Done.", f"Done: {noun}.", "It is done.", "That worked.",
            f"All right, the {noun} is taken care of."])
    if "count" in result:
        answer = pick.choice([f"There are {result['count']}.", f"I found {result['count']}."])
    elif "id" in result:
        answer = pick.choice([f"Done. The number is {result['id']}.", f"It has the number {result['id']}."])
    messages = [{"role": "user", "content": request}, {"role": "assistant", "tool_calls": [
                {"function": {"name": target["function"]["name"], "arguments": values}}]}, {"role": "tool",
            "content": json.dumps(result)}, {"role": "assistant", "content": answer}]
    if pick.random() < 0.15:
        messages.insert(0, {"role": "system", "content": pick.choice(["You are a helpful assistant.",
                    "You are ember.", "Use the functions where they help.",
                    "You are a helpful assistant that can call functions."])})
    return {"tools": tools, "messages": messages}


SYLLABLES = "ba be bo da de do fa fi fo ga go ka ke ko la le lo ma me mi mo na ne no pa pe po ra re ri ro sa se so ta te to va ve vo za zo".split()


def _any_name(pick):
    """A name that says little or nothing about what it does."""
    if pick.random() < 0.4:
        words = ["".join(pick.sample(SYLLABLES, pick.randint(2, 3))) for _ in range(pick.randint(1, 2))]
    else:
        words = [pick.choice(pick.choice(list(VERBS.values()))[0])] * (pick.random() < 0.6) + pick.sample(THINGS,
            pick.randint(1, 2))
    return _styled(pick, words)


def renamed(pick, row):
    """The same conversation with other names for its functions, which only the declarations tell."""
    if not all("description" in tool["function"] for tool in row["tools"]):
        return row
    names, tools, messages = {}, [], []
    for tool in row["tools"]:
        function = dict(tool["function"])
        name = _any_name(pick)
        name = name if name not in names.values() else name + str(len(names))
        names[function["name"]], function["name"] = name, name
        tools.append({**tool, "function": function})
    for message in row["messages"]:
        if message.get("tool_calls"):
            message = {**message, "tool_calls": [{**call, "function": {**call["function"], "name": names[call[
                        "function"]["name"]]}} for call in message["tool_calls"]]}
        messages.append(message)
    return {**row, "tools": tools, "messages": messages}

"""Made-up functions and short requests for them.

The corpus' calls all come from some forty functions of one data set; these rows vary the names of
functions and parameters so that a declaration has to be read rather than remembered.
"""
import json

from synthetic_arithmetic import NAMES
from synthetic_facts import CITIES, DAYS

MORE_CITIES = CITIES + ("Tokyo Sydney Hamburg Munich Milan Geneva Warsaw Athens Cairo Toronto Seattle Denver "
                        "Austin Miami Leeds York Bristol Zurich Brussels Copenhagen Stockholm Helsinki Naples "
                        "Seville Porto Cork Lyon Nice Dallas Houston Phoenix Atlanta Delhi Mumbai Seoul").split()
LANGUAGES = "French German Spanish Italian Dutch Polish Portuguese Swedish Greek Latin".split()
CURRENCIES = "USD EUR GBP JPY CHF CAD AUD SEK".split()
PHRASES = ["good morning", "where is the station", "I am hungry", "the cat is asleep", "see you tomorrow",
           "how much is this", "the house is small", "my name is Anna", "it is raining", "I like music",
           "we are late", "the door is open", "thank you very much", "a glass of water"]
TASKS = ["buy milk", "call the doctor", "water the plants", "pay the rent", "feed the cat", "send the letter",
         "clean the kitchen", "pack the bag", "book a table", "visit grandmother", "return the books",
         "take out the bins", "wash the car", "bake a cake", "fix the bike", "walk the dog"]
TOPICS = ["volcanoes", "the moon", "steam engines", "whales", "old castles", "bread", "the Vikings", "honey bees",
          "chess", "black holes", "Roman roads", "tulips", "penguins", "glaciers", "violins", "apple trees",
          "lighthouses", "cheap flights", "train tickets", "pasta recipes", "running shoes"]
SONGS = ["Yesterday", "Moon River", "Greensleeves", "Blue Moon", "Summertime", "Clair de Lune", "Bolero",
         "Imagine", "Scarborough Fair", "Danny Boy", "Ode to Joy", "Hey Jude"]
ROOMS = ["kitchen", "bedroom", "living room", "bathroom", "hall", "office", "garage", "cellar"]
BOOKS = ["Treasure Island", "Black Beauty", "Peter Pan", "The Secret Garden", "Kidnapped", "Moby Dick", "Emma",
         "Dracula", "The Time Machine", "Heidi", "Oliver Twist", "White Fang"]
FILES = ["notes.txt", "report.pdf", "list.csv", "letter.txt", "budget.xlsx", "photo.jpg", "todo.md", "main.c"]
WORDS = ["hearth", "ember", "kettle", "meadow", "lantern", "harbour", "thimble", "orchard", "whistle", "bramble"]
COMPANIES = ["Apple", "Google", "Amazon", "Microsoft", "Tesla", "Ford", "Sony", "Nokia", "Siemens", "Intel"]


def _clock(pick):
    return f"{pick.randint(0, 23):02d}:{pick.choice(['00', '15', '30', '45'])}"


# A slot: names the parameter may have, JSON type, description, a maker of values.
SLOTS = {
    "city": (["city", "location", "place", "town", "city_name"], "string", "Name of the city",
             lambda p: p.choice(MORE_CITIES)),
    "from_city": (["from_city", "origin", "from", "departure"], "string", "Where the trip begins",
                  lambda p: p.choice(MORE_CITIES[:20])),
    "to_city": (["to_city", "destination", "to", "arrival"], "string", "Where the trip ends",
                lambda p: p.choice(MORE_CITIES[20:])),
    "day": (["day", "date", "weekday"], "string", "Day of the week", lambda p: p.choice(DAYS)),
    "time": (["time", "at", "clock_time"], "string", "Time of day as HH:MM", _clock),
    "minutes": (["minutes", "duration", "length_minutes"], "integer", "Length in minutes",
                lambda p: p.randint(1, 90)),
    "amount": (["amount", "value", "sum"], "number", "How much", lambda p: p.randint(1, 500)),
    "from_currency": (["from_currency", "source", "from"], "string", "Currency to convert from",
                      lambda p: p.choice(CURRENCIES[:4])),
    "to_currency": (["to_currency", "target", "to"], "string", "Currency to convert to",
                    lambda p: p.choice(CURRENCIES[4:])),
    "language": (["language", "target_language", "to_language"], "string", "Language to translate into",
                 lambda p: p.choice(LANGUAGES)),
    "phrase": (["text", "phrase", "sentence"], "string", "Text to translate", lambda p: p.choice(PHRASES)),
    "task": (["task", "text", "title", "reminder"], "string", "What is to be done", lambda p: p.choice(TASKS)),
    "person": (["person", "recipient", "name", "contact"], "string", "Name of the person",
               lambda p: p.choice(NAMES)),
    "message": (["message", "body", "content", "text"], "string", "What to say", lambda p: p.choice(PHRASES)),
    "topic": (["query", "topic", "q", "search_term"], "string", "What to look for",
              lambda p: p.choice(TOPICS)),
    "song": (["song", "title", "track"], "string", "Name of the song", lambda p: p.choice(SONGS)),
    "room": (["room", "place", "where"], "string", "The room", lambda p: p.choice(ROOMS)),
    "degrees": (["temperature", "degrees", "value"], "integer", "Temperature in degrees",
                lambda p: p.randint(15, 27)),
    "percent": (["brightness", "level", "percent"], "integer", "Brightness from 0 to 100",
                lambda p: p.choice([10, 20, 30, 40, 50, 60, 70, 80, 90, 100])),
    "book": (["title", "book", "book_title"], "string", "Title of the book", lambda p: p.choice(BOOKS)),
    "file": (["path", "file", "filename"], "string", "Name of the file", lambda p: p.choice(FILES)),
    "word": (["word", "term"], "string", "The word", lambda p: p.choice(WORDS)),
    "company": (["company", "symbol", "name"], "string", "Name of the company",
                lambda p: p.choice(COMPANIES)),
    "a": (["a", "x", "first"], "number", "First number", lambda p: p.randint(2, 999)),
    "b": (["b", "y", "second"], "number", "Second number", lambda p: p.randint(2, 999)),
    "sides": (["sides", "faces", "n"], "integer", "Number of sides", lambda p: p.choice([4, 6, 8, 12, 20])),
    "people": (["people", "guests", "seats", "party_size"], "integer", "Number of people",
               lambda p: p.randint(1, 9)),
}


def _weather(p):
    return {"temperature": p.randint(-5, 34), "sky": p.choice(["clear", "cloudy", "rainy", "sunny", "foggy"])}


# Names, description, slots, requests, a maker of results, answers.
FUNCTIONS = [
    (["get_weather", "weather", "current_weather", "getWeather", "weather_lookup", "fetch_weather"],
     "Get the current weather of a city", ["city"],
     ["What is the weather in {city}?", "What's the weather like in {city}?", "How is the weather in {city} today?",
      "Is it raining in {city}?", "weather in {city}", "Tell me the weather in {city}.",
      "Do I need an umbrella in {city}?", "How warm is it in {city}?", "What's the temperature in {city}?"],
     _weather, ["It is {sky} in {city}, with {temperature} degrees.",
                "The weather in {city} is {sky} and it has {temperature} degrees."]),
    (["get_forecast", "weather_forecast", "forecast"], "Weather forecast for a city and a day", ["city", "day"],
     ["What will the weather be in {city} on {day}?", "Will it rain in {city} on {day}?",
      "Forecast for {city} on {day}, please."],
     _weather, ["On {day} it will be {sky} in {city}, with {temperature} degrees."]),
    (["get_time", "current_time", "time_in_city", "getCurrentTime", "clock"], "Get the current time in a city",
     ["city"], ["What time is it in {city}?", "Tell me the time in {city}.", "What's the time in {city} now?",
                "time in {city}"],
     lambda p: {"local": _clock(p)}, ["It is {local} in {city}.", "In {city} it is {local} now."]),
    (["convert_currency", "exchange", "currency_converter", "convertMoney"], "Convert an amount between currencies",
     ["amount", "from_currency", "to_currency"],
     ["How much is {amount} {from_currency} in {to_currency}?", "Convert {amount} {from_currency} to {to_currency}.",
      "What are {amount} {from_currency} worth in {to_currency}?"],
     lambda p: {"result": p.randint(2, 900)}, ["{amount} {from_currency} are {result} {to_currency}."]),
    (["translate", "translate_text", "translator"], "Translate a text into another language", ["phrase", "language"],
     ['Translate "{phrase}" into {language}.', 'How do you say "{phrase}" in {language}?',
      'What is "{phrase}" in {language}?'],
     lambda p: {"status": "ok"}, ["I have translated it into {language}."]),
    (["set_timer", "start_timer", "timer", "startTimer"], "Start a timer", ["minutes"],
     ["Set a timer for {minutes} minutes.", "Start a timer of {minutes} minutes, please.",
      "Wake me in {minutes} minutes.", "{minutes} minutes timer"],
     lambda p: {"status": "running"}, ["The timer is set for {minutes} minutes."]),
    (["set_alarm", "create_alarm", "alarm"], "Set an alarm", ["time"],
     ["Set an alarm for {time}.", "Wake me up at {time}.", "I need an alarm at {time}."],
     lambda p: {"status": "set"}, ["The alarm is set for {time}."]),
    (["add_task", "create_reminder", "remind_me", "add_todo", "addReminder"], "Add something to the list of tasks",
     ["task"], ["Remind me to {task}.", "Add {task} to my list.", "I must not forget to {task}.",
                "Please put {task} on my list."],
     lambda p: {"id": p.randint(1, 99)}, ["I have put it on your list: {task}.", "Done. I will remind you to {task}."]),
    (["add_reminder", "schedule_task", "plan_task"], "Remind of a task on a day", ["task", "day"],
     ["Remind me to {task} on {day}.", "On {day} I have to {task}. Remind me of it."],
     lambda p: {"status": "ok"}, ["I will remind you on {day} to {task}."]),
    (["send_message", "send_text", "text_contact", "sendMessage"], "Send a message to a person", ["person", "message"],
     ['Send {person} a message: {message}.', 'Tell {person} "{message}".', 'Text {person} that {message}.',
      'Write to {person}: {message}'],
     lambda p: {"sent": True}, ["I have sent the message to {person}.", "Done, {person} has your message."]),
    (["call_contact", "phone", "make_call"], "Call a person on the phone", ["person"],
     ["Call {person}.", "Phone {person}, please.", "I want to talk to {person} on the phone."],
     lambda p: {"status": "ringing"}, ["I am calling {person} now."]),
    (["web_search", "search", "search_web", "search_internet", "lookup"], "Search the web", ["topic"],
     ["Search for {topic}.", "Look up {topic}.", "Find something about {topic} on the internet.",
      "Search the web for {topic}.", "Google {topic}."],
     lambda p: {"count": p.randint(2, 5000)}, ["I found {count} pages about {topic}."]),
    (["play_song", "play_music", "start_song", "playTrack"], "Play a song", ["song"],
     ["Play {song}.", "I want to hear {song}.", "Put on {song}, please.", "Play the song {song}."],
     lambda p: {"status": "playing"}, ["Now playing {song}.", "Here is {song}."]),
    (["set_thermostat", "set_temperature", "heat_room"], "Set the temperature of a room", ["room", "degrees"],
     ["Set the {room} to {degrees} degrees.", "Make it {degrees} degrees in the {room}.",
      "Heat the {room} to {degrees} degrees."],
     lambda p: {"status": "ok"}, ["The {room} is set to {degrees} degrees."]),
    (["dim_light", "set_light", "set_brightness", "light"], "Set the light of a room", ["room", "percent"],
     ["Set the light in the {room} to {percent} percent.", "Dim the {room} light to {percent}%.",
      "I want {percent} percent light in the {room}."],
     lambda p: {"status": "ok"}, ["The light in the {room} is at {percent} percent."]),
    (["turn_on_light", "light_on", "switch_on"], "Turn on the light in a room", ["room"],
     ["Turn on the light in the {room}.", "Light in the {room}, please.", "It is dark in the {room}, switch the light on."],
     lambda p: {"on": True}, ["The light in the {room} is on."]),
    (["find_book", "book_info", "search_library", "get_book"], "Look up a book in the library", ["book"],
     ["Do you have the book {book}?", "Find the book {book}.", "Is {book} in the library?"],
     lambda p: {"shelf": p.randint(1, 60)}, ["{book} stands on shelf {shelf}."]),
    (["read_file", "open_file", "get_file", "cat"], "Read a file", ["file"],
     ["Open {file}.", "Read the file {file}.", "What is in {file}?", "Show me {file}."],
     lambda p: {"lines": p.randint(1, 400)}, ["{file} has {lines} lines."]),
    (["delete_file", "remove_file"], "Delete a file", ["file"],
     ["Delete {file}.", "Remove the file {file}, please."],
     lambda p: {"deleted": True}, ["{file} is deleted."]),
    (["define_word", "dictionary", "get_definition", "define"], "Look up a word in the dictionary", ["word"],
     ["What does {word} mean?", "Define {word}.", "Look up the word {word}.", 'What is the meaning of "{word}"?'],
     lambda p: {"entries": p.randint(1, 5)}, ["The dictionary has {entries} meanings of {word}."]),
    (["stock_price", "get_stock_price", "share_price"], "Price of a company's shares", ["company"],
     ["What is the stock price of {company}?", "How are {company} shares doing?", "{company} stock price"],
     lambda p: {"price": p.randint(5, 900)}, ["A share of {company} costs ${price}."]),
    (["multiply", "mul", "product"], "Multiply two numbers", ["a", "b"],
     ["What is {a} times {b}?", "Multiply {a} by {b}.", "{a} x {b}"],
     lambda p: {"result": p.randint(100, 99999)}, ["{a} times {b} is {result}."]),
    (["add_numbers", "add", "sum"], "Add two numbers", ["a", "b"],
     ["What is {a} plus {b}?", "Add {a} and {b}.", "{a} + {b}"],
     lambda p: {"result": p.randint(10, 1999)}, ["{a} plus {b} is {result}."]),
    (["roll_dice", "roll", "dice"], "Roll a die", ["sides"],
     ["Roll a die with {sides} sides.", "Throw a {sides}-sided die."],
     lambda p: {"rolled": p.randint(1, 4)}, ["It shows {rolled}."]),
    (["book_table", "reserve_table", "restaurant_booking"], "Book a table in a restaurant", ["people", "time"],
     ["Book a table for {people} at {time}.", "I need a table for {people} people at {time}."],
     lambda p: {"confirmed": True}, ["Your table for {people} at {time} is booked."]),
    (["find_train", "train_connection", "search_trains"], "Find a train between two cities", ["from_city", "to_city"],
     ["Find a train from {from_city} to {to_city}.", "When does a train go from {from_city} to {to_city}?",
      "I want to go from {from_city} to {to_city} by train."],
     lambda p: {"leaves": _clock(p)}, ["A train from {from_city} to {to_city} leaves at {leaves}."]),
    (["get_distance", "distance", "how_far"], "Distance between two cities", ["from_city", "to_city"],
     ["How far is it from {from_city} to {to_city}?", "What is the distance between {from_city} and {to_city}?"],
     lambda p: {"km": p.randint(50, 9000)}, ["It is {km} km from {from_city} to {to_city}."]),
    (["get_population", "population", "city_population"], "Number of people who live in a city", ["city"],
     ["How many people live in {city}?", "What is the population of {city}?"],
     lambda p: {"people": p.randint(100, 9000) * 1000}, ["{people} people live in {city}."]),
]


# Never trained on: whether calls carry over to functions not seen is measured with them.
HELD_OUT = {"get_population", "roll_dice", "call_contact", "define_word"}
TRAINED_FUNCTIONS = [f for f in FUNCTIONS if f[0][0] not in HELD_OUT]
HELD_OUT_FUNCTIONS = [f for f in FUNCTIONS if f[0][0] in HELD_OUT]


def _declare(pick, function):
    """The declaration, and the parameter's name for each slot."""
    names, description, slots = function[:3]
    renamed, properties = {}, {}
    for slot in slots:
        choices, type_name, text, _ = SLOTS[slot]
        name = choices[0] if pick.random() < 0.4 else pick.choice(choices)
        if name in properties:
            name = slot
        renamed[slot] = name
        properties[name] = {"type": type_name}
        if pick.random() < 0.8:
            properties[name]["description"] = text
    parameters = {"type": "object", "properties": properties}
    if pick.random() < 0.9:
        parameters["required"] = list(properties)
    declared = {"name": pick.choice(names)}
    if pick.random() < 0.92:
        declared["description"] = description
    declared["parameters"] = parameters
    return {"type": "function", "function": declared}, renamed


def conversation(pick, plain=None, functions=TRAINED_FUNCTIONS):
    """A request with its call and answer; with `plain`, that conversation beside unused functions."""
    function = pick.choice(functions)
    others = pick.sample([f for f in TRAINED_FUNCTIONS if f is not function], pick.choice([0, 0, 0, 1, 2, 3]))
    target, renamed = _declare(pick, function)
    tools = [target] + [_declare(pick, other)[0] for other in others]
    pick.shuffle(tools)
    if plain:
        return {"tools": tools, "messages": plain["messages"]}
    _, _, slots, requests, result_of, answers = function
    values = {slot: SLOTS[slot][3](pick) for slot in slots}
    result = result_of(pick)
    arguments = {renamed[slot]: values[slot] for slot in slots}
    messages = [
        {"role": "user", "content": pick.choice(requests).format(**values)},
        {"role": "assistant", "tool_calls": [
            {"function": {"name": target["function"]["name"], "arguments": arguments}}]},
        {"role": "tool", "content": json.dumps(result)},
        {"role": "assistant", "content": pick.choice(answers).format(**values, **result)}]
    if pick.random() < 0.15:
        messages.insert(0, {"role": "system", "content": pick.choice(
            ["You are a helpful assistant.", "You are ember.", "Today is Friday, 2019-03-01.",
             "Use the functions where they help.", "You are a helpful assistant that can call functions."])})
    return {"tools": tools, "messages": messages}

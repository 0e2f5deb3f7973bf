/* Tests on hearth's own trained model: what its weights make of types, guesses, schemas and calls.
 * Other tests have random weights, which like no token better than another. */
#include "test.h"

#include "base/json.h"
#include "base/mapped_file.h"
#include "base/text.h"
#include "bits_per_byte.h"
#include "chat/conversation.h"
#include "dialogue/turn.h"
#include "requantized_model.h"
#include "runtime/grammar/schema_shape.h"
#include "runtime/hearth_control.h"
#include "runtime/hearth_script.h"

#include <math.h>
#include <unistd.h>

static const char ember[] = "models/ember.gguf";
static const char tool_cases[] = "models/evaluation/tool_cases.jsonl";

enum { LONGEST_ANSWER = 1 << 16, CHAT_CONTEXT = 1024 };

#define NEEDS_EMBER()                           \
    do {                                        \
        if (access(ember, R_OK) != 0)           \
            SKIP("there is no file %s", ember); \
    } while (0)

/* In nobody's training text: written for this test. */
static const char prose[] =
    "At the end of the valley, where the road gives up and becomes a path for goats, there lived "
    "a clockmaker who had never sold a clock. People came to his door with watches that had "
    "stopped and he mended them, and they paid him with eggs, with firewood, or with a promise. "
    "But the clocks that he built himself he kept, and they stood along the walls of his house "
    "from the cellar to the roof, and no two of them told the same time.\n\n"
    "\"Why do you not set them right?\" asked the girl who brought the milk. She was nine years "
    "old and asked about everything.\n\n"
    "\"They are right,\" said the old man. \"This one tells the time of the mill, which is slow, "
    "because the miller likes to sleep. That one by the window tells the time of the river. And "
    "the small one over the stove tells the time of my mother's kitchen, a long way from here, "
    "where it is always a little before supper.\"\n\n"
    "The girl thought about this while he counted the eggs. Then she asked whether there was a "
    "clock for her. The clockmaker looked at her for a while, and took down a lamp, and led her "
    "up the narrow stairs to the room under the roof. In the corner stood a thing as tall as a "
    "door and covered with a cloth. When he pulled the cloth away, she saw a white face without "
    "any numbers, and only one hand.\n\n"
    "\"I began it on the day you were born,\" he said. \"It is not finished. I do not know yet "
    "what it ought to say.\"\n\n"
    "All that winter she came in the evenings, after the cows were fed, and he taught her to cut "
    "a wheel, to file a tooth, and to listen. Most of the work was listening. A good clock, he "
    "told her, sounds like a horse that knows the way home. The snow lay on the roof and the wind "
    "went round the house, and inside there was the warm smell of oil and bread, and a hundred "
    "small voices, each of them saying what it believed.\n\n"
    "In spring the old man fell ill. He lay in his bed and was not afraid, and the girl wound "
    "all the clocks for him, one after the other, as she had learned. It took her the whole "
    "morning. When she came to the last one, the tall one under the roof, she saw that somebody "
    "had painted a single word on its white face, in blue, with a careful hand. She read it and "
    "laughed, and ran down the stairs to thank him.\n";

/* How far a type may be from the file, which is Q3_K. Measured: -0.02, +0.19, -0.19 and -0.58 %. A
 * broken block format costs several times as much as these bounds. */
static const struct {
    enum dtype type;
    double bound;
} types[] = {
    { DTYPE_F16, 0.002 },
    { DTYPE_Q8_0, 0.004 },
    { DTYPE_Q4_K, 0.006 },
    { DTYPE_Q4_0, 0.015 },
};

static double bits_of(const char *model)
{
    struct error err = { 0 };
    double bits = NAN;
    assert_ok(bits_per_byte(model, slice_of(prose), &bits, &err), err);
    return bits;
}

TEST(each_type_predicts_prose_about_as_well_as_the_file)
{
    NEEDS_EMBER();
    double own = bits_of(ember);
    printf("file %.4f bits per byte", own);
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        struct requantized_model *model;
        struct error err = { 0 };
        assert_ok(requantized_model_new(&model, ember, types[i].type, &err), err);
        double bits = bits_of(requantized_model_path(model));
        requantized_model_free(&model);
        printf(", %s %.4f (%+.2f %%)", dtype_name(types[i].type), bits, 100 * (bits / own - 1));
        if (!(fabs(bits / own - 1) <= types[i].bound))
            fail_msg("%s: %.4f bits per byte, the file %.4f", dtype_name(types[i].type), bits, own);
    }
    printf("\n");
    assert_true(own > 0.5 && own < 2);
}

TEST(ember_predicts_prose_far_better_than_a_smaller_model)
{
    NEEDS_EMBER();
    double own = bits_of(ember), other = bits_of(golden_path("stories260K/stories260K.gguf"));
    printf("ember %.4f bits per byte, stories260K %.4f\n", own, other);
    assert_true(own < 0.75 * other); /* measured: 0.71 */
}

struct stage {
    struct hearth_model *model;
    struct hearth_session *session;
    struct dialogue *dialogue;
    const struct json *messages, *tools;
    struct conversation *conversation;
    struct chat_prompt prompt;
    struct text content, name, arguments; /* of the first call */
    size_t n_calls;
    struct hearth_event done;
};

static void open_stage(struct stage *s)
{
    struct error err = { 0 };
    struct hearth_error error = { 0 };
    struct hearth_model_options options = hearth_model_defaults();
    *s = (struct stage){ 0 };
    options.n_ctx = CHAT_CONTEXT;
    assert_ok(hearth_model_open(&s->model, ember, &options, &error), error);
    assert_ok(hearth_session_open(&s->session, s->model, NULL, &error), error);
    const struct engine *engine = model_engine(s->model);
    assert_ok(
        dialogue_open(&s->dialogue, engine_weights(engine), engine_tokenizer(engine), NULL, &err),
        err);
    text_init(&s->content, LONGEST_ANSWER);
    text_init(&s->name, LONGEST_ANSWER);
    text_init(&s->arguments, LONGEST_ANSWER);
}

static void close_stage(struct stage *s)
{
    chat_prompt_release(&s->prompt);
    conversation_close(&s->conversation);
    json_close(&s->messages);
    json_close(&s->tools);
    dialogue_close(&s->dialogue);
    hearth_session_close(&s->session);
    hearth_model_close(&s->model);
    text_release(&s->content);
    text_release(&s->name);
    text_release(&s->arguments);
}

static void configure(struct stage *s, float temperature, int32_t n_predict, int32_t n_draft)
{
    struct hearth_session_options options = hearth_session_defaults();
    struct hearth_error error = { 0 };
    options.temperature = temperature;
    options.repeat_penalty = 1;
    options.seed = 3;
    options.n_predict = n_predict;
    options.n_draft = n_draft;
    assert_ok(hearth_session_configure(s->session, &options, &error), error);
}

/* The session goes on with a text as it is. */
static void go_on(struct stage *s, const char *prompt)
{
    struct hearth_error error = { 0 };
    text_clear(&s->content);
    hearth_session_clear(s->session);
    assert_ok(hearth_session_feed(s->session, prompt, strlen(prompt), &error), error);
    for (;;) {
        assert_ok(hearth_session_next(s->session, &s->done, &error), error);
        if (s->done.kind == HEARTH_DONE)
            break;
        assert_true(text_append(&s->content, s->done.text, s->done.length));
    }
}

static const char *const repetitive[] = {
    "The miller had seven cats, and their names were Ash, Bramble, Clover, Dusk, Ember, Fern and "
    "Grey. He said it again: the miller had seven cats, and their names were",
    "one two three four, one two three four, one two three four, one two",
    "<|im_start|>user\nRepeat: the old man sat by the fire, and the old dog sat by the old man."
    "<|im_end|>\n<|im_start|>assistant\nthe old man sat by the",
};

TEST(guesses_come_true_and_change_nothing)
{
    NEEDS_EMBER();
    struct stage plain, guessing;
    open_stage(&plain);
    open_stage(&guessing);
    for (size_t i = 0; i < 2 * COUNT_OF(repetitive); i++) {
        const char *prompt = repetitive[i / 2];
        float temperature = i % 2 ? 0.7f : 0;
        configure(&plain, temperature, 60, 0);
        configure(&guessing, temperature, 60, -1);
        go_on(&plain, prompt);
        go_on(&guessing, prompt);
        if (!slice_equal(text_slice(&plain.content), text_slice(&guessing.content)))
            fail_msg("'%s' with guesses, '%s' without", guessing.content.data, plain.content.data);
        assert_int_equal(plain.done.answer_tokens, guessing.done.answer_tokens);
    }
    struct guess_counts none = session_guesses(plain.session);
    struct guess_counts some = session_guesses(guessing.session);
    printf("%d steps without guesses, %d with: %d of %d came true\n", (int)none.n_steps,
           (int)some.n_steps, (int)some.n_true, (int)some.n_checked);
    assert_int_equal(none.n_checked, 0);
    assert_true(some.n_true > 0);
    assert_true(some.n_steps < none.n_steps);
    close_stage(&plain);
    close_stage(&guessing);
}

/* Make the prompt of messages and tools, which the stage takes. */
static void say(struct stage *s, const struct json *messages, const struct json *tools)
{
    struct error err = { 0 };
    conversation_close(&s->conversation);
    chat_prompt_release(&s->prompt);
    assert_ok(conversation_open(&s->conversation, messages, tools, (struct slice){ NULL, 0 }, &err),
              err);
    struct prompt_request request = { .conversation = s->conversation,
                                      .think = { .is_set = true, .level = "" } };
    assert_ok(dialogue_prompt(s->dialogue, &request, &s->prompt, &err), err);
}

static void ask(struct stage *s, const char *question, const char *tools)
{
    struct error err = { 0 };
    char messages[1000];
    snprintf(messages, sizeof messages, "[{\"role\":\"user\",\"content\":\"%s\"}]", question);
    json_close(&s->messages);
    json_close(&s->tools);
    assert_ok(json_open(&s->messages, messages, strlen(messages), "messages", &err), err);
    assert_true(!tools || json_open(&s->tools, tools, strlen(tools), "tools", &err));
    say(s, s->messages, s->tools);
}

static void note(struct stage *s, const struct turn_event *event)
{
    if (event->kind == TURN_CONTENT)
        assert_true(text_append_slice(&s->content, event->text));
    if (event->kind != TURN_CALL || s->n_calls++ > 0)
        return;
    assert_true(text_append_slice(&s->name, event->call.name));
    assert_true(text_append_slice(&s->arguments, event->call.arguments));
}

static void answer(struct stage *s, const struct turn_options *options)
{
    struct error err = { 0 };
    struct turn *turn;
    struct turn_event event;
    text_clear(&s->content);
    text_clear(&s->name);
    text_clear(&s->arguments);
    s->n_calls = 0;
    assert_ok(turn_open(&turn, s->dialogue, s->session, &s->prompt, options, &err), err);
    do {
        assert_ok(turn_next(turn, &event, &err), err);
        note(s, &event);
    } while (event.kind != TURN_DONE);
    s->done = event.done;
    turn_close(&turn);
}

static void assert_valid(const struct json *schema, struct slice text)
{
    struct error err = { 0 };
    struct schema_document document;
    const struct json *value;
    bool accepts = false;
    if (!json_open(&value, text.data, text.length, "answer", &err))
        fail_msg("'%.*s': %s", (int)text.length, text.data, err.message);
    assert_ok(schema_document_open(&document, schema, &err), err);
    assert_ok(schema_accepts(&document, document.root, value, &accepts, &err), err);
    if (!accepts)
        fail_msg("'%.*s' is not valid", (int)text.length, text.data);
    schema_document_close(&document);
    json_close(&value);
}

/* n_short: tokens that are enough for some answer, mostly fewer than the model would like. */
static const struct {
    const char *question, *schema;
    int32_t n_short;
} asked[] = {
    { "Which colour is the grass, red, green or blue?", "{\"enum\":[\"red\",\"green\",\"blue\"]}",
      4 },
    { "Tell me about the animals on a farm.",
      "{\"type\":\"object\",\"properties\":{\"farm\":{\"type\":\"string\"},\"animals\":{\"type\":"
      "\"array\",\"minItems\":1,\"maxItems\":3,\"items\":{\"type\":\"object\",\"properties\":{"
      "\"kind\":{\"type\":\"string\"},\"legs\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":8}},"
      "\"required\":[\"kind\",\"legs\"],\"additionalProperties\":false}}},"
      "\"required\":[\"farm\",\"animals\"],\"additionalProperties\":false}",
      32 },
    { "What is your full name?",
      "{\"type\":\"string\",\"pattern\":\"^[A-Z][a-z]+ [A-Z][a-z]+( the [a-z]+){0,3}$\"}", 6 },
    { "How many days has a year?", "{\"type\":\"integer\",\"minimum\":17,\"maximum\":4242}", 3 },
    { "On which day shall we meet?", "{\"type\":\"string\",\"format\":\"date\"}", 14 },
    { "Tell me a story about a fox.", "{\"type\":\"string\"}", 8 },
    { "Tell me a story about a giant.",
      "{\"type\":\"object\",\"properties\":{\"story\":{\"type\":\"string\"}},"
      "\"required\":[\"story\"],\"additionalProperties\":false}",
      16 },
};

/* Ask question i with room for n_predict tokens; how many the answer took. */
static int32_t answer_valid(struct stage *s, size_t i, const struct json *schema, float temperature,
                            int32_t n_predict)
{
    struct turn_options turn = turn_defaults();
    turn.format = slice_of(asked[i].schema);
    configure(s, temperature, n_predict, -1);
    ask(s, asked[i].question, NULL);
    answer(s, &turn);
    assert_valid(schema, text_slice(&s->content));
    assert_in_range(s->done.answer_tokens, 1, n_predict);
    return (int32_t)s->done.answer_tokens;
}

TEST(answers_under_a_schema_are_valid_also_when_cut_short)
{
    NEEDS_EMBER();
    struct stage s;
    int n_cut = 0;
    open_stage(&s);
    for (size_t i = 0; i < COUNT_OF(asked); i++) {
        struct error err = { 0 };
        const struct json *schema;
        assert_ok(json_open(&schema, asked[i].schema, strlen(asked[i].schema), "schema", &err),
                  err);
        int32_t whole = answer_valid(&s, i, schema, 0, 100);
        answer_valid(&s, i, schema, 0.8f, 100);
        for (int32_t more = 0; more < 4; more++)
            answer_valid(&s, i, schema, more % 2 ? 0.8f : 0, asked[i].n_short + more);
        n_cut += whole > asked[i].n_short;
        json_close(&schema);
    }
    assert_true(n_cut >= 3); /* some of the short answers were really cut */
    close_stage(&s);
}

TEST(an_answer_for_whose_schema_there_is_no_room_is_refused)
{
    NEEDS_EMBER();
    struct stage s;
    struct turn *turn;
    struct turn_event event;
    struct error err = { 0 };
    struct turn_options options = turn_defaults();
    open_stage(&s);
    configure(&s, 0, 2, -1);
    ask(&s, asked[0].question, NULL);
    options.format = slice_of(asked[0].schema);
    bool ok = turn_open(&turn, s.dialogue, s.session, &s.prompt, &options, &err);
    assert_false(ok && turn_next(turn, &event, &err));
    assert_int_equal(err.code, ERROR_CONTEXT);
    assert_non_null(strchr(err.message, '2'));
    turn_close(&turn);
    close_stage(&s);
}

static const char tools[] =
    "[{\"type\":\"function\",\"function\":{\"name\":\"get_weather\",\"description\":\"The weather "
    "in a city\",\"parameters\":{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\","
    "\"description\":\"Name of the city\"},\"date\":{\"type\":\"string\",\"format\":\"date\"}},"
    "\"required\":[\"city\"],\"additionalProperties\":false}}},"
    "{\"type\":\"function\",\"function\":{\"name\":\"roll_dice\",\"description\":\"Roll dice\","
    "\"parameters\":{\"type\":\"object\",\"properties\":{\"sides\":{\"type\":\"integer\","
    "\"minimum\":2,\"maximum\":20}},\"required\":[\"sides\"],\"additionalProperties\":false}}}]";

/* The function of that name among the declared ones; fails without. */
static const struct json *declared(const struct stage *s, struct slice name)
{
    const struct json *list = conversation_tools(s->conversation);
    for (size_t i = 0; i < json_size(list); i++) {
        const struct json *function = json_get(json_at(list, i), "function");
        if (slice_equal(json_text(json_get(function, "name")), name))
            return function;
    }
    fail_msg("'%.*s' is not declared", (int)name.length, name.data);
    return NULL;
}

static void assert_call_valid(const struct stage *s)
{
    const struct json *function = declared(s, text_slice(&s->name));
    assert_valid(json_get(function, "parameters"), text_slice(&s->arguments));
}

TEST(required_calls_are_declared_and_valid_whatever_was_asked)
{
    NEEDS_EMBER();
    static const char *const questions[] = {
        "What is the weather in Rome?",
        "Please roll a die with six sides.",
        "Tell me a story about a fox.",
    };
    struct stage s;
    open_stage(&s);
    for (size_t i = 0; i < 2 * COUNT_OF(questions); i++) {
        struct turn_options turn = turn_defaults();
        ask(&s, questions[i / 2], tools);
        configure(&s, i % 2 ? 1 : 0, 80, -1);
        turn.tools = conversation_tools(s.conversation);
        turn.choice = TOOL_CHOICE_REQUIRED;
        turn.is_parallel = false;
        answer(&s, &turn);
        assert_int_equal(s.n_calls, 1);
        assert_call_valid(&s);
    }
    close_stage(&s);
}

TEST(a_plain_request_is_answered_by_its_call_with_its_argument)
{
    NEEDS_EMBER();
    struct stage s;
    struct turn_options turn = turn_defaults();
    open_stage(&s);
    configure(&s, 0, 80, -1);
    ask(&s, "What is the weather in Rome?", tools);
    turn.tools = conversation_tools(s.conversation);
    answer(&s, &turn);
    assert_int_equal(s.n_calls, 1);
    assert_string_equal(s.name.data, "get_weather");
    assert_string_equal(s.arguments.data, "{\"city\":\"Rome\"}");
    close_stage(&s);
}

/* Cases that offer a choice and are short enough to be read quickly. */
enum { N_CASES = 10, MOST_CASE_BYTES = 2000, FEWEST_RIGHT = 7 };

static bool calls_right(struct stage *s, const struct json *line)
{
    struct turn_options turn = turn_defaults();
    say(s, json_get(line, "messages"), json_get(line, "tools"));
    turn.tools = conversation_tools(s->conversation);
    answer(s, &turn);
    if (s->n_calls == 0)
        return false;
    assert_call_valid(s);
    struct slice expected = json_text(json_get(json_get(line, "expected"), "name"));
    return slice_equal(text_slice(&s->name), expected);
}

TEST(the_model_calls_the_function_that_a_request_needs)
{
    NEEDS_EMBER();
    if (access(tool_cases, R_OK) != 0)
        SKIP("there is no file %s", tool_cases);
    struct error err = { 0 };
    struct mapped_file *file;
    struct stage s;
    int n_tried = 0, n_right = 0;
    open_stage(&s);
    configure(&s, 0, 150, -1);
    assert_ok(mapped_file_open(&file, tool_cases, &err), err);
    const char *at = (const char *)file->data, *end = at + file->size, *next;
    for (; at < end && n_tried < N_CASES; at = next) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((line_end ? line_end : end) - at);
        const struct json *line;
        next = line_end ? line_end + 1 : end;
        assert_ok(json_open(&line, at, length, tool_cases, &err), err);
        if (length <= MOST_CASE_BYTES && json_size(json_get(line, "tools")) > 1) {
            n_tried++;
            n_right += calls_right(&s, line);
        }
        json_close(&line);
    }
    printf("%d of %d calls are of the right function\n", n_right, n_tried);
    assert_int_equal(n_tried, N_CASES);
    assert_true(n_right >= FEWEST_RIGHT);
    mapped_file_close(&file);
    close_stage(&s);
}

#include "test.h"

#include "base/json.h"
#include "base/text.h"
#include "chat/conversation.h"
#include "dialogue/turn.h"
#include "runtime/grammar/schema_shape.h"
#include "runtime/hearth_control.h"
#include "runtime/session_steps.h"
#include "tiny_model.h"

/* ChatML with tools, calls and thinking in the manner of Qwen 3. */
static const char chat_template[] =
    "{%- if tools %}<|im_start|>system\n"
    "{% if messages[0].role == 'system' %}{{ messages[0].content }}\n{% endif %}"
    "<tools>{% for tool in tools %}\n{{ tool | tojson }}{% endfor %}\n</tools><|im_end|>\n"
    "{%- elif messages[0].role == 'system' %}<|im_start|>system\n"
    "{{ messages[0].content }}<|im_end|>\n{%- endif %}"
    "{%- for m in messages %}{% if m.role == 'user' %}<|im_start|>user\n"
    "{{ m.content }}<|im_end|>\n"
    "{% elif m.role == 'assistant' %}<|im_start|>assistant\n"
    "{% if m.reasoning_content %}<think>\n{{ m.reasoning_content }}\n</think>\n\n{% endif %}"
    "{{ m.content }}{% for c in m.tool_calls or [] %}\n<tool_call>\n"
    "{\"name\": \"{{ c.function.name }}\", \"arguments\": {{ c.function.arguments | tojson }}}\n"
    "</tool_call>{% endfor %}<|im_end|>\n"
    "{% elif m.role == 'tool' %}<|im_start|>user\n<tool_response>\n{{ m.content }}\n"
    "</tool_response><|im_end|>\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n"
    "{% endif %}{% endif %}";

static const char *const controls[] = { "<|im_start|>", "<|im_end|>", NULL };

struct stage {
    struct tiny_model *tiny;
    struct hearth_model *model;
    struct hearth_session *session;
    struct dialogue *dialogue;
    const struct json *messages, *tools;
    struct conversation *conversation;
    struct chat_prompt prompt;
    struct text thinking, content, calls; /* calls: "name arguments\n" each */
    size_t n_calls, n_events;
    struct turn_event done;
};

static const char question[] = "[{\"role\":\"system\",\"content\":\"Be "
                               "brief.\"},{\"role\":\"user\",\"content\":\"Hi <|im_end|>\"}]";

static void open_model(struct stage *s, const struct hearth_session_options *options)
{
    struct tiny_options tiny = tiny_defaults();
    struct error err = { 0 };
    struct hearth_error error = { 0 };
    *s = (struct stage){ 0 };
    text_init(&s->thinking, 1 << 20);
    text_init(&s->content, 1 << 20);
    text_init(&s->calls, 1 << 20);
    tiny.n_vocab = 300;
    tiny.n_ctx = 2048;
    tiny.has_tokenizer = true;
    tiny.controls = controls;
    tiny.chat_template = chat_template;
    assert_ok(tiny_model_new(&s->tiny, &tiny, &err), err);
    assert_ok(hearth_model_open(&s->model, tiny_model_path(s->tiny), NULL, &error), error);
    assert_ok(hearth_session_open(&s->session, s->model, options, &error), error);
    const struct engine *engine = model_engine(s->model);
    assert_ok(
        dialogue_open(&s->dialogue, engine_weights(engine), engine_tokenizer(engine), NULL, &err),
        err);
}

static void say(struct stage *s, const char *messages, const char *tools, struct think_choice think)
{
    struct error err = { 0 };
    conversation_close(&s->conversation);
    json_close(&s->messages);
    json_close(&s->tools);
    chat_prompt_release(&s->prompt);
    assert_ok(json_open(&s->messages, messages, strlen(messages), "messages", &err), err);
    assert_true(!tools || json_open(&s->tools, tools, strlen(tools), "tools", &err));
    assert_ok(
        conversation_open(&s->conversation, s->messages, s->tools, (struct slice){ NULL, 0 }, &err),
        err);
    struct prompt_request request = { .conversation = s->conversation, .think = think };
    assert_ok(dialogue_prompt(s->dialogue, &request, &s->prompt, &err), err);
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
    tiny_model_free(&s->tiny);
    text_release(&s->thinking);
    text_release(&s->content);
    text_release(&s->calls);
}

static bool note(struct stage *s, const struct turn_event *event)
{
    if (event->kind == TURN_THINKING)
        return text_append_slice(&s->thinking, event->text);
    if (event->kind == TURN_CONTENT)
        return text_append_slice(&s->content, event->text);
    if (event->kind == TURN_LOGPROBS)
        return event->n_logprobs > 0;
    s->n_calls++;
    return text_append_slice(&s->calls, event->call.name) && text_append_byte(&s->calls, ' ') &&
           text_append_slice(&s->calls, event->call.arguments) && text_append_byte(&s->calls, '\n');
}

static void answer(struct stage *s, const struct turn_options *options)
{
    struct turn *turn;
    struct turn_event event;
    struct error err = { 0 };
    text_clear(&s->thinking);
    text_clear(&s->content);
    text_clear(&s->calls);
    s->n_calls = s->n_events = 0;
    assert_ok(turn_open(&turn, s->dialogue, s->session, &s->prompt, options, &err), err);
    for (;;) {
        assert_ok(turn_next(turn, &event, &err), err);
        if (event.kind == TURN_DONE)
            break;
        assert_true(note(s, &event));
        s->n_events++;
    }
    s->done = event;
    turn_close(&turn);
}

/* As a scheduler moves it on: each step is somebody else's, `rows` tokens at most. */
static void answer_in_steps(struct stage *s, const struct turn_options *options, uint32_t rows)
{
    struct turn *turn;
    struct turn_event event;
    struct session_part part;
    struct error err = { 0 };
    bool has_event = false;
    text_clear(&s->thinking);
    text_clear(&s->content);
    text_clear(&s->calls);
    assert_ok(turn_open(&turn, s->dialogue, s->session, &s->prompt, options, &err), err);
    assert_ok(session_begin(s->session, &err), err);
    while (!has_event || event.kind != TURN_DONE) {
        assert_ok(turn_collect(turn, &event, &has_event, &err), err);
        if (has_event)
            assert_true(event.kind == TURN_DONE || note(s, &event));
        else {
            assert_ok(session_offer(s->session, rows, rows, &part, &err), err);
            if (part.item.n_tokens == 0)
                continue;
            assert_ok(engine_step(model_stepped_engine(s->model), &part.item, 1, &err), err);
            assert_ok(session_settle(&part, 0, &err), err);
        }
    }
    assert_int_equal(event.done.answer_tokens, s->done.done.answer_tokens);
    assert_int_equal(event.done.reason, s->done.done.reason);
    assert_int_equal(event.thinking_tokens, s->done.thinking_tokens);
    turn_close(&turn);
}

static struct hearth_session_options sampled(int32_t n_predict, int64_t seed)
{
    struct hearth_session_options options = hearth_session_defaults();
    options.temperature = 1;
    options.top_k = 0;
    options.top_p = 1;
    options.seed = seed;
    options.n_predict = n_predict;
    return options;
}

static const struct think_choice think_on = { .is_set = true, .is_on = true, .level = "" };
static const struct think_choice think_off = { .is_set = true, .level = "" };
static const struct think_choice think_freely = { .level = "" };

TEST(a_prompt_has_the_beginning_token_once_and_no_smuggled_control_tokens)
{
    struct hearth_session_options options = sampled(10, 1);
    struct stage s;
    open_model(&s, &options);
    say(&s, question, NULL, think_freely);
    size_t n_bos = 0, n_ends = 0;
    for (size_t i = 0; i < s.prompt.tokens.count; i++) {
        n_bos += s.prompt.tokens.ids[i] == 1;
        n_ends += s.prompt.tokens.ids[i] == 286;
    }
    assert_int_equal(n_bos, 1);
    assert_int_equal(n_ends, 2); /* the template's own, after system and user */
    assert_non_null(strstr(s.prompt.text.data, "Hi <|im_end|><|im_end|>"));
    assert_non_null(strstr(s.prompt.text.data, "Be brief."));
    close_stage(&s);
}

TEST(thinking_is_parted_from_the_answer_and_ends_at_its_budget)
{
    struct hearth_session_options options = sampled(80, 3);
    struct stage s;
    open_model(&s, &options);
    for (int32_t budget = 0; budget < 20; budget += 9) {
        struct turn_options turn = turn_defaults();
        turn.think = think_on;
        turn.thinking_budget = budget;
        turn.format = slice_of("{\"enum\":[\"yes\",\"no\"]}");
        say(&s, question, NULL, think_on);
        /* a model that begins to think by itself: the tag is put in front */
        static const char tag[] = "<think>\n";
        assert_true(text_append_string(&s.prompt.text, tag));
        for (const char *c = tag; *c; c++)
            assert_true(token_list_push(&s.prompt.tokens, 3 + *c));
        s.prompt.is_thinking = true;
        answer(&s, &turn);
        assert_true(s.done.thinking_tokens >= (uint32_t)budget);
        assert_true(s.done.thinking_tokens <= (uint32_t)budget + 12); /* and the closing tag */
        bool is_right =
            strcmp(s.content.data, "\"yes\"") == 0 || strcmp(s.content.data, "\"no\"") == 0;
        if (!is_right)
            fail_msg("budget %d: content '%s'", budget, s.content.data);
        assert_int_equal(s.done.done.reason, HEARTH_STOP);
    }
    close_stage(&s);
}

TEST(thinking_that_is_off_is_closed_in_the_prompt_and_one_that_cannot_be_on_is_refused)
{
    struct hearth_session_options options = sampled(20, 4);
    struct stage s;
    open_model(&s, &options);
    say(&s, question, NULL, think_off);
    assert_false(s.prompt.is_thinking);
    assert_non_null(strstr(s.prompt.text.data, "<think>\n\n</think>\n\n"));
    struct turn_options turn = turn_defaults();
    turn.think = think_off;
    answer(&s, &turn);
    assert_int_equal(s.done.thinking_tokens, 0);
    close_stage(&s);
}

static const char tools[] =
    "[{\"type\":\"function\",\"function\":{\"name\":\"weather\",\"parameters\":{\"type\":"
    "\"object\","
    "\"properties\":{\"city\":{\"enum\":[\"Rome\",\"Oslo\"]},\"days\":{\"type\":\"integer\","
    "\"minimum\":1,\"maximum\":9}},\"required\":[\"city\"]}}},"
    "{\"type\":\"function\",\"function\":{\"name\":\"stop\",\"parameters\":{\"type\":\"object\","
    "\"properties\":{}}}}]";

static void assert_call_valid(const struct stage *s, struct slice name, struct slice arguments)
{
    struct error err = { 0 };
    const struct json *value;
    assert_ok(json_open(&value, arguments.data, arguments.length, "arguments", &err), err);
    bool is_known = false;
    for (size_t i = 0; i < json_size(conversation_tools(s->conversation)); i++) {
        const struct json *function =
            json_get(json_at(conversation_tools(s->conversation), i), "function");
        struct schema_document document;
        bool accepts = false;
        if (!slice_equal(json_text(json_get(function, "name")), name))
            continue;
        is_known = true;
        assert_ok(schema_document_open(&document, json_get(function, "parameters"), &err), err);
        assert_ok(schema_accepts(&document, document.root, value, &accepts, &err), err);
        schema_document_close(&document);
        if (!accepts)
            fail_msg("'%.*s' is not valid", (int)arguments.length, arguments.data);
    }
    assert_true(is_known);
    json_close(&value);
}

static void assert_calls_valid(const struct stage *s)
{
    const char *at = s->calls.data;
    for (size_t i = 0; i < s->n_calls; i++) {
        const char *space = strchr(at, ' '), *end = strchr(at, '\n');
        assert_non_null(end);
        assert_call_valid(s, (struct slice){ at, (size_t)(space - at) },
                          (struct slice){ space + 1, (size_t)(end - space - 1) });
        at = end + 1;
    }
}

TEST(required_calls_are_of_declared_tools_and_valid_whatever_the_model_says)
{
    for (int64_t seed = 0; seed < 8; seed++) {
        struct hearth_session_options options = sampled(400, seed);
        struct stage s;
        open_model(&s, &options);
        say(&s, question, tools, think_off);
        struct turn_options turn = turn_defaults();
        turn.tools = conversation_tools(s.conversation);
        turn.choice = TOOL_CHOICE_REQUIRED;
        turn.think = think_off;
        turn.is_parallel = seed % 2;
        answer(&s, &turn);
        assert_true(s.n_calls >= 1);
        assert_true(turn.is_parallel || s.n_calls == 1);
        assert_calls_valid(&s);
        turn.tool = slice_of("stop");
        turn.is_parallel = false;
        answer(&s, &turn);
        assert_int_equal(s.n_calls, 1);
        assert_memory_equal(s.calls.data, "stop ", 5);
        turn.choice = TOOL_CHOICE_NONE;
        turn.tool = (struct slice){ NULL, 0 };
        answer(&s, &turn);
        assert_int_equal(s.n_calls, 0);
        close_stage(&s);
    }
}

TEST(answers_are_the_same_with_guesses_cold_and_warm)
{
    static const char *const asked[] = { NULL, "json" };
    for (size_t i = 0; i < 4; i++) {
        struct hearth_session_options options = sampled(150, 5);
        struct stage plain, guessed;
        options.temperature = i < 2 ? 0 : 0.7f;
        options.n_draft = 0;
        open_model(&plain, &options);
        options.n_draft = 15;
        open_model(&guessed, &options);
        struct turn_options turn = turn_defaults();
        turn.format = asked[i % 2] ? slice_of(asked[i % 2]) : (struct slice){ NULL, 0 };
        say(&plain, question, NULL, think_freely);
        say(&guessed, question, NULL, think_freely);
        answer(&plain, &turn);
        answer(&guessed, &turn);
        assert_int_equal(plain.content.length, guessed.content.length);
        assert_memory_equal(plain.content.data, guessed.content.data, plain.content.length);
        assert_int_equal(plain.done.done.answer_tokens, guessed.done.done.answer_tokens);
        close_stage(&plain);
        close_stage(&guessed);
    }
}

TEST(stop_strings_count_in_the_content_alone)
{
    static const char *const stops[] = { "weather", "Rome", "Oslo" };
    struct hearth_session_options options = sampled(400, 7);
    options.stop = stops;
    options.n_stop = COUNT_OF(stops);
    struct stage s;
    open_model(&s, &options);
    say(&s, question, tools, think_off);
    struct turn_options turn = turn_defaults();
    turn.tools = conversation_tools(s.conversation);
    turn.choice = TOOL_CHOICE_REQUIRED;
    turn.tool = slice_of("weather");
    turn.is_parallel = false;
    answer(&s, &turn);
    assert_int_equal(s.n_calls, 1);
    assert_calls_valid(&s);
    turn = turn_defaults();
    turn.format = slice_of("{\"const\":\"a Rome b\"}");
    say(&s, question, NULL, think_off);
    turn.think = think_off;
    answer(&s, &turn);
    assert_string_equal(s.content.data, "\"a ");
    assert_int_equal(s.done.done.reason, HEARTH_STOP);
    close_stage(&s);
}

static void assert_kept(const struct text *now, const char *before)
{
    assert_string_equal(now->data ? now->data : "", before);
}

TEST(an_answer_moved_on_by_others_is_told_the_same)
{
    struct stage s;
    static const struct think_choice *const thinks[] = { &think_on, &think_off };
    for (int64_t seed = 0; seed < 8; seed++) {
        struct hearth_session_options options = sampled(60, seed);
        struct turn_options turn = turn_defaults();
        turn.think = *thinks[seed % 2];
        turn.thinking_budget = 5;
        turn.choice = seed % 3 ? TOOL_CHOICE_AUTO : TOOL_CHOICE_REQUIRED;
        options.n_logprobs = seed == 5 ? 2 : -1;
        open_model(&s, &options);
        say(&s, question, tools, turn.think);
        turn.tools = conversation_tools(s.conversation);
        answer(&s, &turn);
        char *thinking = strdup(s.thinking.data ? s.thinking.data : "");
        char *content = strdup(s.content.data ? s.content.data : "");
        char *calls = strdup(s.calls.data ? s.calls.data : "");
        for (uint32_t rows = 1; rows <= 16; rows += 5) {
            assert_true(hearth_session_configure(s.session, &options, NULL)); /* the seed again */
            answer_in_steps(&s, &turn, rows);
            assert_kept(&s.thinking, thinking);
            assert_kept(&s.content, content);
            assert_kept(&s.calls, calls);
        }
        free(thinking);
        free(content);
        free(calls);
        close_stage(&s);
    }
}

/* test_answer_reader.c: answers as the texts of a dialect spell them come back as what they say,
 * however they are cut; and what becomes of answers that are not as they should be. */
#include "test.h"

#include "base/memory.h"
#include "chat/answer_reader.h"
#include "chat/output/output_family.h"
#include "spelled_call.h"

/* ---- what is heard ---- */

struct heard {
    struct text thinking, content, calls, ids; /* calls: a JSON array; ids: each behind a space */
    size_t n_calls;
};

static void heard_init(struct heard *h)
{
    memset(h, 0, sizeof *h);
    text_init(&h->thinking, SIZE_MAX);
    text_init(&h->content, SIZE_MAX);
    text_init(&h->calls, SIZE_MAX);
    text_init(&h->ids, SIZE_MAX);
    assert_true(text_append_string(&h->thinking, "") && text_append_string(&h->content, "") &&
                text_append_string(&h->calls, "[") && text_append_string(&h->ids, ""));
}

static void heard_release(struct heard *h)
{
    text_release(&h->thinking);
    text_release(&h->content);
    text_release(&h->calls);
    text_release(&h->ids);
}

static bool hear(void *context, const struct output_event *event, struct error *err)
{
    struct heard *h = context;
    (void)err;
    assert_true(event->kind == OUTPUT_TOOL_CALL || event->text.length > 0);
    if (event->kind == OUTPUT_THINKING)
        return text_append_slice(&h->thinking, event->text);
    if (event->kind == OUTPUT_CONTENT)
        return text_append_slice(&h->content, event->text);
    assert_int_equal(event->call.index, h->n_calls);
    if (event->call.id.data)
        assert_true(text_append_byte(&h->ids, ' ') && text_append_slice(&h->ids, event->call.id));
    return (h->n_calls++ == 0 || text_append_byte(&h->calls, ',')) &&
           text_append_string(&h->calls, "{\"name\":") &&
           json_write_string(&h->calls, event->call.name) &&
           text_append_string(&h->calls, ",\"arguments\":") &&
           text_append_slice(&h->calls, event->call.arguments) && text_append_byte(&h->calls, '}');
}

static const struct json *parsed(const char *text)
{
    const struct json *value;
    struct error err = { 0 };
    assert_ok(json_open(&value, text, strlen(text), "test", &err), err);
    return value;
}

/* ---- how answers are cut ---- */

enum cutting { WHOLE, BYTE_BY_BYTE, ANYHOW_1, ANYHOW_2, N_CUTTINGS };

static size_t chunk_length(enum cutting cutting, uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return cutting == WHOLE ? SIZE_MAX : cutting == BYTE_BY_BYTE ? 1 : *seed >> 24 & 15;
}

static bool read_cut(const struct dialect *dialect, const struct answer_reader_options *options,
                     struct slice text, enum cutting cutting, struct heard *h, struct error *err)
{
    struct answer_reader *r;
    uint32_t seed = (uint32_t)cutting;
    assert_ok(answer_reader_open(&r, dialect, options, err), *err);
    assert_int_equal(answer_reader_is_thinking(r), options->is_thinking);
    bool ok = true;
    while (ok && text.length > 0) {
        size_t n = size_min(chunk_length(cutting, &seed), text.length);
        struct slice chunk = { text.data, n };
        text = (struct slice){ text.data + n, text.length - n };
        ok = answer_reader_add(r, chunk, text.length == 0 && cutting % 2 == 0, hear, h, err);
    }
    if (ok && cutting % 2)
        ok = answer_reader_add(r, slice_of(""), true, hear, h, err);
    answer_reader_close(&r);
    return ok;
}

struct expected {
    const char *thinking, *content, *calls;
};

static void check_text(const char *what, const char *name, const char *answer, struct slice heard,
                       const char *expected)
{
    if (!slice_equal(heard, slice_of(expected)))
        fail_msg("%s\n--- %s of the answer ---\n%s\n--- is ---\n%.*s\n--- not ---\n%s", name, what,
                 answer, (int)heard.length, heard.data, expected);
}

static void check_answer(const char *name, const struct dialect *dialect,
                         const struct answer_reader_options *options, const char *answer,
                         const struct expected *expected)
{
    for (enum cutting cutting = WHOLE; cutting < N_CUTTINGS; cutting++) {
        struct heard h;
        struct error err = { 0 };
        heard_init(&h);
        if (!read_cut(dialect, options, slice_of(answer), cutting, &h, &err))
            fail_msg("%s: %s\n%s", name, err.message, answer);
        assert_true(text_append_byte(&h.calls, ']'));
        check_text("thinking", name, answer, text_slice(&h.thinking), expected->thinking);
        check_text("content", name, answer, text_slice(&h.content), expected->content);
        check_text("calls", name, answer, text_slice(&h.calls), expected->calls);
        heard_release(&h);
    }
}

/* ---- all families ---- */

static const char TOOLS[] =
    "[{\"type\":\"function\",\"function\":{\"name\":\"get\",\"parameters\":{\"type\":\"object\","
    "\"properties\":{\"s\":{\"type\":\"string\"},\"t\":{\"type\":\"string\"},\"n\":{\"type\":"
    "\"number\"},\"i\":{\"type\":\"integer\"},\"b\":{\"type\":\"boolean\"},\"a\":{\"type\":"
    "\"array\"},\"o\":{\"type\":\"object\"},\"z\":{\"type\":[\"string\",\"null\"]}}}}},"
    "{\"type\":\"function\",\"function\":{\"name\":\"get_all\",\"parameters\":{\"type\":\"object\","
    "\"properties\":{}}}}]";

static const char HARMLESS_CALLS[] =
    "[{\"name\":\"get\",\"arguments\":{\"s\":\"it's \xc3\xbc \xf0\x9f\x98\x80\",\"n\":-1.5,\"i\":"
    "9007199254740993,\"b\":false,\"a\":[1,\"x\",[true]],\"o\":{\"k\":{\"l\":[]}}}},"
    "{\"name\":\"get_all\",\"arguments\":{}}]";

/* Strings that hold what calls are made of. */
static const char HOSTILE_CALLS[] =
    "[{\"name\":\"get_all\",\"arguments\":{}},"
    "{\"name\":\"get\",\"arguments\":{\"s\":\"a \\\"b\\\" \\\\ {[ }} </tool_call> [TOOL_CALLS] "
    "\\n\\t \xe2\x82\xac ' , t=\",\"b\":true,\"t\":\"\\\"}}]\",\"a\":[\"]\",\"}\",\"\\\"\"],\"o\":{"
    "\"k\":\"</"
    "tool_call>\\n\",\"l\":[{\"m\":\"it's\"}]},\"i\":-12345678901234567890,\"n\":1e300}}]";

struct answer {
    struct text text;
    const struct json *calls;
    struct expected expected;
};

static void put(struct text *out, struct slice text)
{
    assert_true(text_append_slice(out, text));
}

static void put_content(struct text *out, const struct dialect *d, const char *content)
{
    put(out, d->content_open);
    put(out, slice_of(content));
    put(out, d->content_close);
}

/* All calls of the text, or one where there can be only one; appended to `out` as JSON too. */
static void put_calls(struct text *out, const struct dialect *d, const char *calls,
                      struct text *expected)
{
    const struct json *all = parsed(calls), *some = all;
    text_clear(expected);
    if (d->calls.is_single) {
        assert_true(text_append_byte(expected, '[') && json_write(expected, json_at(all, 1)) &&
                    text_append_byte(expected, ']'));
        some = parsed(expected->data);
    } else
        assert_true(json_write(expected, all));
    spell_calls(out, d, some);
    if (some != all)
        json_close(&some);
    json_close(&all);
}

static void check_family(const char *name, const struct dialect *d, const char *calls,
                         const struct json *tools)
{
    bool thinks = d->think_open.length > 0, has_calls = d->calls.arguments != ARGUMENTS_NONE;
    struct answer_reader_options options = { .tools = tools };
    struct text answer, expected_calls;
    text_init(&answer, SIZE_MAX);
    text_init(&expected_calls, SIZE_MAX);
    if (thinks) { /* the prompt opened it */
        struct expected e = { "so {it} is", "an answer <b", "[]" };
        options.is_thinking = true;
        put(&answer, slice_of(e.thinking));
        put(&answer, d->think_close);
        put_content(&answer, d, e.content);
        check_answer(name, d, &options, answer.data, &e);
        options.is_thinking = false;
        text_clear(&answer); /* the model opens it */
        put(&answer, d->think_open);
        put(&answer, slice_of(e.thinking));
        put(&answer, d->think_close);
        put_content(&answer, d, e.content);
        check_answer(name, d, &options, answer.data, &e);
    }
    if (thinks && has_calls) {
        struct expected e = { "so", "", "" };
        text_clear(&answer);
        put(&answer, d->think_open);
        put(&answer, slice_of(e.thinking));
        put(&answer, d->think_close);
        put_calls(&answer, d, calls, &expected_calls);
        e.calls = expected_calls.data;
        check_answer(name, d, &options, answer.data, &e);
    }
    if (has_calls) {
        struct expected e = { "", "", "" };
        text_clear(&answer);
        if (!d->calls.is_only_first) {
            e.content = "a {answer}";
            put_content(&answer, d, e.content);
        }
        put_calls(&answer, d, calls, &expected_calls);
        e.calls = expected_calls.data;
        check_answer(name, d, &options, answer.data, &e);
    }
    text_release(&answer);
    text_release(&expected_calls);
}

static void check_families(const char *calls, bool by_texts_only)
{
    const struct json *tools = parsed(TOOLS);
    size_t n = 0;
    for (size_t i = 0; output_families[i]; i++) {
        struct dialect_holder *holder;
        struct error err = { 0 };
        const char *name = output_families[i]->facts.name;
        assert_ok(dialect_open_family(&holder, name, &err), err);
        /* it leaves thoughts out, and so it has none here */
        if (!by_texts_only || !dialect_of(holder)->family) {
            check_family(name, dialect_of(holder), calls, tools);
            n++;
        }
        dialect_close(&holder);
    }
    assert_true(n > 15);
    json_close(&tools);
}

TEST(answers_of_all_families_are_read)
{
    check_families(HARMLESS_CALLS, false);
}

TEST(strings_of_calls_may_hold_what_calls_are_made_of)
{
    check_families(HOSTILE_CALLS, true);
}

/* ---- answers that are not as they should be ---- */

static void check_by_family(const char *family, bool is_thinking, const char *answer,
                            const struct expected *expected)
{
    const struct json *tools = parsed(TOOLS);
    struct answer_reader_options options = { .tools = tools, .is_thinking = is_thinking };
    struct dialect_holder *holder;
    struct error err = { 0 };
    assert_ok(dialect_open_family(&holder, family, &err), err);
    check_answer(family, dialect_of(holder), &options, answer, expected);
    dialect_close(&holder);
    json_close(&tools);
}

#define GET_ALL "[{\"name\":\"get_all\",\"arguments\":{}}]"
#define GET_S   "[{\"name\":\"get\",\"arguments\":{\"s\":\"x\"}}]"

TEST(what_only_looks_like_a_call_stays_content)
{
    static const char *const answers[] = {
        "Use <tool_call> tags.",
        "<tool_call>\n{\"name\": \"get\", \"argu",
        "<tool_call>{\"city\": \"x\"}</tool_call> b",
        "<tool_call>[1, 2]</tool_call>",
        "a <tool_ca",
        "<tool_call>{\"name\": \"get\", \"arguments\": \"no JSON\"}</tool_call>",
        "<tool_call>",
    };
    for (size_t i = 0; i < COUNT_OF(answers); i++)
        check_by_family("qwen3", false, answers[i], &(struct expected){ "", answers[i], "[]" });
    const char *unended = "<tool_call>\n<function=get>\n<parameter=s>\nx\n";
    check_by_family("qwen3-coder", false, unended, &(struct expected){ "", unended, "[]" });
    const char *other = "<tool_call>get<other>1</other></tool_call>";
    check_by_family("glm-4.7", false, other, &(struct expected){ "", other, "[]" });
    const char *python = "<function_calls>get s=1</function_calls>";
    check_by_family("olmo3", false, python, &(struct expected){ "", python, "[]" });
}

TEST(a_call_is_read_however_carelessly_it_is_spelled)
{
    static const char *const hermes[] = {
        "<tool_call>{\"name\":\"get\",\"arguments\":{\"s\":\"x\"}}</tool_call>",
        "<tool_call>\n\n {\"arguments\" : {\"s\" : \"x\"} , \"name\" : \"get\"}\n",
        "<tool_call>{\"name\": \"get\", \"parameters\": {\"s\": \"x\"}}",
        "<tool_call>{\"name\": \"get\", \"arguments\": \"{\\\"s\\\": \\\"x\\\"}\"}</tool_",
        ("<tool_call>{\"type\": \"function\", \"function\": {\"name\": \"get\", \"arguments\": "
         "{\"s\": \"x\"}}}</tool_call>"),
    };
    static const char *const coder[] = {
        "<tool_call><function=get><parameter=s>x</parameter></function></tool_call>",
        "<tool_call>\n<function=get>\n<parameter=s>\nx</parameter>\n</function>\n</tool_call>",
        "<tool_call>\n<function=get>\n<parameter=s>\nx\n</parameter>\n",
        "<tool_call>\n\n<function=get>\n\n<parameter=s>x\n</parameter>\n\n</function></tool_call>",
    };
    static const char *const glm[] = {
        "<tool_call>get\n<arg_key>s</arg_key>\n<arg_value>x</arg_value>\n</tool_call>",
        "<tool_call>get<arg_key> s </arg_key><arg_value>x</arg_value>",
    };
    static const char *const lfm2[] = {
        "<|tool_call_start|>[get(s='x')]<|tool_call_end|>",
        "<|tool_call_start|> [ get( s = \"x\", ) ]",
    };
    for (size_t i = 0; i < COUNT_OF(hermes); i++)
        check_by_family("qwen3", false, hermes[i], &(struct expected){ "", "", GET_S });
    for (size_t i = 0; i < COUNT_OF(coder); i++)
        check_by_family("qwen3-coder", false, coder[i], &(struct expected){ "", "", GET_S });
    for (size_t i = 0; i < COUNT_OF(glm); i++)
        check_by_family("glm-4.7", false, glm[i], &(struct expected){ "", "", GET_S });
    for (size_t i = 0; i < COUNT_OF(lfm2); i++)
        check_by_family("lfm2", false, lfm2[i], &(struct expected){ "", "", GET_S });
}

TEST(content_stands_before_between_and_behind_calls)
{
    check_by_family(
        "qwen3", false,
        "a\n<tool_call>{\"name\":\"get_all\"}</tool_call>\nb <tool_call>{\"name\":\"get\","
        "\"arguments\":{\"s\":\"x\"}}</tool_call>\n\nc",
        &(struct expected){ "", "abc",
                            "[{\"name\":\"get_all\",\"arguments\":{}},{\"name\":"
                            "\"get\",\"arguments\":{\"s\":\"x\"}}]" });
    check_by_family("deepseek3", false,
                    "a<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_all<｜tool▁sep｜>{}"
                    "<｜tool▁call▁end｜><｜tool▁calls▁end｜> b",
                    &(struct expected){ "", "ab", GET_ALL });
}

TEST(a_call_of_a_declared_tool_ends_thinking)
{
    check_by_family("qwen3-thinking", true,
                    "I call.\n<tool_call>{\"name\":\"get_all\"}</tool_call>",
                    &(struct expected){ "I call.", "", GET_ALL });
    check_by_family(
        "qwen3-thinking", true, "A <tool_call>{\"name\":\"got\"}</tool_call> B</think>c",
        &(struct expected){ "A <tool_call>{\"name\":\"got\"}</tool_call> B", "c", "[]" });
    check_by_family("qwen3-thinking", true, "A <tool_call>{\"s\": </think>c",
                    &(struct expected){ "A <tool_call>{\"s\":", "c", "[]" });
}

TEST(thinking_may_be_opened_twice_or_closed_without)
{
    check_by_family("qwen3-thinking", true, "<think>\na\n</think>\nb",
                    &(struct expected){ "a", "b", "[]" });
    check_by_family("glm-4.7", false, "</think>b", &(struct expected){ "", "b", "[]" });
    check_by_family("qwen3-thinking", false, "b <think>c</think>",
                    &(struct expected){ "", "b <think>c</think>", "[]" });
    check_by_family("cohere", false,
                    " <|START_THINKING|>a<|END_THINKING|><|START_TEXT|>b<|END_TEXT|>",
                    &(struct expected){ "a", "b", "[]" });
}

/* As Llama 3 spells calls: an object at the beginning, and nothing around it. */
static const struct dialect bare = {
    .calls = { .arguments = ARGUMENTS_JSON,
               .is_only_first = true,
               .trigger = { "{\"name\": \"", 10 },
               .open = { "{\"name\": \"", 10 },
               .name_end = { "\", \"parameters\": ", 16 },
               .close = { "}", 1 } },
};

TEST(an_object_is_a_call_only_of_a_declared_tool)
{
    const struct json *tools = parsed(TOOLS);
    struct answer_reader_options options = { .tools = tools };
    static const char *const objects[] = {
        "{\"name\": \"Bob\", \"parameters\": {}}",
        "{\"age\": 7}",
        "{\"name\": \"get",
        "{",
        "{}",
        "[{\"name\": 1}]",
        "So: {\"name\": \"get\", \"parameters\": {}}",
    };
    for (size_t i = 0; i < COUNT_OF(objects); i++)
        check_answer("bare", &bare, &options, objects[i],
                     &(struct expected){ "", objects[i], "[]" });
    check_answer("bare", &bare, &options, "\n{\"name\": \"get\", \"parameters\": {\"s\": \"x\"}}",
                 &(struct expected){ "", "", GET_S });
    check_answer("bare", &bare, &options, "{\"parameters\": {\"s\": \"x\"}, \"name\": \"get\"}\n",
                 &(struct expected){ "", "", GET_S });
    json_close(&tools);
}

/* ---- what is checked ---- */

static struct error error_of(const char *family, const struct json *tools, const char *answer)
{
    struct answer_reader_options options = { .tools = tools };
    struct dialect_holder *holder;
    struct error err = { 0 };
    struct heard h;
    heard_init(&h);
    assert_ok(dialect_open_family(&holder, family, &err), err);
    assert_false(read_cut(dialect_of(holder), &options, slice_of(answer), WHOLE, &h, &err));
    heard_release(&h);
    dialect_close(&holder);
    return err;
}

TEST(a_call_of_no_declared_tool_is_named)
{
    static const char *const answers[][2] = {
        { "qwen3", "<tool_call>{\"name\": \"got\", \"arguments\": {}}</tool_call>" },
        { "harmony", "<|channel|>commentary to=functions.got <|constrain|>json<|message|>{}" },
        { "gemma4", "<|tool_call>call:got{}<tool_call|>" },
    };
    const struct json *tools = parsed(TOOLS);
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        struct error err = error_of(answers[i][0], tools, answers[i][1]);
        assert_int_equal(err.code, ERROR_FORMAT);
        assert_non_null(strstr(err.message, "'got'"));
    }
    json_close(&tools);
}

TEST(calls_are_content_where_no_tools_are_declared)
{
    static const char *const same[][2] = {
        { "qwen3", "<tool_call>{\"name\": \"got\", \"arguments\": {}}</tool_call>" },
        { "ministral", "[TOOL_CALLS]got[ARGS]{}" },
    };
    struct answer_reader_options options = { .tools = NULL };
    struct dialect_holder *holder;
    struct error err = { 0 };
    for (size_t i = 0; i < COUNT_OF(same); i++) {
        assert_ok(dialect_open_family(&holder, same[i][0], &err), err);
        check_answer(same[i][0], dialect_of(holder), &options, same[i][1],
                     &(struct expected){ "", same[i][1], "[]" });
        dialect_close(&holder);
    }
    assert_ok(dialect_open_family(&holder, "gemma4", &err), err);
    check_answer("gemma4", dialect_of(holder), &options, "<|tool_call>call:got{}<tool_call|>",
                 &(struct expected){ "", "{\"name\": \"got\", \"arguments\": {}}", "[]" });
    dialect_close(&holder);
}

TEST(ids_are_those_of_the_model_unless_they_repeat)
{
    static const char answer[] =
        "<|START_ACTION|>[{\"tool_call_id\": \"7\", \"tool_name\": \"get\", \"parameters\": {}},"
        "{\"tool_call_id\": \"7\", \"tool_name\": \"get\", \"parameters\": {}},"
        "{\"tool_call_id\": \"8\", \"tool_name\": \"get\", \"parameters\": {}}]<|END_ACTION|>";
    const struct json *tools = parsed(TOOLS);
    struct answer_reader_options options = { .tools = tools };
    struct dialect_holder *holder;
    struct error err = { 0 };
    struct heard h;
    heard_init(&h);
    assert_ok(dialect_open_family(&holder, "cohere", &err), err);
    assert_ok(read_cut(dialect_of(holder), &options, slice_of(answer), WHOLE, &h, &err), err);
    assert_int_equal(h.n_calls, 3);
    assert_string_equal(h.ids.data, " 7 8");
    heard_release(&h);
    dialect_close(&holder);
    json_close(&tools);
}

TEST(thinking_is_known_while_it_lasts)
{
    static const char *const answers[][3] = {
        /* family, in thinking, behind it */
        { "qwen3-thinking", "<think>a", "</think>b" },
        { "gemma4", "<|channel>thought\na", "<channel|>b" },
        { "harmony", "<|channel|>analysis<|message|>a", "<|end|><|start|>" },
        { "cohere", "<|START_THINKING|>a", "<|END_THINKING|>" },
    };
    struct answer_reader_options options = { .tools = NULL };
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        struct dialect_holder *holder;
        struct answer_reader *r;
        struct error err = { 0 };
        struct heard h;
        heard_init(&h);
        assert_ok(dialect_open_family(&holder, answers[i][0], &err), err);
        assert_ok(answer_reader_open(&r, dialect_of(holder), &options, &err), err);
        assert_false(answer_reader_is_thinking(r));
        assert_ok(answer_reader_add(r, slice_of(answers[i][1]), false, hear, &h, &err), err);
        assert_true(answer_reader_is_thinking(r));
        assert_ok(answer_reader_add(r, slice_of(answers[i][2]), false, hear, &h, &err), err);
        assert_false(answer_reader_is_thinking(r));
        answer_reader_close(&r);
        dialect_close(&holder);
        heard_release(&h);
    }
}

/* ---- failures ---- */

TEST(no_failing_allocation_is_lost)
{
    static const char *const families[][2] = {
        { "qwen3-coder", "a<tool_call>\n<function=get>\n<parameter=s>\nx\n</parameter>\n"
                         "</function>\n</tool_call>" },
        { "qwen3", "<tool_call>{\"name\": \"get\", \"arguments\": {\"s\": \"x\"}}</tool_call>" },
        { "functiongemma",
          "<start_function_call>call:get{s:<escape>x<escape>}<end_function_call>" },
        { "cohere", "<|START_ACTION|>[{\"tool_name\": \"get\", \"parameters\": {\"s\": \"x\"}}]" },
    };
    const struct json *tools = parsed(TOOLS);
    struct answer_reader_options options = { .tools = tools };
    for (size_t i = 0; i < COUNT_OF(families); i++) {
        bool ok = false;
        for (long n = 0; !ok; n++) {
            struct dialect_holder *holder = NULL;
            struct answer_reader *r = NULL;
            struct error err = { 0 };
            struct heard h;
            heard_init(&h);
            memory_fail_after(n);
            ok = dialect_open_family(&holder, families[i][0], &err) &&
                 answer_reader_open(&r, dialect_of(holder), &options, &err) &&
                 answer_reader_add(r, slice_of(families[i][1]), true, hear, &h, &err);
            memory_fail_after(-1);
            assert_true(ok || err.code == ERROR_MEMORY);
            assert_true(!ok || h.n_calls == 1);
            answer_reader_close(&r);
            dialect_close(&holder);
            heard_release(&h);
            assert_true(n < 1000);
        }
    }
    json_close(&tools);
}

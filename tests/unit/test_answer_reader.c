/* test_answer_reader.c: answers as the texts of a dialect spell them come back as what they say,
 * however they are cut; and what becomes of answers that are not as they should be. */
#include "test.h"

#include "base/memory.h"
#include "chat/answer_reader.h"
#include "chat/output_family.h"
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

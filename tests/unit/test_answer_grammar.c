/* test_answer_grammar.c: what the grammar of answers allows, readers of answers understand: every
 * call is one of a declared tool and valid under its schema, however the text is cut. */
#include "test.h"

#include "answer_sample.h"
#include "base/memory.h"
#include "chat/answer_reader.h"
#include "chat/output/output_family.h"
#include "dialogue/answer_grammar.h"
#include "runtime/grammar/schema_shape.h"
#include "tool_schemas.h"

#include <stdlib.h>

enum { STATES_BYTES = 64 << 20, N_SEEDS = 1000, N_FAMILIES = 2 };

#define FORMAT                                                                           \
    "{\"type\":\"object\",\"properties\":{\"n\":{\"type\":\"integer\"},\"s\":{\"type\":" \
    "\"string\"}},\"required\":[\"n\"],\"additionalProperties\":false}"

#define S(text)                \
    {                          \
        text, sizeof(text) - 1 \
    }

static const struct json *parsed(const char *text)
{
    const struct json *value;
    struct error err = { 0 };
    assert_ok(json_open(&value, text, strlen(text), "test", &err), err);
    return value;
}

/* ---- reading ---- */

struct reading {
    struct text events, content; /* one line each, joined texts */
    enum output_kind last;
    uint32_t n_calls;
    bool has_events;
    const struct json *tools;
};

static bool is_declared(const struct json *tools, struct slice name, const struct json **parameters)
{
    for (size_t i = 0; i < json_size(tools); i++) {
        const struct json *function = json_get(json_at(tools, i), "function");
        if (slice_equal(json_text(json_get(function, "name")), name)) {
            *parameters = json_get(function, "parameters");
            return true;
        }
    }
    return false;
}

/* The call's name is declared, its arguments are JSON and valid. */
static bool check_call(const struct json *tools, const struct tool_call *call, struct error *err)
{
    const struct json *parameters = NULL, *arguments;
    struct schema_document d;
    bool is_valid;
    if (!is_declared(tools, call->name, &parameters))
        return (fail)(err, ERROR_FORMAT, "undeclared: %s", printable(call->name));
    if (!json_open(&arguments, call->arguments.data, call->arguments.length, "arguments", err))
        return false;
    bool ok = !parameters || schema_document_open(&d, parameters, err);
    if (ok && parameters) {
        ok = schema_accepts(&d, parameters, arguments, &is_valid, err) &&
             (is_valid || (fail)(err, ERROR_FORMAT, "not valid: %.*s", (int)call->arguments.length,
                                 call->arguments.data));
        schema_document_close(&d);
    }
    json_close(&arguments);
    return ok;
}

static bool hear(void *context, const struct output_event *event, struct error *err)
{
    struct reading *r = context;
    bool goes_on = r->has_events && event->kind == r->last && event->kind != OUTPUT_TOOL_CALL;
    bool ok = goes_on || text_printf(&r->events, "\n%d:", event->kind);
    r->has_events = true;
    r->last = event->kind;
    if (event->kind == OUTPUT_CONTENT && !text_append_slice(&r->content, event->text))
        return (fail)(err, ERROR_MEMORY, "memory");
    if (event->kind != OUTPUT_TOOL_CALL) {
        return (ok && text_append_slice(&r->events, event->text)) ||
               (fail)(err, ERROR_MEMORY, "memory");
    }
    r->n_calls++;
    ok = ok && text_append_slice(&r->events, event->call.name) &&
         text_append_slice(&r->events, event->call.arguments);
    return ok ? check_call(r->tools, &event->call, err) : (fail)(err, ERROR_MEMORY, "memory");
}

enum cutting { WHOLE, BYTES, PIECES, N_CUTTINGS };

static bool read_answer(struct reading *r, const struct answer_form *form, struct slice answer,
                        enum cutting cutting, uint64_t *random, struct error *err)
{
    struct answer_reader_options options = { .tools = form->tools,
                                             .is_thinking = form->is_thinking };
    struct answer_reader *reader;
    bool ok = answer_reader_open(&reader, form->dialect, &options, err);
    for (size_t at = 0, n; ok && at < answer.length; at += n) {
        n = cutting == WHOLE ? answer.length : cutting == BYTES ? 1 : 1 + random_below(random, 20);
        n = size_min(n, answer.length - at);
        ok = answer_reader_add(reader, (struct slice){ answer.data + at, n }, false, hear, r, err);
    }
    ok = ok && answer_reader_add(reader, slice_of(""), true, hear, r, err);
    answer_reader_close(&reader);
    return ok;
}

/* ---- one grammar ---- */

struct trial {
    const char *family;
    const struct dialect *dialect;
    struct answer_form form;
    uint64_t random;
    unsigned seed;
};

static void explain(const struct trial *t, const struct text *answer, const char *why)
{
    struct text tools;
    text_init(&tools, SIZE_MAX);
    assert_true(json_write(&tools, t->form.tools));
    fail_msg("seed %u, family %s: %s\nanswer: %s\ntools: %s", t->seed, t->family, why, answer->data,
             tools.data);
}

/* The content is valid under the format, as a reader gives it. */
static void check_document(const struct trial *t, const struct text *answer, struct slice content)
{
    const struct json *schema, *document;
    struct schema_document d;
    struct error err = { 0 };
    bool is_valid = false;
    schema = parsed(t->form.format.data);
    if (!json_open(&document, content.data, content.length, "content", &err))
        explain(t, answer, err.message);
    assert_ok(schema_document_open(&d, schema, &err), err);
    assert_ok(schema_accepts(&d, schema, document, &is_valid, &err), err);
    if (!is_valid)
        explain(t, answer, "the content is not valid under its format");
    schema_document_close(&d);
    json_close(&document);
    json_close(&schema);
}

static void check_answer(struct trial *t, const struct text *answer)
{
    struct reading r[N_CUTTINGS];
    for (enum cutting c = WHOLE; c < N_CUTTINGS; c++) {
        struct error err = { 0 };
        r[c] = (struct reading){ .tools = t->form.tools };
        text_init(&r[c].events, SIZE_MAX);
        text_init(&r[c].content, SIZE_MAX);
        if (!read_answer(&r[c], &t->form, text_slice(answer), c, &t->random, &err))
            explain(t, answer, err.message);
        if (!slice_equal(text_slice(&r[c].events), text_slice(&r[0].events)))
            explain(t, answer, "cut otherwise, it is read otherwise");
    }
    bool is_required = t->form.choice == TOOL_CHOICE_REQUIRED;
    if (is_required && (r[0].n_calls == 0 || r[0].content.length))
        explain(t, answer, "no call, or content, where calls were required");
    if (t->form.choice == TOOL_CHOICE_NONE && r[0].n_calls > 0)
        explain(t, answer, "a call where none was allowed");
    if (!t->form.is_parallel && r[0].n_calls > 1)
        explain(t, answer, "more than one call");
    if (t->form.format.data && (r[0].n_calls == 0) == (r[0].content.length == 0))
        explain(t, answer, "neither calls nor a document, or both");
    if (r[0].content.length && t->form.format.data)
        check_document(t, answer, text_slice(&r[0].content));
    for (enum cutting c = WHOLE; c < N_CUTTINGS; c++) {
        text_release(&r[c].events);
        text_release(&r[c].content);
    }
}

static size_t collect_traps(const struct dialect *d, struct slice *traps)
{
    const struct call_syntax *s = &d->calls;
    const struct slice tags[] = {
        d->think_open,
        d->think_close,
        d->content_open,
        d->content_close,
        s->trigger,
        s->section_open,
        s->section_close,
        s->between,
        s->open,
        s->name_end,
        s->close,
        s->arg_open,
        s->arg_name_end,
        s->arg_close,
        s->quote,
        slice_of("null"),
        slice_of("NULL"),
        slice_of("true"),
        slice_of("False"),
        slice_of("\n"),
        slice_of("12"),
        slice_of("-1.5e3"),
        slice_of("[1]"),
        slice_of("{\"a\":1}"),
        slice_of("\\n"),
        slice_of("\\\""),
        slice_of("\"\"\""),
        slice_of("</tool_call>"),
        slice_of("<function=f>"),
        slice_of("</think>"),
        slice_of("\xc3\xa4\xe2\x82\xac"),
        slice_of("<|end|>"),
        slice_of("<|eom|><|start|>"),
        slice_of("  "),
        slice_of("None"),
        slice_of(", a=1"),
    };
    size_t n = 0;
    for (size_t i = 0; i < COUNT_OF(tags); i++)
        if (tags[i].length)
            traps[n++] = tags[i];
    return n;
}

static void sample_answers(struct trial *t, const struct grammar *g, int n)
{
    struct slice traps[64];
    struct error err = { 0 };
    struct answer_sample sample = { .random = &t->random, .traps = traps };
    sample.n_traps = collect_traps(t->dialect, traps);
    assert_ok(matcher_open(&sample.matcher, g, STATES_BYTES, &err), err);
    for (int i = 0; i < n; i++) {
        struct text answer;
        text_init(&answer, SIZE_MAX);
        sample.length = 20 + random_below(&t->random, 300);
        assert_ok(answer_sample(&sample, &answer, &err), err);
        assert_true(text_append(&answer, "", 0));
        check_answer(t, &answer);
        text_release(&answer);
    }
    matcher_close(&sample.matcher);
}

/* ---- many tools ---- */

static size_t count_families(void)
{
    size_t n = 0;
    while (output_families[n])
        n++;
    return n;
}

static int count_seeds(void)
{
    const char *wanted = getenv("HEARTH_TEST_SEEDS");
    return wanted ? atoi(wanted) : N_SEEDS;
}

static void choose_form(struct trial *t)
{
    static const enum tool_choice choices[] = { TOOL_CHOICE_REQUIRED, TOOL_CHOICE_AUTO,
                                                TOOL_CHOICE_REQUIRED, TOOL_CHOICE_NONE };
    t->form.choice = choices[random_below(&t->random, COUNT_OF(choices))];
    t->form.is_parallel = random_below(&t->random, 2);
    bool can_think = t->dialect->think_close.length > 0;
    t->form.is_thinking = can_think && random_below(&t->random, 3) == 0;
    t->form.may_think = can_think && random_below(&t->random, 2) == 0;
    t->form.format = (struct slice){ 0 };
    if (random_below(&t->random, 6) == 0)
        t->form.format = slice_of(FORMAT);
}

/* As templates tell them that are of no family. */
static const struct dialect templated[] = {
    { .calls = { .arguments = ARGUMENTS_JSON,
                 .trigger = S("{"),
                 .is_only_first = true,
                 .is_last = true,
                 .open = S("{\"name\": \""),
                 .name_end = S("\", \"parameters\": "),
                 .close = S("}"),
                 .between = S("; ") } },
    { .think_open = S("<think>"),
      .think_close = S("</think>"),
      .calls = { .arguments = ARGUMENTS_JSON,
                 .trigger = S("[TOOL_CALLS]"),
                 .section_open = S("[TOOL_CALLS] ["),
                 .open = S("{\"name\": \""),
                 .name_end = S("\", \"arguments\": "),
                 .close = S("}"),
                 .between = S(", "),
                 .section_close = S("]") } },
    { .calls = { .arguments = ARGUMENTS_JSON,
                 .trigger = S("<|calls|>"),
                 .section_open = S("<|calls|>"),
                 .open = S("functions."),
                 .name_end = S(":0<|arguments|>"),
                 .close = S("<|call_end|>"),
                 .section_close = S("<|calls_end|>") } },
    { .calls = { .arguments = ARGUMENTS_RAW,
                 .trigger = S("<call>"),
                 .open = S("<call>"),
                 .name_end = S("\n"),
                 .close = S("</call>"),
                 .between = S("\n"),
                 .arg_open = S("<key>"),
                 .arg_name_end = S("</key>\n<value>"),
                 .arg_close = S("</value>\n") } },
};

/* False: the tools cannot be spelled in this dialect. */
static bool try_dialect(struct trial *t, const struct dialect *dialect, struct error *err)
{
    struct grammar *g;
    t->form.dialect = t->dialect = dialect;
    if (dialect->calls.arguments == ARGUMENTS_NONE)
        return false;
    choose_form(t);
    bool is_possible = answer_grammar_open(&g, &t->form, err);
    if (is_possible)
        sample_answers(t, g, 2);
    grammar_close(&g);
    return is_possible;
}

static bool try_family(struct trial *t, size_t number, struct error *err)
{
    struct dialect_holder *holder;
    number %= count_families() + COUNT_OF(templated);
    if (number < COUNT_OF(templated)) {
        t->family = "of a template";
        return try_dialect(t, &templated[number], err);
    }
    t->family = output_families[number - COUNT_OF(templated)]->facts.name;
    assert_ok(dialect_open_family(&holder, t->family, err), *err);
    bool is_possible = try_dialect(t, dialect_of(holder), err);
    dialect_close(&holder);
    return is_possible;
}

TEST(every_call_of_a_thousand_tools_is_read_and_valid)
{
    size_t n_tried = 0, n_refused = 0;
    for (int seed = 1; seed <= count_seeds(); seed++) {
        struct text tools;
        text_init(&tools, SIZE_MAX);
        struct tool_schemas s = { .random = (uint64_t)seed * 0x9E3779B97F4A7C15u, .out = &tools };
        s.has_odd_names = seed % 5 == 0;
        s.has_typed_arguments = seed % 2;
        write_random_tools(&s);
        struct trial t = { .random = s.random, .seed = (unsigned)seed };
        t.form.tools = parsed(tools.data);
        for (int i = 0; i < N_FAMILIES; i++) {
            struct error err = { 0 };
            bool is_possible = try_family(&t, (size_t)seed * N_FAMILIES + (size_t)i, &err);
            n_tried += is_possible;
            n_refused += err.code != ERROR_NONE;
            if (err.code != ERROR_NONE && getenv("HEARTH_TEST_VERBOSE"))
                printf("seed %d, %s: %s\n", seed, t.family, err.message);
            if (err.code != ERROR_NONE && err.code != ERROR_UNSUPPORTED)
                fail_msg("seed %d, family %s: %s\n%s", seed, t.family, err.message, tools.data);
        }
        json_close(&t.form.tools);
        text_release(&tools);
    }
    printf("%zu grammars, %zu refused\n", n_tried, n_refused);
    assert_true(n_tried > 2 * n_refused);
}

/* ---- single answers ---- */

static const char TOOLS[] =
    "[{\"type\":\"function\",\"function\":{\"name\":\"get_weather\",\"parameters\":{\"type\":"
    "\"object\",\"properties\":{\"city\":{\"type\":\"string\"},\"days\":{\"type\":\"integer\","
    "\"minimum\":1,\"maximum\":14},\"unit\":{\"enum\":[\"c\",\"f\"]}},\"required\":[\"city\"],"
    "\"additionalProperties\":false}}},"
    "{\"type\":\"function\",\"function\":{\"name\":\"now\",\"parameters\":{\"type\":\"object\","
    "\"properties\":{},\"additionalProperties\":false}}},"
    "{\"type\":\"function\",\"function\":{\"name\":\"note\",\"parameters\":{\"type\":\"object\","
    "\"properties\":{\"at\":{\"type\":\"object\",\"properties\":{\"x\":{\"type\":\"integer\"}}},"
    "\"tags\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"integer\"}}}}}}]";

/* 'y'es, 'n'o, 'e'rror. */
static char judge_by(const struct answer_form *form, const char *answer, struct error *err)
{
    struct grammar *g;
    struct matcher *m;
    matcher_state s;
    if (!answer_grammar_open(&g, form, err))
        return 'e';
    assert_ok(matcher_open(&m, g, STATES_BYTES, err), *err);
    assert_ok(matcher_advance(m, matcher_start(m), slice_of(answer), &s, err), *err);
    char verdict = s != MATCHER_DEAD && matcher_may_end(m, s) ? 'y' : 'n';
    matcher_close(&m);
    grammar_close(&g);
    return verdict;
}

/* Options as letters: 'n'one or 'r'equired instead of auto, 'p'arallel calls, 't'hinking allowed,
 * 'T' begun by the prompt, 'o'nly the tool "now", without 'd'eclared tools. */
static struct answer_form form_of(const char *options, const struct json *tools,
                                  const struct dialect *dialect)
{
    struct answer_form form = {
        .dialect = dialect,
        .tools = strchr(options, 'd') ? NULL : tools,
        .choice = strchr(options, 'n')   ? TOOL_CHOICE_NONE
                  : strchr(options, 'r') ? TOOL_CHOICE_REQUIRED
                                         : TOOL_CHOICE_AUTO,
        .is_parallel = strchr(options, 'p'),
        .may_think = strchr(options, 't'),
        .is_thinking = strchr(options, 'T'),
    };
    if (strchr(options, 'o'))
        form.tool = slice_of("now");
    return form;
}

struct answer_case {
    const char *family, *options, *format, *answer;
    char verdict;
};

static void check_cases(const struct answer_case *cases, size_t n)
{
    const struct json *tools = parsed(TOOLS);
    for (size_t i = 0; i < n; i++) {
        const struct answer_case *c = &cases[i];
        struct dialect_holder *holder;
        struct error err = { 0 };
        assert_ok(dialect_open_family(&holder, c->family, &err), err);
        struct answer_form form = form_of(c->options, tools, dialect_of(holder));
        if (c->format && strstr(c->format, "::="))
            form.grammar = slice_of(c->format);
        else if (c->format)
            form.format = slice_of(c->format);
        char verdict = judge_by(&form, c->answer, &err);
        if (verdict != c->verdict)
            fail_msg("%s (%s): '%s' is '%c' instead of '%c' %s", c->family, c->options, c->answer,
                     verdict, c->verdict, err.message);
        dialect_close(&holder);
    }
    json_close(&tools);
}

#define QWEN(arguments) \
    "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": " arguments "}\n</tool_call>"
#define QWEN_NOTE(arguments) \
    "<tool_call>\n{\"name\": \"note\", \"arguments\": " arguments "}\n</tool_call>"
#define QWEN_NOW "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>"

TEST(calls_have_the_arguments_that_their_schema_allows)
{
    static const struct answer_case cases[] = {
        { "qwen3", "", NULL, QWEN("{\"city\": \"Rome\"}"), 'y' },
        { "qwen3", "", NULL, QWEN("{\"city\":\"Rome\",\"days\":14,\"unit\":\"c\"}"), 'y' },
        { "qwen3", "", NULL, QWEN("{}"), 'n' },
        { "qwen3", "", NULL, QWEN("{\"days\": 3}"), 'n' },
        { "qwen3", "", NULL, QWEN("{\"city\": 3}"), 'n' },
        { "qwen3", "", NULL, QWEN("{\"city\": \"Rome\", \"days\": 15}"), 'n' },
        { "qwen3", "", NULL, QWEN("{\"city\": \"Rome\", \"days\": \"3\"}"), 'n' },
        { "qwen3", "", NULL, QWEN("{\"city\": \"Rome\", \"unit\": \"k\"}"), 'n' },
        { "qwen3", "", NULL, QWEN("{\"city\": \"Rome\", \"more\": 1}"), 'n' },
        { "qwen3", "", NULL, QWEN("{\"city\": \"Rome\""), 'n' },
        /* what a schema says nothing of is never meant, in calls */
        { "qwen3", "", NULL, QWEN_NOTE("{\"at\": {\"x\": 1}, \"tags\": {\"any\": 1}}"), 'y' },
        { "qwen3", "", NULL, QWEN_NOTE("{\"at\": {\"x\": 1}, \"more\": 1}"), 'n' },
        { "qwen3", "", NULL, QWEN_NOTE("{\"at\": {\"x\": 1, \"more\": 1}}"), 'n' },
        { "qwen3", "", NULL,
          "<tool_call>\n{\"name\": \"get_money\", \"arguments\": {}}\n</tool_call>", 'n' },
        { "qwen3-coder", "", NULL,
          "<tool_call>\n<function=get_weather>\n<parameter=city>\nnull\n</parameter>\n"
          "<parameter=days>\n7\n</parameter>\n</function>\n</tool_call>",
          'y' },
        { "qwen3-coder", "", NULL,
          "<tool_call>\n<function=get_weather>\n<parameter=city>\nRome\n</parameter>\n"
          "<parameter=days>\nseven\n</parameter>\n</function>\n</tool_call>",
          'n' },
        { "qwen3-coder", "", NULL, "<tool_call>\n<function=get_weather>\n</function>\n</tool_call>",
          'n' },
        { "qwen3-coder", "", NULL,
          "<tool_call>\n<function=now>\n<parameter=zone>\nUTC\n</parameter>\n</function>\n"
          "</tool_call>",
          'n' },
        /* the parser of this family takes "null" for a value of its own */
        { "poolside-v1", "", NULL,
          "<tool_call>get_weather<arg_key>city</arg_key><arg_value>null</arg_value></tool_call>",
          'n' },
        { "poolside-v1", "", NULL,
          "<tool_call>get_weather<arg_key>city</arg_key><arg_value>nulls</arg_value></tool_call>",
          'y' },
        { "gemma4", "", NULL,
          "<|tool_call>call:get_weather{city:<|\"|>\"Rome\\<|\"|>,days:3}<tool_call|>", 'y' },
        { "gemma4", "", NULL, "<|tool_call>call:get_weather{city:\"Rome\"}<tool_call|>", 'n' },
        { "lfm2", "p", NULL,
          "<|tool_call_start|>[get_weather(city=\"a\\n\", days=3), now()]<|tool_call_end|>", 'y' },
        { "lfm2", "p", NULL, "<|tool_call_start|>[get_weather(city='a')]<|tool_call_end|>", 'n' },
        { "harmony", "", NULL,
          "<|channel|>commentary to=functions.now <|constrain|>json<|message|>{}", 'y' },
        { "ministral", "p", NULL, "[TOOL_CALLS]now[ARGS]{}[TOOL_CALLS]now[ARGS]{}", 'y' },
    };
    check_cases(cases, COUNT_OF(cases));
}

TEST(choices_are_kept)
{
    static const struct answer_case cases[] = {
        { "qwen3", "", NULL, "", 'y' },
        { "qwen3", "", NULL, "Just <words> and {braces}.", 'y' },
        { "qwen3", "", NULL, "Let me see.\n" QWEN_NOW, 'y' },
        { "qwen3", "", NULL, QWEN_NOW "\n" QWEN_NOW, 'n' },
        { "qwen3", "p", NULL, QWEN_NOW "\n" QWEN_NOW, 'y' },
        { "qwen3", "p", NULL, QWEN_NOW " And now?", 'n' }, /* nothing follows the calls */
        { "qwen3", "", NULL, "what a <tool_call> is", 'n' },
        { "qwen3", "n", NULL, "No tools, <tool_cal", 'y' },
        { "qwen3", "n", NULL, QWEN_NOW, 'n' },
        { "qwen3", "n", NULL, "what a <tool_call> is", 'n' },
        { "qwen3", "r", NULL, QWEN_NOW, 'y' },
        { "qwen3", "r", NULL, "\n" QWEN_NOW, 'y' },
        { "qwen3", "r", NULL, "I would not.", 'n' },
        { "qwen3", "r", NULL, "", 'n' },
        { "qwen3", "r", NULL, "First this.\n" QWEN_NOW, 'n' },
        { "qwen3", "ro", NULL, QWEN_NOW, 'y' },
        { "qwen3", "ro", NULL, QWEN("{\"city\": \"Rome\"}"), 'n' },
        { "qwen3", "rd", NULL, QWEN_NOW, 'e' },
        { "passthrough", "r", NULL, "", 'e' },
        { "harmony", "", NULL, "<|channel|>final<|message|>Hi!", 'y' },
        { "harmony", "", NULL, "Hi!", 'n' },
        { "harmony", "r", NULL, "<|channel|>final<|message|>Hi!", 'n' },
        { "cohere", "p", NULL,
          "<|START_TEXT|>So.<|END_TEXT|><|START_ACTION|>[\n    {\"tool_call_id\": \"0\", "
          "\"tool_name\": \"now\", \"parameters\": {}}\n]<|END_ACTION|>",
          'y' },
    };
    check_cases(cases, COUNT_OF(cases));
}

TEST(thinking_is_free_and_what_follows_is_not)
{
    static const struct answer_case cases[] = {
        { "qwen3-thinking", "rt", NULL, "<think>\nAny {text}\n</think>\n\n" QWEN_NOW, 'y' },
        { "qwen3-thinking", "rt", NULL, QWEN_NOW, 'y' },
        { "qwen3-thinking", "r", NULL, "<think>\nhm\n</think>\n\n" QWEN_NOW, 'n' },
        { "qwen3-thinking", "rT", NULL, "hm\n</think>\n\n" QWEN_NOW, 'y' },
        { "qwen3-thinking", "rT", NULL, "</think>" QWEN_NOW, 'y' },
        { "qwen3-thinking", "rT", NULL, QWEN_NOW, 'n' },
        { "qwen3-thinking", "rT", NULL, QWEN_NOW "</think>" QWEN_NOW, 'n' },
        { "qwen3-thinking", "T", NULL, "hm</think>Yes. What </think> means", 'y' },
        { "qwen3-thinking", "t", NULL, "<think> without end", 'n' },
        { "qwen3-thinking", "", NULL, " <think>hm</think>Yes", 'n' },
        { "qwen3-thinking", "T", "json", "{\"a\": 1}</think>\n\n{\"b\":2}", 'y' },
        { "qwen3-thinking", "T", "json", "{\"a\": 1}", 'n' },
        { "qwen3-thinking", "t", "json", "<think>so</think>{}", 'y' },
        { "qwen3-thinking", "t", "json", "<think>so</think>So {}", 'n' },
        { "qwen3", "tT", "json", "{}", 'y' }, /* no thinking: just the format */
        { "harmony", "rt", NULL,
          "<|channel|>analysis<|message|>so<|end|><|start|>assistant<|channel|>commentary "
          "to=functions.now <|constrain|>json<|message|>{}",
          'y' },
        { "harmony", "t", NULL,
          "<|channel|>analysis<|message|>so<|end|><|start|>assistant<|channel|>final<|message|>Yes",
          'y' },
        { "gemma4", "t", NULL, "<|channel>thought\nso<channel|>Yes", 'y' },
    };
    check_cases(cases, COUNT_OF(cases));
}

TEST(a_format_holds_for_the_whole_content)
{
    static const struct answer_case cases[] = {
        { "qwen3", "d", "json", "{\"a\": [1, {}]}", 'y' },
        { "qwen3", "d", "json", "[1]", 'n' },
        { "qwen3", "d", "json", "Sure: {}", 'n' },
        { "qwen3", "d", "json", "{} ", 'n' },
        { "qwen3", "d", FORMAT, "{\"n\": 3, \"s\": \"<tool_call>\"}", 'y' },
        { "qwen3", "d", FORMAT, "{\"s\": \"x\"}", 'n' },
        { "qwen3", "", FORMAT, "{\"n\": 3}", 'y' },
        { "qwen3", "", FORMAT, "{\"n\": 3, \"s\": \"a <tool_call> b\"}", 'n' }, /* would be one */
        { "qwen3", "", FORMAT, QWEN_NOW, 'y' },
        { "qwen3", "", FORMAT, "{\"n\": 3}\n" QWEN_NOW, 'n' },
        { "qwen3", "n", FORMAT, QWEN_NOW, 'n' },
        { "qwen3", "r", FORMAT, "{\"n\": 3}", 'n' },
        { "harmony", "d", FORMAT, "<|channel|>final<|message|>{\"n\":1}", 'y' },
        { "harmony", "d", FORMAT, "{\"n\":1}", 'n' },
        { "qwen3", "d", "root ::= \"yes\" | \"no\"", "yes", 'y' },
        { "qwen3", "d", "root ::= \"yes\" | \"no\"", "yes.", 'n' },
        { "qwen3", "", "root ::= \"yes\" | \"no\"", QWEN_NOW, 'y' },
        { "qwen3-thinking", "t", "root ::= [a-z]+", "<think>1 2 3</think>\nabc", 'y' },
        { "qwen3", "d", "{\"type\":\"object\",\"contains\":{}}", "{}", 'e' },
        { "qwen3", "d", "{\"uniqueItems\":true}", "[]", 'e' },
        { "qwen3", "d", "{\"type\"", "{}", 'e' },
        { "qwen3", "d", "root ::= (", "", 'e' },
        { "qwen3", "d", "root ::= root \"a\"", "", 'e' },
    };
    check_cases(cases, COUNT_OF(cases));
}

/* ---- refusals ---- */

static void check_refusal(const char *family, const char *parameters, enum error_code code,
                          const char *words)
{
    struct text tools;
    struct dialect_holder *holder;
    struct error err = { 0 };
    text_init(&tools, SIZE_MAX);
    assert_true(text_printf(
        &tools, "[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":%s}}]",
        parameters));
    const struct json *declared = parsed(tools.data);
    assert_ok(dialect_open_family(&holder, family, &err), err);
    struct answer_form form = { .dialect = dialect_of(holder), .tools = declared };
    assert_int_equal(judge_by(&form, "", &err), 'e');
    assert_int_equal(err.code, code);
    if (!strstr(err.message, words) || !strstr(err.message, "'f'"))
        fail_msg("'%s' does not name 'f' and say '%s'", err.message, words);
    dialect_close(&holder);
    json_close(&declared);
    text_release(&tools);
}

TEST(what_cannot_be_enforced_or_spelled_is_refused_by_name)
{
    check_refusal("qwen3", "{\"type\":\"object\",\"properties\":{\"a\":{\"uniqueItems\":true}}}",
                  ERROR_UNSUPPORTED, "#/properties/a/uniqueItems");
    check_refusal("qwen3", "{\"type\":\"string\"}", ERROR_UNSUPPORTED, "#");
    check_refusal("qwen3", "{\"properties\":{\"a\":{\"$ref\":\"#/none\"}}}", ERROR_UNSUPPORTED,
                  "$ref");
    check_refusal("qwen3",
                  "{\"properties\":{\"a\":{\"type\":\"integer\",\"minimum\":3,\"maximum\":2}},"
                  "\"required\":[\"a\"]}",
                  ERROR_UNSUPPORTED, "no arguments fit");
    check_refusal("qwen3-coder", "{\"properties\":{\"a>b\":{\"type\":\"string\"}}}",
                  ERROR_UNSUPPORTED, "a>b");
    check_refusal("poolside-v1",
                  "{\"properties\":{\"a\":{\"type\":\"string\",\"enum\":[\"null\",\"NULL\"]}}}",
                  ERROR_UNSUPPORTED, "#/properties/a");
    check_refusal("qwen3-coder",
                  "{\"properties\":{\"a\":{\"type\":\"string\",\"const\":\"x\\n</parameter>\"}}}",
                  ERROR_UNSUPPORTED, "#/properties/a");
    check_refusal("gemma4", "{\"properties\":{\"a\":{\"type\":\"string\",\"const\":\"<|\\\"|>\"}}}",
                  ERROR_UNSUPPORTED, "#/properties/a");
}

TEST(only_answers_that_are_limited_need_a_grammar)
{
    static const struct {
        const char *family, *options;
        bool limits;
    } cases[] = {
        { "qwen3", "", true },        { "qwen3", "n", true },        { "qwen3", "d", false },
        { "passthrough", "", false }, { "passthrough", "rd", true },
    };
    const struct json *tools = parsed(TOOLS);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct dialect_holder *holder;
        struct error err = { 0 };
        assert_ok(dialect_open_family(&holder, cases[i].family, &err), err);
        struct answer_form form = form_of(cases[i].options, tools, dialect_of(holder));
        assert_int_equal(answer_form_limits(&form), cases[i].limits);
        form.format = slice_of("json");
        assert_true(answer_form_limits(&form));
        dialect_close(&holder);
    }
    json_close(&tools);
}

/* ---- control tokens ---- */

static struct tokenizer *tokenizer_with_controls(void)
{
    static const char json[] =
        "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]},\"added_tokens\":["
        "{\"id\":1,\"content\":\"<think>\",\"special\":true},"
        "{\"id\":2,\"content\":\"</think>\",\"special\":true},"
        "{\"id\":3,\"content\":\"<tool_call>\",\"special\":true},"
        "{\"id\":4,\"content\":\"</tool_call>\",\"special\":false}]}";
    struct tokenizer *t;
    struct error err = { 0 };
    assert_ok(tokenizer_from_json(&t, json, strlen(json), "test", &err), err);
    return t;
}

TEST(tags_that_are_control_tokens_are_those_and_no_letters)
{
    static const struct {
        const char *answer;
        char verdict;
    } cases[] = {
        { "\xfe<think>so\xfe</think>\n\xfe" QWEN_NOW, 'y' },
        { "<think>so</think>\n\xfe" QWEN_NOW, 'n' },
        { "\xfe<think>so</think>\n\xfe" QWEN_NOW, 'n' },
        { "\xfe" QWEN_NOW, 'y' },
        { QWEN_NOW, 'n' },
        { "Well \xfe" QWEN_NOW, 'y' },
        { "Well \xfe<think>", 'n' },
        { "Well <tool_call>", 'n' },
    };
    struct tokenizer *tokenizer = tokenizer_with_controls();
    const struct json *tools = parsed(TOOLS);
    struct dialect_holder *holder;
    struct error err = { 0 };
    assert_ok(dialect_open_family(&holder, "qwen3-thinking", &err), err);
    struct answer_form form = {
        .dialect = dialect_of(holder), .tokenizer = tokenizer, .tools = tools, .may_think = true
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char verdict = judge_by(&form, cases[i].answer, &err);
        if (verdict != cases[i].verdict)
            fail_msg("'%s' is '%c' %s", cases[i].answer, verdict, err.message);
    }
    dialect_close(&holder);
    json_close(&tools);
    tokenizer_close(&tokenizer);
}

TEST(memory_that_runs_out_is_an_error)
{
    static const char *const families[] = { "qwen3-thinking", "qwen3-coder", "gemma4", "lfm2" };
    const struct json *tools = parsed(TOOLS);
    for (size_t i = 0; i < COUNT_OF(families); i++) {
        struct dialect_holder *holder;
        struct error err = { 0 };
        assert_ok(dialect_open_family(&holder, families[i], &err), err);
        struct answer_form form = { .dialect = dialect_of(holder),
                                    .tools = tools,
                                    .may_think = true };
        bool is_done = false;
        for (int64_t n = 0; !is_done && n < 100000; n += 1 + n / 8) {
            struct grammar *g;
            memory_fail_after(n);
            is_done = answer_grammar_open(&g, &form, &err);
            memory_fail_after(-1);
            assert_true(is_done || err.code == ERROR_MEMORY || err.code == ERROR_BUDGET ||
                        err.code == ERROR_UNSUPPORTED);
            grammar_close(&g);
        }
        assert_true(is_done);
        dialect_close(&holder);
    }
    json_close(&tools);
}

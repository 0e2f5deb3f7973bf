/* test_answer_grammar.c: what the grammar of answers allows, readers of answers understand: every
 * call is one of a declared tool and valid under its schema, however the text is cut. */
#include "test.h"

#include "answer_sample.h"
#include "chat/answer_reader.h"
#include "chat/output_family.h"
#include "dialogue/answer_grammar.h"
#include "runtime/grammar/schema_shape.h"
#include "tool_schemas.h"

#include <stdlib.h>

enum { STATES_BYTES = 64 << 20, N_SEEDS = 1000, N_FAMILIES = 2 };

static const struct json *parsed(const char *text)
{
    const struct json *value;
    struct error err = { 0 };
    assert_ok(json_open(&value, text, strlen(text), "test", &err), err);
    return value;
}

/* ---- reading ---- */

struct reading {
    struct text events; /* one line each, joined texts */
    enum output_kind last;
    uint32_t n_calls;
    bool has_content, has_events;
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
    if (event->kind != OUTPUT_TOOL_CALL) {
        r->has_content |= event->kind == OUTPUT_CONTENT;
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

static void check_answer(struct trial *t, const struct text *answer)
{
    struct reading r[N_CUTTINGS];
    for (enum cutting c = WHOLE; c < N_CUTTINGS; c++) {
        struct error err = { 0 };
        r[c] = (struct reading){ .tools = t->form.tools };
        text_init(&r[c].events, SIZE_MAX);
        if (!read_answer(&r[c], &t->form, text_slice(answer), c, &t->random, &err))
            explain(t, answer, err.message);
        if (!slice_equal(text_slice(&r[c].events), text_slice(&r[0].events)))
            explain(t, answer, "cut otherwise, it is read otherwise");
    }
    bool is_required = t->form.choice == TOOL_CHOICE_REQUIRED;
    if (is_required && (r[0].n_calls == 0 || r[0].has_content))
        explain(t, answer, "no call, or content, where calls were required");
    if (t->form.choice == TOOL_CHOICE_NONE && r[0].n_calls > 0)
        explain(t, answer, "a call where none was allowed");
    if (!t->form.is_parallel && r[0].n_calls > 1)
        explain(t, answer, "more than one call");
    for (enum cutting c = WHOLE; c < N_CUTTINGS; c++)
        text_release(&r[c].events);
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
    t->form.may_think = t->form.is_thinking = false;
}

/* False: the tools cannot be spelled in this dialect. */
static bool try_family(struct trial *t, const char *family, struct error *err)
{
    struct dialect_holder *holder;
    struct grammar *g;
    assert_ok(dialect_open_family(&holder, family, err), *err);
    t->family = family;
    t->form.dialect = t->dialect = dialect_of(holder);
    bool is_possible = t->dialect->calls.arguments != ARGUMENTS_NONE;
    if (is_possible) {
        choose_form(t);
        is_possible = answer_grammar_open(&g, &t->form, err);
        if (is_possible)
            sample_answers(t, g, 2);
        grammar_close(&g);
    }
    dialect_close(&holder);
    return is_possible;
}

TEST(every_call_of_a_thousand_tools_is_read_and_valid)
{
    size_t n_families = 0, n_tried = 0, n_refused = 0;
    while (output_families[n_families])
        n_families++;
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
            const char *family =
                output_families[((size_t)seed * N_FAMILIES + (size_t)i) % n_families]->facts.name;
            bool is_possible = try_family(&t, family, &err);
            n_tried += is_possible;
            n_refused += err.code != ERROR_NONE;
            if (err.code != ERROR_NONE && getenv("HEARTH_TEST_VERBOSE"))
                printf("seed %d, %s: %s\n", seed, family, err.message);
            if (err.code != ERROR_NONE && err.code != ERROR_UNSUPPORTED)
                fail_msg("seed %d, family %s: %s\n%s", seed, family, err.message, tools.data);
        }
        json_close(&t.form.tools);
        text_release(&tools);
    }
    printf("%zu grammars, %zu refused\n", n_tried, n_refused);
    assert_true(n_tried > 2 * n_refused);
}

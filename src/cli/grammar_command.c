#include "base/clock.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/grammar_cost.h"
#include "cli/input_file.h"
#include "cli/output.h"
#include "runtime/grammar/gbnf.h"
#include "runtime/grammar/json_schema.h"
#include "runtime/grammar/json_text.h"
#include "runtime/grammar/sample.h"

#include <stdio.h>

static const char about[] =
    "Says whether a document belongs to a grammar, or writes random texts of it.\n"
    "With --schema the grammar is that of a JSON Schema's documents, in which the order of "
    "members\n"
    "and white space do not count for --check; with --gbnf the document is taken as it is.\n"
    "--check prints \"accepted\" (exit status 0) or \"refused\" (exit status 1).\n"
    "--cost measures instead how long a model's vocabulary is masked for the samples or the "
    "document.\n";

enum { STATES_BYTES = 256 << 20, TEXT_BYTES = 1 << 20, FILE_BYTES = 64 << 20, MAX_ORDERS = 40320 };

struct grammar_request {
    const char *schema, *gbnf, *check, *cost;
    uint32_t n_samples, length;
    int64_t seed;
};

static bool open_grammar(const struct grammar_request *r, struct grammar **out, struct error *err)
{
    struct text source;
    const char *path = r->schema ? r->schema : r->gbnf;
    const struct json *schema = NULL;
    bool ok = input_file_read(&source, path, FILE_BYTES, err);
    if (ok && r->schema)
        ok = json_open(&schema, source.data ? source.data : "", source.length, path, err) &&
             json_schema_open(out, schema, r->n_samples ? JSON_SPACING_COMPACT : JSON_SPACING_FREE,
                              err);
    else if (ok)
        ok = gbnf_open(out, text_slice(&source), err);
    json_close(&schema);
    text_release(&source);
    return ok;
}

static bool accepts_text(struct matcher *m, struct slice text, bool *yes, struct error *err)
{
    matcher_state state;
    if (!matcher_advance(m, matcher_start(m), text, &state, err))
        return false;
    *yes = state != MATCHER_DEAD && matcher_may_end(m, state);
    return true;
}

static bool accepts_document(struct matcher *m, const struct json *document, bool *yes,
                             struct error *err)
{
    uint64_t n_orders = json_count_orders(document);
    *yes = false;
    for (uint64_t order = 0; !*yes && order < n_orders && order < MAX_ORDERS; order++) {
        struct text spelled;
        text_init(&spelled, SIZE_MAX);
        bool ok = json_spell_in_order(&spelled, document, order)
                      ? accepts_text(m, text_slice(&spelled), yes, err)
                      : fail(err, ERROR_MEMORY, "out of memory for the document");
        text_release(&spelled);
        if (!ok)
            return false;
    }
    return true;
}

static bool check(const struct grammar_request *r, struct matcher *m, bool *yes, struct error *err)
{
    struct text text;
    const struct json *document = NULL;
    bool ok = input_file_read(&text, r->check, FILE_BYTES, err);
    if (ok && r->schema)
        ok = json_open(&document, text.data ? text.data : "", text.length, r->check, err) &&
             accepts_document(m, document, yes, err);
    else if (ok)
        ok = accepts_text(m, text_slice(&text), yes, err);
    json_close(&document);
    text_release(&text);
    if (ok)
        puts(*yes ? "accepted" : "refused");
    return ok;
}

/* Append the random texts, a line each. */
static bool sample(const struct grammar_request *r, struct matcher *m, struct text *lines,
                   struct error *err)
{
    uint64_t random = (uint64_t)r->seed * 0x9E3779B97F4A7C15u + 1;
    for (uint32_t i = 0; i < r->n_samples; i++) {
        struct text out;
        text_init(&out, TEXT_BYTES);
        bool ok = grammar_sample(m, &random, r->length, &out, err);
        if (ok && (!text_append_slice(lines, text_slice(&out)) || !text_append_byte(lines, '\n')))
            ok = fail(err, ERROR_MEMORY, "out of memory for the samples");
        text_release(&out);
        if (!ok)
            return false;
    }
    return true;
}

static bool show_samples(const struct grammar_request *r, struct matcher *m, struct error *err)
{
    struct text lines;
    text_init(&lines, SIZE_MAX);
    bool ok = sample(r, m, &lines, err);
    if (ok)
        fwrite(lines.data, 1, lines.length, stdout);
    text_release(&lines);
    return ok;
}

static bool measure(const struct grammar_request *r, struct error *err)
{
    struct grammar *g = NULL;
    struct matcher *m = NULL;
    struct text texts;
    uint64_t start = clock_ns();
    text_init(&texts, SIZE_MAX);
    bool ok = open_grammar(r, &g, err);
    uint64_t compile_ns = clock_ns() - start;
    if (ok && r->check)
        ok = input_file_read(&texts, r->check, FILE_BYTES, err);
    else if (ok)
        ok = matcher_open(&m, g, STATES_BYTES, err) && sample(r, m, &texts, err);
    matcher_close(&m);
    if (ok) {
        ok = grammar_cost(g, compile_ns, r->cost, text_slice(&texts), err);
        g = NULL;
    }
    grammar_close(&g);
    text_release(&texts);
    return ok;
}

static bool answer(const struct grammar_request *r, bool *yes, struct error *err)
{
    struct grammar *g = NULL;
    struct matcher *m = NULL;
    *yes = true;
    if (r->cost)
        return measure(r, err);
    bool ok = open_grammar(r, &g, err) && matcher_open(&m, g, STATES_BYTES, err) &&
              (r->check ? check(r, m, yes, err) : show_samples(r, m, err));
    matcher_close(&m);
    grammar_close(&g);
    return ok;
}

int grammar_command(int argc, char **argv)
{
    struct grammar_request r = { .length = 200, .seed = 1 };
    const struct option_row rows[] = {
        { "schema", 0, OPTION_TEXT, &r.schema, 0, 0, "FILE", "A JSON Schema" },
        { "gbnf", 0, OPTION_TEXT, &r.gbnf, 0, 0, "FILE", "A grammar in llama.cpp's notation" },
        { "check", 0, OPTION_TEXT, &r.check, 0, 0, "DOC", "The document to judge" },
        { "sample", 0, OPTION_U32, &r.n_samples, 0, 1e6, "N", "Write N random texts, a line each" },
        { "cost", 0, OPTION_TEXT, &r.cost, 0, 0, "MODEL", "Measure masks for this vocabulary" },
        { "length", 0, OPTION_U32, &r.length, 0, 1e6, "N", "Bytes before a sample ends: 200" },
        { "seed", 0, OPTION_I64, &r.seed, 0, 0, "N", "Of the samples: 1" },
    };
    const struct usage usage = {
        "grammar --schema FILE|--gbnf FILE (--check DOC | --sample N) [--cost MODEL]",
        about,
        rows,
        COUNT_OF(rows),
        0,
        0
    };
    int status;
    if (!command_begin(&usage, &argc, argv, &status))
        return status;
    if (!r.schema == !r.gbnf)
        return report_usage("grammar", "give one of --schema and --gbnf");
    if (!r.check == !r.n_samples)
        return report_usage("grammar", "give one of --check and --sample");
    struct error err = { 0 };
    bool yes;
    if (!answer(&r, &yes, &err))
        return report(err.message);
    return yes ? 0 : 1;
}

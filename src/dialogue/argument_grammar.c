#include "dialogue/argument_grammar.h"

#include "base/memory.h"
#include "base/slice_text.h"
#include "chat/white_space.h"
#include "dialogue/free_text.h"
#include "dialogue/json_without.h"
#include "dialogue/raw_text.h"
#include "runtime/grammar/json_text.h"

/* Names in tags: these end with one of the signs, and white space around names is taken away. */
#define TAG_NAME_SIGN "[^\\x00-\\x1f<>\"\\s\\x85]"
#define TAG_NAME      "^" TAG_NAME_SIGN "([^\\x00-\\x1f<>\"]*" TAG_NAME_SIGN ")?$"

/* Names that need no quotes; others stand as strings of JSON, without escapes that not every reader
 * knows. */
#define BARE_NAME   "^[A-Za-z0-9_]+$"
#define QUOTED_NAME "^\"([^\"\\\\]|\\\\[\"\\\\bfnrt])+\"$"

/* Names before a sign, which have nothing that begins a string or a list. */
#define KEYWORD_SIGN "[^\\x00-\\x1f\"'=,()\\[\\]{}<>\\s\\x85]"
#define KEYWORD      "^" KEYWORD_SIGN "([^\\x00-\\x1f\"'=,()\\[\\]{}<>]*" KEYWORD_SIGN ")?$"

/* Arguments that are read alike are spelled alike. */
struct raw_spelling {
    struct raw_spelling *next;
    struct raw_reading reading;
    struct raw_text texts;
    struct value_spelling spelling;
};

struct argument_grammar {
    struct grammar *g;
    const struct tokenizer *tokenizer;
    const struct dialect *dialect;
    const struct call_syntax *syntax;
    const struct json *parameters; /* those at hand */
    struct marks marks;            /* that no string may hold */
    struct json_without json;
    struct value_spelling root, inside; /* of arguments, of values in others */
    struct raw_spelling *raw;
    /* Whatever the spelling needs: names, strings as they are. */
    struct regular *names, *declared_names, *unescaped;
    struct code_points avoided[MAX_AVOIDED];
    struct text quote;
    struct string_cache *strings;
};

/* ---- marks ---- */

/* A family's parser looks for its tags wherever they stand, without the white space around them. */
static void collect_family_marks(struct marks *marks, const struct dialect *d)
{
    const struct call_syntax *s = &d->calls;
    const struct slice ends[] = { s->close, s->section_close, s->between };
    const struct slice parts[] = { s->open,     s->name_again,   s->name_end,
                                   s->arg_open, s->arg_name_end, s->arg_close };
    for (size_t i = 0; i < COUNT_OF(ends); i++)
        marks_add(marks, ends[i]);
    for (size_t i = 0; s->arguments == ARGUMENTS_RAW && i < COUNT_OF(parts); i++)
        marks_add(marks, parts[i]);
    marks_add_family(marks, d->family);
}

/* Who reads by the texts knows strings by their quotes, and takes a value without quotes up to the
 * whole of what closes it. White space that closes it may also be the beginning of that. */
static void collect_marks(struct marks *marks, const struct dialect *d)
{
    if (d->family)
        collect_family_marks(marks, d);
    if (d->calls.arguments == ARGUMENTS_RAW)
        marks_add_text(marks, trim_right(d->calls.arg_close));
}

/* ---- spellings ---- */

static bool spell_as_is(struct text *out, struct slice text)
{
    return text_append_slice(out, text);
}

static bool names_of(struct regular **out, const char *pattern, struct error *err)
{
    struct grammar *own = grammar_new();
    grammar_expr e = GRAMMAR_NONE;
    if (own && !pattern_expr(own, slice_of(pattern), grammar_class, &e, err)) {
        grammar_close(&own);
        return false;
    }
    return regular_of(out, own, e, err);
}

static bool spell_json(struct argument_grammar *a)
{
    a->root = a->json.spelling;
    a->root.kinds = VALUE_OBJECT;
    a->root.inside = &a->json.spelling;
    return true;
}

/* Arguments one after another, as `inside` spells their values. */
static bool spell_apart(struct argument_grammar *a, const char *names, struct error *err)
{
    const struct call_syntax *s = a->syntax;
    grammar_expr none = grammar_sequence(a->g, NULL, 0);
    if (!names_of(&a->names, names, err))
        return false;
    a->root = (struct value_spelling){
        .kinds = VALUE_OBJECT,
        .object_open = none,
        .object_close = none,
        .comma = tag_expr(a->g, a->tokenizer, s->arg_between),
        .names = { .character = grammar_class, .spell = spell_as_is, .allowed = a->names },
        .member_open = tag_expr(a->g, a->tokenizer, s->arg_open),
        .colon = tag_expr(a->g, a->tokenizer, s->arg_name_end),
        .member_close = tag_expr(a->g, a->tokenizer, s->arg_close),
        .is_declared_only = true,
        .inside = &a->inside,
        .context = a,
    };
    return true;
}

/* ---- strings as they are ---- */

static bool add_raw(struct argument_grammar *a, const struct raw_reading *reading,
                    struct raw_spelling **out, struct error *err)
{
    struct raw_spelling *raw = *out = memory_zeroed(1, sizeof *raw);
    if (!raw)
        return fail_memory(err, sizeof *raw, "the spelling of an argument");
    raw->next = a->raw;
    raw->reading = *reading;
    a->raw = raw;
    if (!raw_text_init(&raw->texts, a->g, reading, &a->marks, a->unescaped, err))
        return false;
    raw->spelling = a->json.spelling;
    raw->spelling.kinds = raw_reading_kinds(reading);
    raw->spelling.strings = raw->texts.spelling;
    raw->spelling.inside = &a->json.spelling;
    return true;
}

/* A family's parser takes line breaks away that the tags already have or not. */
static bool are_ends_cut(const struct dialect *d)
{
    return d->family &&
           !(ends_with(d->calls.arg_name_end, "\n") && begins_with(d->calls.arg_close, "\n"));
}

static bool raw_member(void *context, struct slice name, const struct value_spelling **out,
                       struct error *err)
{
    struct argument_grammar *a = context;
    struct raw_spelling *raw = a->raw;
    struct raw_reading reading = {
        .types = argument_types_of(a->parameters, name),
        .by_family = a->dialect->family,
        .ends_are_cut = are_ends_cut(a->dialect),
    };
    while (raw && !raw_readings_equal(&raw->reading, &reading))
        raw = raw->next;
    if (!raw && !add_raw(a, &reading, &raw, err))
        return false;
    *out = &raw->spelling;
    return true;
}

static bool spell_raw(struct argument_grammar *a, struct error *err)
{
    struct text_limits limits = { .absent = a->marks.items, .n_absent = a->marks.count };
    if (!spell_apart(a, TAG_NAME, err) || !free_text(&a->unescaped, grammar_class, &limits, err))
        return false;
    a->root.member = raw_member;
    return a->syntax->arg_close.length ||
           fail(err, ERROR_UNSUPPORTED, "nothing ends an argument in this model's calls");
}

/* ---- Python ---- */

/* Strings as JSON has them are the same in Python, all but some escapes in names. */
static bool spell_python(struct argument_grammar *a, struct error *err)
{
    static const struct slice escape = { "\\u", 2 };
    struct text_limits limits = { .absent = &escape, .n_absent = 1 };
    if (!spell_apart(a, KEYWORD, err) ||
        !free_text(&a->declared_names, json_character, &limits, err))
        return false;
    a->inside = a->json.spelling;
    a->inside.null = "None";
    a->inside.yes = "True";
    a->inside.no = "False";
    a->inside.names.allowed = a->declared_names;
    return true;
}

/* ---- own quotes ---- */

static bool is_bare(struct slice name)
{
    for (size_t i = 0; i < name.length; i++) {
        char c = name.data[i], lower = (char)(c | 0x20);
        if (c != '_' && !(c >= '0' && c <= '9') && !(lower >= 'a' && lower <= 'z'))
            return false;
    }
    return name.length > 0;
}

static bool spell_member_name(struct text *out, struct slice name)
{
    if (is_bare(name))
        return text_append_slice(out, name);
    return text_append_byte(out, '"') && json_spell_characters(out, name) &&
           text_append_byte(out, '"');
}

/* Nothing is escaped between the quotes, and there are no such quotes between them. */
static bool limit_quoted(struct argument_grammar *a, struct error *err)
{
    struct string_spelling *strings = &a->inside.strings;
    struct marks marks = a->marks;
    marks_add_text(&marks, a->syntax->quote);
    struct text_limits limits = { .absent = marks.items, .n_absent = marks.count };
    *strings = (struct string_spelling){
        .quote = text_slice(&a->quote),
        .character = grammar_class,
        .spell = spell_as_is,
        .avoided = a->avoided,
    };
    if (!marks_avoid(&marks, a->avoided, &strings->n_avoided, err) ||
        !free_text(&a->unescaped, grammar_class, &limits, err))
        return false;
    strings->allowed = a->unescaped;
    strings->any = regular_expr(a->g, a->unescaped);
    return true;
}

static bool spell_quoted(struct argument_grammar *a, struct error *err)
{
    struct slice quote = a->syntax->quote;
    if (quote.length == 0)
        return fail(err, ERROR_UNSUPPORTED, "strings have no quotes in this model's calls");
    if (!tag_write(&a->quote, a->tokenizer, quote))
        return fail_memory(err, quote.length, "a quote");
    a->inside = json_spelling(a->g, JSON_SPACING_COMPACT);
    if (!spell_apart(a, BARE_NAME, err) || !limit_quoted(a, err) ||
        !names_of(&a->declared_names, BARE_NAME "|" QUOTED_NAME, err))
        return false;
    a->inside.names = a->root.names;
    a->inside.names.spell = a->root.names.spell = spell_member_name;
    a->inside.declared_names = a->root.declared_names = a->declared_names;
    return true;
}

/* ---- opening ---- */

static bool choose_spelling(struct argument_grammar *a, struct error *err)
{
    switch (a->syntax->arguments) {
    case ARGUMENTS_JSON:
        return spell_json(a);
    case ARGUMENTS_RAW:
        return spell_raw(a, err);
    case ARGUMENTS_PYTHON:
        return spell_python(a, err);
    case ARGUMENTS_QUOTED:
        return spell_quoted(a, err);
    default:
        return fail(err, ERROR_USAGE, "this model has no syntax for calls");
    }
}

bool argument_grammar_open(struct argument_grammar **out, struct grammar *g,
                           const struct dialect *dialect, const struct tokenizer *tokenizer,
                           struct error *err)
{
    struct argument_grammar *a = *out = memory_zeroed(1, sizeof *a);
    if (!a)
        return fail_memory(err, sizeof *a, "the grammar of arguments");
    a->g = g;
    a->tokenizer = tokenizer;
    a->dialect = dialect;
    a->syntax = &dialect->calls;
    text_init(&a->quote, SIZE_MAX);
    collect_marks(&a->marks, dialect);
    bool ok = json_without_init(&a->json, g, JSON_SPACING_FREE, &a->marks, err);
    a->json.spelling.omits_unsaid = true;
    ok = ok && string_cache_open(&a->strings, err) && choose_spelling(a, err);
    a->root.strings_so_far = a->strings;
    a->root.omits_unsaid = a->inside.omits_unsaid = true;
    if (!ok)
        argument_grammar_close(out);
    return ok;
}

void argument_grammar_close(struct argument_grammar **arguments)
{
    struct argument_grammar *a = *arguments;
    if (!a)
        return;
    while (a->raw) {
        struct raw_spelling *next = a->raw->next;
        raw_text_release(&a->raw->texts);
        memory_free(a->raw);
        a->raw = next;
    }
    json_without_release(&a->json);
    regular_close(&a->names);
    regular_close(&a->declared_names);
    regular_close(&a->unescaped);
    text_release(&a->quote);
    string_cache_close(&a->strings);
    memory_free(a);
    *arguments = NULL;
}

bool argument_grammar_expr(struct argument_grammar *a, const struct json *parameters,
                           grammar_expr *out, struct error *err)
{
    a->parameters = parameters;
    if (parameters)
        return json_schema_spelled_expr(a->g, parameters, &a->root, out, err);
    grammar_expr none[] = { a->root.object_open, a->root.object_close };
    *out = grammar_sequence(a->g, none, 2);
    return true;
}

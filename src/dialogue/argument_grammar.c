#include "dialogue/argument_grammar.h"

#include "base/memory.h"
#include "chat/argument_types.h"
#include "dialogue/free_text.h"
#include "dialogue/json_without.h"
#include "dialogue/raw_text.h"

/* Arguments that are declared with the same types are spelled alike. */
struct raw_spelling {
    struct raw_spelling *next;
    struct argument_types types;
    struct raw_text texts;
    struct value_spelling spelling;
};

struct argument_grammar {
    struct grammar *g;
    const struct call_syntax *syntax;
    const struct json *parameters; /* those at hand */
    struct marks marks;            /* that no string may hold */
    struct json_without json;      /* all values, or those inside of others */
    struct regular *names;         /* that arguments can have; NULL: all */
    struct value_spelling root;
    struct raw_spelling *raw;
};

/* Tags around names end with one of these signs; white space around names is taken away. */
#define NAME_CHARACTER "[^\\x00-\\x1f<>\"]"
#define NAME_SIGN      "[^\\x00-\\x1f<>\"\\s\\x85]"

/* ---- marks ---- */

/* What ends a call, or would look like the next part of one. */
static void collect_marks(struct marks *marks, const struct dialect *d)
{
    const struct call_syntax *s = &d->calls;
    const struct slice ends[] = { s->close, s->section_close, s->between };
    const struct slice parts[] = { s->open,         s->name_again, s->name_end, s->arg_open,
                                   s->arg_name_end, s->arg_close,  s->quote };
    for (size_t i = 0; i < COUNT_OF(ends); i++)
        marks_add(marks, ends[i]);
    for (size_t i = 0; s->arguments != ARGUMENTS_JSON && i < COUNT_OF(parts); i++)
        marks_add(marks, parts[i]);
    marks_add_family(marks, d->family);
}

/* ---- strings as they are ---- */

static bool same_types(const struct argument_types *a, const struct argument_types *b)
{
    return a->is_boolean == b->is_boolean && a->is_integer == b->is_integer &&
           a->is_number == b->is_number && a->is_array == b->is_array &&
           a->is_object == b->is_object && (a->count == 1) == (b->count == 1);
}

static bool add_raw(struct argument_grammar *a, const struct argument_types *types,
                    struct raw_spelling **out, struct error *err)
{
    const struct call_syntax *s = a->syntax;
    struct raw_spelling *raw = memory_zeroed(1, sizeof *raw);
    if (!raw)
        return fail_memory(err, sizeof *raw, "the spelling of an argument");
    raw->next = a->raw;
    a->raw = *out = raw;
    raw->types = *types;
    bool has_lines = s->arg_name_end.length && s->arg_close.length &&
                     s->arg_name_end.data[s->arg_name_end.length - 1] == '\n' &&
                     s->arg_close.data[0] == '\n';
    if (!raw_text_init(&raw->texts, a->g, types, &a->marks, !has_lines, err))
        return false;
    raw->spelling = a->json.spelling;
    raw->spelling.kinds = raw_text_kinds(types);
    raw->spelling.strings = raw->texts.spelling;
    raw->spelling.inside = &a->json.spelling;
    return true;
}

static bool raw_member(void *context, struct slice name, const struct value_spelling **out,
                       struct error *err)
{
    struct argument_grammar *a = context;
    const struct json *declared = json_member(json_get(a->parameters, "properties"), name);
    struct argument_types types = argument_types_of(declared);
    struct raw_spelling *raw = a->raw;
    while (raw && !same_types(&raw->types, &types))
        raw = raw->next;
    if (!raw && !add_raw(a, &types, &raw, err))
        return false;
    *out = &raw->spelling;
    return true;
}

/* ---- opening ---- */

static void spell_json(struct argument_grammar *a)
{
    a->root = a->json.spelling;
    a->root.kinds = VALUE_OBJECT;
    a->root.inside = &a->json.spelling;
}

static bool spell_as_is(struct text *out, struct slice text)
{
    return text_append_slice(out, text);
}

/* Names of arguments that stand without quotes. */
static bool limit_names(struct argument_grammar *a, const char *pattern, struct error *err)
{
    struct grammar *own = grammar_new();
    grammar_expr e = GRAMMAR_NONE;
    if (own && !pattern_expr(own, slice_of(pattern), grammar_class, &e, err)) {
        grammar_close(&own);
        return false;
    }
    return regular_of(&a->names, own, e, err);
}

/* Arguments one after another. */
static bool spell_apart(struct argument_grammar *a, const struct tokenizer *tokenizer,
                        const char *name_pattern, struct error *err)
{
    if (!limit_names(a, name_pattern, err))
        return false;
    const struct call_syntax *s = a->syntax;
    grammar_expr none = grammar_sequence(a->g, NULL, 0);
    a->root = (struct value_spelling){
        .kinds = VALUE_OBJECT,
        .object_open = none,
        .object_close = none,
        .comma = tag_expr(a->g, tokenizer, s->arg_between),
        .names = { .character = grammar_class, .spell = spell_as_is, .allowed = a->names },
        .member_open = tag_expr(a->g, tokenizer, s->arg_open),
        .colon = tag_expr(a->g, tokenizer, s->arg_name_end),
        .member_close = tag_expr(a->g, tokenizer, s->arg_close),
        .is_declared_only = true,
        .context = a,
    };
    return true;
}

static bool spell_raw(struct argument_grammar *a, const struct tokenizer *tokenizer,
                      struct error *err)
{
    bool ok = spell_apart(a, tokenizer, "^" NAME_SIGN "(" NAME_CHARACTER "*" NAME_SIGN ")?$", err);
    a->root.member = raw_member;
    return ok;
}

static bool choose_spelling(struct argument_grammar *a, const struct tokenizer *tokenizer,
                            struct error *err)
{
    switch (a->syntax->arguments) {
    case ARGUMENTS_JSON:
        spell_json(a);
        return true;
    case ARGUMENTS_RAW:
        return spell_raw(a, tokenizer, err);
    default:
        return fail(err, ERROR_UNSUPPORTED, "calls of this model cannot be constrained");
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
    a->syntax = &dialect->calls;
    collect_marks(&a->marks, dialect);
    bool ok = json_without_init(&a->json, g, JSON_SPACING_FREE, &a->marks, err) &&
              choose_spelling(a, tokenizer, err);
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

/* value_spelling.h: how the values that a schema allows are written: as JSON, or as a model spells
 * the arguments of its calls.
 *
 * Owns the spelling of JSON, and the writing of given values in any spelling. Leaves which values
 * there may be to json_schema.h. Expressions belong to one grammar; what a spelling points to must
 * outlive the making of that grammar. */
#ifndef VALUE_SPELLING_H
#define VALUE_SPELLING_H

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "runtime/grammar/json_schema.h"
#include "runtime/grammar/pattern.h"
#include "runtime/grammar/regular.h"
#include "runtime/grammar/string_cache.h"

enum value_kinds {
    VALUE_NULL = 1,
    VALUE_TRUE = 2,
    VALUE_FALSE = 4,
    VALUE_INTEGER = 8,
    VALUE_FRACTION = 16, /* numbers that are not integral */
    VALUE_STRING = 32,
    VALUE_ARRAY = 64,
    VALUE_OBJECT = 128,
    VALUE_BOOLEAN = VALUE_TRUE | VALUE_FALSE,
    VALUE_NUMBER = VALUE_INTEGER | VALUE_FRACTION,
    VALUE_ANY = 255,
};

enum { SPELLING_HEAD = 8 }; /* characters */

/* A text, character by character, between quotes. */
struct string_spelling {
    struct slice quote;
    pattern_character *character;
    bool (*spell)(struct text *out, struct slice text); /* the same of a given text */
    const struct regular *allowed;                      /* spelled texts; NULL: all */
    grammar_expr any;                                   /* all that are allowed */
    /* Automata cannot count far. Texts of more than SPELLING_HEAD characters are surely allowed
     * when they begin with one of `heads`, of as many characters (NULL: whatever they begin with),
     * avoid some characters and, where line breaks are cut off, do not end in one. */
    const struct regular *heads;
    const struct code_points *avoided; /* [n_avoided] */
    size_t n_avoided;
    bool ends_are_cut;
};

struct value_spelling {
    unsigned kinds;              /* of the values that can be written */
    const char *null, *yes, *no; /* words */
    struct string_spelling strings;
    grammar_expr array_open, array_close, object_open, object_close;
    grammar_expr comma;
    /* A member: member_open, its name, colon, its value, member_close. */
    struct string_spelling names;
    grammar_expr member_open, colon, member_close;
    bool is_declared_only; /* members that the schema does not name cannot be written */
    /* Nor are they where it names some and says nothing of others: allowed, and never meant. */
    bool omits_unsaid;
    const struct regular *declared_names; /* spelled; NULL: those that names allows */
    const struct value_spelling *inside;  /* of what is in arrays and objects; NULL: the same */
    /* Of the value of one member; NULL: as inside. */
    bool (*member)(void *context, struct slice name, const struct value_spelling **out,
                   struct error *err);
    void *context;
    struct string_cache *strings_so_far; /* of schemas in the same grammar; NULL: none is kept */
};

struct value_spelling json_spelling(struct grammar *g, enum json_spacing spacing);

unsigned value_kind(const struct json *value);

/* Append a value without white space. *is_possible: there is a spelling of it. False: memory. */
bool value_spell(struct text *out, const struct value_spelling *spelling, const struct json *value,
                 bool *is_possible) MUST_CHECK;

/* Allowed texts of at_least to at_most characters, spelled; not all of them when that would take
 * too many states. Errors: those of regular.h. */
bool string_spelling_counted(struct grammar *g, const struct string_spelling *s, uint32_t at_least,
                             uint32_t at_most, grammar_expr *out, struct error *err) MUST_CHECK;

/* The language of an expression of `own`, which is closed. */
bool regular_of(struct regular **out, struct grammar *own, grammar_expr e,
                struct error *err) MUST_CHECK;

/* As json_schema_expr, in another spelling. */
bool json_schema_spelled_expr(struct grammar *g, const struct json *schema,
                              const struct value_spelling *spelling, grammar_expr *out,
                              struct error *err) MUST_CHECK;

#endif

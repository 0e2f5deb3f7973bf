/* jinja_value.h: the values that a template computes with, after Python's.
 *
 * Owns their representation. Values never change once made, namespaces, loops, cyclers, joiners and
 * half-read iterators aside, so pieces may be shared freely and no value can hold itself but
 * through a namespace. Leaves what can be done with them to the files around. All memory belongs to
 * the rendering (or the template, for its constants). */
#ifndef JINJA_VALUE_H
#define JINJA_VALUE_H

#include "base/base.h"

enum jinja_kind {
    JINJA_MISSING, /* no value at all: an argument not given, the end of an iteration */
    JINJA_UNDEFINED,
    JINJA_NONE,
    JINJA_BOOL,
    JINJA_INTEGER,
    JINJA_BIG, /* an integer beyond 64 bits */
    JINJA_FLOAT,
    JINJA_STRING,
    JINJA_LIST,
    JINJA_TUPLE,
    JINJA_DICT,
    JINJA_RANGE,
    JINJA_VIEW, /* keys(), values() or items() of a dict */
    JINJA_ITERATOR,
    JINJA_NAMESPACE,
    JINJA_LOOP,
    JINJA_MACRO,
    JINJA_FUNCTION, /* a global function */
    JINJA_METHOD,   /* a method with the value it was taken from */
    JINJA_CYCLER,
    JINJA_JOINER,
    JINJA_SELF, /* what is called `self`: the template's blocks */
};

enum jinja_view { JINJA_KEYS, JINJA_VALUES, JINJA_ITEMS };

/* The `detail` of an undefined value: why there is none. Any other: the kind of the value that had
 * no such attribute or element. */
enum { JINJA_NO_SUCH_NAME = 200, JINJA_NOT_GIVEN, JINJA_FORBIDDEN, JINJA_EMPTY };

struct jinja_value {
    uint8_t kind;   /* enum jinja_kind */
    uint8_t detail; /* string: 1 for markup; view: enum jinja_view; undefined: why */
    union {
        bool boolean;
        int64_t integer;
        double real;
        const struct jinja_big *big;
        const struct jinja_string *string; /* undefined: its name or NULL */
        const struct jinja_list *list;     /* list and tuple */
        struct jinja_dict *dict;           /* dict, view and namespace */
        const struct jinja_range *range;
        struct jinja_iterator *iterator;
        struct jinja_loop *loop;
        const struct jinja_macro *macro;
        const struct jinja_builtin *function;
        const struct jinja_method *method;
        struct jinja_cycler *cycler;
        bool *joiner; /* whether it was used before */
    };
};

/* How much of a piece of memory is taken. Whoever ends where the taken part ends may grow in place,
 * since nobody else can see what follows: adding to a text or list n times costs n, not n * n. */
struct jinja_room {
    size_t used, capacity;
};

struct jinja_string {
    const char *data;        /* UTF-8, always valid */
    size_t length, n_points; /* bytes, code points */
    struct jinja_room *room; /* NULL: cannot grow */
};

struct jinja_list {
    const struct jinja_value *items;
    size_t count;
    struct jinja_room *room; /* NULL: cannot grow */
    bool is_group;           /* one of groupby's pairs */
};

struct jinja_range {
    int64_t start, stop, step, count;
};

struct jinja_method {
    struct jinja_value self;
    const struct jinja_builtin *function;
};

struct jinja_cycler {
    const struct jinja_list *items;
    size_t position;
};

static inline struct jinja_value jinja_missing(void)
{
    return (struct jinja_value){ .kind = JINJA_MISSING };
}

static inline struct jinja_value jinja_none(void)
{
    return (struct jinja_value){ .kind = JINJA_NONE };
}

static inline struct jinja_value jinja_bool(bool value)
{
    return (struct jinja_value){ .kind = JINJA_BOOL, .boolean = value };
}

static inline struct jinja_value jinja_integer(int64_t value)
{
    return (struct jinja_value){ .kind = JINJA_INTEGER, .integer = value };
}

static inline struct jinja_value jinja_float(double value)
{
    return (struct jinja_value){ .kind = JINJA_FLOAT, .real = value };
}

/* `why`: above; `name` may be NULL. */
static inline struct jinja_value jinja_undefined(uint8_t why, const struct jinja_string *name)
{
    return (struct jinja_value){ .kind = JINJA_UNDEFINED, .detail = why, .string = name };
}

static inline bool jinja_is(const struct jinja_value *v, enum jinja_kind kind)
{
    return v->kind == kind;
}

static inline bool jinja_is_given(const struct jinja_value *v)
{
    return v->kind != JINJA_MISSING;
}

static inline bool jinja_is_sequence(const struct jinja_value *v)
{
    return v->kind == JINJA_LIST || v->kind == JINJA_TUPLE;
}

/* Integers of any size, and bool, which Python counts among them. */
static inline bool jinja_is_integral(const struct jinja_value *v)
{
    return v->kind == JINJA_BOOL || v->kind == JINJA_INTEGER || v->kind == JINJA_BIG;
}

static inline bool jinja_is_number(const struct jinja_value *v)
{
    return jinja_is_integral(v) || v->kind == JINJA_FLOAT;
}

static inline struct slice jinja_slice(const struct jinja_value *string)
{
    return (struct slice){ string->string->data, string->string->length };
}

/* The integer of a bool or an integer of 64 bits. */
static inline int64_t jinja_int64(const struct jinja_value *v)
{
    return v->kind == JINJA_BOOL ? v->boolean : v->integer;
}

bool jinja_truth(const struct jinja_value *v);

/* Python's name of the type: "int", "str". */
const char *jinja_type_name(const struct jinja_value *v);

/* Whether two values are the same object, or so alike that nobody can tell. */
bool jinja_same(const struct jinja_value *a, const struct jinja_value *b);

/* len(v); false when it has none. */
bool jinja_length(const struct jinja_value *v, size_t *length);

#endif

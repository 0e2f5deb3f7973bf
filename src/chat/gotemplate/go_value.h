/* go_value.h: what a Go template computes with.
 *
 * Owns the shape of values, how JSON becomes one, and what counts as empty. Values are small and
 * copied; lists, members and text lie in an arena or in the template and are never changed. Any
 * thread may read them. */
#ifndef GO_VALUE_H
#define GO_VALUE_H

#include "base/arena.h"
#include "base/base.h"
#include "base/error.h"
#include "base/json.h"

enum go_kind {
    GO_NONE, /* no value at all: what a pipeline without a result leaves */
    GO_NIL,  /* a member that is absent or null */
    GO_BOOL,
    GO_INT,  /* constants, lengths and indexes */
    GO_BYTE, /* one byte of a text */
    GO_REAL, /* every number of JSON */
    GO_TEXT,
    GO_LIST,
    GO_MAP,
    GO_STRUCT, /* members in declared order; an unknown name is an error */
};

struct go_member;

struct go_value {
    enum go_kind kind;
    bool prints_json;  /* a list, map or struct that shows itself as JSON */
    bool is_type_list; /* the types of a tool's property: one shows itself without brackets */
    bool is_absent;    /* an empty list or map that was never made: JSON null */
    size_t count;      /* of items or members */
    union {
        bool flag;
        int64_t integer;
        double real;
        struct slice text;
        const struct go_value *items;
        const struct go_member *members;
    };
};

struct go_member {
    struct slice key;
    const char *json_key;  /* NULL: the key itself */
    bool omitted_if_empty; /* in JSON */
    struct go_value value;
};

static inline struct go_value go_bool(bool flag)
{
    return (struct go_value){ .kind = GO_BOOL, .flag = flag };
}

static inline struct go_value go_int(int64_t integer)
{
    return (struct go_value){ .kind = GO_INT, .integer = integer };
}

static inline struct go_value go_text(struct slice text)
{
    return (struct go_value){ .kind = GO_TEXT, .text = text };
}

static inline struct go_value go_list(const struct go_value *items, size_t count)
{
    return (struct go_value){ .kind = GO_LIST, .count = count, .items = items };
}

/* A value that lives as long as the arena and the document: objects sorted by key, as Go prints
 * and walks maps. */
bool go_value_from_json(struct go_value *out, const struct json *node, struct arena *arena,
                        struct error *err) MUST_CHECK;

/* Order by key. */
void go_sort_members(struct go_member *members, size_t count);

/* A member of a map or struct; NULL when there is none. */
const struct go_value *go_member_value(struct go_value value, struct slice key);

/* False, zero, nothing, or without elements. */
bool go_is_empty(struct go_value value);

/* What `if` asks. Structs are always true. */
bool go_is_true(struct go_value value);

#endif

#include "runtime/grammar/schema_shape.h"

#include "base/interruption.h"
#include "base/memory.h"
#include "runtime/grammar/grammar_expression.h"

#include <math.h>

enum { MAX_SHAPES = 1000, MAX_STEPS = 100000, EMPTY_DEPTH = 4 };

/* What a branch still has to look at. */
enum task_kind {
    TASK_CLAIM,     /* a schema, is_denied or not */
    TASK_ANY_OF,    /* a list of schemas: one of them (denied: one of them does not hold) */
    TASK_ONE_OF,    /* a list: exactly one (denied: none, or two) */
    TASK_CONDITION, /* a schema's if, then, else */
    TASK_VIOLATION, /* a schema: one of its keywords does not hold */
    TASK_DEPENDENT, /* dependentRequired */
};

struct task {
    const struct task *next;
    enum task_kind kind;
    const struct json *node;
    bool is_denied;
};

/* Connectives wait until everything that does not branch is known. */
struct tasks {
    const struct task *plain, *branching;
};

struct tableau {
    const struct schema_document *document;
    struct shapes *out;
    size_t steps, depth;
    struct error *err;
};

typedef bool work_off(struct tableau *t, struct shape s, struct tasks todo);

static bool out_of_memory(struct tableau *t)
{
    return fail(t->err, ERROR_MEMORY, "out of memory for a schema");
}

static bool refuse(struct tableau *t, enum error_code code, const struct json *node,
                   const char *keyword, const char *why)
{
    return fail(t->err, code, "%s/%s: %s", schema_document_path(t->document, node), keyword, why);
}

static bool unsupported(struct tableau *t, const struct json *node, const char *keyword)
{
    return refuse(t, ERROR_UNSUPPORTED, node, keyword, "this keyword cannot be enforced");
}

static bool add_link(struct tableau *t, const struct link **list, struct link link)
{
    struct link *copy = arena_alloc(t->document->arena, sizeof *copy);
    if (!copy)
        return out_of_memory(t);
    *copy = link;
    copy->next = *list;
    *list = copy;
    return true;
}

static bool add_task(struct tableau *t, struct tasks *todo, enum task_kind kind,
                     const struct json *node, bool is_denied)
{
    struct task *task = arena_alloc(t->document->arena, sizeof *task);
    if (!task)
        return out_of_memory(t);
    const struct task **list = kind == TASK_CLAIM ? &todo->plain : &todo->branching;
    *task = (struct task){ *list, kind, node, is_denied };
    *list = task;
    return true;
}

static bool explore(struct tableau *t, struct shape s, struct tasks todo);

/* ---- keywords that narrow a shape ---- */

static bool kinds_named(struct slice name, unsigned *kinds)
{
    static const struct {
        const char *name;
        unsigned kinds;
    } known[] = {
        { "null", VALUE_NULL },     { "boolean", VALUE_BOOLEAN }, { "integer", VALUE_INTEGER },
        { "number", VALUE_NUMBER }, { "string", VALUE_STRING },   { "array", VALUE_ARRAY },
        { "object", VALUE_OBJECT },
    };
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (slice_equal(name, slice_of(known[i].name))) {
            *kinds = known[i].kinds;
            return true;
        }
    return false;
}

static bool read_type(struct tableau *t, const struct json *schema, unsigned *kinds)
{
    const struct json *type = json_get(schema, "type");
    unsigned one;
    *kinds = 0;
    if (json_kind(type) == JSON_KIND_STRING) {
        if (!kinds_named(json_text(type), kinds))
            return refuse(t, ERROR_FORMAT, schema, "type", "no such type");
        return true;
    }
    if (json_kind(type) != JSON_KIND_ARRAY)
        return refuse(t, ERROR_FORMAT, schema, "type", "neither a name nor a list of names");
    for (size_t i = 0; i < json_size(type); i++) {
        if (!kinds_named(json_text(json_at(type, i)), &one))
            return refuse(t, ERROR_FORMAT, schema, "type", "no such type");
        *kinds |= one;
    }
    return true;
}

static void raise_low(struct shape *s, double low, bool is_open)
{
    if (s->has_low && (s->low > low || (s->low == low && s->is_low_open)))
        return;
    s->has_low = true;
    s->low = low;
    s->is_low_open = is_open;
}

static void lower_high(struct shape *s, double high, bool is_open)
{
    if (s->has_high && (s->high < high || (s->high == high && s->is_high_open)))
        return;
    s->has_high = true;
    s->high = high;
    s->is_high_open = is_open;
}

static bool read_count(struct tableau *t, const struct json *schema, const char *keyword,
                       uint32_t *count)
{
    double value = json_number(json_get(schema, keyword), -1);
    if (value < 0 || value != floor(value))
        return refuse(t, ERROR_FORMAT, schema, keyword, "not a whole number from 0");
    *count = value > 1e9 ? 1000000000 : (uint32_t)value;
    return true;
}

static void at_least(uint32_t *bound, uint32_t value)
{
    *bound = *bound > value ? *bound : value;
}

static void at_most(uint32_t *bound, uint32_t value)
{
    *bound = *bound < value ? *bound : value;
}

/* The six bounds on lengths, items and members, and which field each is. */
static const struct count_keyword {
    const char *name;
    size_t least, most; /* offsets in struct shape of the pair */
    unsigned kind;
    bool is_most;
} count_keywords[] = {
    { "minLength", offsetof(struct shape, min_length), offsetof(struct shape, max_length),
      VALUE_STRING, false },
    { "maxLength", offsetof(struct shape, min_length), offsetof(struct shape, max_length),
      VALUE_STRING, true },
    { "minItems", offsetof(struct shape, min_items), offsetof(struct shape, max_items), VALUE_ARRAY,
      false },
    { "maxItems", offsetof(struct shape, min_items), offsetof(struct shape, max_items), VALUE_ARRAY,
      true },
    { "minProperties", offsetof(struct shape, min_members), offsetof(struct shape, max_members),
      VALUE_OBJECT, false },
    { "maxProperties", offsetof(struct shape, min_members), offsetof(struct shape, max_members),
      VALUE_OBJECT, true },
};

static uint32_t *count_field(struct shape *s, size_t offset)
{
    return (uint32_t *)((char *)s + offset);
}

static bool narrow_counts(struct tableau *t, const struct json *schema, struct shape *s)
{
    uint32_t count;
    for (size_t i = 0; i < COUNT_OF(count_keywords); i++) {
        const struct count_keyword *k = &count_keywords[i];
        if (!json_get(schema, k->name))
            continue;
        if (!read_count(t, schema, k->name, &count))
            return false;
        if (k->is_most)
            at_most(count_field(s, k->most), count);
        else
            at_least(count_field(s, k->least), count);
    }
    return true;
}

static bool narrow_numbers(struct tableau *t, const struct json *schema, struct shape *s)
{
    static const struct {
        const char *name;
        bool is_high, is_open;
    } bounds[] = { { "minimum", false, false },
                   { "maximum", true, false },
                   { "exclusiveMinimum", false, true },
                   { "exclusiveMaximum", true, true } };
    for (size_t i = 0; i < COUNT_OF(bounds); i++) {
        const struct json *bound = json_get(schema, bounds[i].name);
        if (!bound)
            continue;
        if (!json_is_numeric(bound))
            return refuse(t, ERROR_FORMAT, schema, bounds[i].name, "not a number");
        if (bounds[i].is_high)
            lower_high(s, json_number(bound, 0), bounds[i].is_open);
        else
            raise_low(s, json_number(bound, 0), bounds[i].is_open);
    }
    const struct json *step = json_get(schema, "multipleOf");
    if (!step)
        return true;
    if (!json_is_numeric(step) || !(json_number(step, 0) > 0))
        return refuse(t, ERROR_FORMAT, schema, "multipleOf", "not a number above 0");
    return add_link(t, &s->steps, (struct link){ .node = schema, .number = json_number(step, 0) });
}

static bool narrow_strings(struct tableau *t, const struct json *schema, struct shape *s)
{
    const struct json *pattern = json_get(schema, "pattern"), *format = json_get(schema, "format");
    if (pattern && json_kind(pattern) != JSON_KIND_STRING)
        return refuse(t, ERROR_FORMAT, schema, "pattern", "not a string");
    if (pattern && !add_link(t, &s->patterns, (struct link){ .node = pattern }))
        return false;
    return json_kind(format) != JSON_KIND_STRING ||
           add_link(t, &s->formats, (struct link){ .node = format });
}

static bool narrow_objects(struct tableau *t, const struct json *schema, struct shape *s)
{
    const struct json *required = json_get(schema, "required");
    for (size_t i = 0; json_kind(required) == JSON_KIND_ARRAY && i < json_size(required); i++)
        if (!add_link(t, &s->required, (struct link){ .name = json_text(json_at(required, i)) }))
            return false;
    bool has_members = json_get(schema, "properties") || json_get(schema, "patternProperties") ||
                       json_get(schema, "additionalProperties");
    return !has_members || add_link(t, &s->objects, (struct link){ .node = schema });
}

static bool narrow_arrays(struct tableau *t, const struct json *schema, struct shape *s)
{
    /* one item is always different from the others */
    if (json_flag(json_get(schema, "uniqueItems"), false) && s->max_items > 1)
        return unsupported(t, schema, "uniqueItems");
    bool has_items = json_get(schema, "items") || json_get(schema, "prefixItems");
    return !has_items || add_link(t, &s->arrays, (struct link){ .node = schema });
}

/* Keywords of the drafts that cannot be enforced, unless they say nothing. */
static bool check_unsupported(struct tableau *t, const struct json *schema)
{
    static const char *const keywords[] = {
        "contains",      "minContains",           "maxContains",
        "propertyNames", "unevaluatedProperties", "unevaluatedItems",
        "$dynamicRef",   "$recursiveRef",
    };
    for (size_t i = 0; i < COUNT_OF(keywords); i++) {
        const struct json *value = json_get(schema, keywords[i]);
        bool says_nothing =
            json_flag(value, false) || (json_kind(value) == JSON_KIND_OBJECT &&
                                        json_size(value) == 0 && strstr(keywords[i], "Prop"));
        if (value && !says_nothing)
            return unsupported(t, schema, keywords[i]);
    }
    return true;
}

/* ---- a claim ---- */

/* Whether the branch met this claim before; else it is noted. */
static bool is_known(struct tableau *t, struct shape *s, const struct json *schema, bool is_denied,
                     bool *ok)
{
    *ok = true;
    for (const struct link *l = s->seen; l; l = l->next)
        if (l->node == schema && l->is_denied == is_denied)
            return true;
    *ok = add_link(t, &s->seen, (struct link){ .node = schema, .is_denied = is_denied });
    return false;
}

static bool add_all(struct tableau *t, struct tasks *todo, const struct json *schemas,
                    bool is_denied)
{
    for (size_t i = 0; i < json_size(schemas); i++)
        if (!add_task(t, todo, TASK_CLAIM, json_at(schemas, i), is_denied))
            return false;
    return true;
}

static bool is_list(struct tableau *t, const struct json *schema, const char *keyword, bool *there)
{
    const struct json *list = json_get(schema, keyword);
    *there = list != NULL;
    if (list && (json_kind(list) != JSON_KIND_ARRAY || json_size(list) == 0))
        return refuse(t, ERROR_FORMAT, schema, keyword, "not a list of schemas");
    return true;
}

static const char *const dependents[] = { "dependentRequired", "dependentSchemas", "dependencies" };

static bool add_dependents(struct tableau *t, const struct json *schema, struct tasks *todo)
{
    for (size_t i = 0; i < COUNT_OF(dependents); i++)
        if (json_get(schema, dependents[i]) &&
            !add_task(t, todo, TASK_DEPENDENT, json_get(schema, dependents[i]), false))
            return false;
    return true;
}

static bool add_connectives(struct tableau *t, const struct json *schema, struct tasks *todo)
{
    bool has_all, has_any, has_one;
    if (!is_list(t, schema, "allOf", &has_all) || !is_list(t, schema, "anyOf", &has_any) ||
        !is_list(t, schema, "oneOf", &has_one))
        return false;
    const struct json *denied = json_get(schema, "not");
    return (!has_all || add_all(t, todo, json_get(schema, "allOf"), false)) &&
           (!has_any || add_task(t, todo, TASK_ANY_OF, json_get(schema, "anyOf"), false)) &&
           (!has_one || add_task(t, todo, TASK_ONE_OF, json_get(schema, "oneOf"), false)) &&
           (!denied || add_task(t, todo, TASK_CLAIM, denied, true)) &&
           (!json_get(schema, "if") || add_task(t, todo, TASK_CONDITION, schema, false)) &&
           add_dependents(t, schema, todo);
}

static bool add_reference(struct tableau *t, const struct json *schema, struct tasks *todo,
                          bool is_denied)
{
    const struct json *target;
    return schema_document_follow(t->document, schema, &target, t->err) &&
           add_task(t, todo, TASK_CLAIM, target, is_denied);
}

static bool has_reference(const struct json *schema)
{
    return json_kind(json_get(schema, "$ref")) == JSON_KIND_STRING;
}

static bool hold(struct tableau *t, const struct json *schema, struct shape s, struct tasks todo)
{
    if (has_reference(schema)) {
        if (!add_reference(t, schema, &todo, false))
            return false;
        if (t->document->ignores_beside_ref)
            return explore(t, s, todo);
    }
    unsigned kinds = VALUE_ANY;
    if (!check_unsupported(t, schema) ||
        (json_get(schema, "type") && !read_type(t, schema, &kinds)))
        return false;
    s.kinds &= kinds;
    const struct json *choices = json_get(schema, "enum"), *only = json_get(schema, "const");
    if (choices && json_kind(choices) != JSON_KIND_ARRAY)
        return refuse(t, ERROR_FORMAT, schema, "enum", "not a list of values");
    if ((choices && !add_link(t, &s.choices, (struct link){ .node = choices })) ||
        (only && !add_link(t, &s.choices, (struct link){ .node = only, .index = 1 })))
        return false;
    if (!narrow_numbers(t, schema, &s) || !narrow_strings(t, schema, &s) ||
        !narrow_counts(t, schema, &s) || !narrow_arrays(t, schema, &s) ||
        !narrow_objects(t, schema, &s) || !add_connectives(t, schema, &todo))
        return false;
    return explore(t, s, todo);
}

static bool work_claim(struct tableau *t, const struct task *task, struct shape s,
                       struct tasks todo)
{
    const struct json *schema = task->node;
    if (json_kind(schema) == JSON_KIND_BOOL)
        return json_flag(schema, false) == task->is_denied || explore(t, s, todo);
    if (json_kind(schema) != JSON_KIND_OBJECT)
        return fail(t->err, ERROR_FORMAT, "%s: a schema is an object, true or false",
                    schema_document_path(t->document, schema));
    bool ok;
    if (is_known(t, &s, schema, task->is_denied, &ok) || !ok)
        return ok && explore(t, s, todo);
    if (!task->is_denied)
        return hold(t, schema, s, todo);
    return add_task(t, &todo, TASK_VIOLATION, schema, false) && explore(t, s, todo);
}

/* ---- branching ---- */

static bool branch_with(struct tableau *t, struct shape s, struct tasks todo,
                        const struct json *schema, bool is_denied)
{
    return add_task(t, &todo, TASK_CLAIM, schema, is_denied) && explore(t, s, todo);
}

static bool work_any_of(struct tableau *t, const struct task *task, struct shape s,
                        struct tasks todo)
{
    for (size_t i = 0; i < json_size(task->node); i++)
        if (!branch_with(t, s, todo, json_at(task->node, i), task->is_denied))
            return false;
    return true;
}

/* Whether two schemas certainly have no value in common; then one need not deny the other. */
static bool are_apart(struct tableau *t, const struct json *a, const struct json *b, bool *apart)
{
    struct claim both[] = { { a, false }, { b, false } };
    struct claims claims = { both, 2 };
    return claims_are_empty(t->document, &claims, t->depth + 1, apart, t->err);
}

static bool work_one_of(struct tableau *t, const struct task *task, struct shape s,
                        struct tasks todo)
{
    size_t n = json_size(task->node);
    for (size_t i = 0; i < n; i++) {
        struct tasks own = todo;
        if (!add_task(t, &own, TASK_CLAIM, json_at(task->node, i), task->is_denied))
            return false;
        for (size_t j = 0; j < n && !task->is_denied; j++) {
            bool apart;
            if (j == i)
                continue;
            if (!are_apart(t, json_at(task->node, i), json_at(task->node, j), &apart))
                return false;
            if (!apart && !add_task(t, &own, TASK_CLAIM, json_at(task->node, j), true))
                return false;
        }
        if (!task->is_denied && !explore(t, s, own))
            return false;
    }
    if (!task->is_denied)
        return true;
    struct tasks none = todo; /* denied: none holds, or two do */
    if (!add_all(t, &none, task->node, true) || !explore(t, s, none))
        return false;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            struct tasks two = todo;
            if (!add_task(t, &two, TASK_CLAIM, json_at(task->node, i), false) ||
                !add_task(t, &two, TASK_CLAIM, json_at(task->node, j), false) ||
                !explore(t, s, two))
                return false;
        }
    return true;
}

/* if and then, or not if and else; denied: if and not then, or not if and not else. */
static bool work_condition(struct tableau *t, const struct task *task, struct shape s,
                           struct tasks todo)
{
    const struct json *outcomes[] = { json_get(task->node, "then"), json_get(task->node, "else") };
    for (size_t i = 0; i < 2; i++) {
        struct tasks own = todo;
        if (task->is_denied && !outcomes[i])
            continue;
        if (!add_task(t, &own, TASK_CLAIM, json_get(task->node, "if"), i == 1) ||
            (outcomes[i] && !add_task(t, &own, TASK_CLAIM, outcomes[i], task->is_denied)) ||
            !explore(t, s, own))
            return false;
    }
    return true;
}

/* For each name: it is absent, or others are there, or a schema holds. */
static bool work_dependent(struct tableau *t, const struct json *all, struct shape s,
                           struct tasks todo, const struct json_member *from)
{
    if (!from)
        return explore(t, s, todo);
    struct shape absent = s;
    const struct json *wanted = json_member_value(from);
    if (s.kinds & ~(unsigned)VALUE_OBJECT) { /* other kinds have no members */
        struct shape other = s;
        other.kinds &= ~(unsigned)VALUE_OBJECT;
        s.kinds &= VALUE_OBJECT;
        absent.kinds &= VALUE_OBJECT;
        if (!explore(t, other, todo))
            return false;
    }
    if (!add_link(t, &absent.forbidden, (struct link){ .name = json_member_key(from) }) ||
        !work_dependent(t, all, absent, todo, json_next(all, from)))
        return false;
    if (!add_link(t, &s.required, (struct link){ .name = json_member_key(from) }))
        return false;
    if (json_kind(wanted) != JSON_KIND_ARRAY)
        return add_task(t, &todo, TASK_CLAIM, wanted, false) &&
               work_dependent(t, all, s, todo, json_next(all, from));
    for (size_t i = 0; i < json_size(wanted); i++)
        if (!add_link(t, &s.required, (struct link){ .name = json_text(json_at(wanted, i)) }))
            return false;
    return work_dependent(t, all, s, todo, json_next(all, from));
}

/* ---- violations: one branch for each keyword that may fail ---- */

static bool violate_numbers(struct tableau *t, const struct json *schema, struct shape s,
                            struct tasks todo)
{
    static const struct {
        const char *name;
        bool is_high, is_open;
    } bounds[] = { { "minimum", true, true },
                   { "maximum", false, true },
                   { "exclusiveMinimum", true, false },
                   { "exclusiveMaximum", false, false } };
    for (size_t i = 0; i < COUNT_OF(bounds); i++) {
        const struct json *bound = json_get(schema, bounds[i].name);
        if (!json_is_numeric(bound))
            continue;
        struct shape outside = s;
        outside.kinds &= VALUE_NUMBER;
        if (bounds[i].is_high)
            lower_high(&outside, json_number(bound, 0), bounds[i].is_open);
        else
            raise_low(&outside, json_number(bound, 0), bounds[i].is_open);
        if (!explore(t, outside, todo))
            return false;
    }
    const struct json *step = json_get(schema, "multipleOf");
    s.kinds &= VALUE_NUMBER;
    return !json_is_numeric(step) ||
           (add_link(t, &s.steps,
                     (struct link){
                         .node = schema, .number = json_number(step, 0), .is_denied = true }) &&
            explore(t, s, todo));
}

static bool violate_counts(struct tableau *t, const struct json *schema, struct shape s,
                           struct tasks todo)
{
    for (size_t i = 0; i < COUNT_OF(count_keywords); i++) {
        const struct count_keyword *k = &count_keywords[i];
        uint32_t count;
        struct shape outside = s;
        if (!json_get(schema, k->name))
            continue;
        if (!read_count(t, schema, k->name, &count))
            return false;
        outside.kinds &= k->kind;
        if (k->is_most)
            at_least(count_field(&outside, k->least), count + 1);
        else if (count > 0)
            at_most(count_field(&outside, k->most), count - 1);
        if ((k->is_most || count > 0) && !explore(t, outside, todo))
            return false;
    }
    return true;
}

static bool violate_values(struct tableau *t, const struct json *schema, struct shape s,
                           struct tasks todo)
{
    const struct json *choices = json_get(schema, "enum"), *only = json_get(schema, "const");
    unsigned kinds;
    if (choices) {
        struct shape outside = s;
        if (!add_link(t, &outside.exclusions, (struct link){ .node = choices }) ||
            !explore(t, outside, todo))
            return false;
    }
    if (only) {
        struct shape outside = s;
        if (!add_link(t, &outside.exclusions, (struct link){ .node = only, .index = 1 }) ||
            !explore(t, outside, todo))
            return false;
    }
    if (!json_get(schema, "type"))
        return true;
    if (!read_type(t, schema, &kinds))
        return false;
    s.kinds &= ~kinds;
    return explore(t, s, todo);
}

static bool violate_strings(struct tableau *t, const struct json *schema, struct shape s,
                            struct tasks todo)
{
    if (json_kind(json_get(schema, "format")) == JSON_KIND_STRING)
        return refuse(t, ERROR_UNSUPPORTED, schema, "format", "it cannot be denied");
    if (!json_get(schema, "pattern"))
        return true;
    s.kinds &= VALUE_STRING;
    return add_link(t, &s.patterns,
                    (struct link){ .node = json_get(schema, "pattern"), .is_denied = true }) &&
           explore(t, s, todo);
}

/* A schema that holds for everything can be denied for nothing. */
static bool says_nothing(const struct json *schema)
{
    return !schema || json_flag(schema, false) ||
           (json_kind(schema) == JSON_KIND_OBJECT && json_size(schema) == 0);
}

static bool violate_arrays(struct tableau *t, const struct json *schema, struct shape s,
                           struct tasks todo)
{
    const struct json *items = json_get(schema, "items"), *prefix = json_get(schema, "prefixItems");
    const struct json *rest = items;
    if (json_kind(items) == JSON_KIND_ARRAY) {
        prefix = items;
        rest = json_get(schema, "additionalItems");
    }
    s.kinds &= VALUE_ARRAY;
    for (size_t i = 0; i < json_size(prefix); i++) {
        struct shape outside = s;
        at_least(&outside.min_items, (uint32_t)i + 1);
        if (!add_link(t, &outside.item_claims,
                      (struct link){ .index = i, .node = json_at(prefix, i), .is_denied = true }) ||
            !explore(t, outside, todo))
            return false;
    }
    if (says_nothing(rest))
        return true;
    if (json_kind(rest) == JSON_KIND_BOOL) { /* false: one item too many */
        at_least(&s.min_items, (uint32_t)json_size(prefix) + 1);
        return explore(t, s, todo);
    }
    return refuse(t, ERROR_UNSUPPORTED, schema, "items", "it cannot be denied");
}

static bool violate_objects(struct tableau *t, const struct json *schema, struct shape s,
                            struct tasks todo)
{
    const struct json *required = json_get(schema, "required");
    const struct json *properties = json_get(schema, "properties");
    s.kinds &= VALUE_OBJECT;
    for (size_t i = 0; i < json_size(required); i++) {
        struct shape outside = s;
        if (!add_link(t, &outside.forbidden,
                      (struct link){ .name = json_text(json_at(required, i)) }) ||
            !explore(t, outside, todo))
            return false;
    }
    for (const struct json_member *m = json_first(properties); m; m = json_next(properties, m)) {
        struct shape outside = s;
        struct link denied = { .name = json_member_key(m),
                               .node = json_member_value(m),
                               .is_denied = true };
        if (!add_link(t, &outside.required, (struct link){ .name = json_member_key(m) }) ||
            !add_link(t, &outside.member_claims, denied) || !explore(t, outside, todo))
            return false;
    }
    if (json_size(json_get(schema, "patternProperties")))
        return refuse(t, ERROR_UNSUPPORTED, schema, "patternProperties", "it cannot be denied");
    if (!says_nothing(json_get(schema, "additionalProperties")))
        return refuse(t, ERROR_UNSUPPORTED, schema, "additionalProperties", "it cannot be denied");
    return true;
}

static bool violate_connectives(struct tableau *t, const struct json *schema, struct shape s,
                                struct tasks todo)
{
    struct tasks own;
    const struct json *all = json_get(schema, "allOf"), *any = json_get(schema, "anyOf");
    const struct json *one = json_get(schema, "oneOf"), *denied = json_get(schema, "not");
    for (size_t i = 0; i < COUNT_OF(dependents); i++)
        if (json_get(schema, dependents[i]))
            return refuse(t, ERROR_UNSUPPORTED, schema, dependents[i], "it cannot be denied");
    own = todo;
    if (all && (!add_task(t, &own, TASK_ANY_OF, all, true) || !explore(t, s, own)))
        return false;
    own = todo;
    if (any && (!add_all(t, &own, any, true) || !explore(t, s, own)))
        return false;
    own = todo;
    if (one && (!add_task(t, &own, TASK_ONE_OF, one, true) || !explore(t, s, own)))
        return false;
    own = todo;
    if (denied && (!add_task(t, &own, TASK_CLAIM, denied, false) || !explore(t, s, own)))
        return false;
    own = todo;
    if (json_get(schema, "if") &&
        (!add_task(t, &own, TASK_CONDITION, schema, true) || !explore(t, s, own)))
        return false;
    own = todo;
    return !has_reference(schema) || (add_reference(t, schema, &own, true) && explore(t, s, own));
}

static bool work_violation(struct tableau *t, const struct task *task, struct shape s,
                           struct tasks todo)
{
    const struct json *schema = task->node;
    bool only_ref = has_reference(schema) && t->document->ignores_beside_ref;
    if (only_ref)
        return add_reference(t, schema, &todo, true) && explore(t, s, todo);
    return check_unsupported(t, schema) && violate_values(t, schema, s, todo) &&
           violate_numbers(t, schema, s, todo) && violate_counts(t, schema, s, todo) &&
           violate_strings(t, schema, s, todo) && violate_arrays(t, schema, s, todo) &&
           violate_objects(t, schema, s, todo) && violate_connectives(t, schema, s, todo);
}

/* ---- the tableau ---- */

static bool keep(struct tableau *t, const struct shape *s)
{
    struct shapes *out = t->out;
    if (out->count == MAX_SHAPES)
        return fail(t->err, ERROR_UNSUPPORTED,
                    "the schema's anyOf, oneOf and not make more than %d cases", MAX_SHAPES);
    if (!grow((void **)&out->items, &out->capacity, out->count, 1, sizeof *s))
        return out_of_memory(t);
    out->items[out->count++] = *s;
    return true;
}

static bool explore(struct tableau *t, struct shape s, struct tasks todo)
{
    if (!interruption_check(t->err))
        return false;
    if (++t->steps > MAX_STEPS)
        return fail(t->err, ERROR_UNSUPPORTED, "the schema's cases take more than %d steps",
                    MAX_STEPS);
    if (s.kinds == 0)
        return true; /* nothing is left: a closed branch */
    const struct task *task = todo.plain ? todo.plain : todo.branching;
    if (!task)
        return keep(t, &s);
    if (todo.plain)
        todo.plain = task->next;
    else
        todo.branching = task->next;
    switch (task->kind) {
    case TASK_CLAIM:
        return work_claim(t, task, s, todo);
    case TASK_ANY_OF:
        return work_any_of(t, task, s, todo);
    case TASK_ONE_OF:
        return work_one_of(t, task, s, todo);
    case TASK_CONDITION:
        return work_condition(t, task, s, todo);
    case TASK_VIOLATION:
        return work_violation(t, task, s, todo);
    case TASK_DEPENDENT:
        return work_dependent(t, task->node, s, todo, json_first(task->node));
    }
    return false;
}

static bool run(const struct schema_document *d, const struct claims *claims, struct shapes *out,
                size_t depth, struct error *err)
{
    struct tableau t = { .document = d, .out = out, .depth = depth, .err = err };
    struct tasks todo = { 0 };
    *out = (struct shapes){ 0 };
    for (size_t i = claims->count; i-- > 0;)
        if (!add_task(&t, &todo, TASK_CLAIM, claims->items[i].schema, claims->items[i].is_denied))
            return false;
    struct shape any = { .kinds = VALUE_ANY,
                         .max_length = UINT32_MAX,
                         .max_items = UINT32_MAX,
                         .max_members = UINT32_MAX };
    if (explore(&t, any, todo))
        return true;
    memory_free(out->items);
    *out = (struct shapes){ 0 };
    return false;
}

bool shapes_of(const struct schema_document *d, const struct claims *claims, struct shapes *out,
               struct error *err)
{
    return run(d, claims, out, 0, err);
}

/* ---- emptiness ---- */

static bool is_named(const struct link *list, struct slice name)
{
    for (; list; list = list->next)
        if (slice_equal(list->name, name))
            return true;
    return false;
}

/* Whether none of the values that are listed fulfils all that the branch holds. */
static bool choices_are_empty(const struct schema_document *d, const struct shape *s, bool *empty,
                              struct error *err)
{
    const struct link *first = s->choices;
    size_t n = first->index ? 1 : json_size(first->node);
    *empty = false;
    for (size_t i = 0; i < n; i++) {
        const struct json *value = first->index ? first->node : json_at(first->node, i);
        bool fits = true;
        for (const struct link *l = s->seen; fits && l; l = l->next) {
            bool accepts;
            if (!schema_accepts(d, l->node, value, &accepts, err))
                return false;
            fits = accepts != l->is_denied;
        }
        if (fits)
            return true;
    }
    *empty = true;
    return true;
}

static bool object_is_empty(const struct schema_document *d, const struct shape *s, size_t depth,
                            bool *empty, struct error *err)
{
    *empty = s->min_members > s->max_members;
    for (const struct link *l = s->required; !*empty && l; l = l->next) {
        struct claims claims;
        if (is_named(s->forbidden, l->name))
            *empty = true;
        else if (!shape_member_claims(d, s, l->name, &claims, err) ||
                 !claims_are_empty(d, &claims, depth + 1, empty, err))
            return false;
    }
    return true;
}

static bool shape_is_empty(const struct schema_document *d, const struct shape *s, size_t depth,
                           bool *empty, struct error *err)
{
    unsigned kinds = s->kinds;
    if (s->choices)
        return choices_are_empty(d, s, empty, err);
    if (s->has_low && s->has_high &&
        (s->low > s->high || (s->low == s->high && (s->is_low_open || s->is_high_open))))
        kinds &= ~(unsigned)VALUE_NUMBER;
    if (s->min_length > s->max_length)
        kinds &= ~(unsigned)VALUE_STRING;
    if (s->min_items > s->max_items)
        kinds &= ~(unsigned)VALUE_ARRAY;
    *empty = kinds == 0;
    return kinds != VALUE_OBJECT || object_is_empty(d, s, depth, empty, err);
}

bool claims_are_empty(const struct schema_document *d, const struct claims *claims, size_t depth,
                      bool *are_empty, struct error *err)
{
    *are_empty = false;
    if (depth > EMPTY_DEPTH || claims->count == 0)
        return true;
    struct shapes shapes;
    if (!run(d, claims, &shapes, depth, err))
        return false;
    bool ok = true;
    *are_empty = true;
    for (size_t i = 0; ok && *are_empty && i < shapes.count; i++)
        ok = shape_is_empty(d, &shapes.items[i], depth, are_empty, err);
    memory_free(shapes.items);
    return ok;
}

#include "chat/jinja/jinja_compare.h"

#include "base/table.h"
#include "chat/jinja/jinja_dict.h"
#include "chat/jinja/jinja_integer.h"
#include "chat/jinja/jinja_iterate.h"
#include "chat/jinja/jinja_undefined.h"

#include <math.h>

/* An integer of any size with a double, exactly. */
static int compare_integer_with_float(const struct jinja_value *i, double d)
{
    if (isnan(d))
        return 2;
    if (isinf(d))
        return d > 0 ? -1 : 1;
    if (i->kind != JINJA_BIG && fabs((double)jinja_int64(i)) < 9007199254740992.0) {
        double exact = (double)jinja_int64(i);
        return exact < d ? -1 : exact > d;
    }
    return jinja_integer_compare_double(i, d);
}

int jinja_compare_numbers(const struct jinja_value *a, const struct jinja_value *b)
{
    if (a->kind == JINJA_FLOAT && b->kind == JINJA_FLOAT)
        return isnan(a->real) || isnan(b->real) ? 2 : a->real < b->real ? -1 : a->real > b->real;
    if (b->kind == JINJA_FLOAT)
        return compare_integer_with_float(a, b->real);
    if (a->kind == JINJA_FLOAT) {
        int order = compare_integer_with_float(b, a->real);
        return order == 2 ? 2 : -order;
    }
    return jinja_integer_compare(a, b);
}

static bool equal_items(struct jinja_run *run, const struct jinja_list *a,
                        const struct jinja_list *b, bool *equal)
{
    *equal = a->count == b->count;
    for (size_t i = 0; *equal && i < a->count; i++)
        if (!jinja_equal(run, &a->items[i], &b->items[i], equal))
            return false;
    return true;
}

static bool equal_dicts(struct jinja_run *run, const struct jinja_dict *a,
                        const struct jinja_dict *b, bool *equal)
{
    *equal = a->count == b->count;
    for (size_t i = 0; *equal && i < a->count; i++) {
        const struct jinja_value *other;
        if (!jinja_find(run, b, &a->entries[i].key, &other))
            return false;
        *equal = other != NULL;
        if (other && !jinja_equal(run, &a->entries[i].value, other, equal))
            return false;
    }
    return true;
}

static bool equal_ranges(const struct jinja_range *a, const struct jinja_range *b)
{
    return a->count == b->count &&
           (a->count == 0 || (a->start == b->start && (a->count == 1 || a->step == b->step)));
}

static bool equal_inside(struct jinja_run *run, const struct jinja_value *a,
                         const struct jinja_value *b, bool *equal)
{
    if (a->kind == JINJA_DICT)
        return equal_dicts(run, a->dict, b->dict, equal);
    return equal_items(run, a->list, b->list, equal);
}

bool jinja_equal(struct jinja_run *run, const struct jinja_value *a, const struct jinja_value *b,
                 bool *equal)
{
    *equal = false;
    if (jinja_is_number(a) && jinja_is_number(b)) {
        *equal = jinja_compare_numbers(a, b) == 0;
        return true;
    }
    if (a->kind != b->kind)
        return jinja_spend(run, 1);
    switch (a->kind) {
    case JINJA_UNDEFINED:
        *equal = true;
        return true;
    case JINJA_STRING:
        *equal = slice_equal(jinja_slice(a), jinja_slice(b));
        return jinja_spend(run, 1 + (*equal ? a->string->length / 256 : 0));
    case JINJA_RANGE:
        *equal = equal_ranges(a->range, b->range);
        return true;
    case JINJA_LIST:
    case JINJA_TUPLE:
    case JINJA_DICT:
        *equal = a->list == b->list;
        if (*equal)
            return true;
        if (!jinja_spend(run, 1) || !jinja_enter(run) || !equal_inside(run, a, b, equal))
            return false;
        jinja_leave(run);
        return true;
    default:
        *equal = jinja_same(a, b);
        return true;
    }
}

static int compare_text(struct slice a, struct slice b)
{
    size_t n = size_min(a.length, b.length);
    int order = n ? memcmp(a.data, b.data, n) : 0;
    return order ? order : (a.length > b.length) - (a.length < b.length);
}

/* The first elements that differ decide. */
static bool less_items(struct jinja_run *run, const struct jinja_list *a,
                       const struct jinja_list *b, bool *less)
{
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        bool equal;
        if (!jinja_equal(run, &a->items[i], &b->items[i], &equal))
            return false;
        if (!equal)
            return jinja_less(run, &a->items[i], &b->items[i], less);
    }
    *less = a->count < b->count;
    return true;
}

bool jinja_less(struct jinja_run *run, const struct jinja_value *a, const struct jinja_value *b,
                bool *less)
{
    *less = false;
    if (!jinja_spend(run, 1))
        return false;
    if (a->kind == JINJA_UNDEFINED || b->kind == JINJA_UNDEFINED)
        return jinja_fail_undefined(run, a->kind == JINJA_UNDEFINED ? a : b);
    if (jinja_is_number(a) && jinja_is_number(b)) {
        *less = jinja_compare_numbers(a, b) == -1;
        return true;
    }
    if (a->kind == b->kind && a->kind == JINJA_STRING) {
        *less = compare_text(jinja_slice(a), jinja_slice(b)) < 0;
        return jinja_spend(run, size_min(a->string->length, b->string->length) / 256);
    }
    if (a->kind == b->kind && jinja_is_sequence(a)) {
        if (!jinja_enter(run) || !less_items(run, a->list, b->list, less))
            return false;
        jinja_leave(run);
        return true;
    }
    return jinja_fail(run, "%s and %s have no order", jinja_type_name(a), jinja_type_name(b));
}

static uint64_t hash_double(double d)
{
    uint64_t bits;
    if (d >= -9223372036854775808.0 && d < 9223372036854775808.0 && d == floor(d))
        return hash_u64((uint64_t)(int64_t)d);
    memcpy(&bits, &d, sizeof bits);
    return hash_u64(bits);
}

static bool hash_tuple(struct jinja_run *run, const struct jinja_list *list, uint64_t *hash)
{
    uint64_t sum = list->count;
    if (!jinja_enter(run))
        return false;
    for (size_t i = 0; i < list->count; i++) {
        uint64_t h;
        if (!jinja_hash(run, &list->items[i], &h))
            return false;
        sum = hash_u64(sum ^ h);
    }
    jinja_leave(run);
    *hash = sum;
    return true;
}

bool jinja_hash(struct jinja_run *run, const struct jinja_value *v, uint64_t *hash)
{
    *hash = v->kind;
    if (!jinja_spend(run, 1))
        return false;
    switch (v->kind) {
    case JINJA_BOOL:
    case JINJA_INTEGER:
        *hash = hash_u64((uint64_t)jinja_int64(v));
        return true;
    case JINJA_BIG:
        *hash = hash_double(jinja_integer_to_double(v));
        return true;
    case JINJA_FLOAT:
        *hash = hash_double(v->real);
        return true;
    case JINJA_STRING:
        *hash = hash_bytes(v->string->data, v->string->length);
        return jinja_spend_bytes(run, v->string->length);
    case JINJA_TUPLE:
        return hash_tuple(run, v->list, hash);
    case JINJA_LIST:
    case JINJA_DICT:
        return jinja_fail(run, "a %s cannot be a key", jinja_type_name(v));
    case JINJA_UNDEFINED:
    case JINJA_NONE:
    case JINJA_RANGE:
        return true;
    default:
        *hash = hash_u64((uint64_t)(uintptr_t)v->list);
        return true;
    }
}

static bool contains_text(struct jinja_run *run, const struct jinja_value *container,
                          const struct jinja_value *item, bool *found)
{
    if (item->kind != JINJA_STRING)
        return jinja_fail(run, "only a str can be in a str, not a %s", jinja_type_name(item));
    struct slice all = jinja_slice(container), part = jinja_slice(item);
    *found = part.length == 0 || memmem(all.data, all.length, part.data, part.length);
    return jinja_spend_bytes(run, all.length);
}

bool jinja_contains(struct jinja_run *run, const struct jinja_value *container,
                    const struct jinja_value *item, bool *found)
{
    *found = false;
    if (container->kind == JINJA_STRING)
        return contains_text(run, container, item, found);
    if (container->kind == JINJA_DICT ||
        (container->kind == JINJA_VIEW && container->detail == JINJA_KEYS)) {
        const struct jinja_value *value;
        bool ok = jinja_find(run, container->dict, item, &value);
        *found = ok && value;
        return ok;
    }
    struct jinja_iterator *it;
    struct jinja_value element;
    if (!jinja_iterate(run, container, &it))
        return false;
    while (!*found) {
        if (!jinja_next(run, it, &element))
            return false;
        if (!jinja_is_given(&element))
            break;
        if (!jinja_equal(run, &element, item, found))
            return false;
    }
    return true;
}

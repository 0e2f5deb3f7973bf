/* Filters over lists and everything else that has elements. */
#include "chat/jinja/jinja_access.h"
#include "chat/jinja/jinja_builtin.h"
#include "chat/jinja/jinja_compare.h"
#include "chat/jinja/jinja_dict.h"
#include "chat/jinja/jinja_getter.h"
#include "chat/jinja/jinja_iterate.h"
#include "chat/jinja/jinja_operate.h"
#include "chat/jinja/jinja_print.h"
#include "chat/jinja/jinja_sort.h"
#include "chat/jinja/jinja_undefined.h"
#include "chat/jinja/jinja_unicode.h"

#define FILTER(name) \
    static bool name(struct jinja_run *run, const struct jinja_call *call, struct jinja_value *out)

FILTER(filter_default)
{
    const struct jinja_value *a = call->arguments;
    bool replaces =
        call->self.kind == JINJA_UNDEFINED || (jinja_truth(&a[1]) && !jinja_truth(&call->self));
    *out = call->self;
    if (!replaces)
        return true;
    if (!jinja_is_given(&a[0]))
        return jinja_view_string(run, slice_of(""), out);
    *out = a[0];
    return true;
}

FILTER(filter_length)
{
    size_t length;
    if (!jinja_length(&call->self, &length))
        return jinja_fail(run, "a %s has no length", jinja_type_name(&call->self));
    *out = jinja_integer((int64_t)length);
    return true;
}

FILTER(filter_list)
{
    return jinja_to_list(run, &call->self, JINJA_LIST, out);
}

FILTER(filter_first)
{
    struct jinja_iterator *it;
    if (!jinja_iterate(run, &call->self, &it) || !jinja_next(run, it, out))
        return false;
    if (!jinja_is_given(out))
        *out = jinja_undefined(JINJA_EMPTY, NULL);
    return true;
}

FILTER(filter_last)
{
    size_t length;
    struct jinja_value reversed;
    bool can;
    if (call->self.kind == JINJA_STRING && jinja_length(&call->self, &length) && length > 0)
        return jinja_substring(run, &call->self, length - 1, length, out);
    if (call->self.kind != JINJA_STRING) {
        if (!jinja_iterate_reversed(run, &call->self, &can, &reversed))
            return false;
        if (!can)
            return jinja_fail(run, "a %s has no last element", jinja_type_name(&call->self));
        if (!jinja_next(run, reversed.iterator, out))
            return false;
        if (jinja_is_given(out))
            return true;
    }
    *out = jinja_undefined(JINJA_EMPTY, NULL);
    return true;
}

FILTER(filter_reverse)
{
    bool can;
    struct jinja_value list, none = jinja_none(), step = jinja_integer(-1);
    struct jinja_value bounds[3] = { none, none, step };
    if (call->self.kind == JINJA_STRING)
        return jinja_cut(run, &call->self, bounds, out);
    if (!jinja_iterate_reversed(run, &call->self, &can, out))
        return false;
    return can || (jinja_to_list(run, &call->self, JINJA_LIST, &list) &&
                   jinja_cut(run, &list, bounds, out));
}

FILTER(filter_join)
{
    const struct jinja_value *a = call->arguments;
    struct jinja_getter getter;
    struct jinja_value separator = { .kind = JINJA_MISSING }, element;
    struct jinja_iterator *it;
    if (jinja_is_given(&a[0]) && !jinja_to_string(run, &a[0], &separator))
        return false;
    if (!jinja_new_getter(run, &a[1], false, &getter) || !jinja_iterate(run, &call->self, &it))
        return false;
    size_t mark = jinja_mark(run);
    for (bool is_first = true;; is_first = false) {
        if (!jinja_next(run, it, &element))
            return false;
        if (!jinja_is_given(&element))
            return jinja_take(run, mark, out);
        if (!is_first && jinja_is_given(&separator) && !jinja_write(run, jinja_slice(&separator)))
            return false;
        if (!jinja_get(run, &getter, &element, &element) || !jinja_print(run, &element))
            return false;
    }
}

FILTER(filter_sum)
{
    struct jinja_getter getter;
    struct jinja_iterator *it;
    struct jinja_value element;
    *out = jinja_is_given(&call->arguments[1]) ? call->arguments[1] : jinja_integer(0);
    if (out->kind == JINJA_STRING)
        return jinja_fail(run, "texts are not summed but joined");
    if (!jinja_new_getter(run, &call->arguments[0], false, &getter) ||
        !jinja_iterate(run, &call->self, &it))
        return false;
    for (;;) {
        if (!jinja_next(run, it, &element))
            return false;
        if (!jinja_is_given(&element))
            return true;
        if (!jinja_get(run, &getter, &element, &element) ||
            !jinja_operate(run, OPERATOR_ADD, out, &element, out))
            return false;
    }
}

static bool best_of(struct jinja_run *run, const struct jinja_call *call, bool wants_largest,
                    struct jinja_value *out)
{
    struct jinja_getter getter;
    struct jinja_iterator *it;
    struct jinja_value element, key, best_key = jinja_missing();
    if (!jinja_new_getter(run, &call->arguments[1], false, &getter) ||
        !jinja_iterate(run, &call->self, &it))
        return false;
    getter.ignores_case = !jinja_truth(&call->arguments[0]);
    *out = jinja_undefined(JINJA_EMPTY, NULL);
    for (;;) {
        bool is_better = !jinja_is_given(&best_key);
        if (!jinja_next(run, it, &element))
            return false;
        if (!jinja_is_given(&element))
            return true;
        if (!jinja_get(run, &getter, &element, &key) ||
            (!is_better && !jinja_less(run, wants_largest ? &best_key : &key,
                                       wants_largest ? &key : &best_key, &is_better)))
            return false;
        if (is_better) {
            best_key = key;
            *out = element;
        }
    }
}

FILTER(filter_max)
{
    return best_of(run, call, true, out);
}

FILTER(filter_min)
{
    return best_of(run, call, false, out);
}

/* The elements with what they are sorted by, in order. */
static bool sort_elements(struct jinja_run *run, const struct jinja_value *source,
                          const struct jinja_getter *getter, bool is_reverse,
                          struct jinja_sorted **sorted, size_t *count)
{
    struct jinja_items items = { 0 };
    struct jinja_iterator *it;
    if (!jinja_iterate(run, source, &it) || !jinja_collect(run, it, &items) ||
        !(*sorted = jinja_alloc(run, items.count, sizeof **sorted)))
        return false;
    *count = items.count;
    for (size_t i = 0; i < items.count; i++) {
        (*sorted)[i].value = items.items[i];
        if (!jinja_get(run, getter, &items.items[i], &(*sorted)[i].key))
            return false;
    }
    return jinja_sort(run, *sorted, items.count, is_reverse);
}

FILTER(filter_sort)
{
    const struct jinja_value *a = call->arguments;
    struct jinja_getter getter;
    struct jinja_sorted *sorted;
    size_t count;
    if (!jinja_new_getter(run, &a[2], true, &getter))
        return false;
    getter.ignores_case = !jinja_truth(&a[1]);
    if (!sort_elements(run, &call->self, &getter, jinja_truth(&a[0]), &sorted, &count))
        return false;
    struct jinja_value *items = jinja_alloc(run, count, sizeof *items);
    if (!items)
        return false;
    for (size_t i = 0; i < count; i++)
        items[i] = sorted[i].value;
    return jinja_new_list(run, JINJA_LIST, items, count, out);
}

FILTER(filter_dictsort)
{
    const struct jinja_value *a = call->arguments;
    struct slice by = slice_of("key");
    if (call->self.kind == JINJA_UNDEFINED)
        return jinja_fail_undefined(run, &call->self);
    if (call->self.kind != JINJA_DICT)
        return jinja_fail(run, "dictsort needs a dict, not a %s", jinja_type_name(&call->self));
    if (!jinja_text_argument(run, &a[1], "by", &by))
        return false;
    bool by_value = slice_equal(by, slice_of("value"));
    if (!by_value && !slice_equal(by, slice_of("key")))
        return jinja_fail(run, "dictsort sorts by 'key' or 'value'");
    struct jinja_value view = call->self, part = jinja_integer(by_value);
    view.kind = JINJA_VIEW;
    view.detail = JINJA_ITEMS;
    struct jinja_getter getter;
    struct jinja_sorted *sorted;
    struct jinja_items items = { 0 };
    size_t count;
    if (!jinja_new_getter(run, &part, false, &getter))
        return false;
    getter.ignores_case = !jinja_truth(&a[0]);
    if (!sort_elements(run, &view, &getter, jinja_truth(&a[2]), &sorted, &count))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!jinja_push(run, &items, &sorted[i].value))
            return false;
    return jinja_new_list(run, JINJA_LIST, items.items, items.count, out);
}

/* One pair of groupby: what its elements have in common, and they. */
static bool push_group(struct jinja_run *run, struct jinja_items *groups,
                       const struct jinja_value *key, const struct jinja_items *members)
{
    struct jinja_value pair[2] = { *key }, *items = jinja_alloc(run, 2, sizeof *items);
    struct jinja_list *group = jinja_alloc(run, 1, sizeof *group);
    if (!items || !group ||
        !jinja_new_list(run, JINJA_LIST, members->items, members->count, &pair[1]))
        return false;
    memcpy(items, pair, sizeof pair);
    *group = (struct jinja_list){ items, 2, NULL, true };
    struct jinja_value value = { .kind = JINJA_TUPLE, .list = group };
    return jinja_push(run, groups, &value);
}

FILTER(filter_groupby)
{
    const struct jinja_value *a = call->arguments;
    struct jinja_getter getter, plain;
    struct jinja_sorted *sorted;
    struct jinja_items groups = { 0 };
    size_t count;
    if (!jinja_new_getter(run, &a[0], false, &getter))
        return false;
    getter.fallback = a[1];
    plain = getter;
    getter.ignores_case = !jinja_truth(&a[2]);
    if (!sort_elements(run, &call->self, &getter, false, &sorted, &count))
        return false;
    for (size_t i = 0; i < count;) {
        struct jinja_items members = { 0 };
        struct jinja_value key;
        bool equal = true;
        size_t begin = i;
        while (equal && i < count) {
            if (!jinja_push(run, &members, &sorted[i++].value))
                return false;
            if (i < count && !jinja_equal(run, &sorted[begin].key, &sorted[i].key, &equal))
                return false;
        }
        if (!jinja_get(run, &plain, &sorted[begin].value, &key) ||
            !push_group(run, &groups, &key, &members))
            return false;
    }
    return jinja_new_list(run, JINJA_LIST, groups.items, groups.count, out);
}

FILTER(filter_attr)
{
    struct jinja_value name;
    if (call->self.kind == JINJA_UNDEFINED)
        return jinja_fail_undefined(run, &call->self);
    if (!jinja_to_string(run, &call->arguments[0], &name) ||
        !jinja_own_attribute(run, &call->self, &name, out))
        return false;
    if (!jinja_is_given(out))
        *out = jinja_undefined(call->self.kind, name.string);
    return true;
}

/* Filters whose elements are made when the first of them is asked for. */
struct deferred {
    struct jinja_value source, arguments[2];
    bool (*make)(struct jinja_run *run, const struct deferred *d, struct jinja_value *list);
    struct jinja_iterator *made;
};

static bool next_deferred(struct jinja_run *run, struct jinja_iterator *it, struct jinja_value *out)
{
    struct deferred *d = it->state;
    struct jinja_value list;
    if (!d->made && (!d->make(run, d, &list) || !jinja_iterate(run, &list, &d->made)))
        return false;
    return jinja_next(run, d->made, out);
}

static bool defer(struct jinja_run *run, const struct jinja_call *call,
                  bool (*make)(struct jinja_run *run, const struct deferred *d,
                               struct jinja_value *list),
                  struct jinja_value *out)
{
    struct deferred *d = jinja_alloc(run, 1, sizeof *d);
    if (!d)
        return false;
    *d = (struct deferred){ .source = call->self, .make = make };
    d->arguments[0] = call->arguments[0];
    d->arguments[1] = call->arguments[1];
    return jinja_new_iterator(run, next_deferred, d, out);
}

static bool make_items(struct jinja_run *run, const struct deferred *d, struct jinja_value *list)
{
    struct jinja_value view = d->source;
    if (view.kind == JINJA_UNDEFINED)
        return jinja_new_list(run, JINJA_LIST, NULL, 0, list);
    if (view.kind != JINJA_DICT)
        return jinja_fail(run, "only a dict has items, not a %s", jinja_type_name(&view));
    view.kind = JINJA_VIEW;
    view.detail = JINJA_ITEMS;
    return jinja_to_list(run, &view, JINJA_LIST, list);
}

FILTER(filter_items)
{
    return defer(run, call, make_items, out);
}

static bool make_unique(struct jinja_run *run, const struct deferred *d, struct jinja_value *list)
{
    struct jinja_getter getter;
    struct jinja_iterator *it;
    struct jinja_items items = { 0 };
    struct jinja_dict *seen = jinja_new_dict(run, 0);
    struct jinja_value element, key;
    const struct jinja_value *known;
    if (!seen || !jinja_new_getter(run, &d->arguments[1], false, &getter) ||
        !jinja_iterate(run, &d->source, &it))
        return false;
    getter.ignores_case = !jinja_truth(&d->arguments[0]);
    for (;;) {
        if (!jinja_next(run, it, &element))
            return false;
        if (!jinja_is_given(&element))
            return jinja_new_list(run, JINJA_LIST, items.items, items.count, list);
        if (!jinja_get(run, &getter, &element, &key) || !jinja_find(run, seen, &key, &known))
            return false;
        if (!known && (!jinja_put(run, seen, &key, &key) || !jinja_push(run, &items, &element)))
            return false;
    }
}

FILTER(filter_unique)
{
    return defer(run, call, make_unique, out);
}

static bool make_batches(struct jinja_run *run, const struct deferred *d, struct jinja_value *list)
{
    int64_t size = 0;
    struct jinja_value all, batch;
    struct jinja_items batches = { 0 };
    const struct jinja_value *fill = &d->arguments[1];
    if (!jinja_integer_argument(run, &d->arguments[0], "linecount", &size) ||
        !jinja_to_list(run, &d->source, JINJA_LIST, &all))
        return false;
    if (size < 1)
        return jinja_fail(run, "batches have at least one element");
    for (size_t i = 0; i < all.list->count; i += (size_t)size) {
        size_t n = size_min((size_t)size, all.list->count - i);
        struct jinja_items items = { 0 };
        for (size_t k = 0; k < n; k++)
            if (!jinja_push(run, &items, &all.list->items[i + k]))
                return false;
        bool fills = jinja_is_given(fill) && fill->kind != JINJA_NONE;
        for (; fills && n < (size_t)size; n++)
            if (!jinja_spend(run, 1) || !jinja_push(run, &items, fill))
                return false;
        if (!jinja_new_list(run, JINJA_LIST, items.items, items.count, &batch) ||
            !jinja_push(run, &batches, &batch))
            return false;
    }
    return jinja_new_list(run, JINJA_LIST, batches.items, batches.count, list);
}

FILTER(filter_batch)
{
    return defer(run, call, make_batches, out);
}

static bool make_slices(struct jinja_run *run, const struct deferred *d, struct jinja_value *list)
{
    int64_t n = 0;
    struct jinja_value all, column;
    struct jinja_items columns = { 0 };
    const struct jinja_value *fill = &d->arguments[1];
    if (!jinja_integer_argument(run, &d->arguments[0], "slices", &n) ||
        !jinja_to_list(run, &d->source, JINJA_LIST, &all))
        return false;
    if (n < 1)
        return jinja_fail(run, "a list is cut into at least one piece");
    size_t count = all.list->count, each = count / (size_t)n, more = count % (size_t)n, at = 0;
    for (size_t i = 0; i < (size_t)n; i++) {
        struct jinja_items items = { 0 };
        for (size_t k = 0; k < each + (i < more); k++)
            if (!jinja_push(run, &items, &all.list->items[at++]))
                return false;
        bool fills = jinja_is_given(fill) && fill->kind != JINJA_NONE && i >= more;
        if (!jinja_spend(run, 1) || (fills && !jinja_push(run, &items, fill)) ||
            !jinja_new_list(run, JINJA_LIST, items.items, items.count, &column) ||
            !jinja_push(run, &columns, &column))
            return false;
    }
    return jinja_new_list(run, JINJA_LIST, columns.items, columns.count, list);
}

FILTER(filter_slice)
{
    return defer(run, call, make_slices, out);
}

static const struct jinja_builtin rows[] = {
    { "attr", filter_attr, 1, false, { "name" } },
    { "batch", filter_batch, 1, false, { "linecount", "fill_with" } },
    { "count", filter_length, 0, false, { NULL } },
    { "d", filter_default, 0, false, { "default_value", "boolean" } },
    { "default", filter_default, 0, false, { "default_value", "boolean" } },
    { "dictsort", filter_dictsort, 0, false, { "case_sensitive", "by", "reverse" } },
    { "first", filter_first, 0, false, { NULL } },
    { "groupby", filter_groupby, 1, false, { "attribute", "default", "case_sensitive" } },
    { "items", filter_items, 0, false, { NULL } },
    { "join", filter_join, 0, false, { "d", "attribute" } },
    { "last", filter_last, 0, false, { NULL } },
    { "length", filter_length, 0, false, { NULL } },
    { "list", filter_list, 0, false, { NULL } },
    { "max", filter_max, 0, false, { "case_sensitive", "attribute" } },
    { "min", filter_min, 0, false, { "case_sensitive", "attribute" } },
    { "reverse", filter_reverse, 0, false, { NULL } },
    { "slice", filter_slice, 1, false, { "slices", "fill_with" } },
    { "sort", filter_sort, 0, false, { "reverse", "case_sensitive", "attribute" } },
    { "sum", filter_sum, 0, false, { "attribute", "start" } },
    { "unique", filter_unique, 0, false, { "case_sensitive", "attribute" } },
};
const struct jinja_builtins jinja_sequence_filters = { rows, COUNT_OF(rows) };

#include "chat/jinja/jinja_access.h"

#include "chat/jinja/jinja_dict.h"
#include "chat/jinja/jinja_evaluate.h"
#include "chat/jinja/jinja_globals.h"
#include "chat/jinja/jinja_integer.h"
#include "chat/jinja/jinja_iterate.h"
#include "chat/jinja/jinja_loop.h"
#include "chat/jinja/jinja_undefined.h"
#include "chat/jinja/jinja_unicode.h"

static bool is_named(const struct jinja_value *name, const char *text)
{
    return slice_equal(jinja_slice(name), slice_of(text));
}

/* __class__ and its like, the doors out of a sandbox. */
static bool is_internal(struct slice name)
{
    return name.length > 4 && memcmp(name.data, "__", 2) == 0 &&
           memcmp(name.data + name.length - 2, "__", 2) == 0;
}

static bool new_method(struct jinja_run *run, const struct jinja_value *self,
                       const struct jinja_builtin *function, struct jinja_value *out)
{
    struct jinja_method *method = jinja_alloc(run, 1, sizeof *method);
    if (!method)
        return false;
    *method = (struct jinja_method){ *self, function };
    *out = (struct jinja_value){ .kind = JINJA_METHOD, .method = method };
    return true;
}

static bool macro_attribute(struct jinja_run *run, const struct jinja_definition *d,
                            const struct jinja_value *name, struct jinja_value *out)
{
    if (is_named(name, "name"))
        *out = d->name;
    else if (is_named(name, "arguments"))
        return jinja_new_list(run, JINJA_TUPLE, d->parameters, d->n_parameters, out);
    else if (is_named(name, "catch_kwargs"))
        *out = jinja_bool(d->uses_kwargs);
    else if (is_named(name, "catch_varargs"))
        *out = jinja_bool(d->uses_varargs);
    else if (is_named(name, "caller"))
        *out = jinja_bool(d->uses_caller);
    return true;
}

static bool special_attribute(struct jinja_run *run, const struct jinja_value *object,
                              const struct jinja_value *name, struct jinja_value *out)
{
    const struct jinja_value *found;
    switch (object->kind) {
    case JINJA_NAMESPACE:
        found = jinja_find_text(object->dict, jinja_slice(name));
        if (found)
            *out = *found;
        return true;
    case JINJA_LOOP:
        return jinja_loop_attribute(run, object->loop, jinja_slice(name), out);
    case JINJA_MACRO:
        return macro_attribute(run, object->macro->definition, name, out);
    case JINJA_CYCLER:
        if (is_named(name, "current"))
            *out = object->cycler->items->items[object->cycler->position];
        return true;
    case JINJA_TUPLE:
        if (object->list->is_group && is_named(name, "grouper"))
            *out = object->list->items[0];
        else if (object->list->is_group && is_named(name, "list"))
            *out = object->list->items[1];
        return true;
    case JINJA_SELF:
        return jinja_block_attribute(run, name, out);
    default:
        return true;
    }
}

bool jinja_own_attribute(struct jinja_run *run, const struct jinja_value *object,
                         const struct jinja_value *name, struct jinja_value *out)
{
    *out = jinja_missing();
    if (is_internal(jinja_slice(name))) {
        *out = jinja_undefined(JINJA_FORBIDDEN, name->string);
        return true;
    }
    if (!special_attribute(run, object, name, out))
        return false;
    if (jinja_is_given(out))
        return true;
    const struct jinja_builtin *method =
        jinja_find_method((enum jinja_kind)object->kind, jinja_slice(name));
    if (method && method->function)
        return new_method(run, object, method, out);
    if (method)
        *out = jinja_undefined(JINJA_FORBIDDEN, name->string);
    return true;
}

bool jinja_attribute(struct jinja_run *run, const struct jinja_value *of,
                     const struct jinja_value *name, struct jinja_value *out)
{
    struct jinja_value copy = *of, *object = &copy; /* `out` may be what it is taken from */
    if (object->kind == JINJA_UNDEFINED)
        return jinja_fail_undefined(run, object);
    if (!jinja_own_attribute(run, object, name, out))
        return false;
    if (jinja_is_given(out))
        return true;
    const struct jinja_value *found =
        object->kind == JINJA_DICT ? jinja_find_text(object->dict, jinja_slice(name)) : NULL;
    *out = found ? *found : jinja_undefined(object->kind, name->string);
    return true;
}

bool jinja_substring(struct jinja_run *run, const struct jinja_value *string, size_t begin,
                     size_t end, struct jinja_value *out)
{
    struct slice text = jinja_slice(string);
    if (string->string->n_points != text.length) {
        size_t count = end - begin;
        if (!jinja_spend(run, end / 8))
            return false;
        begin = jinja_point_offset(text, begin);
        struct slice rest = { text.data + begin, text.length - begin };
        end = begin + jinja_point_offset(rest, count);
    }
    return jinja_view_string(run, (struct slice){ text.data + begin, end - begin }, out);
}

static bool element_at(struct jinja_run *run, const struct jinja_value *object,
                       const struct jinja_value *index, struct jinja_value *out)
{
    size_t length;
    int64_t i = jinja_int64(index);
    (void)jinja_length(object, &length);
    i += i < 0 ? (int64_t)length : 0;
    bool is_inside = i >= 0 && (size_t)i < length;
    if (is_inside && object->kind == JINJA_STRING)
        return jinja_substring(run, object, (size_t)i, (size_t)i + 1, out);
    *out = is_inside ? jinja_element(object, (size_t)i) : jinja_undefined(object->kind, NULL);
    return true;
}

static bool is_indexed(const struct jinja_value *v)
{
    return v->kind == JINJA_STRING || v->kind == JINJA_RANGE || jinja_is_sequence(v);
}

bool jinja_item(struct jinja_run *run, const struct jinja_value *of,
                const struct jinja_value *index, struct jinja_value *out)
{
    struct jinja_value copy = *of, *object = &copy;
    if (object->kind == JINJA_UNDEFINED)
        return jinja_fail_undefined(run, object);
    bool is_hashable = index->kind != JINJA_LIST && index->kind != JINJA_DICT;
    if (object->kind == JINJA_DICT && is_hashable) {
        const struct jinja_value *found;
        if (!jinja_find(run, object->dict, index, &found))
            return false;
        if (found) {
            *out = *found;
            return true;
        }
    }
    if (is_indexed(object) && (index->kind == JINJA_INTEGER || index->kind == JINJA_BOOL))
        return element_at(run, object, index, out);
    bool is_name = index->kind == JINJA_STRING;
    if (is_name && !jinja_own_attribute(run, object, index, out))
        return false;
    if (!is_name || !jinja_is_given(out))
        *out = jinja_undefined(object->kind, is_name ? index->string : NULL);
    return true;
}

/* A bound as Python clips it: from the end when negative, then into [low, high]. */
static bool clip_bound(struct jinja_run *run, const struct jinja_value *bound, int64_t length,
                       int64_t low, int64_t high, int64_t *out)
{
    if (bound->kind == JINJA_NONE)
        return true;
    if (!jinja_is_integral(bound))
        return jinja_fail(run, "a slice needs whole numbers, not a %s", jinja_type_name(bound));
    int64_t value = bound->kind == JINJA_BIG
                        ? (jinja_integer_sign(bound) < 0 ? INT64_MIN / 2 : INT64_MAX / 2)
                        : jinja_int64(bound);
    if (value < 0)
        value = value < -length ? low : value + length;
    *out = value < low ? low : value > high ? high : value;
    return true;
}

/* range.start and count of what a slice takes out of `length` elements. */
static bool cut_range(struct jinja_run *run, const struct jinja_value bounds[3], int64_t length,
                      struct jinja_range *out)
{
    int64_t step = 1;
    if (bounds[2].kind != JINJA_NONE) {
        if (!jinja_is_integral(&bounds[2]))
            return jinja_fail(run, "a slice needs whole numbers, not a %s",
                              jinja_type_name(&bounds[2]));
        bool is_negative = jinja_integer_sign(&bounds[2]) < 0;
        step = bounds[2].kind == JINJA_BIG ? INT64_MAX : jinja_int64(&bounds[2]);
        /* No step needs to be longer than everything there is. */
        if (bounds[2].kind == JINJA_BIG || step > length + 1 || step < -length - 1)
            step = is_negative ? -length - 1 : length + 1;
    }
    if (step == 0)
        return jinja_fail(run, "the step of a slice is 0");
    int64_t low = step < 0 ? -1 : 0, high = step < 0 ? length - 1 : length;
    int64_t start = step < 0 ? high : low, stop = step < 0 ? low : high;
    if (!clip_bound(run, &bounds[0], length, low, high, &start) ||
        !clip_bound(run, &bounds[1], length, low, high, &stop))
        return false;
    int64_t distance = step < 0 ? start - stop : stop - start;
    int64_t stride = step < 0 ? -step : step;
    *out = (struct jinja_range){ start, stop, step,
                                 distance > 0 ? (distance + stride - 1) / stride : 0 };
    return true;
}

static bool cut_string(struct jinja_run *run, const struct jinja_value *object,
                       const struct jinja_range *range, struct jinja_value *out)
{
    struct slice text = jinja_slice(object);
    size_t mark = jinja_mark(run), n;
    if (range->step == 1)
        return jinja_substring(run, object, (size_t)range->start,
                               (size_t)(range->start + range->count), out);
    bool is_ascii = object->string->n_points == text.length;
    size_t *offsets = NULL;
    if (!is_ascii) {
        offsets = jinja_alloc(run, object->string->n_points, sizeof *offsets);
        if (!offsets || !jinja_spend(run, text.length / 4))
            return false;
        for (size_t i = 0, k = 0; i < text.length; i += n) {
            offsets[k++] = i;
            (void)jinja_point(text.data + i, text.length - i, &n);
        }
    }
    bool ok = jinja_spend(run, (uint64_t)range->count);
    for (int64_t i = 0; ok && i < range->count; i++) {
        size_t k = (size_t)(range->start + i * range->step), at = offsets ? offsets[k] : k;
        (void)jinja_point(text.data + at, text.length - at, &n);
        ok = jinja_write(run, (struct slice){ text.data + at, n });
    }
    return ok && jinja_take(run, mark, out);
}

static bool cut_list(struct jinja_run *run, const struct jinja_value *object,
                     const struct jinja_range *range, struct jinja_value *out)
{
    size_t count = (size_t)range->count;
    enum jinja_kind kind = (enum jinja_kind)object->kind;
    if (range->step == 1)
        return jinja_new_list(run, kind, object->list->items + (count ? range->start : 0), count,
                              out);
    struct jinja_value *items = jinja_alloc(run, count, sizeof *items);
    if (!items || !jinja_spend(run, count))
        return false;
    for (size_t i = 0; i < count; i++)
        items[i] = object->list->items[range->start + (int64_t)i * range->step];
    return jinja_new_list(run, kind, items, count, out);
}

static bool cut_numbers(struct jinja_run *run, const struct jinja_range *object,
                        const struct jinja_range *cut, struct jinja_value *out)
{
    struct jinja_range *range = jinja_alloc(run, 1, sizeof *range);
    if (!range)
        return false;
    *range = (struct jinja_range){ object->start + cut->start * object->step,
                                   object->start + cut->stop * object->step,
                                   object->step * cut->step, cut->count };
    *out = (struct jinja_value){ .kind = JINJA_RANGE, .range = range };
    return true;
}

bool jinja_cut(struct jinja_run *run, const struct jinja_value *object,
               const struct jinja_value bounds[3], struct jinja_value *out)
{
    size_t length;
    struct jinja_range range = { 0 };
    if (object->kind == JINJA_UNDEFINED)
        return jinja_fail_undefined(run, object);
    if (!is_indexed(object) || !jinja_length(object, &length))
        return jinja_fail(run, "a %s has no slices", jinja_type_name(object));
    if (!cut_range(run, bounds, (int64_t)length, &range))
        return false;
    if (object->kind == JINJA_STRING)
        return cut_string(run, object, &range, out);
    if (object->kind == JINJA_RANGE)
        return cut_numbers(run, object->range, &range, out);
    return cut_list(run, object, &range, out);
}

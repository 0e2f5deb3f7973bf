/* Methods of list, tuple, range and dict. Those that would change one are rows without a function.
 */
#include "chat/jinja/jinja_builtin.h"
#include "chat/jinja/jinja_compare.h"
#include "chat/jinja/jinja_dict.h"
#include "chat/jinja/jinja_iterate.h"

#define METHOD(name) \
    static bool name(struct jinja_run *run, const struct jinja_call *call, struct jinja_value *out)

METHOD(method_count)
{
    size_t length;
    int64_t n = 0;
    if (!jinja_length(&call->self, &length))
        return jinja_fail(run, "a %s has no length", jinja_type_name(&call->self));
    for (size_t i = 0; i < length; i++) {
        struct jinja_value element = jinja_element(&call->self, i);
        bool equal;
        if (!jinja_spend(run, 1) || !jinja_equal(run, &element, &call->arguments[0], &equal))
            return false;
        n += equal;
    }
    *out = jinja_integer(n);
    return true;
}

METHOD(method_index)
{
    size_t length;
    int64_t start = 0, stop = INT64_MAX;
    if (!jinja_length(&call->self, &length) ||
        !jinja_integer_argument(run, &call->arguments[1], "start", &start) ||
        !jinja_integer_argument(run, &call->arguments[2], "stop", &stop))
        return false;
    start += start < 0 ? (int64_t)length : 0;
    stop += stop < 0 ? (int64_t)length : 0;
    for (size_t i = start > 0 ? (size_t)start : 0; i < length && (int64_t)i < stop; i++) {
        struct jinja_value element = jinja_element(&call->self, i);
        bool equal;
        if (!jinja_spend(run, 1) || !jinja_equal(run, &element, &call->arguments[0], &equal))
            return false;
        if (equal) {
            *out = jinja_integer((int64_t)i);
            return true;
        }
    }
    return jinja_fail(run, "the value was not found in the %s", jinja_type_name(&call->self));
}

METHOD(method_copy)
{
    (void)run;
    *out = call->self; /* nobody can tell, since neither can be changed */
    return true;
}

METHOD(method_get)
{
    const struct jinja_value *found;
    if (!jinja_find(run, call->self.dict, &call->arguments[0], &found))
        return false;
    *out = found ? *found : jinja_is_given(&call->arguments[1]) ? call->arguments[1] : jinja_none();
    return true;
}

static bool view(const struct jinja_call *call, enum jinja_view which, struct jinja_value *out)
{
    *out = (struct jinja_value){ .kind = JINJA_VIEW, .detail = (uint8_t)which };
    out->dict = call->self.dict;
    return true;
}

METHOD(method_items)
{
    (void)run;
    return view(call, JINJA_ITEMS, out);
}

METHOD(method_keys)
{
    (void)run;
    return view(call, JINJA_KEYS, out);
}

METHOD(method_values)
{
    (void)run;
    return view(call, JINJA_VALUES, out);
}

METHOD(method_fromkeys)
{
    struct jinja_iterator *it;
    struct jinja_value key, value = call->arguments[1];
    struct jinja_dict *dict = jinja_new_dict(run, 0);
    if (!dict || !jinja_iterate(run, &call->arguments[0], &it))
        return false;
    if (!jinja_is_given(&value))
        value = jinja_none();
    for (;;) {
        if (!jinja_next(run, it, &key))
            return false;
        if (!jinja_is_given(&key))
            break;
        if (!jinja_put(run, dict, &key, &value))
            return false;
    }
    *out = jinja_dict_value(dict);
    return true;
}

static const struct jinja_builtin list_rows[] = {
    { "count", method_count, 1, false, { "value" } },
    { "index", method_index, 1, false, { "value", "start", "stop" } },
    { "copy", method_copy, 0, false, { NULL } },
    { "append", NULL, 0, false, { NULL } },
    { "clear", NULL, 0, false, { NULL } },
    { "extend", NULL, 0, false, { NULL } },
    { "insert", NULL, 0, false, { NULL } },
    { "pop", NULL, 0, false, { NULL } },
    { "remove", NULL, 0, false, { NULL } },
    { "reverse", NULL, 0, false, { NULL } },
    { "sort", NULL, 0, false, { NULL } },
};
const struct jinja_builtins jinja_list_methods = { list_rows, COUNT_OF(list_rows) };

static const struct jinja_builtin tuple_rows[] = {
    { "count", method_count, 1, false, { "value" } },
    { "index", method_index, 1, false, { "value", "start", "stop" } },
};
const struct jinja_builtins jinja_tuple_methods = { tuple_rows, COUNT_OF(tuple_rows) };

static const struct jinja_builtin dict_rows[] = {
    { "get", method_get, 1, false, { "key", "default" } },
    { "items", method_items, 0, false, { NULL } },
    { "keys", method_keys, 0, false, { NULL } },
    { "values", method_values, 0, false, { NULL } },
    { "copy", method_copy, 0, false, { NULL } },
    { "fromkeys", method_fromkeys, 1, false, { "iterable", "value" } },
    { "clear", NULL, 0, false, { NULL } },
    { "pop", NULL, 0, false, { NULL } },
    { "popitem", NULL, 0, false, { NULL } },
    { "setdefault", NULL, 0, false, { NULL } },
    { "update", NULL, 0, false, { NULL } },
};
const struct jinja_builtins jinja_dict_methods = { dict_rows, COUNT_OF(dict_rows) };

/* map, select, reject and their likes: each element goes through a filter or a test of its own,
 * when it is asked for. */
#include "chat/jinja/jinja_builtin.h"
#include "chat/jinja/jinja_getter.h"
#include "chat/jinja/jinja_iterate.h"

struct selection {
    struct jinja_value source;
    struct jinja_call call; /* of the filter or test: the arguments behind its name */
    struct jinja_iterator *iterator;
    const struct jinja_builtin *function; /* NULL: map by attribute; whether it is true */
    struct jinja_getter getter;
    bool has_attribute, keeps; /* keeps: select, not reject */
};

static bool copy_call(struct jinja_run *run, const struct jinja_call *call, struct jinja_call *out)
{
    size_t n = call->count;
    struct jinja_value *arguments = jinja_alloc(run, n, sizeof *arguments);
    struct jinja_keyword *keywords = jinja_alloc(run, call->n_keywords, sizeof *keywords);
    if (!arguments || !keywords)
        return false;
    if (n)
        memcpy(arguments, call->arguments, n * sizeof *arguments);
    if (call->n_keywords)
        memcpy(keywords, call->keywords, call->n_keywords * sizeof *keywords);
    *out = (struct jinja_call){ call->self, arguments, n, keywords, call->n_keywords };
    return true;
}

static bool find_function(struct jinja_run *run, const struct jinja_value *name, bool is_test,
                          const struct jinja_builtin **out)
{
    if (name->kind != JINJA_STRING)
        return jinja_fail(run, "a %s is named by a text, not a %s", is_test ? "test" : "filter",
                          jinja_type_name(name));
    *out = is_test ? jinja_find_test(jinja_slice(name)) : jinja_find_filter(jinja_slice(name));
    return *out || jinja_fail(run, "there is no %s '%s'", is_test ? "test" : "filter",
                              printable(jinja_slice(name)));
}

/* map(attribute='a', default='b') */
static bool prepare_attributes(struct jinja_run *run, struct selection *s)
{
    struct jinja_value attribute = jinja_missing(), fallback = jinja_missing();
    for (size_t i = 0; i < s->call.n_keywords; i++) {
        struct slice name = jinja_slice(&s->call.keywords[i].name);
        if (slice_equal(name, slice_of("attribute")))
            attribute = s->call.keywords[i].value;
        else if (slice_equal(name, slice_of("default")))
            fallback = s->call.keywords[i].value;
        else
            return jinja_fail(run, "'map' has no parameter '%s'", printable(name));
    }
    if (!jinja_is_given(&attribute))
        return jinja_fail(run, "'map' needs a filter or an attribute");
    if (!jinja_new_getter(run, &attribute, false, &s->getter))
        return false;
    s->getter.fallback = fallback.kind == JINJA_NONE ? jinja_missing() : fallback;
    return true;
}

static bool prepare_map(struct jinja_run *run, struct selection *s)
{
    if (s->call.count == 0)
        return prepare_attributes(run, s);
    if (!find_function(run, &s->call.arguments[0], false, &s->function))
        return false;
    s->call.arguments++;
    s->call.count--;
    return true;
}

static bool prepare_select(struct jinja_run *run, struct selection *s)
{
    if (s->has_attribute) {
        if (s->call.count == 0)
            return jinja_fail(run, "an attribute is needed to select by");
        if (!jinja_new_getter(run, &s->call.arguments[0], false, &s->getter))
            return false;
        s->call.arguments++;
        s->call.count--;
    }
    if (s->call.count == 0)
        return true;
    if (!find_function(run, &s->call.arguments[0], true, &s->function))
        return false;
    s->call.arguments++;
    s->call.count--;
    return true;
}

/* What is false has no elements, whatever it is; so nothing else is looked at. */
static bool begin(struct jinja_run *run, struct selection *s,
                  bool (*prepare)(struct jinja_run *run, struct selection *s), bool *is_empty)
{
    *is_empty = !s->iterator && !jinja_truth(&s->source);
    return s->iterator || *is_empty ||
           (prepare(run, s) && jinja_iterate(run, &s->source, &s->iterator));
}

static bool next_mapped(struct jinja_run *run, struct jinja_iterator *it, struct jinja_value *out)
{
    struct selection *s = it->state;
    struct jinja_value element;
    bool is_empty;
    *out = jinja_missing();
    if (!begin(run, s, prepare_map, &is_empty))
        return false;
    if (is_empty)
        return true;
    if (!jinja_next(run, s->iterator, &element))
        return false;
    if (!jinja_is_given(&element))
        return true;
    if (!s->function)
        return jinja_get(run, &s->getter, &element, out);
    struct jinja_call call = s->call;
    call.self = element;
    return jinja_call_builtin(run, s->function, &call, out);
}

static bool holds(struct jinja_run *run, const struct selection *s,
                  const struct jinja_value *element, bool *result)
{
    struct jinja_call call = s->call;
    struct jinja_value answer;
    if (!jinja_get(run, &s->getter, element, &call.self))
        return false;
    answer = call.self;
    if (s->function && !jinja_call_builtin(run, s->function, &call, &answer))
        return false;
    *result = jinja_truth(&answer);
    return true;
}

static bool next_selected(struct jinja_run *run, struct jinja_iterator *it, struct jinja_value *out)
{
    struct selection *s = it->state;
    bool is_empty, result = false;
    *out = jinja_missing();
    if (!begin(run, s, prepare_select, &is_empty))
        return false;
    while (!is_empty) {
        if (!jinja_next(run, s->iterator, out))
            return false;
        if (!jinja_is_given(out))
            return true;
        if (!holds(run, s, out, &result))
            return false;
        if (result == s->keeps)
            return true;
    }
    return true;
}

static bool new_selection(struct jinja_run *run, const struct jinja_call *call, bool has_attribute,
                          bool keeps, jinja_next_function *next, struct jinja_value *out)
{
    struct selection *s = jinja_alloc(run, 1, sizeof *s);
    if (!s || !copy_call(run, call, &s->call))
        return false;
    s->source = call->self;
    s->has_attribute = has_attribute;
    s->keeps = keeps;
    return jinja_new_iterator(run, next, s, out);
}

static bool filter_map(struct jinja_run *run, const struct jinja_call *call,
                       struct jinja_value *out)
{
    return new_selection(run, call, false, false, next_mapped, out);
}

static bool filter_select(struct jinja_run *run, const struct jinja_call *call,
                          struct jinja_value *out)
{
    return new_selection(run, call, false, true, next_selected, out);
}

static bool filter_reject(struct jinja_run *run, const struct jinja_call *call,
                          struct jinja_value *out)
{
    return new_selection(run, call, false, false, next_selected, out);
}

static bool filter_selectattr(struct jinja_run *run, const struct jinja_call *call,
                              struct jinja_value *out)
{
    return new_selection(run, call, true, true, next_selected, out);
}

static bool filter_rejectattr(struct jinja_run *run, const struct jinja_call *call,
                              struct jinja_value *out)
{
    return new_selection(run, call, true, false, next_selected, out);
}

static const struct jinja_builtin rows[] = {
    { "map", filter_map, 0, true, { NULL } },
    { "reject", filter_reject, 0, true, { NULL } },
    { "rejectattr", filter_rejectattr, 0, true, { NULL } },
    { "select", filter_select, 0, true, { NULL } },
    { "selectattr", filter_selectattr, 0, true, { NULL } },
};
const struct jinja_builtins jinja_selection_filters = { rows, COUNT_OF(rows) };

#include "chat/jinja/jinja_builtin.h"

static const struct jinja_builtin *find(const struct jinja_builtins *table, struct slice name)
{
    for (size_t i = 0; i < table->count; i++)
        if (slice_equal(name, slice_of(table->rows[i].name)))
            return &table->rows[i];
    return NULL;
}

static const struct jinja_builtin *find_in(const struct jinja_builtins *const *tables, size_t n,
                                           struct slice name)
{
    const struct jinja_builtin *found = NULL;
    for (size_t i = 0; !found && i < n; i++)
        found = find(tables[i], name);
    return found;
}

const struct jinja_builtin *jinja_find_filter(struct slice name)
{
    static const struct jinja_builtins *const tables[] = { &jinja_text_filters,
                                                           &jinja_number_filters,
                                                           &jinja_sequence_filters,
                                                           &jinja_selection_filters };
    return find_in(tables, COUNT_OF(tables), name);
}

const struct jinja_builtin *jinja_find_test(struct slice name)
{
    return find(&jinja_tests, name);
}

const struct jinja_builtin *jinja_find_global(struct slice name)
{
    return find(&jinja_globals, name);
}

const struct jinja_builtin *jinja_find_method(enum jinja_kind kind, struct slice name)
{
    static const struct jinja_builtins *const string_tables[] = { &jinja_string_methods,
                                                                  &jinja_string_search_methods };
    static const struct jinja_builtins *const tables[] = {
        [JINJA_LIST] = &jinja_list_methods,   [JINJA_TUPLE] = &jinja_tuple_methods,
        [JINJA_RANGE] = &jinja_tuple_methods, [JINJA_DICT] = &jinja_dict_methods,
        [JINJA_LOOP] = &jinja_loop_methods,   [JINJA_CYCLER] = &jinja_cycler_methods,
    };
    if (kind == JINJA_STRING)
        return find_in(string_tables, COUNT_OF(string_tables), name);
    return kind < COUNT_OF(tables) && tables[kind] ? find(tables[kind], name) : NULL;
}

static size_t count_parameters(const struct jinja_builtin *builtin)
{
    size_t n = 0;
    while (n < JINJA_MOST_PARAMETERS && builtin->parameters[n])
        n++;
    return n;
}

static bool bind_keyword(struct jinja_run *run, const struct jinja_builtin *builtin,
                         const struct jinja_keyword *keyword, struct jinja_value *values)
{
    struct slice name = jinja_slice(&keyword->name);
    for (size_t i = 0; i < count_parameters(builtin); i++) {
        if (!slice_equal(name, slice_of(builtin->parameters[i])))
            continue;
        if (jinja_is_given(&values[i]))
            return jinja_fail(run, "'%s' is given '%s' twice", builtin->name, printable(name));
        values[i] = keyword->value;
        return true;
    }
    return jinja_fail(run, "'%s' has no parameter '%s'", builtin->name, printable(name));
}

bool jinja_call_builtin(struct jinja_run *run, const struct jinja_builtin *builtin,
                        const struct jinja_call *call, struct jinja_value *out)
{
    struct jinja_value values[JINJA_MOST_PARAMETERS];
    struct jinja_call bound = { call->self, values, JINJA_MOST_PARAMETERS, NULL, 0 };
    if (!builtin->function)
        return jinja_fail(run, "a template may not use '%s'", builtin->name);
    if (builtin->is_variadic)
        return builtin->function(run, call, out);
    if (call->count > count_parameters(builtin))
        return jinja_fail(run, "'%s' takes at most %zu arguments, not %zu", builtin->name,
                          count_parameters(builtin), call->count);
    for (size_t i = 0; i < JINJA_MOST_PARAMETERS; i++)
        values[i] = i < call->count ? call->arguments[i] : jinja_missing();
    for (size_t i = 0; i < call->n_keywords; i++)
        if (!bind_keyword(run, builtin, &call->keywords[i], values))
            return false;
    for (size_t i = 0; i < builtin->n_required; i++)
        if (!jinja_is_given(&values[i]))
            return jinja_fail(run, "'%s' needs '%s'", builtin->name, builtin->parameters[i]);
    return builtin->function(run, &bound, out);
}

bool jinja_integer_argument(struct jinja_run *run, const struct jinja_value *argument,
                            const char *name, int64_t *out)
{
    if (!jinja_is_given(argument) || argument->kind == JINJA_NONE)
        return true;
    if (argument->kind != JINJA_BOOL && argument->kind != JINJA_INTEGER)
        return jinja_fail(run, "'%s' must be an int, not a %s", name, jinja_type_name(argument));
    *out = jinja_int64(argument);
    return true;
}

bool jinja_text_argument(struct jinja_run *run, const struct jinja_value *argument,
                         const char *name, struct slice *out)
{
    if (!jinja_is_given(argument))
        return true;
    if (argument->kind != JINJA_STRING)
        return jinja_fail(run, "'%s' must be a str, not a %s", name, jinja_type_name(argument));
    *out = jinja_slice(argument);
    return true;
}

#include "chat/jinja/jinja_evaluate.h"

#include "chat/jinja/jinja_dict.h"
#include "chat/jinja/jinja_iterate.h"

bool jinja_new_macro(struct jinja_run *run, const struct jinja_definition *definition,
                     struct jinja_value *out)
{
    struct jinja_macro *macro = jinja_alloc(run, 1, sizeof *macro);
    if (!macro)
        return false;
    *macro = (struct jinja_macro){ definition, run->scope };
    *out = (struct jinja_value){ .kind = JINJA_MACRO, .macro = macro };
    return true;
}

static const char *macro_name(const struct jinja_definition *d)
{
    return d->name.kind == JINJA_STRING ? printable(jinja_slice(&d->name)) : "caller";
}

/* The keyword of that name, taken out of what is left; NULL when it was not given. */
static const struct jinja_value *take_keyword(const struct jinja_call *call, bool *taken,
                                              struct slice name)
{
    for (size_t i = 0; i < call->n_keywords; i++)
        if (!taken[i] && slice_equal(jinja_slice(&call->keywords[i].name), name)) {
            taken[i] = true;
            return &call->keywords[i].value;
        }
    return NULL;
}

static bool bind_name(struct jinja_run *run, const char *name, const struct jinja_value *value)
{
    uint64_t symbol;
    /* A name that the template never mentions cannot be looked up. */
    if (!table_get(&run->template->symbols, slice_of(name), &symbol))
        return true;
    return jinja_bind(run, (jinja_symbol)symbol, value);
}

static bool bind_parameters(struct jinja_run *run, const struct jinja_definition *d,
                            const struct jinja_call *call, bool *taken)
{
    for (size_t i = 0; i < d->n_parameters; i++) {
        const struct jinja_value *given =
            i < call->count ? &call->arguments[i]
                            : take_keyword(call, taken, jinja_slice(&d->parameters[i]));
        struct jinja_value value = jinja_undefined(JINJA_NOT_GIVEN, d->parameters[i].string);
        if (given)
            value = *given;
        else if (d->defaults[i] && !jinja_evaluate(run, d->defaults[i], &value))
            return false;
        if (!jinja_bind(run, d->symbols[i], &value))
            return false;
    }
    return jinja_spend(run, d->n_parameters * call->n_keywords / 4);
}

static bool bind_caller(struct jinja_run *run, const struct jinja_definition *d,
                        const struct jinja_call *call, bool *taken)
{
    if (!d->uses_caller || d->has_caller_parameter)
        return true;
    const struct jinja_value *given = take_keyword(call, taken, slice_of("caller"));
    struct jinja_value value = given ? *given : jinja_undefined(JINJA_EMPTY, NULL);
    return bind_name(run, "caller", &value);
}

static bool bind_kwargs(struct jinja_run *run, const struct jinja_definition *d,
                        const struct jinja_call *call, const bool *taken)
{
    struct jinja_dict *rest = d->uses_kwargs ? jinja_new_dict(run, 0) : NULL;
    if (d->uses_kwargs && !rest)
        return false;
    for (size_t i = 0; i < call->n_keywords; i++) {
        const struct jinja_keyword *keyword = &call->keywords[i];
        if (taken[i])
            continue;
        if (!rest)
            return jinja_fail(run, "the macro '%s' has no parameter '%s'", macro_name(d),
                              printable(jinja_slice(&keyword->name)));
        if (!jinja_put(run, rest, &keyword->name, &keyword->value))
            return false;
    }
    if (!rest)
        return true;
    struct jinja_value value = jinja_dict_value(rest);
    return bind_name(run, "kwargs", &value);
}

static bool bind_varargs(struct jinja_run *run, const struct jinja_definition *d,
                         const struct jinja_call *call)
{
    size_t n = call->count > d->n_parameters ? call->count - d->n_parameters : 0;
    if (!d->uses_varargs)
        return n == 0 || jinja_fail(run, "the macro '%s' takes at most %zu arguments, not %zu",
                                    macro_name(d), d->n_parameters, call->count);
    struct jinja_value *items = jinja_alloc(run, n, sizeof *items), value;
    if (!items)
        return false;
    if (n)
        memcpy(items, call->arguments + d->n_parameters, n * sizeof *items);
    return jinja_new_list(run, JINJA_TUPLE, items, n, &value) && bind_name(run, "varargs", &value);
}

static bool run_macro(struct jinja_run *run, const struct jinja_definition *d,
                      const struct jinja_call *call, struct jinja_value *out)
{
    enum jinja_flow flow = JINJA_GOES_ON;
    bool few_taken[16] = { false }, *taken = few_taken;
    size_t mark = jinja_mark(run);
    if (call->n_keywords > COUNT_OF(few_taken) &&
        !(taken = jinja_alloc(run, call->n_keywords, sizeof *taken)))
        return false;
    return bind_parameters(run, d, call, taken) && bind_caller(run, d, call, taken) &&
           bind_kwargs(run, d, call, taken) && bind_varargs(run, d, call) &&
           jinja_execute(run, &d->body, &flow) && jinja_take(run, mark, out);
}

bool jinja_call_macro(struct jinja_run *run, const struct jinja_macro *macro,
                      const struct jinja_call *call, struct jinja_value *out)
{
    struct jinja_scope *before = run->scope;
    if (!jinja_enter(run))
        return false;
    run->scope = jinja_new_scope(run, macro->scope, macro->definition->n_names);
    bool ok = run->scope && run_macro(run, macro->definition, call, out);
    run->scope = before;
    jinja_leave(run);
    return ok;
}

#include "chat/jinja/jinja_scope.h"

struct jinja_scope *jinja_new_scope(struct jinja_run *run, struct jinja_scope *outer,
                                    size_t n_names)
{
    struct jinja_scope *scope =
        jinja_alloc(run, 1, sizeof *scope + n_names * sizeof *scope->bindings);
    if (scope) {
        scope->outer = outer;
        scope->capacity = n_names;
    }
    return scope;
}

bool jinja_bind(struct jinja_run *run, jinja_symbol symbol, const struct jinja_value *value)
{
    struct jinja_scope *scope = run->scope;
    if (!scope) {
        run->globals[symbol] = *value;
        return true;
    }
    for (size_t i = 0; i < scope->count; i++)
        if (scope->bindings[i].symbol == symbol) {
            scope->bindings[i].value = *value;
            return true;
        }
    assert(scope->count < scope->capacity); /* the parser counted the places that bind */
    scope->bindings[scope->count++] = (struct jinja_binding){ symbol, *value };
    return jinja_spend(run, scope->count / 16);
}

struct jinja_value jinja_lookup(const struct jinja_run *run, jinja_symbol symbol)
{
    for (const struct jinja_scope *scope = run->scope; scope; scope = scope->outer)
        for (size_t i = 0; i < scope->count; i++)
            if (scope->bindings[i].symbol == symbol)
                return scope->bindings[i].value;
    if (jinja_is_given(&run->globals[symbol]))
        return run->globals[symbol];
    return jinja_undefined(JINJA_NO_SUCH_NAME, run->template->names[symbol]);
}

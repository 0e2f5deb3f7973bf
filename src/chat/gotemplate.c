#include "chat/gotemplate.h"

#include "base/memory.h"
#include "chat/gotemplate/go_evaluate.h"

/* The longest template of a published model has 20 thousand bytes. */
enum { MAX_SOURCE = 128 << 10, MAX_TREE = 24 << 20 };

bool gotemplate_compile(struct gotemplate **out, struct slice source, struct error *err)
{
    *out = NULL;
    if (source.length > MAX_SOURCE)
        return fail(err, ERROR_BUDGET, "the template has %zu bytes, more than %d", source.length,
                    MAX_SOURCE);
    struct gotemplate *t = memory_zeroed(1, sizeof *t);
    if (!t)
        return fail_memory(err, sizeof *t, "a template");
    t->arena = arena_new(MAX_TREE);
    const char *copy = t->arena ? arena_copy(t->arena, source) : NULL;
    bool ok = copy || fail_memory(err, source.length, "a template");
    ok = ok && go_parse(t, (struct slice){ copy, source.length }, err);
    if (ok && !(go_find_names(t) && go_cut_behind_response(t)))
        ok = fail_memory(err, source.length, "a template");
    if (!ok)
        gotemplate_close(&t);
    *out = t;
    return ok;
}

void gotemplate_close(struct gotemplate **t)
{
    if (!*t)
        return;
    arena_free(&(*t)->arena);
    memory_free(*t);
    *t = NULL;
}

bool gotemplate_render(const struct gotemplate *t, const struct json *data,
                       const struct gotemplate_options *options, struct text *out,
                       struct error *err)
{
    struct go_evaluator e;
    struct go_value root;
    if (!go_evaluator_init(&e, t, options->now, out, err))
        return false;
    bool ok = go_value_from_json(&root, data, e.arena, err) && go_evaluate(&e, t->root, root);
    go_evaluator_release(&e);
    return ok;
}

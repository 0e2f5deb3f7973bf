#include "chat/dialect.h"

#include "base/memory.h"
#include "chat/dialect/dialect_families.h"
#include "chat/dialect/dialect_private.h"
#include "chat/dialect/dialect_probe.h"
#include "chat/gotemplate.h"
#include "chat/gotemplate_tags.h"
#include "base/slice_text.h"
#include "chat/white_space.h"

enum { TEXT_BYTES = 16 << 20 };

static bool is_last_row(const struct dialect_family *row)
{
    return !row->name && !row->marks[0];
}

static const struct dialect_family *row_named(const char *name)
{
    for (const struct dialect_family *row = dialect_families; !is_last_row(row); row++)
        if (row->name && strcmp(row->name, name) == 0)
            return row;
    return NULL;
}

/* A NUL byte stands behind each text, also the empty ones. */
static void set_empty(struct dialect *d)
{
    struct call_syntax *c = &d->calls;
    struct slice *all[] = { &d->think_open, &d->think_close,  &d->content_open, &d->content_close,
                            &c->trigger,    &c->section_open, &c->between,      &c->section_close,
                            &c->open,       &c->name_again,   &c->name_end,     &c->close,
                            &c->arg_open,   &c->arg_name_end, &c->arg_close,    &c->arg_between,
                            &c->quote };
    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (!all[i]->data)
            *all[i] = slice_of("");
}

static bool open_holder(struct dialect_holder **out, const struct dialect *dialect,
                        struct error *err)
{
    *out = memory_zeroed(1, sizeof **out);
    if (!*out)
        return fail_memory(err, sizeof **out, "a dialect");
    (*out)->dialect = *dialect;
    set_empty(&(*out)->dialect);
    return true;
}

bool dialect_open_family(struct dialect_holder **out, const char *family, struct error *err)
{
    const struct dialect_family *row = row_named(family);
    *out = NULL;
    if (row)
        return open_holder(out, &row->dialect, err);
    return fail(err, ERROR_NOT_FOUND, "there is no family of answers '%s'",
                printable(slice_of(family)));
}

/* ---- of a template ---- */

/* What renders the prompts of a family where its name is another. */
static const char *family_of_renderer(const char *renderer)
{
    static const char *const others[][2] = {
        { "deepseek3.1", "deepseek3" }, { "qwen3.8", "qwen3.5" },
        { "olmo3.1", "olmo3" },         { "olmo3-32b-think", "olmo3-think" },
        { "gemma4-small", "gemma4" },   { "gemma4-large", "gemma4" },
    };
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (strcmp(renderer, others[i][0]) == 0)
            return others[i][1];
    return renderer;
}

static const struct dialect_family *row_marked(struct slice source, bool is_certain)
{
    for (const struct dialect_family *row = dialect_families; !is_last_row(row); row++) {
        bool has_all = row->marks[0] && row->is_certain == is_certain;
        for (size_t i = 0; has_all && i < DIALECT_MARKS && row->marks[i]; i++)
            has_all = has(source, row->marks[i]);
        if (has_all)
            return row;
    }
    return NULL;
}

/* A Go template names its tags, which is more than its prompts tell. */
static bool set_go_thinking(struct dialect_holder *h, const struct gotemplate *go,
                            struct error *err)
{
    struct gotemplate_tags tags;
    if (!gotemplate_find_tags(go, &tags, err))
        return false;
    if (tags.think_open.length == 0 || tags.think_close.length == 0)
        return true;
    char *open = arena_copy(h->texts, tags.think_open);
    char *close = arena_copy(h->texts, tags.think_close);
    h->dialect.think_open = (struct slice){ open, tags.think_open.length };
    h->dialect.think_close = (struct slice){ close, tags.think_close.length };
    return (open && close) || fail(err, ERROR_MEMORY, "the tags of thinking take too much memory");
}

static bool find_out(struct dialect_holder *h, const struct chat_template *t, struct error *err)
{
    struct slice source = chat_template_source(t);
    const char *renderer = chat_template_renderer(t);
    const struct gotemplate *go = chat_template_go(t);
    const struct dialect_family *row =
        renderer ? row_named(family_of_renderer(renderer)) : row_marked(source, true);
    if (row && chat_template_facts(t).has_calls) {
        h->dialect = row->dialect;
        return true;
    }
    if (!dialect_probe_calls(&h->dialect.calls, t, h->texts, err) ||
        !dialect_probe_thinking(&h->dialect, t, h->texts, err) ||
        !dialect_probe_content(&h->dialect, t, h->texts, err))
        return false;
    if (go && h->dialect.think_open.length == 0 && !set_go_thinking(h, go, err))
        return false;
    if (!row)
        row = row_marked(source, false);
    if (row && h->dialect.calls.arguments == ARGUMENTS_NONE)
        h->dialect.calls = row->dialect.calls;
    return true;
}

bool dialect_open(struct dialect_holder **out, const struct chat_template *t, struct error *err)
{
    static const struct dialect nothing = { 0 };
    if (!open_holder(out, &nothing, err))
        return false;
    (*out)->texts = arena_new(TEXT_BYTES);
    bool ok =
        ((*out)->texts || fail_memory(err, TEXT_BYTES, "a dialect")) && find_out(*out, t, err);
    if (ok)
        set_empty(&(*out)->dialect);
    else
        dialect_close(out);
    return ok;
}

void dialect_close(struct dialect_holder **holder)
{
    if (!*holder)
        return;
    arena_free(&(*holder)->texts);
    memory_free(*holder);
    *holder = NULL;
}

const struct dialect *dialect_of(const struct dialect_holder *holder)
{
    return &holder->dialect;
}

bool dialect_prompt_thinks(const struct dialect *d, struct slice prompt)
{
    if (d->think_open.length == 0)
        return false;
    struct slice open = trim_space(d->think_open), rest = trim_right(prompt);
    return rest.length >= open.length &&
           slice_equal(slice_from(rest, rest.length - open.length), open);
}

#include "chat/chat_template.h"

#include "base/interruption.h"
#include "base/memory.h"
#include "chat/template/chat_loss.h"
#include "chat/template/chat_markers.h"
#include "chat/template/chat_probe.h"
#include "chat/template/chat_prompt.h"
#include "chat/gotemplate_prompt.h"
#include "chat/renderer.h"
#include "base/slice_text.h"

enum { LARGEST_SOURCES = 4 << 20 };

struct chat_template {
    struct arena *arena; /* the sources and the origin */
    struct chat_engine engine;
    struct chat_findings found;
    const char *origin;
};

/* ---- the choice ---- */

static bool fail_sources(struct error *err)
{
    return fail(err, ERROR_MEMORY, "the sources of a template take more than %d bytes",
                LARGEST_SOURCES);
}

static bool copy_slice(struct slice *out, struct slice in, struct arena *arena)
{
    const char *copy = arena_copy(arena, in.data ? in : slice_of(""));
    *out = (struct slice){ copy, in.length };
    return copy;
}

static bool set_origin(struct chat_template *t, const char *origin, struct error *err)
{
    t->origin = origin;
    return origin || fail_sources(err);
}

static bool use_jinja(struct chat_template *t, struct slice source, const char *origin,
                      struct error *err)
{
    t->engine.kind = CHAT_JINJA;
    return (copy_slice(&t->engine.source, source, t->arena) || fail_sources(err)) &&
           jinja_compile(&t->engine.jinja, t->engine.source, err) && set_origin(t, origin, err);
}

static bool use_go(struct chat_template *t, struct slice source, const char *origin,
                   struct error *err)
{
    const struct slice *names;
    size_t n_names;
    t->engine.kind = CHAT_GO;
    return (copy_slice(&t->engine.source, source, t->arena) || fail_sources(err)) &&
           gotemplate_compile(&t->engine.go, t->engine.source, err) &&
           gotemplate_names(t->engine.go, &names, &n_names, err) && set_origin(t, origin, err);
}

static bool use_given(struct chat_template *t, const struct chat_template_sources *sources,
                      struct error *err)
{
    bool ok = sources->user_is_jinja
                  ? use_jinja(t, sources->user, "the given template (Jinja)", err)
                  : use_go(t, sources->user, "the given template (Go)", err);
    return ok || fail_while(err, "the given template");
}

/* Whether there is one of that name shows when it is asked for a prompt. */
static bool use_renderer(struct chat_template *t, const char *name, struct error *err)
{
    struct renderer_input nothing = { .messages = NULL };
    struct error missing = { 0 };
    struct text prompt;
    text_init(&prompt, 1 << 20);
    bool ok = renderer_render(&prompt, name, &nothing, &missing);
    text_release(&prompt);
    if (!ok && missing.code == ERROR_NOT_FOUND)
        return fail(err, missing.code, "%s", missing.message);
    t->engine.kind = CHAT_RENDERER;
    t->engine.renderer = arena_copy(t->arena, slice_of(name));
    return set_origin(t, t->engine.renderer ? arena_printf(t->arena, "renderer %s", name) : NULL,
                      err);
}

/* `reason` is why it is not the model's own, or empty. */
static bool use_builtin(struct chat_template *t, const struct gotemplate_builtin *builtin,
                        const char *reason, struct error *err)
{
    return use_go(t, slice_of(builtin->source),
                  arena_printf(t->arena, "built-in template %s%s", builtin->name, reason), err);
}

static bool use_nothing(struct chat_template *t, const char *reason, struct error *err)
{
    t->engine.kind = CHAT_PLAIN;
    return set_origin(t, arena_printf(t->arena, "none: plain text%s", reason), err);
}

/* Plain text has no words for anything but texts. */
static bool find_out(struct chat_template *t, struct error *err)
{
    static const struct chat_findings plain = {
        .style = { .tools_as_text = true, .calls_as_text = true, .results_as_text = true }
    };
    t->found = plain;
    return t->engine.kind == CHAT_PLAIN || chat_probe(&t->found, &t->engine, err);
}

static bool use_stand_in(struct chat_template *t, const struct gotemplate_builtin *builtin,
                         const char *reason, struct error *err)
{
    return (builtin ? use_builtin(t, builtin, reason, err) : use_nothing(t, reason, err)) &&
           find_out(t, err);
}

static bool use_model(struct chat_template *t, const struct chat_template_sources *sources,
                      struct error *err)
{
    const struct gotemplate_builtin *builtin = chat_markers_find(sources);
    struct error unfit = { 0 };
    if (sources->model.length == 0)
        return use_stand_in(t, builtin, "", err);
    if (use_jinja(t, sources->model, "the model's own template (Jinja)", &unfit) &&
        find_out(t, &unfit))
        return true;
    if (unfit.code == ERROR_MEMORY)
        return fail(err, unfit.code, "%s", unfit.message);
    jinja_close(&t->engine.jinja);
    t->engine.source = slice_of("");
    const struct gotemplate_builtin *alike = gotemplate_builtin_detect(sources->model);
    const char *reason =
        arena_printf(t->arena, " (the model's own does not work: %s)", unfit.message);
    return reason ? use_stand_in(t, alike ? alike : builtin, reason, err) : fail_sources(err);
}

static bool choose(struct chat_template *t, const struct chat_template_sources *sources,
                   struct error *err)
{
    if (!copy_slice(&t->engine.bos, sources->bos, t->arena) ||
        !copy_slice(&t->engine.eos, sources->eos, t->arena))
        return fail_sources(err);
    if (sources->user.length > 0)
        return use_given(t, sources, err) && find_out(t, err);
    if (sources->renderer)
        return use_renderer(t, sources->renderer, err) && find_out(t, err);
    return use_model(t, sources, err);
}

bool chat_template_open(struct chat_template **out, const struct chat_template_sources *sources,
                        struct error *err)
{
    struct chat_template *t = memory_zeroed(1, sizeof *t);
    *out = NULL;
    if (!t)
        return fail_memory(err, sizeof *t, "a template");
    t->arena = arena_new(LARGEST_SOURCES);
    bool ok = t->arena || fail_memory(err, LARGEST_SOURCES, "a template");
    ok = ok && choose(t, sources, err);
    if (ok)
        *out = t;
    else
        chat_template_close(&t);
    return ok;
}

void chat_template_close(struct chat_template **t)
{
    if (!*t)
        return;
    chat_engine_release(&(*t)->engine);
    arena_free(&(*t)->arena);
    memory_free(*t);
    *t = NULL;
}

/* ---- what it is ---- */

const char *chat_template_origin(const struct chat_template *t)
{
    return t->origin;
}

bool chat_template_is_plain(const struct chat_template *t)
{
    return t->engine.kind == CHAT_PLAIN;
}

struct slice chat_template_jinja(const struct chat_template *t)
{
    return t->engine.kind == CHAT_JINJA ? t->engine.source : (struct slice){ NULL, 0 };
}

const struct gotemplate *chat_template_go(const struct chat_template *t)
{
    return t->engine.go;
}

const char *chat_template_renderer(const struct chat_template *t)
{
    return t->engine.renderer;
}

struct slice chat_template_source(const struct chat_template *t)
{
    return t->engine.source;
}

struct chat_template_facts chat_template_facts(const struct chat_template *t)
{
    return t->found.facts;
}

/* ---- prompts ---- */

static struct slice written_since(const struct text *out, size_t begin)
{
    return out->data ? slice_from(text_slice(out), begin) : slice_of("");
}

static bool is_complete(const struct text *out, size_t begin, const struct prompt_request *request)
{
    return prompt_is_complete(written_since(out, begin), request->conversation);
}

static bool render_as(const struct chat_template *t, const struct chat_style *style,
                      const struct prompt_request *request, struct text *out, struct error *err)
{
    size_t begin = out->length;
    if (!interruption_check(err) ||
        !chat_prompt_write(&t->engine, style, &t->found.switches, request, out, err))
        return false;
    if (prompt_check(written_since(out, begin), request->conversation, err))
        return true;
    text_truncate(out, begin);
    return false;
}

/* Ways to say what the template refused or left out, first each by itself, then together; false
 * when there is none left. Where there are tools, calls keep their form, since answers are read in
 * it. */
static bool change_style(struct chat_style *style, unsigned way, bool has_tools)
{
    enum {
        TURNS,
        LATE_SYSTEM,
        SYSTEM,
        CALLS,
        TOOLS,
        TYPES,
        LISTING,
        CONTENT,
        ALL_BUT_CONTENT,
        ALL,
        WORDS,
        END
    };
    bool all = way == ALL || way == ALL_BUT_CONTENT || way == WORDS;
    if (way == TURNS || all)
        style->merges_system = style->merges_turns = style->opens_with_user =
            style->answers_results = true;
    if (way == LATE_SYSTEM || all)
        style->late_system_as_user = true;
    if (way == SYSTEM || all)
        style->system_as_user = true;
    if (way == CALLS || all)
        style->splits_calls = true;
    if (way == TOOLS || all)
        style->completes_tools = true;
    if (way == TYPES || all)
        style->simplifies_tools = true;
    if (way == LISTING || all)
        style->lists_tools = true;
    if (way == CONTENT || way == ALL)
        style->parts_content = style->parts_by_user = true;
    if (way == WORDS)
        style->calls_as_text = style->results_as_text = true;
    return way < (has_tools ? WORDS : END);
}

static bool is_worth_another(const struct error *err)
{
    return err->code == ERROR_USAGE || err->code == ERROR_FORMAT || err->code == ERROR_UNSUPPORTED;
}

/* A prompt that says everything is better than an earlier one that only says what it must. */
bool chat_template_render(const struct chat_template *t, const struct prompt_request *request,
                          struct text *out, struct error *err)
{
    struct chat_style style = t->found.style, acceptable;
    struct error first = { 0 }, later = { 0 }, *failure = &first;
    bool has_acceptable = false;
    size_t begin = out->length;
    unsigned way = 0;
    bool has_tools = conversation_tools(request->conversation);
    do {
        bool ok = render_as(t, &style, request, out, failure);
        if (ok && is_complete(out, begin, request))
            return true;
        if (ok && !has_acceptable)
            acceptable = style;
        has_acceptable = has_acceptable || ok;
        text_truncate(out, begin);
        if (!ok && !is_worth_another(failure))
            break;
        failure = &later;
        style = t->found.style;
    } while (change_style(&style, way++, has_tools));
    if (has_acceptable)
        return render_as(t, &acceptable, request, out, err);
    return fail(err, first.code, "%s", first.message);
}

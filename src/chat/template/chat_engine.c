#include "chat/template/chat_engine.h"

#include <time.h>

#include "chat/template/chat_context.h"
#include "chat/template/chat_tools.h"
#include "chat/gotemplate_prompt.h"
#include "base/json_members.h"
#include "chat/renderer.h"

enum { LARGEST_CONTEXT = 512 << 20 };

void chat_engine_release(struct chat_engine *engine)
{
    jinja_close(&engine->jinja);
    gotemplate_close(&engine->go);
    *engine = (struct chat_engine){ 0 };
}

/* ---- the context's other members ---- */

static bool write_tools(struct text *out, const struct chat_rendering *r)
{
    const struct json *tools = r->style->tools_as_text ? NULL : r->tools;
    if (!tools && r->style->omits_absent)
        return true;
    if (!write_name(out, "tools"))
        return false;
    if (tools && (r->style->completes_tools || r->style->simplifies_tools))
        return chat_write_tools(out, tools, r->style->completes_tools, r->style->simplifies_tools);
    return tools ? json_write(out, tools) : text_append_string(out, "null");
}

/* Firefunction wants its tools as text, and the time. */
static bool write_functions(struct text *out, const struct chat_rendering *r)
{
    struct text tools;
    struct tm time;
    char datetime[40] = "";
    time_t now = (time_t)r->now;
    if (gmtime_r(&now, &time))
        strftime(datetime, sizeof datetime, "%Y-%m-%d %H:%M:%S GMT", &time);
    text_init(&tools, out->limit);
    bool ok = (r->tools && !r->style->tools_as_text ? json_write(&tools, r->tools)
                                                    : text_append_string(&tools, "[]")) &&
              (json_get(r->variables, "functions") ||
               write_text_member(out, "functions", text_slice(&tools))) &&
              (json_get(r->variables, "datetime") ||
               write_text_member(out, "datetime", slice_of(datetime)));
    text_release(&tools);
    return ok;
}

static bool write_flag(struct text *out, const char *name, bool value)
{
    return write_name(out, name) && text_append_string(out, value ? "true" : "false");
}

/* What the conversation is told in cannot be overridden. */
static bool is_reserved(struct slice name)
{
    return slice_equal(name, slice_of("messages")) || slice_equal(name, slice_of("tools"));
}

static bool write_variables(struct text *out, const struct json *variables)
{
    for (const struct json_member *m = json_first(variables); m; m = json_next(variables, m)) {
        struct slice name = json_member_key(m);
        if (!is_reserved(name) &&
            !(write_comma(out) && json_write_string(out, name) && text_append_byte(out, ':') &&
              json_write(out, json_member_value(m))))
            return false;
    }
    return true;
}

static bool write_tokens(struct text *out, const struct chat_engine *e,
                         const struct json *variables)
{
    return (json_get(variables, "bos_token") || write_text_member(out, "bos_token", e->bos)) &&
           (json_get(variables, "eos_token") || write_text_member(out, "eos_token", e->eos));
}

static bool write_jinja_context(struct text *out, const struct chat_engine *e,
                                const struct chat_rendering *r)
{
    const struct json *variables = r->variables;
    bool ok = text_append_byte(out, '{') && write_name(out, "messages") &&
              chat_write_jinja_messages(out, r->messages, r->style) && write_tools(out, r) &&
              write_tokens(out, e, variables) &&
              chat_write_switches(out, r->switches, r->think, variables);
    if (r->style->adds_functions)
        ok = ok && write_functions(out, r);
    if (!json_get(variables, "documents") && !r->style->omits_absent)
        ok = ok && write_name(out, "documents") && text_append_string(out, "null");
    if (!json_get(variables, "add_generation_prompt"))
        ok = ok && write_flag(out, "add_generation_prompt", !r->continues_answer);
    return ok && write_variables(out, variables) && text_append_byte(out, '}');
}

static bool write_ollama_context(struct text *out, const struct chat_engine *e,
                                 const struct chat_rendering *r)
{
    (void)e;
    bool ok = text_append_byte(out, '{') && write_name(out, "messages") &&
              chat_write_ollama_messages(out, r->messages, r->style) && write_tools(out, r);
    ok = ok && write_flag(out, "think", r->think.is_on) &&
         write_flag(out, "is_think_set", r->think.is_set) &&
         write_text_member(out, "think_level", slice_of(r->think.level ? r->think.level : ""));
    return ok && text_append_byte(out, '}');
}

/* ---- one function for each kind ---- */

/* A long conversation may take more than a short one, though not a template more than its share. */
static struct jinja_options options_for(const struct chat_rendering *r, size_t context_bytes)
{
    struct jinja_options options = jinja_defaults();
    options.now = r->now;
    options.limits.steps += 16 * (uint64_t)context_bytes;
    options.limits.memory_bytes += 16 * context_bytes;
    options.limits.output_bytes += 4 * context_bytes;
    return options;
}

static bool render_context(const struct chat_engine *e, const struct chat_rendering *r,
                           const struct json *context, size_t context_bytes, struct text *out,
                           struct error *err)
{
    if (e->kind == CHAT_JINJA) {
        struct jinja_options options = options_for(r, context_bytes);
        return jinja_render(e->jinja, context, &options, out, err);
    }
    if (e->kind == CHAT_GO)
        return gotemplate_prompt_from_context(e->go, context, r->now, out, err);
    struct renderer_input input = { .messages = json_get(context, "messages"),
                                    .tools = json_get(context, "tools"),
                                    .think = r->think,
                                    .now = r->now };
    return renderer_render(out, e->renderer, &input, err);
}

static bool render_plain(const struct chat_rendering *r, struct text *out, struct error *err)
{
    size_t length_before = out->length;
    bool ok = true;
    for (size_t i = 0; ok && i < r->messages->count; i++)
        ok = (i == 0 || text_append_string(out, "\n\n")) &&
             text_append_slice(out, r->messages->items[i].content);
    if (ok)
        return true;
    text_truncate(out, length_before);
    return fail(err, ERROR_MEMORY, "the prompt takes more than %zu bytes, or memory is out",
                out->limit);
}

bool chat_engine_render(const struct chat_engine *engine, const struct chat_rendering *rendering,
                        struct text *out, struct error *err)
{
    const struct json *context = NULL;
    struct text written;
    if (engine->kind == CHAT_PLAIN)
        return render_plain(rendering, out, err);
    text_init(&written, LARGEST_CONTEXT);
    bool ok = engine->kind == CHAT_JINJA ? write_jinja_context(&written, engine, rendering)
                                         : write_ollama_context(&written, engine, rendering);
    if (!ok)
        fail(err, ERROR_MEMORY, "the conversation takes more than %d bytes, or memory is out",
             LARGEST_CONTEXT);
    ok = ok && json_open(&context, written.data, written.length, "the conversation", err) &&
         render_context(engine, rendering, context, written.length, out, err);
    json_close(&context);
    text_release(&written);
    return ok;
}

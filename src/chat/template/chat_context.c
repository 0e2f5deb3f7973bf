#include "chat/template/chat_context.h"

#include <stdio.h>

#include "base/json_members.h"

/* ---- ids ---- */

static bool write_short_id(struct text *out, const char *name, size_t number)
{
    char id[32];
    snprintf(id, sizeof id, "call%05zu", number % 100000);
    return write_text_member(out, name, slice_of(id));
}

static bool write_named_id(struct text *out, const char *name, struct slice tool, size_t number)
{
    struct text id;
    text_init(&id, tool.length + 64);
    bool ok = text_printf(&id, "functions.") && text_append_slice(&id, tool) &&
              text_printf(&id, ":%zu", number) && write_text_member(out, name, text_slice(&id));
    text_release(&id);
    return ok;
}

static bool is_short_id(struct slice id)
{
    for (size_t i = 0; i < id.length; i++)
        if (!(id.data[i] >= '0' && id.data[i] <= '9') &&
            !((id.data[i] | 0x20) >= 'a' && (id.data[i] | 0x20) <= 'z'))
            return false;
    return id.length == 9;
}

/* Templates may look for an id without asking whether there is one, so there always is. */
static bool write_id(struct text *out, const char *name, struct slice sent, struct slice tool,
                     size_t number, enum chat_id_form form)
{
    if (form == CHAT_IDS_NAMED)
        return write_named_id(out, name, tool, number);
    if (form == CHAT_IDS_SHORT ? is_short_id(sent) : sent.length > 0)
        return write_text_member(out, name, sent);
    return write_short_id(out, name, number);
}

/* ---- messages ---- */

static bool write_arguments(struct text *out, const struct json *arguments, bool as_string)
{
    struct text string;
    if (!as_string)
        return write_json_member(out, "arguments", arguments);
    text_init(&string, out->limit);
    bool ok = json_write_spaced(&string, arguments) &&
              write_text_member(out, "arguments", text_slice(&string));
    text_release(&string);
    return ok;
}

static bool write_calls(struct text *out, const struct chat_message *message,
                        const struct chat_style *style)
{
    bool ok = write_name(out, "tool_calls") && text_append_byte(out, '[');
    for (size_t i = 0; ok && i < message->n_calls; i++) {
        const struct chat_call *call = &message->calls[i];
        ok = write_comma(out) && text_append_byte(out, '{') &&
             write_id(out, "id", call->id, call->name, call->number, style->ids) &&
             write_text_member(out, "type", slice_of("function")) && write_name(out, "function") &&
             text_append_byte(out, '{') && write_text_member(out, "name", call->name) &&
             write_arguments(out, call->arguments, style->arguments_as_string) &&
             text_append_string(out, "}}");
    }
    return ok && text_append_byte(out, ']');
}

static bool write_result_id(struct text *out, const struct chat_message *message,
                            enum chat_id_form form)
{
    if (message->answers == NO_CALL)
        return write_text_unless_empty(out, "tool_call_id", message->call_id);
    return write_id(out, "tool_call_id", message->call_id, message->tool_name, message->answers,
                    form);
}

static bool write_jinja_message(struct text *out, const struct chat_message *m,
                                const struct chat_style *style)
{
    bool is_null = m->n_calls > 0 && m->content.length == 0 && style->null_content;
    bool ok = write_comma(out) && text_append_byte(out, '{') &&
              write_text_member(out, "role", slice_of(chat_role_name(m->role)));
    ok = ok && (is_null ? write_name(out, "content") && text_append_string(out, "null")
                        : write_text_member(out, "content", m->content));
    /* two names are in use; no template prints both */
    ok = ok && write_text_unless_empty(out, "reasoning_content", m->thinking) &&
         write_text_unless_empty(out, "thinking", m->thinking);
    if (m->n_calls > 0)
        ok = ok && write_calls(out, m, style);
    if (m->role == CHAT_TOOL)
        ok = ok && write_text_unless_empty(out, "name", m->tool_name) &&
             write_result_id(out, m, style->ids);
    return ok && text_append_byte(out, '}');
}

static bool write_ollama_message(struct text *out, const struct chat_message *m,
                                 const struct chat_style *style)
{
    bool ok = write_comma(out) && text_append_byte(out, '{') &&
              write_text_member(out, "role", slice_of(chat_role_name(m->role))) &&
              write_text_member(out, "content", m->content) &&
              write_text_unless_empty(out, "thinking", m->thinking);
    if (m->n_calls > 0)
        ok = ok && write_calls(out, m, style);
    if (m->role == CHAT_TOOL)
        ok = ok && write_text_unless_empty(out, "tool_name", m->tool_name) &&
             write_result_id(out, m, style->ids);
    return ok && text_append_byte(out, '}');
}

typedef bool write_message(struct text *out, const struct chat_message *message,
                           const struct chat_style *style);

static bool write_messages(struct text *out, const struct chat_messages *messages,
                           const struct chat_style *style, write_message *write)
{
    bool ok = text_append_byte(out, '[');
    for (size_t i = 0; ok && i < messages->count; i++)
        ok = write(out, &messages->items[i], style);
    return ok && text_append_byte(out, ']');
}

bool chat_write_jinja_messages(struct text *out, const struct chat_messages *messages,
                               const struct chat_style *style)
{
    return write_messages(out, messages, style, write_jinja_message);
}

bool chat_write_ollama_messages(struct text *out, const struct chat_messages *messages,
                                const struct chat_style *style)
{
    return write_messages(out, messages, style, write_ollama_message);
}

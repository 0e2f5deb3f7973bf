#include "server/anthropic/messages_request.h"

#include "base/json_members.h"
#include "base/slice_text.h"
#include "server/http/body.h"

enum { REQUEST_BYTES = 256 << 20 };

static bool unsupported_block(size_t message, size_t block, struct slice type, struct error *err)
{
    return fail(err, ERROR_UNSUPPORTED,
                "messages.%zu.content.%zu: blocks of type '%s' are not supported", message, block,
                printable(type));
}

static struct slice type_of(const struct json *node)
{
    return json_text(json_get(node, "type"));
}

/* ---- content: a string, or an array of blocks ---- */

static bool is_text(const struct json *content)
{
    return json_kind(content) == JSON_KIND_STRING;
}

static bool check_content(const struct json *content, size_t message, struct error *err)
{
    if (is_text(content) || json_kind(content) == JSON_KIND_ARRAY)
        return true;
    return fail(err, ERROR_USAGE, "messages.%zu.content: a string or an array of blocks is wanted",
                message);
}

/* The text blocks of `content` as the value of "content"; `prefix` in front. */
static bool write_texts(struct text *out, const struct json *content, const char *prefix)
{
    if (is_text(content) && !*prefix)
        return write_json_member(out, "content", content);
    bool ok = write_name(out, "content") && text_append_byte(out, '[');
    if (*prefix)
        ok = ok && write_comma(out) && text_append_byte(out, '{') &&
             write_string_member(out, "type", "text") && write_string_member(out, "text", prefix) &&
             text_append_byte(out, '}');
    if (is_text(content))
        ok = ok && write_comma(out) && text_append_byte(out, '{') &&
             write_string_member(out, "type", "text") && write_json_member(out, "text", content) &&
             text_append_byte(out, '}');
    for (size_t i = 0; ok && i < json_size(content); i++) {
        const struct json *block = json_at(content, i);
        if (slice_is(type_of(block), "text"))
            ok = write_comma(out) && text_append_byte(out, '{') &&
                 write_string_member(out, "type", "text") &&
                 write_text_member(out, "text", json_text(json_get(block, "text"))) &&
                 text_append_byte(out, '}');
    }
    return ok && text_append_byte(out, ']');
}

static bool open_message(struct text *out, const char *role)
{
    return write_comma(out) && text_append_byte(out, '{') && write_string_member(out, "role", role);
}

/* ---- the user's turn: results of tools first, then what was said ---- */

static bool check_result(const struct json *result, size_t message, size_t block, struct error *err)
{
    const struct json *content = json_get(result, "content");
    for (size_t i = 0; !is_text(content) && i < json_size(content); i++)
        if (!slice_is(type_of(json_at(content, i)), "text"))
            return fail(err, ERROR_UNSUPPORTED,
                        "messages.%zu.content.%zu.content.%zu: blocks of type '%s' are not "
                        "supported in results",
                        message, block, i, printable(type_of(json_at(content, i))));
    return true;
}

static bool write_result(struct text *out, const struct json *result)
{
    const char *prefix = json_flag(json_get(result, "is_error"), false) ? "Error:" : "";
    return open_message(out, "tool") &&
           write_text_member(out, "tool_call_id", json_text(json_get(result, "tool_use_id"))) &&
           write_texts(out, json_get(result, "content"), prefix) && text_append_byte(out, '}');
}

static bool write_user(struct text *out, const struct json *content, const char *role,
                       size_t number, struct error *err)
{
    bool has_text = is_text(content), ok = true;
    for (size_t i = 0; ok && !is_text(content) && i < json_size(content); i++) {
        const struct json *block = json_at(content, i);
        struct slice type = type_of(block);
        if (slice_is(type, "tool_result"))
            ok = check_result(block, number, i, err) && write_result(out, block);
        else if (slice_is(type, "text"))
            has_text = true;
        else
            return unsupported_block(number, i, type, err);
    }
    return ok && (!has_text || (open_message(out, role) && write_texts(out, content, "") &&
                                text_append_byte(out, '}')));
}

/* ---- the assistant's turn ---- */

static bool write_call(struct text *out, const struct json *use)
{
    const struct json *input = json_get(use, "input");
    bool ok = write_comma(out) && text_append_byte(out, '{') &&
              write_text_member(out, "id", json_text(json_get(use, "id"))) &&
              write_string_member(out, "type", "function") && write_name(out, "function") &&
              text_append_byte(out, '{') &&
              write_text_member(out, "name", json_text(json_get(use, "name"))) &&
              write_name(out, "arguments");
    ok = ok && (input ? json_write(out, input) : text_append_string(out, "{}"));
    return ok && text_append_string(out, "}}");
}

static bool write_calls(struct text *out, const struct json *content)
{
    bool ok = true, has_call = false;
    for (size_t i = 0; ok && i < json_size(content); i++) {
        const struct json *block = json_at(content, i);
        if (!slice_is(type_of(block), "tool_use"))
            continue;
        ok = (has_call || (write_name(out, "tool_calls") && text_append_byte(out, '['))) &&
             write_call(out, block);
        has_call = true;
    }
    return ok && (!has_call || text_append_byte(out, ']'));
}

/* Thinking that only Anthropic's servers can read is left out. */
static bool write_thinking(struct text *out, const struct json *content)
{
    for (size_t i = 0; !is_text(content) && i < json_size(content); i++)
        if (slice_is(type_of(json_at(content, i)), "thinking"))
            return write_text_member(out, "thinking",
                                     json_text(json_get(json_at(content, i), "thinking")));
    return true;
}

static bool write_assistant(struct text *out, const struct json *content, size_t number,
                            struct error *err)
{
    static const char *const known[] = { "text", "tool_use", "thinking", "redacted_thinking" };
    for (size_t i = 0; !is_text(content) && i < json_size(content); i++) {
        bool is_known = false;
        for (size_t k = 0; k < COUNT_OF(known); k++)
            is_known = is_known || slice_is(type_of(json_at(content, i)), known[k]);
        if (!is_known)
            return unsupported_block(number, i, type_of(json_at(content, i)), err);
    }
    return open_message(out, "assistant") && write_thinking(out, content) &&
           write_texts(out, content, "") && (is_text(content) || write_calls(out, content)) &&
           text_append_byte(out, '}');
}

/* ---- all messages ---- */

static bool write_message(struct text *out, const struct json *message, size_t number,
                          struct error *err)
{
    struct slice role = json_text(json_get(message, "role"));
    const struct json *content = json_get(message, "content");
    if (!check_content(content, number, err))
        return false;
    if (slice_is(role, "assistant"))
        return write_assistant(out, content, number, err);
    if (slice_is(role, "user") || slice_is(role, "system"))
        return write_user(out, content, slice_is(role, "user") ? "user" : "system", number, err);
    return fail(err, ERROR_USAGE, "messages.%zu.role: 'user' or 'assistant' is wanted, not '%s'",
                number, printable(role));
}

static bool write_messages(struct text *out, const struct json *body, struct error *err)
{
    const struct json *messages = body_field(body, "messages"),
                      *system = body_field(body, "system");
    if (json_kind(messages) != JSON_KIND_ARRAY || json_size(messages) == 0)
        return fail(err, ERROR_USAGE, "messages: at least one message is required");
    bool ok = write_name(out, "messages") && text_append_byte(out, '[');
    if (ok && system)
        ok = (is_text(system) || json_kind(system) == JSON_KIND_ARRAY ||
              fail(err, ERROR_USAGE, "system: a string or an array of text blocks is wanted")) &&
             open_message(out, "system") && write_texts(out, system, "") &&
             text_append_byte(out, '}');
    for (size_t i = 0; ok && i < json_size(messages); i++)
        ok = write_message(out, json_at(messages, i), i, err);
    ok = ok && text_append_byte(out, ']');
    const struct json *last = json_at(messages, json_size(messages) - 1);
    return ok && (!slice_is(json_text(json_get(last, "role")), "assistant") ||
                  write_flag_member(out, "continues", true));
}

/* ---- tools ---- */

static bool write_tool(struct text *out, const struct json *tool, size_t number, struct error *err)
{
    struct slice type = type_of(tool);
    const struct json *schema = json_get(tool, "input_schema"),
                      *about = json_get(tool, "description");
    if (type.length && !slice_is(type, "custom"))
        return fail(
            err, ERROR_UNSUPPORTED,
            "tools.%zu: '%s' runs on Anthropic's servers; declare a tool of your own instead",
            number, printable(type));
    bool ok = write_comma(out) &&
              text_append_string(out, "{\"type\":\"function\",\"function\":{") &&
              write_text_member(out, "name", json_text(json_get(tool, "name")));
    ok = ok && (!about || write_json_member(out, "description", about));
    return ok && (!schema || write_json_member(out, "parameters", schema)) &&
           text_append_string(out, "}}");
}

static bool write_tools(struct text *out, const struct json *body, struct error *err)
{
    const struct json *tools = body_field(body, "tools");
    if (!tools || (json_kind(tools) == JSON_KIND_ARRAY && json_size(tools) == 0))
        return true;
    if (json_kind(tools) != JSON_KIND_ARRAY)
        return fail(err, ERROR_USAGE, "tools: an array is wanted");
    bool ok = write_name(out, "tools") && text_append_byte(out, '[');
    for (size_t i = 0; ok && i < json_size(tools); i++)
        ok = write_tool(out, json_at(tools, i), i, err);
    return ok && text_append_byte(out, ']');
}

static bool write_choice(struct text *out, const struct json *body, struct error *err)
{
    const struct json *choice = body_field(body, "tool_choice");
    struct slice type = type_of(choice);
    if (!choice)
        return true;
    if (json_flag(json_get(choice, "disable_parallel_tool_use"), false) &&
        !write_flag_member(out, "parallel_tool_calls", false))
        return false;
    if (slice_is(type, "tool"))
        return write_name(out, "tool_choice") && text_append_byte(out, '{') &&
               write_text_member(out, "name", json_text(json_get(choice, "name"))) &&
               text_append_byte(out, '}');
    if (slice_is(type, "any"))
        return write_string_member(out, "tool_choice", "required");
    if (slice_is(type, "auto") || slice_is(type, "none"))
        return write_text_member(out, "tool_choice", type);
    return fail(err, ERROR_USAGE,
                "tool_choice.type: 'auto', 'any', 'tool' or 'none' is wanted, not '%s'",
                printable(type));
}

/* ---- thinking, form, sampling ---- */

static bool write_effort(struct text *out, const struct json *body)
{
    struct slice effort = json_text(json_get(body_field(body, "output_config"), "effort"));
    if (slice_is(effort, "xhigh"))
        effort = slice_of("high");
    return effort.length ? write_text_member(out, "think", effort)
                         : write_flag_member(out, "think", true);
}

/* Off unless asked for, as clients of this interface expect; what the model cannot do is no error.
 */
static bool write_think(struct text *out, const struct json *body, struct error *err)
{
    const struct json *thinking = body_field(body, "thinking");
    int64_t budget = -1;
    bool is_off = !thinking || slice_is(type_of(thinking), "disabled");
    if (thinking && !body_whole(thinking, "budget_tokens", 1, INT32_MAX, &budget, err))
        return false;
    return write_flag_member(out, "think_if_possible", true) &&
           (is_off ? write_flag_member(out, "think", false) : write_effort(out, body)) &&
           (budget < 0 || write_integer_member(out, "thinking_budget", budget));
}

static bool write_format(struct text *out, const struct json *body, struct error *err)
{
    const struct json *format = body_field(body, "output_format");
    if (!format)
        format = json_get(body_field(body, "output_config"), "format");
    if (!format)
        return true;
    if (!slice_is(type_of(format), "json_schema") || !json_get(format, "schema"))
        return fail(err, ERROR_USAGE,
                    "output_format: {\"type\":\"json_schema\",\"schema\":...} is wanted");
    return write_json_member(out, "format", json_get(format, "schema"));
}

static bool write_real(struct text *out, const struct json *body, const char *name, double most,
                       struct error *err)
{
    double value = -1;
    if (!body_real(body, name, 0, most, &value, err))
        return false;
    return value < 0 || (write_name(out, name) && text_printf(out, "%.9g", value));
}

static bool write_options(struct text *out, const struct json *body, struct error *err)
{
    int64_t n_predict = 0, top_k = -1;
    const struct json *stop = body_field(body, "stop_sequences");
    struct error ignored = { 0 };
    if (!body_whole(body, "max_tokens", 1, INT32_MAX, &n_predict, &ignored) || n_predict < 1)
        return fail(err, ERROR_USAGE, "max_tokens is required and must be positive");
    if (!body_whole(body, "top_k", 0, INT32_MAX, &top_k, err))
        return false;
    if (stop && json_kind(stop) != JSON_KIND_ARRAY)
        return fail(err, ERROR_USAGE, "stop_sequences: an array of strings is wanted");
    return write_name(out, "options") && text_append_byte(out, '{') &&
           write_integer_member(out, "num_predict", n_predict) &&
           (top_k < 0 || write_integer_member(out, "top_k", top_k)) &&
           write_real(out, body, "temperature", 2, err) && write_real(out, body, "top_p", 1, err) &&
           (!stop || write_json_member(out, "stop", stop)) && text_append_byte(out, '}');
}

static bool write_request(struct text *out, const struct json *body, bool counts,
                          struct slice client, struct error *err)
{
    return text_append_byte(out, '{') &&
           write_string_member(out, "kind", counts ? "count" : "chat") &&
           write_text_member(out, "client", client) && write_messages(out, body, err) &&
           write_tools(out, body, err) && write_choice(out, body, err) &&
           write_think(out, body, err) && write_format(out, body, err) &&
           (counts || write_options(out, body, err)) && text_append_byte(out, '}');
}

bool messages_request_read(struct messages_request *out, const struct json *body, bool counts,
                           struct slice client, struct error *err)
{
    *out = (struct messages_request){ 0 };
    text_init(&out->request, REQUEST_BYTES);
    if (!body_text(body, "model", &out->model, err) ||
        !body_flag(body, "stream", &out->is_streaming, err))
        return false;
    if (!out->model.length)
        return fail(err, ERROR_USAGE, "model is required");
    err->code = ERROR_NONE;
    if (write_request(&out->request, body, counts, client, err))
        return true;
    return err->code ? false : fail_memory(err, out->request.length, "a request");
}

void messages_request_release(struct messages_request *request)
{
    text_release(&request->request);
}

#include "cli/run/answer_request.h"

#include "base/json_members.h"

const char *answer_request_path(const struct answer_request *request)
{
    return request->conversation ? "/api/chat" : "/api/generate";
}

/* ---- how it is answered ---- */

static bool write_format(const struct settings *settings, struct text *out)
{
    const struct text *format = &settings->format_text, *grammar = &settings->grammar_text;
    bool is_word = slice_equal(text_slice(format), slice_of("json"));
    bool ok = format->length == 0 || write_name(out, "format");
    if (ok && format->length > 0)
        ok = is_word ? text_append_string(out, "\"json\"")
                     : text_append_slice(out, text_slice(format)); /* it was read as JSON */
    return ok && write_text_unless_empty(out, "grammar", text_slice(grammar));
}

static bool write_biases(const struct answer_request *request, struct text *out)
{
    if (request->n_biases == 0)
        return true;
    bool ok = write_name(out, "logit_bias") && text_append_byte(out, '{');
    for (size_t i = 0; ok && i < request->n_biases; i++)
        ok = text_printf(out, "%s\"%" PRId64 "\":%.9g", i ? "," : "", request->biases[i].token,
                         (double)request->biases[i].bias);
    return ok && text_append_byte(out, '}');
}

static bool write_logprobs(const struct settings *settings, struct text *out)
{
    int32_t n = settings->session.n_logprobs;
    return n < 0 || (write_flag_member(out, "logprobs", true) &&
                     write_integer_member(out, "top_logprobs", n));
}

/* A number is seconds, anything else for the server to judge. */
static bool write_keep_alive(const struct settings *settings, struct text *out)
{
    const char *given = settings->keep_alive;
    if (!given)
        return true;
    const char *digits = given + (*given == '-');
    size_t n = strspn(digits, "0123456789");
    bool is_number = n && !digits[n] && (*digits != '0' || n == 1);
    return is_number ? write_name(out, "keep_alive") && text_append_string(out, given)
                     : write_string_member(out, "keep_alive", given);
}

static bool write_settings(const struct answer_request *request, struct text *out)
{
    const struct settings *settings = request->settings;
    return settings_write_options(settings, request->number, out) && write_format(settings, out) &&
           write_biases(request, out) && write_logprobs(settings, out) &&
           write_keep_alive(settings, out) &&
           write_flag_member(out, request->is_check ? "dry_run" : "stream_counts", true);
}

/* ---- a chat ---- */

static bool write_tool_choice(const struct settings *settings, struct text *out)
{
    const char *choice = settings->tool_choice;
    bool ok = !settings->calls_one_tool || write_flag_member(out, "parallel_tool_calls", false);
    if (!ok || strcmp(choice, "auto") == 0)
        return ok;
    if (strcmp(choice, "none") == 0 || strcmp(choice, "required") == 0)
        return write_string_member(out, "tool_choice", choice);
    return write_name(out, "tool_choice") && text_append_byte(out, '{') &&
           write_string_member(out, "name", choice) && text_append_byte(out, '}');
}

static bool write_think(const struct settings *settings, struct text *out)
{
    const struct think_choice *think = &settings->input.think;
    bool ok = settings->thinking_budget < 0 ||
              write_integer_member(out, "thinking_budget", settings->thinking_budget);
    if (!ok || !think->is_set)
        return ok;
    return think->is_on && *think->level ? write_string_member(out, "think", think->level)
                                         : write_flag_member(out, "think", think->is_on);
}

static bool write_template(const struct chat_input *input, struct text *out)
{
    if (!input->flags.template)
        return true;
    return write_text_member(out, "template", text_slice(&input->template)) &&
           write_string_member(out, "template_kind", chat_input_is_jinja(input) ? "jinja" : "go");
}

static bool write_chat(const struct answer_request *request, struct text *out)
{
    const struct settings *settings = request->settings;
    const struct json *tools = conversation_tools(request->conversation);
    return write_json_member(out, "messages", conversation_messages(request->conversation)) &&
           (!tools || write_json_member(out, "tools", tools)) && write_tool_choice(settings, out) &&
           write_think(settings, out) && write_template(&settings->input, out);
}

/* ---- a text ---- */

static bool write_text(const struct answer_request *request, struct text *out)
{
    const char *suffix = request->settings->input.flags.suffix;
    return write_text_member(out, "prompt", request->text) &&
           (suffix ? write_string_member(out, "suffix", suffix)
                   : write_flag_member(out, "raw", true));
}

bool answer_request_write(const struct answer_request *request, struct text *out, struct error *err)
{
    bool ok = text_append_byte(out, '{') && write_text_member(out, "model", request->model) &&
              (request->conversation ? write_chat(request, out) : write_text(request, out)) &&
              write_settings(request, out) && text_append_byte(out, '}');
    return ok ||
           fail(err, ERROR_BUDGET, "the request is over %zu bytes, or memory is out", out->limit);
}

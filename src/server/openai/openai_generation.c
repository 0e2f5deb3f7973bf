#include "server/openai/openai_generation.h"

#include "base/json_members.h"
#include "base/slice_text.h"
#include "server/http/body.h"

#include <math.h>
#include <stdio.h>

enum { MOST_STOPS = 64, MOST_BIASES = 1024 };

/* ---- what is not served ---- */

static bool is_as_absent(const struct json *value)
{
    enum json_kind kind = json_kind(value);
    return kind == JSON_KIND_NONE || kind == JSON_KIND_NULL ||
           (kind == JSON_KIND_BOOL && !json_flag(value, true)) ||
           (kind == JSON_KIND_ARRAY && json_size(value) == 0);
}

bool openai_check_refused(const struct json *body, const struct openai_refusal *rows,
                          struct openai_problem *problem)
{
    for (; rows->field; rows++)
        if (!is_as_absent(body_field(body, rows->field)))
            return openai_refuse(problem, rows->field, rows->why);
    return true;
}

/* ---- options ---- */

struct real_field {
    const char *name, *option;
    double least, most, fallback; /* fallback NAN: left to the engine */
};

static bool write_real(struct text *out, const struct json *body, const struct real_field *field,
                       struct openai_problem *problem)
{
    double value = field->fallback;
    if (!body_real(body, field->name, field->least, field->most, &value, &problem->error))
        return openai_blame(problem, "%s", field->name);
    return isnan(value) || (write_name(out, field->option) && text_printf(out, "%.9g", value));
}

static bool write_reals(struct text *out, const struct json *body, struct openai_problem *problem)
{
    static const struct real_field fields[] = {
        { "temperature", "temperature", 0, 2, 1 },
        { "top_p", "top_p", 0, 1, 1 },
        { "min_p", "min_p", 0, 1, NAN },
        { "presence_penalty", "presence_penalty", -2, 2, NAN },
        { "frequency_penalty", "frequency_penalty", -2, 2, NAN },
        { "repetition_penalty", "repeat_penalty", 0.001, 1000, NAN },
    };
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (!write_real(out, body, &fields[i], problem))
            return false;
    return true;
}

static bool write_whole(struct text *out, const struct json *body, const char *name,
                        const char *option, int64_t least, int64_t most,
                        struct openai_problem *problem)
{
    int64_t value = 0;
    if (!body_field(body, name))
        return true;
    if (!body_whole(body, name, least, most, &value, &problem->error))
        return openai_blame(problem, "%s", name);
    return write_integer_member(out, option, value);
}

static bool write_limit(struct text *out, const struct json *body, const char *const *limits,
                        struct openai_problem *problem)
{
    int64_t most = 0;
    while (*limits && !body_field(body, *limits))
        limits++;
    if (!*limits)
        return true;
    if (!body_whole(body, *limits, -1, INT32_MAX, &most, &problem->error))
        return openai_blame(problem, "%s", *limits);
    if (most == 0)
        return openai_reject(problem, *limits, "at least 1 token is needed, or -1 for no limit");
    return write_integer_member(out, "num_predict", most);
}

/* One text or several; empty ones stop nothing. */
static bool write_stop(struct text *out, const struct json *body, struct openai_problem *problem)
{
    const struct json *stop = body_field(body, "stop");
    bool is_one = json_kind(stop) == JSON_KIND_STRING;
    size_t n = is_one ? 1 : json_size(stop);
    if (!stop)
        return true;
    if (!is_one && json_kind(stop) != JSON_KIND_ARRAY)
        return openai_reject(problem, "stop", "'stop' must be a string or an array of strings");
    if (n > MOST_STOPS)
        return openai_reject(problem, "stop", "'stop' has %zu strings, but at most %d are allowed",
                             n, MOST_STOPS);
    bool ok = write_name(out, "stop") && text_append_byte(out, '[');
    for (size_t i = 0; ok && i < n; i++) {
        const struct json *one = is_one ? stop : json_at(stop, i);
        if (json_kind(one) != JSON_KIND_STRING)
            return openai_reject(problem, "stop", "'stop' must be a string or an array of strings");
        if (json_text(one).length > 0)
            ok = write_comma(out) && json_write(out, one);
    }
    return ok && text_append_byte(out, ']');
}

bool openai_write_options(struct text *out, const struct json *body, const char *const *limits,
                          struct openai_problem *problem)
{
    return write_name(out, "options") && text_append_byte(out, '{') &&
           write_limit(out, body, limits, problem) && write_reals(out, body, problem) &&
           write_whole(out, body, "top_k", "top_k", 0, INT32_MAX, problem) &&
           write_whole(out, body, "seed", "seed", INT64_MIN, INT64_MAX, problem) &&
           write_stop(out, body, problem) && text_append_byte(out, '}');
}

/* ---- biases ---- */

static bool is_token_id(struct slice key)
{
    bool is_number = key.length > 0 && key.length < 10;
    for (size_t i = 0; is_number && i < key.length; i++)
        is_number = key.data[i] >= '0' && key.data[i] <= '9';
    return is_number;
}

static bool check_bias(const struct json_member *member, struct openai_problem *problem)
{
    struct slice key = json_member_key(member);
    const struct json *value = json_member_value(member);
    double bias = json_number(value, 0);
    if (!is_token_id(key))
        fail(&problem->error, ERROR_USAGE, "'logit_bias' names '%s', which is no token's number",
             printable(key));
    else if (!json_is_numeric(value) || !(bias >= -100 && bias <= 100))
        fail(&problem->error, ERROR_USAGE,
             "'logit_bias' of token %s must be a number between -100 and 100", printable(key));
    else
        return true;
    return openai_blame(problem, "logit_bias");
}

bool openai_write_logit_bias(struct text *out, const struct json *body,
                             struct openai_problem *problem)
{
    const struct json *biases = body_field(body, "logit_bias");
    if (!biases)
        return true;
    if (json_kind(biases) != JSON_KIND_OBJECT)
        return openai_reject(problem, "logit_bias", "'logit_bias' must be an object");
    if (json_size(biases) > MOST_BIASES)
        return openai_reject(problem, "logit_bias",
                             "'logit_bias' has %zu entries, but at most %d are allowed",
                             json_size(biases), MOST_BIASES);
    for (const struct json_member *m = json_first(biases); m; m = json_next(biases, m))
        if (!check_bias(m, problem))
            return false;
    return json_size(biases) == 0 || write_json_member(out, "logit_bias", biases);
}

/* ---- thinking ---- */

/* An effort is a wish, so a model that cannot think is no error; `think` is an order. */
static bool write_effort(struct text *out, struct slice effort, const char *field,
                         struct openai_problem *problem)
{
    static const struct {
        const char *effort, *think;
    } rows[] = { { "none", "false" },        { "minimal", "\"low\"" }, { "low", "\"low\"" },
                 { "medium", "\"medium\"" }, { "high", "\"high\"" },   { "xhigh", "\"max\"" },
                 { "ultra", "\"max\"" },     { "max", "\"max\"" } };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (slice_is(effort, rows[i].effort))
            return write_name(out, "think") && text_append_string(out, rows[i].think) &&
                   write_flag_member(out, "think_if_possible", true);
    return openai_reject(
        problem, field,
        "'%s' is '%s', but it must be none, minimal, low, medium, high, xhigh or max", field,
        printable(effort));
}

static bool write_reasoning(struct text *out, const struct json *body,
                            struct openai_problem *problem)
{
    const struct json *reasoning = body_field(body, "reasoning");
    struct slice effort = { NULL, 0 }, inner = { NULL, 0 };
    if (reasoning && json_kind(reasoning) != JSON_KIND_OBJECT)
        return openai_reject(problem, "reasoning", "'reasoning' must be an object");
    if (!body_text(body, "reasoning_effort", &effort, &problem->error))
        return openai_blame(problem, "reasoning_effort");
    if (!body_text(reasoning, "effort", &inner, &problem->error))
        return openai_blame(problem, "reasoning.effort");
    if (effort.data)
        return write_effort(out, effort, "reasoning_effort", problem);
    return !inner.data || write_effort(out, inner, "reasoning.effort", problem);
}

/* Only what changes thinking can be told to templates; other variables would be lost unseen. */
static bool check_template_words(const struct json *words, struct openai_problem *problem)
{
    if (words && json_kind(words) != JSON_KIND_OBJECT)
        return openai_reject(problem, "chat_template_kwargs",
                             "'chat_template_kwargs' must be an object");
    for (const struct json_member *m = json_first(words); m; m = json_next(words, m)) {
        const char *name = printable(json_member_key(m));
        bool is_flag = json_kind(json_member_value(m)) == JSON_KIND_BOOL;
        if (strcmp(name, "enable_thinking") == 0 && is_flag)
            continue;
        fail(&problem->error, ERROR_UNSUPPORTED,
             "of 'chat_template_kwargs' only 'enable_thinking' (true or false) is supported, not "
             "'%s'",
             name);
        return openai_blame(problem, "chat_template_kwargs.%s", name);
    }
    return true;
}

static bool write_budget(struct text *out, const struct json *body, struct openai_problem *problem)
{
    const struct json *reasoning = body_field(body, "reasoning");
    return write_whole(out, body, "thinking_budget", "thinking_budget", 0, INT32_MAX, problem) &&
           (body_field(body, "thinking_budget") ||
            write_whole(out, reasoning, "max_tokens", "thinking_budget", 0, INT32_MAX, problem));
}

bool openai_write_think(struct text *out, const struct json *body, struct openai_problem *problem)
{
    const struct json *think = body_field(body, "think"),
                      *words = body_field(body, "chat_template_kwargs"),
                      *enabled = json_get(words, "enable_thinking");
    if (!check_template_words(words, problem) || !write_budget(out, body, problem))
        return false;
    if (json_kind(think) == JSON_KIND_BOOL)
        return write_json_member(out, "think", think);
    if (think && json_kind(think) != JSON_KIND_STRING)
        return openai_reject(problem, "think", "'think' must be a boolean or a level");
    if (think)
        return write_effort(out, json_text(think), "think", problem);
    if (enabled)
        return write_json_member(out, "think", enabled) &&
               write_flag_member(out, "think_if_possible", true);
    return write_reasoning(out, body, problem);
}

/* ---- the form of answers ---- */

bool openai_write_format(struct text *out, const struct json *format,
                         const struct json *schema_owner, const char *path,
                         struct openai_problem *problem)
{
    struct slice type = json_text(json_get(format, "type"));
    const struct json *schema = json_get(schema_owner, "schema");
    if (!format || slice_is(type, "text"))
        return true;
    if (slice_is(type, "json_object"))
        return write_string_member(out, "format", "json");
    if (slice_is(type, "json_schema") && json_kind(schema) == JSON_KIND_OBJECT)
        return write_json_member(out, "format", schema);
    if (slice_is(type, "json_schema"))
        return openai_reject(problem, path, "'%s' must have a schema, which is an object", path);
    fail(&problem->error, ERROR_UNSUPPORTED,
         "'%s.type' is '%s', but it must be text, json_object or json_schema", path,
         printable(type));
    return openai_blame(problem, "%s.type", path);
}

/* ---- tools ---- */

static bool check_tools(const struct json *tools, struct openai_problem *problem)
{
    char field[48];
    if (json_kind(tools) != JSON_KIND_ARRAY)
        return openai_reject(problem, "tools", "'tools' must be an array");
    for (size_t i = 0; i < json_size(tools); i++) {
        const struct json *type = json_get(json_at(tools, i), "type");
        snprintf(field, sizeof field, "tools[%zu].type", i);
        if (type && !slice_is(json_text(type), "function"))
            return openai_refuse(problem, field, "only functions can be called");
    }
    return true;
}

bool openai_write_tools(struct text *out, const struct json *tools, struct openai_problem *problem)
{
    if (!tools)
        return true;
    return check_tools(tools, problem) &&
           (json_size(tools) == 0 || write_json_member(out, "tools", tools));
}

static bool has_tool(const struct json *tools, struct slice name)
{
    for (size_t i = 0; i < json_size(tools); i++) {
        const struct json *tool = json_at(tools, i), *function = json_get(tool, "function");
        if (slice_equal(json_text(json_get(function ? function : tool, "name")), name))
            return true;
    }
    return false;
}

static bool write_named_choice(struct text *out, const struct json *choice,
                               const struct json *tools, struct openai_problem *problem)
{
    const struct json *function = json_get(choice, "function");
    struct slice name = json_text(json_get(function ? function : choice, "name"));
    if (!slice_is(json_text(json_get(choice, "type")), "function"))
        return openai_reject(
            problem, "tool_choice",
            "'tool_choice' must be none, auto, required or a function to be called");
    if (!has_tool(tools, name))
        return openai_reject(problem, "tool_choice",
                             "'tool_choice' names the function '%s', which is not among the tools",
                             printable(name));
    return write_name(out, "tool_choice") && text_append_byte(out, '{') &&
           write_text_member(out, "name", name) && text_append_byte(out, '}');
}

bool openai_write_tool_choice(struct text *out, const struct json *choice, const struct json *tools,
                              struct openai_problem *problem)
{
    static const char *const words[] = { "none", "auto", "required" };
    if (!choice)
        return true;
    if (json_kind(choice) == JSON_KIND_OBJECT)
        return write_named_choice(out, choice, tools, problem);
    if (slice_is(json_text(choice), "required") && json_size(tools) == 0)
        return openai_reject(problem, "tool_choice",
                             "'tool_choice' is 'required', but there are no tools");
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (slice_is(json_text(choice), words[i]))
            return write_text_member(out, "tool_choice", json_text(choice));
    return openai_reject(problem, "tool_choice",
                         "'tool_choice' must be none, auto, required or a function to be called");
}

/* ---- the request's outer form ---- */

bool openai_read_stream(const struct json *body, bool *is_streaming, bool *includes_usage,
                        struct openai_problem *problem)
{
    const struct json *options = body_field(body, "stream_options");
    if (!body_flag(body, "stream", is_streaming, &problem->error))
        return openai_blame(problem, "stream");
    if (options && json_kind(options) != JSON_KIND_OBJECT)
        return openai_reject(problem, "stream_options", "'stream_options' must be an object");
    return body_flag(options, "include_usage", includes_usage, &problem->error) ||
           openai_blame(problem, "stream_options.include_usage");
}

bool openai_read_model(const struct json *body, struct slice *model, struct openai_problem *problem)
{
    *model = slice_of("");
    if (!body_text(body, "model", model, &problem->error))
        return openai_blame(problem, "model");
    return model->length > 0 || openai_reject(problem, "model", "model is required");
}

#include "server/openai/openai_responses_request.h"

#include "base/json_members.h"
#include "base/slice_text.h"
#include "server/http/body.h"
#include "server/openai/openai_generation.h"
#include "server/openai/openai_responses_input.h"

enum { REQUEST_BYTES = 256 << 20, MOST_TOP_LOGPROBS = 20 };

/* ---- what the worker is asked ---- */

static bool write_messages(struct text *out, const struct json *body,
                           struct openai_problem *problem)
{
    struct slice instructions = { NULL, 0 };
    if (!body_text(body, "instructions", &instructions, &problem->error))
        return openai_blame(problem, "instructions");
    return openai_write_input(out, instructions, body_field(body, "input"), problem);
}

static bool write_tools(struct text *out, const struct json *body, struct openai_problem *problem)
{
    const struct json *tools = body_field(body, "tools");
    bool is_parallel = true;
    if (!body_flag(body, "parallel_tool_calls", &is_parallel, &problem->error))
        return openai_blame(problem, "parallel_tool_calls");
    return openai_write_tools(out, tools, problem) &&
           openai_write_tool_choice(out, body_field(body, "tool_choice"), tools, problem) &&
           (is_parallel || write_flag_member(out, "parallel_tool_calls", false));
}

/* `include` asks for probabilities, top_logprobs says how many beside the chosen. */
static bool write_includes(struct openai_responses_request *out, const struct json *body,
                           struct openai_problem *problem)
{
    const struct json *include = body_field(body, "include");
    int64_t n_top = 0;
    bool is_wanted = false;
    for (size_t i = 0; i < json_size(include); i++) {
        struct slice wanted = json_text(json_at(include, i));
        if (slice_is(wanted, "message.output_text.logprobs"))
            is_wanted = true;
        else if (slice_is(wanted, "reasoning.encrypted_content"))
            out->includes_encrypted = true;
    }
    if (!body_whole(body, "top_logprobs", 0, MOST_TOP_LOGPROBS, &n_top, &problem->error))
        return openai_blame(problem, "top_logprobs");
    is_wanted = is_wanted || n_top > 0;
    return !is_wanted || write_integer_member(&out->request, "logprobs", n_top);
}

static bool write_truncation(struct text *out, const struct json *body,
                             struct openai_problem *problem)
{
    struct slice truncation = slice_of("disabled");
    if (!body_text(body, "truncation", &truncation, &problem->error))
        return openai_blame(problem, "truncation");
    if (!slice_is(truncation, "auto") && !slice_is(truncation, "disabled"))
        return openai_reject(problem, "truncation",
                             "'truncation' is '%s', but it must be auto or disabled",
                             printable(truncation));
    return write_flag_member(out, "truncate", slice_is(truncation, "auto"));
}

static bool write_request(struct openai_responses_request *out, const struct json *body,
                          struct slice client, struct openai_problem *problem)
{
    static const char *const limits[] = { "max_output_tokens", NULL };
    struct text *request = &out->request;
    const struct json *format = body_field(body_field(body, "text"), "format");
    return text_append_byte(request, '{') && write_string_member(request, "kind", "chat") &&
           write_text_member(request, "client", client) && write_messages(request, body, problem) &&
           write_tools(request, body, problem) && openai_write_think(request, body, problem) &&
           openai_write_format(request, format, format, "text.format", problem) &&
           write_includes(out, body, problem) && write_truncation(request, body, problem) &&
           openai_write_options(request, body, limits, problem) && text_append_byte(request, '}');
}

/* ---- what the response tells again ---- */

struct setting {
    const char *name, *fallback; /* JSON */
};

static bool write_setting(struct text *out, const struct json *object,
                          const struct setting *setting)
{
    const struct json *value = body_field(object, setting->name);
    return value ? write_json_member(out, setting->name, value)
                 : write_name(out, setting->name) && text_append_string(out, setting->fallback);
}

static bool write_settings(struct text *out, const struct json *body)
{
    static const struct setting settings[] = {
        { "instructions", "null" },
        { "max_output_tokens", "null" },
        { "max_tool_calls", "null" },
        { "metadata", "{}" },
        { "parallel_tool_calls", "true" },
        { "temperature", "1" },
        { "text", "{\"format\":{\"type\":\"text\"}}" },
        { "tool_choice", "\"auto\"" },
        { "tools", "[]" },
        { "top_logprobs", "0" },
        { "top_p", "1" },
        { "truncation", "\"disabled\"" },
        { "user", "null" },
    };
    static const struct setting of_reasoning[] = { { "effort", "null" }, { "summary", "null" } };
    const struct json *reasoning = body_field(body, "reasoning");
    bool ok = true;
    for (size_t i = 0; ok && i < COUNT_OF(settings); i++)
        ok = write_setting(out, body, &settings[i]);
    ok = ok && write_name(out, "reasoning") && text_append_byte(out, '{');
    for (size_t i = 0; ok && i < COUNT_OF(of_reasoning); i++)
        ok = write_setting(out, reasoning, &of_reasoning[i]);
    return ok && text_append_string(out, "},\"background\":false,\"previous_response_id\":null,"
                                         "\"service_tier\":\"default\",\"store\":false");
}

/* ---- the whole ---- */

static bool check_fields(const struct json *body, struct openai_problem *problem)
{
    static const struct openai_refusal refused[] = {
        { "previous_response_id", "answers are not kept; send the whole conversation as 'input'" },
        { "conversation", "conversations are not kept; send the whole one as 'input'" },
        { "background", "answers are not kept; use 'stream'" },
        { "prompt", "there are no stored prompts; use 'instructions' and 'input'" },
        { NULL, NULL },
    };
    return openai_check_refused(body, refused, problem);
}

bool openai_responses_request_read(struct openai_responses_request *out, const struct json *body,
                                   struct slice client, struct openai_problem *problem)
{
    bool includes_usage = false; /* always told */
    *out = (struct openai_responses_request){ .is_streaming = false };
    text_init(&out->request, REQUEST_BYTES);
    text_init(&out->settings, REQUEST_BYTES);
    if (!openai_read_model(body, &out->model, problem) ||
        !openai_read_stream(body, &out->is_streaming, &includes_usage, problem) ||
        !check_fields(body, problem))
        return false;
    if (write_request(out, body, client, problem) && write_settings(&out->settings, body))
        return true;
    return problem->error.code ? false
                               : fail_memory(&problem->error, out->request.length, "a request");
}

void openai_responses_request_release(struct openai_responses_request *request)
{
    text_release(&request->request);
    text_release(&request->settings);
}

#include "server/openai/openai_problem.h"

#include "base/json_members.h"

#include <stdarg.h>
#include <stdio.h>

bool openai_blame(struct openai_problem *problem, const char *format, ...)
{
    va_list arguments;
    if (problem->param[0])
        return false;
    va_start(arguments, format);
    vsnprintf(problem->param, sizeof problem->param, format, arguments);
    va_end(arguments);
    return false;
}

bool openai_reject(struct openai_problem *problem, const char *field, const char *format, ...)
{
    va_list arguments;
    problem->error.code = ERROR_USAGE;
    va_start(arguments, format);
    vsnprintf(problem->error.message, sizeof problem->error.message, format, arguments);
    va_end(arguments);
    return openai_blame(problem, "%s", field);
}

bool openai_refuse(struct openai_problem *problem, const char *field, const char *why)
{
    problem->code = "unsupported_parameter";
    fail(&problem->error, ERROR_UNSUPPORTED, "'%s' is not supported: %s", field, why);
    return openai_blame(problem, "%s", field);
}

/* ---- tasks ---- */

/* The words that clients look for come first, then both numbers. */
static void tell_context(struct openai_problem *out, const struct json *details)
{
    int64_t n_ctx = json_int(json_get(details, "n_ctx"), 0);
    int64_t n_prompt = json_int(json_get(details, "prompt_tokens"), 0);
    out->code = "context_length_exceeded";
    if (n_ctx <= 0 || n_prompt <= 0)
        return;
    out->n_ctx = n_ctx;
    out->n_prompt_tokens = n_prompt;
    fail(&out->error, ERROR_CONTEXT,
         "the maximum context length is %" PRId64 " tokens, but the prompt has %" PRId64
         " tokens; nothing was cut off",
         n_ctx, n_prompt);
}

void openai_problem_of_task(struct openai_problem *out, const struct task_failure *failure,
                            const char *prompt_field)
{
    static const struct {
        const char *reason, *param, *code;
    } rows[] = {
        { "not_found", "model", "model_not_found" },
        { "thinking", "reasoning_effort", "unsupported_value" },
        { "tools", "tools", "unsupported_value" },
        { "insert", "suffix", "unsupported_value" },
        { "template", "", "unsupported_value" },
        { "memory", "", "insufficient_memory" },
        { "busy", "", "server_busy" },
        { "crashed", "", "worker_crashed" },
        { "load", "model", "model_not_loaded" },
        { "cancelled", "", "cancelled" },
    };
    *out = (struct openai_problem){ .status = task_failure_status(failure),
                                    .retry_after_s = failure->retry_after_s };
    fail(&out->error, failure->code, "%s", failure->message ? failure->message : "the task failed");
    if (strcmp(failure->reason, "context_length") == 0) {
        tell_context(out, failure->details);
        openai_blame(out, "%s", prompt_field);
    }
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strcmp(failure->reason, rows[i].reason) == 0) {
            out->code = rows[i].code;
            openai_blame(out, "%s", rows[i].param);
        }
}

/* ---- as JSON ---- */

unsigned openai_problem_status(const struct openai_problem *problem)
{
    if (problem->status)
        return problem->status;
    switch (problem->error.code) {
    case ERROR_MEMORY:
        return 500;
    case ERROR_NOT_FOUND:
        return 404;
    default:
        return 400;
    }
}

const char *openai_error_type(unsigned status)
{
    static const struct {
        unsigned status;
        const char *type;
    } rows[] = { { 401, "authentication_error" },
                 { 403, "permission_error" },
                 { 404, "not_found_error" },
                 { 429, "rate_limit_error" } };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (status == rows[i].status)
            return rows[i].type;
    return status < 499 ? "invalid_request_error" : "api_error";
}

static bool write_text_or_null(struct text *out, const char *name, const char *value)
{
    return value && *value ? write_string_member(out, name, value) : write_null_member(out, name);
}

bool openai_problem_write(struct text *out, const struct openai_problem *problem)
{
    const char *message = problem->error.message[0] ? problem->error.message : "unknown error";
    bool ok = text_append_string(out, "{\"error\":{") &&
              write_string_member(out, "message", message) &&
              write_string_member(out, "type", openai_error_type(openai_problem_status(problem))) &&
              write_text_or_null(out, "param", problem->param) &&
              write_text_or_null(out, "code", problem->code);
    if (problem->n_ctx > 0)
        ok = ok && write_integer_member(out, "n_ctx", problem->n_ctx) &&
             write_integer_member(out, "n_prompt_tokens", problem->n_prompt_tokens);
    return ok && text_append_string(out, "}}");
}

void openai_respond_problem(struct response *response, const struct openai_problem *problem)
{
    struct text body;
    response_retry_after(response, problem->retry_after_s);
    text_init(&body, 1 << 16);
    if (openai_problem_write(&body, problem))
        response_whole(response, openai_problem_status(problem), "application/json",
                       text_slice(&body));
    else
        response_whole(response, 500, "application/json", slice_of("{\"error\":null}"));
    text_release(&body);
}

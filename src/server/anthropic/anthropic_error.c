#include "server/anthropic/anthropic_error.h"

#include "base/json_members.h"
#include "server/http/sse.h"

enum { ERROR_BYTES = 64 << 10 };

const char *anthropic_error_type(unsigned status)
{
    static const struct {
        unsigned status;
        const char *type;
    } types[] = {
        { 400, "invalid_request_error" }, { 401, "authentication_error" },
        { 403, "permission_error" },      { 404, "not_found_error" },
        { 413, "request_too_large" },     { 429, "rate_limit_error" },
        { 503, "overloaded_error" },      { 529, "overloaded_error" },
    };
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (types[i].status == status)
            return types[i].type;
    return status < 500 ? "invalid_request_error" : "api_error";
}

void anthropic_error(struct response *response, unsigned status, const char *message)
{
    struct text body, out;
    text_init(&body, ERROR_BYTES);
    text_init(&out, ERROR_BYTES);
    bool ok = text_append_string(&body, "{\"type\":\"error\",\"error\":{") &&
              write_string_member(&body, "type", anthropic_error_type(status)) &&
              write_string_member(&body, "message", message) && text_append_string(&body, "}}");
    if (!ok) {
        response_begin(response, status, NULL);
        response_end(response);
    } else if (!response_has_begun(response)) {
        response_whole(response, status, "application/json", text_slice(&body));
    } else {
        if (sse_write(&out, "error", text_slice(&body)))
            (void)!response_write(response, text_slice(&out));
        response_end(response);
    }
    text_release(&body);
    text_release(&out);
}

void anthropic_failure(struct response *response, const struct task_failure *failure)
{
    response_retry_after(response, failure->retry_after_s);
    anthropic_error(response, task_failure_status(failure), failure->message);
}

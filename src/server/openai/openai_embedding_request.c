#include "server/openai/openai_embedding_request.h"

#include "base/json_members.h"
#include "server/http/body.h"
#include "server/openai/openai_generation.h"
#include "server/openai/openai_tokens.h"

#include <strings.h>

enum { REQUEST_BYTES = 256 << 20, MOST_INPUTS = 2048 };

static bool is_input(const struct json *value)
{
    return json_kind(value) == JSON_KIND_STRING || openai_are_tokens(value);
}

static bool check_inputs(const struct json *input, struct openai_problem *problem)
{
    if (json_size(input) > MOST_INPUTS)
        return openai_reject(problem, "input", "'input' has %zu texts, but at most %d are allowed",
                             json_size(input), MOST_INPUTS);
    bool ok = json_kind(input) == JSON_KIND_ARRAY && json_size(input) > 0;
    for (size_t i = 0; ok && i < json_size(input); i++)
        ok = is_input(json_at(input, i));
    return ok || openai_reject(problem, "input",
                               "'input' must be a string, tokens, or an array of either");
}

static bool write_input(struct text *out, const struct json *body, struct openai_problem *problem)
{
    const struct json *input = body_field(body, "input");
    if (is_input(input))
        return write_name(out, "input") && text_append_byte(out, '[') && json_write(out, input) &&
               text_append_byte(out, ']');
    return check_inputs(input, problem) && write_json_member(out, "input", input);
}

static bool read_form(struct openai_embedding_request *out, const struct json *body,
                      struct openai_problem *problem)
{
    struct slice format = slice_of("float");
    if (!body_text(body, "encoding_format", &format, &problem->error))
        return openai_blame(problem, "encoding_format");
    out->is_base64 = format.length == 6 && strncasecmp(format.data, "base64", 6) == 0;
    if (!out->is_base64 && !(format.length == 5 && strncasecmp(format.data, "float", 5) == 0))
        return openai_reject(problem, "encoding_format",
                             "'encoding_format' is '%s', but it must be float or base64",
                             printable(format));
    return body_whole(body, "dimensions", 1, INT32_MAX, &out->n_dimensions, &problem->error) ||
           openai_blame(problem, "dimensions");
}

static bool write_request(struct text *out, const struct json *body, struct slice client,
                          struct openai_problem *problem)
{
    bool truncates = false;
    if (!body_flag(body, "truncate", &truncates, &problem->error))
        return openai_blame(problem, "truncate");
    return text_append_byte(out, '{') && write_string_member(out, "kind", "embed") &&
           write_text_member(out, "client", client) && write_input(out, body, problem) &&
           write_flag_member(out, "truncate", truncates) && text_append_byte(out, '}');
}

bool openai_embedding_request_read(struct openai_embedding_request *out, const struct json *body,
                                   struct slice client, struct openai_problem *problem)
{
    *out = (struct openai_embedding_request){ .n_dimensions = 0 };
    text_init(&out->request, REQUEST_BYTES);
    if (!openai_read_model(body, &out->model, problem) || !read_form(out, body, problem))
        return false;
    if (write_request(&out->request, body, client, problem))
        return true;
    return problem->error.code ? false
                               : fail_memory(&problem->error, out->request.length, "a request");
}

void openai_embedding_request_release(struct openai_embedding_request *request)
{
    text_release(&request->request);
}

#include "server/openai/openai_chat_request.h"

#include "base/json_members.h"
#include "base/slice_text.h"
#include "server/http/body.h"
#include "server/openai/openai_generation.h"

#include <stdio.h>

enum { REQUEST_BYTES = 256 << 20, MOST_CHOICES = 64, MOST_TOP_LOGPROBS = 20 };

/* ---- messages: as they are, since the worker knows their forms; what it cannot read is named */

static bool check_part(const struct json *part, size_t message, size_t index,
                       struct openai_problem *problem)
{
    static const struct {
        const char *type, *what;
    } rows[] = { { "image_url", "images cannot be read yet" },
                 { "input_image", "images cannot be read yet" },
                 { "input_audio", "audio cannot be read yet" },
                 { "video_url", "videos cannot be read" },
                 { "file", "files cannot be read; put their text into the message" } };
    char field[64];
    struct slice type = json_text(json_get(part, "type"));
    snprintf(field, sizeof field, "messages[%zu].content[%zu]", message, index);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (slice_is(type, rows[i].type))
            return openai_refuse(problem, field, rows[i].what);
    return true;
}

static bool check_messages(const struct json *messages, struct openai_problem *problem)
{
    if (json_kind(messages) != JSON_KIND_ARRAY || json_size(messages) == 0)
        return openai_reject(problem, "messages",
                             "'messages' must be an array of at least one message");
    for (size_t i = 0; i < json_size(messages); i++) {
        const struct json *content = json_get(json_at(messages, i), "content");
        for (size_t k = 0; json_kind(content) == JSON_KIND_ARRAY && k < json_size(content); k++)
            if (!check_part(json_at(content, k), i, k, problem))
                return false;
    }
    return true;
}

static bool write_messages(struct text *out, const struct json *body,
                           struct openai_problem *problem)
{
    const struct json *messages = body_field(body, "messages");
    bool continues = false;
    if (!check_messages(messages, problem))
        return false;
    if (!body_flag(body, "continue_final_message", &continues, &problem->error))
        return openai_blame(problem, "continue_final_message");
    return write_json_member(out, "messages", messages) &&
           (!continues || write_flag_member(out, "continues", true));
}

/* ---- tools ---- */

static bool write_tools(struct text *out, const struct json *body, struct openai_problem *problem)
{
    const struct json *tools = body_field(body, "tools"), *choice = body_field(body, "tool_choice");
    bool is_parallel = true;
    if (!body_flag(body, "parallel_tool_calls", &is_parallel, &problem->error))
        return openai_blame(problem, "parallel_tool_calls");
    return openai_write_tools(out, tools, problem) &&
           openai_write_tool_choice(out, choice, tools, problem) &&
           (is_parallel || write_flag_member(out, "parallel_tool_calls", false));
}

/* ---- the rest ---- */

static bool write_logprobs(struct text *out, const struct json *body,
                           struct openai_problem *problem)
{
    bool is_wanted = false;
    int64_t n_top = 0;
    if (!body_flag(body, "logprobs", &is_wanted, &problem->error))
        return openai_blame(problem, "logprobs");
    if (!body_whole(body, "top_logprobs", 0, MOST_TOP_LOGPROBS, &n_top, &problem->error))
        return openai_blame(problem, "top_logprobs");
    if (n_top > 0 && !is_wanted)
        return openai_reject(problem, "top_logprobs",
                             "'top_logprobs' is %d, but 'logprobs' is not true", (int)n_top);
    return !is_wanted || write_integer_member(out, "logprobs", n_top);
}

static bool write_choices(struct text *out, const struct json *body, uint32_t *n_choices,
                          struct openai_problem *problem)
{
    int64_t n = 1;
    if (!body_whole(body, "n", 1, MOST_CHOICES, &n, &problem->error))
        return openai_blame(problem, "n");
    *n_choices = (uint32_t)n;
    return n == 1 || write_integer_member(out, "n", n);
}

static bool write_grammar(struct text *out, const struct json *body, struct openai_problem *problem)
{
    struct slice grammar = { "", 0 };
    if (!body_text(body, "grammar", &grammar, &problem->error))
        return openai_blame(problem, "grammar");
    return write_text_unless_empty(out, "grammar", grammar);
}

static bool write_form(struct text *out, const struct json *body, struct openai_problem *problem)
{
    const struct json *format = body_field(body, "response_format");
    return openai_write_format(out, format, json_get(format, "json_schema"), "response_format",
                               problem) &&
           write_grammar(out, body, problem);
}

static bool check_modalities(const struct json *body, struct openai_problem *problem)
{
    const struct json *modalities = body_field(body, "modalities");
    for (size_t i = 0; i < json_size(modalities); i++)
        if (!slice_is(json_text(json_at(modalities, i)), "text"))
            return openai_refuse(problem, "modalities", "answers are text only");
    return true;
}

static bool check_fields(const struct json *body, struct openai_problem *problem)
{
    static const struct openai_refusal refused[] = {
        { "audio", "answers are text only" },
        { "web_search_options", "models have no access to the network" },
        { "functions", "it was replaced by 'tools'" },
        { "function_call", "it was replaced by 'tool_choice'" },
        { "store", "answers are not kept" },
        { NULL, NULL },
    };
    return openai_check_refused(body, refused, problem) && check_modalities(body, problem);
}

static bool write_request(struct openai_chat_request *out, const struct json *body,
                          struct slice client, struct openai_problem *problem)
{
    static const char *const limits[] = { "max_completion_tokens", "max_tokens", NULL };
    struct text *request = &out->request;
    return text_append_byte(request, '{') && write_string_member(request, "kind", "chat") &&
           write_text_member(request, "client", client) && write_messages(request, body, problem) &&
           write_tools(request, body, problem) && openai_write_think(request, body, problem) &&
           write_form(request, body, problem) &&
           write_choices(request, body, &out->n_choices, problem) &&
           write_logprobs(request, body, problem) &&
           openai_write_logit_bias(request, body, problem) &&
           write_flag_member(request, "truncate", false) &&
           openai_write_options(request, body, limits, problem) && text_append_byte(request, '}');
}

bool openai_chat_request_read(struct openai_chat_request *out, const struct json *body,
                              struct slice client, struct openai_problem *problem)
{
    *out = (struct openai_chat_request){ .n_choices = 1 };
    text_init(&out->request, REQUEST_BYTES);
    if (!openai_read_model(body, &out->model, problem) ||
        !openai_read_stream(body, &out->is_streaming, &out->includes_usage, problem) ||
        !check_fields(body, problem))
        return false;
    if (write_request(out, body, client, problem))
        return true;
    return problem->error.code ? false
                               : fail_memory(&problem->error, out->request.length, "a request");
}

void openai_chat_request_release(struct openai_chat_request *request)
{
    text_release(&request->request);
}

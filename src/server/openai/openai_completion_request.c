#include "server/openai/openai_completion_request.h"

#include "base/json_members.h"
#include "base/memory.h"
#include "server/http/body.h"
#include "server/openai/openai_generation.h"
#include "server/openai/openai_tokens.h"

enum { REQUEST_BYTES = 256 << 20, MOST_CHOICES = 64, MOST_PROMPTS = 128, MOST_TOP_LOGPROBS = 20 };

/* ---- prompts: a text, tokens, or an array of either ---- */

static bool is_single(const struct json *prompt)
{
    return json_kind(prompt) == JSON_KIND_STRING || json_is_numeric(json_at(prompt, 0));
}

static const struct json *prompt_at(const struct json *prompt, size_t index)
{
    return is_single(prompt) ? prompt : json_at(prompt, index);
}

static bool check_prompts(const struct json *prompt, size_t n, struct openai_problem *problem)
{
    if (n == 0)
        return openai_reject(problem, "prompt",
                             "'prompt' must be a string, tokens, or an array of either");
    if (n > MOST_PROMPTS)
        return openai_reject(problem, "prompt",
                             "'prompt' has %zu prompts, but at most %d are allowed", n,
                             MOST_PROMPTS);
    for (size_t i = 0; i < n; i++)
        if (json_kind(prompt_at(prompt, i)) != JSON_KIND_STRING &&
            !openai_are_tokens(prompt_at(prompt, i)))
            return openai_reject(problem, "prompt",
                                 "'prompt' must be a string, tokens, or an array of either");
    return true;
}

static bool read_prompts(struct openai_completion_request *out, const struct json *prompt,
                         struct openai_problem *problem)
{
    size_t n = is_single(prompt) ? 1 : json_size(prompt);
    if (json_kind(prompt) == JSON_KIND_OBJECT)
        n = 0;
    if (!check_prompts(prompt, n, problem))
        return false;
    out->requests = memory_zeroed(n, sizeof *out->requests);
    out->prompts = memory_zeroed(n, sizeof *out->prompts);
    if (!out->requests || !out->prompts)
        return fail_memory(&problem->error, n * sizeof *out->requests, "prompts");
    out->n_prompts = n;
    for (size_t i = 0; i < n; i++) {
        text_init(&out->requests[i], REQUEST_BYTES);
        if (json_kind(prompt_at(prompt, i)) == JSON_KIND_STRING)
            out->prompts[i] = json_text(prompt_at(prompt, i));
    }
    return true;
}

/* A prompt of tokens is what comes before an empty one. */
static bool write_prompt(struct text *out, const struct json *prompt, struct slice suffix)
{
    bool is_text = json_kind(prompt) == JSON_KIND_STRING;
    return write_text_member(out, "prompt", json_text(prompt)) &&
           (is_text || write_json_member(out, "context", prompt)) &&
           (suffix.length > 0 ? write_text_member(out, "suffix", suffix)
                              : write_flag_member(out, "raw", true));
}

/* ---- the rest ---- */

static bool read_echo(struct openai_completion_request *out, const struct json *body,
                      struct slice *suffix, struct openai_problem *problem)
{
    bool has_tokens = false;
    for (size_t i = 0; i < out->n_prompts; i++)
        has_tokens = has_tokens || !out->prompts[i].data;
    if (!body_flag(body, "echo", &out->echoes, &problem->error))
        return openai_blame(problem, "echo");
    if (!body_text(body, "suffix", suffix, &problem->error))
        return openai_blame(problem, "suffix");
    if (out->echoes && has_tokens)
        return openai_refuse(problem, "echo", "the prompt has tokens, not text");
    if (out->echoes && body_field(body, "logprobs"))
        return openai_refuse(problem, "echo", "the tokens of prompts have no logprobs");
    if (suffix->length > 0 && has_tokens)
        return openai_refuse(problem, "suffix", "the prompt has tokens, not text");
    return true;
}

static bool write_choices(struct text *out, const struct json *body, uint32_t *n_choices,
                          struct openai_problem *problem)
{
    int64_t n = 1, best_of = 0, n_top = -1;
    if (!body_whole(body, "n", 1, MOST_CHOICES, &n, &problem->error))
        return openai_blame(problem, "n");
    if (!body_whole(body, "best_of", 1, MOST_CHOICES, &best_of, &problem->error))
        return openai_blame(problem, "best_of");
    if (best_of > n)
        return openai_refuse(problem, "best_of", "all answers are returned; ask for them by 'n'");
    if (!body_whole(body, "logprobs", 0, MOST_TOP_LOGPROBS, &n_top, &problem->error))
        return openai_blame(problem, "logprobs");
    *n_choices = (uint32_t)n;
    return (n == 1 || write_integer_member(out, "n", n)) &&
           (n_top < 0 || write_integer_member(out, "logprobs", n_top));
}

static bool write_common(struct openai_completion_request *out, struct text *common,
                         const struct json *body, struct slice client,
                         struct openai_problem *problem)
{
    static const char *const limits[] = { "max_tokens", "max_completion_tokens", NULL };
    return text_append_byte(common, '{') && write_string_member(common, "kind", "generate") &&
           write_text_member(common, "client", client) &&
           write_choices(common, body, &out->n_choices, problem) &&
           openai_write_logit_bias(common, body, problem) &&
           write_flag_member(common, "truncate", false) &&
           openai_write_options(common, body, limits, problem);
}

static bool write_requests(struct openai_completion_request *out, const struct json *body,
                           struct slice client, struct openai_problem *problem)
{
    const struct json *prompt = body_field(body, "prompt");
    struct slice suffix = { "", 0 };
    struct text common;
    text_init(&common, REQUEST_BYTES);
    bool ok = read_prompts(out, prompt, problem) && read_echo(out, body, &suffix, problem) &&
              write_common(out, &common, body, client, problem);
    for (size_t i = 0; ok && i < out->n_prompts; i++)
        ok = text_append_slice(&out->requests[i], text_slice(&common)) &&
             write_prompt(&out->requests[i], prompt_at(prompt, i), suffix) &&
             text_append_byte(&out->requests[i], '}');
    text_release(&common);
    return ok;
}

bool openai_completion_request_read(struct openai_completion_request *out, const struct json *body,
                                    struct slice client, struct openai_problem *problem)
{
    *out = (struct openai_completion_request){ .n_choices = 1 };
    if (!openai_read_model(body, &out->model, problem) ||
        !openai_read_stream(body, &out->is_streaming, &out->includes_usage, problem))
        return false;
    if (write_requests(out, body, client, problem))
        return true;
    return problem->error.code ? false : fail_memory(&problem->error, 0, "a request");
}

void openai_completion_request_release(struct openai_completion_request *request)
{
    for (size_t i = 0; i < request->n_prompts; i++)
        text_release(&request->requests[i]);
    memory_free(request->requests);
    memory_free(request->prompts);
    *request = (struct openai_completion_request){ 0 };
}

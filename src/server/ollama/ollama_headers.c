#include "server/ollama/ollama_headers.h"

#include <stdio.h>

void prompt_counts_read(struct prompt_counts *counts, const struct json *started)
{
    counts->n_ctx = json_int(json_get(started, "n_ctx"), 0);
    counts->prompt_tokens = json_int(json_get(started, "prompt_tokens"), 0);
    counts->cached_tokens = json_int(json_get(started, "cached_tokens"), 0);
    counts->truncated_tokens = json_int(json_get(started, "truncated_tokens"), 0);
}

static void add_count(struct response *response, const char *name, int64_t count)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%" PRId64, count);
    response_header(response, name, digits);
}

void ollama_headers_add(struct response *response, const struct ollama_request *request,
                        const struct prompt_counts *counts)
{
    if (request->ignored.length > 0)
        response_header(response, "X-Hearth-Ignored", request->ignored.data);
    if (counts->n_ctx == 0)
        return;
    add_count(response, "X-Hearth-N-Ctx", counts->n_ctx);
    add_count(response, "X-Hearth-Prompt-Tokens", counts->prompt_tokens);
    add_count(response, "X-Hearth-Cached-Tokens", counts->cached_tokens);
    add_count(response, "X-Hearth-Truncated-Tokens", counts->truncated_tokens);
}

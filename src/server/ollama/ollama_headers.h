/* ollama_headers.h: what hearth tells in headers beside Ollama's answers.
 *
 * Owns the X-Hearth-* headers and the counts in them. Any thread. */
#ifndef OLLAMA_HEADERS_H
#define OLLAMA_HEADERS_H

#include "server/ollama/ollama_request.h"
#include "server/http/response.h"

/* Of TASK_STARTED; zeros before. */
struct prompt_counts {
    int64_t n_ctx, prompt_tokens, cached_tokens, truncated_tokens;
};
void prompt_counts_read(struct prompt_counts *counts, const struct json *started);

/* Before response_begin. */
void ollama_headers_add(struct response *response, const struct ollama_request *request,
                        const struct prompt_counts *counts);

#endif

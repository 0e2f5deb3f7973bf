#include "runtime/hearth_logprobs.h"

#include "base/memory.h"

void logprobs_release(struct logprobs *l)
{
    memory_free(l->tokens);
    memory_free(l->entries);
    text_release(&l->bytes);
    *l = (struct logprobs){ 0 };
}

void logprobs_clear(struct logprobs *l)
{
    l->n_tokens = l->n_entries = 0;
    l->bytes.limit = SIZE_MAX / 4;
    text_clear(&l->bytes);
}

static bool reserve(void **items, size_t *capacity, size_t n, size_t item_bytes)
{
    if (n <= *capacity)
        return true;
    void *larger = memory_resize(*items, 2 * n * item_bytes);
    if (!larger)
        return false;
    *items = larger;
    *capacity = 2 * n;
    return true;
}

/* Texts move while they grow: `length` is noted, logprobs_view finds the place. */
static bool add_entry(struct logprobs *l, const struct tokenizer *tokenizer, token_id token,
                      float logprob)
{
    size_t before = l->bytes.length;
    if (!reserve((void **)&l->entries, &l->entries_capacity, l->n_entries + 1,
                 sizeof *l->entries) ||
        !tokenizer_append_bytes(tokenizer, token, &l->bytes))
        return false;
    l->entries[l->n_entries++] = (struct hearth_logprob){ .token = token,
                                                          .logprob = logprob,
                                                          .length = l->bytes.length - before };
    return true;
}

bool logprobs_add(struct logprobs *l, const struct sampler *sampler,
                  const struct tokenizer *tokenizer, const float *logits, token_id token,
                  size_t n_top, struct error *err)
{
    struct token_logprob top[SAMPLER_MOST_TOP_LOGPROBS];
    size_t n_found;
    float logprob;
    if (!sampler_logprobs(sampler, logits, token, &logprob, top, n_top, &n_found, err))
        return false;
    bool ok =
        reserve((void **)&l->tokens, &l->tokens_capacity, l->n_tokens + 1, sizeof *l->tokens) &&
        add_entry(l, tokenizer, token, logprob);
    for (size_t i = 0; ok && i < n_found; i++)
        ok = add_entry(l, tokenizer, top[i].token, top[i].logprob);
    if (!ok)
        return fail_memory(err, n_top * sizeof *l->entries, "log-probabilities");
    l->tokens[l->n_tokens++] = (struct hearth_token_logprobs){ .n_top = n_found };
    return true;
}

const struct hearth_token_logprobs *logprobs_view(struct logprobs *l, size_t *n)
{
    struct hearth_logprob *entry = l->entries;
    const char *bytes = l->bytes.data ? l->bytes.data : "";
    for (size_t i = 0; i < l->n_entries; bytes += l->entries[i++].length)
        l->entries[i].bytes = bytes;
    for (size_t i = 0; i < l->n_tokens; i++) {
        l->tokens[i].chosen = *entry;
        l->tokens[i].top = entry + 1;
        entry += 1 + l->tokens[i].n_top;
    }
    *n = l->n_tokens;
    return l->tokens;
}

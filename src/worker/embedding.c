#include "worker/embedding.h"

#include "base/memory.h"

struct embedding {
    struct sequence *sequence;
    struct token_list tokens;
    size_t n_read, n_embd;
    enum pooling pooling;
    double *sums;  /* [n_embd] of the rows so far */
    float *values; /* [n_embd] */
};

bool pooling_of_model(enum pooling *out, bool *is_declared, const struct engine *engine,
                      struct error *err)
{
    enum { NONE, MEAN, FIRST, LAST }; /* GGUF's numbers */
    int64_t type = LAST;
    *is_declared = weights_int(engine_weights(engine), "pooling_type", &type, err);
    *out = type == MEAN ? POOLING_MEAN : POOLING_LAST;
    return type == MEAN || type == LAST || type == NONE ||
           fail(err, ERROR_UNSUPPORTED, "embeddings of pooling type %" PRId64 " are not possible",
                type);
}

bool embedding_open(struct embedding **out, struct engine *engine, struct token_list *tokens,
                    enum pooling pooling, struct error *err)
{
    struct embedding *e = memory_zeroed(1, sizeof *e);
    *out = e;
    if (!e) {
        token_list_release(tokens);
        return fail_memory(err, sizeof *e, "an embedding");
    }
    e->tokens = *tokens;
    *tokens = (struct token_list){ 0 };
    e->pooling = pooling;
    e->n_embd = (size_t)engine_config(engine)->n_embd;
    e->sums = memory_zeroed(e->n_embd, sizeof *e->sums);
    e->values = memory_zeroed(e->n_embd, sizeof *e->values);
    bool ok =
        (e->sums && e->values) || fail_memory(err, e->n_embd * sizeof *e->sums, "an embedding");
    if (ok && sequence_open(&e->sequence, engine, err))
        return true;
    embedding_close(out);
    return false;
}

void embedding_close(struct embedding **embedding)
{
    struct embedding *e = *embedding;
    if (!e)
        return;
    sequence_close(&e->sequence);
    token_list_release(&e->tokens);
    memory_free(e->sums);
    memory_free(e->values);
    memory_free(e);
    *embedding = NULL;
}

size_t embedding_n_tokens(const struct embedding *e)
{
    return e->tokens.count;
}

size_t embedding_n_pending(const struct embedding *e)
{
    return e->tokens.count - e->n_read;
}

bool embedding_wants_every_row(const struct embedding *e)
{
    return e->pooling == POOLING_MEAN;
}

void embedding_offer(const struct embedding *e, uint32_t most_rows, struct batch_item *item)
{
    size_t n = size_min(embedding_n_pending(e), most_rows);
    bool is_last = n == embedding_n_pending(e);
    *item = (struct batch_item){
        .sequence = e->sequence,
        .tokens = e->tokens.ids + e->n_read,
        .n_tokens = (uint32_t)n,
        .wanted = e->pooling == POOLING_MEAN ? LOGITS_ALL
                  : is_last                  ? LOGITS_LAST
                                             : LOGITS_NONE,
        .hidden_only = true,
    };
}

static void add_row(struct embedding *e, const float *row)
{
    for (size_t i = 0; i < e->n_embd; i++)
        e->sums[i] += (double)row[i];
}

void embedding_settle(struct embedding *e, const struct batch_item *item)
{
    size_t n_rows = item->wanted == LOGITS_ALL    ? item->n_tokens
                    : item->wanted == LOGITS_LAST ? 1
                                                  : 0;
    for (size_t row = 0; row < n_rows; row++)
        add_row(e, item->hidden + row * item->hidden_stride);
    e->n_read += item->n_tokens;
    if (e->n_read < e->tokens.count)
        return;
    double n = e->pooling == POOLING_MEAN ? (double)e->tokens.count : 1;
    for (size_t i = 0; i < e->n_embd; i++)
        e->values[i] = (float)(e->sums[i] / n);
}

void embedding_yield(struct embedding *e)
{
    sequence_truncate(e->sequence, 0);
    if (e->n_read == e->tokens.count)
        return;
    e->n_read = 0;
    memset(e->sums, 0, e->n_embd * sizeof *e->sums);
}

const float *embedding_values(const struct embedding *e, size_t *n)
{
    *n = e->n_embd;
    return e->values;
}

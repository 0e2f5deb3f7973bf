#include "bits_per_byte.h"

#include "base/memory.h"
#include "base/text.h"
#include "runtime/engine.h"

#include <math.h>

enum { STEP_TOKENS = 64, LONGEST_TOKEN = 1024 };

struct reading {
    struct engine *engine;
    struct sequence *sequence;
    struct token_list tokens;
    double bits, bytes;
};

static double surprise_in_bits(const float *logits, size_t n, token_id token)
{
    double sum = 0, most = logits[0];
    for (size_t i = 1; i < n; i++)
        most = fmax(most, logits[i]);
    for (size_t i = 0; i < n; i++)
        sum += exp(logits[i] - most);
    return (log(sum) + most - logits[token]) / log(2);
}

/* Read n tokens from `at` on, each of which predicts the next. */
static bool read_step(struct reading *r, size_t at, size_t n, struct error *err)
{
    struct batch_item item = { .sequence = r->sequence,
                               .tokens = r->tokens.ids + at,
                               .n_tokens = (uint32_t)n,
                               .wanted = LOGITS_ALL };
    size_t n_vocab = (size_t)engine_config(r->engine)->n_vocab;
    if (!engine_step(r->engine, &item, 1, err))
        return false;
    for (size_t i = 0; i < n; i++)
        r->bits += surprise_in_bits(item.logits + i * item.logits_stride, n_vocab,
                                    r->tokens.ids[at + i + 1]);
    return true;
}

static bool read_all(struct reading *r, struct error *err)
{
    size_t n;
    for (size_t at = 0; at + 1 < r->tokens.count; at += n) {
        if (sequence_length(r->sequence) == engine_n_ctx(r->engine))
            sequence_truncate(r->sequence, 0);
        n = size_min(engine_n_ctx(r->engine) - sequence_length(r->sequence), STEP_TOKENS);
        n = size_min(n, r->tokens.count - 1 - at);
        if (!read_step(r, at, n, err))
            return false;
    }
    return true;
}

static bool encode(struct reading *r, struct slice text, struct error *err)
{
    const struct tokenizer *t = engine_tokenizer(r->engine);
    struct text first;
    text_init(&first, LONGEST_TOKEN);
    bool ok =
        tokenizer_encode(t, text, (struct encode_options){ .add_special = true }, &r->tokens, err);
    if (ok && r->tokens.count < 2)
        ok = fail(err, ERROR_USAGE, "a text of %zu tokens predicts nothing", r->tokens.count);
    if (ok && !tokenizer_adds_bos(t))
        ok = tokenizer_decode(t, r->tokens.ids, 1, true, &first, err);
    r->bytes = (double)(text.length - first.length);
    text_release(&first);
    return ok;
}

bool bits_per_byte(const char *model, struct slice text, double *bits, struct error *err)
{
    struct reading r = { 0 };
    struct engine_options options = engine_defaults();
    options.max_batch_tokens = options.max_outputs = STEP_TOKENS;
    bool ok = engine_open(&r.engine, model, &options, err) && encode(&r, text, err) &&
              sequence_open(&r.sequence, r.engine, err) && read_all(&r, err);
    if (ok)
        *bits = r.bits / r.bytes;
    sequence_close(&r.sequence);
    engine_close(&r.engine);
    token_list_release(&r.tokens);
    return ok;
}

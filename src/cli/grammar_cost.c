#include "cli/grammar_cost.h"

#include "base/clock.h"
#include "base/memory.h"
#include "runtime/constraint.h"
#include "runtime/sampler.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 5, SPARE_LOGITS = 4096, MUCH_ROOM = 1 << 20 };

struct course {
    struct constraint *constraint;
    const struct token_list *tokens; /* -1 between texts */
    uint64_t *times;                 /* [tokens->count] */
    struct sampler *sampler;
    const float *logits; /* [vocabulary + SPARE_LOGITS]; each step begins elsewhere */
};

/* What is measured at each token of the texts. */
typedef bool measurement(struct course *c, size_t step, struct error *err);

static const float *logits_of(const struct course *c, size_t step)
{
    return c->logits + step * 16 % SPARE_LOGITS;
}

static bool ask_for_mask(struct course *c, size_t step, struct error *err)
{
    const uint32_t *mask;
    (void)step;
    return constraint_mask(c->constraint, &mask, NULL, err);
}

static bool pick_freely(struct course *c, size_t step, struct error *err)
{
    token_id token;
    return sampler_pick(c->sampler, logits_of(c, step), NULL, &token, NULL, err);
}

/* All that an answer's step costs: the mask, the pick, room for the rest, the next state. Where the
 * answer may end, the token may be one that ends it, and there is no state behind it. */
static bool pick_held(struct course *c, size_t step, struct error *err)
{
    token_id token;
    return constraint_pick(c->constraint, c->sampler, logits_of(c, step), MUCH_ROOM, &token, err) &&
           (constraint_is_complete(c->constraint) || constraint_accept(c->constraint, token, err));
}

/* Walk all texts; how often was measured. */
static bool walk(struct course *c, measurement *measure, size_t *n, struct error *err)
{
    const uint32_t *mask;
    *n = 0;
    constraint_begin(c->constraint);
    for (size_t i = 0; i < c->tokens->count; i++) {
        token_id token = c->tokens->ids[i];
        if (constraint_is_over(c->constraint)) {
            constraint_begin(c->constraint);
            continue;
        }
        matcher_state state = constraint_state(c->constraint);
        uint64_t start = clock_ns();
        if (!measure(c, i, err))
            return false;
        c->times[(*n)++] = clock_ns() - start;
        constraint_return(c->constraint, state);
        if (!constraint_mask(c->constraint, &mask, NULL, err))
            return false;
        bool is_allowed = token >= 0 && mask[token / 32] >> (token % 32) & 1;
        if (token >= 0 && !is_allowed) /* its beginning went with the line break */
            while (i + 1 < c->tokens->count && c->tokens->ids[i] >= 0)
                i++;
        if (!is_allowed)
            constraint_begin(c->constraint);
        else if (!constraint_accept(c->constraint, token, err))
            return false;
    }
    return true;
}

static int compare_times(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void print_times(const char *name, uint64_t *times, size_t n)
{
    uint64_t sum = 0;
    qsort(times, n, sizeof *times, compare_times);
    for (size_t i = 0; i < n; i++)
        sum += times[i];
    printf("%-22s mean %9.3f us  median %9.3f us  99 %% %9.3f us  most %9.3f us  all %8.2f ms\n",
           name, (double)sum / 1e3 / (double)n, (double)times[n / 2] / 1e3,
           (double)times[n - 1 - n / 100] / 1e3, (double)times[n - 1] / 1e3, (double)sum / 1e6);
}

/* The last of some rounds counts. */
static bool measure_rounds(struct course *c, const char *name, measurement *measure, int n_rounds,
                           struct error *err)
{
    size_t n = 0;
    for (int round = 0; round < n_rounds; round++)
        if (!walk(c, measure, &n, err))
            return false;
    print_times(name, c->times, n);
    return true;
}

static bool measure_picks(struct course *c, size_t n_vocab, float temperature, struct error *err)
{
    struct sampler_options options = sampler_defaults();
    struct kernels kernels;
    char name[40];
    options.temperature = temperature;
    options.seed = 1;
    kernels_init(&kernels, cpu_features());
    if (!sampler_open(&c->sampler, &options, n_vocab, &kernels, err))
        return false;
    snprintf(name, sizeof name, "free pick at %.1f", (double)temperature);
    bool ok = measure_rounds(c, name, pick_freely, 2, err);
    snprintf(name, sizeof name, "held pick at %.1f", (double)temperature);
    ok = ok && measure_rounds(c, name, pick_held, 2, err);
    sampler_close(&c->sampler);
    return ok;
}

/* Nearly normal numbers, as logits are. */
static float *random_logits(size_t n)
{
    float *logits = memory_zeroed(n, sizeof *logits);
    uint64_t random = 1;
    for (size_t i = 0; logits && i < n; i++)
        for (int part = 0; part < 4; part++) {
            random = random * 6364136223846793005u + 1442695040888963407u; /* Knuth's constants */
            logits[i] += (float)(random >> 40) / (float)(1 << 23) - 1;
        }
    return logits;
}

static bool measure(struct course *c, size_t n_vocab, struct error *err)
{
    float *logits = random_logits(n_vocab + SPARE_LOGITS);
    c->logits = logits;
    bool ok = (logits || fail_memory(err, n_vocab * sizeof *logits, "logits")) &&
              measure_rounds(c, "first mask", ask_for_mask, 1, err) &&
              measure_rounds(c, "mask again", ask_for_mask, ROUNDS, err) &&
              measure_picks(c, n_vocab, 0, err) && measure_picks(c, n_vocab, 0.8f, err);
    memory_free(logits);
    return ok;
}

/* The line's tokens as they are within a text: behind a line break, which is left out. */
static bool encode_line(const struct tokenizer *tokenizer, struct slice line,
                        struct token_list *out, struct error *err)
{
    struct encode_options options = { 0 };
    struct token_list list = { 0 };
    struct text text, bytes;
    text_init(&text, SIZE_MAX);
    text_init(&bytes, SIZE_MAX);
    bool ok = text_append_byte(&text, '\n') && text_append_slice(&text, line) &&
              tokenizer_encode(tokenizer, text_slice(&text), options, &list, err);
    bool has_begun = false;
    for (size_t i = 0; ok && i < list.count; i++) {
        text_clear(&bytes);
        ok = tokenizer_append_bytes(tokenizer, list.ids[i], &bytes) &&
             (!has_begun || token_list_push(out, list.ids[i]));
        has_begun |= bytes.length && bytes.data[bytes.length - 1] == '\n';
    }
    ok = ok && token_list_push(out, -1);
    token_list_release(&list);
    text_release(&text);
    text_release(&bytes);
    return ok || (err->code ? false : fail_memory(err, line.length, "tokens"));
}

static bool encode(const struct tokenizer *tokenizer, struct slice texts, struct token_list *out,
                   struct error *err)
{
    while (texts.length) {
        const char *end = memchr(texts.data, '\n', texts.length);
        size_t length = end ? (size_t)(end - texts.data) : texts.length;
        if (!encode_line(tokenizer, (struct slice){ texts.data, length }, out, err))
            return false;
        length += end != NULL;
        texts = (struct slice){ texts.data + length, texts.length - length };
    }
    return true;
}

bool grammar_cost(struct grammar *grammar, uint64_t compile_ns, const char *path,
                  struct slice texts, struct error *err)
{
    struct tokenizer *tokenizer = NULL;
    struct constraint_tokens *tokens = NULL;
    struct constraint *constraint = NULL;
    struct token_list list = { 0 };
    uint64_t *times = NULL;
    bool ok = tokenizer_open(&tokenizer, path, err);
    uint64_t start = clock_ns();
    ok = ok && constraint_tokens_open(&tokens, tokenizer, tokenizer_size(tokenizer), err);
    uint64_t tokens_ns = clock_ns() - start;
    ok = ok && encode(tokenizer, texts, &list, err);
    times = ok ? memory_zeroed(list.count + 1, sizeof *times) : NULL;
    ok = ok && (times || fail_memory(err, list.count * sizeof *times, "times"));
    if (ok) {
        ok = constraint_open(&constraint, grammar, tokens, err);
        grammar = NULL;
    }
    if (ok) {
        printf("compiling %.3f ms, the vocabulary's tree of %zu tokens %.1f ms\n",
               (double)compile_ns / 1e6, tokenizer_size(tokenizer), (double)tokens_ns / 1e6);
        ok = measure(&(struct course){ constraint, &list, times, NULL, NULL },
                     tokenizer_size(tokenizer), err);
    }
    constraint_close(&constraint);
    grammar_close(&grammar);
    memory_free(times);
    token_list_release(&list);
    constraint_tokens_close(&tokens);
    tokenizer_close(&tokenizer);
    return ok;
}

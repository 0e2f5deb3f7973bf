#include "test.h"

#include "base/memory.h"
#include "runtime/sampler.h"

#include <math.h>

static const struct kernels *kernels(void)
{
    static struct kernels k;
    if (!k.elementwise.argmax)
        kernels_init(&k, cpu_features());
    return &k;
}

static struct sampler *opened(struct sampler_options options, size_t n_vocab)
{
    struct sampler *s;
    struct error err;
    assert_ok(sampler_open(&s, &options, n_vocab, kernels(), &err), err);
    return s;
}

static int32_t pick(struct sampler *s, const float *logits, const uint32_t *allowed)
{
    int32_t token = -1;
    struct error err;
    assert_ok(sampler_pick(s, logits, allowed, &token, NULL, &err), err);
    return token;
}

static struct sampler_options biased(const struct token_bias *bias, size_t n, float temperature)
{
    struct sampler_options o = sampler_defaults();
    o.temperature = temperature;
    o.seed = 7;
    o.bias = bias;
    o.n_bias = n;
    return o;
}

static int32_t best_with(const struct token_bias *bias, size_t n, const float *logits,
                         size_t n_vocab)
{
    struct sampler *s = opened(biased(bias, n, 0), n_vocab);
    int32_t token = pick(s, logits, NULL);
    sampler_close(&s);
    return token;
}

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

TEST(a_bias_is_added_to_the_logit)
{
    static const float logits[] = { 1, 4, 3.5f, -2 };
    assert_int_equal(best_with(&(struct token_bias){ 2, 0.25f }, 1, logits, 4), 1);
    assert_int_equal(best_with(&(struct token_bias){ 2, 0.75f }, 1, logits, 4), 2);
    assert_int_equal(best_with(&(struct token_bias){ 1, -1 }, 1, logits, 4), 2);
    assert_int_equal(best_with(&(struct token_bias){ 2, 0.5f }, 1, logits, 4), 1); /* a tie */
    assert_int_equal(best_with(&(struct token_bias){ 3, 100 }, 1, logits, 4), 3);
    assert_int_equal(best_with(NULL, 0, logits, 4), 1);
}

TEST(a_bias_shifts_the_odds_by_its_exponential)
{
    enum { DRAWS = 40000 };
    static const float logits[2] = { 0.5f, 0 };
    struct sampler_options o = biased(&(struct token_bias){ 1, 1.25f }, 1, 1);
    o.top_k = 0;
    o.top_p = 1;
    struct sampler *s = opened(o, 2);
    double first = 0;
    for (int i = 0; i < DRAWS; i++)
        first += pick(s, logits, NULL) == 0;
    double odds = log(first / (DRAWS - first)); /* half of a percent is one deviation */
    assert_true(fabs(odds - (0.5 - 1.25)) < 0.05);
    sampler_close(&s);
}

TEST(the_last_of_several_biases_for_a_token_counts)
{
    static const float logits[] = { 1, 2 };
    static const struct token_bias rising[] = { { 0, -100 }, { 1, 3 }, { 0, 5 } };
    static const struct token_bias falling[] = { { 0, 5 }, { 0, -100 }, { 0, 0.5f } };
    assert_int_equal(best_with(rising, 3, logits, 2), 0);
    assert_int_equal(best_with(falling, 3, logits, 2), 1);
}

/* However likely the model finds it: a sum would not do. */
TEST(a_banned_token_is_chosen_only_where_no_other_is_possible)
{
    enum { N = 40 };
    float logits[N] = { 0 };
    logits[33] = 5000;
    static const struct token_bias ban = { 33, -100 };
    static const uint32_t only_banned[2] = { 0, 1u << 1 };
    static const uint32_t one_other[2] = { 1u << 5, 1u << 1 };
    for (int kind = 0; kind < 4; kind++) {
        struct sampler_options o = biased(&ban, 1, kind == 0 ? 0 : 1);
        o.top_k = kind == 2 ? 0 : 40;
        o.top_p = kind >= 2 ? 1 : 0.9f;
        o.min_p = kind == 3 ? 0.1f : 0;
        struct sampler *s = opened(o, N);
        for (int i = 0; i < 200; i++) {
            assert_int_not_equal(pick(s, logits, NULL), 33);
            assert_int_equal(pick(s, logits, one_other), 5);
            assert_int_equal(pick(s, logits, only_banned), 33);
        }
        sampler_close(&s);
    }
}

TEST(with_everything_banned_the_likeliest_is_left)
{
    static const struct token_bias all[] = { { 0, -100 }, { 1, -100 }, { 2, -100 } };
    static const float logits[] = { 1, 3, 2 }, nothing[] = { -INFINITY, -INFINITY, -INFINITY };
    assert_int_equal(best_with(all, 3, logits, 3), 1);
    struct sampler *s = opened(biased(all, 3, 1), 3);
    struct error err;
    int32_t token;
    assert_false(sampler_pick(s, nothing, NULL, &token, NULL, &err));
    assert_string_equal(err.message, "no token of 3 is possible");
    sampler_close(&s);
}

TEST(the_mask_is_stronger_than_a_bias)
{
    static const float logits[] = { 1, 3, 2 };
    static const uint32_t allowed = 1u << 0 | 1u << 2;
    static const struct token_bias force = { 1, 100 };
    struct sampler *s = opened(biased(&force, 1, 0), 3);
    assert_int_equal(pick(s, logits, NULL), 1);
    assert_int_equal(pick(s, logits, &allowed), 2);
    sampler_close(&s);
}

TEST(penalties_see_the_logit_with_its_bias)
{
    static const float logits[] = { 1, 2.6f };
    struct sampler_options o = biased(&(struct token_bias){ 0, 4 }, 1, 0);
    o.repeat_penalty = 2;
    struct sampler *s = opened(o, 2);
    assert_int_equal(pick(s, logits, NULL), 0);
    assert_true(sampler_accept(s, 0));
    assert_int_equal(pick(s, logits, NULL), 1); /* (1 + 4) / 2, and not 1 / 2 + 4 */
    sampler_clear(s);
    assert_int_equal(pick(s, logits, NULL), 0);
    sampler_close(&s);
}

/* Biases, bans, penalties and masks as their specification says, token for token. */
enum { ORACLE_VOCABULARY = 70, ORACLE_HISTORY = 200 };

struct oracle {
    struct sampler_options options;
    struct token_bias biases[12];
    int32_t history[ORACLE_HISTORY];
    size_t n_history;
};

static size_t oracle_count(const struct oracle *o, int32_t token)
{
    size_t n = 0, window = o->n_history, last_n = (size_t)o->options.repeat_last_n;
    if (o->options.repeat_last_n >= 0 && last_n < window)
        window = last_n;
    for (size_t i = o->n_history - window; i < o->n_history; i++)
        n += o->history[i] == token;
    return n;
}

static float oracle_logit(const struct oracle *o, const float *logits, int32_t token, bool bans)
{
    float bias = 0, x;
    size_t n = oracle_count(o, token);
    for (size_t i = 0; i < o->options.n_bias; i++)
        bias = o->biases[i].token == token ? o->biases[i].bias : bias;
    x = logits[token] + bias;
    if (bans && bias == -100)
        return -INFINITY;
    if (n == 0)
        return x;
    x = x <= 0 ? x * o->options.repeat_penalty : x / o->options.repeat_penalty;
    return x - ((float)n * o->options.frequency_penalty + o->options.presence_penalty);
}

static int32_t oracle_best(const struct oracle *o, const float *logits, const uint32_t *allowed)
{
    int32_t best = -1;
    for (int bans = 1; bans >= 0 && best < 0; bans--) {
        float most = -INFINITY;
        for (int32_t i = 0; i < ORACLE_VOCABULARY; i++) {
            float x = oracle_logit(o, logits, i, bans);
            if ((allowed[i / 32] >> (i % 32) & 1) && x > most) {
                most = x;
                best = i;
            }
        }
    }
    return best;
}

static void oracle_init(struct oracle *o, uint64_t *seed)
{
    static const int32_t windows[] = { -1, 0, 1, 2, 7, 64, 150, 5000 };
    static const float penalties[] = { 0, 0.5f, -0.75f, 2 };
    size_t n_bias = next_random(seed) % (COUNT_OF(o->biases) + 1);
    for (size_t i = 0; i < n_bias; i++)
        o->biases[i] = (struct token_bias){ (int32_t)(next_random(seed) % ORACLE_VOCABULARY),
                                            next_random(seed) % 3 == 0
                                                ? -100
                                                : (float)(next_random(seed) % 81) / 8 - 5 };
    o->n_history = 0;
    o->options = biased(o->biases, n_bias, 0);
    o->options.repeat_last_n = windows[next_random(seed) % COUNT_OF(windows)];
    o->options.repeat_penalty = 0.75f + (float)(next_random(seed) % 5) / 4;
    o->options.presence_penalty = penalties[next_random(seed) % COUNT_OF(penalties)];
    o->options.frequency_penalty = penalties[next_random(seed) % COUNT_OF(penalties)];
}

/* Everything, three quarters, or a token or two. */
static void oracle_mask(uint32_t allowed[3], uint64_t *seed)
{
    uint64_t kind = next_random(seed) % 3;
    for (size_t i = 0; i < 3; i++)
        allowed[i] = kind == 0   ? UINT32_MAX
                     : kind == 1 ? (uint32_t)(next_random(seed) | next_random(seed)) | 1
                                 : 1u << next_random(seed) % 3;
}

TEST(biases_penalties_and_masks_together_are_what_their_definition_says)
{
    float logits[ORACLE_VOCABULARY];
    for (uint64_t seed = 1, kind = 0; kind < 300; kind++) {
        struct oracle o;
        uint32_t allowed[3];
        oracle_init(&o, &seed);
        struct sampler *s = opened(o.options, ORACLE_VOCABULARY);
        for (size_t step = 0; step < ORACLE_HISTORY; step++) {
            for (size_t i = 0; i < ORACLE_VOCABULARY; i++)
                logits[i] = (float)(next_random(&seed) % 64) / 8 - 4;
            oracle_mask(allowed, &seed);
            int32_t want = oracle_best(&o, logits, allowed), got = pick(s, logits, allowed);
            if (want != got)
                fail_msg("sampler %d, step %zu, repeat_last_n %d: %d, but by definition %d",
                         (int)kind, step, o.options.repeat_last_n, got, want);
            o.history[o.n_history++] = got;
            assert_true(sampler_accept(s, got));
            if (next_random(&seed) % 150 == 0) {
                sampler_clear(s);
                o.n_history = 0;
            }
        }
        sampler_close(&s);
    }
}

TEST(the_same_seed_draws_the_same_with_a_bias_of_nothing)
{
    enum { N = 500 };
    float logits[N];
    for (int i = 0; i < N; i++)
        logits[i] = (float)(i * 7919 % 503) / 100;
    static const struct token_bias nothing[] = { { 3, 0 }, { 499, 0 } };
    struct sampler *plain = opened(biased(NULL, 0, 0.8f), N);
    struct sampler *with = opened(biased(nothing, 2, 0.8f), N);
    for (int i = 0; i < 200; i++)
        assert_int_equal(pick(plain, logits, NULL), pick(with, logits, NULL));
    sampler_close(&plain);
    sampler_close(&with);
}

TEST(biases_are_copied_and_change_neither_logits_nor_log_probabilities)
{
    float logits[] = { 1, 2, 3, 4 };
    static const float before[] = { 1, 2, 3, 4 };
    struct token_bias bias[] = { { 0, 100 }, { 3, -100 } };
    struct sampler *s = opened(biased(bias, 2, 0), 4);
    bias[0].token = 2;
    struct error err;
    int32_t token;
    float logprob;
    assert_ok(sampler_pick(s, logits, NULL, &token, &logprob, &err), err);
    assert_int_equal(token, 0);
    double total = exp(1) + exp(2) + exp(3) + exp(4);
    assert_true(fabs(logprob - (1 - log(total))) < 1e-5);
    assert_memory_equal(logits, before, sizeof logits);
    sampler_close(&s);
}

TEST(biases_that_make_no_sense_are_named)
{
    static const struct {
        struct token_bias bias;
        const char *message;
    } rows[] = {
        { { 10, 1 }, "logit_bias names token 10, but the vocabulary has 0 to 9" },
        { { -1, 1 }, "logit_bias names token -1, but the vocabulary has 0 to 9" },
        { { 3, 100.5f }, "logit_bias of token 3 is 100.5, but it must be between -100 and 100" },
        { { 3, -INFINITY }, "logit_bias of token 3 is -inf, but it must be between -100 and 100" },
        { { 3, NAN }, "logit_bias of token 3 is nan, but it must be between -100 and 100" },
    };
    struct sampler *s;
    struct error err;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct token_bias bias[] = { { 0, 1 }, rows[i].bias };
        struct sampler_options o = biased(bias, 2, 1);
        assert_false(sampler_open(&s, &o, 10, kernels(), &err));
        assert_int_equal(err.code, ERROR_USAGE);
        assert_string_equal(err.message, rows[i].message);
        assert_null(s);
    }
    static struct token_bias many[SAMPLER_MOST_BIASES + 1];
    struct sampler_options o = biased(many, COUNT_OF(many), 1);
    assert_false(sampler_open(&s, &o, 10, kernels(), &err));
    assert_string_equal(err.message, "logit_bias has 1025 entries, but at most 1024 are allowed");
    o.n_bias--;
    assert_ok(sampler_open(&s, &o, 10, kernels(), &err), err);
    sampler_close(&s);
}

TEST(every_failing_allocation_is_an_error)
{
    struct sampler_options o = biased(&(struct token_bias){ 0, 1 }, 1, 1);
    o.presence_penalty = 1;
    struct sampler *s = NULL;
    struct error err;
    int64_t n = 0;
    for (;; n++) {
        memory_fail_after(n);
        bool ok = sampler_open(&s, &o, 100, kernels(), &err);
        memory_fail_after(-1);
        if (ok)
            break;
        assert_int_equal(err.code, ERROR_MEMORY);
        assert_null(s);
    }
    assert_true(n >= 8);
    sampler_close(&s);
}

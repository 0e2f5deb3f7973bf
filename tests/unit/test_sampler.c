#include "test.h"

#include "base/memory.h"
#include "runtime/candidates.h"
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

/* Everything off: the raw distribution. */
static struct sampler_options plain(void)
{
    struct sampler_options o = sampler_defaults();
    o.temperature = 1;
    o.top_k = 0;
    o.top_p = 1;
    o.seed = 1;
    return o;
}

static int32_t pick(struct sampler *s, const float *logits)
{
    int32_t token = -1;
    struct error err;
    assert_ok(sampler_pick(s, logits, NULL, &token, NULL, &err), err);
    return token;
}

static double random_unit(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) * 0x1p-53;
}

static float random_normal(uint64_t *state)
{
    double u = random_unit(state) + 1e-18, v = random_unit(state);
    return (float)(sqrt(-2 * log(u)) * cos(2 * M_PI * v));
}

static float *random_logits(size_t n, double deviation, uint64_t seed)
{
    float *logits = memory_zeroed(n, sizeof *logits);
    for (size_t i = 0; i < n; i++)
        logits[i] = (float)deviation * random_normal(&seed);
    return logits;
}

/* The specification in doubles over a fully sorted vocabulary. */
struct entry {
    double logit, p, key;
    size_t token;
};

static int by_key(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->token < y->token ? -1 : x->token > y->token;
}

static void normalize(struct entry *e, size_t n, double temperature)
{
    double max = -INFINITY, total = 0;
    for (size_t i = 0; i < n; i++)
        max = fmax(max, e[i].logit);
    for (size_t i = 0; i < n; i++)
        total += e[i].p = exp((e[i].logit - max) / temperature);
    for (size_t i = 0; i < n; i++)
        e[i].p /= total;
}

static void sort_entries(struct entry *e, size_t n, bool by_deviation)
{
    double entropy = 0;
    for (size_t i = 0; i < n; i++)
        entropy -= e[i].p > 0 ? e[i].p * log(e[i].p) : 0;
    for (size_t i = 0; i < n; i++)
        e[i].key = by_deviation ? fabs(-log(e[i].p) - entropy) : -e[i].logit;
    qsort(e, n, sizeof *e, by_key);
}

static size_t cut(const struct entry *e, size_t n, double p, bool beyond)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += e[i].p;
        if (beyond ? sum > p : sum >= p)
            return i + 1;
    }
    return n;
}

/* Probabilities that sampler_pick should draw with, [n]. */
static double *expected(const struct sampler_options *o, const float *logits, size_t n)
{
    struct entry *e = memory_zeroed(n, sizeof *e);
    double *p = memory_zeroed(n, sizeof *p);
    size_t kept = n;
    for (size_t i = 0; i < n; i++)
        e[i] = (struct entry){ .logit = logits[i], .token = i };
    normalize(e, kept, 1);
    sort_entries(e, kept, false);
    if (o->top_k > 0 && (size_t)o->top_k < n)
        kept = (size_t)o->top_k;
    normalize(e, kept, 1);
    if (o->typical_p < 1) {
        sort_entries(e, kept, true);
        kept = cut(e, kept, o->typical_p, true);
        normalize(e, kept, 1);
        sort_entries(e, kept, false);
    }
    if (o->top_p < 1)
        kept = cut(e, kept, o->top_p, false);
    size_t likely = 1;
    while (likely < kept && e[likely].p >= o->min_p * e[0].p)
        likely++;
    kept = o->min_p > 0 ? likely : kept;
    normalize(e, kept, o->temperature);
    for (size_t i = 0; i < kept; i++)
        p[e[i].token] = e[i].p;
    memory_free(e);
    return p;
}

/* Pearson's statistic over cells of at least 5 expected draws, in deviations of its distribution.
 */
static double chi_square(const double *p, const size_t *seen, size_t n, double n_draws)
{
    double sum = 0, rest_p = 0, rest_seen = 0;
    size_t cells = 0;
    for (size_t i = 0; i < n; i++) {
        if (p[i] * n_draws < 5) {
            rest_p += p[i];
            rest_seen += (double)seen[i];
            continue;
        }
        sum += pow((double)seen[i] - p[i] * n_draws, 2) / (p[i] * n_draws);
        cells++;
    }
    if (rest_p * n_draws >= 5) {
        sum += pow(rest_seen - rest_p * n_draws, 2) / (rest_p * n_draws);
        cells++;
    }
    double freedom = cells > 1 ? (double)cells - 1 : 1;
    return (sum - freedom) / sqrt(2 * freedom);
}

static void check_distribution(struct sampler_options o, const float *logits, size_t n)
{
    enum { DRAWS = 6000 };
    struct sampler *s = opened(o, n);
    double *p = expected(&o, logits, n);
    size_t *seen = memory_zeroed(n, sizeof *seen);
    for (int i = 0; i < DRAWS; i++)
        seen[pick(s, logits)]++;
    for (size_t i = 0; i < n; i++)
        if (p[i] == 0 && seen[i])
            fail_msg("token %zu was drawn %zu times, but top_k %d top_p %g typical_p %g min_p %g "
                     "rule it out",
                     i, seen[i], o.top_k, o.top_p, o.typical_p, o.min_p);
    double deviations = chi_square(p, seen, n, DRAWS);
    if (!(fabs(deviations) < 5))
        fail_msg("%g deviations: temperature %g top_k %d top_p %g typical_p %g min_p %g",
                 deviations, o.temperature, o.top_k, o.top_p, o.typical_p, o.min_p);
    memory_free(p);
    memory_free(seen);
    sampler_close(&s);
}

TEST(draws_follow_the_distribution_of_every_filter)
{
    static const struct {
        float temperature;
        int32_t top_k;
        float top_p, min_p, typical_p;
    } rows[] = {
        { 1, 0, 1, 0, 1 },
        { 0.5f, 0, 1, 0, 1 },
        { 2, 0, 1, 0, 1 },
        { 1, 10, 1, 0, 1 },
        { 1, 40, 1, 0, 1 },
        { 1, 1, 1, 0, 1 },
        { 1, 5000, 1, 0, 1 },
        { 1, 0, 0.9f, 0, 1 },
        { 1, 0, 0.3f, 0, 1 },
        { 1, 0, 0.999f, 0, 1 },
        { 1, 0, 1, 0.05f, 1 },
        { 1, 0, 1, 0.5f, 1 },
        { 1, 0, 1, 0, 0.5f },
        { 1, 0, 1, 0, 0.95f },
        { 0.8f, 40, 0.9f, 0, 1 },
        { 0.8f, 40, 0.9f, 0.1f, 1 },
        { 1.5f, 100, 0.8f, 0.02f, 0.9f },
        { 1, 0, 0.7f, 0.01f, 0.8f },
    };
    static const size_t vocabularies[] = { 7, 100, 3001 };
    for (size_t v = 0; v < COUNT_OF(vocabularies); v++)
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
            struct sampler_options o = plain();
            o.temperature = rows[i].temperature;
            o.top_k = rows[i].top_k;
            o.top_p = rows[i].top_p;
            o.min_p = rows[i].min_p;
            o.typical_p = rows[i].typical_p;
            o.seed = (int64_t)(i * 100 + v);
            float *logits = random_logits(vocabularies[v], 2.5, i + 1);
            check_distribution(o, logits, vocabularies[v]);
            memory_free(logits);
        }
}

/* Which of n tokens a filter kept, compared with the first `kept` of a full sort. */
static void assert_kept(const struct candidate *c, size_t got, const struct entry *e, size_t kept)
{
    assert_int_equal(got, kept);
    for (size_t i = 0; i < kept; i++) {
        bool found = false;
        for (size_t j = 0; j < got; j++)
            found |= c[j].token == e[i].token;
        if (!found)
            fail_msg("token %zu of place %zu is not among the %zu kept", e[i].token, i, kept);
    }
}

static void fill_both(struct candidate *c, struct entry *e, const float *logits, size_t n)
{
    float max = -INFINITY;
    for (size_t i = 0; i < n; i++)
        max = fmaxf(max, logits[i]);
    for (size_t i = 0; i < n; i++) {
        c[i] = (struct candidate){ logits[i], candidate_weight(logits[i] - max), 0, (uint32_t)i };
        e[i] = (struct entry){ .logit = logits[i], .token = i };
    }
    normalize(e, n, 1);
}

TEST(filters_keep_what_a_full_sort_keeps)
{
    enum { N = 20000 };
    static struct candidate c[N];
    static struct entry e[N];
    for (uint64_t seed = 1; seed <= 30; seed++) {
        size_t n = seed % 3 == 0 ? 1 + seed : seed % 3 == 1 ? N / 10 : N;
        float *logits = random_logits(n, seed % 2 ? 1 : 4, seed);
        for (size_t i = 0; i < n && seed % 5 == 0; i++)
            logits[i] = seed % 10 ? roundf(logits[i]) : 1; /* many ties, or nothing else */
        for (size_t i = 1; i < n && seed % 7 == 0; i += 3)
            logits[i] = -INFINITY;
        double total = candidates_total(logits, n, 0, 1, NULL) * 0;
        fill_both(c, e, logits, n);
        for (size_t i = 0; i < n; i++)
            total += c[i].weight;
        sort_entries(e, n, false);
        size_t k = 1 + seed * 3701 % n;
        assert_kept(c, candidates_top_k(c, n, k), e, k);

        /* Half way between two sums, where rounding cannot decide. */
        size_t place = seed * 5303 % n;
        double before = 0;
        for (size_t i = 0; i < place; i++)
            before += e[i].p;
        fill_both(c, e, logits, n);
        sort_entries(e, n, false);
        if (e[place].p > 1e-5) {
            double p = before + e[place].p / 2;
            assert_kept(c, candidates_top_p(c, n, (float)p, total), e, place + 1);
        }
        memory_free(logits);
    }
}

TEST(weights_are_exponentials)
{
    for (float x = 0; x > -87; x -= 0.01037f) {
        double want = exp((double)x), got = candidate_weight(x);
        if (!(fabs(got / want - 1) < 3e-7))
            fail_msg("exp(%.9g) is %.9g, should be %.9g", x, got, want);
    }
    assert_true(candidate_weight(0) == 1);
    assert_true(candidate_weight(-INFINITY) == 0);
    assert_true(candidate_weight(-1000) == 0);
}

TEST(totals_do_not_depend_on_where_blocks_end)
{
    for (size_t n = 1; n < 300; n += 13) {
        float *logits = random_logits(n, 3, n);
        double sums[8], want = 0, parts = 0;
        for (size_t i = 0; i < n; i++)
            want += exp((logits[i] - 20.0) / 2);
        double got = candidates_total(logits, n, 20, 2, sums);
        for (size_t i = 0; i < (n + CANDIDATE_BLOCK - 1) / CANDIDATE_BLOCK; i++)
            parts += sums[i];
        assert_true(fabs(got / want - 1) < 1e-6);
        assert_true(fabs(parts / got - 1) < 1e-12);
        memory_free(logits);
    }
}

TEST(equal_seeds_draw_equal_tokens)
{
    enum { N = 1000 };
    float *logits = random_logits(N, 1, 3);
    struct sampler_options o = sampler_defaults();
    size_t differences = 0;
    for (int64_t seed = 0; seed < 20; seed++) {
        o.seed = seed;
        struct sampler *a = opened(o, N), *b = opened(o, N);
        o.seed = seed + 1;
        struct sampler *other = opened(o, N);
        for (int i = 0; i < 50; i++) {
            int32_t token = pick(a, logits);
            assert_int_equal(token, pick(b, logits));
            differences += token != pick(other, logits);
        }
        sampler_close(&a);
        sampler_close(&b);
        sampler_close(&other);
    }
    assert_true(differences > 500);
    memory_free(logits);
}

/* Written down once: a change of these is a change of what users with a seed get. */
TEST(a_seed_draws_the_same_tokens_as_ever)
{
    enum { N = 1000, DRAWS = 8 };
    float logits[N];
    for (int i = 0; i < N; i++)
        logits[i] = (float)((i * 7919) % 1009) / 200;
    static const int32_t with_filters[DRAWS] = { 620, 541, 897, 99, 198, 99, 343, 719 };
    static const int32_t from_all[DRAWS] = { 343, 956, 489, 66, 675, 66, 193, 739 };
    struct sampler_options o = sampler_defaults();
    o.seed = 42;
    struct sampler *s = opened(o, N);
    for (int i = 0; i < DRAWS; i++)
        assert_int_equal(pick(s, logits), with_filters[i]);
    sampler_close(&s);
    o = plain();
    o.seed = 42;
    s = opened(o, N);
    for (int i = 0; i < DRAWS; i++)
        assert_int_equal(pick(s, logits), from_all[i]);
    sampler_close(&s);
}

TEST(levels_of_the_processor_draw_the_same_tokens)
{
    enum { N = 5000 };
    static struct kernels reference;
    kernels_init(&reference, 0);
    float *logits = random_logits(N, 2, 9);
    for (int kind = 0; kind < 4; kind++) {
        struct sampler_options o = plain();
        o.top_k = kind == 1 ? 40 : 0;
        o.top_p = kind == 2 ? 0.9f : 1;
        o.min_p = kind == 3 ? 0.05f : 0;
        struct sampler *a = opened(o, N), *b;
        struct error err;
        assert_ok(sampler_open(&b, &o, N, &reference, &err), err);
        for (int i = 0; i < 300; i++)
            assert_int_equal(pick(a, logits), pick(b, logits));
        sampler_close(&a);
        sampler_close(&b);
    }
    memory_free(logits);
}

TEST(seeds_below_zero_are_random)
{
    enum { N = 100000 };
    float *logits = memory_zeroed(N, sizeof *logits);
    struct sampler_options o = plain();
    o.seed = -1;
    int64_t first = -1;
    bool differ = false;
    for (int i = 0; i < 4; i++) {
        struct sampler *s = opened(o, N);
        int32_t token = pick(s, logits);
        differ |= first >= 0 && token != first;
        first = token;
        sampler_close(&s);
    }
    assert_true(differ);
    memory_free(logits);
}

TEST(temperature_zero_takes_the_lowest_of_the_likeliest)
{
    float logits[] = { 0, 3, -1, 3, 3, 2 };
    struct sampler_options o = sampler_defaults();
    o.temperature = 0;
    struct sampler *s = opened(o, COUNT_OF(logits));
    assert_int_equal(pick(s, logits), 1);
    sampler_close(&s);

    o.repeat_penalty = 2;
    s = opened(o, COUNT_OF(logits));
    assert_true(sampler_accept(s, 1));
    assert_int_equal(pick(s, logits), 3); /* 1 fell to 1.5 */
    assert_true(sampler_accept(s, 3));
    assert_true(sampler_accept(s, 4));
    assert_int_equal(pick(s, logits), 5);
    sampler_close(&s);
}

/* The logarithms of the ratios of draws show what the penalties did to the logits. */
static double penalized(struct sampler_options o, const int32_t *tokens, size_t n_tokens,
                        float logit)
{
    enum { DRAWS = 40000 };
    float logits[2] = { logit, 0 };
    o.temperature = 1;
    struct sampler *s = opened(o, 2);
    for (size_t i = 0; i < n_tokens; i++)
        assert_true(sampler_accept(s, tokens[i]));
    double first = 0;
    for (int i = 0; i < DRAWS; i++)
        first += pick(s, logits) == 0;
    sampler_close(&s);
    return log(first / (DRAWS - first));
}

TEST(penalties_change_logits_as_specified)
{
    static const int32_t thrice[] = { 0, 0, 0 };
    struct sampler_options o = plain();
    o.repeat_penalty = 1.5f;
    assert_true(fabs(penalized(o, thrice, 3, 1.2f) - 0.8) < 0.05); /* divided, once */
    assert_true(fabs(penalized(o, thrice, 3, -1) + 1.5) < 0.05);   /* multiplied when negative */
    o.repeat_penalty = 1;
    o.presence_penalty = 0.5f;
    assert_true(fabs(penalized(o, thrice, 3, 1) - 0.5) < 0.05);
    o.frequency_penalty = 0.25f;
    assert_true(fabs(penalized(o, thrice, 3, 1) + 0.25) < 0.05); /* 1 - 3/4 - 1/2 */
    assert_true(fabs(penalized(o, thrice, 0, 1) - 1) < 0.05);
    o.repeat_last_n = 0;
    assert_true(fabs(penalized(o, thrice, 3, 1) - 1) < 0.05);
}

TEST(penalties_look_back_on_the_last_tokens_only)
{
    enum { N = 10 };
    float logits[N] = { 0 };
    struct sampler_options o = sampler_defaults();
    o.temperature = 0;
    o.presence_penalty = 1;
    for (int32_t last_n = -1; last_n <= 4; last_n++) {
        o.repeat_last_n = last_n;
        struct sampler *s = opened(o, N);
        for (int32_t token = 0; token < 6; token++)
            assert_true(sampler_accept(s, token));
        /* With the window on 2..5, token 0 is free again; with all, 6 is the first free one. */
        assert_int_equal(pick(s, logits), last_n < 0 ? 6 : 0);
        assert_true(sampler_accept(s, 0));
        assert_int_equal(pick(s, logits), last_n < 0 ? 6 : last_n == 0 ? 0 : 1);
        sampler_clear(s);
        assert_int_equal(pick(s, logits), 0);
        sampler_close(&s);
    }
}

TEST(a_window_longer_than_the_history_sees_all_of_it)
{
    float logits[3] = { 0, 0, 0 };
    struct sampler_options o = sampler_defaults();
    o.temperature = 0;
    o.frequency_penalty = 1;
    static const int32_t windows[] = { -1, 5, 1 << 20 };
    for (size_t i = 0; i < COUNT_OF(windows); i++) {
        o.repeat_last_n = windows[i];
        struct sampler *s = opened(o, 3);
        static const int32_t history[] = { 0, 0, 1, 2, 2 };
        for (size_t j = 0; j < COUNT_OF(history); j++)
            assert_true(sampler_accept(s, history[j]));
        assert_int_equal(pick(s, logits), 1);
        assert_true(sampler_accept(s, 1)); /* now a window of five is full */
        assert_int_equal(pick(s, logits), 0);
        assert_true(sampler_accept(s, 0));
        assert_int_equal(pick(s, logits), windows[i] == 5 ? 0 : 1);
        sampler_close(&s);
    }
}

TEST(tokens_outside_the_vocabulary_are_not_counted)
{
    float logits[2] = { 0, 0 };
    struct sampler_options o = sampler_defaults();
    o.temperature = 0;
    o.presence_penalty = 1;
    struct sampler *s = opened(o, 2);
    assert_true(sampler_accept(s, -1) && sampler_accept(s, 2) && sampler_accept(s, INT32_MAX));
    assert_int_equal(pick(s, logits), 0);
    sampler_close(&s);
}

TEST(only_allowed_tokens_are_chosen)
{
    enum { N = 100 };
    float *logits = random_logits(N, 3, 5);
    uint32_t allowed[4] = { 0, 1u << 5 | 1u << 9, 0, 1u << 2 };
    struct error err;
    for (int kind = 0; kind < 4; kind++) {
        struct sampler_options o = kind == 0 ? plain() : sampler_defaults();
        o.temperature = kind == 2 ? 0 : 1;
        o.top_p = kind == 3 ? 0.5f : 1;
        o.seed = kind;
        struct sampler *s = opened(o, N);
        for (int i = 0; i < 100; i++) {
            int32_t token;
            assert_ok(sampler_pick(s, logits, allowed, &token, NULL, &err), err);
            assert_true(token == 37 || token == 41 || token == 98);
        }
        sampler_close(&s);
    }
    memory_free(logits);
}

TEST(a_token_of_probability_zero_is_never_chosen)
{
    enum { N = 70 };
    float logits[N];
    for (int i = 0; i < N; i++)
        logits[i] = -INFINITY;
    logits[66] = -5;
    for (int kind = 0; kind < 6; kind++) {
        struct sampler_options o = kind == 0 ? plain() : sampler_defaults();
        o.top_k = kind == 1 ? 500 : kind == 2 ? 0 : kind == 0 ? 0 : 3;
        o.top_p = kind == 3 ? 0 : 0.9f;
        o.min_p = kind == 4 ? 1 : 0;
        o.typical_p = kind == 5 ? 0.3f : 1;
        struct sampler *s = opened(o, N);
        for (int i = 0; i < 20; i++)
            assert_int_equal(pick(s, logits), 66);
        sampler_close(&s);
    }
}

TEST(extreme_options_leave_the_likeliest)
{
    enum { N = 500 };
    float *logits = random_logits(N, 2, 8);
    float value;
    int32_t best = (int32_t)kernels()->elementwise.argmax(logits, N, &value);
    for (int kind = 0; kind < 5; kind++) {
        struct sampler_options o = plain();
        o.top_k = kind == 0;
        o.top_p = kind == 1 || kind == 4 ? 0 : 1;
        o.min_p = kind == 2 || kind == 4 ? 1 : 0;
        o.temperature = kind == 3 ? 1e-38f : 1;
        struct sampler *s = opened(o, N);
        for (int i = 0; i < 20; i++)
            assert_int_equal(pick(s, logits), best);
        sampler_close(&s);
    }
    memory_free(logits);
}

TEST(log_probabilities_come_from_the_raw_logits)
{
    enum { N = 300 };
    float *logits = random_logits(N, 3, 12);
    double total = 0;
    for (int i = 0; i < N; i++)
        total += exp((double)logits[i]);
    struct sampler_options o = sampler_defaults();
    o.temperature = 0.3f;
    o.presence_penalty = 2;
    o.seed = 4;
    struct sampler *s = opened(o, N);
    struct error err;
    for (int i = 0; i < 50; i++) {
        int32_t token;
        float logprob;
        assert_ok(sampler_pick(s, logits, NULL, &token, &logprob, &err), err);
        assert_true(fabs(logprob - (logits[token] - log(total))) < 1e-5);
        assert_true(sampler_accept(s, token));
    }
    sampler_close(&s);
    memory_free(logits);
}

/* The likeliest by a full sort. */
static void check_top(const float *logits, size_t n, size_t n_top)
{
    struct token_logprob top[SAMPLER_MOST_TOP_LOGPROBS];
    struct sampler *s = opened(plain(), n);
    struct entry *e = memory_zeroed(n, sizeof *e);
    size_t n_found, n_possible = 0;
    float logprob;
    struct error err;
    for (size_t i = 0; i < n; i++) {
        e[i] = (struct entry){ .logit = logits[i], .token = i };
        n_possible += logits[i] > -INFINITY;
    }
    normalize(e, n, 1);
    sort_entries(e, n, false);
    assert_ok(sampler_logprobs(s, logits, (int32_t)n - 1, &logprob, top, n_top, &n_found, &err),
              err);
    assert_int_equal(n_found, n_top < n_possible ? n_top : n_possible);
    for (size_t i = 0; i < n_found; i++) {
        assert_int_equal(top[i].token, e[i].token);
        assert_true(fabs(top[i].logprob - log(e[i].p)) < 1e-5);
    }
    memory_free(e);
    sampler_close(&s);
}

TEST(the_top_log_probabilities_are_those_of_a_full_sort)
{
    static const size_t sizes[] = { 1, 2, 19, 64, 65, 127, 128, 1000, 20000 };
    for (size_t k = 0; k < COUNT_OF(sizes); k++)
        for (uint64_t seed = 1; seed <= 12; seed++) {
            size_t n = sizes[k];
            float *logits = random_logits(n, 3, seed + k);
            for (size_t i = 0; i < n && seed % 3 == 0; i++)
                logits[i] = seed % 2 ? roundf(logits[i]) : 1; /* many ties, or nothing else */
            for (size_t i = 1; i < n && seed % 4 == 0; i++)
                logits[i] = i % 50 ? -INFINITY : logits[i];
            for (size_t i = 0; i < n && seed == 5; i++)
                logits[i] = (float)i / 100; /* each is the likeliest so far */
            check_top(logits, n, seed == 1 ? 0 : seed < 4 ? seed : 20);
            memory_free(logits);
        }
}

TEST(the_likeliest_is_found_wherever_it_lies)
{
    enum { N = 200 };
    float logits[N] = { 0 };
    for (size_t i = 0; i < N; i++) {
        logits[i] = 1;
        check_top(logits, N, 3);
        logits[i] = 0;
    }
}

TEST(log_probabilities_are_told_as_picks_tell_them)
{
    enum { N = 3000 };
    float *logits = random_logits(N, 3, 17);
    struct sampler_options o = sampler_defaults();
    o.seed = 3;
    struct sampler *s = opened(o, N);
    for (int i = 0; i < 50; i++) {
        struct token_logprob top[20];
        struct error err;
        int32_t token;
        float picked, told;
        size_t n_found;
        assert_ok(sampler_pick(s, logits, NULL, &token, &picked, &err), err);
        assert_ok(sampler_logprobs(s, logits, token, &told, top, 20, &n_found, &err), err);
        assert_true(picked == told);
        for (size_t j = 0; j < n_found; j++)
            assert_true(top[j].token != token || top[j].logprob == told);
        assert_ok(sampler_logprobs(s, logits, token, &told, NULL, 0, &n_found, &err), err);
        assert_true(picked == told && n_found == 0);
    }
    sampler_close(&s);
    memory_free(logits);
}

TEST(log_probabilities_that_cannot_be_told_are_errors)
{
    float logits[] = { 1, NAN, 3 };
    static const float nothing[] = { -INFINITY, -INFINITY, -INFINITY };
    struct token_logprob top[SAMPLER_MOST_TOP_LOGPROBS + 1];
    struct sampler *s = opened(plain(), 3);
    struct error err;
    float logprob;
    size_t n;
    assert_false(sampler_logprobs(s, logits, 0, &logprob, top, 2, &n, &err));
    assert_int_equal(err.code, ERROR_FORMAT);
    logits[1] = 2;
    assert_false(sampler_logprobs(s, logits, 0, &logprob, top, COUNT_OF(top), &n, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_string_equal(err.message, "top_logprobs is 21, but it must be between 0 and 20");
    assert_false(sampler_logprobs(s, nothing, 0, &logprob, top, 2, &n, &err));
    assert_string_equal(err.message, "no token of 3 is possible");
    sampler_close(&s);
}

TEST(logits_are_not_changed)
{
    enum { N = 200 };
    float *logits = random_logits(N, 2, 1), *before = random_logits(N, 2, 1);
    struct sampler_options o = sampler_defaults();
    o.repeat_penalty = 1.3f;
    struct sampler *s = opened(o, N);
    for (int i = 0; i < 50; i++)
        assert_true(sampler_accept(s, pick(s, logits)));
    assert_memory_equal(logits, before, N * sizeof *logits);
    sampler_close(&s);
    memory_free(logits);
    memory_free(before);
}

TEST(logits_without_a_distribution_are_errors)
{
    enum { N = 130 };
    float *logits = random_logits(N, 1, 1);
    struct sampler *s = opened(sampler_defaults(), N);
    struct error err;
    int32_t token;
    for (size_t i = 0; i < N; i += 43) {
        float old = logits[i];
        logits[i] = NAN;
        assert_false(sampler_pick(s, logits, NULL, &token, NULL, &err));
        assert_int_equal(err.code, ERROR_FORMAT);
        assert_non_null(strstr(err.message, "nan"));
        logits[i] = INFINITY;
        assert_false(sampler_pick(s, logits, NULL, &token, NULL, &err));
        logits[i] = old;
    }
    uint32_t none[5] = { 0 };
    assert_false(sampler_pick(s, logits, none, &token, NULL, &err));
    assert_string_equal(err.message, "no token of 130 is possible");
    sampler_close(&s);
    memory_free(logits);
}

TEST(options_out_of_range_are_named)
{
    static const struct {
        size_t offset;
        float value;
        const char *message;
    } rows[] = {
#define ROW(field, value, message) { offsetof(struct sampler_options, field), value, message }
        ROW(temperature, -1, "temperature is -1, but it must be between 0 and 1000"),
        ROW(temperature, NAN, "temperature is nan, but it must be between 0 and 1000"),
        ROW(top_p, 1.5f, "top_p is 1.5, but it must be between 0 and 1"),
        ROW(top_p, NAN, "top_p is nan, but it must be between 0 and 1"),
        ROW(min_p, -0.5f, "min_p is -0.5, but it must be between 0 and 1"),
        ROW(typical_p, 2, "typical_p is 2, but it must be between 0 and 1"),
        ROW(repeat_penalty, 0, "repeat_penalty is 0, but it must be between 0.001 and 1000"),
        ROW(presence_penalty, INFINITY,
            "presence_penalty is inf, but it must be between -1000 and 1000"),
        ROW(frequency_penalty, NAN,
            "frequency_penalty is nan, but it must be between -1000 and 1000"),
#undef ROW
    };
    struct sampler *s;
    struct error err;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct sampler_options o = sampler_defaults();
        memcpy((char *)&o + rows[i].offset, &rows[i].value, sizeof(float));
        assert_false(sampler_open(&s, &o, 10, kernels(), &err));
        assert_int_equal(err.code, ERROR_USAGE);
        assert_string_equal(err.message, rows[i].message);
        assert_null(s);
    }
    struct sampler_options o = sampler_defaults();
    o.top_k = -1;
    assert_false(sampler_open(&s, &o, 10, kernels(), &err));
    o = sampler_defaults();
    o.repeat_last_n = -2;
    assert_false(sampler_open(&s, &o, 10, kernels(), &err));
    assert_false(sampler_open(&s, &(struct sampler_options){ 0 }, 0, kernels(), &err));
}

TEST(every_failing_allocation_is_an_error)
{
    struct sampler_options o = sampler_defaults();
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
    assert_true(n >= 6);
    sampler_close(&s);
    sampler_close(&s);
}

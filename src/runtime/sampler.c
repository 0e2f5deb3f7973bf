#include "runtime/sampler.h"

#include "base/memory.h"
#include "runtime/candidates.h"

#include <math.h>
#include <sys/random.h>

enum { MOST_REPEAT_LAST_N = 1 << 20 };

struct sampler {
    struct sampler_options options;
    const struct kernels *kernels; /* borrowed */
    size_t n_vocab;

    uint64_t seed, n_draws; /* a draw is a function of these two */

    struct token_bias *biases; /* [options.n_bias] */
    bool has_bans;             /* among them */

    /* What penalties look back on. With repeat_last_n -1 each token enters `recent` once, and none
     * leaves; otherwise it is a ring. */
    uint32_t *recent; /* [recent_capacity] */
    size_t recent_capacity, n_recent, oldest;
    uint32_t *counts; /* [n_vocab] how often each is in the window */

    float *changed;               /* [n_vocab] logits after biases, penalties and the mask */
    uint32_t *indices;            /* [n_vocab] */
    struct candidate *candidates; /* [n_vocab] */
    double *block_sums;           /* [n_vocab / CANDIDATE_BLOCK, rounded up] */

    const int32_t *script; /* [n_script] what is answered in the place of what was chosen */
    int32_t *own;          /* [n_script] what was chosen */
    size_t n_script;
};

struct sampler_options sampler_defaults(void)
{
    return (struct sampler_options){
        .temperature = 0.8f,
        .top_k = 40,
        .top_p = 0.9f,
        .min_p = 0,
        .typical_p = 1,
        .repeat_last_n = 64,
        .repeat_penalty = 1,
        .presence_penalty = 0,
        .frequency_penalty = 0,
        .seed = -1,
    };
}

static bool check_options(const struct sampler_options *o, struct error *err)
{
    const struct {
        const char *name;
        double value, least, most;
    } rows[] = {
        { "temperature", o->temperature, 0, 1000 },
        { "top_k", o->top_k, 0, INT32_MAX },
        { "top_p", o->top_p, 0, 1 },
        { "min_p", o->min_p, 0, 1 },
        { "typical_p", o->typical_p, 0, 1 },
        { "repeat_last_n", o->repeat_last_n, -1, MOST_REPEAT_LAST_N },
        { "repeat_penalty", o->repeat_penalty, 0.001f, 1000 }, /* it divides */
        { "presence_penalty", o->presence_penalty, -1000, 1000 },
        { "frequency_penalty", o->frequency_penalty, -1000, 1000 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (!(rows[i].value >= rows[i].least && rows[i].value <= rows[i].most))
            return fail(err, ERROR_USAGE, "%s is %g, but it must be between %g and %g",
                        rows[i].name, rows[i].value, rows[i].least, rows[i].most);
    return true;
}

static const float BAN = -100, FORCE = 100;

static bool check_biases(const struct sampler_options *o, size_t n_vocab, struct error *err)
{
    if (o->n_bias > SAMPLER_MOST_BIASES)
        return fail(err, ERROR_USAGE, "logit_bias has %zu entries, but at most %d are allowed",
                    o->n_bias, SAMPLER_MOST_BIASES);
    for (size_t i = 0; i < o->n_bias; i++) {
        const struct token_bias *b = &o->bias[i];
        if (b->token < 0 || (size_t)b->token >= n_vocab)
            return fail(err, ERROR_USAGE,
                        "logit_bias names token %d, but the vocabulary has 0 to %zu", b->token,
                        n_vocab - 1);
        if (!(b->bias >= BAN && b->bias <= FORCE))
            return fail(err, ERROR_USAGE,
                        "logit_bias of token %d is %g, but it must be between %g and %g", b->token,
                        (double)b->bias, (double)BAN, (double)FORCE);
    }
    return true;
}

static bool penalizes(const struct sampler_options *o)
{
    return o->repeat_last_n != 0 &&
           (o->repeat_penalty != 1 || o->presence_penalty != 0 || o->frequency_penalty != 0);
}

static bool allocate(struct sampler *s, struct error *err)
{
    size_t n = s->n_vocab;
    if (penalizes(&s->options)) {
        s->recent_capacity = s->options.repeat_last_n < 0 ? n : (size_t)s->options.repeat_last_n;
        s->recent = memory_zeroed(s->recent_capacity, sizeof *s->recent);
        s->counts = memory_zeroed(n, sizeof *s->counts);
        if (!s->recent || !s->counts)
            return fail_memory(err, (s->recent_capacity + n) * 4, "the penalties of a sampler");
    }
    s->changed = memory_zeroed(n, sizeof *s->changed);
    s->indices = memory_zeroed(n, sizeof *s->indices);
    s->candidates = memory_zeroed(n, sizeof *s->candidates);
    s->block_sums = memory_zeroed(n / CANDIDATE_BLOCK + 1, sizeof *s->block_sums);
    if (!s->changed || !s->indices || !s->candidates || !s->block_sums)
        return fail_memory(err, n * (8 + sizeof *s->candidates), "a sampler");
    return true;
}

static bool copy_biases(struct sampler *s, const struct sampler_options *o, struct error *err)
{
    s->options.bias = NULL; /* the caller's */
    if (o->n_bias == 0)
        return true;
    s->biases = memory_zeroed(o->n_bias, sizeof *s->biases);
    if (!s->biases)
        return fail_memory(err, o->n_bias * sizeof *s->biases, "the biases of a sampler");
    memcpy(s->biases, o->bias, o->n_bias * sizeof *s->biases);
    for (size_t i = 0; i < o->n_bias; i++)
        s->has_bans |= s->biases[i].bias == BAN;
    return true;
}

static bool choose_seed(struct sampler *s, struct error *err)
{
    s->seed = (uint64_t)s->options.seed;
    if (s->options.seed >= 0)
        return true;
    if (getrandom(&s->seed, sizeof s->seed, 0) != (ssize_t)sizeof s->seed)
        return fail(err, ERROR_IO, "the system has no random numbers for a seed");
    return true;
}

bool sampler_open(struct sampler **out, const struct sampler_options *options, size_t n_vocab,
                  const struct kernels *kernels, struct error *err)
{
    *out = NULL;
    if (!check_options(options, err))
        return false;
    if (n_vocab == 0 || n_vocab > INT32_MAX)
        return fail(err, ERROR_USAGE, "a vocabulary of %zu tokens, but it must have 1 to %d",
                    n_vocab, INT32_MAX);
    if (!check_biases(options, n_vocab, err))
        return false;
    struct sampler *s = memory_zeroed(1, sizeof *s);
    if (!s)
        return fail_memory(err, sizeof *s, "a sampler");
    s->options = *options;
    if ((size_t)options->top_k >= n_vocab)
        s->options.top_k = 0;
    s->kernels = kernels;
    s->n_vocab = n_vocab;
    if (!allocate(s, err) || !copy_biases(s, options, err) || !choose_seed(s, err)) {
        sampler_close(&s);
        return false;
    }
    *out = s;
    return true;
}

void sampler_close(struct sampler **sampler)
{
    struct sampler *s = *sampler;
    if (!s)
        return;
    memory_free(s->biases);
    memory_free(s->recent);
    memory_free(s->counts);
    memory_free(s->changed);
    memory_free(s->indices);
    memory_free(s->candidates);
    memory_free(s->block_sums);
    memory_free(s);
    *sampler = NULL;
}

bool sampler_accept(struct sampler *s, int32_t token)
{
    if (!s->counts || token < 0 || (size_t)token >= s->n_vocab)
        return true; /* nothing looks back, or no logit could be penalized */
    uint32_t t = (uint32_t)token;
    if (s->options.repeat_last_n < 0) {
        if (s->counts[t]++ == 0)
            s->recent[s->n_recent++] = t;
        return true;
    }
    s->counts[t]++;
    if (s->n_recent < s->recent_capacity) {
        s->recent[s->n_recent++] = t;
        return true;
    }
    s->counts[s->recent[s->oldest]]--;
    s->recent[s->oldest] = t;
    s->oldest = (s->oldest + 1) % s->recent_capacity;
    return true;
}

void sampler_clear(struct sampler *s)
{
    for (size_t i = 0; i < s->n_recent; i++)
        s->counts[s->recent[i]] = 0;
    s->n_recent = s->oldest = 0;
}

/* SplitMix64's finalizer (Steele, Lea and Flood 2014). */
static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/* The number of the draw, keyed by the seed, becomes 53 random bits in [0, 1). */
static double next_uniform(struct sampler *s)
{
    uint64_t key = mix(s->seed + 0x9e3779b97f4a7c15);
    return (double)(mix(key + 0x9e3779b97f4a7c15 * ++s->n_draws) >> 11) * 0x1p-53;
}

/* Fails for NaN and INFINITY, under which no distribution exists. In blocks that become vectors. */
static bool check_logits(const float *logits, size_t n, struct error *err)
{
    enum { STRIDE = 64 };
    size_t bad = n;
    for (size_t i = 0; i < n && bad == n; i += STRIDE) {
        uint32_t any = 0;
        if (n - i >= STRIDE)
            for (size_t j = 0; j < STRIDE; j++)
                any |= !(logits[i + j] < INFINITY);
        else
            any = 1; /* look at each */
        for (size_t j = i; any && j < n && j < i + STRIDE && bad == n; j++)
            if (!(logits[j] < INFINITY))
                bad = j;
    }
    if (bad < n)
        return fail(err, ERROR_FORMAT, "the model computed %f as the logit of token %zu",
                    (double)logits[bad], bad);
    return true;
}

static float penalized(const struct sampler *s, uint32_t token, float logit)
{
    const struct sampler_options *o = &s->options;
    float x = logit <= 0 ? logit * o->repeat_penalty : logit / o->repeat_penalty;
    return x - ((float)s->counts[token] * o->frequency_penalty + o->presence_penalty);
}

/* From the raw logit, so that a token met twice is penalized once. */
static void penalize(struct sampler *s, const float *logits)
{
    for (size_t i = 0; i < s->n_recent; i++) {
        uint32_t token = s->recent[i];
        s->changed[token] = penalized(s, token, logits[token]);
    }
}

/* After penalize(), whose outcome for these tokens is replaced: what is penalized is the logit with
 * its bias. */
static void add_biases(struct sampler *s, const float *logits, bool bans)
{
    for (size_t i = 0; i < s->options.n_bias; i++) {
        uint32_t token = (uint32_t)s->biases[i].token;
        float bias = s->biases[i].bias, x = logits[token] + bias;
        if (bans && bias == BAN)
            x = -INFINITY;
        else if (s->counts && s->counts[token] > 0)
            x = penalized(s, token, x);
        s->changed[token] = x;
    }
}

/* Whole words of either kind are usual in the masks of grammars. */
static void forbid(float *logits, const uint32_t *allowed, size_t n)
{
    for (size_t i = 0; i < n; i += 32) {
        uint32_t forbidden = ~allowed[i / 32];
        if (n - i < 32)
            forbidden &= (1u << (n - i)) - 1;
        if (forbidden == UINT32_MAX)
            for (size_t j = 0; j < 32; j++)
                logits[i + j] = -INFINITY;
        else
            for (; forbidden; forbidden &= forbidden - 1)
                logits[i + (size_t)__builtin_ctz(forbidden)] = -INFINITY;
    }
}

/* `bans`: banned tokens are impossible, rather than as unlikely as their bias makes them. */
static const float *change_logits(struct sampler *s, const float *logits, const uint32_t *allowed,
                                  bool bans)
{
    if (!allowed && s->n_recent == 0 && s->options.n_bias == 0)
        return logits;
    memcpy(s->changed, logits, s->n_vocab * sizeof *logits);
    penalize(s, logits);
    add_biases(s, logits, bans);
    if (allowed)
        forbid(s->changed, allowed, s->n_vocab);
    return s->changed;
}

/* Candidates from the tokens whose logit is at least `threshold`, and possible at all; `total` is
 * their weight. */
static size_t gather(struct sampler *s, const float *logits, float threshold, float max,
                     double *total)
{
    threshold = fmaxf(threshold, -0x1.fffffep127f);
    size_t n =
        s->kernels->elementwise.select_above(logits, s->n_vocab, threshold, s->indices, s->n_vocab);
    *total = candidates_fill(s->candidates, s->indices, n, logits, max);
    return n;
}

static size_t count_above(struct sampler *s, const float *logits, float threshold, size_t most)
{
    return s->kernels->elementwise.select_above(logits, s->n_vocab, threshold, s->indices, most);
}

/* The top k of the vocabulary: distances below the maximum are tried until between k and a few
 * times k tokens lie within one, then those are divided exactly. */
static size_t gather_top_k(struct sampler *s, const float *logits, float max, size_t k)
{
    enum { PROBES = 12 };
    size_t most = size_min(s->n_vocab, size_max(4 * k, 1024));
    float near = 0, far = INFINITY, distance = 4; /* too few lie within `near`, k within `far` */
    for (int probe = 0; probe < PROBES && distance < 1000; probe++) {
        size_t n = count_above(s, logits, max - distance, most);
        if (n < k)
            near = distance;
        else
            far = distance;
        if (n >= k && n <= most)
            break;
        distance = far == INFINITY ? 4 * distance : (near + far) / 2;
    }
    double total;
    size_t n = gather(s, logits, max - far, max, &total);
    return candidates_top_k(s->candidates, n, k);
}

/* Tokens among which the top p of `total` lie: all within some distance of the maximum. Where they
 * are few their weights tell whether the distance is enough; where they are many, that each of the
 * others weighs less than exp(-distance). */
static size_t gather_top_p(struct sampler *s, const float *logits, float max, double total)
{
    /* A little more than p, for sums that round apart. */
    double wanted = fmin(1, (double)s->options.top_p + 1e-6) * total, sum;
    for (float distance = 0.5f; distance < 87; distance += 0.5f + distance / 8) {
        size_t n = count_above(s, logits, max - distance, 0);
        bool is_enough = (double)(s->n_vocab - n) * exp(-(double)distance) <= total - wanted;
        if (!is_enough && n > s->n_vocab / 64)
            continue;
        n = gather(s, logits, max - distance, max, &sum);
        if (is_enough || sum >= wanted)
            return n;
    }
    return gather(s, logits, -INFINITY, max, &sum);
}

/* Candidates after top_k, and the weight of all that top_p is to be a part of. */
static size_t gather_candidates(struct sampler *s, const float *logits, float max, double *total)
{
    const struct sampler_options *o = &s->options;
    size_t n;
    if (o->top_k == 0 && o->typical_p >= 1 && o->top_p < 1) {
        *total = candidates_total(logits, s->n_vocab, max, 1, NULL);
        return gather_top_p(s, logits, max, *total);
    }
    if (o->top_k > 0)
        n = gather_top_k(s, logits, max, (size_t)o->top_k);
    else if (o->typical_p >= 1 && o->min_p > 0) /* and 1 more than the logarithm, for rounding */
        n = gather(s, logits, max + logf(o->min_p) - 1, max, total);
    else
        n = gather(s, logits, -INFINITY, max, total);
    if (o->typical_p < 1)
        n = candidates_typical(s->candidates, n, o->typical_p);
    *total = 0;
    for (size_t i = 0; i < n; i++)
        *total += s->candidates[i].weight;
    return n;
}

/* No filter at all: the whole vocabulary as it lies. */
static uint32_t draw_from_all(struct sampler *s, const float *logits, float max)
{
    double target = next_uniform(s), sum = 0;
    float t = s->options.temperature;
    target *= candidates_total(logits, s->n_vocab, max, t, s->block_sums);
    size_t begin = 0;
    for (; begin + CANDIDATE_BLOCK < s->n_vocab; begin += CANDIDATE_BLOCK) {
        if (sum + s->block_sums[begin / CANDIDATE_BLOCK] > target)
            break;
        sum += s->block_sums[begin / CANDIDATE_BLOCK];
    }
    size_t token = begin, end = size_min(s->n_vocab, begin + CANDIDATE_BLOCK);
    bool found = false; /* by rounding the block may end a little early */
    for (size_t i = begin; i < end && sum <= target; i++) {
        float weight = candidate_weight((logits[i] - max) / t);
        sum += weight;
        if (weight > 0) {
            token = i;
            found = true;
        }
    }
    return found ? (uint32_t)token
                 : (uint32_t)s->kernels->elementwise.argmax(logits, s->n_vocab, &max);
}

static uint32_t draw(struct sampler *s, const float *logits, float max)
{
    const struct sampler_options *o = &s->options;
    if (o->top_k == 0 && o->top_p >= 1 && o->typical_p >= 1 && o->min_p == 0)
        return draw_from_all(s, logits, max);
    double total;
    size_t n = gather_candidates(s, logits, max, &total);
    if (o->top_p < 1)
        n = candidates_top_p(s->candidates, n, o->top_p, total);
    if (o->min_p > 0)
        n = candidates_min_p(s->candidates, n, o->min_p);
    return candidates_draw(s->candidates, n, o->temperature, next_uniform(s));
}

/* What makes a logit a log-probability. */
struct log_total {
    double max, log_sum;
};

static struct log_total log_total_of(const struct sampler *s, const float *logits)
{
    float max;
    s->kernels->elementwise.argmax(logits, s->n_vocab, &max);
    double sum = s->kernels->elementwise.sum_exp(logits, s->n_vocab, max);
    return (struct log_total){ max, log(sum) };
}

static float log_probability(struct log_total total, float logit)
{
    return (float)((double)logit - total.max - total.log_sum);
}

bool sampler_pick(struct sampler *s, const float *logits, const uint32_t *allowed, int32_t *token,
                  float *logprob, struct error *err)
{
    if (!check_logits(logits, s->n_vocab, err))
        return false;
    const float *changed = change_logits(s, logits, allowed, true);
    float max;
    uint32_t best = (uint32_t)s->kernels->elementwise.argmax(changed, s->n_vocab, &max);
    if (max == -INFINITY && s->has_bans) { /* nothing but banned tokens is left */
        changed = change_logits(s, logits, allowed, false);
        best = (uint32_t)s->kernels->elementwise.argmax(changed, s->n_vocab, &max);
    }
    if (max == -INFINITY)
        return fail(err, ERROR_FORMAT, "no token of %zu is possible", s->n_vocab);
    uint32_t chosen = s->options.temperature == 0 ? best : draw(s, changed, max);
    *token = (int32_t)chosen;
    if (s->n_script > 0) {
        *s->own++ = *token;
        *token = *s->script++;
        s->n_script--;
    }
    if (logprob)
        *logprob = log_probability(log_total_of(s, logits), logits[chosen]);
    return true;
}

/* The likeliest so far, in order; `logprob` holds the logit until the end. */
struct ranking {
    struct token_logprob *top; /* [most] */
    size_t n, most;
};

/* A logit must pass this to come in; an equal one of a higher id does not. */
static float threshold_of(const struct ranking *r)
{
    return r->n < r->most ? -INFINITY : r->top[r->n - 1].logprob;
}

static void enter(struct ranking *r, int32_t token, float logit)
{
    size_t i = r->n < r->most ? r->n++ : r->n - 1;
    for (; i > 0 && r->top[i - 1].logprob < logit; i--)
        r->top[i] = r->top[i - 1];
    r->top[i] = (struct token_logprob){ token, logit };
}

/* Most blocks hold nothing that passes, which vectors see at once. */
static void rank(struct ranking *r, const float *logits, size_t n)
{
    enum { BLOCK = 64 };
    for (size_t i = 0; i < n; i += BLOCK) {
        uint32_t any = n - i < BLOCK;
        float threshold = threshold_of(r);
        if (!any)
            for (size_t j = 0; j < BLOCK; j++)
                any |= logits[i + j] > threshold;
        for (size_t j = i; any && j < n && j < i + BLOCK; j++)
            if (logits[j] > threshold_of(r))
                enter(r, (int32_t)j, logits[j]);
    }
}

bool sampler_logprobs(const struct sampler *s, const float *logits, int32_t token, float *logprob,
                      struct token_logprob *top, size_t n_top, size_t *n_found, struct error *err)
{
    assert(token >= 0 && (size_t)token < s->n_vocab);
    if (n_top > SAMPLER_MOST_TOP_LOGPROBS)
        return fail(err, ERROR_USAGE, "top_logprobs is %zu, but it must be between 0 and %d", n_top,
                    SAMPLER_MOST_TOP_LOGPROBS);
    if (!check_logits(logits, s->n_vocab, err))
        return false;
    struct log_total total = log_total_of(s, logits);
    if (total.max == -INFINITY)
        return fail(err, ERROR_FORMAT, "no token of %zu is possible", s->n_vocab);
    struct ranking ranking = { .top = top, .most = n_top };
    if (n_top > 0)
        rank(&ranking, logits, s->n_vocab);
    for (size_t i = 0; i < ranking.n; i++)
        top[i].logprob = log_probability(total, top[i].logprob);
    *logprob = log_probability(total, logits[token]);
    *n_found = ranking.n;
    return true;
}

void sampler_follow(struct sampler *s, const int32_t *script, int32_t *own, size_t n)
{
    s->script = script;
    s->own = own;
    s->n_script = n;
}

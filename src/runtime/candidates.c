#include "runtime/candidates.h"

#include <math.h>

enum { SMALL = 24 }; /* parts that are sorted by insertion */

/* Parts longer than this are narrowed to one of so many ranges of keys before anything is compared.
 */
enum { NARROWED = 2048, RANGES = 1024 };

/* Four at a time by the compiler's own vectors, which every processor of the last twenty years has
 * and which round like single floats. */
typedef float floats __attribute__((vector_size(16)));
typedef int32_t ints __attribute__((vector_size(16)));

static floats all(float x)
{
    return (floats){ x, x, x, x };
}

/* exp(x) for x <= 0, x = n ln 2 + r, by the polynomial of the vector kernels but without fused
 * operations, which not every machine has. */
static floats weights_of(floats x)
{
    ints inside = x > all(-87); /* all ones where true */
    x = (floats)((ints)x & inside);
    ints n = __builtin_convertvector(x * 1.44269504f - 0.5f, ints);
    floats whole = __builtin_convertvector(n, floats);
    floats r = x - whole * 0.693359375f; /* ln 2 in 10 bits, so that the product is exact */
    r = r - whole * -2.12194440e-4f;
    floats p = r * 0.00139262131f + 0.00836320315f;
    p = p * r + 0.0416665561f;
    p = p * r + 0.166665763f;
    p = p * r + 0.5f;
    p = p * (r * r) + r + 1.0f;
    p = p * (floats)((n + 127) << 23);
    return (floats)((ints)p & inside);
}

float candidate_weight(float x)
{
    return weights_of(all(x))[0];
}

static double block_total(const float logits[CANDIDATE_BLOCK], float max, float temperature)
{
    floats sum = all(0);
    for (size_t i = 0; i < CANDIDATE_BLOCK; i += 4) {
        floats x;
        memcpy(&x, logits + i, sizeof x);
        sum += weights_of((x - max) / temperature);
    }
    return (double)sum[0] + sum[1] + sum[2] + sum[3];
}

double candidates_total(const float *logits, size_t n, float max, float temperature,
                        double *block_sums)
{
    double total = 0;
    for (size_t i = 0; i < n; i += CANDIDATE_BLOCK) {
        float rest[CANDIDATE_BLOCK];
        const float *block = logits + i;
        if (n - i < CANDIDATE_BLOCK) {
            for (size_t j = 0; j < CANDIDATE_BLOCK; j++)
                rest[j] = i + j < n ? logits[i + j] : -INFINITY;
            block = rest;
        }
        double sum = block_total(block, max, temperature);
        if (block_sums)
            block_sums[i / CANDIDATE_BLOCK] = sum;
        total += sum;
    }
    return total;
}

/* Weights of all candidates, and their sum. */
static double weigh(struct candidate *c, size_t n, float largest, float temperature)
{
    double total = 0;
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        floats logits = { c[i].logit, c[i + 1].logit, c[i + 2].logit, c[i + 3].logit };
        floats weights = weights_of((logits - largest) / temperature);
        for (size_t j = 0; j < 4; j++) {
            c[i + j].weight = weights[j];
            total += weights[j];
        }
    }
    for (; i < n; i++) {
        c[i].weight = candidate_weight((c[i].logit - largest) / temperature);
        total += c[i].weight;
    }
    return total;
}

double candidates_fill(struct candidate *c, const uint32_t *tokens, size_t n, const float *logits,
                       float max)
{
    for (size_t i = 0; i < n; i++)
        c[i] = (struct candidate){ .logit = logits[tokens[i]], .token = tokens[i] };
    return weigh(c, n, max, 1);
}

static float largest_logit(const struct candidate *c, size_t n)
{
    float largest = -INFINITY;
    for (size_t i = 0; i < n; i++)
        largest = c[i].logit > largest ? c[i].logit : largest;
    return largest;
}

static bool precedes(const struct candidate *a, const struct candidate *b)
{
    return a->key < b->key || (a->key == b->key && a->token < b->token);
}

static void swap(struct candidate *a, struct candidate *b)
{
    struct candidate old = *a;
    *a = *b;
    *b = old;
}

static void sort_few(struct candidate *c, size_t n)
{
    for (size_t i = 1; i < n; i++)
        for (size_t j = i; j > 0 && precedes(&c[j], &c[j - 1]); j--)
            swap(&c[j], &c[j - 1]);
}

/* The middle one of three spread over the part, moved to its end. */
static void choose_pivot(struct candidate *c, size_t n)
{
    struct candidate *a = &c[n / 4], *b = &c[n / 2], *d = &c[n / 4 * 3];
    struct candidate *low = precedes(a, b) ? a : b, *high = low == a ? b : a;
    struct candidate *middle = precedes(d, low) ? low : precedes(high, d) ? high : d;
    swap(middle, &c[n - 1]);
}

/* Those that precede the pivot to the front; the pivot's place. */
static size_t partition(struct candidate *c, size_t n)
{
    choose_pivot(c, n);
    const struct candidate pivot = c[n - 1];
    size_t at = 0;
    for (size_t i = 0; i + 1 < n; i++) { /* without a branch: which way is anybody's guess */
        struct candidate x = c[i];
        c[i] = c[at];
        c[at] = x;
        at += precedes(&x, &pivot);
    }
    swap(&c[at], &c[n - 1]);
    return at;
}

static bool reaches(double sum, double target, bool beyond)
{
    return beyond ? sum > target : sum >= target;
}

/* Equal ranges of key from `least` on; the last one is open, and takes INFINITY and what no
 * arithmetic places. */
struct ranges {
    float least, per_key;
};

static struct ranges ranges_of(const struct candidate *c, size_t n)
{
    float least = INFINITY, most = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        least = c[i].key < least ? c[i].key : least;
        most = c[i].key > most && c[i].key < INFINITY ? c[i].key : most;
    }
    return (struct ranges){ least, (RANGES - 1) / (most - least) };
}

static uint32_t range_of(struct ranges ranges, float key)
{
    float at = (key - ranges.least) * ranges.per_key;
    return at < RANGES - 1 ? (uint32_t)at : RANGES - 1;
}

/* Those in ranges before `range` to the front; how many. */
static size_t divide(struct candidate *c, size_t n, struct ranges ranges, uint32_t range)
{
    size_t at = 0;
    for (size_t i = 0; i < n; i++) { /* without a branch, like partition() */
        struct candidate x = c[i];
        c[i] = c[at];
        c[at] = x;
        at += range_of(ranges, x.key) < range;
    }
    return at;
}

/* Of n candidates, those of the range of keys in which the summed weights reach `target`, to
 * [*begin, *end), the ones that precede them in front; returns the weight of these. */
static double narrow(struct candidate *c, size_t n, double target, bool beyond, size_t *begin,
                     size_t *end)
{
    struct ranges ranges = ranges_of(c, n);
    double sums[RANGES] = { 0 }, before = 0;
    for (size_t i = 0; i < n; i++)
        sums[range_of(ranges, c[i].key)] += c[i].weight;
    uint32_t range = 0;
    for (; range < RANGES - 1 && !reaches(before + sums[range], target, beyond); range++)
        before += sums[range];
    *begin = divide(c, n, ranges, range);
    *end = range == RANGES - 1 ? n : *begin + divide(c + *begin, n - *begin, ranges, range + 1);
    return before;
}

/* The shortest beginning, in order of key, whose weights reach `target` (or pass it): how long it
 * is. A quickselect that adds weights up; the beginning itself stays unsorted. */
static size_t keep_beginning(struct candidate *c, size_t n, double target, bool beyond)
{
    size_t begin = 0, end = n; /* the last one kept is among these */
    double before = n > NARROWED ? narrow(c, n, target, beyond, &begin, &end) : 0;
    while (end - begin > SMALL) {
        size_t pivot = begin + partition(c + begin, end - begin);
        double sum = 0;
        for (size_t i = begin; i < pivot; i++)
            sum += c[i].weight;
        if (reaches(before + sum, target, beyond)) {
            end = pivot;
            continue;
        }
        before += sum + c[pivot].weight;
        begin = pivot + 1;
        if (reaches(before, target, beyond))
            return begin;
    }
    sort_few(c + begin, end - begin);
    for (; begin < end; begin++) {
        before += c[begin].weight;
        if (reaches(before, target, beyond))
            return begin + 1;
    }
    return end > 0 ? end : 1;
}

size_t candidates_top_k(struct candidate *c, size_t n, size_t k)
{
    if (k >= n)
        return n;
    for (size_t i = 0; i < n; i++) {
        c[i].key = -c[i].logit;
        c[i].weight = 1; /* counts */
    }
    n = keep_beginning(c, n, (double)k, false);
    weigh(c, n, largest_logit(c, n), 1);
    return n;
}

size_t candidates_top_p(struct candidate *c, size_t n, float p, double total)
{
    for (size_t i = 0; i < n; i++)
        c[i].key = -c[i].logit;
    return keep_beginning(c, n, p * total, false);
}

size_t candidates_typical(struct candidate *c, size_t n, float p)
{
    /* -log(probability) is log(total) + the distance from the largest logit. */
    float largest = largest_logit(c, n);
    double total = 0, moment = 0;
    for (size_t i = 0; i < n; i++) {
        total += c[i].weight;
        if (c[i].weight > 0)
            moment += (double)c[i].weight * (largest - c[i].logit);
    }
    double mean = moment / total; /* the entropy less log(total) */
    for (size_t i = 0; i < n; i++)
        c[i].key = c[i].weight > 0 ? (float)fabs((double)largest - c[i].logit - mean) : INFINITY;
    return keep_beginning(c, n, p * total, true);
}

size_t candidates_min_p(struct candidate *c, size_t n, float p)
{
    float largest = 0;
    for (size_t i = 0; i < n; i++)
        largest = fmaxf(largest, c[i].weight);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (c[i].weight >= p * largest)
            c[kept++] = c[i];
    return kept;
}

uint32_t candidates_draw(struct candidate *c, size_t n, float temperature, double uniform)
{
    double total = weigh(c, n, largest_logit(c, n), temperature);
    double sum = 0, target = uniform * total;
    uint32_t last = c[0].token;
    for (size_t i = 0; i < n; i++) {
        if (c[i].weight > 0)
            last = c[i].token;
        sum += c[i].weight;
        if (sum > target)
            break;
    }
    return last;
}

#include "runtime/grammar/sample.h"

/* xorshift64 (Marsaglia 2003, "Xorshift RNGs"). */
static uint32_t below(uint64_t *random, uint32_t n)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return (uint32_t)(*random >> 32) % n;
}

/* Plain characters come up more often than bytes of others. */
static uint32_t weight(unsigned byte)
{
    return byte >= 0x20 && byte < 0x7F ? 12 : byte >= 0x80 ? 1 : 4;
}

struct step {
    matcher_state to;
    unsigned byte;
};

/* The bytes that may follow. */
static bool list_steps(struct matcher *m, matcher_state from, struct step steps[256], size_t *n,
                       struct error *err)
{
    *n = 0;
    for (unsigned byte = 0; byte < 256; byte++) {
        char text = (char)byte;
        struct step s = { .byte = byte };
        if (!matcher_advance(m, from, (struct slice){ &text, 1 }, &s.to, err))
            return false;
        if (s.to != MATCHER_DEAD)
            steps[(*n)++] = s;
    }
    return true;
}

static struct step random_step(const struct step *steps, size_t n, uint64_t *random)
{
    uint32_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += weight(steps[i].byte);
    uint32_t at = below(random, total);
    size_t i = 0;
    for (; i + 1 < n && at >= weight(steps[i].byte); i++)
        at -= weight(steps[i].byte);
    return steps[i];
}

/* One that comes nearer to the end. */
static bool shortest_step(struct matcher *m, const struct step *steps, size_t n, struct step *out,
                          struct error *err)
{
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < n; i++) {
        uint64_t distance;
        if (!matcher_distance(m, steps[i].to, &distance, err))
            return false;
        if (distance < least) {
            least = distance;
            *out = steps[i];
        }
    }
    return true;
}

bool grammar_sample(struct matcher *m, uint64_t *random, size_t length, struct text *out,
                    struct error *err)
{
    matcher_state state = matcher_start(m);
    for (;;) {
        struct step steps[256], step = { 0 };
        size_t n;
        bool is_long = out->length >= length;
        if (!list_steps(m, state, steps, &n, err))
            return false;
        if (n == 0 || (matcher_may_end(m, state) && (is_long || below(random, 8) == 0)))
            return true;
        if (!is_long)
            step = random_step(steps, n, random);
        else if (!shortest_step(m, steps, n, &step, err))
            return false;
        if (!text_append_byte(out, (char)step.byte))
            return fail(err, ERROR_BUDGET, "the shortest text is longer than %zu bytes",
                        out->limit);
        state = step.to;
    }
}

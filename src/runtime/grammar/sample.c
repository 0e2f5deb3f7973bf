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

/* Append the shortest text that completes what has been written. */
static bool finish(struct matcher *m, matcher_state state, struct text *out, struct error *err)
{
    while (!matcher_may_end(m, state)) {
        uint8_t byte;
        if (!matcher_nearest(m, state, &byte, err) ||
            !matcher_advance(m, state, (struct slice){ (const char *)&byte, 1 }, &state, err))
            return false;
        if (!text_append_byte(out, (char)byte))
            return fail(err, ERROR_BUDGET, "a sample of over %zu bytes", out->limit);
    }
    return true;
}

bool grammar_sample(struct matcher *m, uint64_t *random, size_t length, struct text *out,
                    struct error *err)
{
    matcher_state state = matcher_start(m);
    while (out->length < length) {
        struct step steps[256];
        size_t n;
        if (!list_steps(m, state, steps, &n, err))
            return false;
        if (n == 0 || (matcher_may_end(m, state) && below(random, 8) == 0))
            return true;
        struct step step = random_step(steps, n, random);
        state = step.to;
        if (!text_append_byte(out, (char)step.byte))
            return fail(err, ERROR_BUDGET, "a sample of over %zu bytes", out->limit);
    }
    return finish(m, state, out, err);
}

#include "answer_sample.h"

#include "tool_schemas.h"

struct walk {
    const struct answer_sample *sample;
    struct text *out;
    matcher_state state;
    struct error *err;
};

/* *is_taken: the byte is allowed here, and appended. */
static bool take(struct walk *w, uint8_t byte, bool *is_taken)
{
    matcher_state to;
    struct slice text = { (const char *)&byte, 1 };
    if (!matcher_advance(w->sample->matcher, w->state, text, &to, w->err))
        return false;
    *is_taken = to != MATCHER_DEAD;
    if (!*is_taken)
        return true;
    w->state = to;
    return text_append_byte(w->out, (char)byte) || fail(w->err, ERROR_MEMORY, "out of memory");
}

/* As much of a trap as is allowed. */
static bool take_trap(struct walk *w, bool *is_taken)
{
    const struct answer_sample *s = w->sample;
    struct slice trap = s->traps[random_below(s->random, (uint32_t)s->n_traps)];
    bool goes_on = true;
    *is_taken = false;
    for (size_t i = 0; goes_on && i < trap.length; i++) {
        if (!take(w, (uint8_t)trap.data[i], &goes_on))
            return false;
        *is_taken |= goes_on;
    }
    return true;
}

static uint8_t random_byte(uint64_t *random)
{
    static const char often[] = "\"\\\n {}[]<>:,'=()-.0123456789eEnulltrufas|/";
    uint32_t kind = random_below(random, 8);
    if (kind < 4)
        return (uint8_t)(' ' + random_below(random, 95));
    if (kind < 7)
        return (uint8_t)often[random_below(random, sizeof often - 1)];
    return (uint8_t)random_below(random, 256);
}

static bool take_random(struct walk *w, bool *is_taken)
{
    *is_taken = false;
    for (int tries = 0; !*is_taken && tries < 12; tries++)
        if (!take(w, random_byte(w->sample->random), is_taken))
            return false;
    return true;
}

/* Where few bytes are allowed: all are looked at, from a random one on. */
static bool take_any(struct walk *w, bool *is_taken)
{
    uint8_t first = (uint8_t)random_below(w->sample->random, 256);
    *is_taken = false;
    for (unsigned i = 0; !*is_taken && i < 256; i++)
        if (!take(w, (uint8_t)(first + i), is_taken))
            return false;
    return true;
}

static bool step(struct walk *w, bool *is_over)
{
    const struct answer_sample *s = w->sample;
    bool is_taken = false, may_end = matcher_may_end(s->matcher, w->state);
    if (w->out->length >= s->length) {
        uint8_t byte;
        *is_over = may_end;
        return may_end ||
               (matcher_nearest(s->matcher, w->state, &byte, w->err) && take(w, byte, &is_taken));
    }
    *is_over = may_end && random_below(s->random, 12) == 0;
    if (*is_over)
        return true;
    if (random_below(s->random, 4) == 0 && !take_trap(w, &is_taken))
        return false;
    if (!is_taken && !take_random(w, &is_taken))
        return false;
    if (!is_taken && !take_any(w, &is_taken))
        return false;
    *is_over = !is_taken;
    return true;
}

bool answer_sample(const struct answer_sample *sample, struct text *out, struct error *err)
{
    struct walk w = {
        .sample = sample, .out = out, .state = matcher_start(sample->matcher), .err = err
    };
    bool is_over = false;
    while (!is_over)
        if (!step(&w, &is_over))
            return false;
    return true;
}

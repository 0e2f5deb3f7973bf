#include "runtime/prompt_lookup.h"

#include "base/memory.h"
#include "base/table.h"

/* Positions are those of the token after a run; 0 marks a free slot. */
struct prompt_lookup {
    token_id *tokens; /* [count] */
    size_t count, capacity;
    uint32_t *latest;  /* [n_slots] the latest position of a run whose hash falls here */
    uint32_t *earlier; /* [capacity] the run's occurrence before the one at this position */
    size_t n_slots;
};

struct prompt_lookup *prompt_lookup_new(void)
{
    return memory_zeroed(1, sizeof(struct prompt_lookup));
}

void prompt_lookup_free(struct prompt_lookup **lookup)
{
    if (!*lookup)
        return;
    memory_free((*lookup)->tokens);
    memory_free((*lookup)->latest);
    memory_free((*lookup)->earlier);
    memory_free(*lookup);
    *lookup = NULL;
}

/* The run that ends before `position`. */
static uint32_t *slot_of(const struct prompt_lookup *l, size_t position)
{
    uint64_t hash =
        hash_bytes(l->tokens + position - LOOKUP_TOKENS, LOOKUP_TOKENS * sizeof(token_id));
    return &l->latest[hash & (l->n_slots - 1)];
}

/* Enter the run before `position`; nothing once the position was entered. */
static void enter(struct prompt_lookup *l, size_t position)
{
    uint32_t *slot = slot_of(l, position);
    l->earlier[position] = *slot;
    *slot = (uint32_t)position;
}

static bool grow(struct prompt_lookup *l)
{
    size_t capacity = size_max(1024, l->capacity * 2);
    token_id *tokens = memory_resize(l->tokens, capacity * sizeof *tokens);
    if (!tokens)
        return false;
    l->tokens = tokens;
    uint32_t *earlier = memory_zeroed(capacity + 1, sizeof *earlier);
    uint32_t *latest = memory_zeroed(capacity * 2, sizeof *latest);
    if (!earlier || !latest) {
        memory_free(earlier);
        memory_free(latest);
        return false;
    }
    memory_free(l->earlier);
    memory_free(l->latest);
    l->earlier = earlier;
    l->latest = latest;
    l->n_slots = capacity * 2;
    l->capacity = capacity;
    for (size_t position = LOOKUP_TOKENS; position < l->count; position++)
        enter(l, position);
    return true;
}

bool prompt_lookup_push(struct prompt_lookup *l, token_id token)
{
    if (l->count == UINT32_MAX || (l->count == l->capacity && !grow(l)))
        return false;
    /* A run is entered when its next token is known, so that the end never finds itself. */
    if (l->count >= LOOKUP_TOKENS)
        enter(l, l->count);
    l->tokens[l->count++] = token;
    return true;
}

void prompt_lookup_clear(struct prompt_lookup *l)
{
    l->count = 0;
    if (l->latest)
        memset(l->latest, 0, l->n_slots * sizeof *l->latest);
}

/* How many tokens before `position` equal those before the end. */
static size_t agreement(const struct prompt_lookup *l, size_t position)
{
    size_t n = 0;
    while (n < LOOKUP_LONGEST && n < position &&
           l->tokens[position - 1 - n] == l->tokens[l->count - 1 - n])
        n++;
    return n;
}

size_t prompt_lookup_guess(const struct prompt_lookup *l, token_id *tokens, size_t most,
                           size_t *n_matched)
{
    enum { MOST_TRIES = 8 }; /* occurrences looked at; the one that agrees longest wins */
    size_t best = 0;
    *n_matched = 0;
    if (l->count < LOOKUP_TOKENS)
        return 0;
    size_t position = *slot_of(l, l->count);
    for (int tries = 0; position != 0 && tries < MOST_TRIES; tries++) {
        size_t n = agreement(l, position);
        if (n >= LOOKUP_TOKENS && n > *n_matched) {
            *n_matched = n;
            best = position;
        }
        position = l->earlier[position];
    }
    if (best == 0)
        return 0;
    size_t n = size_min(most, l->count - best);
    memcpy(tokens, l->tokens + best, n * sizeof *tokens);
    return n;
}

#include "runtime/prompt_lookup.h"

#include "base/memory.h"
#include "base/table.h"

/* Lengths of the runs that are indexed, the longest first. */
static const size_t run_lengths[] = { 4, 2, 1 };
enum { N_RUNS = COUNT_OF(run_lengths) };

enum {
    MOST_TRIES = 8,  /* occurrences looked at for each length */
    COPY_LEAST = 4,  /* so many tokens in a row are a copy */
    COPY_REACH = 24, /* tokens around the place where a copy broke off in which it may go on */
};

/* Positions are those of the token after a run; 0 marks a free slot. */
struct prompt_lookup {
    token_id *tokens; /* [count] */
    size_t count, capacity;
    struct run_index {
        uint32_t *latest;  /* [n_slots] the latest position of a run whose hash falls here */
        uint32_t *earlier; /* [capacity] the run's occurrence before the one at this position */
    } runs[N_RUNS];
    size_t n_slots;
    size_t source;   /* the sequence's next token is expected to be the one here; 0: no copy */
    size_t n_missed; /* tokens since the copy broke off */
};

struct prompt_lookup *prompt_lookup_new(void)
{
    return memory_zeroed(1, sizeof(struct prompt_lookup));
}

static void free_runs(struct run_index *runs)
{
    for (size_t i = 0; i < N_RUNS; i++) {
        memory_free(runs[i].latest);
        memory_free(runs[i].earlier);
    }
}

void prompt_lookup_free(struct prompt_lookup **lookup)
{
    if (!*lookup)
        return;
    memory_free((*lookup)->tokens);
    free_runs((*lookup)->runs);
    memory_free(*lookup);
    *lookup = NULL;
}

/* Of the run of that length that ends before `position`. */
static uint32_t *slot_of(const struct prompt_lookup *l, size_t run, size_t position)
{
    size_t length = run_lengths[run];
    uint64_t hash = hash_bytes(l->tokens + position - length, length * sizeof(token_id));
    return &l->runs[run].latest[hash & (l->n_slots - 1)];
}

/* Enter the runs before `position`; nothing once the position was entered. */
static void enter(struct prompt_lookup *l, size_t position)
{
    for (size_t i = 0; i < N_RUNS; i++) {
        if (position < run_lengths[i])
            continue;
        uint32_t *slot = slot_of(l, i, position);
        l->runs[i].earlier[position] = *slot;
        *slot = (uint32_t)position;
    }
}

static bool grow(struct prompt_lookup *l)
{
    size_t capacity = size_max(1024, l->capacity * 2);
    token_id *tokens = memory_resize(l->tokens, capacity * sizeof *tokens);
    if (!tokens)
        return false;
    l->tokens = tokens;
    struct run_index runs[N_RUNS];
    bool ok = true;
    for (size_t i = 0; i < N_RUNS; i++) {
        runs[i].latest = memory_zeroed(capacity * 2, sizeof *runs[i].latest);
        runs[i].earlier = memory_zeroed(capacity, sizeof *runs[i].earlier);
        ok = ok && runs[i].latest && runs[i].earlier;
    }
    if (!ok) {
        free_runs(runs);
        return false;
    }
    free_runs(l->runs);
    memcpy(l->runs, runs, sizeof runs);
    l->n_slots = capacity * 2;
    l->capacity = capacity;
    for (size_t position = 1; position < l->count; position++)
        enter(l, position);
    return true;
}

/* Whether the copy goes on, is interrupted, or is over. */
static void follow(struct prompt_lookup *l, token_id token)
{
    if (l->source == 0)
        return;
    if (l->n_missed == 0 && l->tokens[l->source] == token)
        l->source++;
    else if (++l->n_missed > COPY_REACH)
        l->source = 0;
}

const token_id *prompt_lookup_tokens(const struct prompt_lookup *l, size_t *n)
{
    *n = l->count;
    return l->tokens;
}

bool prompt_lookup_push(struct prompt_lookup *l, token_id token)
{
    if (l->count == UINT32_MAX || (l->count == l->capacity && !grow(l)))
        return false;
    /* A run is entered when its next token is known, so that the end never finds itself. */
    if (l->count > 0)
        enter(l, l->count);
    l->tokens[l->count++] = token;
    follow(l, token);
    return true;
}

void prompt_lookup_clear(struct prompt_lookup *l)
{
    l->count = l->source = 0;
    for (size_t i = 0; l->n_slots && i < N_RUNS; i++)
        memset(l->runs[i].latest, 0, l->n_slots * sizeof *l->runs[i].latest);
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

/* A place where the end of the sequence occurred before. */
struct place {
    size_t position;  /* of the token after it; 0: none */
    size_t n_matched; /* tokens before it that equal the end */
};

/* The place that agrees longest with the end, the latest of equals, and the next best of its run.
 */
static struct place find_longest(const struct prompt_lookup *l, struct place *second)
{
    struct place best = { 0 };
    *second = best;
    for (size_t i = 0; i < N_RUNS && best.n_matched < run_lengths[i]; i++) {
        if (l->count < run_lengths[i])
            continue;
        size_t position = *slot_of(l, i, l->count);
        for (int tries = 0; position != 0 && tries < MOST_TRIES; tries++) {
            struct place place = { position, agreement(l, position) };
            if (place.n_matched > best.n_matched) {
                *second = best;
                best = place;
            } else if (place.n_matched > second->n_matched && position != best.position) {
                *second = place;
            }
            position = l->runs[i].earlier[position];
        }
    }
    return best;
}

/* Where an interrupted copy goes on: the nearest place after the break that agrees longest with
 * what was put in since, else the place past as many tokens as were put in. */
static struct place find_resumption(const struct prompt_lookup *l)
{
    size_t end = size_min(l->count, l->source + COPY_REACH);
    struct place best = { 0 };
    for (size_t position = l->source; position < end; position++) {
        size_t n = size_min(agreement(l, position), l->n_missed);
        if (n > best.n_matched)
            best = (struct place){ position, n };
    }
    if (best.position == 0 && l->source + l->n_missed < l->count)
        best.position = l->source + l->n_missed;
    return best;
}

/* Whether the guess is at a copy; an interrupted one may move it to where the copy goes on. */
static bool follow_copy(const struct prompt_lookup *l, struct place *place)
{
    if (l->source == 0)
        return false;
    if (l->n_missed == 0)
        return place->position == l->source;
    if (place->n_matched >= COPY_LEAST)
        return false;
    struct place resumption = find_resumption(l);
    if (resumption.position == 0 || resumption.n_matched < place->n_matched)
        return false;
    *place = resumption;
    return true;
}

/* How many of the tokens at two places agree, at most n. */
static size_t common_tokens(const struct prompt_lookup *l, size_t a, size_t b, size_t n)
{
    size_t i = 0;
    while (i < n && a + i < l->count && b + i < l->count && l->tokens[a + i] == l->tokens[b + i])
        i++;
    return i;
}

struct lookup_guess prompt_lookup_guess(struct prompt_lookup *l, size_t most)
{
    if (l->count == 0)
        return (struct lookup_guess){ 0 };
    struct place second, place = find_longest(l, &second);
    bool is_copy = follow_copy(l, &place);
    if (place.position == 0)
        return (struct lookup_guess){ 0 };
    if (place.n_matched >= COPY_LEAST) {
        l->source = place.position;
        l->n_missed = 0;
    }
    struct lookup_guess guess = { .tokens = l->tokens + place.position,
                                  .n_tokens = size_min(most, l->count - place.position),
                                  .n_matched = place.n_matched,
                                  .is_copy = is_copy };
    /* A place that agrees much less says nothing about this one. */
    guess.has_second = second.position != 0 && second.position != place.position &&
                       2 * second.n_matched >= place.n_matched;
    if (guess.has_second)
        guess.n_agreed = common_tokens(l, place.position, second.position, guess.n_tokens);
    return guess;
}

#include "runtime/constraint.h"

#include "base/json.h"
#include "base/memory.h"
#include "runtime/grammar/json_schema.h"
#include "runtime/grammar/token_mask.h"

enum {
    STATES_BYTES = 128 << 20,
    MASKS_BYTES = 64 << 20,
    /* a completion longer than that is never looked for: the context is over long before */
    COMPLETION_BYTES = 1 << 20,
    MOST_TRIES = 16, /* picks that turn out too long, before the shortest completion is taken */
};

struct constraint_tokens {
    const struct tokenizer *tokenizer; /* borrowed */
    struct token_tree *tree;
    size_t n_vocab;
    bool has_letters; /* each printable sign is a token: what is short in bytes can be spelled */
};

struct constraint {
    const struct constraint_tokens *tokens; /* borrowed */
    struct grammar *grammar;
    struct matcher *matcher;
    struct token_masks *masks;
    matcher_state state;
    struct text bytes;      /* of the token at hand */
    struct text completion; /* the shortest one from a state */
    uint32_t *counts;       /* [counts_capacity] of its tails */
    size_t counts_capacity;
    uint32_t *untried; /* [n_vocab / 32] a mask without what was too long */
};

/* ---- a model's tokens ---- */

/* What a token adds to an answer, as grammars have it. */
static bool append_bytes(const struct tokenizer *tokenizer, token_id token, struct text *out)
{
    bool is_control = tokenizer_is_special(tokenizer, token) && !tokenizer_is_end(tokenizer, token);
    if (!is_control)
        return tokenizer_append_bytes(tokenizer, token, out);
    return text_append_string(out, CONSTRAINT_CONTROL) &&
           text_append_slice(out, tokenizer_token_text(tokenizer, token));
}

/* The tokens' bytes one behind another: ends[i] is where those of token i end. */
static bool spell_tokens(const struct constraint_tokens *t, struct text *pool, size_t *ends)
{
    for (size_t i = 0; i < t->n_vocab; i++) {
        if (!append_bytes(t->tokenizer, (token_id)i, pool))
            return false;
        ends[i] = pool->length;
    }
    return true;
}

static bool has_letters(const struct slice *tokens, size_t n)
{
    bool met[256] = { 0 };
    for (size_t i = 0; i < n; i++)
        if (tokens[i].length == 1)
            met[(uint8_t)tokens[i].data[0]] = true;
    for (unsigned byte = ' '; byte < 0x7F; byte++)
        if (!met[byte])
            return false;
    return true;
}

static bool open_tree(struct constraint_tokens *t, const struct text *pool, const size_t *ends,
                      struct error *err)
{
    struct slice *slices = memory_zeroed(t->n_vocab + 1, sizeof *slices);
    int32_t *end_tokens = memory_zeroed(t->n_vocab + 1, sizeof *end_tokens);
    size_t n_end_tokens = 0;
    bool ok = slices && end_tokens;
    for (size_t i = 0; ok && i < t->n_vocab; i++) {
        size_t begin = i ? ends[i - 1] : 0;
        if (ends[i] > begin)
            slices[i] = (struct slice){ pool->data + begin, ends[i] - begin };
        if (tokenizer_is_end(t->tokenizer, (token_id)i))
            end_tokens[n_end_tokens++] = (int32_t)i;
    }
    ok = ok ? token_tree_open(&t->tree, slices, t->n_vocab, end_tokens, n_end_tokens, err)
            : fail_memory(err, t->n_vocab * sizeof *slices, "a vocabulary's tree of bytes");
    if (ok)
        t->has_letters = has_letters(slices, t->n_vocab);
    memory_free(slices);
    memory_free(end_tokens);
    return ok;
}

bool constraint_tokens_open(struct constraint_tokens **out, const struct tokenizer *tokenizer,
                            size_t n_vocab, struct error *err)
{
    *out = NULL;
    struct constraint_tokens *t = memory_zeroed(1, sizeof *t);
    size_t *ends = memory_zeroed(n_vocab + 1, sizeof *ends);
    struct text pool;
    text_init(&pool, SIZE_MAX / 4);
    bool ok = t && ends;
    if (ok) {
        t->tokenizer = tokenizer;
        t->n_vocab = n_vocab;
        ok = spell_tokens(t, &pool, ends);
    }
    ok = ok ? open_tree(t, &pool, ends, err)
            : fail_memory(err, n_vocab * sizeof *ends, "the texts of a vocabulary");
    text_release(&pool);
    memory_free(ends);
    if (!ok)
        constraint_tokens_close(&t);
    *out = t;
    return ok;
}

void constraint_tokens_close(struct constraint_tokens **tokens)
{
    if (!*tokens)
        return;
    token_tree_close(&(*tokens)->tree);
    memory_free(*tokens);
    *tokens = NULL;
}

/* ---- opening ---- */

bool constraint_format_open(struct grammar **out, struct slice format, struct error *err)
{
    *out = NULL;
    if (slice_equal(format, slice_of("json")))
        return json_schema_open(out, NULL, JSON_SPACING_FREE, err);
    const struct json *schema = NULL;
    bool ok = json_open(&schema, format.data, format.length, "format", err);
    ok = ok && (json_schema_open(out, schema, JSON_SPACING_FREE, err) || fail_while(err, "format"));
    json_close(&schema);
    return ok;
}

bool constraint_open(struct constraint **out, struct grammar *grammar,
                     const struct constraint_tokens *tokens, struct error *err)
{
    *out = NULL;
    struct constraint *c = memory_zeroed(1, sizeof *c);
    if (!c) {
        grammar_close(&grammar);
        return fail_memory(err, sizeof *c, "a constraint");
    }
    c->tokens = tokens;
    c->grammar = grammar;
    text_init(&c->bytes, SIZE_MAX / 4);
    text_init(&c->completion, COMPLETION_BYTES);
    size_t n_words = (tokens->n_vocab + 31) / 32;
    c->untried = memory_zeroed(n_words + 1, sizeof *c->untried);
    bool ok = c->untried || fail_memory(err, n_words * sizeof *c->untried, "a constraint");
    ok = ok && matcher_open(&c->matcher, grammar, STATES_BYTES, err) &&
         token_masks_open(&c->masks, tokens->tree, c->matcher, MASKS_BYTES, err);
    if (ok)
        constraint_begin(c);
    else
        constraint_close(&c);
    *out = c;
    return ok;
}

void constraint_close(struct constraint **constraint)
{
    struct constraint *c = *constraint;
    if (!c)
        return;
    token_masks_close(&c->masks);
    matcher_close(&c->matcher);
    grammar_close(&c->grammar);
    text_release(&c->bytes);
    text_release(&c->completion);
    memory_free(c->counts);
    memory_free(c->untried);
    memory_free(c);
    *constraint = NULL;
}

/* ---- states ---- */

void constraint_begin(struct constraint *c)
{
    c->state = matcher_start(c->matcher);
}

matcher_state constraint_state(const struct constraint *c)
{
    return c->state;
}

void constraint_return(struct constraint *c, matcher_state state)
{
    c->state = state;
}

bool constraint_is_over(const struct constraint *c)
{
    return matcher_must_end(c->matcher, c->state);
}

bool constraint_is_complete(const struct constraint *c)
{
    return matcher_may_end(c->matcher, c->state);
}

/* MATCHER_DEAD for tokens that are not allowed, and for those without text. */
static bool follow(struct constraint *c, matcher_state from, token_id token, matcher_state *to,
                   struct error *err)
{
    text_clear(&c->bytes);
    *to = MATCHER_DEAD;
    if (!append_bytes(c->tokens->tokenizer, token, &c->bytes))
        return fail_memory(err, c->bytes.length, "a token's bytes");
    return c->bytes.length == 0 ||
           matcher_advance(c->matcher, from, text_slice(&c->bytes), to, err);
}

bool constraint_accept(struct constraint *c, token_id token, struct error *err)
{
    matcher_state to;
    if (!follow(c, c->state, token, &to, err))
        return false;
    if (to == MATCHER_DEAD)
        return fail(err, ERROR_USAGE, "token %d is not allowed by the answer's grammar", token);
    c->state = to;
    return true;
}

bool constraint_peek(struct constraint *c, const token_id *tokens, size_t n, size_t *n_allowed,
                     struct error *err)
{
    matcher_state state = c->state;
    *n_allowed = 0;
    for (size_t i = 0; i < n && !matcher_must_end(c->matcher, state); i++) {
        if (!follow(c, state, tokens[i], &state, err))
            return false;
        if (state == MATCHER_DEAD)
            break;
        *n_allowed = i + 1;
    }
    return true;
}

/* ---- the way to the end ---- */

/* The shortest text that completes the answer from a state; *fits is false when it is over
 * COMPLETION_BYTES. */
static bool spell_completion(struct constraint *c, matcher_state state, bool *fits,
                             struct error *err)
{
    text_clear(&c->completion);
    *fits = true;
    while (*fits && !matcher_may_end(c->matcher, state)) {
        uint8_t byte;
        if (!matcher_nearest(c->matcher, state, &byte, err))
            return false;
        struct slice text = { (const char *)&byte, 1 };
        if (!matcher_advance(c->matcher, state, text, &state, err))
            return false;
        assert(state != MATCHER_DEAD);
        *fits = text_append_byte(&c->completion, (char)byte);
    }
    return true;
}

static bool reserve_counts(struct constraint *c, size_t n, struct error *err)
{
    if (n <= c->counts_capacity)
        return true;
    memory_free(c->counts);
    c->counts = memory_zeroed(2 * n, sizeof *c->counts);
    c->counts_capacity = c->counts ? 2 * n : 0;
    return c->counts || fail_memory(err, 2 * n * sizeof *c->counts, "an answer's completion");
}

/* The fewest tokens of the shortest completion and the first of them; UINT32_MAX when there are
 * none. A token of it leads to a state whose completion is the rest of it: whoever has room for n
 * tokens and takes the first, keeps room for the others. */
static bool complete(struct constraint *c, matcher_state state, uint32_t *n_tokens, token_id *first,
                     struct error *err)
{
    bool fits;
    *n_tokens = UINT32_MAX;
    if (!spell_completion(c, state, &fits, err))
        return false;
    if (!fits)
        return true;
    if (!reserve_counts(c, c->completion.length + 1, err))
        return false;
    struct slice text = { c->completion.data ? c->completion.data : "", c->completion.length };
    if (token_tree_spell(c->tokens->tree, text, c->counts, first))
        *n_tokens = c->counts[0];
    return true;
}

/* Whether the answer can be completed from a state by `room` tokens. Without tokens for single
 * letters nobody knows, and the answer takes its way. */
static bool has_room(struct constraint *c, matcher_state state, size_t room, bool *yes,
                     struct error *err)
{
    uint64_t bytes;
    uint32_t n_tokens;
    token_id first;
    *yes = true;
    if (!c->tokens->has_letters)
        return true;
    if (!matcher_distance(c->matcher, state, &bytes, err))
        return false;
    if (bytes <= room)
        return true;
    *yes = false;
    if (bytes / token_tree_longest(c->tokens->tree) > room)
        return true;
    if (!complete(c, state, &n_tokens, &first, err))
        return false;
    *yes = n_tokens <= room;
    return true;
}

bool constraint_check_room(struct constraint *c, size_t room, struct error *err)
{
    bool is_enough;
    uint32_t n_tokens;
    token_id first;
    if (!has_room(c, c->state, room, &is_enough, err))
        return false;
    if (is_enough)
        return true;
    uint64_t bytes, longest = token_tree_longest(c->tokens->tree);
    if (!matcher_distance(c->matcher, c->state, &bytes, err))
        return false;
    if (bytes / longest > room) /* how many they are takes long to count, and does not matter */
        return fail(err, ERROR_CONTEXT,
                    "the shortest answer of its format takes %" PRIu64
                    " bytes, there is room for %zu tokens",
                    bytes, room);
    if (!complete(c, c->state, &n_tokens, &first, err))
        return false;
    if (n_tokens == UINT32_MAX)
        return fail(err, ERROR_CONTEXT,
                    "there is room for %zu tokens, too few for any answer of its format", room);
    return fail(err, ERROR_CONTEXT,
                "the shortest answer of its format takes %" PRIu32 " tokens, there is room for %zu",
                n_tokens, room);
}

/* ---- choosing ---- */

bool constraint_mask(struct constraint *c, const uint32_t **mask, size_t *n_allowed,
                     struct error *err)
{
    return token_masks_of(c->masks, c->state, mask, n_allowed, err);
}

/* Whether the answer can be completed when it goes on with a token and has `room` after it. */
static bool leaves_room(struct constraint *c, token_id token, size_t room, bool *yes,
                        struct error *err)
{
    matcher_state to;
    *yes = true;
    if (tokenizer_is_end(c->tokens->tokenizer, token))
        return true;
    if (!follow(c, c->state, token, &to, err))
        return false;
    return to == MATCHER_DEAD || has_room(c, to, room, yes, err);
}

/* The pick was too long: others are tried, in the sampler's order, then the shortest completion is
 * taken. Each of the tries leaves out what was tried before, so that the choice is as if only what
 * is short enough had been allowed. */
static bool pick_again(struct constraint *c, struct sampler *sampler, const float *logits,
                       size_t room, token_id *token, struct error *err)
{
    const uint32_t *mask;
    size_t n_allowed;
    uint32_t n_tokens;
    token_id shortest = -1;
    if (!complete(c, c->state, &n_tokens, &shortest, err))
        return false;
    if (!constraint_mask(c, &mask, &n_allowed, err))
        return false;
    memcpy(c->untried, mask, (c->tokens->n_vocab + 31) / 32 * sizeof *c->untried);
    bool is_tight = n_tokens >= room; /* nothing but the shortest completion is short enough */
    for (size_t i = 0; !is_tight && i < MOST_TRIES && --n_allowed > 0; i++) {
        bool fits;
        c->untried[*token / 32] &= ~(1u << (*token % 32));
        if (!sampler_pick(sampler, logits, c->untried, token, NULL, err) ||
            !leaves_room(c, *token, room - 1, &fits, err))
            return false;
        if (fits)
            return true;
    }
    if (shortest >= 0 || constraint_is_complete(c))
        *token = shortest;
    return true;
}

bool constraint_pick(struct constraint *c, struct sampler *sampler, const float *logits,
                     size_t room, token_id *token, struct error *err)
{
    const uint32_t *mask;
    bool fits;
    assert(room > 0);
    if (!constraint_mask(c, &mask, NULL, err) ||
        !sampler_pick(sampler, logits, mask, token, NULL, err) ||
        !leaves_room(c, *token, room - 1, &fits, err))
        return false;
    return fits || pick_again(c, sampler, logits, room, token, err);
}

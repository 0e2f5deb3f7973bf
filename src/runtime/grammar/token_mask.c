#include "runtime/grammar/token_mask.h"

#include "base/memory.h"
#include "runtime/grammar/grammar_expression.h"
#include "runtime/grammar/token_tree.h"

/* Tokens as a list when they are few, else as bits. */
struct token_set {
    uint32_t *list, *bits;
    size_t count;
    bool is_made;
};

/* What a segment allows by itself, and the nodes of the tree where its rule is over and more bytes
 * of some tokens follow. */
struct segment {
    struct token_set set;
    uint32_t *exits;
    size_t n_exits;
};

struct place {
    matcher_state state;
    uint32_t end;
};

struct token_masks {
    const struct token_tree *tree;
    struct matcher *matcher;
    struct token_set *sets;   /* [sets_capacity] by state */
    struct segment *segments; /* [segments_capacity] by segment */
    uint32_t *mask;           /* at work */
    uint32_t *lent;           /* what the caller got for a list */
    struct place *places;     /* [longest + 1] on the way down the tree */
    uint32_t *exits;          /* of the segment at work */
    size_t sets_capacity, segments_capacity, exits_capacity, n_exits;
    size_t n_words, limit_bytes, used_bytes;
};

static bool out_of_memory(struct error *err)
{
    return fail(err, ERROR_MEMORY, "out of memory for masks of tokens");
}

/* ---- walking the tree ---- */

static void allow(const struct token_tree *t, uint32_t *mask, int32_t token)
{
    for (; token >= 0; token = t->same[token])
        mask[token / 32] |= 1u << (token % 32);
}

/* All bytes below a node lead a state to itself, and none of them is an exit. */
static bool is_all_allowed(struct token_masks *m, const struct token_tree *t, matcher_state state,
                           uint32_t node, bool collects_exits)
{
    return t->is_plain[node] && matcher_loops(m->matcher, state) &&
           !(collects_exits && matcher_is_returning(m->matcher, state));
}

static bool note_exit(struct token_masks *m, uint32_t node, struct error *err)
{
    if (!grow((void **)&m->exits, &m->exits_capacity, m->n_exits, 1, sizeof *m->exits))
        return out_of_memory(err);
    m->exits[m->n_exits++] = node;
    return true;
}

/* Allow in `mask` the tokens of the nodes [begin, end) whose bytes from there on lead from `state`
 * to a live one. Exits are collected when asked for. */
static bool walk(struct token_masks *m, const struct token_tree *t, matcher_state state,
                 uint32_t begin, uint32_t end, uint32_t *mask, bool collects_exits,
                 struct error *err)
{
    struct place *top = m->places;
    *top = (struct place){ state, end };
    for (uint32_t i = begin; i < end;) {
        while (i >= top->end)
            top--;
        if (is_all_allowed(m, t, top->state, i, collects_exits)) {
            for (uint32_t below = t->end[i]; i < below; i++)
                allow(t, mask, t->token[i]);
            continue;
        }
        matcher_state to;
        struct slice byte = { (const char *)&t->byte[i], 1 };
        if (!matcher_advance(m->matcher, top->state, byte, &to, err))
            return false;
        if (to == MATCHER_DEAD) {
            i = t->end[i];
            continue;
        }
        allow(t, mask, t->token[i]);
        bool has_more = t->end[i] > i + 1;
        if (has_more && collects_exits && matcher_is_returning(m->matcher, to) &&
            !note_exit(m, i, err))
            return false;
        if (has_more)
            *++top = (struct place){ to, t->end[i] };
        i++;
    }
    return true;
}

/* ---- sets ---- */

static size_t count_bits(const uint32_t *mask, size_t n_words)
{
    size_t count = 0;
    for (size_t i = 0; i < n_words; i++)
        count += (size_t)__builtin_popcount(mask[i]);
    return count;
}

static bool set_keep(struct token_masks *m, struct token_set *set, const uint32_t *mask)
{
    set->count = count_bits(mask, m->n_words);
    bool is_short = set->count < m->n_words;
    size_t n = is_short ? set->count : m->n_words;
    uint32_t *items = memory_zeroed(n + 1, sizeof *items);
    if (!items)
        return false;
    m->used_bytes += (n + 1) * sizeof *items;
    set->is_made = true;
    if (!is_short) {
        memcpy(items, mask, n * sizeof *items);
        set->bits = items;
        return true;
    }
    set->list = items;
    size_t at = 0;
    for (size_t word = 0; word < m->n_words; word++)
        for (uint32_t bits = mask[word]; bits; bits &= bits - 1)
            items[at++] = (uint32_t)(word * 32) + (uint32_t)__builtin_ctz(bits);
    return true;
}

static void set_add_to(const struct token_masks *m, const struct token_set *set, uint32_t *mask)
{
    for (size_t i = 0; set->bits && i < m->n_words; i++)
        mask[i] |= set->bits[i];
    for (size_t i = 0; set->list && i < set->count; i++)
        mask[set->list[i] / 32] |= 1u << (set->list[i] % 32);
}

static void set_release(struct token_set *set)
{
    memory_free(set->list);
    memory_free(set->bits);
    *set = (struct token_set){ 0 };
}

static void forget(struct token_masks *m)
{
    for (size_t i = 0; i < m->sets_capacity; i++)
        set_release(&m->sets[i]);
    for (size_t i = 0; i < m->segments_capacity; i++) {
        set_release(&m->segments[i].set);
        memory_free(m->segments[i].exits);
        m->segments[i] = (struct segment){ 0 };
    }
    m->used_bytes = 0;
}

/* ---- segments and masks ---- */

static bool make_room(void **items, size_t *capacity, size_t index, size_t item_bytes)
{
    size_t before = *capacity;
    if (!grow(items, capacity, index, 1, item_bytes))
        return false;
    memset((char *)*items + before * item_bytes, 0, (*capacity - before) * item_bytes);
    return true;
}

static bool make_segment(struct token_masks *m, matcher_state state, struct segment **out,
                         struct error *err)
{
    if (!make_room((void **)&m->segments, &m->segments_capacity, state, sizeof **out))
        return out_of_memory(err);
    struct segment *segment = *out = &m->segments[state];
    if (segment->set.is_made)
        return true;
    memset(m->lent, 0, m->n_words * sizeof *m->lent);
    m->n_exits = 0;
    if (!walk(m, m->tree, state, 0, (uint32_t)m->tree->n_nodes, m->lent, true, err))
        return false;
    segment->exits = memory_zeroed(m->n_exits + 1, sizeof *segment->exits);
    if (!segment->exits || !set_keep(m, &segment->set, m->lent)) {
        memory_free(segment->exits);
        segment->exits = NULL;
        return out_of_memory(err);
    }
    if (m->n_exits)
        memcpy(segment->exits, m->exits, m->n_exits * sizeof *m->exits);
    segment->n_exits = m->n_exits;
    m->used_bytes += m->n_exits * sizeof *m->exits;
    return true;
}

static bool add_stack(struct token_masks *m, matcher_state state, size_t index, struct error *err)
{
    struct matcher_stack stack;
    struct segment *segment = NULL;
    if (!matcher_stack_at(m->matcher, state, index, m->tree->longest, &stack, err) ||
        !make_segment(m, stack.segment, &segment, err))
        return false;
    set_add_to(m, &segment->set, m->mask);
    if (stack.after == MATCHER_DEAD)
        return true;
    for (size_t i = 0; i < segment->n_exits; i++) {
        uint32_t exit = segment->exits[i];
        if (!walk(m, m->tree, stack.after, exit + 1, m->tree->end[exit], m->mask, false, err))
            return false;
    }
    return true;
}

static bool make_mask(struct token_masks *m, matcher_state state, struct error *err)
{
    memset(m->mask, 0, m->n_words * sizeof *m->mask);
    for (size_t i = 0; i < matcher_count_stacks(m->matcher, state); i++)
        if (!add_stack(m, state, i, err))
            return false;
    const struct token_tree *longer = m->tree->longer; /* few: walked for this very state */
    if (!walk(m, longer, state, 0, (uint32_t)longer->n_nodes, m->mask, false, err))
        return false;
    for (size_t i = 0; matcher_may_end(m->matcher, state) && i < m->tree->n_end_tokens; i++) {
        int32_t token = m->tree->end_tokens[i];
        m->mask[token / 32] |= 1u << (token % 32);
    }
    return true;
}

bool token_masks_of(struct token_masks *m, matcher_state state, const uint32_t **mask,
                    size_t *n_allowed, struct error *err)
{
    if (m->used_bytes > m->limit_bytes)
        forget(m);
    if (!make_room((void **)&m->sets, &m->sets_capacity, state, sizeof *m->sets))
        return out_of_memory(err);
    struct token_set *set = &m->sets[state];
    if (!set->is_made) {
        if (!make_mask(m, state, err))
            return false;
        if (!set_keep(m, set, m->mask))
            return out_of_memory(err);
    }
    if (set->count == 0)
        return fail(err, ERROR_UNSUPPORTED, "no token of the vocabulary continues the text");
    if (set->list) {
        memset(m->lent, 0, m->n_words * sizeof *m->lent);
        set_add_to(m, set, m->lent);
    }
    *mask = set->list ? m->lent : set->bits;
    if (n_allowed)
        *n_allowed = set->count;
    return true;
}

bool token_masks_open(struct token_masks **out, const struct token_tree *tree,
                      struct matcher *matcher, size_t limit_bytes, struct error *err)
{
    *out = NULL;
    struct token_masks *m = memory_zeroed(1, sizeof *m);
    if (!m)
        return out_of_memory(err);
    m->tree = tree;
    m->matcher = matcher;
    m->limit_bytes = limit_bytes;
    m->n_words = (tree->n_tokens + 31) / 32;
    m->mask = memory_zeroed(m->n_words + 1, sizeof *m->mask);
    m->lent = memory_zeroed(m->n_words + 1, sizeof *m->lent);
    size_t longest = size_max(tree->longest, tree->longer->longest);
    m->places = memory_zeroed(longest + 2, sizeof *m->places);
    if (!m->mask || !m->lent || !m->places) {
        token_masks_close(&m);
        return out_of_memory(err);
    }
    *out = m;
    return true;
}

void token_masks_close(struct token_masks **masks)
{
    struct token_masks *m = *masks;
    if (!m)
        return;
    forget(m);
    memory_free(m->sets);
    memory_free(m->segments);
    memory_free(m->mask);
    memory_free(m->lent);
    memory_free(m->places);
    memory_free(m->exits);
    memory_free(m);
    *masks = NULL;
}

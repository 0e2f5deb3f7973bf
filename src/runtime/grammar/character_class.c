/* character_class.c: sets of characters as bytes of UTF-8. */
#include "base/memory.h"
#include "runtime/grammar/grammar_expression.h"

#include <stdlib.h>

enum { LAST_CODE_POINT = 0x10FFFF, DIGIT_BITS = 6, MOST_DIGITS = 128 };

/* ---- ranges: sorted, without overlap, once they are joined ---- */

static int compare_ranges(const void *a, const void *b)
{
    const struct code_points *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

/* In place; how many are left. */
static size_t join_ranges(struct code_points *ranges, size_t n)
{
    size_t n_joined = 0;
    qsort(ranges, n, sizeof *ranges, compare_ranges);
    for (size_t i = 0; i < n; i++) {
        struct code_points range = ranges[i];
        struct code_points *last = n_joined ? &ranges[n_joined - 1] : NULL;
        if (range.first > range.last)
            continue;
        if (!last || range.first > (uint64_t)last->last + 1)
            ranges[n_joined++] = range;
        else if (range.last > last->last)
            last->last = range.last;
    }
    return n_joined;
}

/* What lies between joined ranges, in their place; that may be one more. */
static size_t negate_ranges(struct code_points *ranges, size_t n)
{
    size_t n_gaps = 0;
    uint64_t next = 0;
    for (size_t i = 0; i < n; i++) {
        struct code_points range = ranges[i];
        if (range.first > next)
            ranges[n_gaps++] = (struct code_points){ (uint32_t)next, range.first - 1 };
        next = (uint64_t)range.last + 1;
    }
    if (next <= LAST_CODE_POINT)
        ranges[n_gaps++] = (struct code_points){ (uint32_t)next, LAST_CODE_POINT };
    return n_gaps;
}

/* What of joined ranges lies in the window, less `base`. */
static size_t cut_ranges(struct code_points *out, const struct code_points *ranges, size_t n,
                         struct code_points window, uint32_t base)
{
    size_t n_cut = 0;
    for (size_t i = 0; i < n && ranges[i].first <= window.last; i++) {
        uint32_t first = ranges[i].first > window.first ? ranges[i].first : window.first;
        uint32_t last = ranges[i].last < window.last ? ranges[i].last : window.last;
        if (first <= last)
            out[n_cut++] = (struct code_points){ first - base, last - base };
    }
    return n_cut;
}

/* ---- bytes ---- */

/* Bytes after which the same may follow. */
struct branch {
    struct byte_set bytes;
    const struct code_points *rest;
    size_t n_rest;
};

static struct branch *branch_with(struct branch *branches, size_t *n_branches,
                                  const struct code_points *rest, size_t n_rest)
{
    for (size_t i = 0; i < *n_branches; i++)
        if (branches[i].n_rest == n_rest &&
            memcmp(branches[i].rest, rest, n_rest * sizeof *rest) == 0)
            return &branches[i];
    struct branch *new = &branches[(*n_branches)++];
    *new = (struct branch){ .rest = rest, .n_rest = n_rest };
    return new;
}

/* Numbers as one byte and `n_more` behind it, 6 bits in each of these, the first one counted from
 * `first_byte`. No byte leads into two branches: whoever reads such a number has one way to go on,
 * whatever the number of ranges. */
static grammar_expr spell(struct grammar *g, const struct code_points *ranges, size_t n,
                          unsigned first_byte, unsigned n_more)
{
    struct branch branches[MOST_DIGITS];
    grammar_expr choices[MOST_DIGITS];
    size_t n_branches = 0, n_used = 0;
    struct code_points *rests = memory_zeroed(n + MOST_DIGITS, sizeof *rests);
    if (!rests) {
        g->is_full = true;
        return GRAMMAR_NONE;
    }
    for (uint32_t digit = 0; digit < MOST_DIGITS && first_byte + digit < 256; digit++) {
        uint32_t base = digit << (DIGIT_BITS * n_more);
        struct code_points window = { base, base + (1u << (DIGIT_BITS * n_more)) - 1 };
        struct code_points *rest = rests + n_used;
        size_t n_rest = cut_ranges(rest, ranges, n, window, base);
        unsigned byte = first_byte + digit;
        n_used += n_rest;
        if (n_rest)
            branch_with(branches, &n_branches, rest, n_rest)->bytes.bits[byte / 64] |=
                1ull << (byte % 64);
    }
    for (size_t i = 0; i < n_branches; i++) {
        const struct branch *b = &branches[i];
        grammar_expr both[2] = { grammar_set(g, b->bytes) };
        if (n_more)
            both[1] = spell(g, b->rest, b->n_rest, 0x80, n_more - 1);
        choices[i] = grammar_sequence(g, both, n_more ? 2 : 1);
    }
    memory_free(rests);
    return grammar_choice(g, choices, n_branches);
}

/* Joined ranges by the number of their bytes, without the surrogates. */
static grammar_expr spell_characters(struct grammar *g, const struct code_points *ranges, size_t n)
{
    static const struct {
        struct code_points window;
        unsigned first_byte, n_more;
    } rows[] = {
        { { 0, 0x7F }, 0, 0 },
        { { 0x80, 0x7FF }, 0xC0, 1 },
        { { 0x800, 0xD7FF }, 0xE0, 2 },
        { { 0xE000, 0xFFFF }, 0xE0, 2 },
        { { 0x10000, LAST_CODE_POINT }, 0xF0, 3 },
    };
    grammar_expr choices[COUNT_OF(rows)];
    size_t n_choices = 0;
    struct code_points *cut = memory_zeroed(n + 1, sizeof *cut);
    if (!cut) {
        g->is_full = true;
        return GRAMMAR_NONE;
    }
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t n_cut = cut_ranges(cut, ranges, n, rows[i].window, 0);
        if (n_cut)
            choices[n_choices++] = spell(g, cut, n_cut, rows[i].first_byte, rows[i].n_more);
    }
    memory_free(cut);
    return grammar_choice(g, choices, n_choices);
}

grammar_expr grammar_class(struct grammar *g, const struct code_points *ranges, size_t n,
                           bool is_negated)
{
    struct code_points *joined = memory_zeroed(n + 1, sizeof *joined);
    if (!joined) {
        g->is_full = true;
        return GRAMMAR_NONE;
    }
    if (n)
        memcpy(joined, ranges, n * sizeof *ranges);
    n = join_ranges(joined, n);
    if (is_negated)
        n = negate_ranges(joined, n);
    grammar_expr all = spell_characters(g, joined, n);
    memory_free(joined);
    return all;
}

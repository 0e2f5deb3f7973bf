#include "base/memory.h"
#include "base/utf8.h"
#include "runtime/grammar/grammar_expression.h"

#include <stdlib.h>

enum { MAX_EXPRESSIONS = 1 << 20, MAX_RULES = 1 << 16, MAX_DEPTH = 400, MAX_TREE_DEPTH = 100 };

bool grow(void **items, size_t *capacity, size_t count, size_t more, size_t item_bytes)
{
    if (count + more <= *capacity)
        return true;
    size_t wanted = size_max(count + more, *capacity * 2);
    wanted = size_max(wanted, 64);
    void *grown = memory_resize(*items, wanted * item_bytes);
    if (!grown)
        return false;
    *items = grown;
    *capacity = wanted;
    return true;
}

struct grammar *grammar_new(void)
{
    return memory_zeroed(1, sizeof(struct grammar));
}

void grammar_close(struct grammar **grammar)
{
    struct grammar *g = *grammar;
    if (!g)
        return;
    for (size_t i = 0; i < g->n_rules; i++)
        memory_free(g->rules[i].name);
    memory_free(g->expressions);
    memory_free(g->parts);
    memory_free(g->sets);
    memory_free(g->rules);
    memory_free(g->nodes);
    memory_free(g->targets);
    memory_free(g);
    *grammar = NULL;
}

static grammar_expr add(struct grammar *g, struct expression e)
{
    if (e.depth > MAX_DEPTH) {
        g->is_too_deep = true;
        return GRAMMAR_NONE;
    }
    if (g->n_expressions >= MAX_EXPRESSIONS ||
        !grow((void **)&g->expressions, &g->expressions_capacity, g->n_expressions, 1,
              sizeof *g->expressions)) {
        g->is_full = true;
        return GRAMMAR_NONE;
    }
    g->expressions[g->n_expressions] = e;
    return (grammar_expr)g->n_expressions++;
}

/* Equal sets are one; few grammars have more than some dozens. */
grammar_expr grammar_set(struct grammar *g, struct byte_set set)
{
    size_t i = g->n_sets;
    while (i > 0 && memcmp(&g->sets[i - 1], &set, sizeof set) != 0 && g->n_sets - i < 256)
        i--;
    if (i > 0 && memcmp(&g->sets[i - 1], &set, sizeof set) == 0) {
        i--;
    } else {
        if (!grow((void **)&g->sets, &g->sets_capacity, g->n_sets, 1, sizeof set)) {
            g->is_full = true;
            return GRAMMAR_NONE;
        }
        i = g->n_sets++;
        g->sets[i] = set;
    }
    return add(g, (struct expression){ .kind = EXPRESSION_SET, .first = (uint32_t)i, .depth = 1 });
}

static struct byte_set range_set(uint8_t first, uint8_t last)
{
    struct byte_set set = { 0 };
    for (unsigned byte = first; byte <= last; byte++)
        set.bits[byte / 64] |= 1ull << (byte % 64);
    return set;
}

static grammar_expr add_list(struct grammar *g, enum expression_kind kind,
                             const grammar_expr *parts, size_t n)
{
    uint32_t depth = 0;
    for (size_t i = 0; i < n; i++) {
        if (parts[i] == GRAMMAR_NONE)
            return GRAMMAR_NONE;
        depth = depth > g->expressions[parts[i]].depth ? depth : g->expressions[parts[i]].depth;
    }
    if (n == 1)
        return parts[0];
    if (!grow((void **)&g->parts, &g->parts_capacity, g->n_parts, n, sizeof *g->parts)) {
        g->is_full = true;
        return GRAMMAR_NONE;
    }
    struct expression list = {
        .kind = kind, .first = (uint32_t)g->n_parts, .count = (uint32_t)n, .depth = depth + 1
    };
    if (n)
        memcpy(g->parts + g->n_parts, parts, n * sizeof *parts);
    g->n_parts += n;
    return add(g, list);
}

grammar_expr grammar_sequence(struct grammar *g, const grammar_expr *parts, size_t n)
{
    return add_list(g, EXPRESSION_SEQUENCE, parts, n);
}

grammar_expr grammar_choice(struct grammar *g, const grammar_expr *parts, size_t n)
{
    return add_list(g, EXPRESSION_CHOICE, parts, n);
}

grammar_expr grammar_bytes(struct grammar *g, struct slice literal)
{
    if (literal.length >= MAX_EXPRESSIONS) {
        g->is_full = true;
        return GRAMMAR_NONE;
    }
    grammar_expr *parts = memory_zeroed(literal.length + 1, sizeof *parts);
    if (!parts) {
        g->is_full = true;
        return GRAMMAR_NONE;
    }
    for (size_t i = 0; i < literal.length; i++) {
        uint8_t byte = (uint8_t)literal.data[i];
        parts[i] = grammar_set(g, range_set(byte, byte));
    }
    grammar_expr all = grammar_sequence(g, parts, literal.length);
    memory_free(parts);
    return all;
}

grammar_expr grammar_repeat(struct grammar *g, grammar_expr part, uint32_t at_least,
                            uint32_t at_most)
{
    if (part == GRAMMAR_NONE)
        return GRAMMAR_NONE;
    if (at_least > at_most)
        return grammar_choice(g, NULL, 0);
    if (at_most == 0)
        return grammar_sequence(g, NULL, 0);
    if (at_least == 1 && at_most == 1)
        return part;
    return add(g, (struct expression){ .kind = EXPRESSION_REPEAT,
                                       .first = part,
                                       .at_least = at_least,
                                       .at_most = at_most,
                                       .depth = g->expressions[part].depth + 1 });
}

static int compare_literals(const void *a, const void *b)
{
    const struct slice *x = a, *y = b;
    int order = memcmp(x->data, y->data, size_min(x->length, y->length));
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

static grammar_expr literal_list(struct grammar *g, const struct slice *literals, size_t n,
                                 size_t skip)
{
    grammar_expr *list = memory_zeroed(n, sizeof *list);
    if (!list) {
        g->is_full = true;
        return GRAMMAR_NONE;
    }
    for (size_t i = 0; i < n; i++)
        list[i] =
            grammar_bytes(g, (struct slice){ literals[i].data + skip, literals[i].length - skip });
    grammar_expr choice = grammar_choice(g, list, n);
    memory_free(list);
    return choice;
}

/* Sorted literals, all with the same first `skip` bytes, without these; side by side where a tree
 * would be too deep. */
static grammar_expr literal_tree(struct grammar *g, const struct slice *literals, size_t n,
                                 size_t skip, size_t depth)
{
    if (depth > MAX_TREE_DEPTH)
        return literal_list(g, literals, n, skip);
    size_t common = skip;
    const struct slice *last = &literals[n - 1];
    while (common < literals->length && common < last->length &&
           literals->data[common] == last->data[common])
        common++;
    grammar_expr head = grammar_bytes(g, (struct slice){ literals->data + skip, common - skip });
    grammar_expr branches[257];
    size_t n_branches = 0, at = 0;
    while (at < n && literals[at].length == common)
        at++;
    if (at == n)
        return head;
    if (at)
        branches[n_branches++] = grammar_sequence(g, NULL, 0);
    while (at < n) {
        size_t from = at;
        while (at < n && literals[at].data[common] == literals[from].data[common])
            at++;
        branches[n_branches++] = literal_tree(g, literals + from, at - from, common, depth + 1);
    }
    grammar_expr both[] = { head, grammar_choice(g, branches, n_branches) };
    return grammar_sequence(g, both, 2);
}

grammar_expr grammar_literals(struct grammar *g, const struct slice *literals, size_t n)
{
    if (n == 0)
        return grammar_choice(g, NULL, 0);
    struct slice *sorted = memory_zeroed(n, sizeof *sorted);
    if (!sorted) {
        g->is_full = true;
        return GRAMMAR_NONE;
    }
    if (n)
        memcpy(sorted, literals, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare_literals);
    grammar_expr tree = literal_tree(g, sorted, n, 0, 0);
    memory_free(sorted);
    return tree;
}

/* ---- characters as bytes ---- */

/* The sequences lo .. hi of `n` bytes each, lexicographically: three parts at most on each level
 * (what begins like lo, what lies between, what begins like hi). */
static grammar_expr byte_ranges(struct grammar *g, const uint8_t *lo, const uint8_t *hi, size_t n)
{
    if (n == 1)
        return grammar_set(g, range_set(*lo, *hi));
    static const uint8_t lowest[] = { 0x80, 0x80, 0x80 }, highest[] = { 0xBF, 0xBF, 0xBF };
    bool lo_is_full = memcmp(lo + 1, lowest, n - 1) == 0;
    bool hi_is_full = memcmp(hi + 1, highest, n - 1) == 0;
    grammar_expr parts[3];
    size_t n_parts = 0;
    unsigned first = *lo, last = *hi;
    if (first == last) {
        grammar_expr both[] = { grammar_set(g, range_set(*lo, *lo)),
                                byte_ranges(g, lo + 1, hi + 1, n - 1) };
        return grammar_sequence(g, both, 2);
    }
    if (!lo_is_full) {
        grammar_expr both[] = { grammar_set(g, range_set(*lo, *lo)),
                                byte_ranges(g, lo + 1, highest, n - 1) };
        parts[n_parts++] = grammar_sequence(g, both, 2);
        first++;
    }
    if (!hi_is_full) {
        grammar_expr both[] = { grammar_set(g, range_set(*hi, *hi)),
                                byte_ranges(g, lowest, hi + 1, n - 1) };
        parts[n_parts++] = grammar_sequence(g, both, 2);
        last--;
    }
    if (first <= last) {
        grammar_expr both[] = { grammar_set(g, range_set((uint8_t)first, (uint8_t)last)),
                                byte_ranges(g, lowest, highest, n - 1) };
        parts[n_parts++] = grammar_sequence(g, both, 2);
    }
    return grammar_choice(g, parts, n_parts);
}

struct class_parts {
    struct byte_set ascii;
    grammar_expr list[64 * 4];
    size_t count;
    bool is_over;
};

/* One range, cut where the number of bytes changes and around the surrogates. */
static void add_range(struct grammar *g, struct class_parts *parts, uint32_t first, uint32_t last)
{
    static const struct code_points lengths[] = {
        { 0x80, 0x7FF }, { 0x800, 0xD7FF }, { 0xE000, 0xFFFF }, { 0x10000, 0x10FFFF }
    };
    for (uint32_t c = first; c <= last && c < 0x80; c++)
        parts->ascii.bits[c / 64] |= 1ull << (c % 64);
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        uint32_t lo = first > lengths[i].first ? first : lengths[i].first;
        uint32_t hi = last < lengths[i].last ? last : lengths[i].last;
        if (lo > hi)
            continue;
        if (parts->count == COUNT_OF(parts->list)) {
            /* fold what there is, so that any number of ranges fits */
            parts->list[0] = grammar_choice(g, parts->list, parts->count);
            parts->count = 1;
        }
        char from[4], to[4];
        size_t n = utf8_encode(lo, from);
        utf8_encode(hi, to);
        parts->list[parts->count++] = byte_ranges(g, (const uint8_t *)from, (const uint8_t *)to, n);
    }
}

static int compare_ranges(const void *a, const void *b)
{
    const struct code_points *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

grammar_expr grammar_class(struct grammar *g, const struct code_points *ranges, size_t n,
                           bool is_negated)
{
    struct code_points *sorted = memory_zeroed(n + 1, sizeof *sorted);
    if (!sorted) {
        g->is_full = true;
        return GRAMMAR_NONE;
    }
    if (n)
        memcpy(sorted, ranges, n * sizeof *ranges);
    qsort(sorted, n, sizeof *sorted, compare_ranges);
    struct class_parts parts = { .count = 0 };
    uint32_t next = 0; /* the first code point that no range before covers */
    for (size_t i = 0; i < n; i++) {
        uint32_t first = sorted[i].first > next ? sorted[i].first : next;
        if (is_negated && first > next)
            add_range(g, &parts, next, first - 1);
        if (!is_negated && first <= sorted[i].last)
            add_range(g, &parts, first, sorted[i].last);
        if (sorted[i].last >= next)
            next = sorted[i].last + 1;
    }
    if (is_negated && next <= 0x10FFFF)
        add_range(g, &parts, next, 0x10FFFF);
    memory_free(sorted);
    static const struct byte_set none;
    grammar_expr two[2];
    size_t n_two = 0;
    if (memcmp(&parts.ascii, &none, sizeof none) != 0)
        two[n_two++] = grammar_set(g, parts.ascii);
    if (parts.count)
        two[n_two++] = grammar_choice(g, parts.list, parts.count);
    return grammar_choice(g, two, n_two);
}

/* ---- rules ---- */

grammar_rule grammar_declare(struct grammar *g, struct slice name)
{
    char *copy = memory_zeroed(name.length + 1, 1);
    if (!copy || g->n_rules >= MAX_RULES ||
        !grow((void **)&g->rules, &g->rules_capacity, g->n_rules, 1, sizeof *g->rules)) {
        memory_free(copy);
        g->is_full = true;
        return GRAMMAR_NONE;
    }
    if (name.length)
        memcpy(copy, name.data, name.length);
    g->rules[g->n_rules] = (struct rule){ .name = copy, .body = GRAMMAR_NONE };
    return (grammar_rule)g->n_rules++;
}

grammar_expr grammar_call(struct grammar *g, grammar_rule rule)
{
    if (rule >= g->n_rules)
        return GRAMMAR_NONE;
    return add(g, (struct expression){ .kind = EXPRESSION_CALL, .first = rule, .depth = 1 });
}

void grammar_define(struct grammar *g, grammar_rule rule, grammar_expr body)
{
    if (rule >= g->n_rules || body == GRAMMAR_NONE)
        g->is_full |= !g->is_too_deep;
    else
        g->rules[rule].body = body;
}

#include "base/interruption.h"
#include "base/memory.h"
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
    struct grammar *g = memory_zeroed(1, sizeof *g);
    if (g)
        atomic_init(&g->n_holders, 1);
    return g;
}

struct grammar *grammar_hold(struct grammar *grammar)
{
    atomic_fetch_add_explicit(&grammar->n_holders, 1, memory_order_relaxed);
    return grammar;
}

size_t grammar_memory_bytes(const struct grammar *g)
{
    size_t names = 0;
    for (size_t i = 0; i < g->n_rules; i++)
        names += strlen(g->rules[i].name) + 1;
    return sizeof *g + names + g->expressions_capacity * sizeof *g->expressions +
           g->parts_capacity * sizeof *g->parts + g->sets_capacity * sizeof *g->sets +
           g->rules_capacity * sizeof *g->rules + g->nodes_capacity * sizeof *g->nodes +
           g->targets_capacity * sizeof *g->targets;
}

void grammar_close(struct grammar **grammar)
{
    struct grammar *g = *grammar;
    *grammar = NULL;
    if (!g || atomic_fetch_sub_explicit(&g->n_holders, 1, memory_order_acq_rel) > 1)
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
}

static grammar_expr add(struct grammar *g, struct expression e)
{
    if (e.depth > MAX_DEPTH) {
        g->is_too_deep = true;
        return GRAMMAR_NONE;
    }
    if (g->n_expressions >= MAX_EXPRESSIONS || is_interrupted() ||
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

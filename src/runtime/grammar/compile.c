/* compile.c: expressions to a program; what cannot be is left out, what would never end is refused.
 */
#include "base/interruption.h"
#include "base/memory.h"
#include "runtime/grammar/grammar_expression.h"

enum { MAX_NODES = 1 << 22, MAX_WORK = 200 * 1000 * 1000 };

/* Work is counted, so that rules that hang together in a bad order cannot take for ever. */
struct analysis {
    struct grammar *g;
    size_t work;
};

/* Whether the parts of an expression have a property that single bytes have or have not, and rules
 * have as told `flag` bytes into them. */
static bool parts_have(struct analysis *a, grammar_expr index, bool bytes_have, size_t flag)
{
    const struct expression *e = &a->g->expressions[index];
    bool is_choice = e->kind == EXPRESSION_CHOICE;
    a->work++;
    switch (e->kind) {
    case EXPRESSION_SET:
        return bytes_have;
    case EXPRESSION_SEQUENCE: /* all of them */
    case EXPRESSION_CHOICE:   /* one of them */
        for (uint32_t i = 0; i < e->count; i++)
            if (parts_have(a, a->g->parts[e->first + i], bytes_have, flag) == is_choice)
                return is_choice;
        return !is_choice;
    case EXPRESSION_REPEAT:
        return e->at_least == 0 || parts_have(a, e->first, bytes_have, flag);
    case EXPRESSION_CALL:
        return *(bool *)((char *)&a->g->rules[e->first] + flag);
    }
    return false;
}

static bool is_nullable(struct analysis *a, grammar_expr index)
{
    return parts_have(a, index, false, offsetof(struct rule, is_nullable));
}

static bool is_productive(struct analysis *a, grammar_expr index)
{
    return parts_have(a, index, true, offsetof(struct rule, is_productive));
}

static bool is_grounded(struct analysis *a, grammar_expr index)
{
    const struct expression *e = &a->g->expressions[index];
    a->work++;
    switch (e->kind) {
    case EXPRESSION_SET:
        return true;
    case EXPRESSION_SEQUENCE:
        for (uint32_t i = 0; i < e->count; i++) {
            grammar_expr part = a->g->parts[e->first + i];
            if (!is_grounded(a, part))
                return false;
            if (!is_nullable(a, part))
                return true;
        }
        return true;
    case EXPRESSION_CHOICE:
        for (uint32_t i = 0; i < e->count; i++)
            if (!is_grounded(a, a->g->parts[e->first + i]))
                return false;
        return true;
    case EXPRESSION_REPEAT:
        return is_grounded(a, e->first);
    case EXPRESSION_CALL:
        return a->g->rules[e->first].is_grounded;
    }
    return false;
}

typedef bool property(struct analysis *a, grammar_expr index);

/* The least fixed point of a property of rules, which lies `flag` bytes into them. */
static bool settle(struct analysis *a, property *has, size_t flag)
{
    struct grammar *g = a->g;
    for (bool changed = true, forth = false; changed; forth = !forth) {
        changed = false;
        for (size_t i = 0; i < g->n_rules; i++) {
            struct rule *rule = &g->rules[forth ? i : g->n_rules - 1 - i];
            bool *value = (bool *)((char *)rule + flag);
            if (!*value && has(a, rule->body))
                *value = changed = true;
            if (a->work > MAX_WORK || is_interrupted())
                return false;
        }
    }
    return true;
}

static bool analyse(struct grammar *g, struct error *err)
{
    struct analysis a = { .g = g };
    for (size_t i = 0; i < g->n_rules; i++)
        if (g->rules[i].body == GRAMMAR_NONE)
            return fail(err, ERROR_FORMAT, "grammar: the rule '%s' is used but not defined",
                        printable(slice_of(g->rules[i].name)));
    if (!settle(&a, is_nullable, offsetof(struct rule, is_nullable)) ||
        !settle(&a, is_productive, offsetof(struct rule, is_productive)) ||
        !settle(&a, is_grounded, offsetof(struct rule, is_grounded)))
        return fail(err, ERROR_BUDGET, "grammar: %zu rules of %zu expressions are too entangled",
                    g->n_rules, g->n_expressions);
    for (size_t i = 0; i < g->n_rules; i++)
        if (!g->rules[i].is_grounded)
            return fail(err, ERROR_UNSUPPORTED,
                        "grammar: the rule '%s' calls itself before anything else (left recursion)",
                        printable(slice_of(g->rules[i].name)));
    return true;
}

/* ---- nodes ---- */

struct compiler {
    struct grammar *g;
    struct analysis analysis;
    grammar_rule *waiting; /* rules with a call and without nodes */
    size_t n_waiting, waiting_capacity;
    bool is_full;
};

static uint32_t add_node(struct compiler *c, struct grammar_node node)
{
    struct grammar *g = c->g;
    if (g->n_nodes >= MAX_NODES ||
        !grow((void **)&g->nodes, &g->nodes_capacity, g->n_nodes, 1, sizeof *g->nodes)) {
        c->is_full = true;
        return 0;
    }
    g->nodes[g->n_nodes] = node;
    return (uint32_t)g->n_nodes++;
}

static void set_targets(struct compiler *c, uint32_t split, const uint32_t *targets, size_t n)
{
    struct grammar *g = c->g;
    if (c->is_full ||
        !grow((void **)&g->targets, &g->targets_capacity, g->n_targets, n, sizeof *g->targets)) {
        c->is_full = true;
        return;
    }
    memcpy(g->targets + g->n_targets, targets, n * sizeof *targets);
    g->nodes[split].first = (uint32_t)g->n_targets;
    g->nodes[split].count = (uint32_t)n;
    g->n_targets += n;
}

static uint32_t compile(struct compiler *c, grammar_expr index, uint32_t next);

static uint32_t compile_choice(struct compiler *c, const struct expression *e, uint32_t next)
{
    uint32_t *targets = memory_zeroed(e->count + 1, sizeof *targets);
    if (!targets) {
        c->is_full = true;
        return 0;
    }
    size_t n = 0;
    for (uint32_t i = 0; i < e->count; i++)
        if (is_productive(&c->analysis, c->g->parts[e->first + i]))
            targets[n++] = compile(c, c->g->parts[e->first + i], next);
    uint32_t split = n == 1 ? targets[0] : add_node(c, (struct grammar_node){ .kind = NODE_SPLIT });
    if (n != 1)
        set_targets(c, split, targets, n);
    memory_free(targets);
    return split;
}

static uint32_t compile_repeat(struct compiler *c, const struct expression *e, uint32_t next)
{
    if (!is_productive(&c->analysis, e->first))
        return next;
    bool nullable = is_nullable(&c->analysis, e->first);
    uint32_t at_least = nullable ? 0 : e->at_least;
    if (e->at_most == UINT32_MAX && at_least <= 1) { /* a loop needs no counter */
        uint32_t split = add_node(c, (struct grammar_node){ .kind = NODE_SPLIT });
        uint32_t body = compile(c, e->first, split);
        set_targets(c, split, (uint32_t[]){ body, next }, 2);
        return at_least ? body : split;
    }
    if (e->at_most == 1) {
        uint32_t split = add_node(c, (struct grammar_node){ .kind = NODE_SPLIT });
        set_targets(c, split, (uint32_t[]){ compile(c, e->first, next), next }, 2);
        return split;
    }
    uint32_t body = compile(c, e->first, 0);
    return add_node(c, (struct grammar_node){ .kind = NODE_REPEAT,
                                              .next = next,
                                              .body = body,
                                              .is_nullable = nullable,
                                              .at_least = at_least,
                                              .at_most = e->at_most });
}

static uint32_t compile_call(struct compiler *c, grammar_rule rule, uint32_t next)
{
    struct rule *r = &c->g->rules[rule];
    if (r->entry == GRAMMAR_NONE) {
        r->entry = 0;
        if (!grow((void **)&c->waiting, &c->waiting_capacity, c->n_waiting, 1,
                  sizeof *c->waiting)) {
            c->is_full = true;
            return 0;
        }
        c->waiting[c->n_waiting++] = rule;
    }
    return add_node(c, (struct grammar_node){ .kind = NODE_CALL, .next = next, .body = rule });
}

/* The first node of an expression that `next` follows. */
static uint32_t compile(struct compiler *c, grammar_expr index, uint32_t next)
{
    const struct expression e = c->g->expressions[index];
    if (c->is_full)
        return 0;
    switch (e.kind) {
    case EXPRESSION_SET:
        return add_node(c, (struct grammar_node){ .kind = NODE_SET, .next = next, .set = e.first });
    case EXPRESSION_SEQUENCE:
        for (uint32_t i = e.count; i-- > 0;)
            next = compile(c, c->g->parts[e.first + i], next);
        return next;
    case EXPRESSION_CHOICE:
        return compile_choice(c, &e, next);
    case EXPRESSION_REPEAT:
        return compile_repeat(c, &e, next);
    case EXPRESSION_CALL:
        return compile_call(c, e.first, next);
    }
    return 0;
}

static bool compile_rules(struct compiler *c, grammar_rule root)
{
    struct grammar *g = c->g;
    for (size_t i = 0; i < g->n_rules; i++)
        g->rules[i].entry = GRAMMAR_NONE;
    add_node(c, (struct grammar_node){ .kind = NODE_RETURN }); /* node 0 */
    g->start = compile_call(c, root, 0);
    while (c->n_waiting && !c->is_full) {
        grammar_rule rule = c->waiting[--c->n_waiting];
        uint32_t entry = compile(c, g->rules[rule].body, 0);
        g->rules[rule].entry = entry;
    }
    for (size_t i = 0; i < g->n_nodes; i++)
        if (g->nodes[i].kind == NODE_CALL)
            g->nodes[i].body = g->rules[g->nodes[i].body].entry;
    return !c->is_full;
}

static void shrink(void **items, size_t *capacity, size_t count, size_t item_bytes)
{
    void *smaller =
        count < *capacity ? memory_resize(*items, size_max(count, 1) * item_bytes) : NULL;
    if (smaller) {
        *items = smaller;
        *capacity = size_max(count, 1);
    }
}

/* What only building needs goes, and room that was not used. */
static void pack(struct grammar *g)
{
    memory_free(g->expressions);
    memory_free(g->parts);
    g->expressions = NULL;
    g->parts = NULL;
    g->n_expressions = g->expressions_capacity = g->n_parts = g->parts_capacity = 0;
    shrink((void **)&g->sets, &g->sets_capacity, g->n_sets, sizeof *g->sets);
    shrink((void **)&g->rules, &g->rules_capacity, g->n_rules, sizeof *g->rules);
    shrink((void **)&g->nodes, &g->nodes_capacity, g->n_nodes, sizeof *g->nodes);
    shrink((void **)&g->targets, &g->targets_capacity, g->n_targets, sizeof *g->targets);
}

bool grammar_finish(struct grammar *g, grammar_rule root, struct error *err)
{
    if (g->is_too_deep)
        return fail(err, ERROR_BUDGET, "grammar: expressions nest too deeply");
    if (g->is_full || root == GRAMMAR_NONE)
        return fail(err, ERROR_BUDGET,
                    "grammar: too large (%zu rules, %zu expressions) or out of memory", g->n_rules,
                    g->n_expressions);
    if (!analyse(g, err))
        return false;
    if (!g->rules[root].is_productive)
        return fail(err, ERROR_FORMAT, "grammar: no text at all matches the rule '%s'",
                    printable(slice_of(g->rules[root].name)));
    struct compiler c = { .g = g, .analysis = { .g = g } };
    bool ok = compile_rules(&c, root);
    memory_free(c.waiting);
    if (!ok)
        return fail(err, ERROR_BUDGET, "grammar: over %d nodes, or out of memory", MAX_NODES);
    pack(g);
    return true;
}

bool grammar_is_empty(const struct grammar *g, grammar_rule rule)
{
    return rule < g->n_rules && !g->rules[rule].is_productive;
}

struct grammar_program grammar_program(const struct grammar *g)
{
    return (struct grammar_program){ .nodes = g->nodes,
                                     .sets = g->sets,
                                     .targets = g->targets,
                                     .n_nodes = g->n_nodes,
                                     .start = g->start };
}

/* Split the classes by membership in one more set. */
static size_t refine(uint8_t class_of[256], size_t n_classes, const struct byte_set *set)
{
    uint16_t inside[256]; /* class -> the class of those of its bytes that are in the set */
    bool has_outside[256] = { false };
    memset(inside, 0xFF, sizeof inside);
    for (unsigned byte = 0; byte < 256; byte++)
        has_outside[class_of[byte]] |= !byte_set_has(set, (uint8_t)byte);
    for (unsigned byte = 0; byte < 256; byte++) {
        uint8_t c = class_of[byte];
        if (!byte_set_has(set, (uint8_t)byte) || !has_outside[c])
            continue;
        if (inside[c] == 0xFFFF)
            inside[c] = (uint16_t)n_classes++;
        class_of[byte] = (uint8_t)inside[c];
    }
    return n_classes;
}

size_t grammar_byte_classes(const struct grammar *g, uint8_t class_of[256])
{
    size_t n_classes = 1;
    memset(class_of, 0, 256);
    for (size_t i = 0; i < g->n_sets && n_classes < 256; i++)
        n_classes = refine(class_of, n_classes, &g->sets[i]);
    return n_classes;
}

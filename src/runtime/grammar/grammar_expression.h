/* grammar_expression.h: a grammar while it is built; private to the grammar folder. */
#ifndef GRAMMAR_EXPRESSION_H
#define GRAMMAR_EXPRESSION_H

#include "runtime/grammar/program.h"

#include <stdatomic.h>

enum expression_kind {
    EXPRESSION_SET,      /* first: a set */
    EXPRESSION_SEQUENCE, /* parts[first .. first + count) */
    EXPRESSION_CHOICE,
    EXPRESSION_REPEAT, /* first: an expression */
    EXPRESSION_CALL,   /* first: a rule */
};

/* What an expression is made of has lower numbers than itself. */
struct expression {
    enum expression_kind kind;
    uint32_t first, count;
    uint32_t at_least, at_most;
    uint32_t depth;
};

struct rule {
    char *name;
    grammar_expr body;
    bool is_nullable;   /* "" is one of its texts */
    bool is_productive; /* it has a text at all */
    bool is_grounded;   /* it cannot call itself before the first byte */
    uint32_t entry;     /* its first node; GRAMMAR_NONE before it has one */
};

struct grammar {
    atomic_uint n_holders;
    struct expression *expressions;
    grammar_expr *parts;
    struct byte_set *sets;
    struct rule *rules;
    struct grammar_node *nodes;
    uint32_t *targets;
    size_t n_expressions, expressions_capacity;
    size_t n_parts, parts_capacity;
    size_t n_sets, sets_capacity;
    size_t n_rules, rules_capacity;
    size_t n_nodes, nodes_capacity;
    size_t n_targets, targets_capacity;
    uint32_t start;
    bool is_full, is_too_deep;
};

/* One byte out of a set. */
grammar_expr grammar_set(struct grammar *g, struct byte_set set);

/* Room for `more` items behind `count`; false when memory is out. */
bool grow(void **items, size_t *capacity, size_t count, size_t more, size_t item_bytes) MUST_CHECK;

#endif

/* jinja_node.h: what a template becomes once it is read.
 *
 * Owns the shapes of expressions and statements. They are made by the parser in the template's
 * arena and never change afterwards. */
#ifndef JINJA_NODE_H
#define JINJA_NODE_H

#include "base/arena.h"
#include "base/table.h"
#include "chat/jinja/jinja_value.h"

struct jinja_builtin;

enum jinja_node_kind {
    /* expressions */
    NODE_CONSTANT,
    NODE_NAME,
    NODE_LIST,
    NODE_TUPLE,
    NODE_DICT,
    NODE_NOT,
    NODE_NEGATIVE,
    NODE_POSITIVE,
    NODE_BINARY,
    NODE_AND,
    NODE_OR,
    NODE_CONCAT,
    NODE_COMPARE,
    NODE_CHOICE,
    NODE_ATTRIBUTE,
    NODE_ITEM,
    NODE_SLICE,
    NODE_CALL,
    NODE_FILTER,
    NODE_TEST,
    /* statements */
    NODE_TEXT,
    NODE_PRINT,
    NODE_IF,
    NODE_FOR,
    NODE_SET,
    NODE_SET_BLOCK,
    NODE_WITH,
    NODE_MACRO,
    NODE_CALL_BLOCK,
    NODE_FILTER_BLOCK,
    NODE_SCOPE, /* a body with names of its own: generation, block */
    NODE_BREAK,
    NODE_CONTINUE,
    NODE_FOREIGN, /* include, import, extends: there are no other templates */
};

enum jinja_operator {
    OPERATOR_ADD,
    OPERATOR_SUBTRACT,
    OPERATOR_MULTIPLY,
    OPERATOR_DIVIDE,
    OPERATOR_FLOOR_DIVIDE,
    OPERATOR_MODULO,
    OPERATOR_POWER,
    OPERATOR_EQUAL,
    OPERATOR_NOT_EQUAL,
    OPERATOR_LESS,
    OPERATOR_LESS_EQUAL,
    OPERATOR_GREATER,
    OPERATOR_GREATER_EQUAL,
    OPERATOR_IN,
    OPERATOR_NOT_IN,
};

struct jinja_nodes {
    struct jinja_node **items;
    size_t count;
};

struct jinja_keyword_node {
    struct jinja_value name; /* a string */
    struct jinja_node *value;
};

struct jinja_arguments {
    struct jinja_nodes positional;
    struct jinja_keyword_node *keywords;
    size_t n_keywords;
    struct jinja_node *list, *dict; /* *list and **dict; NULL without */
};

/* A macro, or the body of a call block. */
struct jinja_definition {
    struct jinja_value name;        /* none for a call block */
    struct jinja_value *parameters; /* strings [n_parameters] */
    uint32_t *symbols;              /* [n_parameters] */
    struct jinja_node **defaults;   /* [n_parameters], NULL where there is none */
    size_t n_parameters, n_names;   /* names: what its scope may have to hold */
    bool uses_caller, uses_varargs, uses_kwargs;
    bool has_caller_parameter;
    struct jinja_nodes body;
};

/* One for each name that a template mentions. */
typedef uint32_t jinja_symbol;

struct jinja_node {
    uint8_t kind; /* enum jinja_node_kind */
    uint8_t op;   /* enum jinja_operator */
    uint32_t line;
    union {
        struct jinja_value constant;
        struct {
            jinja_symbol symbol;
            const struct jinja_string *text;
        } name;
        struct jinja_nodes items; /* list, tuple, concat; dict: key, value, key, value ... */
        struct {
            struct jinja_node *a, *b; /* not, negative, positive: a alone */
        } operands;
        struct {
            struct jinja_node *first;
            struct jinja_node **others;
            uint8_t *operators;
            size_t count;
        } compare;
        struct {
            struct jinja_node *test, *yes, *no; /* no: NULL without */
        } choice;
        struct {
            struct jinja_node *object;
            struct jinja_value name;
        } attribute;
        struct {
            struct jinja_node *object, *index;
        } item;
        struct {
            struct jinja_node *object, *bounds[3]; /* start, stop, step: NULL without */
        } slice;
        struct {
            struct jinja_node *callee;
            struct jinja_arguments arguments;
        } call;
        struct {
            struct jinja_node *input;            /* NULL: what the statement around it captured */
            const struct jinja_builtin *builtin; /* NULL: there is none of that name */
            struct jinja_value name;
            struct jinja_arguments arguments;
            bool is_negated; /* tests */
        } filter;
        struct slice text;
        struct jinja_nodes print;
        struct {
            struct jinja_node *test;
            struct jinja_nodes yes, no;
        } branch;
        struct {
            struct jinja_node *target, *source, *test; /* test: NULL without */
            struct jinja_nodes body, otherwise;
            size_t n_names;
            jinja_symbol loop;
            bool is_recursive, has_closures;
        } loop;
        struct {
            struct jinja_node *target, *value;
        } set;
        struct {
            struct jinja_node *target, *filter; /* set block: filter may be NULL */
            struct jinja_nodes body;
            size_t n_names;
        } block; /* set block, filter block, scope */
        struct {
            struct jinja_node **targets, **values;
            size_t count, n_names;
            struct jinja_nodes body;
        } with;
        struct {
            struct jinja_definition *definition;
            jinja_symbol symbol;     /* of a macro */
            struct jinja_node *call; /* of a call block */
        } macro;
    };
};

struct jinja_block {
    struct slice name;
    struct jinja_node *node;
};

struct jinja_template {
    struct arena *arena;
    struct jinja_nodes body;
    const struct jinja_string **names; /* by symbol */
    size_t n_names, names_capacity;
    struct table symbols; /* by name */
    struct jinja_block *blocks;
    size_t n_blocks;
};

#endif

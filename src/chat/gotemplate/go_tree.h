/* go_tree.h: a parsed Go template.
 *
 * Owns the shapes of its nodes, which tell what was written and nothing about how it is run. Lists
 * of nodes, pipelines and terms lie in the template's arena and are immutable once parsed. */
#ifndef GO_TREE_H
#define GO_TREE_H

#include "base/arena.h"
#include "base/base.h"
#include "base/error.h"
#include "chat/gotemplate/go_functions.h"
#include "chat/gotemplate/go_value.h"

struct go_pipe;

enum go_term_kind {
    GO_TERM_FIELD,    /* .A.B: of the dot */
    GO_TERM_VARIABLE, /* $x.A.B */
    GO_TERM_FUNCTION, /* name, or (through a dot behind it) name.A */
    GO_TERM_PIPE,     /* ( ... ).A.B */
    GO_TERM_DOT,
    GO_TERM_NIL,
    GO_TERM_CONSTANT,
};

struct go_term {
    enum go_term_kind kind;
    size_t line;
    struct slice name; /* of the variable, with its $ */
    const struct go_function *function;
    const struct go_pipe *pipe;
    struct go_value constant;
    const struct slice *path; /* the names behind dots */
    size_t n_path;
};

/* A function with its arguments, or one value. */
struct go_command {
    const struct go_term **terms;
    size_t n_terms;
};

struct go_pipe {
    size_t line;
    struct slice variables[2]; /* declared, or assigned */
    size_t n_variables;
    bool assigns; /* = rather than := */
    const struct go_command **commands;
    size_t n_commands;
};

struct go_list_of_nodes {
    const struct go_node **nodes;
    size_t count;
};

enum go_node_kind {
    GO_NODE_TEXT,
    GO_NODE_ACTION,
    GO_NODE_IF,
    GO_NODE_WITH,
    GO_NODE_RANGE,
    GO_NODE_TEMPLATE,
    GO_NODE_BREAK,
    GO_NODE_CONTINUE,
};

struct go_node {
    enum go_node_kind kind;
    size_t line;
    struct slice text;                       /* of a text; name of the template that is called */
    const struct go_pipe *pipe;              /* NULL: a template called without a value */
    struct go_list_of_nodes list, otherwise; /* of if, with and range */
    bool has_otherwise;
};

struct go_definition {
    struct slice name;
    struct go_list_of_nodes list;
};

/* A compiled template: what the name `struct gotemplate` stands for. */
struct gotemplate {
    struct arena *arena;
    struct go_list_of_nodes root;
    struct go_list_of_nodes cut; /* the same up to the first {{ .Response }} */
    const struct go_definition *definitions;
    size_t n_definitions;
    const struct slice *names; /* of fields and variables used, lower case, sorted */
    size_t n_names;
    bool appends_response;    /* names neither messages nor response: the latter goes to the end */
    bool calls_without_value; /* somewhere, {{ template "x" }} */
};

/* Parse `source`, which the arena holds, into the empty `t`. */
bool go_parse(struct gotemplate *t, struct slice source, struct error *err) MUST_CHECK;

/* What follows from the parsed tree. False when memory is out. */
bool go_find_names(struct gotemplate *t) MUST_CHECK;
bool go_cut_behind_response(struct gotemplate *t) MUST_CHECK;

#endif

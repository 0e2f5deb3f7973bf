/* graph.h: the nodes behind lazy arrays, and what is done to them before they become a plan.
 *
 * Owns the node struct and the passes of simplify.c. Private to the array room. */
#ifndef GRAPH_H
#define GRAPH_H

#include "array/array.h"
#include "base/arena.h"

enum op {
    OP_CONSTANT,
    OP_EMBED,      /* table */
    OP_RMS_NORM,   /* x, weight */
    OP_LAYER_NORM, /* x, weight, bias? */
    OP_HEAD_NORM,  /* x, weight */
    OP_PREPARE,    /* x; made by simplify.c: activations in the form a matmul reads */
    OP_LINEAR,     /* x or prepared x, weight, bias? */
    OP_ADD,        /* a, b */
    OP_MULTIPLY,   /* a, b */
    OP_SCALE,      /* a */
    OP_ACTIVATE,   /* x */
    OP_GATE,       /* gate, up; made by simplify.c from multiply(activate(gate), up) */
    OP_ROPE_ANGLES,
    OP_ROPE,         /* x, angles */
    OP_STORE,        /* k, v; made by simplify.c from attention's inputs */
    OP_ATTENTION,    /* q, k, v; after simplify.c: q, store */
    OP_TAKE_OUTPUTS, /* x */
};

enum row_space { ROWS_CONSTANT, ROWS_TOKENS, ROWS_OUTPUTS };

enum { MAX_INPUTS = 3 };

struct array {
    struct graph *graph;
    enum op op;
    struct array *inputs[MAX_INPUTS]; /* unused ones NULL, after the used ones */
    enum row_space rows;
    size_t width; /* elements of a row */

    /* What an operation needs beside its inputs; unused fields are zero, so nodes compare by value.
     */
    struct {
        enum dtype type; /* constants */
        const void *data;
        size_t n_rows, row_bytes;
        float eps, factor;
        int kind; /* enum activation, rope_layout or activation_format */
        size_t head_dim;
        struct attention_shape attention;
    } of;

    size_t number;      /* order of creation; of a simplified graph: order of evaluation */
    struct array *now;  /* during a rewrite: what this node became */
    bool is_whole;      /* needed at every token, because keys, values or queries come from it */
    struct array *next; /* all nodes of the graph */
    struct array *next_alike; /* nodes of one hash bucket */
};

enum { GRAPH_BUCKETS = 4096 };

struct graph {
    struct arena *arena;
    struct array *first, *last;
    size_t count;
    struct array *output, *hidden; /* hidden: NULL: none */
    bool out_of_memory;
    struct array *buckets[GRAPH_BUCKETS];
};

/* A node equal to `like` (op, inputs, parameters): an existing one or a new one. NULL when memory
 * is out. */
struct array *graph_node(struct graph *graph, const struct array *like);

/* Rewrite the graph into one that a plan can run: outputs taken as early as possible, gates and
 * stores spelled out, matmul inputs prepared once for all that read them. Whatever the output does
 * not need is unreachable afterwards. */
bool graph_simplify(struct graph *graph, struct error *err) MUST_CHECK;

/* Nodes the output needs, each after its inputs: *nodes [*count], in the graph's arena. */
bool graph_order(struct graph *graph, struct array ***nodes, size_t *count,
                 struct error *err) MUST_CHECK;

#endif

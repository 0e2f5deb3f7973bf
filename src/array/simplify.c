/* simplify.c: the rewrites between tracing and planning. Each is a function from a node whose
 * inputs are already rewritten to the node that replaces it; equal nodes become one in graph_node.
 */
#include "array/graph.h"
#include "kernels/matmul.h"

/* Recursion below follows inputs; a chain deeper than this is no model. */
enum { MAX_DEPTH = 100000 };

static struct array blank(enum op op, struct array *x, struct array *y, struct array *z)
{
    struct array like;
    memset(&like, 0, sizeof like);
    like.op = op;
    like.inputs[0] = x;
    like.inputs[1] = y;
    like.inputs[2] = z;
    return like;
}

/* The same operation on other inputs, in their row space. */
static struct array *with_inputs(struct array *node, struct array *x, struct array *y)
{
    if (!x)
        return NULL;
    struct array like = blank(node->op, x, y, node->inputs[2]);
    like.rows = x->rows;
    like.width = node->width;
    memcpy(&like.of, &node->of, sizeof like.of);
    return graph_node(node->graph, &like);
}

/* take(f(x)) = f(take(x)) for everything that works row by row, so that the last layer computes
 * only rows that are asked for; not past arrays that some attention needs whole. */
static struct array *take_early(struct array *x)
{
    if (!x || x->is_whole)
        return array_take_outputs(x);
    switch (x->op) {
    case OP_ADD:
    case OP_MULTIPLY:
    case OP_GATE:
        return with_inputs(x, take_early(x->inputs[0]), take_early(x->inputs[1]));
    case OP_RMS_NORM:
    case OP_LAYER_NORM:
    case OP_SCALE:
    case OP_ACTIVATE:
    case OP_LINEAR:
        return with_inputs(x, take_early(x->inputs[0]), x->inputs[1]);
    default:
        return array_take_outputs(x);
    }
}

static struct array *rewrite_take(struct array *node)
{
    return take_early(node->inputs[0]);
}

static void mark_whole(struct array *node)
{
    if (node->is_whole)
        return;
    node->is_whole = true;
    for (int i = 0; i < MAX_INPUTS && node->inputs[i]; i++)
        mark_whole(node->inputs[i]);
}

/* multiply(activate(gate), up) in either order -> gate(gate, up). */
static struct array *rewrite_multiply(struct array *node)
{
    for (int i = 0; i < 2; i++) {
        struct array *activated = node->inputs[i];
        if (activated->op != OP_ACTIVATE)
            continue;
        struct array like = blank(OP_GATE, activated->inputs[0], node->inputs[1 - i], NULL);
        like.rows = node->rows;
        like.width = node->width;
        like.of.kind = activated->of.kind;
        return graph_node(node->graph, &like);
    }
    return node;
}

/* attention(q, k, v) -> attention(q, store(k, v)). */
static struct array *rewrite_attention(struct array *node)
{
    if (!node->inputs[2])
        return node;
    struct array store = blank(OP_STORE, node->inputs[1], node->inputs[2], NULL);
    store.rows = ROWS_TOKENS;
    memcpy(&store.of, &node->of, sizeof store.of);
    struct array attend =
        blank(OP_ATTENTION, node->inputs[0], graph_node(node->graph, &store), NULL);
    if (!attend.inputs[1])
        return NULL;
    attend.rows = node->rows;
    attend.width = node->width;
    memcpy(&attend.of, &node->of, sizeof attend.of);
    return graph_node(node->graph, &attend);
}

/* linear(x, W) -> linear(prepare(x), W); W's type says in which form. */
static struct array *rewrite_linear(struct array *node)
{
    struct array *x = node->inputs[0];
    if (x->op == OP_PREPARE)
        return node;
    struct array prepare = blank(OP_PREPARE, x, NULL, NULL);
    prepare.rows = x->rows;
    prepare.width = x->width;
    prepare.of.kind = (int)matmul_activation(node->inputs[1]->of.type);
    return with_inputs(node, graph_node(node->graph, &prepare), node->inputs[1]);
}

typedef struct array *rewrite(struct array *node);

static rewrite *const early_rewrites[OP_TAKE_OUTPUTS + 1] = {
    [OP_MULTIPLY] = rewrite_multiply,
    [OP_ATTENTION] = rewrite_attention,
    [OP_TAKE_OUTPUTS] = rewrite_take,
};
static rewrite *const late_rewrites[OP_TAKE_OUTPUTS + 1] = {
    [OP_LINEAR] = rewrite_linear,
};

/* Rebuild everything `node` needs, inputs first. Depth is bounded by the caller's node count. */
static struct array *rebuild(struct array *node, rewrite *const *rewrites)
{
    if (!node || node->now)
        return node ? node->now : NULL;
    struct array like = blank(node->op, NULL, NULL, NULL);
    for (int i = 0; i < MAX_INPUTS && node->inputs[i]; i++) {
        like.inputs[i] = rebuild(node->inputs[i], rewrites);
        if (!like.inputs[i])
            return NULL;
    }
    like.rows = node->rows;
    like.width = node->width;
    memcpy(&like.of, &node->of, sizeof like.of);
    struct array *fresh = graph_node(node->graph, &like);
    if (fresh)
        fresh->is_whole |= node->is_whole;
    if (fresh && rewrites[node->op])
        fresh = rewrites[node->op](fresh);
    node->now = fresh;
    return fresh;
}

static bool run_rewrites(struct graph *graph, rewrite *const *rewrites, struct error *err)
{
    for (struct array *node = graph->first; node; node = node->next)
        node->now = NULL;
    graph->output = rebuild(graph->output, rewrites);
    bool ok = graph->output != NULL;
    if (graph->hidden) {
        graph->hidden = rebuild(graph->hidden, rewrites);
        ok = ok && graph->hidden;
    }
    return ok || fail_memory(err, sizeof(struct array), "a graph");
}

bool graph_simplify(struct graph *graph, struct error *err)
{
    if (graph->out_of_memory || !graph->output)
        return fail_memory(err, sizeof(struct array), "a graph");
    if (graph->count > MAX_DEPTH)
        return fail(err, ERROR_UNSUPPORTED, "the graph has %zu nodes, at most %d are supported",
                    graph->count, MAX_DEPTH);
    for (struct array *node = graph->first; node; node = node->next)
        for (int i = 0; node->op == OP_ATTENTION && i < MAX_INPUTS && node->inputs[i]; i++)
            mark_whole(node->inputs[i]);
    return run_rewrites(graph, early_rewrites, err) && run_rewrites(graph, late_rewrites, err);
}

static void visit(struct array *node, struct array **nodes, size_t *count)
{
    if (node->now)
        return;
    node->now = node;
    for (int i = 0; i < MAX_INPUTS && node->inputs[i]; i++)
        visit(node->inputs[i], nodes, count);
    node->number = *count;
    nodes[(*count)++] = node;
}

bool graph_order(struct graph *graph, struct array ***nodes, size_t *count, struct error *err)
{
    *count = 0;
    *nodes = arena_alloc_array(graph->arena, graph->count, sizeof **nodes);
    if (!*nodes)
        return fail_memory(err, graph->count * sizeof **nodes, "a graph");
    for (struct array *node = graph->first; node; node = node->next)
        node->now = NULL;
    visit(graph->output, *nodes, count);
    if (graph->hidden) /* a part of it, unless the model is a strange one */
        visit(graph->hidden, *nodes, count);
    return true;
}

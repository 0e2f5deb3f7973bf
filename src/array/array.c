#include "array/array.h"

#include "array/graph.h"
#include "base/table.h"

/* Nodes of the largest model are a few thousand; this many bytes of them would be a mistake. */
enum { GRAPH_LIMIT = 256 << 20 };

bool graph_new(struct graph **out, struct error *err)
{
    *out = NULL;
    struct arena *arena = arena_new(GRAPH_LIMIT);
    struct graph *graph = arena ? arena_alloc(arena, sizeof *graph) : NULL;
    if (!graph) {
        arena_free(&arena);
        return fail_memory(err, sizeof *graph, "a graph");
    }
    graph->arena = arena;
    *out = graph;
    return true;
}

void graph_free(struct graph **graph)
{
    if (!*graph)
        return;
    struct arena *arena = (*graph)->arena; /* the graph lies in its own arena */
    arena_free(&arena);
    *graph = NULL;
}

static bool same(const struct array *a, const struct array *b)
{
    return a->op == b->op && a->rows == b->rows && a->width == b->width &&
           memcmp(a->inputs, b->inputs, sizeof a->inputs) == 0 &&
           memcmp(&a->of, &b->of, sizeof a->of) == 0;
}

struct array *graph_node(struct graph *graph, const struct array *like)
{
    uint64_t hash = hash_bytes(like->inputs, sizeof like->inputs) ^
                    hash_bytes(&like->of, sizeof like->of) ^ (uint64_t)like->op;
    struct array **bucket = &graph->buckets[hash % GRAPH_BUCKETS];
    for (struct array *node = *bucket; node; node = node->next_alike)
        if (same(node, like))
            return node;
    struct array *node = arena_alloc(graph->arena, sizeof *node);
    if (!node) {
        graph->out_of_memory = true;
        return NULL;
    }
    *node = *like;
    node->graph = graph;
    node->number = graph->count++;
    node->now = node->next = NULL;
    node->next_alike = *bucket;
    *bucket = node;
    if (graph->last)
        graph->last->next = node;
    else
        graph->first = node;
    graph->last = node;
    return node;
}

/* A blank description: memset, because nodes are compared byte by byte, padding included. */
static struct array describe(enum op op, struct array *x, struct array *y, struct array *z)
{
    struct array like;
    memset(&like, 0, sizeof like);
    like.op = op;
    like.inputs[0] = x;
    like.inputs[1] = y;
    like.inputs[2] = z;
    like.rows = x ? x->rows : ROWS_CONSTANT;
    like.width = x ? x->width : 0;
    return like;
}

struct array *array_constant(struct graph *graph, enum dtype type, const void *data, size_t n_rows,
                             size_t row_length, size_t row_bytes)
{
    struct array like = describe(OP_CONSTANT, NULL, NULL, NULL);
    like.width = row_length;
    like.of.type = type;
    like.of.data = data;
    like.of.n_rows = n_rows;
    like.of.row_bytes = row_bytes;
    return graph_node(graph, &like);
}

struct array *array_embed(struct array *table)
{
    if (!table)
        return NULL;
    struct array like = describe(OP_EMBED, table, NULL, NULL);
    like.rows = ROWS_TOKENS;
    return graph_node(table->graph, &like);
}

struct array *array_rms_norm(struct array *x, struct array *weight, float eps)
{
    if (!x || !weight)
        return NULL;
    assert(weight->width == x->width);
    struct array like = describe(OP_RMS_NORM, x, weight, NULL);
    like.of.eps = eps;
    return graph_node(x->graph, &like);
}

struct array *array_layer_norm(struct array *x, struct array *weight, struct array *bias, float eps)
{
    if (!x || !weight)
        return NULL;
    assert(weight->width == x->width);
    struct array like = describe(OP_LAYER_NORM, x, weight, bias);
    like.of.eps = eps;
    return graph_node(x->graph, &like);
}

struct array *array_head_norm(struct array *x, struct array *weight, size_t head_dim, float eps)
{
    if (!x || !weight)
        return NULL;
    assert(weight->width == head_dim && x->width % head_dim == 0);
    struct array like = describe(OP_HEAD_NORM, x, weight, NULL);
    like.of.eps = eps;
    like.of.head_dim = head_dim;
    return graph_node(x->graph, &like);
}

struct array *array_linear(struct array *x, struct array *weight, struct array *bias)
{
    if (!x || !weight)
        return NULL;
    assert(weight->width == x->width);
    assert(!bias || bias->width == weight->of.n_rows);
    struct array like = describe(OP_LINEAR, x, weight, bias);
    like.width = weight->of.n_rows;
    return graph_node(x->graph, &like);
}

static struct array *binary(enum op op, struct array *a, struct array *b)
{
    if (!a || !b)
        return NULL;
    assert(a->width == b->width && a->rows == b->rows);
    struct array like = describe(op, a, b, NULL);
    return graph_node(a->graph, &like);
}

struct array *array_add(struct array *a, struct array *b)
{
    return binary(OP_ADD, a, b);
}

struct array *array_multiply(struct array *a, struct array *b)
{
    return binary(OP_MULTIPLY, a, b);
}

struct array *array_scale(struct array *a, float factor)
{
    if (!a || factor == 1.0f)
        return a;
    struct array like = describe(OP_SCALE, a, NULL, NULL);
    like.of.factor = factor;
    return graph_node(a->graph, &like);
}

struct array *array_activate(struct array *x, enum activation kind)
{
    if (!x)
        return NULL;
    struct array like = describe(OP_ACTIVATE, x, NULL, NULL);
    like.of.kind = (int)kind;
    return graph_node(x->graph, &like);
}

struct array *array_rope_angles(struct graph *graph, const float *frequencies, size_t n)
{
    struct array like = describe(OP_ROPE_ANGLES, NULL, NULL, NULL);
    like.rows = ROWS_TOKENS;
    like.width = 2 * n;
    like.of.data = frequencies;
    return graph_node(graph, &like);
}

struct array *array_rope(struct array *x, struct array *angles, size_t head_dim,
                         enum rope_layout layout)
{
    if (!x || !angles)
        return NULL;
    assert(x->width % head_dim == 0 && angles->width <= head_dim);
    struct array like = describe(OP_ROPE, x, angles, NULL);
    like.of.head_dim = head_dim;
    like.of.kind = (int)layout;
    return graph_node(x->graph, &like);
}

struct array *array_attention(struct array *q, struct array *k, struct array *v,
                              const struct attention_shape *shape)
{
    if (!q || !k || !v)
        return NULL;
    assert(q->width == shape->n_heads * shape->head_dim);
    assert(k->width == shape->n_kv_heads * shape->head_dim && v->width == k->width);
    struct array like = describe(OP_ATTENTION, q, k, v);
    /* Field by field: a struct assignment may copy the caller's padding, and nodes compare byte by
     * byte. */
    like.of.attention.layer = shape->layer;
    like.of.attention.n_heads = shape->n_heads;
    like.of.attention.n_kv_heads = shape->n_kv_heads;
    like.of.attention.head_dim = shape->head_dim;
    like.of.attention.window = shape->window;
    like.of.attention.scale = shape->scale;
    return graph_node(q->graph, &like);
}

struct array *array_take_outputs(struct array *x)
{
    if (!x || x->rows == ROWS_OUTPUTS)
        return x;
    struct array like = describe(OP_TAKE_OUTPUTS, x, NULL, NULL);
    like.rows = ROWS_OUTPUTS;
    return graph_node(x->graph, &like);
}

void graph_set_output(struct graph *graph, struct array *x)
{
    graph->output = x;
}

void graph_set_hidden(struct graph *graph, struct array *x)
{
    graph->hidden = x;
}

size_t array_width(const struct array *x)
{
    return x ? x->width : 0;
}

#include "array/layout.h"

#include "base/memory.h"
#include "quant/quantize.h"

#include <stdlib.h>

enum { CACHE_LINE = 64 };

struct layout {
    struct plan *plan;
    struct value **values;       /* [n_nodes] by node->number; NULL for constants and effects */
    struct operation **last_use; /* [n_nodes] by node->number */
    struct value **placed;       /* roots, by offset */
    size_t n_placed;
};

/* Rows end in an extra cache line: with strides of a power of two all rows would fall into the same
 * few cache sets. */
static size_t float_row_bytes(size_t width)
{
    return align_up(width * sizeof(float), CACHE_LINE) + CACHE_LINE;
}

static struct value *new_value(struct plan *plan, const struct array *node)
{
    struct value *value = arena_alloc(plan->arena, sizeof *value);
    if (!value)
        return NULL;
    const struct plan_limits *limits = &plan->limits;
    size_t rows = node->rows == ROWS_OUTPUTS ? limits->max_outputs : limits->max_rows;
    if (node->op == OP_PREPARE) {
        enum activation_format format = (enum activation_format)node->of.kind;
        value->size_bytes = plan->kernels->matmul.prepared_bytes(format, rows, node->width);
    } else {
        value->row_bytes = float_row_bytes(node->width);
        value->size_bytes = rows * value->row_bytes;
    }
    value->size_bytes = align_up(value->size_bytes, CACHE_LINE);
    return value;
}

/* A norm's weight or a bias as aligned floats: the file's own bytes where they are that already. */
static const float *constant_floats(struct plan *plan, const struct array *node)
{
    if (node->of.type == DTYPE_F32 && (uintptr_t)node->of.data % sizeof(float) == 0)
        return node->of.data;
    float *copy = arena_alloc_array(plan->arena, node->width, sizeof *copy);
    if (copy)
        dequantize_row(node->of.type, node->of.data, copy, node->width);
    return copy;
}

/* Tables and weight matrices are read through the node; norms and biases as floats. */
static bool is_small_constant(const struct operation *operation, int input)
{
    if (operation->op == OP_EMBED || (operation->op == OP_LINEAR && input == 1))
        return false;
    return operation->node->inputs[input]->op == OP_CONSTANT;
}

static struct value *place_of(struct value *value)
{
    while (value->same_place)
        value = value->same_place;
    return value;
}

static bool works_in_place(enum op op)
{
    switch (op) {
    case OP_ADD:
    case OP_MULTIPLY:
    case OP_SCALE:
    case OP_ACTIVATE:
    case OP_GATE:
    case OP_ROPE:
    case OP_HEAD_NORM:
    case OP_RMS_NORM:
    case OP_LAYER_NORM:
        return true;
    default:
        return false;
    }
}

/* Let the result take the place of an input that nobody reads later. */
static void share_place(struct layout *layout, struct operation *operation)
{
    if (!works_in_place(operation->op))
        return;
    for (int i = 0; i < 2 && operation->inputs[i]; i++) {
        const struct array *input = operation->node->inputs[i];
        bool dies = layout->last_use[input->number] == operation;
        if (dies && input->rows == operation->rows && input->width == operation->node->width &&
            input->op != OP_ROPE_ANGLES) {
            operation->out->same_place = operation->inputs[i];
            return;
        }
        if (operation->op != OP_ADD && operation->op != OP_MULTIPLY)
            return; /* only for these may the result lie over the second input */
    }
}

static bool make_values(struct layout *layout, size_t index, struct operation *operation)
{
    struct plan *plan = layout->plan;
    for (int i = 0; i < MAX_INPUTS && operation->node->inputs[i]; i++) {
        const struct array *input = operation->node->inputs[i];
        operation->inputs[i] = layout->values[input->number];
        if (operation->inputs[i])
            place_of(operation->inputs[i])->last_phase = index;
        if (is_small_constant(operation, i)) {
            operation->constants[i] = constant_floats(plan, input);
            if (!operation->constants[i])
                return false;
        }
    }
    if (operation->op == OP_STORE)
        return true;
    operation->out = new_value(plan, operation->node);
    if (!operation->out)
        return false;
    layout->values[operation->node->number] = operation->out;
    share_place(layout, operation);
    struct value *place = place_of(operation->out);
    if (place == operation->out)
        place->first_phase = index;
    place->last_phase = index;
    return true;
}

static int larger_first(const void *a, const void *b)
{
    const struct value *x = *(struct value *const *)a, *y = *(struct value *const *)b;
    if (x->size_bytes != y->size_bytes)
        return x->size_bytes < y->size_bytes ? 1 : -1;
    return x->first_phase < y->first_phase ? -1 : x->first_phase > y->first_phase;
}

static bool live_together(const struct value *a, const struct value *b)
{
    return a->first_phase <= b->last_phase && b->first_phase <= a->last_phase;
}

/* The lowest gap between values that live at the same time; `placed` is ordered by offset. */
static void place(struct layout *layout, struct value *value)
{
    size_t offset = 0;
    for (size_t i = 0; i < layout->n_placed; i++) {
        const struct value *other = layout->placed[i];
        if (!live_together(value, other))
            continue;
        if (offset + value->size_bytes <= other->offset)
            break;
        offset = size_max(offset, other->offset + other->size_bytes);
    }
    value->offset = offset;
    size_t at = layout->n_placed++;
    for (; at > 0 && layout->placed[at - 1]->offset > offset; at--)
        layout->placed[at] = layout->placed[at - 1];
    layout->placed[at] = value;
    layout->plan->memory_bytes = size_max(layout->plan->memory_bytes, offset + value->size_bytes);
}

static bool place_all(struct layout *layout, size_t n_nodes, struct error *err)
{
    struct value **roots = memory_zeroed(n_nodes, sizeof *roots);
    if (!roots)
        return fail_memory(err, n_nodes * sizeof *roots, "a plan");
    size_t n_roots = 0;
    for (size_t i = 0; i < n_nodes; i++)
        if (layout->values[i] && !layout->values[i]->same_place)
            roots[n_roots++] = layout->values[i];
    qsort(roots, n_roots, sizeof *roots, larger_first);
    for (size_t i = 0; i < n_roots; i++)
        place(layout, roots[i]);
    for (size_t i = 0; i < n_nodes; i++)
        if (layout->values[i])
            layout->values[i]->offset = place_of(layout->values[i])->offset;
    memory_free(roots);
    return true;
}

static void note_last_uses(struct layout *layout)
{
    for (size_t p = 0; p < layout->plan->n_phases; p++) {
        struct phase *phase = &layout->plan->phases[p];
        for (size_t o = 0; o < phase->n_operations; o++) {
            struct operation *operation = &phase->operations[o];
            for (int i = 0; i < MAX_INPUTS && operation->node->inputs[i]; i++)
                layout->last_use[operation->node->inputs[i]->number] = operation;
        }
    }
}

/* Read after the run. */
static struct value *keep(struct layout *layout, const struct array *node)
{
    struct value *value = layout->values[node->number];
    place_of(value)->last_phase = layout->plan->n_phases;
    return value;
}

static bool lay_out(struct layout *layout, const struct graph *graph, size_t n_nodes,
                    struct error *err)
{
    struct plan *plan = layout->plan;
    note_last_uses(layout);
    if (plan->limits.keeps_hidden)
        layout->last_use[graph->hidden->number] = NULL; /* nothing may take its place */
    for (size_t p = 0; p < plan->n_phases; p++)
        for (size_t o = 0; o < plan->phases[p].n_operations; o++)
            if (!make_values(layout, p, &plan->phases[p].operations[o]))
                return fail_memory(err, sizeof(struct value), "a plan");
    plan->output = keep(layout, graph->output);
    if (plan->limits.keeps_hidden)
        plan->hidden = keep(layout, graph->hidden);
    return place_all(layout, n_nodes, err);
}

bool layout_values(struct plan *plan, const struct graph *graph, size_t n_nodes, struct error *err)
{
    struct layout layout = { .plan = plan };
    layout.values = memory_zeroed(n_nodes, sizeof *layout.values);
    layout.last_use = memory_zeroed(n_nodes, sizeof *layout.last_use);
    layout.placed = memory_zeroed(n_nodes, sizeof *layout.placed);
    bool ok = layout.values && layout.last_use && layout.placed
                  ? lay_out(&layout, graph, n_nodes, err)
                  : fail_memory(err, 3 * n_nodes * sizeof(void *), "a plan");
    memory_free(layout.placed);
    memory_free(layout.last_use);
    memory_free(layout.values);
    return ok;
}

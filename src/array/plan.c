#include "array/plan.h"

#include "array/layout.h"
#include "array/phases.h"
#include "array/profile.h"
#include "array/schedule.h"
#include "base/memory.h"
#include "base/text.h"

enum { PLAN_LIMIT = 256 << 20 };

/* Scratch that the kernels of one operation want from each thread. */
static size_t scratch_of(const struct plan *plan, const struct operation *operation)
{
    const struct array *node = operation->node;
    const struct kernels *k = plan->kernels;
    if (operation->op == OP_LINEAR)
        return k->matmul.scratch_bytes(node->inputs[1]->of.type, node->inputs[1]->width);
    if (operation->op == OP_ATTENTION)
        return k->attention.scratch_bytes(node->of.attention.n_heads, node->of.attention.n_kv_heads,
                                          node->of.attention.head_dim);
    return 0;
}

/* Floats of a row's partials in the widest attention. */
static size_t partial_floats(const struct plan *plan)
{
    size_t n_floats = 0;
    for (size_t p = 0; p < plan->n_phases; p++)
        if (plan->phases[p].kind == PHASE_ATTENTION) {
            const struct array *node = plan->phases[p].operations[0].node;
            n_floats = size_max(n_floats, attention_partial_floats(node->of.attention.head_dim));
        }
    return n_floats;
}

static void measure_phases(struct plan *plan)
{
    for (size_t p = 0; p < plan->n_phases; p++) {
        struct phase *phase = &plan->phases[p];
        for (size_t o = 0; o < phase->n_operations; o++) {
            struct operation *operation = &phase->operations[o];
            plan->scratch_bytes = size_max(plan->scratch_bytes, scratch_of(plan, operation));
            if (phase->kind == PHASE_LINEAR) {
                plan->n_weights += operation->node->width * operation->node->inputs[1]->width;
                phase->n_tiles += (operation->node->width + MATMUL_TILE - 1) / MATMUL_TILE;
            }
        }
    }
    plan->scratch_bytes = align_up(plan->scratch_bytes + 64, 4096);
}

static void count_hidden_phases(struct plan *plan)
{
    for (size_t p = 0; plan->hidden && p < plan->n_phases; p++)
        for (size_t o = 0; o < plan->phases[p].n_operations; o++)
            if (plan->phases[p].operations[o].out == plan->hidden)
                plan->n_hidden_phases = p + 1;
}

static bool compile(struct plan *plan, struct graph *graph, struct error *err)
{
    struct array **nodes;
    size_t n_nodes;
    if (!graph_simplify(graph, err) || !graph_order(graph, &nodes, &n_nodes, err))
        return false;
    if (!schedule_phases(plan, nodes, n_nodes, err))
        return false;
    if (plan->limits.keeps_hidden && !graph->hidden)
        return fail(err, ERROR_UNSUPPORTED, "the model has no hidden state to be kept");
    if (!layout_values(plan, graph, n_nodes, err))
        return false;
    count_hidden_phases(plan);
    measure_phases(plan);
    plan->memory = memory_aligned(plan->memory_bytes);
    plan->scratch = memory_aligned(plan->scratch_bytes * thread_pool_size(plan->pool));
    if (!plan->memory || !plan->scratch)
        return fail_memory(err, plan_scratch_bytes(plan), "a plan's values");
    return attend_parts_open(&plan->attend_parts, thread_pool_size(plan->pool),
                             partial_floats(plan), err);
}

bool plan_compile(struct plan **out, struct graph *graph, const struct kernels *kernels,
                  struct thread_pool *pool, const struct plan_limits *limits, struct error *err)
{
    *out = NULL;
    struct plan *plan = memory_zeroed(1, sizeof *plan);
    if (!plan)
        return fail_memory(err, sizeof *plan, "a plan");
    plan->arena = arena_new(PLAN_LIMIT);
    plan->kernels = kernels;
    plan->pool = pool;
    plan->limits = *limits;
    bool ok = plan->arena ? compile(plan, graph, err) : fail_memory(err, PLAN_LIMIT, "a plan");
    if (!ok)
        plan_free(&plan);
    *out = plan;
    return ok;
}

void plan_free(struct plan **plan)
{
    if (!*plan)
        return;
    profile_close(&(*plan)->profile);
    memory_free((*plan)->memory);
    memory_free((*plan)->scratch);
    attend_parts_release(&(*plan)->attend_parts);
    arena_free(&(*plan)->arena);
    memory_free(*plan);
    *plan = NULL;
}

size_t plan_output_stride(const struct plan *plan)
{
    return plan->output->row_bytes / sizeof(float);
}

const float *plan_hidden(const struct plan *plan)
{
    return (const float *)(const void *)(plan->memory + plan->hidden->offset);
}

size_t plan_hidden_stride(const struct plan *plan)
{
    return plan->hidden->row_bytes / sizeof(float);
}

size_t plan_scratch_bytes(const struct plan *plan)
{
    return plan->memory_bytes + plan->scratch_bytes * thread_pool_size(plan->pool) +
           attend_parts_bytes(&plan->attend_parts);
}

bool plan_profile_start(struct plan *plan, struct error *err)
{
    if (plan->profile) {
        profile_clear(plan->profile);
        return true;
    }
    return profile_open(&plan->profile, plan, err);
}

void plan_profile_stop(struct plan *plan)
{
    profile_close(&plan->profile);
}

bool plan_profile(struct plan *plan, struct profile_report *out)
{
    if (plan->profile)
        profile_report(plan->profile, out);
    return plan->profile != NULL;
}

static const char *const op_names[] = {
    [OP_CONSTANT] = "constant",
    [OP_EMBED] = "embed",
    [OP_RMS_NORM] = "rms_norm",
    [OP_LAYER_NORM] = "layer_norm",
    [OP_HEAD_NORM] = "head_norm",
    [OP_PREPARE] = "prepare",
    [OP_LINEAR] = "linear",
    [OP_ADD] = "add",
    [OP_MULTIPLY] = "multiply",
    [OP_SCALE] = "scale",
    [OP_ACTIVATE] = "activate",
    [OP_GATE] = "gate",
    [OP_ROPE_ANGLES] = "rope_angles",
    [OP_ROPE] = "rope",
    [OP_STORE] = "store",
    [OP_ATTENTION] = "attention",
    [OP_TAKE_OUTPUTS] = "take_outputs",
};

const char *op_name(enum op op)
{
    return op_names[op];
}

bool plan_describe(const struct plan *plan, struct text *out)
{
    bool ok = true;
    for (size_t p = 0; ok && p < plan->n_phases; p++) {
        const struct phase *phase = &plan->phases[p];
        ok = text_printf(out, "%zu (%s):", p, phase->rows == ROWS_OUTPUTS ? "outputs" : "tokens");
        for (size_t o = 0; ok && o < phase->n_operations; o++) {
            const struct operation *operation = &phase->operations[o];
            ok = text_printf(out, " %s[%zu]", op_name(operation->op), operation->node->width);
        }
        ok = ok && text_append_byte(out, '\n');
    }
    return ok;
}

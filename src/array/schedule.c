#include "array/schedule.h"

#include "base/memory.h"

/* Everything the scheduler remembers while it runs. */
struct scheduler {
    struct plan *plan;
    struct array **nodes; /* [n_nodes] inputs before users */
    size_t n_nodes, n_left;
    size_t *done_in; /* [n_nodes] phase that computes the node, by node->number; NOT_YET */
    struct operation *operations; /* [n_nodes] handed out to phases one after another */
    size_t n_operations;
};

#define NOT_YET SIZE_MAX
#define ALWAYS  (SIZE_MAX - 1) /* constants */

static enum phase_kind kind_of(const struct array *node)
{
    if (node->op == OP_LINEAR)
        return PHASE_LINEAR;
    return node->op == OP_ATTENTION ? PHASE_ATTENTION : PHASE_ROWS;
}

/* Whether the node's inputs exist when phase `phase` reaches it: computed before, or by an earlier
 * operation on the same row of the same phase of rows. */
static bool is_ready(const struct scheduler *s, const struct array *node, size_t phase)
{
    if (s->done_in[node->number] != NOT_YET)
        return false;
    for (int i = 0; i < MAX_INPUTS && node->inputs[i]; i++) {
        size_t done = s->done_in[node->inputs[i]->number];
        if (done == NOT_YET || (done == phase && kind_of(node) != PHASE_ROWS))
            return false;
    }
    return true;
}

static void add_operation(struct scheduler *s, struct phase *phase, size_t index,
                          const struct array *node)
{
    struct operation *operation = &s->operations[s->n_operations++];
    operation->node = node;
    operation->op = node->op;
    operation->rows = node->rows;
    phase->n_operations++;
    s->done_in[node->number] = index;
    s->n_left--;
}

/* Try to make phase `index` of this kind; false when no node is ready for it. One attention a
 * phase. */
static bool fill_phase(struct scheduler *s, size_t index, enum phase_kind kind, enum row_space rows)
{
    struct phase *phase = &s->plan->phases[index];
    *phase =
        (struct phase){ .kind = kind, .rows = rows, .operations = &s->operations[s->n_operations] };
    for (size_t i = 0; i < s->n_nodes; i++) {
        struct array *node = s->nodes[i];
        if (kind_of(node) == kind && node->rows == rows && is_ready(s, node, index)) {
            add_operation(s, phase, index, node);
            if (kind == PHASE_ATTENTION)
                break;
        }
    }
    return phase->n_operations > 0;
}

static bool next_phase(struct scheduler *s, size_t index)
{
    static const enum row_space spaces[] = { ROWS_TOKENS, ROWS_OUTPUTS };
    static const enum phase_kind kinds[] = { PHASE_ROWS, PHASE_LINEAR, PHASE_ATTENTION };
    for (size_t k = 0; k < COUNT_OF(kinds); k++)
        for (size_t r = 0; r < COUNT_OF(spaces); r++)
            if (fill_phase(s, index, kinds[k], spaces[r]))
                return true;
    return false;
}

bool schedule_phases(struct plan *plan, struct array **nodes, size_t n_nodes, struct error *err)
{
    struct scheduler s = { .plan = plan, .nodes = nodes, .n_nodes = n_nodes };
    s.done_in = memory_zeroed(n_nodes, sizeof *s.done_in);
    s.operations = arena_alloc_array(plan->arena, n_nodes, sizeof *s.operations);
    plan->phases = arena_alloc_array(plan->arena, n_nodes, sizeof *plan->phases);
    bool ok = s.done_in && s.operations && plan->phases;
    if (!ok)
        fail_memory(err, n_nodes * sizeof *s.operations, "a plan");
    for (size_t i = 0; ok && i < n_nodes; i++) {
        bool is_constant = nodes[i]->op == OP_CONSTANT;
        s.done_in[nodes[i]->number] = is_constant ? ALWAYS : NOT_YET;
        s.n_left += !is_constant;
    }
    while (ok && s.n_left > 0) {
        bool progress = next_phase(&s, plan->n_phases++);
        assert(progress); /* a graph has no cycles */
        (void)progress;
    }
    memory_free(s.done_in);
    return ok;
}

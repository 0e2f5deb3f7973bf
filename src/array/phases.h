/* phases.h: the inside of a plan: phases, operations and values with their places. Private to the
 * array room. */
#ifndef PHASES_H
#define PHASES_H

#include "array/attend.h"
#include "array/graph.h"
#include "array/plan.h"

/* Bytes of one value for every row of a step. Values that die in place share their successor's. */
struct value {
    size_t row_bytes;               /* float rows */
    size_t size_bytes;              /* for the largest step */
    size_t offset;                  /* in the plan's arena */
    size_t first_phase, last_phase; /* lifetime */
    struct value *same_place;       /* computed in place over this one */
};

/* One node in the order of running, with everything looked up. */
struct operation {
    const struct array *node;
    enum op op;
    enum row_space rows;
    struct value *out;                  /* NULL: only an effect (store) */
    struct value *inputs[MAX_INPUTS];   /* NULL for constants */
    const float *constants[MAX_INPUTS]; /* norm weights and biases as floats */
    size_t profile_row;                 /* where its time is noted */
};

enum phase_kind { PHASE_ROWS, PHASE_LINEAR, PHASE_ATTENTION };

struct phase {
    enum phase_kind kind;
    enum row_space rows;
    struct operation *operations; /* [n_operations] */
    size_t n_operations;
    size_t n_tiles; /* PHASE_LINEAR: tiles of MATMUL_TILE rows of all its weights together */
};

struct plan {
    struct arena *arena;
    const struct kernels *kernels;
    struct thread_pool *pool;
    struct plan_limits limits;
    struct phase *phases; /* [n_phases] */
    size_t n_phases;
    size_t n_hidden_phases;        /* the first of them, which make `hidden` */
    struct value *output, *hidden; /* hidden: NULL: not kept */
    uint8_t *memory;               /* [memory_bytes] the values */
    size_t memory_bytes;
    uint8_t *scratch; /* [threads][scratch_bytes] */
    size_t scratch_bytes;
    struct attend_parts attend_parts;
    size_t n_weights;        /* elements of all weights that a row is multiplied with */
    struct profile *profile; /* NULL: not measured */
};

/* For people. */
const char *op_name(enum op op);

#endif

/* evaluate.c: running a plan. Everything here is called by all threads of the pool at once, and
 * allocates nothing. */
#include "array/phases.h"
#include "array/profile.h"

/* Multiplications of a step that one core does in some 50 us, which is what the barriers of a step
 * cost. */
enum { WORTH_SHARING = 2000000 };

struct evaluation {
    const struct plan *plan;
    const struct step *step;
};

static float *row_of(const struct evaluation *e, const struct value *value, size_t row)
{
    return (float *)(void *)(e->plan->memory + value->offset + row * value->row_bytes);
}

static size_t row_count(const struct evaluation *e, enum row_space rows)
{
    return rows == ROWS_OUTPUTS ? e->step->n_outputs : e->step->n_rows;
}

static size_t stride_of(const struct value *value)
{
    return value->row_bytes / sizeof(float);
}

static size_t layer_offset(const struct evaluation *e, const struct attention_shape *shape)
{
    return shape->layer *
           kv_layer_bytes(e->plan->limits.kv_type, shape->n_kv_heads, shape->head_dim);
}

static void run_embed(const struct evaluation *e, const struct operation *o, size_t row)
{
    const struct array *table = o->node->inputs[0];
    const uint8_t *data = table->of.data;
    data += (size_t)e->step->tokens[row] * table->of.row_bytes;
    e->plan->kernels->elementwise.dequantize(row_of(e, o->out, row), data, table->width,
                                             (int)table->of.type);
}

static void run_head_norm(const struct evaluation *e, const struct operation *o, size_t row)
{
    size_t head_dim = o->node->of.head_dim;
    float *y = row_of(e, o->out, row), *x = row_of(e, o->inputs[0], row);
    for (size_t at = 0; at < o->node->width; at += head_dim)
        e->plan->kernels->norm.rms_norm(y + at, x + at, NULL, o->constants[1], head_dim,
                                        o->node->of.eps);
}

static void run_rope(const struct evaluation *e, const struct operation *o, size_t row)
{
    const struct array *node = o->node;
    float *y = row_of(e, o->out, row);
    const float *x = row_of(e, o->inputs[0], row), *angles = row_of(e, o->inputs[1], row);
    size_t n = node->inputs[1]->width / 2, head_dim = node->of.head_dim;
    if (y != x)
        memcpy(y, x, node->width * sizeof *y);
    e->plan->kernels->rope.rotate[node->of.kind](y, node->width / head_dim, head_dim, 2 * n, angles,
                                                 angles + n);
}

static void run_store(const struct evaluation *e, const struct operation *o, size_t row)
{
    const struct attention_shape *shape = &o->node->of.attention;
    const struct segment *segment = &e->step->segments[e->step->row_segments[row]];
    uint32_t position = e->step->positions[row];
    uint8_t *page = segment->pages[position / KV_PAGE_TOKENS];
    e->plan->kernels->attention.store[e->plan->limits.kv_type](
        page + layer_offset(e, shape), position % KV_PAGE_TOKENS, row_of(e, o->inputs[0], row),
        row_of(e, o->inputs[1], row), shape->n_kv_heads, shape->head_dim);
}

static void run_prepare(const struct evaluation *e, const struct operation *o, size_t row)
{
    enum activation_format format = (enum activation_format)o->node->of.kind;
    e->plan->kernels->matmul.prepare(format, e->plan->memory + o->out->offset,
                                     row_of(e, o->inputs[0], 0), stride_of(o->inputs[0]),
                                     row_count(e, o->rows), o->node->width, row, row + 1);
}

static void run_take(const struct evaluation *e, const struct operation *o, size_t row)
{
    memcpy(row_of(e, o->out, row), row_of(e, o->inputs[0], e->step->output_rows[row]),
           o->node->width * sizeof(float));
}

static void run_row(const struct evaluation *e, const struct operation *o, size_t row)
{
    const struct kernels *k = e->plan->kernels;
    const struct array *node = o->node;
    size_t n = node->width;
    float *y = o->out && o->op != OP_PREPARE ? row_of(e, o->out, row) : NULL;
    float *a = o->inputs[0] && o->op != OP_TAKE_OUTPUTS ? row_of(e, o->inputs[0], row) : NULL;
    float *b = o->inputs[1] ? row_of(e, o->inputs[1], row) : NULL;
    switch (o->op) {
    case OP_EMBED:
        run_embed(e, o, row);
        break;
    case OP_RMS_NORM:
        k->norm.rms_norm(y, a, NULL, o->constants[1], n, node->of.eps);
        break;
    case OP_LAYER_NORM:
        k->norm.layer_norm(y, a, NULL, o->constants[1], o->constants[2], n, node->of.eps);
        break;
    case OP_HEAD_NORM:
        run_head_norm(e, o, row);
        break;
    case OP_PREPARE:
        run_prepare(e, o, row);
        break;
    case OP_ADD:
        k->elementwise.add(y, a, b, n);
        break;
    case OP_MULTIPLY:
        k->elementwise.multiply(y, a, b, n);
        break;
    case OP_SCALE:
        k->elementwise.scale(y, a, node->of.factor, n);
        break;
    case OP_ACTIVATE:
        k->elementwise.activate[node->of.kind](y, a, n);
        break;
    case OP_GATE:
        k->elementwise.gate[node->of.kind](y, a, b, n);
        break;
    case OP_ROPE_ANGLES:
        k->rope.angles(y, y + n / 2, node->of.data, n / 2, e->step->positions[row]);
        break;
    case OP_ROPE:
        run_rope(e, o, row);
        break;
    case OP_STORE:
        run_store(e, o, row);
        break;
    case OP_TAKE_OUTPUTS:
        run_take(e, o, row);
        break;
    case OP_CONSTANT:
    case OP_LINEAR:
    case OP_ATTENTION:
        assert(!"not an operation on rows");
    }
}

static void run_rows(const struct evaluation *e, const struct phase *phase,
                     struct profile_watch *watch)
{
    size_t rows = row_count(e, phase->rows), begin, end;
    size_t portion = rows / (4 * thread_pool_size(e->plan->pool)) + 1;
    while (thread_pool_take(e->plan->pool, rows, portion, &begin, &end))
        for (size_t row = begin; row < end; row++)
            for (size_t i = 0; i < phase->n_operations; i++) {
                run_row(e, &phase->operations[i], row);
                profile_note(watch, phase->operations[i].profile_row);
            }
}

/* Rows [n_begin, n_end) of one operation's weight. */
static void run_matmul(const struct evaluation *e, const struct operation *o, size_t n_begin,
                       size_t n_end, void *scratch)
{
    const struct array *weight = o->node->inputs[1];
    struct matmul job = {
        .weight = weight->of.data,
        .row_bytes = weight->of.row_bytes,
        .n = weight->of.n_rows,
        .k = weight->width,
        .x = e->plan->memory + o->inputs[0]->offset,
        .m = row_count(e, o->rows),
        .y = row_of(e, o->out, 0),
        .y_stride = stride_of(o->out),
        .bias = o->constants[2],
    };
    e->plan->kernels->matmul.run[weight->of.type](&job, n_begin, size_min(n_end, job.n), scratch);
}

/* Tiles [begin, end) of all the phase's weights, counted through. */
static void run_tiles(const struct evaluation *e, const struct phase *phase, size_t begin,
                      size_t end, void *scratch, struct profile_watch *watch)
{
    size_t first = 0;
    for (size_t i = 0; i < phase->n_operations && first < end; i++) {
        const struct operation *o = &phase->operations[i];
        size_t tiles = (o->node->width + MATMUL_TILE - 1) / MATMUL_TILE;
        size_t from = size_max(begin, first), to = size_min(end, first + tiles);
        if (from < to) {
            run_matmul(e, o, (from - first) * MATMUL_TILE, (to - first) * MATMUL_TILE, scratch);
            profile_note(watch, o->profile_row);
        }
        first += tiles;
    }
}

static void run_linear(const struct evaluation *e, const struct phase *phase, void *scratch,
                       struct profile_watch *watch)
{
    /* Kernels work on two tiles side by side, and each run of tiles begins with rows that nobody
     * has prefetched. */
    enum { TILES_AT_ONCE = 2 };
    size_t begin, end;
    while (thread_pool_take_shrinking(e->plan->pool, phase->n_tiles, TILES_AT_ONCE, &begin, &end))
        run_tiles(e, phase, begin, end, scratch, watch);
}

static void run_attention(const struct evaluation *e, const struct phase *phase, void *scratch,
                          struct profile_watch *watch)
{
    const struct operation *o = &phase->operations[0];
    const struct attention_shape *shape = &o->node->of.attention;
    const struct attend attend = {
        .kernels = &e->plan->kernels->attention,
        .kv_type = e->plan->limits.kv_type,
        .pool = e->plan->pool,
        .parts = &e->plan->attend_parts,
        .step = e->step,
        .job = {
            .q = row_of(e, o->inputs[0], 0),
            .q_stride = stride_of(o->inputs[0]),
            .out = row_of(e, o->out, 0),
            .out_stride = stride_of(o->out),
            .n_heads = shape->n_heads,
            .n_kv_heads = shape->n_kv_heads,
            .head_dim = shape->head_dim,
            .scale = shape->scale,
            .window = shape->window,
            .layer_offset = layer_offset(e, shape),
        },
    };
    attend_run(&attend, scratch);
    profile_note(watch, o->profile_row);
}

static void run_phases(void *context, size_t thread, size_t n_threads)
{
    (void)n_threads;
    const struct evaluation *e = context;
    const struct plan *plan = e->plan;
    void *scratch = plan->scratch + thread * plan->scratch_bytes;
    struct profile_watch watch = profile_watch(plan->profile, thread);
    size_t n_phases = e->step->ends_hidden ? plan->n_hidden_phases : plan->n_phases;
    for (size_t p = 0; p < n_phases; p++) {
        const struct phase *phase = &plan->phases[p];
        if (row_count(e, phase->rows) == 0)
            continue;
        if (phase->kind == PHASE_ROWS)
            run_rows(e, phase, &watch);
        else if (phase->kind == PHASE_LINEAR)
            run_linear(e, phase, scratch, &watch);
        else
            run_attention(e, phase, scratch, &watch);
        thread_pool_barrier(plan->pool);
        profile_note(&watch, PROFILE_WAITING + phase->kind);
    }
}

float *plan_run(struct plan *plan, const struct step *step)
{
    assert(step->n_rows <= plan->limits.max_rows && step->n_outputs <= plan->limits.max_outputs);
    struct evaluation e = { plan, step };
    profile_run_begins(plan->profile);
    if (step->n_rows * plan->n_weights < WORTH_SHARING)
        thread_pool_run_alone(plan->pool, run_phases, &e);
    else
        thread_pool_run(plan->pool, run_phases, &e);
    profile_run_ends(plan->profile);
    return row_of(&e, plan->output, 0);
}

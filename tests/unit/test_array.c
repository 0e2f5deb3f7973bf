#include "test.h"

#include "array/graph.h"
#include "array/plan.h"
#include "base/text.h"

static struct graph *new_graph(void)
{
    struct graph *graph;
    struct error err = { 0 };
    assert_ok(graph_new(&graph, &err), err);
    return graph;
}

static const float numbers[64 * 64];

static struct array *matrix(struct graph *graph, size_t n_rows, size_t row_length)
{
    return array_constant(graph, DTYPE_F32, numbers, n_rows, row_length,
                          row_length * sizeof(float));
}

static size_t count_ops(struct graph *graph, enum op op, enum row_space rows)
{
    struct array **nodes;
    size_t n, count = 0;
    struct error err = { 0 };
    assert_ok(graph_order(graph, &nodes, &n, &err), err);
    for (size_t i = 0; i < n; i++)
        count += nodes[i]->op == op && nodes[i]->rows == rows;
    return count;
}

TEST(equal_nodes_are_one_node)
{
    struct graph *graph = new_graph();
    struct array *x = array_embed(matrix(graph, 8, 16));
    struct array *w = matrix(graph, 1, 16);
    assert_ptr_equal(array_rms_norm(x, w, 1e-5f), array_rms_norm(x, w, 1e-5f));
    assert_ptr_not_equal(array_rms_norm(x, w, 1e-5f), array_rms_norm(x, w, 1e-6f));
    assert_ptr_equal(array_scale(x, 1.0f), x);
    assert_null(array_add(x, NULL));
    graph_free(&graph);
}

TEST(matmuls_of_one_input_share_its_preparation)
{
    struct graph *graph = new_graph();
    struct error err = { 0 };
    struct array *x = array_embed(matrix(graph, 8, 16));
    struct array *a = array_linear(x, matrix(graph, 24, 16), NULL);
    struct array *b = array_linear(x, matrix(graph, 24, 16), matrix(graph, 1, 24));
    graph_set_output(graph, array_add(a, b));
    assert_ok(graph_simplify(graph, &err), err);
    assert_int_equal(count_ops(graph, OP_LINEAR, ROWS_TOKENS), 2);
    assert_int_equal(count_ops(graph, OP_PREPARE, ROWS_TOKENS), 1);
    graph_free(&graph);
}

static struct array *attend(struct graph *graph, struct array *x, size_t layer)
{
    struct attention_shape shape = {
        .layer = layer, .n_heads = 1, .n_kv_heads = 1, .head_dim = 16, .scale = 1
    };
    struct array *w = matrix(graph, 16, 16);
    return array_attention(array_linear(x, w, NULL), array_linear(x, w, NULL), x, &shape);
}

TEST(outputs_are_taken_before_the_last_layers_rows_are_computed)
{
    struct graph *graph = new_graph();
    struct error err = { 0 };
    struct array *x = array_embed(matrix(graph, 8, 16));
    for (size_t layer = 0; layer < 2; layer++) {
        x = array_add(x, attend(graph, x, layer));
        struct array *gate =
            array_activate(array_linear(x, matrix(graph, 32, 16), NULL), ACTIVATION_SILU);
        struct array *up = array_linear(x, matrix(graph, 31, 16), NULL);
        (void)up;
        x = array_add(x, array_linear(array_multiply(gate, gate), matrix(graph, 16, 32), NULL));
    }
    graph_set_output(graph, array_linear(array_take_outputs(x), matrix(graph, 8, 16), NULL));
    assert_ok(graph_simplify(graph, &err), err);
    /* First layer: projections (q and k are one node) and two matmuls for all tokens, second:
     * projections only. */
    assert_int_equal(count_ops(graph, OP_LINEAR, ROWS_TOKENS), 4);
    assert_int_equal(count_ops(graph, OP_LINEAR, ROWS_OUTPUTS), 3);
    assert_int_equal(count_ops(graph, OP_STORE, ROWS_TOKENS), 2);
    graph_free(&graph);
}

TEST(values_that_do_not_live_together_share_memory)
{
    struct graph *graph = new_graph();
    struct error err = { 0 };
    struct kernels kernels;
    struct thread_pool *pool;
    struct plan *plan;
    kernels_init(&kernels, 0);
    assert_ok(thread_pool_open(&pool, 1, &err), err);
    struct array *x = array_embed(matrix(graph, 8, 64));
    for (int i = 0; i < 40; i++)
        x = array_linear(array_scale(x, 2.0f), matrix(graph, 64, 64), NULL);
    graph_set_output(graph, x);
    struct plan_limits limits = { .max_rows = 32, .max_outputs = 4, .kv_type = KV_F16 };
    assert_ok(plan_compile(&plan, graph, &kernels, pool, &limits, &err), err);
    /* At most the matmul's input, its prepared form and its output are alive at once. */
    assert_true(plan_scratch_bytes(plan) < 6 * 32 * (64 * sizeof(float) + 64) + 2 * 65536);
    struct text text;
    text_init(&text, 1 << 20);
    assert_true(plan_describe(plan, &text));
    assert_non_null(strstr(text.data, "linear[64]"));
    text_release(&text);
    plan_free(&plan);
    thread_pool_close(&pool);
    graph_free(&graph);
}

TEST(a_plan_computes_what_was_traced)
{
    struct graph *graph = new_graph();
    struct error err = { 0 };
    struct kernels kernels;
    struct thread_pool *pool;
    struct plan *plan;
    static const float table[3][2] = { { 1, 2 }, { 3, 4 }, { -5, 6 } },
                       weight[3][2] = { { 1, 0 }, { 0, 1 }, { 1, 1 } };
    kernels_init(&kernels, cpu_features());
    assert_ok(thread_pool_open(&pool, 0, &err), err);
    struct array *x = array_embed(array_constant(graph, DTYPE_F32, table, 3, 2, 8));
    struct array *y = array_linear(array_scale(array_add(x, x), 0.25f),
                                   array_constant(graph, DTYPE_F32, weight, 3, 2, 8), NULL);
    graph_set_output(graph, array_take_outputs(array_activate(y, ACTIVATION_RELU)));
    struct plan_limits limits = { .max_rows = 4, .max_outputs = 4, .kv_type = KV_F16 };
    assert_ok(plan_compile(&plan, graph, &kernels, pool, &limits, &err), err);
    const int32_t tokens[] = { 0, 1, 2 };
    const uint32_t positions[] = { 0, 1, 2 }, segments[] = { 0, 0, 0 }, outputs[] = { 1, 2 };
    const struct segment segment = { 0, 3, 0, NULL };
    struct step step = {
        .n_rows = 3,
        .tokens = tokens,
        .positions = positions,
        .row_segments = segments,
        .segments = &segment,
        .n_segments = 1,
        .output_rows = outputs,
        .n_outputs = 2,
    };
    const float *out = plan_run(plan, &step);
    const float want[2][3] = { { 1.5f, 2.0f, 3.5f }, { 0, 3.0f, 0.5f } };
    for (size_t r = 0; r < 2; r++)
        for (size_t i = 0; i < 3; i++)
            assert_true(out[r * plan_output_stride(plan) + i] == want[r][i]);
    plan_free(&plan);
    thread_pool_close(&pool);
    graph_free(&graph);
}

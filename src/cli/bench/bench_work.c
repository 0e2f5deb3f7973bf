#include "cli/bench/bench_work.h"

#include "quant/dtype.h"

static const struct weight *find_either(const struct weights *w, const char *gguf_name,
                                        const char *other_name)
{
    const struct weight *weight = weights_find(w, gguf_name);
    return weight ? weight : weights_find(w, other_name);
}

static void add_weight(struct bench_work *work, const struct weight *weight, bool is_output)
{
    work->weight_bytes += (double)weight->size_bytes;
    if (weight->n_rows == 1) /* norms and biases are no matmul */
        return;
    double operations = 2.0 * (double)weight->n_rows * (double)weight->row_length;
    bool integers = dtype_is_quantized(weight->type);
    *(is_output  ? integers ? &work->output.integers : &work->output.floats
      : integers ? &work->row.integers
                 : &work->row.floats) += operations;
}

struct bench_work bench_work_of(const struct engine *engine, double position_bytes)
{
    const struct weights *w = engine_weights(engine);
    const struct model_config *config = engine_config(engine);
    const struct weight *embedding =
        find_either(w, "token_embd.weight", "model.embed_tokens.weight");
    const struct weight *output = find_either(w, "output.weight", "lm_head.weight");
    struct bench_work work = {
        .position_bytes = position_bytes,
        .window = (uint32_t)config->window,
        .windowed = 1 - (double)config->first_window_layer / (double)config->n_layers,
    };
    for (size_t i = 0; i < weights_count(w); i++) {
        const struct weight *weight = weights_at(w, i);
        bool is_lookup = weight == embedding && output; /* one row of it a token */
        if (!is_lookup)
            add_weight(&work, weight, weight == (output ? output : embedding));
    }
    return work;
}

double bench_work_step_bytes(const struct bench_work *work, uint32_t n_sequences, double context)
{
    double seen = context;
    if (work->window && context > work->window)
        seen = work->windowed * work->window + (1 - work->windowed) * context;
    return work->weight_bytes + n_sequences * seen * work->position_bytes;
}

double bench_work_matmul_seconds(const struct bench_work *work, double n_rows, double n_outputs,
                                 const struct bench_limits *limits)
{
    if (limits->integer_ops <= 0 || limits->float_ops <= 0)
        return 0;
    double integers = n_rows * work->row.integers + n_outputs * work->output.integers;
    double floats = n_rows * work->row.floats + n_outputs * work->output.floats;
    return integers / limits->integer_ops + floats / limits->float_ops;
}

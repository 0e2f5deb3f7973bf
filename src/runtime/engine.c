#include "runtime/engine.h"

#include "array/plan.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/page_warmer.h"
#include "base/thread_pool.h"
#include "runtime/sequence.h"

#include <unistd.h>

struct engine {
    struct weights *weights;
    struct page_warmer *warmer; /* NULL: none runs */
    struct model *model;
    struct tokenizer *tokenizer; /* NULL: the model has none */
    struct kernels kernels;
    struct thread_pool *pool;
    struct graph *graph;
    struct plan *plan;
    struct kv_cache *cache;
    struct prefix_cache *prefixes; /* NULL: none are kept */
    struct engine_options options; /* with zeros replaced */
    uint64_t load_ns;

    /* One step's inputs; room for max_batch_tokens rows. */
    int32_t *tokens;
    uint32_t *positions, *row_segments, *output_rows;
    struct segment *segments;
};

struct engine_options engine_defaults(void)
{
    return (struct engine_options){
        .max_batch_tokens = 256,
        .max_outputs = 16,
        .kv_type = KV_AUTO,
        .cpu_features = ~0u,
    };
}

struct engine_options engine_defaults_for(uint32_t n_sequences)
{
    struct engine_options options = engine_defaults();
    if (n_sequences > options.max_outputs)
        options.max_outputs = n_sequences;
    if (n_sequences > options.max_batch_tokens)
        options.max_batch_tokens = n_sequences;
    return options;
}

static uint64_t free_memory_bytes(void)
{
    long pages = sysconf(_SC_AVPHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : (uint64_t)1 << 32;
}

static bool open_tokenizer(struct engine *engine, struct error *err)
{
    const struct gguf *gguf = weights_gguf(engine->weights);
    if (gguf && !gguf_find(gguf, "tokenizer.ggml.model"))
        return true;
    if (gguf)
        return tokenizer_from_gguf(&engine->tokenizer, gguf, err);
    const char *path = weights_side_file(engine->weights, "tokenizer.json");
    if (!path)
        path = weights_side_file(engine->weights, "tokenizer.model");
    return !path || tokenizer_open(&engine->tokenizer, path, err);
}

/* generation_config.json or config.json may name more tokens that end an answer. */
static bool add_end_tokens(struct engine *engine, struct error *err)
{
    if (weights_is_gguf(engine->weights) || !engine->tokenizer)
        return true;
    int64_t ends[16];
    size_t n_ends = 0;
    struct error ignored = { 0 };
    if (!weights_int_array(engine->weights, "eos_token_id", ends, COUNT_OF(ends), &n_ends,
                           &ignored))
        n_ends = weights_int(engine->weights, "eos_token_id", ends, &ignored) ? 1 : 0;
    for (size_t i = 0; i < n_ends; i++)
        if (ends[i] >= 0 && ends[i] < engine->model->config.n_vocab &&
            !tokenizer_add_end(engine->tokenizer, (token_id)ends[i]))
            return fail_memory(err, sizeof(token_id), "an end token");
    return true;
}

static bool check_vocabulary(struct engine *engine, struct error *err)
{
    if (!engine->tokenizer)
        return true;
    size_t tokens = tokenizer_size(engine->tokenizer);
    /* Embeddings may be padded beyond the vocabulary, never shorter. */
    if (tokens > (uint64_t)engine->model->config.n_vocab)
        return fail(err, ERROR_FORMAT,
                    "'%s': the tokenizer has %zu tokens, the embedding only %" PRId64 " rows",
                    weights_path(engine->weights), tokens, engine->model->config.n_vocab);
    return add_end_tokens(engine, err);
}

enum { SMALL_CONTEXT_BYTES = 64 << 20, PREFIX_BYTES = 256 << 20 };

/* Keys and values of the model's longest context. */
static uint64_t context_bytes(const struct model_config *c, enum kv_type type)
{
    uint64_t page = kv_layer_bytes(type, (size_t)c->n_kv_heads, (size_t)c->head_dim);
    return page / KV_PAGE_TOKENS * (uint64_t)c->n_ctx * (uint64_t)c->n_layers;
}

static bool open_cache(struct engine *engine, struct error *err)
{
    const struct model_config *c = &engine->model->config;
    struct engine_options *o = &engine->options;
    if (o->n_ctx == 0 || o->n_ctx > c->n_ctx)
        o->n_ctx = (uint32_t)c->n_ctx;
    if (o->kv_type == KV_AUTO)
        o->kv_type = context_bytes(c, KV_F32) <= SMALL_CONTEXT_BYTES ? KV_F32 : KV_F16;
    if (o->kv_budget_bytes == 0)
        o->kv_budget_bytes = free_memory_bytes() / 2;
    struct kv_cache_options options = {
        .type = o->kv_type,
        .n_layers = (size_t)c->n_layers,
        .n_kv_heads = (size_t)c->n_kv_heads,
        .head_dim = (size_t)c->head_dim,
        .budget_bytes = o->kv_budget_bytes,
        /* what was read before is worth the memory of two whole contexts, not all there is */
        .reuse_bytes = size_max(PREFIX_BYTES, 2 * context_bytes(c, o->kv_type)),
    };
    return kv_cache_open(&engine->cache, &options, err) &&
           (!o->keeps_prefixes || prefix_cache_open(&engine->prefixes, engine->cache, err));
}

static bool open_plan(struct engine *engine, struct error *err)
{
    struct engine_options *o = &engine->options;
    kernels_init(&engine->kernels, cpu_features() & o->cpu_features);
    struct plan_limits limits = {
        .max_rows = o->max_batch_tokens,
        .max_outputs = o->max_outputs,
        .kv_type = o->kv_type,
        .keeps_hidden = o->wants_hidden,
    };
    return thread_pool_open(&engine->pool, o->n_threads, err) && graph_new(&engine->graph, err) &&
           model_trace(engine->model, engine->graph, err) &&
           plan_compile(&engine->plan, engine->graph, &engine->kernels, engine->pool, &limits, err);
}

static size_t input_bytes(const struct engine *engine)
{
    size_t row_bytes = sizeof *engine->tokens + sizeof *engine->positions +
                       sizeof *engine->row_segments + sizeof *engine->segments;
    return engine->options.max_batch_tokens * row_bytes +
           engine->options.max_outputs * sizeof *engine->output_rows;
}

static bool open_inputs(struct engine *engine, struct error *err)
{
    size_t rows = engine->options.max_batch_tokens, outputs = engine->options.max_outputs;
    engine->tokens = memory_zeroed(rows, sizeof *engine->tokens);
    engine->positions = memory_zeroed(rows, sizeof *engine->positions);
    engine->row_segments = memory_zeroed(rows, sizeof *engine->row_segments);
    engine->segments = memory_zeroed(rows, sizeof *engine->segments);
    engine->output_rows = memory_zeroed(outputs, sizeof *engine->output_rows);
    if (!engine->tokens || !engine->positions || !engine->row_segments || !engine->segments ||
        !engine->output_rows)
        return fail_memory(err, input_bytes(engine), "a step's inputs");
    return true;
}

static bool open_all(struct engine *engine, const char *path, struct error *err)
{
    if (engine->options.max_batch_tokens == 0 || engine->options.max_outputs == 0)
        return fail(err, ERROR_USAGE, "a step needs at least one row and one output");
    return cpu_features_check(err) && weights_open(&engine->weights, path, err) &&
           model_load(&engine->model, engine->weights, err) && open_tokenizer(engine, err) &&
           check_vocabulary(engine, err) && open_cache(engine, err) && open_plan(engine, err) &&
           open_inputs(engine, err);
}

/* Page faults of a large model take as long as a short prompt; whoever types one gives time. */
static void start_warming(struct engine *engine)
{
    size_t n = weights_count(engine->weights);
    struct page_range *ranges = memory_zeroed(n, sizeof *ranges);
    for (size_t i = 0; ranges && i < n; i++) {
        const struct weight *weight = weights_at(engine->weights, i);
        ranges[i] = (struct page_range){ weight->data, weight->size_bytes };
    }
    page_warmer_start(&engine->warmer, ranges, n);
}

bool engine_open(struct engine **out, const char *path, const struct engine_options *options,
                 struct error *err)
{
    *out = NULL;
    uint64_t start = clock_ns();
    struct engine *engine = memory_zeroed(1, sizeof *engine);
    if (!engine)
        return fail_memory(err, sizeof *engine, "an engine");
    engine->options = options ? *options : engine_defaults();
    if (!open_all(engine, path, err)) {
        engine_close(&engine);
        return false;
    }
    start_warming(engine);
    engine->load_ns = clock_ns() - start;
    *out = engine;
    return true;
}

void engine_close(struct engine **engine)
{
    struct engine *e = *engine;
    if (!e)
        return;
    page_warmer_stop(&e->warmer);
    memory_free(e->output_rows);
    memory_free(e->segments);
    memory_free(e->row_segments);
    memory_free(e->positions);
    memory_free(e->tokens);
    plan_free(&e->plan);
    graph_free(&e->graph);
    thread_pool_close(&e->pool);
    prefix_cache_close(&e->prefixes);
    kv_cache_close(&e->cache);
    tokenizer_close(&e->tokenizer);
    model_free(&e->model);
    weights_close(&e->weights);
    memory_free(e);
    *engine = NULL;
}

bool sequence_open(struct sequence **out, struct engine *engine, struct error *err)
{
    return sequence_new(out, engine->cache, engine->prefixes, engine->options.n_ctx, err);
}

static uint32_t outputs_of(const struct batch_item *item)
{
    if (item->wanted == LOGITS_ALL)
        return item->n_tokens;
    return item->wanted == LOGITS_LAST ? 1 : 0;
}

static bool check_item(const struct engine *engine, const struct batch_item *item,
                       struct error *err)
{
    if (item->n_tokens == 0)
        return fail(err, ERROR_USAGE, "a sequence of a batch has no tokens");
    if (item->hidden_only && !engine->options.wants_hidden)
        return fail(err, ERROR_USAGE, "hidden states were not asked for when the model was opened");
    for (uint32_t i = 0; i < item->n_tokens; i++)
        if (item->tokens[i] < 0 || item->tokens[i] >= engine->model->config.n_vocab)
            return fail(err, ERROR_USAGE, "token %" PRId32 " is outside the vocabulary of %" PRId64,
                        item->tokens[i], engine->model->config.n_vocab);
    return true;
}

static bool check_batch(const struct engine *engine, const struct batch_item *items, size_t n_items,
                        struct error *err)
{
    uint64_t rows = 0, outputs = 0;
    for (size_t i = 0; i < n_items; i++) {
        if (!check_item(engine, &items[i], err))
            return false;
        rows += items[i].n_tokens;
        outputs += outputs_of(&items[i]);
    }
    if (rows > engine->options.max_batch_tokens)
        return fail(err, ERROR_USAGE,
                    "a batch of %" PRIu64 " tokens, at most %" PRIu32 " are possible", rows,
                    engine->options.max_batch_tokens);
    if (outputs > engine->options.max_outputs)
        return fail(err, ERROR_USAGE,
                    "a batch with %" PRIu64 " rows of logits, at most %" PRIu32 " are possible",
                    outputs, engine->options.max_outputs);
    return true;
}

/* Pages for all items or for none. */
static bool reserve_all(struct batch_item *items, size_t n_items, struct error *err)
{
    for (size_t i = 0; i < n_items; i++) {
        if (sequence_reserve(items[i].sequence, items[i].n_tokens, err))
            continue;
        while (i-- > 0)
            sequence_truncate(items[i].sequence, items[i].sequence->length);
        return false;
    }
    return true;
}

static void add_rows(struct engine *engine, struct step *step, size_t segment,
                     const struct batch_item *item)
{
    struct sequence *sequence = item->sequence;
    engine->segments[segment] = (struct segment){
        .first_row = step->n_rows,
        .n_rows = item->n_tokens,
        .first_position = sequence->length,
        .pages = sequence->pages,
    };
    uint32_t first_output = item->n_tokens - outputs_of(item);
    for (uint32_t i = 0; i < item->n_tokens; i++) {
        size_t row = step->n_rows++;
        engine->tokens[row] = item->tokens[i];
        engine->positions[row] = sequence->length + i;
        engine->row_segments[row] = (uint32_t)segment;
        if (i >= first_output)
            engine->output_rows[step->n_outputs++] = (uint32_t)row;
    }
}

/* What was computed of the rows that wanted something, item by item. */
static void share_outputs(const struct engine *engine, struct batch_item *items, size_t n_items,
                          float *logits)
{
    bool has_hidden = engine->options.wants_hidden;
    const float *hidden = has_hidden ? plan_hidden(engine->plan) : NULL;
    size_t stride = plan_output_stride(engine->plan);
    size_t hidden_stride = has_hidden ? plan_hidden_stride(engine->plan) : 0;
    for (size_t i = 0; i < n_items; i++) {
        uint32_t outputs = outputs_of(&items[i]);
        items[i].logits = outputs ? logits : NULL;
        items[i].logits_stride = stride;
        items[i].hidden = outputs ? hidden : NULL;
        items[i].hidden_stride = hidden_stride;
        if (logits)
            logits += outputs * stride;
        if (hidden)
            hidden += outputs * hidden_stride;
    }
}

static bool ends_hidden(const struct batch_item *items, size_t n_items)
{
    bool ends = false;
    for (size_t i = 0; i < n_items; i++) {
        if (outputs_of(&items[i]) && !items[i].hidden_only)
            return false;
        ends |= items[i].hidden_only;
    }
    return ends;
}

bool engine_step(struct engine *engine, struct batch_item *items, size_t n_items, struct error *err)
{
    if (!check_batch(engine, items, n_items, err) || !reserve_all(items, n_items, err))
        return false;
    struct step step = {
        .tokens = engine->tokens,
        .positions = engine->positions,
        .row_segments = engine->row_segments,
        .segments = engine->segments,
        .n_segments = n_items,
        .output_rows = engine->output_rows,
        .ends_hidden = ends_hidden(items, n_items),
    };
    for (size_t i = 0; i < n_items; i++)
        add_rows(engine, &step, i, &items[i]);
    float *logits = plan_run(engine->plan, &step);
    for (size_t i = 0; i < n_items; i++)
        sequence_append(items[i].sequence, items[i].tokens, items[i].n_tokens);
    share_outputs(engine, items, n_items, step.ends_hidden ? NULL : logits);
    return true;
}

bool engine_prefill(struct engine *engine, struct sequence *sequence, const token_id *tokens,
                    size_t n_tokens, float **logits, const volatile int *cancelled,
                    struct error *err)
{
    for (size_t done = 0; done < n_tokens;) {
        if (cancelled && *cancelled)
            return fail(err, ERROR_CANCELLED, "cancelled");
        size_t chunk = size_min(n_tokens - done, engine->options.max_batch_tokens);
        bool is_last = done + chunk == n_tokens;
        struct batch_item item = {
            .sequence = sequence,
            .tokens = tokens + done,
            .n_tokens = (uint32_t)chunk,
            .wanted = is_last && logits ? LOGITS_LAST : LOGITS_NONE,
        };
        if (!engine_step(engine, &item, 1, err))
            return false;
        if (is_last && logits)
            *logits = item.logits;
        done += chunk;
    }
    return true;
}

const struct weights *engine_weights(const struct engine *engine)
{
    return engine->weights;
}

const struct model_config *engine_config(const struct engine *engine)
{
    return &engine->model->config;
}

const char *engine_architecture(const struct engine *engine)
{
    return model_family_name(engine->model);
}

const struct tokenizer *engine_tokenizer(const struct engine *engine)
{
    return engine->tokenizer;
}

uint32_t engine_n_ctx(const struct engine *engine)
{
    return engine->options.n_ctx;
}

uint32_t engine_max_batch_tokens(const struct engine *engine)
{
    return engine->options.max_batch_tokens;
}

uint32_t engine_max_outputs(const struct engine *engine)
{
    return engine->options.max_outputs;
}

uint64_t engine_load_ns(const struct engine *engine)
{
    return engine->load_ns;
}

size_t engine_n_threads(const struct engine *engine)
{
    return thread_pool_size(engine->pool);
}

enum kv_type engine_kv_type(const struct engine *engine)
{
    return engine->options.kv_type;
}

size_t engine_kv_page_bytes(const struct engine *engine)
{
    return kv_cache_page_bytes(engine->cache);
}

const struct kernels *engine_kernels(const struct engine *engine)
{
    return &engine->kernels;
}

bool engine_profile_start(struct engine *engine, struct error *err)
{
    return plan_profile_start(engine->plan, err);
}

void engine_profile_stop(struct engine *engine)
{
    plan_profile_stop(engine->plan);
}

bool engine_profile(struct engine *engine, struct profile_report *out)
{
    return plan_profile(engine->plan, out);
}

void engine_memory(const struct engine *engine, struct engine_memory *out)
{
    uint64_t taken = kv_cache_taken_bytes(engine->cache);
    uint64_t idle = engine->prefixes ? prefix_cache_idle_bytes(engine->prefixes) : 0;
    *out = (struct engine_memory){
        .weights_bytes = weights_file_bytes(engine->weights),
        .kv_used_bytes = taken - idle,
        .kv_cached_bytes = idle,
        .kv_allocated_bytes = kv_cache_allocated_bytes(engine->cache),
        .kv_budget_bytes = kv_cache_budget_bytes(engine->cache),
        .scratch_bytes = plan_scratch_bytes(engine->plan) + input_bytes(engine),
    };
}

void engine_set_kv_budget(struct engine *engine, uint64_t budget_bytes)
{
    kv_cache_set_budget(engine->cache, budget_bytes);
}

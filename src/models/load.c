/* load.c: a family's tables turned into a configuration and bound weights, with every check and
 * message. */
#include "base/memory.h"
#include "base/table.h"
#include "models/family.h"
#include "models/rope_frequencies.h"

#include <math.h>
#include <stdio.h>

enum { MODEL_LIMIT = 256 << 20, NAME_BYTES = 128 };

struct loader {
    struct model *model;
    const struct weights *w;
    bool is_gguf;
    bool *is_used;      /* [weights_count] tensors that the family knows */
    struct table index; /* name -> number of a tensor */
};

static void config_set(struct model_config *config, const struct config_key *key, double value)
{
    char *field = (char *)config + key->offset;
    if (key->type == CONFIG_INT)
        *(int64_t *)(void *)field = (int64_t)value;
    else
        *(double *)(void *)field = value;
}

static double config_get(const struct model_config *config, size_t offset, enum config_type type)
{
    const char *field = (const char *)config + offset;
    if (type == CONFIG_INT)
        return (double)*(const int64_t *)(const void *)field;
    return *(const double *)(const void *)field;
}

/* The number behind a key: 1 found, 0 absent, -1 failed. */
static int read_number(const struct loader *l, const struct config_key *key, const char *name,
                       double *value, struct error *err)
{
    struct error problem = { 0 };
    int64_t integer = 0;
    bool found = key->type == CONFIG_INT ? weights_int(l->w, name, &integer, &problem)
                                         : weights_double(l->w, name, value, &problem);
    if (found && key->type == CONFIG_INT)
        *value = (double)integer;
    if (!found && problem.code != ERROR_NONE) {
        fail(err, problem.code, "%s", problem.message);
        return -1;
    }
    return found;
}

static bool read_key(struct loader *l, const struct config_key *key, struct error *err)
{
    const char *name = l->is_gguf ? key->gguf : key->hf, *path = weights_path(l->w);
    double value = 0;
    int found = name ? read_number(l, key, name, &value, err) : 0;
    if (found < 0)
        return false;
    if (found && !(value >= key->least && value <= key->most))
        return fail(err, ERROR_FORMAT, "'%s': '%s' is %g, allowed are %g to %g", path, name, value,
                    key->least, key->most);
    if (!found && key->need == CONFIG_REQUIRED)
        return fail(err, ERROR_FORMAT, "'%s' has no '%s'", path, name ? name : "?");
    if (!found && key->need == CONFIG_SAME_AS)
        value = config_get(&l->model->config, key->same_as, key->type);
    if (!found && key->need == CONFIG_DEFAULT)
        value = key->fallback;
    config_set(&l->model->config, key, value);
    return true;
}

/* Sizes that follow from others, and what must hold between them. */
static bool complete_config(struct loader *l, struct error *err)
{
    struct model_config *c = &l->model->config;
    const char *path = weights_path(l->w);
    if (c->n_heads % c->n_kv_heads != 0)
        return fail(err, ERROR_FORMAT,
                    "'%s': %" PRId64 " attention heads are no multiple of %" PRId64 " KV heads",
                    path, c->n_heads, c->n_kv_heads);
    if (c->head_dim == 0 && c->n_embd % c->n_heads != 0)
        return fail(err, ERROR_FORMAT,
                    "'%s': width %" PRId64 " is no multiple of %" PRId64 " attention heads", path,
                    c->n_embd, c->n_heads);
    if (c->head_dim == 0)
        c->head_dim = c->n_embd / c->n_heads;
    if (c->rotary_dim == 0)
        c->rotary_dim = c->head_dim;
    if (c->rotary_dim % 2 != 0 || c->rotary_dim > c->head_dim)
        return fail(err, ERROR_FORMAT,
                    "'%s': %" PRId64 " rotary dimensions do not fit a head of %" PRId64, path,
                    c->rotary_dim, c->head_dim);
    c->rope_layout = l->is_gguf ? l->model->family->gguf_rope : l->model->family->hf_rope;
    return rope_scaling_read(c, l->w, err);
}

/* Switches that change the arithmetic and that no table row covers: each must have the value the
 * families compute. */
static bool check_switches(struct loader *l, struct error *err)
{
    struct error ignored = { 0 };
    struct model_config *c = &l->model->config;
    int64_t n_experts = 0;
    const char *key = l->is_gguf ? "expert_count" : "num_local_experts|num_experts";
    if (weights_int(l->w, key, &n_experts, &ignored) && n_experts > 0)
        return fail(err, ERROR_UNSUPPORTED,
                    "'%s' is a mixture of %" PRId64 " experts, which is not supported yet",
                    weights_path(l->w), n_experts);
    struct slice activation;
    if (!l->is_gguf && weights_string(l->w, "hidden_act", &activation, &ignored) &&
        !slice_equal(activation, slice_of("silu")))
        return fail(err, ERROR_UNSUPPORTED, "'%s' uses activation '%s', the family computes 'silu'",
                    weights_path(l->w), printable(activation));
    bool use_window = true;
    if (!l->is_gguf && weights_bool(l->w, "use_sliding_window", &use_window, &ignored) &&
        !use_window)
        c->window = 0;
    int64_t value_length = 0;
    if (l->is_gguf && weights_int(l->w, "attention.value_length", &value_length, &ignored) &&
        value_length != c->head_dim)
        return fail(err, ERROR_UNSUPPORTED,
                    "'%s': values of %" PRId64 " and keys of %" PRId64 " per head differ",
                    weights_path(l->w), value_length, c->head_dim);
    return true;
}

static bool read_config(struct loader *l, struct error *err)
{
    const struct family *family = l->model->family;
    for (size_t i = 0; i < family->n_keys; i++)
        if (!read_key(l, &family->keys[i], err))
            return false;
    return complete_config(l, err) && check_switches(l, err);
}

static uint64_t size_of(const struct model_config *c, enum dimension dimension)
{
    switch (dimension) {
    case DIM_ONE:
        return 1;
    case DIM_EMBD:
        return (uint64_t)c->n_embd;
    case DIM_FF:
        return (uint64_t)c->n_ff;
    case DIM_VOCAB:
        return (uint64_t)c->n_vocab;
    case DIM_HEADS:
        return (uint64_t)(c->n_heads * c->head_dim);
    case DIM_KV_HEADS:
        return (uint64_t)(c->n_kv_heads * c->head_dim);
    case DIM_HEAD:
        return (uint64_t)c->head_dim;
    case DIM_HALF_ROTARY:
        return (uint64_t)c->rotary_dim / 2;
    }
    return 0;
}

/* The tensor of a row, checked; NULL with ok when it is optional and absent. */
static bool find_tensor(struct loader *l, const struct tensor_row *row, size_t layer,
                        const struct weight **out, struct error *err)
{
    *out = NULL;
    const char *pattern = l->is_gguf ? row->gguf : row->hf;
    if (!pattern)
        return true;
    char name[NAME_BYTES];
    snprintf(name, sizeof name, pattern, (int)layer);
    uint64_t number;
    if (!table_get(&l->index, slice_of(name), &number)) {
        if (row->need == TENSOR_OPTIONAL)
            return true;
        return fail(err, ERROR_FORMAT, "'%s' has no tensor '%s'", weights_path(l->w), name);
    }
    const struct weight *weight = weights_at(l->w, number);
    uint64_t rows = size_of(&l->model->config, row->n_rows);
    uint64_t length = size_of(&l->model->config, row->row_length);
    if (weight->n_rows != rows || weight->row_length != length)
        return fail(err, ERROR_FORMAT,
                    "'%s': tensor '%s' is %" PRIu64 " x %" PRIu64
                    ", the configuration says %" PRIu64 " x %" PRIu64,
                    weights_path(l->w), name, weight->n_rows, weight->row_length, rows, length);
    l->is_used[number] = true;
    *out = weight;
    return true;
}

/* The vocabulary's size is the embedding's: files disagree about keys for it. */
static bool read_vocabulary_size(struct loader *l, struct error *err)
{
    for (size_t i = 0; i < l->model->family->n_tensors; i++) {
        const struct tensor_row *row = &l->model->family->tensors[i];
        if (row->place != IN_MODEL || row->offset != offsetof(struct model_weights, embedding))
            continue;
        const char *name = l->is_gguf ? row->gguf : row->hf;
        const struct weight *embedding = weights_find(l->w, name);
        if (!embedding)
            return fail(err, ERROR_FORMAT, "'%s' has no tensor '%s'", weights_path(l->w), name);
        if (embedding->n_rows > INT32_MAX)
            return fail(err, ERROR_FORMAT,
                        "'%s': vocabulary of %" PRIu64 " tokens, at most %d are possible",
                        weights_path(l->w), embedding->n_rows, INT32_MAX);
        l->model->config.n_vocab = (int64_t)embedding->n_rows;
    }
    int64_t said = 0;
    struct error ignored = { 0 };
    if (weights_int(l->w, "vocab_size", &said, &ignored) && said != l->model->config.n_vocab)
        return fail(err, ERROR_FORMAT,
                    "'%s': vocab_size is %" PRId64 ", the embedding has %" PRId64 " rows",
                    weights_path(l->w), said, l->model->config.n_vocab);
    return true;
}

static bool bind_tensors(struct loader *l, struct error *err)
{
    struct model *model = l->model;
    size_t n_layers = (size_t)model->config.n_layers;
    model->weights.layers =
        arena_alloc_array(model->arena, n_layers, sizeof *model->weights.layers);
    if (!model->weights.layers)
        return fail_memory(err, n_layers * sizeof *model->weights.layers, "a model");
    for (size_t i = 0; i < model->family->n_tensors; i++) {
        const struct tensor_row *row = &model->family->tensors[i];
        size_t copies = row->place == IN_LAYER ? n_layers : 1;
        for (size_t layer = 0; layer < copies; layer++) {
            char *base = row->place == IN_LAYER ? (char *)&model->weights.layers[layer]
                                                : (char *)&model->weights;
            const struct weight **field = (const struct weight **)(void *)(base + row->offset);
            if (!find_tensor(l, row, layer, field, err))
                return false;
        }
    }
    return true;
}

static bool ends_with(struct slice text, const char *end)
{
    size_t n = strlen(end);
    return text.length >= n && memcmp(text.data + text.length - n, end, n) == 0;
}

/* A tensor nobody reads would mean that the model computes something else than hearth does. Rotary
 * tables that some files carry are recomputed. */
static bool check_all_used(struct loader *l, struct error *err)
{
    for (size_t i = 0; i < weights_count(l->w); i++) {
        struct slice name = weights_at(l->w, i)->name;
        if (!l->is_used[i] && !ends_with(name, "rotary_emb.inv_freq") &&
            !ends_with(name, "attn_rot_embd"))
            return fail(err, ERROR_UNSUPPORTED,
                        "'%s' has a tensor '%s' that family %s does not know", weights_path(l->w),
                        printable(name), l->model->family->name);
    }
    return true;
}

static bool index_tensors(struct loader *l, struct error *err)
{
    size_t count = weights_count(l->w);
    l->is_used = memory_zeroed(count, sizeof *l->is_used);
    bool ok = l->is_used && table_init(&l->index, count);
    for (size_t i = 0; ok && i < count; i++)
        ok = table_put(&l->index, weights_at(l->w, i)->name, i);
    return ok || fail_memory(err, count * sizeof *l->is_used, "an index of tensors");
}

/* Hugging Face's tie_word_embeddings wins over a head that the file carries all the same. */
static void tie_head(struct loader *l)
{
    bool tied = false;
    struct error ignored = { 0 };
    if (!l->is_gguf && weights_bool(l->w, "tie_word_embeddings", &tied, &ignored) && tied)
        l->model->weights.output = NULL;
}

static bool load(struct loader *l, struct error *err)
{
    struct slice architecture;
    if (!weights_architecture(l->w, &architecture, err))
        return false;
    struct model *model = l->model;
    model->family = family_find(architecture, l->is_gguf);
    if (!model->family)
        return fail(err, ERROR_UNSUPPORTED, "'%s' is a model of family '%s'; known are %s",
                    weights_path(l->w), printable(architecture), model_family_names());
    if (!read_config(l, err) || !index_tensors(l, err) || !read_vocabulary_size(l, err) ||
        !bind_tensors(l, err) || !check_all_used(l, err))
        return false;
    tie_head(l);
    return rope_frequencies_make(&model->rope_frequencies, &model->config,
                                 model->weights.rope_factors, model->arena, err);
}

bool model_load(struct model **out, const struct weights *w, struct error *err)
{
    *out = NULL;
    struct arena *arena = arena_new(MODEL_LIMIT);
    struct model *model = arena ? arena_alloc(arena, sizeof *model) : NULL;
    if (!model) {
        arena_free(&arena);
        return fail_memory(err, sizeof *model, "a model");
    }
    model->arena = arena;
    struct loader loader = { .model = model, .w = w, .is_gguf = weights_is_gguf(w) };
    bool ok = load(&loader, err);
    memory_free(loader.is_used);
    table_release(&loader.index);
    if (!ok)
        model_free(&model);
    *out = model;
    return ok;
}

void model_free(struct model **model)
{
    if (!*model)
        return;
    struct arena *arena = (*model)->arena; /* the model lies in its own arena */
    arena_free(&arena);
    *model = NULL;
}

bool model_trace(const struct model *model, struct graph *graph, struct error *err)
{
    struct forward f = { .graph = graph, .model = model, .config = &model->config };
    f.angles =
        array_rope_angles(graph, model->rope_frequencies, (size_t)model->config.rotary_dim / 2);
    struct array *logits = model->family->forward(&f);
    if (!logits)
        return fail_memory(err, 0, "a graph");
    graph_set_output(graph, logits);
    return true;
}

const char *model_family_name(const struct model *model)
{
    return model->family->name;
}

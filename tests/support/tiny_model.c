#include "tiny_model_private.h"

#include "base/arena.h"
#include "base/memory.h"
#include "formats/gguf_writer.h"
#include "quant/quantize.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

struct tiny_options tiny_defaults(void)
{
    return (struct tiny_options){
        .architecture = "llama",
        .type = DTYPE_F32,
        .n_layers = 2,
        .n_embd = 64,
        .n_ff = 96,
        .n_heads = 4,
        .n_kv_heads = 2,
        .head_dim = 16,
        .n_vocab = 97,
        .n_ctx = 512,
        .rope_base = 10000,
        .seed = 1,
    };
}

/* A linear congruential generator is enough for weights (Knuth's constants). */
static uint32_t draw(struct tiny_model *m)
{
    m->random = m->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(m->random >> 33);
}

/* Nearly normal: the sum of four uniform numbers. */
static double draw_normal(struct tiny_model *m)
{
    double sum = 0;
    for (int i = 0; i < 4; i++)
        sum += draw(m) / 2147483648.0 - 0.5;
    return sum * 1.7320508;
}

/* Random codes with scales small enough for finite activations, for types that have no quantizer.
 */
static void fill_random_blocks(struct tiny_model *m, struct tensor *t, size_t size)
{
    static const struct {
        enum dtype type;
        int d, m;
    } fields[] = {
        { DTYPE_Q4_1, 0, 2 },   { DTYPE_Q5_0, 0, -1 },   { DTYPE_Q5_1, 0, 2 },
        { DTYPE_Q2_K, 80, 82 }, { DTYPE_Q3_K, 108, -1 }, { DTYPE_Q5_K, 0, 2 },
    };
    size_t block = dtype_block_bytes(t->type);
    for (size_t i = 0; i < size; i++)
        t->data[i] = (uint8_t)draw(m);
    uint16_t scale = float_to_half(dtype_block_elements(t->type) == 256 ? 0.0006f : 0.01f);
    uint16_t least = float_to_half(dtype_block_elements(t->type) == 256 ? 0.002f : -0.1f);
    for (size_t f = 0; f < COUNT_OF(fields); f++)
        for (size_t b = 0; fields[f].type == t->type && b < size; b += block) {
            memcpy(t->data + b + fields[f].d, &scale, 2);
            if (fields[f].m >= 0)
                memcpy(t->data + b + fields[f].m, &least, 2);
        }
}

static struct tensor *add_tensor(struct tiny_model *m, enum dtype type, size_t n_rows,
                                 size_t row_length, double mean, double spread, const char *name)
{
    struct tensor *t = &m->tensors[m->n_tensors++];
    size_t row_bytes = dtype_row_bytes(type, row_length);
    *t = (struct tensor){ .name = name, .type = type, .n_rows = n_rows, .row_length = row_length };
    t->data = arena_alloc(m->arena, n_rows * row_bytes);
    t->values = arena_alloc_array(m->arena, n_rows * row_length, sizeof *t->values);
    float *row = arena_alloc_array(m->arena, row_length, sizeof *row);
    if (!t->data || !t->values || !row || !name)
        abort();
    if (!quantize_supported(type))
        fill_random_blocks(m, t, n_rows * row_bytes);
    for (size_t r = 0; r < n_rows; r++) {
        if (quantize_supported(type)) {
            for (size_t i = 0; i < row_length; i++)
                row[i] = (float)(mean + spread * draw_normal(m));
            quantize_row(type, row, t->data + r * row_bytes, row_length);
        }
        dequantize_row(type, t->data + r * row_bytes, row, row_length);
        for (size_t i = 0; i < row_length; i++)
            t->values[r * row_length + i] = row[i];
    }
    return t;
}

static void add_matrix(struct tiny_model *m, size_t n_rows, size_t row_length, const char *name)
{
    add_tensor(m, m->options.type, n_rows, row_length, 0, 1.5 / sqrt((double)row_length), name);
}

static void add_vector(struct tiny_model *m, size_t n, double mean, const char *name)
{
    add_tensor(m, DTYPE_F32, 1, n, mean, 0.2, name);
}

#define LAYER_NAME(what) arena_printf(m->arena, "blk.%zu." what, layer)

static void add_layer(struct tiny_model *m, size_t layer)
{
    const struct tiny_options *o = &m->options;
    size_t q = o->n_heads * o->head_dim, kv = o->n_kv_heads * o->head_dim;
    add_vector(m, o->n_embd, 1, LAYER_NAME("attn_norm.weight"));
    add_matrix(m, q, o->n_embd, LAYER_NAME("attn_q.weight"));
    add_matrix(m, kv, o->n_embd, LAYER_NAME("attn_k.weight"));
    add_matrix(m, kv, o->n_embd, LAYER_NAME("attn_v.weight"));
    add_matrix(m, o->n_embd, q, LAYER_NAME("attn_output.weight"));
    if (strcmp(o->architecture, "qwen2") == 0) {
        add_vector(m, q, 0, LAYER_NAME("attn_q.bias"));
        add_vector(m, kv, 0, LAYER_NAME("attn_k.bias"));
        add_vector(m, kv, 0, LAYER_NAME("attn_v.bias"));
    }
    if (strcmp(o->architecture, "qwen3") == 0) {
        add_vector(m, o->head_dim, 1, LAYER_NAME("attn_q_norm.weight"));
        add_vector(m, o->head_dim, 1, LAYER_NAME("attn_k_norm.weight"));
    }
    add_vector(m, o->n_embd, 1, LAYER_NAME("ffn_norm.weight"));
    add_matrix(m, o->n_ff, o->n_embd, LAYER_NAME("ffn_gate.weight"));
    add_matrix(m, o->n_ff, o->n_embd, LAYER_NAME("ffn_up.weight"));
    add_matrix(m, o->n_embd, o->n_ff, LAYER_NAME("ffn_down.weight"));
}

static bool write_key(struct tiny_model *m, struct gguf_writer *w, const char *key, double value,
                      bool is_float, struct error *err)
{
    char name[128];
    snprintf(name, sizeof name, "%s.%s", m->options.architecture, key);
    return is_float ? gguf_write_f32(w, name, (float)value, err)
                    : gguf_write_u32(w, name, (uint32_t)value, err);
}

static bool write_metadata(struct tiny_model *m, struct gguf_writer *w, struct error *err)
{
    const struct tiny_options *o = &m->options;
    const struct {
        const char *key;
        double value;
        bool is_float;
    } rows[] = {
        { "block_count", (double)o->n_layers, false },
        { "embedding_length", (double)o->n_embd, false },
        { "feed_forward_length", (double)o->n_ff, false },
        { "attention.head_count", (double)o->n_heads, false },
        { "attention.head_count_kv", (double)o->n_kv_heads, false },
        { "attention.key_length", (double)o->head_dim, false },
        { "attention.layer_norm_rms_epsilon", 1e-5, true },
        { "context_length", (double)o->n_ctx, false },
        { "rope.freq_base", o->rope_base, true },
    };
    char key[128];
    bool ok = gguf_write_string(w, "general.architecture", slice_of(o->architecture), err);
    for (size_t i = 0; ok && i < COUNT_OF(rows); i++)
        ok = write_key(m, w, rows[i].key, rows[i].value, rows[i].is_float, err);
    if (ok && o->window)
        ok = write_key(m, w, "attention.sliding_window", (double)o->window, false, err);
    if (ok && o->linear_factor > 0) {
        snprintf(key, sizeof key, "%s.rope.scaling.type", o->architecture);
        ok = gguf_write_string(w, key, slice_of("linear"), err) &&
             write_key(m, w, "rope.scaling.factor", o->linear_factor, true, err);
    }
    return ok;
}

/* <unk>, <s>, </s>, <0x00> to <0xFF>, then "a" to "z", the wanted control tokens, and as many
 * unused ones as the vocabulary has room for. */
static bool write_tokenizer(struct tiny_model *m, struct gguf_writer *w, struct error *err)
{
    enum { UNKNOWN = 2, CONTROL = 3, NORMAL = 1, BYTE = 6 };
    static const char *const special[] = { "<unk>", "<s>", "</s>" };
    size_t n = m->options.n_vocab;
    struct slice *tokens = arena_alloc_array(m->arena, n, sizeof *tokens);
    float *scores = arena_alloc_array(m->arena, n, sizeof *scores);
    int32_t *types = arena_alloc_array(m->arena, n, sizeof *types);
    const char *const *control = m->options.controls;
    if (!tokens || !scores || !types)
        abort();
    for (size_t i = 0; i < n; i++) {
        const char *text = i < 3          ? special[i]
                           : i < 3 + 256  ? arena_printf(m->arena, "<0x%02zX>", i - 3)
                           : i < 259 + 26 ? arena_printf(m->arena, "%c", (char)('a' + i - 259))
                           : control && *control ? *control
                                                 : arena_printf(m->arena, "[unused%zu]", i);
        bool is_control = i >= 259 + 26 && control && *control;
        control += is_control;
        tokens[i] = slice_of(text);
        types[i] = i == 0 ? UNKNOWN : i < 3 || is_control ? CONTROL : i < 259 ? BYTE : NORMAL;
        scores[i] = -(float)i;
    }
    return gguf_write_string(w, "tokenizer.ggml.model", slice_of("llama"), err) &&
           gguf_write_strings(w, "tokenizer.ggml.tokens", tokens, n, err) &&
           gguf_write_array(w, "tokenizer.ggml.scores", GGUF_F32, scores, n, err) &&
           gguf_write_array(w, "tokenizer.ggml.token_type", GGUF_I32, types, n, err) &&
           gguf_write_u32(w, "tokenizer.ggml.bos_token_id", 1, err) &&
           gguf_write_u32(w, "tokenizer.ggml.eos_token_id", 2, err) &&
           (!m->options.chat_template ||
            gguf_write_string(w, "tokenizer.chat_template", slice_of(m->options.chat_template),
                              err));
}

static bool fill_tensor(void *context, size_t tensor, uint64_t offset, void *out, size_t size,
                        struct error *err)
{
    (void)err;
    struct tiny_model *m = context;
    memcpy(out, m->tensors[tensor].data + offset, size);
    return true;
}

static bool write_file(struct tiny_model *m, struct error *err)
{
    struct gguf_writer *w;
    if (!gguf_writer_new(&w, err))
        return false;
    bool ok = write_metadata(m, w, err);
    if (ok && m->options.has_tokenizer)
        ok = write_tokenizer(m, w, err);
    for (size_t i = 0; ok && i < m->n_tensors; i++) {
        const struct tensor *t = &m->tensors[i];
        uint64_t dims[2] = { t->row_length, t->n_rows };
        ok = gguf_write_tensor(w, t->name, t->type, dims, t->n_rows > 1 ? 2 : 1, err);
    }
    ok = ok && gguf_writer_finish(w, m->path, 1 << 20, fill_tensor, m, err);
    gguf_writer_free(&w);
    return ok;
}

bool tiny_model_new(struct tiny_model **out, const struct tiny_options *options, struct error *err)
{
    *out = NULL;
    struct tiny_model *m = memory_zeroed(1, sizeof *m);
    if (!m)
        return fail_memory(err, sizeof *m, "a tiny model");
    m->options = *options;
    m->random = options->seed;
    m->arena = arena_new((size_t)1 << 30);
    add_matrix(m, options->n_vocab, options->n_embd, "token_embd.weight");
    for (size_t i = 0; i < options->n_layers; i++)
        add_layer(m, i);
    add_vector(m, options->n_embd, 1, "output_norm.weight");
    if (!options->tied)
        add_matrix(m, options->n_vocab, options->n_embd, "output.weight");
    strcpy(m->path, "/tmp/hearth-tiny-XXXXXX");
    int fd = mkstemp(m->path);
    if (fd >= 0)
        close(fd);
    if (fd < 0 || !write_file(m, err)) {
        tiny_model_free(&m);
        return fd >= 0 ? false : fail(err, ERROR_IO, "cannot make a temporary file");
    }
    *out = m;
    return true;
}

void tiny_model_free(struct tiny_model **model)
{
    if (!*model)
        return;
    unlink((*model)->path);
    arena_free(&(*model)->arena);
    memory_free(*model);
    *model = NULL;
}

const char *tiny_model_path(const struct tiny_model *model)
{
    return model->path;
}

double relative_error(const float *a, const double *b, size_t n)
{
    double difference = 0, norm = 0;
    for (size_t i = 0; i < n; i++) {
        difference += (a[i] - b[i]) * (a[i] - b[i]);
        norm += b[i] * b[i];
    }
    return sqrt(difference / norm);
}

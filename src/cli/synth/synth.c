#include "cli/synth/synth.h"

#include "base/memory.h"
#include "cli/synth/synth_blocks.h"
#include "cli/synth/synth_vocabulary.h"
#include "formats/gguf_writer.h"

#include <math.h>
#include <stdio.h>
#include <strings.h>

static const struct synth_special llama3_specials[] = {
    { 128000, "<|begin_of_text|>" },
    { 128001, "<|end_of_text|>" },
    { 128004, "<|finetune_right_pad_id|>" },
    { 128006, "<|start_header_id|>" },
    { 128007, "<|end_header_id|>" },
    { 128008, "<|eom_id|>" },
    { 128009, "<|eot_id|>" },
    { 128010, "<|python_tag|>" },
    { 0, NULL },
};
static const struct synth_special qwen2_specials[] = {
    { 151643, "<|endoftext|>" },
    { 151644, "<|im_start|>" },
    { 151645, "<|im_end|>" },
    { 0, NULL },
};
static const struct synth_special smollm_specials[] = {
    { 0, "<|endoftext|>" },
    { 1, "<|im_start|>" },
    { 2, "<|im_end|>" },
    { 0, NULL },
};
static const struct synth_special llama_specials[] = {
    { 0, "<unk>" },
    { 1, "<s>" },
    { 2, "</s>" },
    { 0, NULL },
};

/* What chats, thinking, calls and filling in need. */
static const struct synth_special chat_specials[] = {
    { 990, "<|endoftext|>" },
    { 991, "<|im_start|>" },
    { 992, "<|im_end|>" },
    { 993, "<think>" },
    { 994, "</think>" },
    { 995, "<tool_call>" },
    { 996, "</tool_call>" },
    { 997, "<|fim_prefix|>" },
    { 998, "<|fim_suffix|>" },
    { 999, "<|fim_middle|>" },
    { 0, NULL },
};

#define LLAMA3_VOCABULARY                                                               \
    {                                                                                   \
        "gpt2", "llama-bpe", 128256, 128000, 256, llama3_specials, 128000, 128009, true \
    }
#define QWEN2_VOCABULARY                                                            \
    {                                                                               \
        "gpt2", "qwen2", 151936, 151643, 293, qwen2_specials, 151643, 151645, false \
    }
#define SMOLLM_VOCABULARY                                            \
    {                                                                \
        "gpt2", "smollm", 49152, 0, 17, smollm_specials, 1, 2, false \
    }
#define LLAMA_VOCABULARY                                       \
    {                                                          \
        "llama", NULL, 32000, 0, 3, llama_specials, 1, 2, true \
    }

struct shape {
    const char *name, *architecture;
    uint32_t width, hidden, n_layers, n_heads, n_kv_heads, context;
    double rms_epsilon, rope_base;
    uint32_t n_experts, n_experts_used;
    bool is_tied; /* token_embd.weight is the output too */
    bool has_attention_bias;
    float rope_factor; /* above 0: rope_freqs.weight by Llama 3's rule */
    struct synth_vocabulary vocabulary;
};

/* From the models' config.json files. Names that begin with "test-" are for tests and not listed.
 */
static const struct shape shapes[] = {
    { "llama3-8b", "llama", 4096, 14336, 32, 32, 8, 8192, 1e-5, 500000, 0, 0, false, false, 0,
      LLAMA3_VOCABULARY },
    { "llama3.2-1b", "llama", 2048, 8192, 16, 32, 8, 131072, 1e-5, 500000, 0, 0, true, false, 32,
      LLAMA3_VOCABULARY },
    { "qwen2.5-0.5b", "qwen2", 896, 4864, 24, 14, 2, 32768, 1e-6, 1000000, 0, 0, true, true, 0,
      QWEN2_VOCABULARY },
    { "smollm-135m", "llama", 576, 1536, 30, 9, 3, 2048, 1e-5, 10000, 0, 0, true, false, 0,
      SMOLLM_VOCABULARY },
    { "tinyllama-1.1b", "llama", 2048, 5632, 22, 32, 4, 2048, 1e-5, 10000, 0, 0, false, false, 0,
      LLAMA_VOCABULARY },
    { "mixtral-8x7b", "llama", 4096, 14336, 32, 32, 8, 32768, 1e-5, 1000000, 8, 2, false, false, 0,
      LLAMA_VOCABULARY },
    { "test-tiny",
      "llama",
      256,
      512,
      2,
      4,
      2,
      512,
      1e-5,
      500000,
      0,
      0,
      true,
      false,
      32,
      { "gpt2", "llama-bpe", 3000, 2900, 100, llama3_specials, 2900, 2901, true } },
    { "test-tiny-bias",
      "qwen2",
      96,
      512,
      2,
      3,
      1,
      512,
      1e-6,
      1000000,
      0,
      0,
      true,
      true,
      0,
      { "gpt2", "qwen2", 1000, 990, 10, qwen2_specials, 990, 991, false } },
    { "test-tiny-experts",
      "llama",
      256,
      256,
      8,
      4,
      2,
      512,
      1e-5,
      10000,
      8,
      2,
      false,
      false,
      0,
      { "llama", NULL, 700, 0, 3, llama_specials, 1, 2, true } },
    { "test-chat",
      "llama",
      96,
      256,
      2,
      3,
      1,
      8192,
      1e-5,
      10000,
      0,
      0,
      true,
      false,
      0,
      { "gpt2", "qwen2", 1000, 990, 10, chat_specials, 990, 992, true } },
};

const char *const *synth_shapes(void)
{
    static const char *names[COUNT_OF(shapes) + 1];
    size_t n = 0;
    for (size_t i = 0; i < COUNT_OF(shapes); i++)
        if (strncmp(shapes[i].name, "test-", 5) != 0)
            names[n++] = shapes[i].name;
    return names;
}

/* What a tensor is for decides its values and, in the mix, its type. */
enum role {
    MATRIX,
    TOKEN_EMBEDDING,
    OUTPUT,
    ATTENTION_K,
    ATTENTION_V,
    ATTENTION_OUTPUT,
    DOWN,
    ROUTER,
    NORM,
    BIAS,
    ROPE_FACTORS
};

struct planned {
    enum role role;
    enum dtype type;
    uint64_t row_length, size_bytes;
};

struct synth {
    const struct shape *shape;
    bool is_mix; /* Q4_K_M */
    enum dtype type;
    struct gguf_writer *writer;
    struct planned *tensors;
    size_t n_tensors, capacity;
    const char *path;
    bool show_progress;
    uint64_t total_bytes, done_bytes;
    unsigned shown_percent;
};

/* Where Q4_K_M spends more bits: the first and last eighth of the layers and every third between.
 */
static bool is_favoured(uint32_t layer, uint32_t n_layers)
{
    return layer < n_layers / 8 || layer >= 7 * n_layers / 8 || (layer - n_layers / 8) % 3 == 2;
}

static enum dtype mixed_type(const struct shape *shape, enum role role, uint32_t layer)
{
    bool has_eight = shape->n_experts == 8; /* its attention is small beside the experts */
    switch (role) {
    case OUTPUT:
        return DTYPE_Q6_K;
    case TOKEN_EMBEDDING:
        return shape->is_tied ? DTYPE_Q6_K : DTYPE_Q4_K;
    case ATTENTION_V:
        if (has_eight)
            return DTYPE_Q8_0;
        return is_favoured(layer, shape->n_layers) ? DTYPE_Q6_K : DTYPE_Q4_K;
    case DOWN:
        return is_favoured(layer, shape->n_layers) ? DTYPE_Q6_K : DTYPE_Q4_K;
    case ATTENTION_K:
        return has_eight ? DTYPE_Q8_0 : DTYPE_Q4_K;
    case ATTENTION_OUTPUT:
        return has_eight ? DTYPE_Q5_K : DTYPE_Q4_K;
    default:
        return DTYPE_Q4_K;
    }
}

/* The type that takes over when rows are no multiple of 256. */
static enum dtype fallback(enum dtype type)
{
    switch (type) {
    case DTYPE_Q2_K:
    case DTYPE_Q3_K:
        return DTYPE_Q4_0;
    case DTYPE_Q4_K:
        return DTYPE_Q5_0;
    case DTYPE_Q5_K:
        return DTYPE_Q5_1;
    case DTYPE_Q6_K:
        return DTYPE_Q8_0;
    default:
        return DTYPE_F16;
    }
}

static enum dtype choose_type(const struct synth *s, enum role role, uint32_t layer,
                              uint64_t row_length)
{
    if (role >= ROUTER)
        return DTYPE_F32;
    enum dtype type = s->is_mix ? mixed_type(s->shape, role, layer) : s->type;
    while (row_length % dtype_block_elements(type) != 0)
        type = fallback(type);
    return type;
}

static bool plan(struct synth *s, const char *name, enum role role, uint32_t layer,
                 const uint64_t *dims, uint32_t n_dims, struct error *err)
{
    struct planned tensor = { role, choose_type(s, role, layer, dims[0]), dims[0], 0 };
    tensor.size_bytes = dtype_row_bytes(tensor.type, dims[0]);
    for (uint32_t i = 1; i < n_dims; i++)
        tensor.size_bytes *= dims[i];
    assert(s->n_tensors < s->capacity);
    s->tensors[s->n_tensors++] = tensor;
    s->total_bytes += tensor.size_bytes;
    return gguf_write_tensor(s->writer, name, tensor.type, dims, n_dims, err);
}

struct layer_row {
    const char *name;
    enum role role;
    uint32_t n_dims;
    uint64_t dims[3];
};

static bool plan_rows(struct synth *s, uint32_t layer, const struct layer_row *rows, size_t n_rows,
                      struct error *err)
{
    bool ok = true;
    for (size_t i = 0; ok && i < n_rows; i++) {
        char name[64];
        snprintf(name, sizeof name, "blk.%" PRIu32 ".%s", layer, rows[i].name);
        ok = plan(s, name, rows[i].role, layer, rows[i].dims, rows[i].n_dims, err);
    }
    return ok;
}

static bool plan_attention(struct synth *s, uint32_t layer, struct error *err)
{
    const struct shape *p = s->shape;
    uint64_t head = p->width / p->n_heads, kv = p->n_kv_heads * head, q = p->n_heads * head;
    const struct layer_row rows[] = {
        { "attn_norm.weight", NORM, 1, { p->width } },
        { "attn_q.weight", MATRIX, 2, { p->width, q } },
        { "attn_k.weight", ATTENTION_K, 2, { p->width, kv } },
        { "attn_v.weight", ATTENTION_V, 2, { p->width, kv } },
        { "attn_output.weight", ATTENTION_OUTPUT, 2, { q, p->width } },
    };
    const struct layer_row biases[] = {
        { "attn_q.bias", BIAS, 1, { q } },
        { "attn_k.bias", BIAS, 1, { kv } },
        { "attn_v.bias", BIAS, 1, { kv } },
    };
    return plan_rows(s, layer, rows, COUNT_OF(rows), err) &&
           (!p->has_attention_bias || plan_rows(s, layer, biases, COUNT_OF(biases), err));
}

static bool plan_feed_forward(struct synth *s, uint32_t layer, struct error *err)
{
    const struct shape *p = s->shape;
    const struct layer_row norm = { "ffn_norm.weight", NORM, 1, { p->width } };
    const struct layer_row dense[] = {
        { "ffn_gate.weight", MATRIX, 2, { p->width, p->hidden } },
        { "ffn_up.weight", MATRIX, 2, { p->width, p->hidden } },
        { "ffn_down.weight", DOWN, 2, { p->hidden, p->width } },
    };
    const struct layer_row experts[] = {
        { "ffn_gate_inp.weight", ROUTER, 2, { p->width, p->n_experts } },
        { "ffn_gate_exps.weight", MATRIX, 3, { p->width, p->hidden, p->n_experts } },
        { "ffn_up_exps.weight", MATRIX, 3, { p->width, p->hidden, p->n_experts } },
        { "ffn_down_exps.weight", DOWN, 3, { p->hidden, p->width, p->n_experts } },
    };
    return plan_rows(s, layer, &norm, 1, err) &&
           (p->n_experts ? plan_rows(s, layer, experts, COUNT_OF(experts), err)
                         : plan_rows(s, layer, dense, COUNT_OF(dense), err));
}

static bool plan_tensors(struct synth *s, struct error *err)
{
    const struct shape *p = s->shape;
    const uint64_t width[] = { p->width }, table[] = { p->width, p->vocabulary.size };
    const uint64_t frequencies[] = { p->width / p->n_heads / 2 };
    bool ok =
        plan(s, "token_embd.weight", TOKEN_EMBEDDING, 0, table, 2, err) &&
        (p->rope_factor <= 0 || plan(s, "rope_freqs.weight", ROPE_FACTORS, 0, frequencies, 1, err));
    for (uint32_t layer = 0; ok && layer < p->n_layers; layer++)
        ok = plan_attention(s, layer, err) && plan_feed_forward(s, layer, err);
    return ok && plan(s, "output_norm.weight", NORM, 0, width, 1, err) &&
           (p->is_tied || plan(s, "output.weight", OUTPUT, 0, table, 2, err));
}

/* Llama 3.1's rule: slow frequencies are divided by the factor, quick ones kept, those between
 * blended. */
static float rope_divisor(const struct shape *shape, uint64_t i)
{
    const double context = 8192, low = 1, high = 4; /* of training; wavelengths of it that bound */
    uint64_t head = shape->width / shape->n_heads;
    double wavelength =
        2 * 3.14159265358979323846 * pow(shape->rope_base, 2.0 * (double)i / (double)head);
    if (wavelength < context / high)
        return 1;
    if (wavelength > context / low)
        return shape->rope_factor;
    double blend = (context / wavelength - low) / (high - low);
    return (float)(1 / ((1 - blend) / (double)shape->rope_factor + blend));
}

static void fill_rope(const struct shape *shape, uint64_t first, float *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = rope_divisor(shape, first + i);
}

static void tell_progress(struct synth *s, size_t size)
{
    s->done_bytes += size;
    unsigned percent = (unsigned)(s->done_bytes * 100 / s->total_bytes);
    if (!s->show_progress || percent == s->shown_percent)
        return;
    s->shown_percent = percent;
    fprintf(stderr, "\rwriting %s: %u %% of %.1f MB%s", s->path, percent,
            (double)s->total_bytes / 1e6, percent == 100 ? "\n" : "");
    fflush(stderr);
}

static bool fill(void *context, size_t number, uint64_t offset, void *out, size_t size,
                 struct error *err)
{
    (void)err;
    struct synth *s = context;
    const struct planned *tensor = &s->tensors[number];
    size_t block = dtype_block_bytes(tensor->type);
    float mean = tensor->role == NORM ? 1 : 0, deviation = 0.1f;
    if (tensor->role != NORM && tensor->role != BIAS)
        deviation = 1 / sqrtf((float)tensor->row_length);
    if (tensor->role == ROPE_FACTORS)
        fill_rope(s->shape, offset / block, out, size / block);
    else
        synth_blocks(tensor->type, (number + 1) * 0x9e3779b97f4a7c15u, offset / block, size / block,
                     mean, deviation, out);
    tell_progress(s, size);
    return true;
}

/* The number that the format's users know a mix by. */
static uint32_t file_type(const struct synth *s)
{
    static const uint32_t numbers[DTYPE_COUNT] = {
        [DTYPE_F32] = 0,   [DTYPE_F16] = 1,   [DTYPE_Q4_0] = 2,  [DTYPE_Q4_1] = 3,
        [DTYPE_Q8_0] = 7,  [DTYPE_Q5_0] = 8,  [DTYPE_Q5_1] = 9,  [DTYPE_Q2_K] = 10,
        [DTYPE_Q3_K] = 11, [DTYPE_Q4_K] = 14, [DTYPE_Q5_K] = 16, [DTYPE_Q6_K] = 18,
        [DTYPE_BF16] = 32,
    };
    return s->is_mix ? 15 : numbers[s->type];
}

static bool write_general(struct synth *s, struct error *err)
{
    const struct shape *p = s->shape;
    return gguf_write_string(s->writer, "general.architecture", slice_of(p->architecture), err) &&
           gguf_write_string(s->writer, "general.type", slice_of("model"), err) &&
           gguf_write_string(s->writer, "general.name", slice_of(p->name), err) &&
           gguf_write_string(s->writer, "general.description",
                             slice_of("random weights in a real shape"), err) &&
           gguf_write_u32(s->writer, "general.file_type", file_type(s), err) &&
           gguf_write_u32(s->writer, "general.quantization_version", 2, err);
}

static bool write_sizes(struct synth *s, struct error *err)
{
    const struct shape *p = s->shape;
    const struct {
        const char *key;
        uint32_t value;
    } rows[] = {
        { "block_count", p->n_layers },
        { "context_length", p->context },
        { "embedding_length", p->width },
        { "feed_forward_length", p->hidden },
        { "attention.head_count", p->n_heads },
        { "attention.head_count_kv", p->n_kv_heads },
        { "rope.dimension_count", p->width / p->n_heads },
        { "vocab_size", p->vocabulary.size },
        { "expert_count", p->n_experts },
        { "expert_used_count", p->n_experts_used },
    };
    char key[80];
    bool ok = true;
    for (size_t i = 0; ok && i < COUNT_OF(rows); i++) {
        snprintf(key, sizeof key, "%s.%s", p->architecture, rows[i].key);
        ok = rows[i].value == 0 || gguf_write_u32(s->writer, key, rows[i].value, err);
    }
    snprintf(key, sizeof key, "%s.attention.layer_norm_rms_epsilon", p->architecture);
    ok = ok && gguf_write_f32(s->writer, key, (float)p->rms_epsilon, err);
    snprintf(key, sizeof key, "%s.rope.freq_base", p->architecture);
    return ok && gguf_write_f32(s->writer, key, (float)p->rope_base, err);
}

static bool find_shape(const char *name, const struct shape **out, struct error *err)
{
    for (size_t i = 0; i < COUNT_OF(shapes); i++)
        if (strcmp(shapes[i].name, name) == 0) {
            *out = &shapes[i];
            return true;
        }
    char known[400] = "";
    for (const char *const *it = synth_shapes(); *it; it++)
        snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s", *known ? ", " : "",
                 *it);
    return fail(err, ERROR_USAGE, "there is no shape '%s' (there are %s)", name, known);
}

static bool find_type(const char *name, struct synth *s, struct error *err)
{
    s->is_mix = strcasecmp(name, "Q4_K_M") == 0;
    if (s->is_mix || dtype_from_name(name, &s->type))
        return true;
    char known[400] = "Q4_K_M";
    for (int i = 0; i < DTYPE_COUNT; i++)
        snprintf(known + strlen(known), sizeof known - strlen(known), ", %s",
                 dtype_name((enum dtype)i));
    return fail(err, ERROR_USAGE, "there is no type '%s' (there are %s)", name, known);
}

static bool write_template(struct synth *s, struct slice chat_template, struct error *err)
{
    return !chat_template.data ||
           gguf_write_string(s->writer, "tokenizer.chat_template", chat_template, err);
}

bool synth_write(const struct synth_options *o, const char *path, struct error *err)
{
    struct synth s = { .path = path, .show_progress = o->show_progress, .shown_percent = 101 };
    if (!find_shape(o->shape, &s.shape, err) || !find_type(o->type, &s, err))
        return false;
    enum { MOST_IN_LAYER = 12, MOST_OUTSIDE = 4 };
    s.capacity = s.shape->n_layers * MOST_IN_LAYER + MOST_OUTSIDE;
    s.tensors = memory_zeroed(s.capacity, sizeof *s.tensors);
    bool ok = s.tensors || fail_memory(err, s.capacity * sizeof *s.tensors, "a list of tensors");
    ok = ok && gguf_writer_new(&s.writer, err) && write_general(&s, err) && write_sizes(&s, err) &&
         synth_vocabulary_write(&s.shape->vocabulary, s.writer, err) &&
         write_template(&s, o->chat_template, err) && plan_tensors(&s, err) &&
         gguf_writer_finish(s.writer, path, SYNTH_PORTION_BYTES, fill, &s, err);
    gguf_writer_free(&s.writer);
    memory_free(s.tensors);
    return ok;
}

#include "kernels/attention.h"

#include "quant/quantize.h"

#include <math.h>

/* Where k[d] of a slot lies among the elements of a head's keys, and among its values v[d]; for
 * scales, head_dim and d count blocks. */
static size_t key_index(size_t head_dim, size_t slot, size_t d)
{
    return (slot / KV_TILE * head_dim + d) * KV_TILE + slot % KV_TILE;
}

static size_t value_index(size_t head_dim, size_t slot, size_t d)
{
    return slot * head_dim + d;
}

/* One head's keys or values of a page. */
struct part {
    enum kv_type type;
    size_t (*index)(size_t head_dim, size_t slot, size_t d);
    size_t head_dim;
    const uint8_t *data;
};

/* Bytes from a layer's part of a page to a head's keys or values. */
static size_t part_offset(enum kv_type type, size_t kv_head, size_t head_dim, bool is_value)
{
    return (2 * kv_head + is_value) * kv_head_bytes(type, head_dim);
}

static size_t scale_offset(const struct part *p, size_t slot, size_t d)
{
    return kv_code_bytes(p->type, p->head_dim) +
           p->index(p->head_dim / KV_BLOCK, slot, d / KV_BLOCK) * sizeof(uint16_t);
}

static uint16_t short_at(const uint8_t *p)
{
    return *(const uint16_t *)(const void *)p;
}

static double element(const struct part *p, size_t slot, size_t d)
{
    const uint8_t *at = p->data + p->index(p->head_dim, slot, d) * kv_element_bytes(p->type);
    if (p->type == KV_F32)
        return *(const float *)(const void *)at;
    if (p->type == KV_BF16)
        return bfloat_to_float(short_at(at));
    if (p->type == KV_F16)
        return half_to_float(short_at(at));
    return *(const int8_t *)at *
           (double)half_to_float(short_at(p->data + scale_offset(p, slot, d)));
}

static int8_t code_of(float scaled)
{
    scaled = scaled < 127 ? scaled : 127;
    return (int8_t)rintf(scaled > -127 ? scaled : -127);
}

/* One scale for a block: the largest magnitude becomes 127. */
static void set_block(const struct part *p, uint8_t *data, size_t slot, size_t d, const float *x)
{
    float largest = 0;
    for (size_t i = 0; i < KV_BLOCK; i++)
        largest = fmaxf(largest, fabsf(x[i]));
    float scale = largest / 127, inverse = scale != 0 ? 1 / scale : 0;
    quantize_row(DTYPE_F16, &scale, data + scale_offset(p, slot, d), 1);
    for (size_t i = 0; i < KV_BLOCK; i++)
        ((int8_t *)data)[p->index(p->head_dim, slot, d + i)] = code_of(x[i] * inverse);
}

static void store_head(const struct part *p, uint8_t *data, size_t slot, const float *x)
{
    static const enum dtype types[KV_TYPES] = {
        [KV_F16] = DTYPE_F16, [KV_BF16] = DTYPE_BF16, [KV_F32] = DTYPE_F32
    };
    size_t step = p->type == KV_Q8_0 ? KV_BLOCK : 1;
    for (size_t d = 0; d < p->head_dim; d += step)
        if (p->type == KV_Q8_0)
            set_block(p, data, slot, d, x + d);
        else
            quantize_row(types[p->type], x + d,
                         data + p->index(p->head_dim, slot, d) * kv_element_bytes(p->type), 1);
}

static void store(enum kv_type type, uint8_t *page_part, size_t slot, const float *k,
                  const float *v, size_t n_kv_heads, size_t head_dim)
{
    const struct part key = { type, key_index, head_dim, NULL };
    const struct part value = { type, value_index, head_dim, NULL };
    for (size_t h = 0; h < n_kv_heads; h++) {
        store_head(&key, page_part + part_offset(type, h, head_dim, false), slot, k + h * head_dim);
        store_head(&value, page_part + part_offset(type, h, head_dim, true), slot,
                   v + h * head_dim);
    }
}

static size_t scratch_bytes_ref(size_t n_heads, size_t n_kv_heads, size_t head_dim)
{
    (void)n_heads, (void)n_kv_heads;
    return head_dim * sizeof(double);
}

static struct part part_of(const struct attention *a, enum kv_type type, size_t kv_head,
                           size_t position, bool is_value)
{
    const uint8_t *layer = a->pages[position / KV_PAGE_TOKENS] + a->layer_offset;
    return (struct part){
        .type = type,
        .index = is_value ? value_index : key_index,
        .head_dim = a->head_dim,
        .data = layer + part_offset(type, kv_head, a->head_dim, is_value),
    };
}

static double score(const struct attention *a, enum kv_type type, const float *q, size_t kv_head,
                    size_t position)
{
    struct part keys = part_of(a, type, kv_head, position, false);
    double sum = 0;
    for (size_t d = 0; d < a->head_dim; d++)
        sum += (double)q[d] * element(&keys, position % KV_PAGE_TOKENS, d);
    return sum * a->scale;
}

/* One query of one head over positions [begin, end): the textbook's softmax, scores computed twice.
 */
static void attend(const struct attention *a, enum kv_type type, const float *q, float *out,
                   size_t kv_head, size_t begin, size_t end, double *sums)
{
    double max = -INFINITY, total = 0;
    for (size_t j = begin; j < end; j++)
        max = fmax(max, score(a, type, q, kv_head, j));
    memset(sums, 0, a->head_dim * sizeof *sums);
    for (size_t j = begin; j < end; j++) {
        struct part values = part_of(a, type, kv_head, j, true);
        double p = exp(score(a, type, q, kv_head, j) - max);
        total += p;
        for (size_t d = 0; d < a->head_dim; d++)
            sums[d] += p * element(&values, j % KV_PAGE_TOKENS, d);
    }
    for (size_t d = 0; d < a->head_dim; d++)
        out[d] = (float)(sums[d] / total);
}

static void run(const struct attention *a, enum kv_type type, size_t kv_head, size_t q_begin,
                size_t q_end, void *scratch)
{
    size_t group = a->n_heads / a->n_kv_heads;
    for (size_t i = q_begin; i < q_end; i++) {
        size_t end = (size_t)a->first_position + i + 1;
        size_t begin = a->window && end > a->window ? end - a->window : 0;
        for (size_t g = 0; g < group; g++) {
            size_t column = (kv_head * group + g) * a->head_dim;
            attend(a, type, a->q + i * a->q_stride + column, a->out + i * a->out_stride + column,
                   kv_head, begin, end, scratch);
        }
    }
}

#define FUNCTIONS_OF_TYPE(name, TYPE)                                                          \
    static void store_##name##_ref(uint8_t *part, size_t slot, const float *k, const float *v, \
                                   size_t n_kv_heads, size_t head_dim)                         \
    {                                                                                          \
        store(TYPE, part, slot, k, v, n_kv_heads, head_dim);                                   \
    }                                                                                          \
    static void run_##name##_ref(const struct attention *a, size_t kv_head, size_t q_begin,    \
                                 size_t q_end, void *scratch)                                  \
    {                                                                                          \
        run(a, TYPE, kv_head, q_begin, q_end, scratch);                                        \
    }
FUNCTIONS_OF_TYPE(f16, KV_F16)
FUNCTIONS_OF_TYPE(bf16, KV_BF16)
FUNCTIONS_OF_TYPE(f32, KV_F32)
FUNCTIONS_OF_TYPE(q8_0, KV_Q8_0)

void attention_init_reference(struct attention_kernels *k)
{
    *k = (struct attention_kernels){
        .store = { [KV_F16] = store_f16_ref,
                   [KV_BF16] = store_bf16_ref,
                   [KV_F32] = store_f32_ref,
                   [KV_Q8_0] = store_q8_0_ref },
        .scratch_bytes = scratch_bytes_ref,
        .run = { [KV_F16] = run_f16_ref,
                 [KV_BF16] = run_bf16_ref,
                 [KV_F32] = run_f32_ref,
                 [KV_Q8_0] = run_q8_0_ref },
    };
}

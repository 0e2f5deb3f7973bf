#include "kernels/attention.h"

#include "quant/quantize.h"

#include <math.h>

/* Where k[d] of a slot lies among the halves of a page's part, and v[d]. */
static size_t key_index(size_t kv_head, size_t head_dim, size_t slot, size_t d)
{
    size_t tile = kv_head * (KV_PAGE_TOKENS / KV_TILE) + slot / KV_TILE;
    return (tile * head_dim + d) * KV_TILE + slot % KV_TILE;
}

static size_t value_index(size_t n_kv_heads, size_t kv_head, size_t head_dim, size_t slot, size_t d)
{
    return ((n_kv_heads + kv_head) * KV_PAGE_TOKENS + slot) * head_dim + d;
}

static double element(enum kv_type type, const uint8_t *part, size_t index)
{
    if (type == KV_F32)
        return ((const float *)(const void *)part)[index];
    return half_to_float(((const uint16_t *)(const void *)part)[index]);
}

static void set_element(enum kv_type type, uint8_t *part, size_t index, float value)
{
    if (type == KV_F32)
        ((float *)(void *)part)[index] = value;
    else
        ((uint16_t *)(void *)part)[index] = float_to_half(value);
}

static void store(enum kv_type type, uint8_t *part, size_t slot, const float *k, const float *v,
                  size_t n_kv_heads, size_t head_dim)
{
    for (size_t h = 0; h < n_kv_heads; h++)
        for (size_t d = 0; d < head_dim; d++) {
            set_element(type, part, key_index(h, head_dim, slot, d), k[h * head_dim + d]);
            set_element(type, part, value_index(n_kv_heads, h, head_dim, slot, d),
                        v[h * head_dim + d]);
        }
}

static void store_f16_ref(uint8_t *part, size_t slot, const float *k, const float *v,
                          size_t n_kv_heads, size_t head_dim)
{
    store(KV_F16, part, slot, k, v, n_kv_heads, head_dim);
}

static void store_f32_ref(uint8_t *part, size_t slot, const float *k, const float *v,
                          size_t n_kv_heads, size_t head_dim)
{
    store(KV_F32, part, slot, k, v, n_kv_heads, head_dim);
}

static size_t scratch_bytes_ref(size_t n_heads, size_t n_kv_heads, size_t head_dim)
{
    (void)n_heads, (void)n_kv_heads;
    return head_dim * sizeof(double);
}

static const uint8_t *part_of(const struct attention *a, size_t position)
{
    return a->pages[position / KV_PAGE_TOKENS] + a->layer_offset;
}

static double score(const struct attention *a, enum kv_type type, const float *q, size_t kv_head,
                    size_t position)
{
    const uint8_t *part = part_of(a, position);
    double sum = 0;
    for (size_t d = 0; d < a->head_dim; d++)
        sum += (double)q[d] *
               element(type, part, key_index(kv_head, a->head_dim, position % KV_PAGE_TOKENS, d));
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
        size_t v = value_index(a->n_kv_heads, kv_head, a->head_dim, j % KV_PAGE_TOKENS, 0);
        double p = exp(score(a, type, q, kv_head, j) - max);
        total += p;
        for (size_t d = 0; d < a->head_dim; d++)
            sums[d] += p * element(type, part_of(a, j), v + d);
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

static void run_f16_ref(const struct attention *a, size_t kv_head, size_t q_begin, size_t q_end,
                        void *scratch)
{
    run(a, KV_F16, kv_head, q_begin, q_end, scratch);
}

static void run_f32_ref(const struct attention *a, size_t kv_head, size_t q_begin, size_t q_end,
                        void *scratch)
{
    run(a, KV_F32, kv_head, q_begin, q_end, scratch);
}

void attention_init_reference(struct attention_kernels *k)
{
    *k = (struct attention_kernels){
        .store = { [KV_F16] = store_f16_ref, [KV_F32] = store_f32_ref },
        .scratch_bytes = scratch_bytes_ref,
        .run = { [KV_F16] = run_f16_ref, [KV_F32] = run_f32_ref },
    };
}

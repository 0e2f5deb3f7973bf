#include "bench_stream.h"

#include <math.h>

struct heads {
    float *x, *cos_, *sin_;
    size_t n_heads, head_dim, rotary_dim;
};

static struct heads new_heads(struct check *c, size_t n_heads, size_t head_dim, size_t rotary_dim,
                              uint32_t position)
{
    size_t half = rotary_dim / 2;
    struct heads h = { check_floats(c, n_heads * head_dim),
                       check_floats(c, half),
                       check_floats(c, half),
                       n_heads,
                       head_dim,
                       rotary_dim };
    float *frequency = check_floats(c, half);
    for (size_t i = 0; i < half; i++)
        frequency[i] = powf(10000, -(float)i / (float)half);
    check_fill(c, h.x, n_heads * head_dim, 10);
    c->reference.rope.angles(h.cos_, h.sin_, frequency, half, position);
    float *cos_ = check_floats(c, half), *sin_ = check_floats(c, half);
    c->tested.rope.angles(cos_, sin_, frequency, half, position);
    check_equal(c, check_text("cos at %u", position), cos_, h.cos_, half);
    check_equal(c, check_text("sin at %u", position), sin_, h.sin_, half);
    return h;
}

static float *rotated(struct check *c, const struct kernels *k, enum rope_layout layout,
                      const struct heads *h)
{
    float *x = check_copy(c, h->x, h->n_heads * h->head_dim);
    k->rope.rotate[layout](x, h->n_heads, h->head_dim, h->rotary_dim, h->cos_, h->sin_);
    return x;
}

static void check_layout(struct check *c, const char *name, enum rope_layout layout)
{
    static const size_t dims[] = { 2, 6, 16, 24, 32, 48, 64, 80, 96, 128, 256 };
    static const uint32_t positions[] = { 0, 1, 77, 131071, UINT32_MAX };
    if (!check_begin(c, name))
        return;
    for (size_t i = 0; i < COUNT_OF(dims); i++)
        for (size_t rotary = dims[i]; rotary >= 2; rotary = rotary / 4 * 2)
            for (size_t p = 0; p < COUNT_OF(positions); p++) {
                struct heads h = new_heads(c, 1 + p, dims[i], rotary, positions[p]);
                size_t n = h.n_heads * h.head_dim;
                const char *shape = check_text("head_dim=%zu rotary=%zu position=%u", dims[i],
                                               rotary, positions[p]);
                float *want = rotated(c, &c->reference, layout, &h);
                float *got = rotated(c, &c->tested, layout, &h);
                float *below = rotated(c, &c->below, layout, &h);
                check_near(c, shape, got, want, n, ROPE_TOLERANCE * check_largest(want, n));
                check_equal(c, check_text("levels differ %s", shape), got, below, n);
                check_release(c);
            }
}

void check_rope(struct check *c)
{
    check_layout(c, "rope.halves", ROPE_HALVES);
    check_layout(c, "rope.pairs", ROPE_PAIRS);
    if (c->bench)
        bench_rope(c);
}

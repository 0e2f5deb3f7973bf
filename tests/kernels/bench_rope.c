/* The query heads of one token of a model of 8 billion weights, turned in place: each element is
 * read and written, the angles are few. */
#include "bench_stream.h"

#include <math.h>

enum { N_HEADS = 32, HEAD_DIM = 128, HALF = HEAD_DIM / 2 };

struct heads {
    float *x, *cos_, *sin_;
    enum rope_layout layout;
};

static void run_rotate(const struct kernels *k, void *context)
{
    const struct heads *h = context;
    k->rope.rotate[h->layout](h->x, N_HEADS, HEAD_DIM, HEAD_DIM, h->cos_, h->sin_);
}

static void bench_layout(struct check *c, const char *name, enum rope_layout layout)
{
    if (!check_begin(c, name))
        return;
    struct heads h = { check_aligned(c, N_HEADS * HEAD_DIM * 4), check_aligned(c, HALF * 4),
                       check_aligned(c, HALF * 4), layout };
    check_fill_normal(c, h.x, N_HEADS * HEAD_DIM);
    for (size_t i = 0; i < HALF; i++) {
        h.cos_[i] = cosf((float)i);
        h.sin_[i] = sinf((float)i);
    }
    size_t bytes = N_HEADS * HEAD_DIM * sizeof(float);
    bench_stream(c, "32 heads of 128", run_rotate, &h, bytes, bytes);
    check_release(c);
}

void bench_rope(struct check *c)
{
    bench_layout(c, "rope.halves", ROPE_HALVES);
    bench_layout(c, "rope.pairs", ROPE_PAIRS);
}

/* Rows of a model of 8 billion weights: x and the weights are read, y is written; the row stays in
 * the first cache, so that the limit is that cache's. */
#include "bench_stream.h"

enum { WIDTH = 4096 };

struct row {
    float *x, *w, *y, *residual;
};

static void run_rms(const struct kernels *k, void *context)
{
    const struct row *r = context;
    k->norm.rms_norm(r->y, r->x, r->residual, r->w, WIDTH, 1e-5f);
}

static void run_layer(const struct kernels *k, void *context)
{
    const struct row *r = context;
    k->norm.layer_norm(r->y, r->x, r->residual, r->w, NULL, WIDTH, 1e-5f);
}

static void bench_row(struct check *c, const char *name, check_body *body, bool with_residual)
{
    if (!check_begin(c, name))
        return;
    struct row r = { check_aligned(c, WIDTH * 4), check_aligned(c, WIDTH * 4),
                     check_aligned(c, WIDTH * 4), NULL };
    check_fill_normal(c, r.x, WIDTH);
    check_fill_normal(c, r.w, WIDTH);
    if (with_residual) { /* zeros: x is added to at every call */
        r.residual = check_aligned(c, WIDTH * 4);
        memset(r.residual, 0, WIDTH * 4);
    }
    size_t row = WIDTH * sizeof(float);
    bench_stream(c, with_residual ? "n=4096 + residual" : "n=4096", body, &r,
                 with_residual ? 3 * row : 2 * row, with_residual ? 2 * row : row);
    check_release(c);
}

void bench_norm(struct check *c)
{
    bench_row(c, "norm.rms_norm", run_rms, false);
    bench_row(c, "norm.rms_norm", run_rms, true);
    bench_row(c, "norm.layer_norm", run_layer, false);
}

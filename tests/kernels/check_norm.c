#include "bench_stream.h"

static const size_t lengths[] = { 1,  2,  7,  15, 16,  17,  31,  32,   33,   47,
                                  48, 63, 64, 65, 127, 128, 288, 1000, 2048, 4097 };

struct row {
    float *y, *x, *residual, *w, *b;
    size_t n;
};

static struct row new_row(struct check *c, size_t n, float magnitude, float offset)
{
    struct row r = { check_floats(c, n), check_floats(c, n), check_floats(c, n),
                     check_floats(c, n), check_floats(c, n), n };
    check_fill(c, r.x, n, magnitude);
    for (size_t i = 0; i < n; i++)
        r.x[i] += offset;
    check_fill(c, r.residual, n, magnitude);
    check_fill_normal(c, r.w, n);
    check_fill_normal(c, r.b, n);
    return r;
}

static void call_rms(const struct kernels *k, const struct row *r, float *y, float *x,
                     const float *residual)
{
    k->norm.rms_norm(y, x, residual, r->w, r->n, 1e-5f);
}

static void call_layer(const struct kernels *k, const struct row *r, float *y, float *x,
                       const float *residual)
{
    k->norm.layer_norm(y, x, residual, r->w, r->n % 2 ? r->b : NULL, r->n, 1e-5f);
}

typedef void norm_call(const struct kernels *k, const struct row *r, float *y, float *x,
                       const float *residual);

/* One row by both tables, apart or in place, and by the level below. */
static void compare(struct check *c, norm_call *call, const struct row *r, bool in_place,
                    bool with_residual, float magnitude)
{
    size_t n = r->n;
    const char *shape = check_text("n=%zu magnitude=%g in_place=%d residual=%d", n, magnitude,
                                   in_place, with_residual);
    const float *residual = with_residual ? r->residual : NULL;
    float *x[3], *y[3];
    const struct kernels *k[3] = { &c->reference, &c->tested, &c->below };
    for (int i = 0; i < 3; i++) {
        x[i] = check_copy(c, r->x, n);
        y[i] = in_place ? x[i] : check_floats(c, n);
        call(k[i], r, y[i], x[i], residual);
    }
    check_near(c, shape, y[1], y[0], n, NORM_TOLERANCE * check_largest(y[0], n));
    if (!in_place)
        check_equal(c, shape, x[1], x[0], n);
    check_equal(c, check_text("levels differ %s", shape), y[1], y[2], n);
}

static void check_one(struct check *c, const char *name, norm_call *call)
{
    static const float magnitudes[] = { 1, 1e-3f, 1e4f, 1e20f };
    if (!check_begin(c, name))
        return;
    for (size_t i = 0; i < COUNT_OF(lengths); i++)
        for (size_t m = 0; m < COUNT_OF(magnitudes); m++) {
            /* Offset: elements close together far from zero, where a careless mean cancels. */
            for (int offset = 0; offset < 2; offset++) {
                struct row r =
                    new_row(c, lengths[i], magnitudes[m], offset ? 1000 * magnitudes[m] : 0);
                for (int flags = 0; flags < 4; flags++)
                    compare(c, call, &r, flags & 1, flags & 2, magnitudes[m]);
                check_release(c);
            }
        }
}

void check_norm(struct check *c)
{
    check_one(c, "norm.rms_norm", call_rms);
    check_one(c, "norm.layer_norm", call_layer);
    if (c->bench)
        bench_norm(c);
}

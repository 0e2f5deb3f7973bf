/* check.h: what the checks of all kernel families share.
 *
 * Owns the seeded generator, buffers that end on a guard page, comparisons that print both values
 * and the seed, and the clock of `--bench`. Leaves shapes and tolerances to check_<family>.c: one
 * function a family, called once a level by main.c. One thread. */
#ifndef CHECK_H
#define CHECK_H

#include "base/base.h"
#include "kernels/kernels.h"

struct check {
    struct kernels reference, tested;
    struct kernels below; /* the vector level under this one, or the tested level itself */
    const char *level;    /* of `tested`: "avx2", ... */
    const char *filter;   /* names without this text are left out; NULL: none is */
    bool bench;
    size_t every; /* of so many expensive shapes one is checked */
    size_t n_shapes;
    uint64_t seed, state;
    size_t n_passed, n_failed;
    char kernel[64]; /* the one under test, for messages */
    size_t n_shown;  /* failures printed for it */
    struct check_buffer *buffers;
};

/* The families. */
void check_norm(struct check *c);
void check_rope(struct check *c);
void check_elementwise(struct check *c);
void check_attention(struct check *c);
void check_matmul(struct check *c);

/* Begin the checks of one kernel; false when the filter leaves it out. Restarts the generator, so
 * that a filtered run sees the numbers of the full one. */
bool check_begin(struct check *c, const char *kernel);

/* Whether the next expensive shape is checked: one of c->every, the seed says which. */
bool check_wanted(struct check *c);

/* Random numbers that the seed fixes. */
uint64_t check_random(struct check *c);
size_t check_below(struct check *c, size_t limit); /* [0, limit) */
float check_uniform(struct check *c, float low, float high);
float check_normal(struct check *c); /* mean 0, deviation 1 */

/* [n] numbers, the extremes first: zeros of both signs, the largest and smallest of `magnitude`,
 * subnormals; then uniform ones. */
void check_fill(struct check *c, float *x, size_t n, float magnitude);
void check_fill_normal(struct check *c, float *x, size_t n);

/* Memory that ends where a guard page begins, until check_release; check_aligned begins on a
 * multiple of 64 and so may end up to 63 bytes early. Filled with 0xff bytes (a NaN). */
void *check_buffer(struct check *c, size_t size_bytes);
void *check_aligned(struct check *c, size_t size_bytes);
float *check_floats(struct check *c, size_t n);
float *check_copy(struct check *c, const float *x, size_t n);
void check_release(struct check *c);

/* |got - want| <= tolerance for all; NaN only meets NaN. `shape` is printed with a failure. */
bool check_near(struct check *c, const char *shape, const float *got, const float *want, size_t n,
                double tolerance);
/* The same, each relative to max(1, |want|). */
bool check_near_each(struct check *c, const char *shape, const float *got, const float *want,
                     size_t n, double tolerance);
/* The same bits, but that any NaN equals any other. */
bool check_equal(struct check *c, const char *shape, const float *got, const float *want, size_t n);
bool check_true(struct check *c, bool condition, const char *format, ...) PRINTF_LIKE(3, 4);

/* A text that lives until sixteen more were made, for `shape`. */
const char *check_text(const char *format, ...) PRINTF_LIKE(1, 2);

double check_largest(const float *x, size_t n); /* max |x| of the finite ones, at least 1e-30 */

/* Time `body` with the tested table and with the reference, when --bench was given: prints ns,
 * GB/s, G operations/s and how many times faster than the reference. `operations` may be 0. */
typedef void check_body(const struct kernels *k, void *context);
/* Nanoseconds of one call: the best of several batches, each long enough for the clock. */
double check_time(const struct kernels *k, check_body *body, void *context, int batches);
void check_bench(struct check *c, const char *shape, check_body *body, void *context, double bytes,
                 double operations);

#endif

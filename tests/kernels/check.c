#include "check.h"

#include "base/clock.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SHOWN = 5 }; /* failures printed for one kernel */

struct check_buffer {
    struct check_buffer *next;
    void *mapping;
    size_t mapping_bytes;
};

bool check_begin(struct check *c, const char *kernel)
{
    if (c->filter && !strstr(kernel, c->filter))
        return false;
    snprintf(c->kernel, sizeof c->kernel, "%s", kernel);
    c->n_shown = 0;
    c->state = c->seed;
    for (const char *at = kernel; *at; at++)
        c->state = c->state * 31 + (unsigned char)*at;
    return true;
}

bool check_wanted(struct check *c)
{
    return (c->seed + c->n_shapes++) % c->every == 0;
}

/* SplitMix64 (Steele, Lea and Flood 2014). */
uint64_t check_random(struct check *c)
{
    uint64_t z = c->state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

size_t check_below(struct check *c, size_t limit)
{
    return (size_t)(check_random(c) % limit);
}

float check_uniform(struct check *c, float low, float high)
{
    double unit = (double)(check_random(c) >> 11) * 0x1p-53;
    return (float)(low + (high - low) * unit);
}

float check_normal(struct check *c)
{
    double u = ((double)(check_random(c) >> 11) + 1) * 0x1p-53;
    double v = (double)(check_random(c) >> 11) * 0x1p-53;
    return (float)(sqrt(-2 * log(u)) * cos(2 * M_PI * v));
}

void check_fill(struct check *c, float *x, size_t n, float magnitude)
{
    const float extremes[] = { 0,         -0.0f,     magnitude,        -magnitude,
                               1e-42f,    -1e-42f,   0x1p-126f,        -0x1p-149f,
                               magnitude, magnitude, 0.5f * magnitude, -magnitude };
    for (size_t i = 0; i < n; i++)
        x[i] = i < COUNT_OF(extremes) && i < n / 2 ? extremes[i]
                                                   : check_uniform(c, -magnitude, magnitude);
}

void check_fill_normal(struct check *c, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = check_normal(c);
}

/* Memory in front of a guard page, beginning `slack` bytes before the last place it could. */
static void *new_buffer(struct check *c, size_t size_bytes, size_t unit)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t usable = align_up(size_bytes + unit, page);
    struct check_buffer *buffer = malloc(sizeof *buffer);
    uint8_t *mapping =
        mmap(NULL, usable + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!buffer || mapping == MAP_FAILED || mprotect(mapping + usable, page, PROT_NONE) != 0) {
        fprintf(stderr, "check-kernels: cannot map %zu bytes\n", usable + page);
        exit(2);
    }
    memset(mapping, 0xff, usable);
    *buffer = (struct check_buffer){ c->buffers, mapping, usable + page };
    c->buffers = buffer;
    return mapping + usable - align_up(size_bytes, unit);
}

void *check_buffer(struct check *c, size_t size_bytes)
{
    return new_buffer(c, size_bytes, 1);
}

void *check_aligned(struct check *c, size_t size_bytes)
{
    return new_buffer(c, size_bytes, 64);
}

float *check_floats(struct check *c, size_t n)
{
    return check_buffer(c, n * sizeof(float));
}

float *check_copy(struct check *c, const float *x, size_t n)
{
    return memcpy(check_floats(c, n), x, n * sizeof *x);
}

void check_release(struct check *c)
{
    for (struct check_buffer *buffer = c->buffers, *next; buffer; buffer = next) {
        next = buffer->next;
        munmap(buffer->mapping, buffer->mapping_bytes);
        free(buffer);
    }
    c->buffers = NULL;
}

/* Count one comparison; true when its failure is to be printed. */
static bool count(struct check *c, bool ok)
{
    c->n_passed += ok;
    c->n_failed += !ok;
    return !ok && c->n_shown++ < SHOWN;
}

static bool report(struct check *c, const char *shape, size_t index, float got, float want,
                   double tolerance)
{
    if (count(c, false))
        printf("FAILED %s %s (%s, seed %" PRIu64 "): [%zu] is %.9g, should be %.9g within %.3g\n",
               c->level, c->kernel, shape, c->seed, index, got, want, tolerance);
    return false;
}

/* Whether both are NaN, equal, or as close as that. */
static bool is_near(float got, float want, double tolerance)
{
    return got == want || (isnan(got) && isnan(want)) || fabs((double)got - want) <= tolerance;
}

bool check_near(struct check *c, const char *shape, const float *got, const float *want, size_t n,
                double tolerance)
{
    for (size_t i = 0; i < n; i++)
        if (!is_near(got[i], want[i], tolerance))
            return report(c, shape, i, got[i], want[i], tolerance);
    count(c, true);
    return true;
}

bool check_near_each(struct check *c, const char *shape, const float *got, const float *want,
                     size_t n, double tolerance)
{
    for (size_t i = 0; i < n; i++) {
        double bound = tolerance * fmax(1, fabs((double)want[i]));
        if (!is_near(got[i], want[i], bound))
            return report(c, shape, i, got[i], want[i], bound);
    }
    count(c, true);
    return true;
}

bool check_equal(struct check *c, const char *shape, const float *got, const float *want, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(&got[i], &want[i], sizeof *got) != 0 && !(isnan(got[i]) && isnan(want[i])))
            return report(c, shape, i, got[i], want[i], 0);
    count(c, true);
    return true;
}

bool check_true(struct check *c, bool condition, const char *format, ...)
{
    if (!count(c, condition))
        return condition;
    printf("FAILED %s %s (seed %" PRIu64 "): ", c->level, c->kernel, c->seed);
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    return condition;
}

const char *check_text(const char *format, ...)
{
    static char texts[16][160];
    static unsigned turn;
    char *text = texts[turn++ % COUNT_OF(texts)];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof texts[0], format, arguments);
    va_end(arguments);
    return text;
}

double check_largest(const float *x, size_t n)
{
    double largest = 1e-30;
    for (size_t i = 0; i < n; i++)
        if (isfinite(x[i]))
            largest = fmax(largest, fabs(x[i]));
    return largest;
}

double check_time(const struct kernels *k, check_body *body, void *context, int batches)
{
    uint64_t calls = 1, spent = 0;
    for (;; calls *= 2) {
        uint64_t start = clock_ns();
        for (uint64_t i = 0; i < calls; i++)
            body(k, context);
        spent = clock_ns() - start;
        if (spent > 2000000 || calls > (1 << 24))
            break;
    }
    double best = (double)spent;
    for (int batch = 1; batch < batches; batch++) {
        uint64_t start = clock_ns();
        for (uint64_t i = 0; i < calls; i++)
            body(k, context);
        best = fmin(best, (double)(clock_ns() - start));
    }
    return best / (double)calls;
}

void check_bench(struct check *c, const char *shape, check_body *body, void *context, double bytes,
                 double operations)
{
    if (!c->bench)
        return;
    double ns = check_time(&c->tested, body, context, 10);
    double reference_ns = check_time(&c->reference, body, context, 1);
    printf("%-8s %-24s %-34s %12.0f ns %8.1f GB/s", c->level, c->kernel, shape, ns, bytes / ns);
    if (operations > 0)
        printf(" %8.1f Gop/s", operations / ns);
    printf(" %7.1f x reference\n", reference_ns / ns);
}

#include "bench_stream.h"

#include <stdio.h>

struct stream {
    uint8_t *in, *out;
    size_t in_bytes, out_bytes;
};

static void read_and_write(const struct kernels *k, void *context)
{
    (void)k;
    struct stream *s = context;
    size_t both = size_min(s->in_bytes, s->out_bytes);
    if (both)
        memcpy(s->out, s->in, both);
    if (s->out_bytes > both)
        memset(s->out + both, 0, s->out_bytes - both);
    if (s->in_bytes > both) { /* two equal halves, each read once */
        size_t half = (s->in_bytes - both) / 2;
        volatile int order = memcmp(s->in + both, s->in + both + half, half);
        (void)order;
    }
}

static double limit_ns(struct check *c, size_t in_bytes, size_t out_bytes)
{
    struct stream s = { check_aligned(c, in_bytes + 64), check_aligned(c, out_bytes + 64), in_bytes,
                        out_bytes };
    memset(s.in, 0, in_bytes);
    return check_time(&c->tested, read_and_write, &s, 10);
}

void bench_stream(struct check *c, const char *shape, check_body *body, void *context,
                  size_t read_bytes, size_t written_bytes)
{
    double bytes = (double)(read_bytes + written_bytes);
    double limit = limit_ns(c, read_bytes, written_bytes);
    double ns = check_time(&c->tested, body, context, 10);
    double reference_ns = check_time(&c->reference, body, context, 1);
    printf("%-6s %-27s %-18s %9.0f ns %7.1f of %6.1f GB/s (%3.0f%%) %6.1f x reference\n", c->level,
           c->kernel, shape, ns, bytes / ns, bytes / limit, limit / ns * 100, reference_ns / ns);
}

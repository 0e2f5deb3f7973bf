/* bench_stream.h: kernels whose limit is memory, beside the speed at which it is only read and
 * written.
 *
 * Owns the limit: the C library's memcpy for as many bytes as are both read and written, its memcmp
 * and memset for the rest, in buffers as large as the kernel's own, so that both work in the same
 * cache. One thread. */
#ifndef BENCH_STREAM_H
#define BENCH_STREAM_H

#include "check.h"

void bench_elementwise(struct check *c);
void bench_norm(struct check *c);
void bench_rope(struct check *c);

/* Print ns, GB/s, the share of the limit and how many times faster than the reference `body` is,
 * which reads and writes so many bytes. */
void bench_stream(struct check *c, const char *shape, check_body *body, void *context,
                  size_t read_bytes, size_t written_bytes);

#endif

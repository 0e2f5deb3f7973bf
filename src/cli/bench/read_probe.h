/* read_probe.h: how fast this machine reads memory, the limit that decoding runs against.
 *
 * Owns a buffer larger than the last cache. Leaves to its caller the threads that read it and when
 * to measure: one pass between other measurements sees the machine as they see it. One thread. */
#ifndef READ_PROBE_H
#define READ_PROBE_H

#include "base/base.h"
#include "base/error.h"
#include "base/thread_pool.h"

struct read_probe;

/* `pool` is borrowed. */
bool read_probe_open(struct read_probe **out, struct thread_pool *pool,
                     struct error *err) MUST_CHECK;
void read_probe_close(struct read_probe **probe); /* accepts NULL, leaves NULL */

/* Its buffer, all of it resident. */
uint64_t read_probe_bytes(const struct read_probe *probe);

/* Read the whole buffer once with all threads; bytes per second. */
double read_probe_pass(struct read_probe *probe);

#endif

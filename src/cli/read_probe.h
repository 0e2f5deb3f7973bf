/* read_probe.h: how fast this machine reads memory, the limit that decoding runs against.
 *
 * Owns a buffer larger than the last cache and the threads that read it. Leaves when to measure to
 * its caller: one pass between other measurements sees the machine as they see it. One thread. */
#ifndef READ_PROBE_H
#define READ_PROBE_H

#include "base/base.h"
#include "base/error.h"

struct read_probe;

bool read_probe_open(struct read_probe **out, size_t n_threads, struct error *err) MUST_CHECK;
void read_probe_close(struct read_probe **probe); /* accepts NULL, leaves NULL */

/* Read the whole buffer once with all threads; bytes per second. */
double read_probe_pass(struct read_probe *probe);

#endif

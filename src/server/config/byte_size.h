/* byte_size.h: amounts of memory as people write them.
 *
 * Owns nothing. Any thread. */
#ifndef BYTE_SIZE_H
#define BYTE_SIZE_H

#include "base/base.h"
#include "base/error.h"

/* "500MB" and "8GB" are powers of 1000, "8GiB" and "8G" of 1024, "4096" are bytes; fractions and
 * letters of any case. ERROR_USAGE. */
bool byte_size_read(struct slice text, uint64_t *bytes, struct error *err) MUST_CHECK;

/* "90%" of `whole` besides. */
bool byte_share_read(struct slice text, uint64_t whole, uint64_t *bytes,
                     struct error *err) MUST_CHECK;

#endif

/* vector_length.h: how long an embedding is.
 *
 * Owns nothing. Any thread. */
#ifndef VECTOR_LENGTH_H
#define VECTOR_LENGTH_H

#include "base/base.h"
#include "base/json.h"

/* What the first n elements of an array are divided by to have length 1: 1 for zeros; not finite
 * when one of them is no number. Cutting off and dividing again is the same as dividing once. */
double vector_length(const struct json *vector, size_t n);

#endif

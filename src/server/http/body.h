/* body.h: the fields of a request's body, read as Go's JSON decoder does, because clients rely on
 * it.
 *
 * Names in any ASCII case, the last of several wins, null is absent, unknown names are no error,
 * what follows the first value is ignored. Errors (ERROR_USAGE) are what the client is told. Any
 * thread. */
#ifndef BODY_H
#define BODY_H

#include "base/base.h"
#include "base/error.h"
#include "base/json.h"

/* The body as an object, which json_close ends; null is an empty one. "missing request body" when
 * there is none. What is no UTF-8 or half a surrogate pair becomes U+FFFD. */
bool body_open(const struct json **out, struct slice bytes, struct error *err) MUST_CHECK;

/* NULL: absent or null. */
const struct json *body_field(const struct json *object, const char *name);

/* A value of the type when it is there; absent: *out stays as it was. Wrong type: ERROR_USAGE
 * naming the field, what is there and what is wanted; a number out of [least, most] likewise. */
bool body_text(const struct json *object, const char *name, struct slice *out,
               struct error *err) MUST_CHECK;
bool body_flag(const struct json *object, const char *name, bool *out,
               struct error *err) MUST_CHECK;
bool body_whole(const struct json *object, const char *name, int64_t least, int64_t most,
                int64_t *out, struct error *err) MUST_CHECK;
bool body_real(const struct json *object, const char *name, double least, double most, double *out,
               struct error *err) MUST_CHECK;

#endif

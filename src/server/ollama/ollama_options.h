/* ollama_options.h: the member "options" of a request.
 *
 * Owns the one table of options: their types, and what becomes of each (a member of the worker's
 * request, nothing because it has no meaning here, a refusal). Any thread. */
#ifndef OLLAMA_OPTIONS_H
#define OLLAMA_OPTIONS_H

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

struct ollama_options {
    bool has_n_ctx;
    int64_t n_ctx;        /* of this request, as sent */
    bool is_type_error;   /* of a failure: the reference answers 500 */
    struct text *members; /* the worker's `options`, an object */
    struct text *ignored; /* names that have no meaning here or that nobody knows, by commas */
};

/* `sent` may be NULL. ERROR_USAGE for a wrong type, ERROR_UNSUPPORTED for what would change the
 * answer and cannot be done; ERROR_MEMORY. */
bool ollama_options_read(struct ollama_options *out, const struct json *sent,
                         struct error *err) MUST_CHECK;

/* Add a name to such a list; what is no plain name is written as '?'. */
bool ignored_add(struct text *ignored, struct slice name);

#endif

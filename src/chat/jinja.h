/* jinja.h: chat templates in Jinja, as Hugging Face models bring them, from source to text.
 *
 * Owns the compiled template and the limits of a rendering: what comes from strangers can neither
 * hang, nor fill memory, nor reach anything but its context. Leaves to callers which template
 * belongs to a model and what the context holds. A compiled template never changes: any number of
 * threads may render it at once. */
#ifndef JINJA_H
#define JINJA_H

#include "base/base.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

struct jinja_template;

/* Errors begin with "line N: " and say what stands there. */
bool jinja_compile(struct jinja_template **out, struct slice source, struct error *err) MUST_CHECK;
void jinja_close(struct jinja_template **template); /* accepts NULL, leaves NULL */

struct jinja_limits {
    uint64_t steps;      /* nodes evaluated, elements and pieces of text touched */
    size_t memory_bytes; /* all values of one rendering */
    size_t output_bytes; /* the text, and at the same time what is captured on its way */
    uint32_t depth;      /* of evaluation: expressions, statements and macros inside each other */
};

struct jinja_options {
    int64_t now; /* what strftime_now says: seconds since 1970, UTC */
    struct jinja_limits limits;
};
/* Limits that end every template within 100 ms and 64 MB; `now` is 0. */
struct jinja_options jinja_defaults(void);

/* Append the text to `out`, whose own limit counts too; nothing is appended on failure. The members
 * of `context`, an object or NULL, are the template's variables. The error's code tells apart:
 * ERROR_USAGE   the template called raise_exception, whose message this is, word for word;
 * ERROR_FORMAT  anything else that is wrong with the template, or with it and this context;
 * ERROR_BUDGET  a limit was reached. */
bool jinja_render(const struct jinja_template *template, const struct json *context,
                  const struct jinja_options *options, struct text *out,
                  struct error *err) MUST_CHECK;

#endif

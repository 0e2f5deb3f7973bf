/* expression.h: regular expressions over UTF-8 text; the only header in front of PCRE2.
 *
 * Owns a compiled expression (shared by threads) and a matcher (one per thread and call). Leaves
 * what a match means to others. Bounded: whatever expression and text are, a match ends with an
 * answer or an error, never a crash. */
#ifndef EXPRESSION_H
#define EXPRESSION_H

#include "base/base.h"
#include "base/error.h"

struct expression;

/* Written for PCRE2, Oniguruma or Rust: what differs in meaning is translated, what cannot be is an
 * error. */
bool expression_compile(struct expression **out, struct slice pattern,
                        struct error *err) MUST_CHECK;
void expression_free(struct expression **expression); /* accepts NULL, leaves NULL */

/* Zero-initialize; buffers that matches need, reused from match to match. */
struct matcher {
    void *data, *context, *stack;
};
void matcher_release(struct matcher *matcher);

/* The first match in `text` (UTF-8 in form, surrogates allowed) that begins at `start` or later. */
bool matcher_find(struct matcher *matcher, const struct expression *expression, struct slice text,
                  size_t start, bool *found, size_t *from, size_t *to,
                  struct error *err) MUST_CHECK;

#endif

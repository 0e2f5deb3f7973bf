/* matcher.h: recognizing a grammar's language byte by byte.
 *
 * Owns the states that were met, each kept once: a state is a set of stacks (what may follow), and
 * two texts that allow the same continuations usually share one. What a byte leads to is
 * remembered. Used by one thread; states live as long as the matcher. */
#ifndef MATCHER_H
#define MATCHER_H

#include "runtime/grammar/grammar.h"

struct matcher;
typedef uint32_t matcher_state;

#define MATCHER_DEAD UINT32_MAX

/* `limit_bytes` bounds all states together; when it is used up, states that nobody needs are
 * forgotten, so the caller holds on to what it keeps (matcher_keep). */
bool matcher_open(struct matcher **out, const struct grammar *grammar, size_t limit_bytes,
                  struct error *err) MUST_CHECK;
void matcher_close(struct matcher **matcher); /* accepts NULL, leaves NULL */

matcher_state matcher_start(struct matcher *m);

/* The state after more bytes; MATCHER_DEAD when no text of the language goes on so. False: memory.
 */
bool matcher_advance(struct matcher *m, matcher_state from, struct slice bytes, matcher_state *to,
                     struct error *err) MUST_CHECK;

bool matcher_may_end(const struct matcher *m, matcher_state state);  /* "" may follow */
bool matcher_must_end(const struct matcher *m, matcher_state state); /* nothing else may */

/* When exactly one text may follow for a while: its bytes (jump ahead); "" otherwise. */
struct slice matcher_forced(struct matcher *m, matcher_state state);

#endif

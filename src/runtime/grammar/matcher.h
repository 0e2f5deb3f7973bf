/* matcher.h: recognizing a grammar's language byte by byte.
 *
 * Owns the states that were met, each kept once: a state is a set of stacks (what may follow), and
 * two texts that allow the same continuations usually share one. What a byte leads to is
 * remembered. Every state that is not dead can be continued to a text of the language. One thread;
 * states live as long as the matcher. */
#ifndef MATCHER_H
#define MATCHER_H

#include "runtime/grammar/grammar.h"

struct matcher;
typedef uint32_t matcher_state;

#define MATCHER_DEAD UINT32_MAX

/* `grammar` must outlive the matcher. `limit_bytes` bounds all states together; later functions
 * fail with ERROR_BUDGET when it is used up. */
bool matcher_open(struct matcher **out, const struct grammar *grammar, size_t limit_bytes,
                  struct error *err) MUST_CHECK;
void matcher_close(struct matcher **matcher); /* accepts NULL, leaves NULL */

matcher_state matcher_start(const struct matcher *m);

/* The state after more bytes; MATCHER_DEAD when no text of the language goes on so. */
bool matcher_advance(struct matcher *m, matcher_state from, struct slice bytes, matcher_state *to,
                     struct error *err) MUST_CHECK;

bool matcher_may_end(const struct matcher *m, matcher_state state);  /* "" may follow */
bool matcher_must_end(const struct matcher *m, matcher_state state); /* nothing else may */

/* The fewest bytes that complete a text from here. */
bool matcher_distance(struct matcher *m, matcher_state state, uint64_t *bytes,
                      struct error *err) MUST_CHECK;

/* A byte that comes one nearer to that completion; only where one is needed (a distance above 0).
 * Taken again and again, it spells the same text from any state on the way. */
bool matcher_nearest(struct matcher *m, matcher_state state, uint8_t *byte,
                     struct error *err) MUST_CHECK;

/* Masks of tokens are made from parts that many states share: each of a state's stacks is cut below
 * the innermost call. What the upper part (a segment) allows by itself does not depend on where the
 * call came from; where the called rule is over, matching goes on in the return state. Counters are
 * brought to a representative that no text of `horizon` bytes can tell from the true one. */
struct matcher_stack {
    matcher_state segment;
    matcher_state after; /* MATCHER_DEAD: the text is over there */
};
size_t matcher_count_stacks(const struct matcher *m, matcher_state state);
bool matcher_stack_at(struct matcher *m, matcher_state state, size_t index, uint32_t horizon,
                      struct matcher_stack *out, struct error *err) MUST_CHECK;
bool matcher_is_returning(const struct matcher *m, matcher_state segment);

/* Whether each plain sign leads from a state to itself, as within strings: whoever walks there need
 * not go byte by byte. */
bool matcher_loops(struct matcher *m, matcher_state state);
static inline bool matcher_is_plain(uint8_t byte)
{
    return byte >= ' ' && byte < 0x7F && byte != '"' && byte != '\\';
}

#endif

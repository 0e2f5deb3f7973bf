/* hearth_script.h: sessions whose answers are dictated, token by token.
 *
 * For measuring on any model what guesses cost and gain on a given text: each step runs as ever and
 * the sampler chooses as ever, but the answer goes on with the script. Leaves reading transcripts
 * to its callers; not a part of the public interface. The session's thread only. */
#ifndef HEARTH_SCRIPT_H
#define HEARTH_SCRIPT_H

#include "hearth.h"

#include "base/base.h"
#include "base/error.h"
#include "tokenizer/tokenizer.h"

/* As session_prompt, and nothing is known yet of how guesses come true. */
bool session_hold(struct hearth_session *session, const token_id *tokens, size_t n,
                  struct error *err) MUST_CHECK;

/* The next n tokens of answers are `script`; what the sampler would have chosen is written to
 * `own`. Both borrowed until then. To be called after hearth_session_configure. */
void session_follow(struct hearth_session *session, const token_id *script, token_id *own,
                    size_t n);

/* Of all answers since the session was opened or told what to hold. */
struct guess_counts {
    uint64_t n_steps;           /* that gave tokens */
    uint64_t n_checked, n_true; /* guessed tokens */
};
struct guess_counts session_guesses(const struct hearth_session *session);

#endif

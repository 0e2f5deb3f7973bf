/* session_steps.h: sessions that move on together.
 *
 * For who runs steps of many sessions at once (the worker's scheduler); others call
 * hearth_session_next, which is the same with one. An answer is begun, then offers rows to steps
 * and settles what came of them, until it is over; what it tells is collected after each step.
 * Answers are the same in any company. All calls on the sessions of a model are made by the thread
 * that runs its steps, but session_prompt, which any thread may call between answers. */
#ifndef SESSION_STEPS_H
#define SESSION_STEPS_H

#include "hearth.h"

#include "base/base.h"
#include "base/error.h"
#include "runtime/engine.h"
#include "runtime/speculation.h"

/* What a session contributes to one step. */
struct session_part {
    struct hearth_session *session;
    struct batch_item item; /* for engine_step; item.n_tokens = 0: the answer needs no more steps */
    /* private */
    token_id single[1 + SPECULATION_DEEPEST];
    size_t n_pending, n_guessed;
    struct lookup_guess guess;
};

/* The answer begins, unless it has. Pages of prompts that began alike are taken over here. */
bool session_begin(struct hearth_session *session, struct error *err) MUST_CHECK;

/* Tokens that stand between now and the next one of the answer: 1 while it is decoded, more while
 * its prompt is read. 0: it is over. */
size_t session_n_pending(const struct hearth_session *session);
uint32_t session_n_cached(
    const struct hearth_session *session); /* of the present prompt, not evaluated again */

/* At most `most_rows` (>= 1) tokens, of which at most most_outputs - 1 (>= 0) are guesses. */
bool session_offer(struct hearth_session *session, uint32_t most_rows, uint32_t most_outputs,
                   struct session_part *part, struct error *err) MUST_CHECK;

/* After a step that `part` took part in: tokens are chosen. `step_ns` of a step of nothing but this
 * part; 0: there was more in it. A failure ends this session's answer only. */
bool session_settle(struct session_part *part, uint64_t step_ns, struct error *err) MUST_CHECK;

/* What hearth_session_next would tell now, without a step; false: nothing yet. */
bool session_collect(struct hearth_session *session, struct hearth_event *event);

/* Give all pages back in the middle of an answer; the tokens are evaluated again when it goes on,
 * and the answer is the same. */
void session_yield(struct hearth_session *session);

#endif

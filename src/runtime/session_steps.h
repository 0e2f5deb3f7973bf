/* session_steps.h: sessions that move on together.
 *
 * For who runs steps of many sessions at once (the worker's scheduler); others call
 * hearth_session_next, which is the same with one. An answer is begun, then offers rows to steps
 * and settles what came of them, until it is over; what it tells is collected after each step.
 * Answers are the same in any company. These calls, and closing or clearing sessions, are made by
 * the one thread that runs the model's steps. Opening and configuring sessions, feeding them,
 * session_prompt and the rest of hearth_control.h touch no pages and wait for no step: any thread
 * may prepare a session that is not answering. */
#ifndef SESSION_STEPS_H
#define SESSION_STEPS_H

#include "hearth.h"

#include "base/base.h"
#include "base/error.h"
#include "runtime/engine.h"
#include "runtime/speculation.h"

/* What a session contributes to one step. Stays where it is until it is settled: `item` points into
 * it. Items of several sessions are copied into an array for engine_step, and back for their
 * logits. */
struct session_part {
    struct hearth_session *session;
    struct batch_item item; /* for engine_step; item.n_tokens = 0: the answer needs no more steps */
    /* private */
    token_id single[1 + SPECULATION_DEEPEST]; /* the last token and guesses, if there are any */
    size_t n_pending, n_guessed;              /* tokens of the session, tokens to be checked */
    struct lookup_guess guess;
};

/* hearth_model_open with all that an engine can be told; it keeps prefixes in any case. */
bool model_open_with(struct hearth_model **out, const char *path,
                     const struct engine_options *options, struct error *err) MUST_CHECK;

/* For the steps of its sessions. */
struct engine *model_stepped_engine(struct hearth_model *model);

/* The answer begins, unless it has. Pages of prompts that began alike are taken over here. */
bool session_begin(struct hearth_session *session, struct error *err) MUST_CHECK;

/* The same beside another session (NULL: none) whose tokens begin alike and who goes on: what it
 * has evaluated of them, to the very token, is not evaluated again. */
bool session_begin_beside(struct hearth_session *session, struct hearth_session *other,
                          struct error *err) MUST_CHECK;

/* Tokens that stand between now and the next one of the answer: 1 while it is decoded, more while
 * its prompt is read. 0: it is over. */
size_t session_n_pending(const struct hearth_session *session);
uint32_t session_n_cached(
    const struct hearth_session *session); /* of the present prompt, not evaluated again */

/* At most `most_rows` (>= 1) tokens, of which at most most_outputs - 1 (>= 0) are guesses. Offering
 * changes nothing but that an answer at its end is ended: where no step comes of it, offer again.
 */
bool session_offer(struct hearth_session *session, uint32_t most_rows, uint32_t most_outputs,
                   struct session_part *part, struct error *err) MUST_CHECK;

/* After a step that `part` took part in: tokens are chosen. `step_ns` of a step of nothing but this
 * part; 0: there was more in it. A failure ends this session's answer only. */
bool session_settle(struct session_part *part, uint64_t step_ns, struct error *err) MUST_CHECK;

/* What hearth_session_next would tell now, without a step; false: nothing yet. Valid until the next
 * call on the session. */
bool session_collect(struct hearth_session *session, struct hearth_event *event);

/* Give all pages back in the middle of an answer; the tokens are evaluated again when it goes on,
 * and the answer is the same. */
void session_yield(struct hearth_session *session);

#endif

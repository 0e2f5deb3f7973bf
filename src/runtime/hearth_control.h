/* hearth_control.h: what a chat needs of a session beyond include/hearth.h.
 *
 * For those who give tokens rather than text, decide what answers look like, and read them as they
 * come. The session's thread only. */
#ifndef HEARTH_CONTROL_H
#define HEARTH_CONTROL_H

#include "hearth.h"

#include "base/base.h"
#include "base/error.h"
#include "runtime/engine.h"
#include "runtime/grammar/grammar.h"
#include "runtime/stop.h"
#include "tokenizer/tokenizer.h"

const struct engine *model_engine(const struct hearth_model *model);

/* The session's tokens are these from now on, n >= 1, and the next answer follows them. What was
 * evaluated of a common beginning is kept. Between answers only. ERROR_CONTEXT, with both numbers,
 * when they do not fit; the session is then as it was. */
bool session_prompt(struct hearth_session *session, const token_id *tokens, size_t n,
                    struct error *err) MUST_CHECK;

/* All tokens of the session, prompts and answers; valid until the next call on it. */
const token_id *session_tokens(const struct hearth_session *session, size_t *n);

/* Answers are texts of the grammar, of which the caller's hold is taken, also on failure; NULL:
 * they are free. Lasts until the session is configured again. */
bool session_constrain(struct hearth_session *session, struct grammar *grammar,
                       struct error *err) MUST_CHECK;

/* Control tokens that come out as their text; they replace earlier ones. */
bool session_show(struct hearth_session *session, const token_id *tokens, size_t n,
                  struct error *err) MUST_CHECK;

/* Whether the answer so far ends with a whole character: only then may anything be forced. */
bool session_is_whole(const struct hearth_session *session);

/* Tokens that end answers beside the vocabulary's own; they replace earlier ones. */
bool session_end_at(struct hearth_session *session, const token_id *tokens, size_t n,
                    struct error *err) MUST_CHECK;

/* The present answer goes on with these tokens, whatever the sampler would choose. */
bool session_force(struct hearth_session *session, const token_id *tokens, size_t n,
                   struct error *err) MUST_CHECK;

enum watch_verdict {
    WATCH_GO_ON,
    WATCH_END, /* the answer ends here, with reason HEARTH_STOP */
    WATCH_FAIL,
};

/* Told of every token of an answer by the text that has become certain with it (may be none), and a
 * last time when the answer has ended, unless it ended it. May call session_force. */
typedef enum watch_verdict session_watch(void *context, struct slice text, bool is_last,
                                         struct error *err);

/* From the next answer on; stop strings are then the watcher's business, through session_stop.
 * NULL: nobody watches. */
void session_watch_by(struct hearth_session *session, session_watch *watch, void *context);
struct stop_matcher *session_stop(struct hearth_session *session);

#endif

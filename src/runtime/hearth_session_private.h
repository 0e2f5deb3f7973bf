/* hearth_session_private.h: what a session is made of. Private to hearth_session.c (options, text
 * fed), session_steps.c (rows of steps), hearth_answer.c (tokens to text) and hearth_script.c
 * (tokens held, dictated answers). */
#ifndef HEARTH_SESSION_PRIVATE_H
#define HEARTH_SESSION_PRIVATE_H

#include "runtime/hearth_logprobs.h"
#include "runtime/hearth_private.h"
#include "runtime/hearth_script.h"
#include "runtime/prompt_lookup.h"
#include "runtime/repetition.h"
#include "runtime/sampler.h"
#include "runtime/sequence.h"
#include "runtime/hearth_control.h"
#include "runtime/speculation.h"
#include "runtime/stop.h"

#include <stdatomic.h>

enum session_state { IDLE, ANSWERING, ENDING };

struct hearth_session {
    struct hearth_model *model; /* borrowed */
    struct sequence *sequence;
    struct sampler *sampler;
    struct stop_matcher *stop;
    struct constraint *constraint; /* NULL: answers are free */
    struct prompt_lookup *lookup;  /* has all tokens of the session */
    size_t n_evaluated;            /* of them, by the sequence; 0 for new ones */
    struct repetition *repetition; /* NULL: loops are not looked for */
    struct speculation speculation;
    struct token_stream stream;
    struct token_list forced; /* [n_said of them are said] how the answer goes on */
    size_t n_said;
    struct token_list shown;  /* control tokens that are text, too */
    struct token_list ends;   /* tokens that end answers beside those of the vocabulary */
    struct text decoded, out; /* of the present event */
    session_watch *watch;     /* NULL: stop strings are the session's business */
    void *watch_context;
    bool was_told;  /* the watcher, since the last event */
    bool was_given; /* what the present event points to: it may go */
    enum session_state state;
    bool is_looping; /* and on the shortest way to the end that its format wants */
    bool was_fed;    /* since the last answer */
    bool has_text;   /* anything at all was fed: no beginning token any more */
    _Atomic int cancelled;
    uint32_t n_ctx;
    int32_t n_predict, n_draft, n_logprobs;
    struct logprobs logprobs; /* of the present event */
    uint64_t started_ns;
    struct hearth_event done; /* counts of the present answer */
    uint32_t n_cached;        /* tokens that were evaluated when it began */
    struct guess_counts guesses;
};

/* Tokens of the session, evaluated or not. */
size_t session_n_tokens(const struct hearth_session *s);

/* The session goes on with `token`: tell those who remember. */
bool session_remember(struct hearth_session *s, token_id token, struct error *err) MUST_CHECK;

/* Have no tokens. Touches no pages: what was evaluated is parted with when an answer begins. */
void session_forget(struct hearth_session *s);

/* The error of a prompt that does not fit. Always false. */
bool session_too_long(const struct hearth_session *s, size_t n_tokens, struct error *err);

/* ---- hearth_answer.c ---- */

/* Anew, after what was fed; without that it is over. */
bool answer_begin(struct hearth_session *s, struct error *err) MUST_CHECK;
bool answer_end(struct hearth_session *s, enum hearth_done_reason reason,
                struct error *err) MUST_CHECK;
bool answer_is_at_limit(const struct hearth_session *s);

/* Tokens that may still be added, to n_tokens of the session, before the answer or the context
 * ends. */
size_t answer_room(const struct hearth_session *s, size_t n_tokens);

/* One more token of the answer, from its logits, when there is `room` for it; afterwards the answer
 * may have ended. */
bool answer_take_next(struct hearth_session *s, const float *logits, size_t room, token_id *token,
                      struct error *err) MUST_CHECK;

#endif

/* job.h: one request, from its frame to its last frame.
 *
 * Owns its JSON, its prompt and the sessions of its choices, and the frames that are said of it.
 * Prepared by any one thread, then moved on by the scheduler's; only cancelling is for others. */
#ifndef JOB_H
#define JOB_H

#include "base/base.h"
#include "dialogue/turn.h"
#include "hearth.h"
#include "worker/embedding.h"
#include "worker/grammar_cache.h"
#include "worker/outbox.h"
#include "worker/prompt_maker.h"
#include "worker/worker_request.h"

#include <stdatomic.h>

enum choice_state { CHOICE_WAITING, CHOICE_RUNNING, CHOICE_OVER };

/* Who asks: all requests of one client share its turns. */
struct client {
    struct client *next;
    uint64_t name_hash, served; /* rows of steps */
    size_t n_jobs;
};

/* One of the answers to a request, or one of the texts it wants embedded. */
struct choice {
    struct job *job;
    uint16_t number;
    enum choice_state state;
    struct hearth_session *session;
    struct turn *turn;
    struct embedding *embedding; /* or NULL: there are the two above */
    bool has_begun;              /* its prompt is being read, or was */
    uint64_t begun_ns;           /* clock_ns of that */
    uint64_t last_step_ns;       /* clock_ns of its latest step */
};

struct job {
    struct job *next;      /* in a queue */
    struct job *neighbour; /* in the list of all */
    uint64_t id, arrived_ns;
    struct text payload; /* the request's JSON; empty once it is read */
    struct worker_request request;
    struct made_prompt prompt;
    struct choice *choices; /* [n_choices] */
    size_t n_choices, n_over;
    uint32_t n_ctx; /* of prompt and answer */
    _Atomic bool is_cancelled;
    bool was_told;         /* FRAME_STARTED */
    struct client *client; /* the scheduler's */
};

bool job_new(struct job **out, uint64_t id, struct slice payload, struct error *err) MUST_CHECK;
void job_free(struct job **job); /* accepts NULL, leaves NULL */

/* Read the request and make its prompt. What generates nothing is answered at once, *is_over then,
 * as are refusals; the frames wait in the outbox. Where the thread is interrupted, it is over soon
 * and nothing is said. */
void job_prepare(struct job *job, const struct worker_model *model, struct grammar_cache *grammars,
                 struct outbox *outbox, bool *is_over);

/* The frames of a job. Events that are not taken because too many wait: false. */
bool job_tell_started(struct job *job, struct outbox *outbox, uint32_t n_cached);
bool choice_tell(struct choice *choice, struct outbox *outbox, const struct turn_event *event);
void job_tell_refusal(const struct job *job, struct outbox *outbox, const struct refusal *why);
void job_tell_end(const struct job *job, struct outbox *outbox);

/* The vectors, once all are there. */
void job_tell_embeddings(const struct job *job, struct outbox *outbox);

/* Tokens of the prompt. */
size_t job_prompt_tokens(const struct job *job);

/* Tokens of a choice that is not over: all, and those that its next token or vector waits for. */
size_t choice_n_tokens(const struct choice *choice);
size_t choice_n_pending(const struct choice *choice);

/* Its pages go to others; what is not finished is evaluated again when it goes on. */
void choice_yield(struct choice *choice);

#endif

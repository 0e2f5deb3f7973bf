/* answer.h: one answer of a session, streamed to standard output.
 *
 * Leaves prompts and Ctrl-C to its callers. One thread. */
#ifndef ANSWER_H
#define ANSWER_H

#include "base/base.h"
#include "hearth.h"

struct answer {
    struct hearth_event done; /* reason, counts and times */
    uint64_t total_ns;
    bool ended_line; /* the last thing written was a line break */
    bool was_shown;  /* false: standard output does not take it */
};

/* Feed has happened; run until the answer ends. False when the engine failed: what was streamed
 * until then stays. */
bool answer_stream(struct hearth_session *session, struct answer *answer,
                   struct hearth_error *error) __attribute__((warn_unused_result));

/* The timing block of --verbose on standard error; load_ns 0: not part of this answer. */
void answer_print_times(const struct answer *answer, uint64_t load_ns);

/* Why the answer stopped short, on a terminal's standard error; nothing when the model ended it. */
void answer_print_reason(const struct answer *answer, int32_t n_predict);

#endif

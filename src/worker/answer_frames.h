/* answer_frames.h: events of an answer as JSON (docs/worker.md).
 *
 * Owns the members' names. Each appends to `out` and returns false when that is full. Any thread.
 */
#ifndef ANSWER_FRAMES_H
#define ANSWER_FRAMES_H

#include "base/text.h"
#include "dialogue/turn.h"
#include "tokenizer/tokenizer.h"

bool call_write(struct text *out, const struct tool_call *call);
bool logprobs_write(struct text *out, const struct hearth_token_logprobs *tokens, size_t n);

/* What DONE tells beside the event. */
struct done_report {
    const struct turn_event *event;
    struct slice stop;       /* { NULL, 0 }: no stop string */
    uint64_t queue_ns;       /* before the session began */
    const token_id *context; /* [n_context], or NULL */
    size_t n_context;
};
bool done_write(struct text *out, const struct done_report *report);

bool ids_write(struct text *out, const token_id *ids, size_t n); /* an array */

#endif

/* answer.h: one answer of a model, printed while it comes.
 *
 * Owns what was said, for those who go on with it. Leaves prompts and Ctrl-C to its callers and
 * layout to answer_printer.h. One thread. */
#ifndef ANSWER_H
#define ANSWER_H

#include "base/base.h"
#include "base/error.h"
#include "cli/run/answer_printer.h"
#include "dialogue/turn.h"
#include "hearth.h"

struct answer {
    struct text thinking, content;
    struct text calls;        /* objects of JSON with commas between them */
    struct hearth_event done; /* reason, counts and times */
    uint64_t total_ns;
};
void answer_init(struct answer *answer);
void answer_release(struct answer *answer);
bool answer_is_empty(const struct answer *answer);

/* Where an answer comes from: a turn of a dialogue on the session, or, without one, the text that
 * was fed to the session. */
struct answer_source {
    struct hearth_session *session;
    struct turn *turn;
};

/* Run until the answer ends. False when the engine failed: what came until then is printed and
 * kept. An answer that standard output does not take is cancelled. */
bool answer_stream(struct answer *answer, const struct answer_source *source,
                   struct answer_printer *printer, struct error *err) MUST_CHECK;

/* The timing block of --verbose on standard error; load_ns 0: not part of this answer. */
void answer_print_times(const struct answer *answer, uint64_t load_ns);

/* Why the answer stopped short, on a terminal's standard error; nothing when the model ended it. */
void answer_print_reason(const struct answer *answer, int32_t n_predict);

#endif

/* talk.h: a model that is open, and answers of it.
 *
 * Owns model, session and dialogue, and the way from settings to an answer. Leaves to settings.h
 * what is wanted and to its callers when Ctrl-C is caught (interrupts.h). One thread. */
#ifndef TALK_H
#define TALK_H

#include "cli/run/answer.h"
#include "cli/run/settings.h"

struct talk {
    struct settings *settings; /* borrowed */
    struct hearth_model *model;
    struct hearth_session *session;
    struct dialogue *dialogue;
    bool is_plain;    /* text is gone on with: there are no messages */
    bool is_fed;      /* the same, bit by bit: talk_feed */
    uint64_t load_ns; /* 0 once it was told */
};

/* To be closed also after a failure. */
bool talk_open(struct talk *talk, const char *path, struct settings *settings,
               struct error *err) MUST_CHECK;
void talk_close(struct talk *talk);

/* Settings have changed: those of answers hold from the next one on. On failure everything stays as
 * it was. */
bool talk_configure(struct talk *talk, struct error *err) MUST_CHECK;

/* The answer to a request, printed. `number` 0, 1, ... of several to the same one. */
bool talk_answer(struct talk *talk, const struct chat_request *request, int32_t number,
                 struct answer_printer *printer, struct answer *answer,
                 struct error *err) MUST_CHECK;

/* From now on the session is told what to go on with: the way of plain texts. */
bool talk_begin_feeding(struct talk *talk, struct error *err) MUST_CHECK;

/* What follows more text, printed. The session remembers all of it. */
bool talk_feed(struct talk *talk, struct slice text, struct answer_printer *printer,
               struct answer *answer, struct error *err) MUST_CHECK;

/* How the request's answers are printed. */
struct answer_printer_options talk_printing(const struct talk *talk,
                                            const struct chat_request *request);

/* What follows an answer on standard error: why it stopped short, and times when wanted. */
void talk_print_end(struct talk *talk, const struct answer *answer);

#endif

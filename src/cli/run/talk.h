/* talk.h: a model at its server, and answers of it.
 *
 * Owns the way to the model, and what was said to one that goes on with texts. Leaves to settings.h
 * what is wanted, to answer.h what comes, and to its callers when Ctrl-C is caught (interrupts.h).
 * One thread. */
#ifndef TALK_H
#define TALK_H

#include "cli/client/model_server.h"
#include "cli/run/answer.h"
#include "cli/run/logit_bias.h"
#include "cli/run/settings.h"

struct talk {
    struct settings *settings; /* borrowed */
    struct model_server server;
    struct logit_bias biases[OPTION_LIST_MAX]; /* [n_biases] those of the settings */
    size_t n_biases;
    bool is_plain;    /* text is gone on with: there are no messages */
    struct text said; /* in a conversation with such a model */
    uint64_t load_ns; /* 0 once it was told */
};

/* To be closed also after a failure. */
bool talk_open(struct talk *talk, const char *model, struct settings *settings,
               struct error *err) MUST_CHECK;
void talk_close(struct talk *talk);

/* Whether answers can be as the settings want them, by asking the server; a change of settings
 * holds from here on. On failure everything stays as it was. */
bool talk_configure(struct talk *talk, struct error *err) MUST_CHECK;

/* What is to be answered. `words` become the last of the messages where there are some. */
struct question {
    struct conversation *conversation; /* NULL: the text */
    struct slice text;                 /* borrowed */
};
bool question_open(struct question *question, struct talk *talk, struct slice words,
                   struct error *err) MUST_CHECK;
void question_release(struct question *question); /* also of a zeroed one */

/* The answer, printed. `number` 0, 1, ... of several to the same question. */
bool talk_answer(struct talk *talk, const struct question *question, int32_t number,
                 struct answer_printer *printer, struct answer *answer,
                 struct error *err) MUST_CHECK;

/* What follows more text, printed. The talk remembers all of it. */
bool talk_feed(struct talk *talk, struct slice text, struct answer_printer *printer,
               struct answer *answer, struct error *err) MUST_CHECK;

/* Nothing was said. */
void talk_clear(struct talk *talk);

/* What follows an answer on standard error: why it stopped short, and times when wanted. */
void talk_print_end(struct talk *talk, const struct answer *answer);

#endif

/* answer_printer.h: an answer on standard output while it comes: for people, or as lines of JSON.
 *
 * Owns the frame around thinking, how calls are shown, and line ends; log-probabilities are a table
 * on standard error when the answer is over. Leaves to output.h what may
 * reach a terminal. One thread. */
#ifndef ANSWER_PRINTER_H
#define ANSWER_PRINTER_H

#include "base/text.h"
#include "cli/run/answer_event.h"

struct answer_printer_options {
    bool hides_thinking;
    bool prints_events;  /* lines as event_line.h spells them */
    struct slice prefix; /* shown in front: the text that the answer goes on with */
};

struct answer_printer {
    struct answer_printer_options options;
    bool is_thinking; /* the frame is open */
    bool has_written;
    bool ended_line; /* the last thing written was a line break, or nothing was written */
    bool was_shown;  /* false: standard output does not take it */
    struct text line, logprobs;
};

void answer_printer_init(struct answer_printer *p, const struct answer_printer_options *options);
void answer_printer_release(struct answer_printer *p);

/* The answer begins. False when standard output does not take it; output_finish then tells why. */
bool answer_printer_begin(struct answer_printer *p);

/* False as above. */
bool answer_printer_show(struct answer_printer *p, const struct answer_event *event);

/* How it ended, for events. */
void answer_printer_report(struct answer_printer *p, const struct answer_report *report);

/* The answer is over, whether it was finished or not: end what is open. An empty answer is an empty
 * line. */
void answer_printer_end(struct answer_printer *p);

#endif

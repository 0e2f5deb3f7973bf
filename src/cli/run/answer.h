/* answer.h: one answer of a model, printed while it comes.
 *
 * Owns what was said, for those who go on with it, and how the lines of a stream are read
 * (docs/ollama.md). Leaves requests and Ctrl-C to its callers and layout to answer_printer.h. One
 * thread. */
#ifndef ANSWER_H
#define ANSWER_H

#include "base/base.h"
#include "base/error.h"
#include "cli/client/server_client.h"
#include "cli/run/answer_printer.h"

struct answer {
    struct text thinking, content;
    struct text calls; /* objects of JSON with commas between them */
    struct answer_report report;
};
void answer_init(struct answer *answer);
void answer_release(struct answer *answer);
bool answer_is_empty(const struct answer *answer);

/* The request whose answer is streamed. */
struct answer_source {
    struct server_client *client;
    const char *path;
    struct slice body;
};

/* Run until the answer ends, which it also does when it is stopped (server_client_stop) or when
 * standard output does not take it. False when the server failed: what came until then is printed
 * and kept. */
bool answer_stream(struct answer *answer, const struct answer_source *source,
                   struct answer_printer *printer, struct error *err) MUST_CHECK;

/* The timing block of --verbose on standard error; load_ns 0: not part of this answer. */
void answer_print_times(const struct answer *answer, uint64_t load_ns);

/* Why the answer stopped short, on a terminal's standard error; nothing when the model ended it. */
void answer_print_reason(const struct answer *answer, int32_t n_predict);

#endif

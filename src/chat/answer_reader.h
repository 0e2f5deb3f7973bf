/* answer_reader.h: a model's text as thinking, content and calls, by its dialect, while it streams.
 *
 * Owns the parsers in a row that a dialect needs and the check of calls against the declared tools.
 * One thread. */
#ifndef ANSWER_READER_H
#define ANSWER_READER_H

#include "chat/dialect.h"
#include "chat/output_parser.h"

struct answer_reader;

struct answer_reader_options {
    const struct json *tools; /* conversation_tools, or NULL; borrowed until close */
    bool is_thinking;         /* the prompt left thinking open */
    struct think_choice think;
};

/* The dialect is borrowed until close. */
bool answer_reader_open(struct answer_reader **out, const struct dialect *dialect,
                        const struct answer_reader_options *options, struct error *err) MUST_CHECK;
void answer_reader_close(struct answer_reader **reader); /* accepts NULL, leaves NULL */

/* As output_parser_add; the sink receives calls of declared tools only: ERROR_FORMAT names a call
 * of anything else. Where no tools are declared, calls are content, as is what only looks like one.
 * Ids are the model's own; a call whose id came before has none. */
bool answer_reader_add(struct answer_reader *reader, struct slice chunk, bool is_last,
                       output_sink *sink, void *context, struct error *err) MUST_CHECK;

/* Whether what comes next belongs to thinking, as far as the text tells. */
bool answer_reader_is_thinking(const struct answer_reader *reader);

#endif

/* dialect_output.h: answers split by the texts of a dialect alone: thinking, content and calls.
 *
 * Owns the order in which they may come. What looks like a call and is none stays what it was;
 * nothing of an answer is lost but tags and the white space around them. A call is also found in
 * thinking, which it ends, if it is one of a declared tool. Leaves feeding and closing to
 * output_parser.h. */
#ifndef DIALECT_OUTPUT_H
#define DIALECT_OUTPUT_H

#include "chat/dialect.h"
#include "chat/output_parser.h"

/* Dialect and tools (as declared, or NULL: then calls are content) are borrowed until close.
 * `is_thinking`: the prompt left thinking open. */
bool dialect_output_open(struct output_parser **out, const struct dialect *dialect,
                         const struct json *tools, bool is_thinking, struct error *err) MUST_CHECK;

/* Whether what comes next belongs to thinking, of a parser opened here. */
bool dialect_output_is_thinking(const struct output_parser *p);

#endif

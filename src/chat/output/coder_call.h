/* coder_call.h: calls spelled with tags that look like XML: <function=name>, <parameter=name> and
 * their ends, as Qwen's coders do.
 *
 * Owns that syntax; private to the parsers. Nothing is escaped in it: a value is the text between
 * its tags, less one line break at either end. Tags within a value belong to it as long as they are
 * nested properly. */
#ifndef CODER_CALL_H
#define CODER_CALL_H

#include "chat/output/output_family.h"

/* Emit the first call in `text`; what stands around it is ignored. None, or a tag that is not
 * closed: an error. */
bool emit_coder_call(struct output_parser *p, struct slice text, struct error *err);

#endif

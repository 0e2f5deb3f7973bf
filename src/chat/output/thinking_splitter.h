/* thinking_splitter.h: thinking between two tags at the beginning of an answer, split from the rest
 * while it streams.
 *
 * For models whose tags come from their template instead of a family. Owns the parser's states;
 * leaves feeding and closing to output_parser.h. White space around the tags goes to nobody, white
 * space before an answer without thinking stays. */
#ifndef THINKING_SPLITTER_H
#define THINKING_SPLITTER_H

#include "chat/output_parser.h"

struct thinking_tags {
    struct slice open, close; /* neither may be empty; copied */
    bool is_open;             /* the prompt ended with the opening tag */
};

/* A parser that emits thinking and content. What the answer ends with and could have become a tag
 * is dropped. */
bool thinking_splitter_open(struct output_parser **out, const struct thinking_tags *tags,
                            struct error *err) MUST_CHECK;

#endif

/* tagged_output.h: answers made of thinking up to a tag, content, and calls between two tags.
 *
 * Owns the states of such an answer and the white space around tags, which goes to nobody; private
 * to the parsers. A family brings the tags and reads the text between them. What an answer ends
 * with and could have become a tag, and a call without its end, are dropped. */
#ifndef TAGGED_OUTPUT_H
#define TAGGED_OUTPUT_H

#include "chat/output/output_family.h"

struct tagged_syntax {
    const char *think_open; /* a model may write it though the prompt did; NULL: it never does */
    const char *think_close;
    const char *call_open, *call_close; /* a call ends thinking, too */
    bool (*emit_call)(struct output_parser *p, struct slice text, struct error *err);
};

/* The state of a family, or its first member. */
struct tagged_state {
    enum {
        TAGGED_CONTENT,
        TAGGED_BEGINNING, /* of thinking */
        TAGGED_THINKING,
        TAGGED_CALL,
    } part;
    bool skips_space; /* what comes next is white space that is dropped */
};

void tagged_begin(struct output_parser *p, bool is_thinking);
enum step_result tagged_step(struct output_parser *p, const struct tagged_syntax *syntax,
                             struct error *err);

#endif

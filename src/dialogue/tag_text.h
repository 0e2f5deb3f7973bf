/* tag_text.h: the tags of a dialect as an answer's bytes have them.
 *
 * Owns how control tokens stand in tags, and what parts of a tag are marks: texts that a reader of
 * answers looks for and that therefore stand nowhere else. Pure functions. */
#ifndef TAG_TEXT_H
#define TAG_TEXT_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"
#include "runtime/grammar/grammar.h"
#include "tokenizer/tokenizer.h"

/* Append a tag with CONSTRAINT_CONTROL in front of each text that is a control token (the longest
 * where several are). The tokenizer may be NULL: then there are none. False: memory. */
bool tag_write(struct text *out, const struct tokenizer *tokenizer, struct slice tag) MUST_CHECK;

grammar_expr tag_expr(struct grammar *g, const struct tokenizer *tokenizer, struct slice tag);

enum { MAX_MARKS = 64, MAX_AVOIDED = 4 };

struct marks {
    struct slice items[MAX_MARKS]; /* different ones; parts of the tags */
    size_t count;
    bool is_full; /* some had no place */
};

/* Add a text as it is; nothing when it is empty. */
void marks_add_text(struct marks *marks, struct slice text);

/* Add what looks like a mark in a tag: "<think>", "<function=", "[TOOL_CALLS]". */
void marks_add(struct marks *marks, struct slice tag);
/* Add those that a family of output_parser.h looks for; NULL: none. */
void marks_add_family(struct marks *marks, const char *family);

/* Characters without which no mark can be written: *n of them. ERROR_UNSUPPORTED when there are too
 * many marks. */
bool marks_avoid(const struct marks *marks, struct code_points avoided[MAX_AVOIDED], size_t *n,
                 struct error *err) MUST_CHECK;

#endif

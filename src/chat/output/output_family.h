/* output_family.h: what a family of output syntax brings, and what the families share; private to
 * the parsers.
 *
 * A family is a state machine over the text that has arrived and is not consumed yet. Its `step`
 * looks at that text from the beginning and either consumes some of it (emitting events) or says
 * that it must wait for more. When the answer is over, `is_last` is true and waiting is no longer
 * allowed: what cannot be completed is emitted as it is or is an error. */
#ifndef OUTPUT_FAMILY_H
#define OUTPUT_FAMILY_H

#include "base/arena.h"
#include "base/text.h"
#include "chat/output_parser.h"

enum step_result { STEP_AGAIN, STEP_WAIT, STEP_FAILED };

struct output_parser {
    const struct output_family *family;
    struct output_parser_options options;
    struct text pending; /* arrived, not consumed */
    size_t consumed;     /* bytes of pending that are done with */
    size_t searched;     /* bytes after `consumed` in which scan_piece did not find its tag */
    bool is_last;
    uint32_t n_calls;
    output_sink *sink;
    void *sink_context;
    struct error *sink_err; /* for failures of the receiver, which no family may pass over */
    bool has_failed;        /* the receiver has */
    void *state;            /* [family->state_bytes], zeroed at open */
};

struct output_family {
    struct output_family_facts facts;
    size_t state_bytes;
    void (*begin)(struct output_parser *p); /* may be NULL */
    enum step_result (*step)(struct output_parser *p, struct error *err);
    void (*end)(struct output_parser *p); /* releases what state holds; may be NULL */
};

/* All families, NULL-ended: one row each in output_families.c. */
extern const struct output_family *const output_families[];

/* A parser of a family that needs no name. */
bool output_parser_open_as(struct output_parser **out, const struct output_family *family,
                           const struct output_parser_options *options,
                           struct error *err) MUST_CHECK;

/* Text not consumed yet, and how a step consumes it. */
struct slice pending_text(const struct output_parser *p);
void consume(struct output_parser *p, size_t n_bytes);

/* Append to a text with a limit. Errors: ERROR_BUDGET, "more than ... bytes WHAT". */
bool append_within(struct text *out, struct slice bytes, const char *what,
                   struct error *err) MUST_CHECK;

/* Where `tag` begins in `text`; SIZE_MAX when it does not occur. */
size_t find_tag(struct slice text, const char *tag);

/* Bytes at the end of `text` that could be the beginning of one of the tags (whole UTF-8 characters
 * cut at the end of `text` are held back too): these must wait. */
size_t held_back(struct slice text, const char *const *tags, size_t n_tags);

/* Nothing is emitted for empty text. */
bool emit_text(struct output_parser *p, enum output_kind kind, struct slice text,
               struct error *err);
bool emit_call(struct output_parser *p, struct slice name, struct slice arguments, struct slice id,
               struct error *err);

/* Whether the prompt ends inside an answer whose content has begun. */
bool has_prefilled_content(const struct output_parser *p);

/* The declaration of a tool by its name (the object under "function"), NULL when undeclared; the
 * schema of its parameters, and what that says of one argument. */
const struct json *declared_tool(const struct output_parser *p, struct slice name);
const struct json *declared_parameters(const struct output_parser *p, struct slice tool);
const struct json *declared_argument(const struct output_parser *p, struct slice tool,
                                     struct slice argument);

#endif

/* output_parser.h: a model's text, split while it streams into thinking, content and tool calls.
 *
 * Owns the table of families and what they share. A family knows its tags and how it spells a call;
 * it never knows how the text was cut: any division into chunks gives the same events, joined. Text
 * that may still become a tag is held back until it cannot. One thread a parser. */
#ifndef OUTPUT_PARSER_H
#define OUTPUT_PARSER_H

#include "base/base.h"
#include "base/error.h"
#include "base/json.h"
#include "chat/think.h"

enum output_kind { OUTPUT_THINKING, OUTPUT_CONTENT, OUTPUT_TOOL_CALL };

struct tool_call {
    uint32_t index;         /* of this answer, from 0 */
    struct slice name;      /* as declared */
    struct slice arguments; /* the text of a JSON object, keys in the order they were generated */
    struct slice id;        /* { NULL, 0 } when the family's syntax has none */
};

struct output_event {
    enum output_kind kind;
    struct slice text;     /* THINKING, CONTENT: never empty */
    struct tool_call call; /* TOOL_CALL */
};

/* Receives each event as soon as it is certain; what it points to lives until the return. False: a
 * failure of the receiver's own, recorded in `err`, which ends the parser. */
typedef bool output_sink(void *context, const struct output_event *event, struct error *err);

struct output_parser_options {
    const struct json *tools; /* as declared in the request, or NULL; borrowed until close */
    const struct json
        *last_message; /* that the prompt ended with, or NULL: may prefill the answer */
    struct think_choice think;
};

struct output_parser;

/* Errors: ERROR_NOT_FOUND when no family has the name. */
bool output_parser_open(struct output_parser **out, const char *name,
                        const struct output_parser_options *options, struct error *err) MUST_CHECK;
void output_parser_close(struct output_parser **parser); /* accepts NULL, leaves NULL */

/* More text; `is_last` (with or without text) says that the answer is over. Errors: ERROR_FORMAT
 * for a call that cannot be read; nothing may be added after an error or the last text. */
bool output_parser_add(struct output_parser *parser, struct slice chunk, bool is_last,
                       output_sink *sink, void *context, struct error *err) MUST_CHECK;

/* What a family can do; NULL when there is none of that name. */
struct output_family_facts {
    const char *name;
    bool has_tools, has_thinking;
    const char *const
        *preserved; /* special tokens that must reach the parser as text; NULL-ended */
};
const struct output_family_facts *output_family_find(const char *name);

#endif

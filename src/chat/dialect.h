/* dialect.h: how one model marks thinking, answers and calls; found from its template.
 *
 * Owns the syntax as plain texts, from which answers are read (answer_reader.h) and a grammar of
 * answers is made (dialogue/answer_grammar.h): so what may be generated and what is understood are
 * the same by construction. Immutable; any thread. */
#ifndef DIALECT_H
#define DIALECT_H

#include "base/base.h"
#include "base/error.h"
#include "chat/chat_template.h"

/* A call is
 *     open NAME name_end ARGUMENTS close
 * (or open NAME name_again NAME name_end ..., where name_again is not empty), where arguments are
 * JSON ({"a": 1}), or, one after another with arg_between between them,
 *     arg_open KEY arg_name_end VALUE arg_close
 * with values spelled as said here. All calls of an answer are
 *     section_open CALL between CALL ... section_close
 * Any of the texts but `trigger` may be empty. A NUL byte stands behind each, none in it. */
enum argument_spelling {
    ARGUMENTS_NONE, /* the model has no calls */
    ARGUMENTS_JSON,
    ARGUMENTS_RAW,    /* strings stand unescaped up to arg_close, other values are JSON */
    ARGUMENTS_PYTHON, /* "text", True, None, [1, 2], {"k": 1} */
    ARGUMENTS_QUOTED, /* strings stand unescaped between two `quote`, keys without quotes, other
                       * values as JSON: {k:<|"|>v<|"|>,n:1} */
};

struct call_syntax {
    enum argument_spelling arguments;
    /* Where this comes in an answer, calls begin: the front of section_open, or of `open` when that
     * is empty. */
    struct slice trigger;
    bool is_only_first; /* calls begin with it at the beginning of an answer only ("{") */
    bool is_last;       /* nothing but an end token follows the calls */
    bool is_single;     /* an answer has at most one call */
    struct slice section_open, section_close, between;
    struct slice open, name_again, name_end, close;
    struct slice arg_open, arg_name_end, arg_close, arg_between;
    struct slice quote;
};

struct dialect {
    const char *family; /* of output_parser.h that reads the whole answer; NULL: read by the texts
                         * here */
    struct slice think_open, think_close;     /* both empty: the model has no thinking */
    struct slice content_open, content_close; /* around the answer proper; mostly empty */
    struct call_syntax calls;
};

struct dialect_holder; /* owns the texts */

/* From the template alone: a family that it is known to belong to, else by what it renders of calls
 * and thinking. For a template that has no words for calls: those that chat_template.h supplies. */
bool dialect_open(struct dialect_holder **out, const struct chat_template *t,
                  struct error *err) MUST_CHECK;
/* Of a family by its name. ERROR_NOT_FOUND. */
bool dialect_open_family(struct dialect_holder **out, const char *family,
                         struct error *err) MUST_CHECK;
void dialect_close(struct dialect_holder **holder); /* accepts NULL, leaves NULL */

const struct dialect *dialect_of(const struct dialect_holder *holder);

/* Whether a prompt has opened thinking and not closed it, so that the answer begins inside. */
bool dialect_prompt_thinks(const struct dialect *d, struct slice prompt);

#endif

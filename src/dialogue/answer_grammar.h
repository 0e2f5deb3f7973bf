/* answer_grammar.h: the language of whole answers: thinking, content, calls of declared tools.
 *
 * Owns how a dialect, tools and a format become one grammar, so that an answer can neither contain
 * a malformed call, nor one that its tool's schema does not allow, nor content beside the format.
 * Thinking is free text; a format holds for the content only. Pure functions. */
#ifndef ANSWER_GRAMMAR_H
#define ANSWER_GRAMMAR_H

#include "base/base.h"
#include "base/error.h"
#include "base/json.h"
#include "chat/dialect.h"
#include "runtime/grammar/grammar.h"
#include "tokenizer/tokenizer.h"

enum tool_choice {
    TOOL_CHOICE_AUTO,
    TOOL_CHOICE_NONE,     /* no call, also where tools are declared */
    TOOL_CHOICE_REQUIRED, /* at least one call, no content */
};

struct answer_form {
    const struct dialect *dialect;
    /* Tags that are control tokens of this vocabulary are only matched by those (constraint.h). */
    const struct tokenizer *tokenizer;
    const struct json *tools; /* conversation_tools, or NULL */
    enum tool_choice choice;
    struct slice tool;    /* with REQUIRED: the only one that may be called; { NULL, 0 }: any */
    bool is_parallel;     /* more than one call */
    bool may_think;       /* thinking may begin */
    bool is_thinking;     /* the prompt left thinking open */
    struct slice format;  /* "json", a JSON Schema, or { NULL, 0 } */
    struct slice grammar; /* GBNF, or { NULL, 0 } */
};

/* Whether an answer of this form is limited in any way: else no grammar is needed. */
bool answer_form_limits(const struct answer_form *form);

/* Errors: ERROR_UNSUPPORTED naming tool, keyword and path; ERROR_USAGE for a tool that is not
 * declared, calls demanded without tools or of a model without calls. */
bool answer_grammar_open(struct grammar **out, const struct answer_form *form,
                         struct error *err) MUST_CHECK;

#endif

/* call_grammar.h: calls of declared tools in the syntax of a dialect.
 *
 * Owns how a name and arguments become a call, and calls a section. Pure functions. */
#ifndef CALL_GRAMMAR_H
#define CALL_GRAMMAR_H

#include "dialogue/answer_grammar.h"

/* The calls of an answer of this form: one, or as many as it allows; only of form->tool when that
 * is named. `tools` [json_size(form->tools)] receives the rule of each tool's call, GRAMMAR_NONE
 * for those that cannot be called. Errors: those of answer_grammar_open. */
bool call_grammar_expr(struct grammar *g, const struct answer_form *form, grammar_rule *tools,
                       grammar_expr *out, struct error *err) MUST_CHECK;

struct slice declared_tool_name(const struct json *tools, size_t index);

#endif

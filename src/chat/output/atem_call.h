/* atem_call.h: calls spelled <atem:invoke name="f"><atem:parameter name="k">v</atem:parameter>...,
 * within <atem:function_calls>, as Glimmer does.
 *
 * Owns that syntax, and by what names the model may call a tool; private to the parsers. Nothing is
 * escaped in it; values have the types that the tool declares. */
#ifndef ATEM_CALL_H
#define ATEM_CALL_H

#include "chat/output/output_family.h"

#define ATEM_CALLS     "<atem:function_calls>"
#define ATEM_CALLS_END "</atem:function_calls>"

/* The declared tool that `name` stands for, { NULL, 0 } when there is none: a tool without a dot in
 * its name is also known as NAME.NAME. */
struct slice atem_tool(const struct output_parser *p, struct slice name);

/* Emit the call, which must be one of `tool` (as atem_tool gave it). Errors: ERROR_FORMAT. */
bool emit_atem_call(struct output_parser *p, struct slice text, struct slice tool,
                    struct error *err) MUST_CHECK;

/* The tool that the call is one of; { NULL, 0 } when it is of none that is declared, or no call. */
bool atem_called_tool(const struct output_parser *p, struct slice text, struct slice *tool,
                      struct error *err) MUST_CHECK;

#endif

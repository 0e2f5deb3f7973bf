/* arg_value_call.h: calls spelled name<arg_key>k</arg_key><arg_value>v</arg_value>..., as GLM does.
 *
 * Owns that syntax, and what the models leave out of it; private to the parsers. Nothing is escaped
 * in it; values have the types that the tool declares. */
#ifndef ARG_VALUE_CALL_H
#define ARG_VALUE_CALL_H

#include "chat/output/call_arguments.h"
#include "chat/output/output_family.h"

/* The tags, in the order in which they come. */
#define ARG_KEY       "<arg_key>"
#define ARG_KEY_END   "</arg_key>"
#define ARG_VALUE     "<arg_value>"
#define ARG_VALUE_END "</arg_value>"

/* Emit the call. Tags that are missing are thought of where they belong. Errors: ERROR_FORMAT for a
 * call without a name, and for keys without values that are otherwise well formed. */
bool emit_arg_value_call(struct output_parser *p, struct slice text, struct error *err) MUST_CHECK;

/* The same for a call that the answer ended in: nothing may be missing, neither a tag nor an
 * argument that the tool requires. */
bool emit_unended_arg_value_call(struct output_parser *p, struct slice text,
                                 struct error *err) MUST_CHECK;

/* Give an argument of `tool` the value that `raw`, less a line break at either end, stands for. */
bool set_typed_argument(const struct output_parser *p, struct call_arguments *arguments,
                        struct slice tool, struct slice name, struct slice raw,
                        struct error *err) MUST_CHECK;

#endif

/* jinja_evaluate.h: walking the nodes of a template.
 *
 * Owns expressions (jinja_evaluate.c), statements (jinja_execute.c) and macros (jinja_macro.c).
 * Leaves what operators, attributes and builtin functions do to the files of those nouns. */
#ifndef JINJA_EVALUATE_H
#define JINJA_EVALUATE_H

#include "chat/jinja/jinja_builtin.h"
#include "chat/jinja/jinja_node.h"
#include "chat/jinja/jinja_scope.h"

struct jinja_macro {
    const struct jinja_definition *definition;
    struct jinja_scope *scope; /* where it was defined: what it can see */
};

bool jinja_evaluate(struct jinja_run *run, const struct jinja_node *node,
                    struct jinja_value *out) MUST_CHECK;

/* Arguments of a call; `self` of the result is missing. */
struct jinja_argument_room {
    struct jinja_value arguments[4];
    struct jinja_keyword keywords[3];
};
bool jinja_evaluate_arguments(struct jinja_run *run, const struct jinja_arguments *nodes,
                              struct jinja_argument_room *room, struct jinja_call *out) MUST_CHECK;

bool jinja_call_value(struct jinja_run *run, const struct jinja_value *callee,
                      const struct jinja_call *call, struct jinja_value *out) MUST_CHECK;

/* Whether the statements behind are reached. */
enum jinja_flow { JINJA_GOES_ON, JINJA_BREAKS, JINJA_CONTINUES };

bool jinja_execute(struct jinja_run *run, const struct jinja_nodes *body,
                   enum jinja_flow *flow) MUST_CHECK;

/* Run the body in a scope of its own inside `outer` and take what it writes. */
bool jinja_capture(struct jinja_run *run, const struct jinja_nodes *body, struct jinja_scope *outer,
                   size_t n_names, enum jinja_flow *flow, struct jinja_value *out) MUST_CHECK;

bool jinja_new_macro(struct jinja_run *run, const struct jinja_definition *definition,
                     struct jinja_value *out) MUST_CHECK;
bool jinja_call_macro(struct jinja_run *run, const struct jinja_macro *macro,
                      const struct jinja_call *call, struct jinja_value *out) MUST_CHECK;

/* loop(...) of a recursive loop. */
bool jinja_call_loop(struct jinja_run *run, struct jinja_loop *loop, const struct jinja_call *call,
                     struct jinja_value *out) MUST_CHECK;

#endif

/* gbnf.h: llama.cpp's grammar notation, read.
 *
 * Owns the syntax: rules, literals with escapes, classes, groups, ?, *, +, {m,n}, comments. The
 * root is the rule "root". Errors name line and column. */
#ifndef GBNF_H
#define GBNF_H

#include "runtime/grammar/grammar.h"

bool gbnf_open(struct grammar **out, struct slice source, struct error *err) MUST_CHECK;

/* The same as an expression in a grammar that is being built. */
bool gbnf_expr(struct grammar *g, struct slice source, grammar_expr *out,
               struct error *err) MUST_CHECK;

#endif

/* grammar.h: a language of byte strings, written as rules.
 *
 * Owns the expressions, made through the functions below by GBNF, JSON Schema and the tool-call
 * syntaxes. Leaves recognition to matcher.h. Limits on rules, expressions and copies are part of
 * the design: a grammar that passes them is an error, never a slow or huge one. Built by one
 * thread, then immutable and shared by any number; its holders are counted. */
#ifndef GRAMMAR_H
#define GRAMMAR_H

#include "base/base.h"
#include "base/error.h"

struct grammar;
typedef uint32_t grammar_expr; /* an expression; GRAMMAR_NONE when memory or a limit is used up */
typedef uint32_t grammar_rule;

#define GRAMMAR_NONE UINT32_MAX

struct code_points {
    uint32_t first, last; /* inclusive, at most 0x10FFFF; surrogates never match */
};

struct grammar *grammar_new(void) MUST_CHECK;
/* One holder more, who closes it like the first; the last one frees it. Returns the grammar. */
struct grammar *grammar_hold(struct grammar *grammar);
void grammar_close(struct grammar **grammar); /* accepts NULL, leaves NULL */

size_t grammar_memory_bytes(const struct grammar *grammar);

/* An empty sequence matches "", an empty choice nothing. GRAMMAR_NONE among the parts makes the
 * result GRAMMAR_NONE, so that one check at the end suffices (grammar_finish makes it, too). */
grammar_expr grammar_bytes(struct grammar *g, struct slice literal);
/* Any of the literals: their common beginnings are matched once. */
grammar_expr grammar_literals(struct grammar *g, const struct slice *literals, size_t n);
grammar_expr grammar_class(struct grammar *g, const struct code_points *ranges, size_t n,
                           bool is_negated); /* one character of UTF-8 */
grammar_expr grammar_sequence(struct grammar *g, const grammar_expr *parts, size_t n);
grammar_expr grammar_choice(struct grammar *g, const grammar_expr *parts, size_t n);
grammar_expr grammar_repeat(struct grammar *g, grammar_expr part, uint32_t at_least,
                            uint32_t at_most); /* UINT32_MAX: any number */

/* A rule is declared, may then be referred to, also by itself, and is defined once. */
grammar_rule grammar_declare(struct grammar *g, struct slice name);
grammar_expr grammar_call(struct grammar *g, grammar_rule rule);
void grammar_define(struct grammar *g, grammar_rule rule, grammar_expr body);

/* Freeze: nothing can be added any more. Everything declared is defined, no rule calls itself
 * before its first byte (left recursion is refused by name), the language is not empty. */
bool grammar_finish(struct grammar *g, grammar_rule root, struct error *err) MUST_CHECK;

/* Whether no text matches a rule; once grammar_finish was called, whatever it returned. */
bool grammar_is_empty(const struct grammar *g, grammar_rule rule);

#endif

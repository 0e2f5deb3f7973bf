/* pattern.h: regular expressions of JSON Schema (ECMA 262, with its flag u) as grammars.
 *
 * Owns the syntax. What is not regular, or looks beyond its own text (lookaround, back references,
 * word boundaries, anchors in the middle), is ERROR_UNSUPPORTED by name. */
#ifndef PATTERN_H
#define PATTERN_H

#include "runtime/grammar/grammar.h"

/* How one character out of ranges is spelled in the texts of the grammar. */
typedef grammar_expr pattern_character(struct grammar *g, const struct code_points *ranges,
                                       size_t n, bool is_negated);

/* The texts that contain a match. */
bool pattern_expr(struct grammar *g, struct slice pattern, pattern_character *character,
                  grammar_expr *out, struct error *err) MUST_CHECK;

#endif

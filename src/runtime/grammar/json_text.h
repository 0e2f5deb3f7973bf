/* json_text.h: JSON as it is written, in the one spelling that hearth generates.
 *
 * Owns that spelling: characters stand as themselves, except the quote, the backslash and control
 * characters, which have exactly one escape each; numbers have no superfluous signs. Each spelling
 * is valid JSON, so a language of spellings is one of values. */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include "base/json.h"
#include "base/text.h"
#include "runtime/grammar/grammar.h"

/* One character out of ranges, spelled as within a string. */
grammar_expr json_character(struct grammar *g, const struct code_points *ranges, size_t n,
                            bool is_negated);

/* A number: up to 18 digits (an int64 holds them), a fraction of up to 16, an exponent below 100.
 */
grammar_expr json_number_text(struct grammar *g);
grammar_expr json_integer_text(struct grammar *g);

/* Append a text as it stands within quotes. */
bool json_spell_characters(struct text *out, struct slice text);

/* Append a value in that spelling, without white space; integral reals as integers. */
bool json_spell(struct text *out, const struct json *value);

/* The same with the members of all objects in the order number `order` of their permutations (below
 * json_count_orders, which stops counting at a million; 0: as they are). */
uint64_t json_count_orders(const struct json *value);
bool json_spell_in_order(struct text *out, const struct json *value, uint64_t order);

#endif

/* grammar_cost.h: what a grammar costs with the vocabulary of a model.
 *
 * Owns the stopwatch and the report. Leaves grammar and texts to its caller. One thread. */
#ifndef GRAMMAR_COST_H
#define GRAMMAR_COST_H

#include "base/error.h"
#include "base/text.h"
#include "runtime/grammar/grammar.h"

/* Cut texts, one a line, into the tokens of the vocabulary file `path`, and measure the mask before
 * each: when its state is new, and once more when all are known. Takes the grammar, also on
 * failure; `compile_ns` is reported. */
bool grammar_cost(struct grammar *grammar, uint64_t compile_ns, const char *path,
                  struct slice texts, struct error *err) MUST_CHECK;

#endif

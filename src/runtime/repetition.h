/* repetition.h: notices that an answer runs in a loop.
 *
 * Owns the answer's last tokens and, for every period up to REPETITION_LONGEST tokens, how long the
 * end of the answer has been repeating with it. Leaves to the session whether that ends the answer.
 * One thread.
 *
 * A loop is the end of an answer in which every token equals the one a period before it, over
 * REPETITION_LEAST tokens and REPETITION_TIMES whole periods at least: so a period of 1 counts
 * after 512 times, one of 64 after 8, one of 128 and more after 4. Tokens are compared, so that
 * nothing which counts, varies or moves on is a loop: lists with numbers, tables with different
 * cells, code. What honest text repeats to the letter stays short: rulers, runs of spaces, rows of
 * zeros and empty cells below the first limit, refrains and copied blocks below the second. Of
 * 23,023 files of source, documentation, data and pictures on a Debian system (129 million tokens
 * of GPT-2) two hold a loop, plots in text whose every space is a token, and one (114 million of
 * Llama 2) does, a bitmap; with half as many tokens it would be 13 and 9. Whoever asks for a
 * thousand zeros gets a loop all the same: therefore it ends an answer only where that is allowed.
 */
#ifndef REPETITION_H
#define REPETITION_H

#include "base/base.h"
#include "tokenizer/tokenizer.h"

enum {
    REPETITION_LONGEST = 512, /* period in tokens: a paragraph or two */
    REPETITION_LEAST = 512,
    REPETITION_TIMES = 4,
};

struct repetition;

struct repetition *repetition_new(void) MUST_CHECK;   /* NULL when memory is out */
void repetition_free(struct repetition **repetition); /* accepts NULL, leaves NULL */

/* A new answer. */
void repetition_clear(struct repetition *repetition);

/* The answer goes on with `token`. Returns the period of the loop that its end is now, the shortest
 * one; 0 when it is none. Takes the same time for every token. */
size_t repetition_push(struct repetition *repetition, token_id token);

#endif

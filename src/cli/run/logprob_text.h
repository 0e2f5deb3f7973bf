/* logprob_text.h: how likely tokens were, for people and for programs.
 *
 * Owns both spellings. Leaves printing to its callers. One thread. */
#ifndef LOGPROB_TEXT_H
#define LOGPROB_TEXT_H

#include "base/text.h"
#include "hearth.h"

/* {"logprobs":[{"token":"...","logprob":-0.5,"bytes":[...],"top_logprobs":[...]}]} */
bool logprob_text_line(struct text *out, const struct hearth_token_logprobs *tokens,
                       size_t n) MUST_CHECK;

/* A line for each: the token and its logarithm, then the likeliest with theirs. */
bool logprob_text_table(struct text *out, const struct hearth_token_logprobs *tokens,
                        size_t n) MUST_CHECK;

#endif

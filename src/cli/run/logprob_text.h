/* logprob_text.h: how likely tokens were, as text.
 *
 * Owns the layouts of `run --logprobs`. `tokens`: an array as in answer_event.h. Any thread. */
#ifndef LOGPROB_TEXT_H
#define LOGPROB_TEXT_H

#include "base/json.h"
#include "base/text.h"

/* {"logprobs":[...]}, without a line break. */
bool logprob_text_line(struct text *out, const struct json *tokens) MUST_CHECK;

/* A line for each token: its log-probability and text, then those of the likeliest. */
bool logprob_text_table(struct text *out, const struct json *tokens) MUST_CHECK;

#endif

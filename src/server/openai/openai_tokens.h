/* openai_tokens.h: prompts that are given as the numbers of tokens.
 *
 * Owns nothing. Any thread. */
#ifndef OPENAI_TOKENS_H
#define OPENAI_TOKENS_H

#include "base/json.h"

/* A non-empty array of token ids; whether the vocabulary has them is the worker's to say. */
bool openai_are_tokens(const struct json *value);

#endif

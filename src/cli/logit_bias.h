/* logit_bias.h: what --logit-bias says of tokens.
 *
 * Owns its spelling: ID=BIAS, or TEXT=BIAS where the text is one token. One thread. */
#ifndef LOGIT_BIAS_H
#define LOGIT_BIAS_H

#include "base/error.h"
#include "hearth.h"
#include "tokenizer/tokenizer.h"

/* ERROR_USAGE for what is neither, tokens that there are not, and biases beyond -100 to 100. */
bool logit_bias_read(struct hearth_token_bias *out, const char *given,
                     const struct tokenizer *tokenizer, struct error *err) MUST_CHECK;

#endif

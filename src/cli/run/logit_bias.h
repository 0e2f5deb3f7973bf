/* logit_bias.h: a token that is made likelier or rarer, as people write it: ID=BIAS or TEXT=BIAS.
 *
 * Owns its spelling. Leaves which token a text is to the model's server. One thread. */
#ifndef LOGIT_BIAS_H
#define LOGIT_BIAS_H

#include "base/error.h"
#include "cli/client/model_server.h"

struct logit_bias {
    int64_t token;
    float bias;
};

/* ERROR_USAGE for what is neither, texts of several tokens, and biases beyond -100 to 100. */
bool logit_bias_read(struct logit_bias *out, const char *given, const struct model_server *server,
                     struct error *err) MUST_CHECK;

#endif

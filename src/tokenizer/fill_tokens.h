/* fill_tokens.h: the tokens around a hole, for models that were trained to fill one in.
 *
 * Owns what is known of the families: how they spell their tokens and in which order they saw the
 * parts. Leaves running the prompt to others. Any thread. */
#ifndef FILL_TOKENS_H
#define FILL_TOKENS_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"
#include "tokenizer/tokenizer.h"

struct fill_tokens {
    token_id prefix, suffix; /* what stands before the hole follows; what stands behind it */
    token_id middle;         /* the answer follows; -1: it follows what stands before the hole */
    token_id separator;      /* between files; -1: none */
    bool is_suffix_first;
};

/* Those that the file declares (tokenizer.ggml.fim_pre_token_id and so on, or the older
 * prefix_token_id), else those that the vocabulary has by a family's names. False, and all -1, when
 * the model has none. */
bool fill_tokens_find(const struct tokenizer *t, struct fill_tokens *out) MUST_CHECK;

/* Whether an answer is over there: with any of them a model goes on to another hole or file. */
bool fill_tokens_is_end(const struct fill_tokens *f, token_id id);

/* Append the prompt for what is missing between two texts, the vocabulary's beginning included. The
 * texts are text, whatever they spell: none of these tokens comes out of them. ERROR_UNSUPPORTED
 * when the model has none of them. On failure `out` is as it was. */
bool fill_prompt(const struct tokenizer *t, const struct fill_tokens *f, struct slice prefix,
                 struct slice suffix, struct token_list *out, struct error *err) MUST_CHECK;

#endif

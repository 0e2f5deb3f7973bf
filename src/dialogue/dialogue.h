/* dialogue.h: how to talk to one model: its template, its dialect, its tokenizer.
 *
 * Owns the route from messages to tokens. Leaves answers to turn.h. Immutable once opened; any
 * thread may make prompts. */
#ifndef DIALOGUE_H
#define DIALOGUE_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"
#include "chat/chat_template.h"
#include "chat/dialect.h"
#include "formats/weights.h"
#include "tokenizer/fill_tokens.h"
#include "tokenizer/tokenizer.h"

struct dialogue;

struct dialogue_options {
    struct slice template; /* of the user, wins over the model's own; { NULL, 0 }: none */
    bool template_is_jinja;
    const char *renderer, *parser; /* of a Modelfile; NULL: none */
};

/* Weights (for the template stored with them) and tokenizer must outlive the dialogue. `options`
 * may be NULL. */
bool dialogue_open(struct dialogue **out, const struct weights *weights,
                   const struct tokenizer *tokenizer, const struct dialogue_options *options,
                   struct error *err) MUST_CHECK;
void dialogue_close(struct dialogue **dialogue); /* accepts NULL, leaves NULL */

const struct chat_template *dialogue_template(const struct dialogue *dialogue);
const struct dialect *dialogue_dialect(const struct dialogue *dialogue);
const struct tokenizer *dialogue_tokenizer(const struct dialogue *dialogue);
bool dialogue_is_plain(const struct dialogue *dialogue); /* a model that continues text */
const struct fill_tokens *dialogue_fill_tokens(const struct dialogue *dialogue);
/* Control tokens by whose text answers are read. */
const struct token_list *dialogue_shown(const struct dialogue *dialogue);

struct chat_prompt {
    struct text text;
    struct token_list tokens; /* the beginning token exactly once, where the vocabulary wants one */
    bool is_thinking;         /* the answer begins inside of thinking */
    bool is_raw;              /* the answer is text and nothing else */
    bool is_fill;             /* and ends where another hole or file would begin */
};
void chat_prompt_release(struct chat_prompt *prompt); /* also of a zeroed one */

/* Thinking that is asked for by a request the model cannot fulfil is ERROR_USAGE; where it is to be
 * off and the template has no switch, the prompt ends with thinking opened and closed. */
bool dialogue_prompt(const struct dialogue *dialogue, const struct prompt_request *request,
                     struct chat_prompt *out, struct error *err) MUST_CHECK;

/* A prompt without template (`raw`). */
bool dialogue_raw_prompt(const struct dialogue *dialogue, struct slice text,
                         struct chat_prompt *out, struct error *err) MUST_CHECK;

/* What stands between `prefix` and `suffix` is to be written. ERROR_UNSUPPORTED when the model
 * declares no tokens for that. */
bool dialogue_fill_prompt(const struct dialogue *dialogue, struct slice prefix, struct slice suffix,
                          struct chat_prompt *out, struct error *err) MUST_CHECK;
bool dialogue_can_fill(const struct dialogue *dialogue); /* whether there are such tokens */

#endif

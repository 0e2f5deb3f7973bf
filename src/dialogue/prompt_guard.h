/* prompt_guard.h: what people write stays text, even where it looks like a control token.
 *
 * A mark is put inside everything in a conversation that would become a control token of the
 * vocabulary; templates carry it along; once the prompt is made it is taken out again, and where it
 * stood no token may be found (encode_options.barriers). So nobody can end their own turn and speak
 * as the system by writing "<|im_end|>". Pure functions; any thread. */
#ifndef PROMPT_GUARD_H
#define PROMPT_GUARD_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"
#include "chat/conversation.h"
#include "tokenizer/tokenizer.h"

enum { GUARD_MARK_BYTES = 3 };

struct prompt_guard {
    char mark[GUARD_MARK_BYTES + 1]; /* a noncharacter of Unicode that the conversation has not */
    struct conversation *marked;     /* NULL: nothing looks like a control token */
    size_t *barriers;                /* [n_barriers] where marks were */
    size_t n_barriers;
};

/* Errors: ERROR_USAGE when the conversation has every noncharacter. */
bool prompt_guard_open(struct prompt_guard *guard, const struct conversation *conversation,
                       const struct tokenizer *tokenizer, struct error *err) MUST_CHECK;
void prompt_guard_release(struct prompt_guard *guard); /* also of a zeroed one */

/* Take the marks out of a prompt and note where they were. */
bool prompt_guard_clean(struct prompt_guard *guard, struct text *prompt,
                        struct error *err) MUST_CHECK;

#endif

/* prompt_truncation.h: what may go of a prompt that is too long, if its client allows it.
 *
 * Owns which messages go together and in which order: the oldest first; never a system message, nor
 * the last message of the user and what follows it; results of tools with the message that called
 * them. Pure functions. */
#ifndef PROMPT_TRUNCATION_H
#define PROMPT_TRUNCATION_H

#include "base/base.h"
#include "base/json.h"
#include "base/text.h"
#include "tokenizer/tokenizer.h"

/* `messages`: as conversation_messages. How many times something can go. */
size_t prompt_truncation_steps(const struct json *messages);

/* Append the array without what goes in the first n_steps. False when the text is full. */
bool prompt_truncation_write(struct text *out, const struct json *messages, size_t n_steps);

/* Of tokens that are no messages: the first n_kept and as many of the last as make n_most. */
void prompt_truncation_cut(struct token_list *tokens, size_t n_kept, size_t n_most);

/* Tokens that a truncated prompt leaves free for the answer. */
uint32_t prompt_truncation_room(uint32_t n_ctx, int32_t n_predict);

#endif

/* openai_responses_input.h: the input items of /v1/responses as messages of a conversation.
 *
 * Owns the way from items (message, reasoning, function_call, function_call_output) to the messages
 * that the worker reads: what the assistant thought, said and called in a row is one message. Pure;
 * any thread. */
#ifndef OPENAI_RESPONSES_INPUT_H
#define OPENAI_RESPONSES_INPUT_H

#include "server/openai/openai_problem.h"

/* The member "messages": `instructions` ({ NULL, 0 }: none) as a system message, then `input`, a
 * text or an array of items. False when the text is full or after recording a problem. */
bool openai_write_input(struct text *out, struct slice instructions, const struct json *input,
                        struct openai_problem *problem);

#endif

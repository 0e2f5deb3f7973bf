/* gotemplate_prompt.h: the prompt that a Modelfile's Go template makes of a conversation.
 *
 * Owns which names a template sees (.System .Prompt .Response .Suffix .Messages .Tools .Think
 * .ThinkLevel .IsThinkSet), how messages are merged, and the turn-by-turn rendering of templates
 * that know no .Messages. Any thread. */
#ifndef GOTEMPLATE_PROMPT_H
#define GOTEMPLATE_PROMPT_H

#include "chat/gotemplate.h"

/* The fields and variables a template uses, lower case, in order. Fails for a template that calls
 * another without a value: no prompt can be made with it. Borrowed from the template. */
bool gotemplate_names(const struct gotemplate *t, const struct slice **names, size_t *count,
                      struct error *err) MUST_CHECK;
bool gotemplate_uses(const struct gotemplate *t, const char *name);

/* Append the prompt for `context`: an object with messages and tools as in a chat request, prompt,
 * suffix, think, think_level and is_think_set. `now` is in seconds since 1970, UTC. */
bool gotemplate_prompt_from_context(const struct gotemplate *t, const struct json *context,
                                    int64_t now, struct text *out, struct error *err) MUST_CHECK;

#endif

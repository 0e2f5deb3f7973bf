/* chat_prompt.h: one conversation through one engine in one style.
 *
 * Owns the order of the steps and the cut behind an answer that is to be gone on with. Leaves to
 * chat_template.h which style, and what to do when a prompt fails. Any thread. */
#ifndef CHAT_PROMPT_H
#define CHAT_PROMPT_H

#include "chat/template/chat_engine.h"
#include "chat/chat_template.h"

/* Append the prompt; nothing is appended on failure. */
bool chat_prompt_write(const struct chat_engine *engine, const struct chat_style *style,
                       const struct chat_switches *switches, const struct prompt_request *request,
                       struct text *out, struct error *err) MUST_CHECK;

#endif

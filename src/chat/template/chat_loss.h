/* chat_loss.h: whether a prompt says what it was made of.
 *
 * Owns the comparison, which forgives what templates do to texts: trimming, and escaping inside of
 * JSON. Any thread. */
#ifndef CHAT_LOSS_H
#define CHAT_LOSS_H

#include "base/base.h"
#include "base/error.h"
#include "chat/conversation.h"

bool prompt_says(struct slice prompt, struct slice text);

/* Fails with what is lost: a system message, a tool's name, the last text of the user. */
bool prompt_check(struct slice prompt, const struct conversation *conversation,
                  struct error *err) MUST_CHECK;

/* Whether it also says the rest: all texts of the user, all calls and their results. */
bool prompt_is_complete(struct slice prompt, const struct conversation *conversation);

#endif

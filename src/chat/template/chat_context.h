/* chat_context.h: what a template sees of a conversation, as JSON.
 *
 * Owns the names of members: Hugging Face's for Jinja, Ollama's for Go templates and renderers. Any
 * thread. */
#ifndef CHAT_CONTEXT_H
#define CHAT_CONTEXT_H

#include "base/text.h"
#include "chat/template/chat_supplement.h"

/* Append an array of messages; false when the text is full. */
bool chat_write_jinja_messages(struct text *out, const struct chat_messages *messages,
                               const struct chat_style *style);
bool chat_write_ollama_messages(struct text *out, const struct chat_messages *messages,
                                const struct chat_style *style);

#endif

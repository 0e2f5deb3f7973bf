/* chat_tools.h: declared tools with everything that templates take for granted.
 *
 * Owns what is filled in: descriptions, one type for each parameter. Any thread. */
#ifndef CHAT_TOOLS_H
#define CHAT_TOOLS_H

#include "base/json.h"
#include "base/text.h"

/* Append the tools of a conversation, an array; false when the text is full. */
bool chat_write_complete_tools(struct text *out, const struct json *tools);

#endif

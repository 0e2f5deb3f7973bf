/* chat_tools.h: declared tools with what templates take for granted.
 *
 * Owns what is filled in: descriptions and lists of what is required, where they are missing, and
 * if that is not enough, one type for each parameter, and the rest in the order that it has. Any
 * thread. */
#ifndef CHAT_TOOLS_H
#define CHAT_TOOLS_H

#include "base/json.h"
#include "base/text.h"

/* Append the tools of a conversation, an array; false when the text is full. */
bool chat_write_tools(struct text *out, const struct json *tools, bool completed, bool simplified);

#endif

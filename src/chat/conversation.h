/* conversation.h: messages and tools as clients send them, checked once and put into one form.
 *
 * Owns that form. Leaves to chat_template.h what prompt it becomes. Immutable once opened; any
 * thread may read. */
#ifndef CONVERSATION_H
#define CONVERSATION_H

#include "base/base.h"
#include "base/error.h"
#include "base/json.h"

struct conversation;

/* `messages`: an array of messages as Ollama's or OpenAI's API has them; `tools`: an array of
 * functions ({"type":"function","function":{...}} or the function itself), NULL or null. Errors
 * name the message or tool by its number: ERROR_USAGE for what is malformed (an unknown role,
 * arguments that are no object, tools of the same name, a name over 64 bytes), ERROR_UNSUPPORTED
 * for images and other parts that are not text. `system` (may be { NULL, 0 }) is put in front of
 * the system messages, which stay. */
bool conversation_open(struct conversation **out, const struct json *messages,
                       const struct json *tools, struct slice system, struct error *err) MUST_CHECK;
void conversation_close(struct conversation **conversation); /* accepts NULL, leaves NULL */

/* An array of objects in the order sent: role ("system", also for "developer"; "user", "assistant",
 * "tool"), content (a string, "" when absent; of several text parts, their lines), and where there
 * are any: thinking (also sent as reasoning or reasoning_content), tool_calls ([{"id"?,
 * "function":{"name","arguments":{...}}}]), tool_name (looked up from tool_call_id when not sent),
 * tool_call_id. */
const struct json *conversation_messages(const struct conversation *conversation);

/* NULL or a non-empty array of {"type":"function","function":{"name","description"?,
 * "parameters":{...},"return"?}}. */
const struct json *conversation_tools(const struct conversation *conversation);

#endif

/* renderer_input.h: messages as renderers want them, checked once.
 *
 * Owns the check of messages and tools, after which renderers walk the JSON without looking twice:
 * every member has its type, and nothing is nested deeper than a stack allows. */
#ifndef RENDERER_INPUT_H
#define RENDERER_INPUT_H

#include "base/arena.h"
#include "base/base.h"
#include "base/error.h"
#include "base/json.h"

struct message {
    struct slice role, content, thinking, tool_name,
        call_id; /* empty when absent; role in lower case */
    size_t n_images;
    const struct json *calls; /* NULL or an array */
    size_t n_calls;
};

/* Messages (an array; NULL and null are an empty one) into `arena`. */
bool messages_read(const struct message **out, size_t *n_messages, const struct json *messages,
                   struct arena *arena, struct error *err) MUST_CHECK;

/* That `tools` (NULL, null or an array) are functions with JSON Schema for parameters. */
bool tools_check(const struct json *tools, struct error *err) MUST_CHECK;

struct slice call_name(const struct message *message, size_t index);
struct slice call_id(const struct message *message, size_t index);
const struct json *call_arguments(const struct message *message, size_t index);

#endif

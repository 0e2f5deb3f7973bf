/* gotemplate_messages.h: messages and tools of a chat request as values of a Go template.
 *
 * Owns the members they have there and their order, and the merging of neighbours of one role.
 * Values lie in the given arena and borrow text from the request. */
#ifndef GOTEMPLATE_MESSAGES_H
#define GOTEMPLATE_MESSAGES_H

#include "chat/gotemplate/go_value.h"

struct go_message {
    struct slice role, content;
    const struct json *source; /* the first of those merged */
};

/* Neighbours of one role (but not tool) become one, with an empty line between their contents. */
bool go_merge_messages(struct go_message **out, size_t *count, const struct json *messages,
                       struct arena *arena, struct error *err) MUST_CHECK;

/* The contents of all messages of the system, with empty lines between them. */
bool go_system_text(struct slice *out, const struct go_message *messages, size_t count,
                    struct arena *arena, struct error *err) MUST_CHECK;

bool go_messages_value(struct go_value *out, const struct go_message *messages, size_t count,
                       struct arena *arena, struct error *err) MUST_CHECK;
bool go_tools_value(struct go_value *out, const struct json *tools, struct arena *arena,
                    struct error *err) MUST_CHECK;

#endif

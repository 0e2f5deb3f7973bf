/* chat_messages.h: the messages of one prompt while they are brought into a template's form.
 *
 * Owns the list and which result answers which call. Texts are borrowed from the conversation or
 * lie in the list's arena. Leaves to chat_supplement.h what is changed. One thread. */
#ifndef CHAT_MESSAGES_H
#define CHAT_MESSAGES_H

#include "base/arena.h"
#include "base/base.h"
#include "base/error.h"
#include "base/json.h"

enum chat_role { CHAT_SYSTEM, CHAT_USER, CHAT_ASSISTANT, CHAT_TOOL };
const char *chat_role_name(enum chat_role role);

struct chat_call {
    struct slice id, name; /* the id may be empty */
    const struct json *arguments;
    size_t number; /* in the whole conversation, from 0 */
};

enum { NO_CALL = UINT32_MAX };

struct chat_message {
    enum chat_role role;
    struct slice content, thinking;
    struct slice tool_name, call_id; /* of results; either may be empty */
    uint32_t answers;                /* the call's number, or NO_CALL */
    const struct chat_call *calls;
    size_t n_calls;
};

struct chat_messages {
    struct chat_message *items;
    size_t count, capacity;
    struct arena *arena; /* borrowed */
};

/* From conversation_messages(); results that follow each other are put in the order of their calls.
 */
bool chat_messages_read(struct chat_messages *out, const struct json *messages, struct arena *arena,
                        struct error *err) MUST_CHECK;

bool chat_messages_add(struct chat_messages *list, struct chat_message message,
                       struct error *err) MUST_CHECK;

/* `a`, `between`, `b` in the arena; between only if neither is empty. */
bool chat_join(struct slice *out, struct slice a, const char *between, struct slice b,
               struct arena *arena, struct error *err) MUST_CHECK;

#endif

/* render_prompt.h: `hearth render MODEL`: the prompt of a conversation, its tokens, and where its
 * template comes from.
 *
 * Owns their layout for people and for programs. One thread. */
#ifndef RENDER_PROMPT_H
#define RENDER_PROMPT_H

#include "cli/prompt/chat_input.h"

struct render_prompt {
    const char *path;   /* of the model */
    struct slice words; /* the user's message; may be empty */
    int64_t now;        /* seconds since 1970, UTC */
    bool as_json;
};

/* Prints to standard output; what cannot be written there is told by output_finish. */
bool render_prompt_print(const struct render_prompt *r, struct chat_input *input,
                         struct error *err) MUST_CHECK;

#endif

/* renderer.h: prompts of the families that hearth spells itself, by name.
 *
 * Owns the table of renderers. Pure functions from messages to text; any thread. */
#ifndef RENDERER_H
#define RENDERER_H

#include "base/base.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "chat/think.h"

/* Messages and tools have the fields of Ollama's API; tool arguments are objects. */
struct renderer_input {
    const struct json *messages, *tools; /* arrays; NULL or null are empty ones */
    struct think_choice think;
    int64_t now; /* seconds since 1970, UTC */
    bool image_tags;
};

/* The names, in the order of the table; NULL behind the last. */
const char *renderer_name_at(size_t index);

/* Append the prompt to `out`, which a failure leaves as it was. Errors: ERROR_NOT_FOUND when no
 * renderer has the name, ERROR_USAGE when messages or tools are none, ERROR_MEMORY when the prompt
 * passes the limit of `out` or memory. */
bool renderer_render(struct text *out, const char *name, const struct renderer_input *input,
                     struct error *err) MUST_CHECK;

#endif

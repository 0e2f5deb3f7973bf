/* gotemplate_tags.h: how a model marks tool calls and thinking, guessed from its Go template.
 *
 * Owns the guess, for models without a parser of their own. Any thread. */
#ifndef GOTEMPLATE_TAGS_H
#define GOTEMPLATE_TAGS_H

#include "chat/gotemplate.h"

struct gotemplate_tags {
    struct slice tool_call;               /* opens a tool call; "{" where nothing does */
    struct slice think_open, think_close; /* around thinking; empty where there is none */
};

/* Borrowed from the template. Fails as gotemplate_names does. */
bool gotemplate_find_tags(const struct gotemplate *t, struct gotemplate_tags *out,
                          struct error *err) MUST_CHECK;

#endif

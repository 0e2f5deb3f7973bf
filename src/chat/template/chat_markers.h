/* chat_markers.h: the built-in template of a model that brings none, guessed from its vocabulary.
 *
 * Owns the tokens that give a format away. Any thread. */
#ifndef CHAT_MARKERS_H
#define CHAT_MARKERS_H

#include "chat/chat_template.h"
#include "chat/gotemplate_builtin.h"

/* NULL when no token tells. */
const struct gotemplate_builtin *chat_markers_find(const struct chat_template_sources *sources);

#endif

/* chat_switches.h: the variables by which Jinja templates are told to think.
 *
 * Owns their names and which levels one template takes. Immutable once found; any thread.
 *
 * All are set at once, since no template reads two of them with different meanings. */
#ifndef CHAT_SWITCHES_H
#define CHAT_SWITCHES_H

#include "base/base.h"
#include "base/json.h"
#include "base/text.h"
#include "chat/think.h"

enum chat_level { LEVEL_OFF, LEVEL_ON, LEVEL_LOW, LEVEL_MEDIUM, LEVEL_HIGH, LEVEL_MAX, N_LEVELS };

struct chat_switches {
    const char *effort[N_LEVELS]; /* reasoning_effort; NULL: not set */
};

enum chat_level chat_level_of(struct think_choice choice); /* of one that is set */

/* Append the members that the choice sets, without those that `variables` has. */
bool chat_write_switches(struct text *out, const struct chat_switches *switches,
                         struct think_choice choice, const struct json *variables);

#endif

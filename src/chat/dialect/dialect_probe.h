/* dialect_probe.h: how a template spells calls and thinking, cut out of what it renders.
 *
 * Owns the small conversations with words that occur nowhere else, and where their prompts are cut.
 * Private to dialect.h. Any thread. */
#ifndef DIALECT_PROBE_H
#define DIALECT_PROBE_H

#include "base/arena.h"
#include "chat/dialect.h"

/* The syntax of calls, its texts in `texts`; arguments stay ARGUMENTS_NONE when nothing is
 * recognised. Fails when memory is out. */
bool dialect_probe_calls(struct call_syntax *out, const struct chat_template *t,
                         struct arena *texts, struct error *err) MUST_CHECK;

/* The tags of thinking; stay empty when there are none. */
bool dialect_probe_thinking(struct dialect *out, const struct chat_template *t, struct arena *texts,
                            struct error *err) MUST_CHECK;

/* What stands before content; stays empty when nothing does. */
bool dialect_probe_content(struct dialect *out, const struct chat_template *t, struct arena *texts,
                           struct error *err) MUST_CHECK;

#endif

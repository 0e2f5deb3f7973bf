/* chat_probe.h: what a template can say, found out by small conversations with words that occur
 * nowhere else.
 *
 * Owns those conversations and the conclusions. Leaves to chat_template.h what follows for a
 * request. Any thread. */
#ifndef CHAT_PROBE_H
#define CHAT_PROBE_H

#include "chat/template/chat_engine.h"
#include "chat/chat_template.h"

struct chat_findings {
    struct chat_style style; /* the supplements it needs, no others */
    struct chat_switches switches;
    struct chat_template_facts facts;
};

/* Fails when memory is out or the template keeps reaching its limits with a few words. */
bool chat_probe(struct chat_findings *out, const struct chat_engine *engine,
                struct error *err) MUST_CHECK;

#endif

/* chat_engine.h: four ways to write messages as a prompt, behind one function.
 *
 * Owns the compiled template. Leaves to chat_template.h which one it is and to chat_supplement.h
 * what it is given to say. Immutable once opened; any thread may render. */
#ifndef CHAT_ENGINE_H
#define CHAT_ENGINE_H

#include "base/text.h"
#include "chat/template/chat_supplement.h"
#include "chat/template/chat_switches.h"
#include "chat/gotemplate.h"
#include "chat/jinja.h"

enum chat_engine_kind { CHAT_PLAIN, CHAT_JINJA, CHAT_GO, CHAT_RENDERER };

struct chat_engine {
    enum chat_engine_kind kind;
    struct jinja_template *jinja;
    struct gotemplate *go;
    const char *renderer;
    struct slice source;   /* of either language, else empty */
    struct slice bos, eos; /* the variables bos_token and eos_token */
};
void chat_engine_release(struct chat_engine *engine);

struct chat_rendering {
    const struct chat_messages *messages;
    const struct json *tools, *variables; /* NULL for none */
    const struct chat_style *style;
    const struct chat_switches *switches;
    struct think_choice think;
    int64_t now;
    bool continues_answer;
};

/* Append the prompt; nothing is appended on failure. */
bool chat_engine_render(const struct chat_engine *engine, const struct chat_rendering *rendering,
                        struct text *out, struct error *err) MUST_CHECK;

#endif

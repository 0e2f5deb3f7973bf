/* chat_template.h: the one template that makes a model's prompts, whichever language it is in.
 *
 * Owns the choice (a template the user gave; the model's own Jinja; a built-in one; none: plain
 * text), the compiled template, and what it can do, found out by rendering small conversations
 * once. What a template cannot say is said another way: a system message before the first user
 * message, tools and calls and their results in plain words, so that nothing of a conversation is
 * lost. Immutable once opened; any thread may render. */
#ifndef CHAT_TEMPLATE_H
#define CHAT_TEMPLATE_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"
#include "chat/conversation.h"
#include "chat/think.h"

struct chat_template;

struct chat_template_sources {
    struct slice user;     /* a template given by the user, { NULL, 0 }: none */
    bool user_is_jinja;    /* else Go, as in a Modelfile */
    const char *renderer;  /* of a Modelfile, NULL: none; wins over what is below */
    struct slice model;    /* the model's own Jinja, { NULL, 0 }: none */
    struct slice bos, eos; /* the texts of those tokens, "" when there are none */
    /* Whether the vocabulary has a token of that text: models without a template are known by
     * their markers ("<|im_start|>"). NULL: no built-in is looked for. */
    bool (*has_token)(const void *context, struct slice text);
    const void *context;
};

bool chat_template_open(struct chat_template **out, const struct chat_template_sources *sources,
                        struct error *err) MUST_CHECK;
void chat_template_close(struct chat_template **t); /* accepts NULL, leaves NULL */

/* For people: "the model's own template (Jinja)", "built-in template chatml", "renderer
 * qwen3-coder", "the given template (Go)", "none: plain text". */
const char *chat_template_origin(const struct chat_template *t);
bool chat_template_is_plain(const struct chat_template *t); /* prompts are the texts alone */

/* The source and the Go template behind it, for dialect.h; NULL for what it is not. */
struct gotemplate;
struct slice chat_template_jinja(const struct chat_template *t);
const struct gotemplate *chat_template_go(const struct chat_template *t);
const char *chat_template_renderer(const struct chat_template *t);
struct slice chat_template_source(const struct chat_template *t); /* in either language */

/* What the template itself has words for; what it has not is supplied. */
struct chat_template_facts {
    bool has_system, has_tools, has_calls, has_results;
    bool can_think;           /* it has words for thinking at all */
    bool can_switch_thinking; /* prompts with thinking off differ from those with it on */
};
struct chat_template_facts chat_template_facts(const struct chat_template *t);

struct prompt_request {
    const struct conversation *conversation;
    struct think_choice think;
    int64_t now;           /* seconds since 1970, UTC */
    bool continues_answer; /* the last message is the assistant's and is to be gone on with */
    /* Further variables of the template (`chat_template_kwargs`), an object or NULL. */
    const struct json *variables;
};

/* Append the prompt, up to where the answer begins. Errors: the template's own refusals
 * (ERROR_USAGE), ERROR_BUDGET for its limits; nothing is appended then. */
bool chat_template_render(const struct chat_template *t, const struct prompt_request *request,
                          struct text *out, struct error *err) MUST_CHECK;

#endif

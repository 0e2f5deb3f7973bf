/* chat_input.h: what a model is asked: the flags that `run` and `render` share.
 *
 * Owns those flags and what their files say: the system message, messages, tools, a template, how
 * much to think, what stands behind a gap. Leaves prompts to who makes them: a server for `run`,
 * chat_request.h for `render`. One thread. */
#ifndef CHAT_INPUT_H
#define CHAT_INPUT_H

#include "base/text.h"
#include "chat/conversation.h"
#include "chat/think.h"
#include "cli/options.h"
#include "cli/prompt/message_list.h"

enum { CHAT_INPUT_ROWS = 7 };

struct chat_input {
    struct { /* as given; NULL: not given */
        const char *system, *messages, *tools, *think, *template, *suffix;
        bool is_raw;
    } flags;
    struct text system, template; /* "": none */
    struct message_list messages;
    const struct json *tools; /* NULL: none */
    struct think_choice think;
};

void chat_input_init(struct chat_input *input);
void chat_input_release(struct chat_input *input);

/* Rows for a command's table; they point into `input`. */
void chat_input_rows(struct chat_input *input, struct option_row rows[CHAT_INPUT_ROWS]);

/* Read the files that the flags name; to be called once flags are parsed. ERROR_USAGE for flags
 * that contradict each other. */
bool chat_input_load(struct chat_input *input, struct error *err) MUST_CHECK;

/* The language of --template: Jinja, else Go. */
bool chat_input_is_jinja(const struct chat_input *input);

/* Whether prompts are the text alone: --raw, or a model without template that is given none. */
bool chat_input_is_plain(const struct chat_input *input, bool model_is_plain);

/* ERROR_USAGE naming the flag whose meaning a model without template would lose. */
bool chat_input_check(const struct chat_input *input, bool model_is_plain,
                      struct error *err) MUST_CHECK;

/* All that was said, in the one form of conversation.h; `words`, if any, become its last message,
 * of the user. ERROR_USAGE when there is nothing to answer. */
bool chat_input_conversation(struct conversation **out, struct chat_input *input,
                             struct slice words, struct error *err) MUST_CHECK;

#endif

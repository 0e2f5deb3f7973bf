/* chat_input.h: what a model is asked: the flags that `run` and `render` share, and prompts of
 * them.
 *
 * Owns those flags and what their files say: the system message, messages, tools, a template, how
 * much to think, what stands behind a gap. Leaves to dialogue.h the prompt's words. One thread. */
#ifndef CHAT_INPUT_H
#define CHAT_INPUT_H

#include "base/text.h"
#include "cli/run/message_list.h"
#include "cli/options.h"
#include "dialogue/dialogue.h"

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

/* The template of --template, borrowed. */
struct dialogue_options chat_input_options(const struct chat_input *input);

/* Whether prompts are the text alone: --raw, or a model without template. */
bool chat_input_is_plain(const struct chat_input *input, const struct dialogue *dialogue);

/* ERROR_USAGE naming the flag whose meaning a model without template would lose. */
bool chat_input_check(const struct chat_input *input, const struct dialogue *dialogue,
                      struct error *err) MUST_CHECK;

struct chat_request {
    const struct json *messages;
    struct conversation *conversation; /* NULL: of a plain text or a gap */
    struct chat_prompt prompt;
};

/* The prompt that asks for the next answer: of `words` alone when that is plain, of what stands
 * around a gap with --suffix, else of the messages, which `words`, if any, become the last of.
 * `now` in seconds since 1970, UTC. */
bool chat_request_open(struct chat_request *request, struct chat_input *input,
                       const struct dialogue *dialogue, struct slice words, int64_t now,
                       struct error *err) MUST_CHECK;
void chat_request_release(struct chat_request *request); /* also of a zeroed one */

/* The declared tools; NULL: none. */
const struct json *chat_request_tools(const struct chat_request *request);

#endif

/* settings.h: what a conversation on the terminal can be told: the parameters of `hearth run`.
 *
 * Owns the one table that gives each parameter its flag (--top-k 40), its name in a conversation
 * (/set parameter top_k 40) and in a request (options.top_k), and its limits; and which of them
 * were given: the others are the server's to choose. Leaves to chat_input.h what the model is
 * asked. One thread. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/options.h"
#include "cli/prompt/chat_input.h"
#include "hearth.h"

enum { SETTINGS_ROWS = 30 + CHAT_INPUT_ROWS };

struct settings {
    struct hearth_session_options session; /* without lists, format and grammar */
    struct option_list stop, logit_bias;
    const char *format, *grammar;          /* as given */
    struct text format_text, grammar_text; /* what they say, or their files */
    struct chat_input input;
    const char *tool_choice;
    int32_t thinking_budget; /* -1: no limit */
    int32_t n_answers;       /* to one prompt */
    bool calls_one_tool, hides_thinking, prints_events;
    bool verbose, hide_prompt;
    struct {                 /* how a server is started for this command alone */
        uint32_t n_threads;  /* 0: all */
        const char *kv_type; /* NULL: as configured */
    } engine;
    const char *keep_alive;                /* NULL: as the server has it */
    struct option_row rows[SETTINGS_ROWS]; /* they point into this struct: do not copy it */
    bool is_given[SETTINGS_ROWS];
};

void settings_init(struct settings *settings);
void settings_release(struct settings *settings);

/* Read the files that flags name; to be called once these are parsed. ERROR_USAGE for flags that
 * contradict each other. */
bool settings_load(struct settings *settings, struct error *err) MUST_CHECK;

/* "/set parameter": `value` must live as long as the settings. Fails when there is no such
 * parameter or it cannot have that value. */
bool settings_change(struct settings *settings, const char *name, const char *value,
                     struct error *err) MUST_CHECK;

/* A text or list is empty again: what answers cannot obey is not kept. Others stay. */
void settings_drop(struct settings *settings, const char *name);

/* One line for each parameter with its present value. */
bool settings_print(const struct settings *settings, struct text *out) MUST_CHECK;

/* The member "options" of a request: what was given. `number` 0, 1, ... of several answers to the
 * same prompt: seeds follow one another. */
bool settings_write_options(const struct settings *settings, int32_t number,
                            struct text *out) MUST_CHECK;

#endif

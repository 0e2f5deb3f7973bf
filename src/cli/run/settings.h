/* settings.h: what a conversation on the terminal can be told: the parameters of `hearth run`.
 *
 * Owns the one table that gives each parameter its flag (--top-k 40), its name in a conversation
 * (/set parameter top_k 40) and its limits. Leaves meaning to the library, and to chat_input.h what
 * the model is asked. One thread. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/run/chat_input.h"
#include "cli/options.h"
#include "dialogue/turn.h"
#include "hearth.h"

enum { SETTINGS_ROWS = 29 + CHAT_INPUT_ROWS };

struct settings {
    struct hearth_model_options model;
    struct hearth_session_options session; /* without `stop`: see settings_session */
    struct option_list stop, logit_bias;
    const struct tokenizer *tokenizer; /* borrowed; NULL before settings_find_tokens */
    struct hearth_token_bias biases[OPTION_LIST_MAX]; /* [session.n_logit_bias] */
    const char *format, *grammar;                     /* as given */
    struct text format_text, grammar_text;            /* what they say, or their files */
    struct chat_input input;
    const char *tool_choice;
    int32_t thinking_budget; /* -1: no limit */
    int32_t n_answers;       /* to one prompt */
    bool calls_one_tool, hides_thinking, prints_events;
    bool verbose, hide_prompt;
    struct option_row rows[SETTINGS_ROWS]; /* they point into this struct: do not copy it */
};

void settings_init(struct settings *settings);
void settings_release(struct settings *settings);

/* Read the files that flags name; to be called once these are parsed. ERROR_USAGE for flags that
 * contradict each other. */
bool settings_load(struct settings *settings, struct error *err) MUST_CHECK;

/* Find the tokens that --logit-bias means, in a vocabulary that lives as long as the settings. */
bool settings_find_tokens(struct settings *settings, const struct tokenizer *tokenizer,
                          struct error *err) MUST_CHECK;

/* The session's options with stop strings and biases, which stay in `settings`; the format is the
 * session's for a plain text, for an answer out of a dialogue it is the turn's. */
struct hearth_session_options settings_session(const struct settings *settings);
struct hearth_session_options settings_plain_session(const struct settings *settings);

/* `tools`: as declared, or NULL. */
struct turn_options settings_turn(const struct settings *settings, const struct json *tools);

/* "/set parameter": `value` must live as long as the settings. Fails when there is no such
 * parameter or it cannot have that value. */
bool settings_change(struct settings *settings, const char *name, const char *value,
                     struct error *err) MUST_CHECK;

/* A text or list is empty again: what answers cannot obey is not kept. Others stay. */
void settings_drop(struct settings *settings, const char *name);

/* One line for each parameter with its present value. */
bool settings_print(const struct settings *settings, struct text *out) MUST_CHECK;

#endif

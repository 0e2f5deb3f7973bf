/* settings.h: what a conversation on the terminal can be told: the parameters of `hearth run`.
 *
 * Owns the one table that gives each parameter its flag (--top-k 40), its name in a conversation
 * (/set parameter top_k 40) and its limits. Leaves meaning to the library. One thread. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/options.h"
#include "hearth.h"

enum { SETTINGS_ROWS = 20 };

struct settings {
    struct hearth_model_options model;
    struct hearth_session_options session; /* without `stop`: see settings_session */
    struct option_list stop;
    const char *format, *grammar;          /* as given */
    struct text format_text, grammar_text; /* what they say, or their files */
    bool verbose, hide_prompt;
    struct option_row rows[SETTINGS_ROWS]; /* they point into this struct: do not copy it */
};

void settings_init(struct settings *settings);
void settings_release(struct settings *settings);

/* Read the files that --format and --grammar name; to be called once flags are parsed. */
bool settings_load(struct settings *settings, struct error *err) MUST_CHECK;

/* The session's options with the stop strings and the format, which stay in `settings`. */
struct hearth_session_options settings_session(const struct settings *settings);

/* "/set parameter": `value` must live as long as the settings. Fails when there is no such
 * parameter or it cannot have that value. */
bool settings_change(struct settings *settings, const char *name, const char *value,
                     struct error *err) MUST_CHECK;

/* One line for each parameter with its present value. */
bool settings_print(const struct settings *settings, struct text *out) MUST_CHECK;

#endif

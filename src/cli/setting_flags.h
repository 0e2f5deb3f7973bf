/* setting_flags.h: the server's settings as flags of a command.
 *
 * Owns how they are taken out of a command line (--max-queue 10, --max-queue=10, --no-auth) and
 * their part of --help. Leaves names and values to server/config/server_config.h. One thread. */
#ifndef SETTING_FLAGS_H
#define SETTING_FLAGS_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"
#include "server/config/server_config.h"

enum { SETTING_FLAGS_MOST = 64 };
struct setting_flags {
    struct {
        char name[SETTING_NAME_BYTES];
        const char *value; /* borrowed from the command line; NULL: a switch */
    } flags[SETTING_FLAGS_MOST];
    size_t n;
};

/* Take them from argv[1 .. *argc), up to "--"; all else stays for options_parse. */
bool setting_flags_take(struct setting_flags *out, int *argc, char **argv,
                        struct error *err) MUST_CHECK;

/* Open the settings and give them the flags. `file` as of server_settings_open. */
bool setting_flags_open(struct server_settings **out, const char *file,
                        const struct setting_flags *flags, struct error *err) MUST_CHECK;

/* A line for each, in the layout of options_help. */
bool setting_flags_help(struct text *out);

#endif

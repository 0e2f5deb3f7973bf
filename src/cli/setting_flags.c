#include "cli/setting_flags.h"

#include <stdio.h>

/* The setting's name when the argument is its flag, with the value behind '=' if there is one. */
static bool is_setting(const char *argument, char name[SETTING_NAME_BYTES], const char **value,
                       bool *is_switch)
{
    if (strncmp(argument, "--", 2) != 0)
        return false;
    const char *equals = strchr(argument, '=');
    size_t n = equals ? (size_t)(equals - argument - 2) : strlen(argument + 2);
    if (n >= SETTING_NAME_BYTES)
        return false;
    memcpy(name, argument + 2, n);
    name[n] = '\0';
    *value = equals ? equals + 1 : NULL;
    return server_settings_has_flag(name, is_switch);
}

bool setting_flags_take(struct setting_flags *out, int *argc, char **argv, struct error *err)
{
    int kept = 1;
    bool flags_ended = false;
    out->n = 0;
    for (int i = 1; i < *argc; i++) {
        char name[SETTING_NAME_BYTES];
        const char *value;
        bool is_switch;
        flags_ended = flags_ended || strcmp(argv[i], "--") == 0;
        if (flags_ended || !is_setting(argv[i], name, &value, &is_switch)) {
            argv[kept++] = argv[i];
            continue;
        }
        if (out->n == SETTING_FLAGS_MOST)
            return fail(err, ERROR_USAGE, "more than %d settings", SETTING_FLAGS_MOST);
        if (!value && !is_switch && ++i == *argc)
            return fail(err, ERROR_USAGE, "flag needs a value: --%s", name);
        strcpy(out->flags[out->n].name, name);
        out->flags[out->n++].value = value || is_switch ? value : argv[i];
    }
    argv[kept] = NULL;
    *argc = kept;
    return true;
}

bool setting_flags_open(struct server_settings **out, const char *file,
                        const struct setting_flags *flags, struct error *err)
{
    struct server_settings *settings = NULL;
    if (!server_settings_open(&settings, file, err))
        return false;
    bool ok = true;
    for (size_t i = 0; ok && i < flags->n; i++)
        ok = server_settings_flag(settings, flags->flags[i].name, flags->flags[i].value, err);
    if (!ok)
        server_settings_close(&settings);
    *out = settings;
    return ok;
}

bool setting_flags_help(struct text *out)
{
    struct setting_facts facts;
    for (size_t i = 0; server_setting_facts(i, &facts); i++) {
        char left[SETTING_NAME_BYTES + 10];
        snprintf(left, sizeof left, "   --%s%s", facts.name, facts.is_switch ? "" : " VALUE");
        for (char *p = left; *p; p++)
            *p = *p == '_' ? '-' : *p;
        if (!text_printf(out, "  %-30s %s\n", left, facts.meaning))
            return false;
    }
    return true;
}

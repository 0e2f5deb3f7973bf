#include "cli/commands.h"

#include "cli/output.h"

#include <stdio.h>

static int print_help(const struct usage *usage)
{
    struct text out;
    text_init(&out, 1 << 16);
    bool ok = text_printf(&out, "Usage: hearth %s\n\n%s", usage->line, usage->about) &&
              (usage->n_rows == 0 || text_append_string(&out, "\nFlags:\n")) &&
              options_help(usage->rows, usage->n_rows, &out);
    if (ok)
        fputs(out.data, stdout);
    text_release(&out);
    return ok ? 0 : report("out of memory");
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

bool command_begin(const struct usage *usage, int *argc, char **argv, int *status)
{
    return command_begin_noting(usage, argc, argv, NULL, status);
}

bool command_begin_noting(const struct usage *usage, int *argc, char **argv, bool *is_given,
                          int *status)
{
    if (wants_help(*argc, argv)) {
        *status = print_help(usage);
        return false;
    }
    struct error err = { 0 };
    *status = 2;
    if (!options_parse(usage->rows, usage->n_rows, argc, argv, is_given, &err)) {
        report_usage(argv[0], err.message);
        return false;
    }
    int given = *argc - 1;
    bool few = given < usage->min_arguments;
    if (few || (usage->max_arguments >= 0 && given > usage->max_arguments)) {
        char message[200];
        snprintf(message, sizeof message, "hearth %s: %d arguments given, at %s %d expected",
                 usage->line, given, few ? "least" : "most",
                 few ? usage->min_arguments : usage->max_arguments);
        report_usage(argv[0], message);
        return false;
    }
    return true;
}

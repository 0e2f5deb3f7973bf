#include "base/json.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/setting_flags.h"

#include <stdio.h>

static const char about[] =
    "The settings of `hearth serve`: name, value and where it came from. Later sources win:\n"
    "default, file ($HEARTH_CONFIG, else ~/.config/hearth/config), OLLAMA_* variables, HEARTH_*\n"
    "variables, flags. A value that makes no sense is told, with exit status 1.\n"
    "\nSettings as flags, also in the file (max_queue = 10) and the environment "
    "(HEARTH_MAX_QUEUE=10):\n";

static bool append_json(struct text *out, const struct server_settings *settings)
{
    const char *name, *value, *origin, *meaning;
    bool ok = text_append_string(out, "{\"settings\":[");
    for (size_t i = 0; server_settings_row(settings, i, &name, &value, &origin, &meaning); i++)
        ok = ok && text_printf(out, "%s{\"name\":\"%s\",\"value\":", i ? "," : "", name) &&
             json_write_string(out, slice_of(value)) && text_append_string(out, ",\"origin\":") &&
             json_write_string(out, slice_of(origin)) && text_append_string(out, ",\"meaning\":") &&
             json_write_string(out, slice_of(meaning)) && text_append_byte(out, '}');
    return ok && text_append_string(out, "]}");
}

static int print_json(const struct server_settings *settings)
{
    struct text out;
    text_init(&out, 16 << 20);
    bool ok = append_json(&out, settings);
    if (ok)
        puts(out.data);
    text_release(&out);
    return ok ? 0 : report("out of memory");
}

static void print_cell(const char *value, int width)
{
    bool is_odd = !*value || strchr(value, ' ');
    if (is_odd)
        putchar('"');
    output_line(slice_of(value));
    if (is_odd)
        putchar('"');
    for (int n = (int)strlen(value) + 2 * is_odd; n < width; n++)
        putchar(' ');
    putchar(' ');
}

static void print_table(const struct server_settings *settings)
{
    const char *name, *value, *origin, *meaning;
    size_t width = 5;
    for (size_t i = 0; server_settings_row(settings, i, &name, &value, &origin, &meaning); i++)
        width = size_max(width, size_min(strlen(value) + 2, 40));
    printf("%-20s %-*s ORIGIN\n", "NAME", (int)width, "VALUE");
    for (size_t i = 0; server_settings_row(settings, i, &name, &value, &origin, &meaning); i++) {
        printf("%-20s ", name);
        print_cell(value, (int)width);
        output_line(slice_of(origin));
        putchar('\n');
    }
}

static int show_settings(const char *file, const struct setting_flags *flags, bool as_json)
{
    struct server_settings *settings = NULL;
    struct server_config config;
    struct error err = { 0 };
    if (!setting_flags_open(&settings, *file ? file : NULL, flags, &err))
        return report(err.message);
    int status = 0;
    if (as_json)
        status = print_json(settings);
    else
        print_table(settings);
    if (status == 0 && !server_settings_config(settings, &config, &err))
        status = report(err.message);
    server_settings_close(&settings);
    return status;
}

int config_command(int argc, char **argv)
{
    bool as_json = false;
    const char *file = "";
    const struct option_row rows[] = {
        { "json", 0, OPTION_FLAG, &as_json, 0, 0, NULL, "As JSON, with what each one means" },
        { "config", 0, OPTION_TEXT, &file, 0, 0, "FILE", "Read this file of settings" },
    };
    struct setting_flags flags;
    struct error err = { 0 };
    struct text help;
    text_init(&help, 1 << 16);
    if (!setting_flags_take(&flags, &argc, argv, &err))
        return report_usage(argv[0], err.message);
    if (!text_append_string(&help, about) || !setting_flags_help(&help))
        return report("out of memory");
    const struct usage usage = { "config", help.data, rows, COUNT_OF(rows), 0, 0 };
    int status;
    if (command_begin(&usage, &argc, argv, &status))
        status = show_settings(file, &flags, as_json);
    text_release(&help);
    return status;
}

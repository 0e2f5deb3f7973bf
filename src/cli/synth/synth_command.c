#include "base/text.h"
#include "cli/commands.h"
#include "cli/input_file.h"
#include "cli/output.h"
#include "cli/synth/synth.h"

static const char about[] =
    "Writes a GGUF file of random weights with the shape of a well-known model, for benchmarks.\n"
    "TYPE is F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K or "
    "Q4_K_M.\n"
    "SHAPE is one of:\n";

enum { TEMPLATE_LIMIT_BYTES = 16 << 20 };

static bool write_model(char **argv, const char *template_path, struct error *err)
{
    struct text template;
    struct synth_options options = { .shape = argv[1],
                                     .type = argv[2],
                                     .show_progress = progress_wanted() };
    text_init(&template, TEMPLATE_LIMIT_BYTES);
    bool ok =
        !template_path || input_file_read(&template, template_path, TEMPLATE_LIMIT_BYTES, err);
    if (ok && template_path)
        options.chat_template = text_slice(&template);
    ok = ok && synth_write(&options, argv[3], err);
    text_release(&template);
    return ok;
}

int synth_command(int argc, char **argv)
{
    const char *template_path = NULL;
    const struct option_row rows[] = {
        { "template", 0, OPTION_TEXT, &template_path, 0, 0, "FILE",
          "Store this chat template with the model" },
    };
    struct text text;
    text_init(&text, 4096);
    bool ok = text_append_string(&text, about);
    for (const char *const *shape = synth_shapes(); ok && *shape; shape++)
        ok = text_printf(&text, "  %s\n", *shape);
    const struct usage usage = { "synth SHAPE TYPE OUT.gguf [--template FILE]",
                                 ok ? text.data : about,
                                 rows,
                                 COUNT_OF(rows),
                                 3,
                                 3 };
    int status;
    struct error err = { 0 };
    if (command_begin(&usage, &argc, argv, &status))
        status = write_model(argv, template_path, &err) ? 0 : report(err.message);
    text_release(&text);
    return status;
}

#include "base/text.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/synth.h"

static const char about[] =
    "Writes a GGUF file of random weights with the shape of a well-known model, for benchmarks.\n"
    "TYPE is F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K or "
    "Q4_K_M.\n"
    "SHAPE is one of:\n";

int synth_command(int argc, char **argv)
{
    struct text text;
    text_init(&text, 4096);
    bool ok = text_append_string(&text, about);
    for (const char *const *shape = synth_shapes(); ok && *shape; shape++)
        ok = text_printf(&text, "  %s\n", *shape);
    const struct usage usage = {
        "synth SHAPE TYPE OUT.gguf", ok ? text.data : about, NULL, 0, 3, 3
    };
    int status;
    struct error err = { 0 };
    if (command_begin(&usage, &argc, argv, &status))
        status = synth_write(argv[1], argv[2], argv[3], progress_wanted(), &err)
                     ? 0
                     : report(err.message);
    text_release(&text);
    return status;
}

#include "cli/client/model_listing.h"
#include "cli/commands.h"
#include "cli/human_text.h"

#include <stdio.h>
#include <time.h>

static const char about[] =
    "The models that the server has in memory, of those whose name begins with PREFIX: name, id,\n"
    "memory, processor, longest context of a request, and when it is unloaded. The server is the\n"
    "one at HEARTH_HOST or OLLAMA_HOST, else 127.0.0.1:11434.\n";

static void put_processor(char cell[MODEL_CELL_BYTES], double size, double vram)
{
    if (vram <= 0)
        snprintf(cell, MODEL_CELL_BYTES, "100%% CPU");
    else if (size <= 0 || vram > size)
        snprintf(cell, MODEL_CELL_BYTES, "Unknown");
    else if (vram >= size)
        snprintf(cell, MODEL_CELL_BYTES, "100%% GPU");
    else
        snprintf(cell, MODEL_CELL_BYTES, "%.0f%%/%.0f%% CPU/GPU", 100 * (1 - vram / size),
                 100 - 100 * (1 - vram / size));
}

static void put_until(char cell[MODEL_CELL_BYTES], struct slice expires)
{
    enum { FAR_YEARS = 100, YEAR_SECONDS = 31536000 };
    char span[HUMAN_TEXT_BYTES];
    double moment;
    if (!moment_read(expires, &moment))
        return;
    double left = moment - (double)time(NULL);
    if (left < 0)
        snprintf(cell, MODEL_CELL_BYTES, "Stopping...");
    else if (left > (double)FAR_YEARS * YEAR_SECONDS)
        snprintf(cell, MODEL_CELL_BYTES, "Forever");
    else
        snprintf(cell, MODEL_CELL_BYTES, "%s from now", human_span(span, left));
}

static void fill(struct model_row *row, const struct json *model)
{
    put_processor(row->cells[3], json_number(json_get(model, "size"), 0),
                  json_number(json_get(model, "size_vram"), 0));
    snprintf(row->cells[4], MODEL_CELL_BYTES, "%" PRId64,
             json_int(json_get(model, "context_length"), 0));
    put_until(row->cells[5], json_text(json_get(model, "expires_at")));
}

int ps_command(int argc, char **argv)
{
    static const struct model_listing listing = {
        "/api/ps", 6, { "NAME", "ID", "SIZE", "PROCESSOR", "CONTEXT", "UNTIL" }, fill
    };
    const struct usage usage = { "ps [PREFIX]", about, NULL, 0, 0, 1 };
    int status;
    if (!command_begin(&usage, &argc, argv, &status))
        return status;
    return model_listing_print(&listing, argc > 1 ? argv[1] : "");
}

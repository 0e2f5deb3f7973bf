#include "cli/client/model_listing.h"
#include "cli/commands.h"
#include "cli/human_text.h"

#include <stdio.h>
#include <time.h>

static const char about[] =
    "The models that the server has, of those whose name begins with PREFIX: name, id, size and\n"
    "when the file was changed; newest first. The server is the one at HEARTH_HOST or\n"
    "OLLAMA_HOST, else 127.0.0.1:11434.\n";

static void fill(struct model_row *row, const struct json *model)
{
    char span[HUMAN_TEXT_BYTES];
    double moment;
    if (moment_read(json_text(json_get(model, "modified_at")), &moment))
        snprintf(row->cells[3], MODEL_CELL_BYTES, "%s ago",
                 human_span(span, (double)time(NULL) - moment));
}

int list_command(int argc, char **argv)
{
    static const struct model_listing listing = {
        "/api/tags", 4, { "NAME", "ID", "SIZE", "MODIFIED" }, fill
    };
    const struct usage usage = { "list [PREFIX]", about, NULL, 0, 0, 1 };
    int status;
    if (!command_begin(&usage, &argc, argv, &status))
        return status;
    return model_listing_print(&listing, argc > 1 ? argv[1] : "");
}

#include "cli/client/model_table.h"
#include "cli/client/server_link.h"
#include "cli/commands.h"
#include "cli/human_text.h"
#include "cli/output.h"

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
    static const char *const heads[] = { "NAME", "ID", "SIZE", "MODIFIED" };
    const struct usage usage = { "list [PREFIX]", about, NULL, 0, 0, 1 };
    struct server_client *client = NULL;
    const struct json *answer = NULL;
    struct error err = { 0 };
    int status;
    if (!command_begin(&usage, &argc, argv, &status))
        return status;
    bool ok = server_link_open(&client, &err) &&
              server_ask(client, "/api/tags", (struct slice){ NULL, 0 }, &answer, &err);
    if (ok)
        model_table_print(json_get(answer, "models"), argc > 1 ? argv[1] : "", heads,
                          COUNT_OF(heads), fill);
    json_close(&answer);
    server_client_close(&client);
    return ok ? 0 : report(err.message);
}

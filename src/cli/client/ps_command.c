#include "cli/client/server_link.h"
#include "cli/commands.h"
#include "cli/human_text.h"
#include "cli/output.h"

#include <stdio.h>
#include <strings.h>
#include <time.h>

static const char about[] =
    "The models that the server has in memory, of those whose name begins with PREFIX: name, id,\n"
    "memory, processor, longest context of a request, and when it is unloaded. The server is the\n"
    "one at HEARTH_HOST or OLLAMA_HOST, else 127.0.0.1:11434.\n";

enum { N_COLUMNS = 6, CELL_BYTES = 300, MOST_MODELS = 1000 };

struct table_row {
    char cells[N_COLUMNS][CELL_BYTES];
};

static void put(char cell[CELL_BYTES], struct slice text)
{
    snprintf(cell, CELL_BYTES, "%.*s", (int)size_min(text.length, CELL_BYTES - 1), text.data);
}

static void put_processor(char cell[CELL_BYTES], double size, double vram)
{
    if (vram <= 0)
        snprintf(cell, CELL_BYTES, "100%% CPU");
    else if (size <= 0 || vram > size)
        snprintf(cell, CELL_BYTES, "Unknown");
    else if (vram >= size)
        snprintf(cell, CELL_BYTES, "100%% GPU");
    else
        snprintf(cell, CELL_BYTES, "%.0f%%/%.0f%% CPU/GPU", 100 * (1 - vram / size),
                 100 - 100 * (1 - vram / size));
}

static void put_until(char cell[CELL_BYTES], struct slice expires)
{
    enum { FAR_YEARS = 100, YEAR_SECONDS = 31536000 };
    char span[HUMAN_TEXT_BYTES];
    double moment;
    if (!moment_read(expires, &moment))
        return;
    double left = moment - (double)time(NULL);
    if (left < 0)
        snprintf(cell, CELL_BYTES, "Stopping...");
    else if (left > (double)FAR_YEARS * YEAR_SECONDS)
        snprintf(cell, CELL_BYTES, "Forever");
    else
        snprintf(cell, CELL_BYTES, "%s from now", human_span(span, left));
}

static void fill_row(struct table_row *row, const struct json *model)
{
    char size[HUMAN_TEXT_BYTES];
    double bytes = json_number(json_get(model, "size"), 0);
    struct slice digest = json_text(json_get(model, "digest"));
    *row = (struct table_row){ 0 };
    put(row->cells[0], json_text(json_get(model, "name")));
    put(row->cells[1], (struct slice){ digest.data, size_min(digest.length, 12) });
    put(row->cells[2], slice_of(human_size(size, bytes > 0 ? (uint64_t)bytes : 0)));
    put_processor(row->cells[3], bytes, json_number(json_get(model, "size_vram"), 0));
    snprintf(row->cells[4], CELL_BYTES, "%" PRId64, json_int(json_get(model, "context_length"), 0));
    put_until(row->cells[5], json_text(json_get(model, "expires_at")));
}

/* Four blanks between columns, none at the end of a line. */
static void print_rows(const struct table_row *rows, size_t n_rows)
{
    size_t widths[N_COLUMNS] = { 0 };
    for (size_t i = 0; i < n_rows; i++)
        for (size_t j = 0; j < N_COLUMNS; j++)
            widths[j] = size_max(widths[j], strlen(rows[i].cells[j]));
    for (size_t i = 0; i < n_rows; i++) {
        for (size_t j = 0; j < N_COLUMNS; j++) {
            output_line(slice_of(rows[i].cells[j]));
            if (j + 1 < N_COLUMNS)
                printf("%*s", (int)(widths[j] + 4 - strlen(rows[i].cells[j])), "");
        }
        putchar('\n');
    }
}

static void print_models(const struct json *models, const char *prefix)
{
    static const struct table_row head = { { "NAME", "ID", "SIZE", "PROCESSOR", "CONTEXT",
                                             "UNTIL" } };
    static struct table_row rows[MOST_MODELS + 1];
    size_t n = 0;
    rows[n++] = head;
    for (size_t i = 0; i < json_size(models) && n <= MOST_MODELS; i++) {
        fill_row(&rows[n], json_at(models, i));
        n += strncasecmp(rows[n].cells[0], prefix, strlen(prefix)) == 0;
    }
    print_rows(rows, n);
}

int ps_command(int argc, char **argv)
{
    const struct usage usage = { "ps [PREFIX]", about, NULL, 0, 0, 1 };
    struct server_client *client = NULL;
    const struct json *answer = NULL;
    struct error err = { 0 };
    int status;
    if (!command_begin(&usage, &argc, argv, &status))
        return status;
    bool ok = server_link_open(&client, &err) &&
              server_ask(client, "/api/ps", (struct slice){ NULL, 0 }, &answer, &err);
    if (ok)
        print_models(json_get(answer, "models"), argc > 1 ? argv[1] : "");
    json_close(&answer);
    server_client_close(&client);
    return ok ? 0 : report(err.message);
}

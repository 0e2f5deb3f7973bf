#include "cli/client/model_listing.h"

#include "base/memory.h"
#include "cli/client/server_link.h"
#include "cli/human_text.h"
#include "cli/output.h"

#include <stdio.h>
#include <strings.h>

static void put(char cell[MODEL_CELL_BYTES], struct slice text)
{
    snprintf(cell, MODEL_CELL_BYTES, "%.*s", (int)size_min(text.length, MODEL_CELL_BYTES - 1),
             text.data);
}

static void fill_common(struct model_row *row, const struct json *model)
{
    char size[HUMAN_TEXT_BYTES];
    double bytes = json_number(json_get(model, "size"), 0);
    struct slice digest = json_text(json_get(model, "digest"));
    put(row->cells[0], json_text(json_get(model, "name")));
    put(row->cells[1], (struct slice){ digest.data, size_min(digest.length, 12) });
    put(row->cells[2], slice_of(human_size(size, bytes > 0 ? (uint64_t)bytes : 0)));
}

static void print_rows(const struct model_row *rows, size_t n_rows, size_t n_columns)
{
    size_t widths[MODEL_COLUMNS] = { 0 };
    for (size_t i = 0; i < n_rows; i++)
        for (size_t j = 0; j < n_columns; j++)
            widths[j] = size_max(widths[j], strlen(rows[i].cells[j]));
    for (size_t i = 0; i < n_rows; i++) {
        for (size_t j = 0; j < n_columns; j++) {
            output_line(slice_of(rows[i].cells[j]));
            if (j + 1 < n_columns)
                printf("%*s", (int)(widths[j] + 4 - strlen(rows[i].cells[j])), "");
        }
        putchar('\n');
    }
}

static bool print_models(const struct model_listing *listing, const struct json *models,
                         const char *prefix, struct error *err)
{
    size_t n_models = json_size(models), n = 1;
    struct model_row *rows = memory_zeroed(n_models + 1, sizeof *rows);
    if (!rows)
        return fail_memory(err, (n_models + 1) * sizeof *rows, "the list of models");
    for (size_t j = 0; j < listing->n_columns; j++)
        put(rows[0].cells[j], slice_of(listing->heads[j]));
    for (size_t i = 0; i < n_models; i++) {
        rows[n] = (struct model_row){ 0 };
        fill_common(&rows[n], json_at(models, i));
        listing->fill(&rows[n], json_at(models, i));
        n += strncasecmp(rows[n].cells[0], prefix, strlen(prefix)) == 0;
    }
    print_rows(rows, n, listing->n_columns);
    memory_free(rows);
    return true;
}

int model_listing_print(const struct model_listing *listing, const char *prefix)
{
    struct server_client *client = NULL;
    const struct json *answer = NULL;
    struct error err = { 0 };
    bool ok = server_link_open(&client, &err) &&
              server_ask(client, listing->path, (struct slice){ NULL, 0 }, &answer, &err) &&
              print_models(listing, json_get(answer, "models"), prefix, &err);
    json_close(&answer);
    server_client_close(&client);
    return ok ? 0 : report(err.message);
}

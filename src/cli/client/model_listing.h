/* model_table.h: lists of models on the terminal, and the cells that they share.
 *
 * Owns the layout: four blanks between columns, none at the end of a line. Leaves to the commands
 * which columns there are. One thread. */
#ifndef MODEL_TABLE_H
#define MODEL_TABLE_H

#include "base/json.h"

enum { MODEL_TABLE_COLUMNS = 6, MODEL_CELL_BYTES = 300 };

struct model_row {
    char cells[MODEL_TABLE_COLUMNS][MODEL_CELL_BYTES];
};

/* The cells of one of the server's models; name, id and size are there already. */
typedef void model_row_filler(struct model_row *row, const struct json *model);

/* Print those of an array whose name begins with `prefix`, in letters of any case, below `heads`,
 * of which the first three are name, id and size. */
void model_table_print(const struct json *models, const char *prefix, const char *const *heads,
                       size_t n_columns, model_row_filler *fill);

#endif

/* model_listing.h: lists of a server's models on the terminal, and the columns that they share.
 *
 * Owns the question and the layout: four blanks between columns, none at the end of a line. Leaves
 * to the commands which columns there are. One thread. */
#ifndef MODEL_LISTING_H
#define MODEL_LISTING_H

#include "base/json.h"

enum { MODEL_COLUMNS = 6, MODEL_CELL_BYTES = 300 };

struct model_row {
    char cells[MODEL_COLUMNS][MODEL_CELL_BYTES];
};

/* The cells of one of the server's models; name, id and size are there already. */
typedef void model_row_filler(struct model_row *row, const struct json *model);

struct model_listing {
    const char *path; /* that answers {"models": [...]} */
    size_t n_columns;
    const char *heads[MODEL_COLUMNS]; /* the first three are name, id and size */
    model_row_filler *fill;
};

/* Ask the server and print the models whose name begins with `prefix`, in letters of any case. The
 * command's exit status. */
int model_listing_print(const struct model_listing *listing, const char *prefix);

#endif

/* options.h: command line flags, one table row each.
 *
 * Owns the parser and the help text that the rows spell out. Leaves to each command its rows and
 * what the values mean. A value is stored where the row points, in the type its kind names. One
 * thread. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"

enum option_kind {
    OPTION_FLAG,  /* bool, true when given; takes no value */
    OPTION_I32,   /* int32_t */
    OPTION_U32,   /* uint32_t */
    OPTION_I64,   /* int64_t */
    OPTION_FLOAT, /* float */
    OPTION_TEXT,  /* const char *, borrowed from the command line */
    /* the same, but the value may be left out and then is "true": it stands behind '=' or nowhere,
     * so that the next argument is never taken for it */
    OPTION_SWITCH,
    OPTION_LIST, /* struct option_list: may be given several times */
    /* struct number_list: whole numbers with commas between them; may be given several times */
    OPTION_NUMBERS,
};

enum { OPTION_LIST_MAX = 64 };
struct option_list {
    const char *items[OPTION_LIST_MAX]; /* borrowed */
    size_t count;
};

enum { NUMBER_LIST_MAX = 32 };
struct number_list {
    uint32_t items[NUMBER_LIST_MAX];
    size_t count;
};

struct option_row {
    const char *name; /* "top-k" is written --top-k 40 or --top-k=40 */
    char letter;      /* 'v' is written -v; 0: none */
    enum option_kind kind;
    void *target;
    double min, max;   /* what a number may be; no limits when both are 0 */
    const char *value; /* what help calls the value: "N" */
    const char *help;
};

/* Store every flag and move what is no flag to argv[1 .. *argc). "--" ends the flags. `is_given`
 * [n_rows], or NULL: those that were there become true. */
bool options_parse(const struct option_row *rows, size_t n_rows, int *argc, char **argv,
                   bool *is_given, struct error *err) MUST_CHECK;

/* The row of that name, '_' taken for '-' ("top_k"); NULL when there is none. */
const struct option_row *options_find(const struct option_row *rows, size_t n_rows,
                                      const char *name);

/* Check one value and store it where the row points. */
bool option_store(const struct option_row *row, const char *value, struct error *err) MUST_CHECK;

/* One line for each row. */
bool options_help(const struct option_row *rows, size_t n_rows, struct text *out);

#endif

#include "cli/options.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* "top-k" for "top_k", so that both spellings find the row. */
static bool name_matches(const char *name, const char *given, size_t length)
{
    if (strlen(name) != length)
        return false;
    for (size_t i = 0; i < length; i++)
        if (name[i] != (given[i] == '_' ? '-' : given[i]))
            return false;
    return true;
}

static const struct option_row *find_name(const struct option_row *rows, size_t n_rows,
                                          const char *name, size_t length)
{
    for (size_t i = 0; i < n_rows; i++)
        if (name_matches(rows[i].name, name, length))
            return &rows[i];
    return NULL;
}

static const struct option_row *find_letter(const struct option_row *rows, size_t n_rows,
                                            char letter)
{
    for (size_t i = 0; i < n_rows; i++)
        if (rows[i].letter == letter)
            return &rows[i];
    return NULL;
}

static bool is_integer(enum option_kind kind)
{
    return kind == OPTION_I32 || kind == OPTION_U32 || kind == OPTION_I64;
}

/* What the type can hold, and what the row allows of it. */
static void limits_of(const struct option_row *row, double *min, double *max)
{
    bool limited = row->min != 0 || row->max != 0;
    *min = limited ? row->min : row->kind == OPTION_U32 ? 0 : -INFINITY;
    *max = limited ? row->max : INFINITY;
    if (row->kind == OPTION_I32 || row->kind == OPTION_U32) {
        *min = fmax(*min, row->kind == OPTION_I32 ? INT32_MIN : 0);
        *max = fmin(*max, row->kind == OPTION_I32 ? INT32_MAX : UINT32_MAX);
    }
}

static bool store_integer(const struct option_row *row, const char *value, struct error *err)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (end == value || *end || errno == ERANGE)
        return fail(err, ERROR_USAGE, "--%s wants a whole number, not '%s'", row->name,
                    printable(slice_of(value)));
    double min, max;
    limits_of(row, &min, &max);
    if ((double)number < min || (double)number > max)
        return fail(err, ERROR_USAGE, "--%s is %lld, but must be %.0f to %.0f", row->name, number,
                    min, max);
    if (row->kind == OPTION_I64)
        *(int64_t *)row->target = number;
    else if (row->kind == OPTION_U32)
        *(uint32_t *)row->target = (uint32_t)number;
    else
        *(int32_t *)row->target = (int32_t)number;
    return true;
}

static bool store_numbers(const struct option_row *row, const char *value, struct error *err)
{
    struct number_list *list = row->target;
    for (const char *at = value;; at++) {
        char *end = NULL;
        errno = 0;
        long long number = strtoll(at, &end, 10);
        bool is_number = *at >= '0' && *at <= '9' && errno != ERANGE;
        if (!is_number || (*end && *end != ','))
            return fail(err, ERROR_USAGE,
                        "--%s wants whole numbers with commas between them, not '%s'", row->name,
                        printable(slice_of(value)));
        if ((double)number < row->min || (double)number > row->max)
            return fail(err, ERROR_USAGE, "--%s is %lld, but must be %.0f to %.0f", row->name,
                        number, row->min, row->max);
        if (list->count == NUMBER_LIST_MAX)
            return fail(err, ERROR_USAGE, "--%s has more than %d numbers", row->name,
                        NUMBER_LIST_MAX);
        list->items[list->count++] = (uint32_t)number;
        at = end;
        if (!*at)
            return true;
    }
}

static bool store_float(const struct option_row *row, const char *value, struct error *err)
{
    char *end = NULL;
    float number = strtof(value, &end);
    if (end == value || *end || !isfinite(number))
        return fail(err, ERROR_USAGE, "--%s wants a number, not '%s'", row->name,
                    printable(slice_of(value)));
    double min, max;
    limits_of(row, &min, &max);
    if ((double)number < min || (double)number > max)
        return fail(err, ERROR_USAGE, "--%s is %g, but must be %g to %g", row->name, (double)number,
                    min, max);
    *(float *)row->target = number;
    return true;
}

bool option_store(const struct option_row *row, const char *value, struct error *err)
{
    if (is_integer(row->kind))
        return store_integer(row, value, err);
    if (row->kind == OPTION_FLOAT)
        return store_float(row, value, err);
    if (row->kind == OPTION_TEXT || row->kind == OPTION_SWITCH) {
        *(const char **)row->target = value;
        return true;
    }
    if (row->kind == OPTION_NUMBERS)
        return store_numbers(row, value, err);
    struct option_list *list = row->target;
    if (list->count == OPTION_LIST_MAX)
        return fail(err, ERROR_USAGE, "--%s is given more than %d times", row->name,
                    OPTION_LIST_MAX);
    list->items[list->count++] = value;
    return true;
}

const struct option_row *options_find(const struct option_row *rows, size_t n_rows,
                                      const char *name)
{
    return find_name(rows, n_rows, name, strlen(name));
}

/* The row of "--top-k", "--top-k=40", "-t" or "-t4"; *value: what stands behind it, or NULL. */
static const struct option_row *find_flag(const struct option_row *rows, size_t n_rows,
                                          const char *flag, const char **value)
{
    const char *equals = strchr(flag, '=');
    if (flag[1] == '-') {
        *value = equals ? equals + 1 : NULL;
        return find_name(rows, n_rows, flag + 2,
                         equals ? (size_t)(equals - flag - 2) : strlen(flag + 2));
    }
    *value = flag[2] ? flag + 2 + (flag[2] == '=') : NULL;
    return find_letter(rows, n_rows, flag[1]);
}

/* Store the value of a flag, which may be the `next` argument: *takes_next. */
static bool take_value(const struct option_row *row, const char *value, const char *next,
                       bool *takes_next, struct error *err)
{
    *takes_next = false;
    if (row->kind == OPTION_FLAG) {
        if (value)
            return fail(err, ERROR_USAGE, "--%s takes no value", row->name);
        *(bool *)row->target = true;
        return true;
    }
    if (row->kind == OPTION_SWITCH)
        return option_store(row, value ? value : "true", err);
    *takes_next = !value;
    if (!value && !next)
        return fail(err, ERROR_USAGE, "flag needs a value: --%s %s", row->name, row->value);
    return option_store(row, value ? value : next, err);
}

bool options_parse(const struct option_row *rows, size_t n_rows, int *argc, char **argv,
                   bool *is_given, struct error *err)
{
    int kept = 1;
    bool flags_ended = false, takes_next;
    for (int i = 1; i < *argc; i++) {
        bool is_flag = !flags_ended && argv[i][0] == '-' && argv[i][1];
        const char *value;
        if (!is_flag) {
            argv[kept++] = argv[i];
            continue;
        }
        flags_ended = strcmp(argv[i], "--") == 0;
        if (flags_ended)
            continue;
        const struct option_row *row = find_flag(rows, n_rows, argv[i], &value);
        if (!row)
            return fail(err, ERROR_USAGE, "unknown flag: %s", printable(slice_of(argv[i])));
        if (!take_value(row, value, i + 1 < *argc ? argv[i + 1] : NULL, &takes_next, err))
            return false;
        i += takes_next;
        if (is_given)
            is_given[row - rows] = true;
    }
    *argc = kept;
    return true;
}

bool options_help(const struct option_row *rows, size_t n_rows, struct text *out)
{
    for (size_t i = 0; i < n_rows; i++) {
        char left[64], letter[4] = "  ";
        if (rows[i].letter)
            letter[0] = '-', letter[1] = rows[i].letter;
        const char *layout = rows[i].kind == OPTION_SWITCH ? "%s --%s[=%s]" : "%s --%s %s";
        snprintf(left, sizeof left, layout, letter, rows[i].name,
                 rows[i].value ? rows[i].value : "");
        if (!text_printf(out, "  %-30s %s\n", left, rows[i].help))
            return false;
    }
    return true;
}

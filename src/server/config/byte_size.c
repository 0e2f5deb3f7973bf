#include "server/config/byte_size.h"

#include <strings.h>

static const struct {
    const char *name;
    uint64_t bytes;
} units[] = {
    { "", 1 },
    { "b", 1 },
    { "kb", 1000 },
    { "mb", 1000000 },
    { "gb", 1000000000 },
    { "tb", 1000000000000 },
    { "k", (uint64_t)1 << 10 },
    { "m", (uint64_t)1 << 20 },
    { "g", (uint64_t)1 << 30 },
    { "t", (uint64_t)1 << 40 },
    { "kib", (uint64_t)1 << 10 },
    { "mib", (uint64_t)1 << 20 },
    { "gib", (uint64_t)1 << 30 },
    { "tib", (uint64_t)1 << 40 },
};

/* More would not be exact. */
static const double most_bytes = 9007199254740992.0;

/* Digits with at most one point; what follows is left in *rest, without blanks in front. */
static bool read_number(struct slice text, double *number, struct slice *rest)
{
    double value = 0, place = 1;
    size_t at = 0, n_digits = 0;
    bool has_point = false;
    for (; at < text.length; at++) {
        char c = text.data[at];
        if (c == '.' && !has_point) {
            has_point = true;
        } else if (c >= '0' && c <= '9') {
            value = value * 10 + (c - '0');
            place *= has_point ? 10 : 1;
            n_digits++;
        } else {
            break;
        }
    }
    while (at < text.length && text.data[at] == ' ')
        at++;
    *number = value / place;
    *rest = (struct slice){ text.data + at, text.length - at };
    return n_digits > 0 && n_digits <= 20;
}

bool byte_size_read(struct slice text, uint64_t *bytes, struct error *err)
{
    double number;
    struct slice unit;
    if (!read_number(text, &number, &unit))
        return fail(err, ERROR_USAGE, "'%s' is no size", printable(text));
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        if (strlen(units[i].name) != unit.length ||
            strncasecmp(units[i].name, unit.data, unit.length) != 0)
            continue;
        double value = number * (double)units[i].bytes;
        if (value > most_bytes)
            return fail(err, ERROR_USAGE, "'%s' is more than 8192 TiB", printable(text));
        *bytes = (uint64_t)value;
        return true;
    }
    return fail(err, ERROR_USAGE, "'%s' has the unknown unit '%s'", printable(text),
                printable(unit));
}

bool byte_share_read(struct slice text, uint64_t whole, uint64_t *bytes, struct error *err)
{
    double number;
    struct slice unit;
    if (!read_number(text, &number, &unit) || unit.length != 1 || unit.data[0] != '%')
        return byte_size_read(text, bytes, err);
    if (number > 100)
        return fail(err, ERROR_USAGE, "'%s' is more than all memory", printable(text));
    *bytes = (uint64_t)((double)whole * (number / 100));
    return true;
}

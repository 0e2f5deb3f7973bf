#include "server/config/duration.h"

static const struct {
    const char *name;
    uint64_t ns;
} units[] = {
    { "ns", 1 },           { "us", 1000 },
    { "\xc2\xb5s", 1000 }, { "\xce\xbcs", 1000 } /* micro sign, Greek mu */,
    { "ms", 1000000 },     { "s", 1000000000 },
    { "m", 60000000000 },  { "h", 3600000000000 },
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool invalid(struct slice text, struct error *err)
{
    return fail(err, ERROR_USAGE, "time: invalid duration \"%s\"", printable(text));
}

/* Digits at *at as a number, up to 2^63; those beyond a fraction's precision are skipped. */
static bool read_digits(struct slice text, size_t *at, bool is_fraction, uint64_t *value,
                        double *scale)
{
    bool is_full = false;
    for (; *at < text.length && is_digit(text.data[*at]); ++*at) {
        uint64_t digit = (uint64_t)(text.data[*at] - '0');
        bool fits = *value <= (((uint64_t)1 << 63) - digit) / 10;
        if (!fits && !is_fraction)
            return false;
        is_full = is_full || !fits;
        if (is_full)
            continue;
        *value = *value * 10 + digit;
        *scale *= 10;
    }
    return true;
}

static uint64_t unit_of(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (slice_equal(slice_of(units[i].name), name))
            return units[i].ns;
    return 0;
}

/* One number with its unit at *at, added to *sum. */
static bool read_part(struct slice text, size_t *at, uint64_t *sum, struct error *err)
{
    const uint64_t most = (uint64_t)1 << 63;
    uint64_t whole = 0, fraction = 0;
    double ignored = 1, scale = 1;
    size_t begin = *at;
    if (!read_digits(text, at, false, &whole, &ignored))
        return invalid(text, err);
    size_t n_digits = *at - begin;
    if (*at < text.length && text.data[*at] == '.') {
        begin = ++*at;
        (void)read_digits(text, at, true, &fraction, &scale);
        n_digits += *at - begin;
    }
    if (n_digits == 0)
        return invalid(text, err);
    begin = *at;
    while (*at < text.length && text.data[*at] != '.' && !is_digit(text.data[*at]))
        ++*at;
    struct slice name = { text.data + begin, *at - begin };
    if (name.length == 0)
        return fail(err, ERROR_USAGE, "time: missing unit in duration \"%s\"", printable(text));
    uint64_t unit = unit_of(name);
    if (unit == 0)
        return fail(err, ERROR_USAGE, "time: unknown unit \"%s\" in duration \"%s\"",
                    printable(name), printable(text));
    if (whole > most / unit)
        return invalid(text, err);
    uint64_t part = whole * unit + (uint64_t)((double)fraction * ((double)unit / scale));
    if (part > most || *sum > most - part)
        return invalid(text, err);
    *sum += part;
    return true;
}

/* Whether all of it is a whole number; then *seconds is it, or the nearest there is. */
static bool read_seconds(struct slice text, int64_t *seconds)
{
    bool is_negative = text.length > 0 && text.data[0] == '-';
    size_t at = is_negative || (text.length > 0 && text.data[0] == '+');
    uint64_t value = 0;
    double ignored = 1;
    if (at == text.length)
        return false;
    bool fits = read_digits(text, &at, false, &value, &ignored);
    while (at < text.length && is_digit(text.data[at]))
        at++;
    if (at < text.length)
        return false;
    const uint64_t most = INT64_MAX / 1000000000;
    value = fits && value < most ? value : most;
    *seconds = is_negative ? -(int64_t)value : (int64_t)value;
    return true;
}

bool duration_read(struct slice text, bool bare_seconds, int64_t *ns, struct error *err)
{
    int64_t seconds;
    if (bare_seconds && read_seconds(text, &seconds)) {
        *ns = seconds * 1000000000;
        return true;
    }
    bool is_negative = text.length > 0 && text.data[0] == '-';
    size_t at = is_negative || (text.length > 0 && text.data[0] == '+');
    uint64_t sum = 0;
    if (at == text.length)
        return invalid(text, err);
    bool is_zero = text.length - at == 1 && text.data[at] == '0';
    while (!is_zero && at < text.length)
        if (!read_part(text, &at, &sum, err))
            return false;
    if (!is_negative && sum > INT64_MAX)
        return invalid(text, err);
    *ns = is_negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return true;
}

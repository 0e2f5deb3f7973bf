/* Filters that make or change numbers. */
#include "chat/jinja/jinja_builtin.h"
#include "chat/jinja/jinja_integer.h"
#include "chat/jinja/jinja_literal.h"
#include "chat/jinja/jinja_operate.h"
#include "chat/jinja/jinja_undefined.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define FILTER(name) \
    static bool name(struct jinja_run *run, const struct jinja_call *call, struct jinja_value *out)

FILTER(filter_abs)
{
    const struct jinja_value *v = &call->self;
    if (v->kind == JINJA_FLOAT) {
        *out = jinja_float(fabs(v->real));
        return true;
    }
    return jinja_apply_sign(run, v, jinja_is_integral(v) && jinja_integer_sign(v) < 0, out);
}

/* The whole part of a float; missing when it has none. */
static bool whole_part(struct jinja_run *run, double d, struct jinja_value *out)
{
    *out = jinja_missing();
    return !isfinite(d) || jinja_integer_from_double(run, d, out);
}

FILTER(filter_int)
{
    const struct jinja_value *v = &call->self, *a = call->arguments;
    int64_t base = 10;
    double d;
    bool is_number = false;
    *out = jinja_missing();
    if (v->kind == JINJA_UNDEFINED)
        return jinja_fail_undefined(run, v);
    if (!jinja_integer_argument(run, &a[1], "base", &base))
        return false;
    if (v->kind == JINJA_STRING) {
        if (!jinja_parse_integer(run, jinja_slice(v), base, &is_number, out))
            return false;
        if (!is_number && jinja_parse_float(jinja_slice(v), &d) && !whole_part(run, d, out))
            return false;
    } else if (v->kind == JINJA_FLOAT) {
        if (!whole_part(run, v->real, out))
            return false;
    } else if (jinja_is_integral(v)) {
        return jinja_apply_sign(run, v, false, out);
    }
    if (!jinja_is_given(out))
        *out = jinja_is_given(&a[0]) ? a[0] : jinja_integer(0);
    return true;
}

FILTER(filter_float)
{
    const struct jinja_value *v = &call->self, *fallback = &call->arguments[0];
    double d;
    if (v->kind == JINJA_UNDEFINED)
        return jinja_fail_undefined(run, v);
    if (jinja_is_number(v)) {
        if (!jinja_to_double(run, v, &d))
            return false;
    } else if (v->kind != JINJA_STRING || !jinja_parse_float(jinja_slice(v), &d)) {
        *out = jinja_is_given(fallback) ? *fallback : jinja_float(0);
        return true;
    }
    *out = jinja_float(d);
    return true;
}

/* To the nearest number of so many digits, as its decimal spelling tells. */
static double round_common(double d, int64_t precision)
{
    char buffer[800];
    if (!isfinite(d) || precision > 400)
        return d;
    if (precision >= 0) {
        snprintf(buffer, sizeof buffer, "%.*f", (int)precision, d);
        return strtod(buffer, NULL);
    }
    if (precision < -308)
        return copysign(0, d);
    double unit = pow(10, (double)-precision);
    return nearbyint(d / unit) * unit;
}

static bool round_integer(struct jinja_run *run, const struct jinja_value *v, int64_t precision,
                          struct jinja_value *out)
{
    if (precision >= 0)
        return jinja_apply_sign(run, v, false, out);
    struct jinja_value unit, rest, half, up, zero = jinja_integer(0), one = jinja_integer(1),
                                             two = jinja_integer(2), ten = jinja_integer(10);
    if (precision < -4000) {
        *out = zero;
        return true;
    }
    if (!jinja_integer_power(run, &ten, (uint64_t)-precision, &unit) ||
        !jinja_integer_divide(run, v, &unit, out, &rest) ||
        !jinja_integer_divide(run, &unit, &two, &half, NULL) ||
        !jinja_integer_divide(run, out, &two, NULL, &up))
        return false;
    int order = jinja_integer_compare(&rest, &half); /* a half goes to the even neighbour */
    bool rounds_up = order > 0 || (order == 0 && jinja_integer_sign(&up) != 0);
    return jinja_integer_add(run, out, rounds_up ? &one : &zero, out) &&
           jinja_integer_multiply(run, out, &unit, out);
}

FILTER(filter_round)
{
    const struct jinja_value *v = &call->self;
    int64_t precision = 0;
    struct slice method = slice_of("common");
    double d;
    if (!jinja_integer_argument(run, &call->arguments[0], "precision", &precision) ||
        !jinja_text_argument(run, &call->arguments[1], "method", &method))
        return false;
    bool is_ceil = slice_equal(method, slice_of("ceil"));
    bool is_common = slice_equal(method, slice_of("common"));
    if (!is_ceil && !is_common && !slice_equal(method, slice_of("floor")))
        return jinja_fail(run, "round knows the methods common, ceil and floor");
    if (is_common && jinja_is_integral(v))
        return round_integer(run, v, precision, out);
    if (!jinja_to_double(run, v, &d))
        return false;
    if (is_common && precision < 0 && isfinite(d) && fabs(d) >= 9007199254740992.0) {
        struct jinja_value whole;
        if (!jinja_integer_from_double(run, d, &whole) ||
            !round_integer(run, &whole, precision, &whole) || !jinja_to_double(run, &whole, &d))
            return false;
    } else if (!is_common) {
        double unit = pow(10, (double)precision);
        d = (is_ceil ? ceil(d * unit) : floor(d * unit)) / unit + 0.0; /* no -0.0 */
    } else {
        d = round_common(d, precision);
    }
    *out = jinja_float(d);
    return true;
}

FILTER(filter_filesizeformat)
{
    static const char *const decimal[] = { "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB" };
    static const char *const binary[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB" };
    bool is_binary = jinja_truth(&call->arguments[0]);
    double base = is_binary ? 1024 : 1000, bytes, unit = base;
    char buffer[400];
    if (call->self.kind == JINJA_STRING) {
        if (!jinja_parse_float(jinja_slice(&call->self), &bytes))
            return jinja_fail(run, "filesizeformat needs a number");
    } else if (!jinja_to_double(run, &call->self, &bytes)) {
        return false;
    }
    size_t i = 0;
    for (; i + 1 < COUNT_OF(decimal) && bytes >= unit * base; i++)
        unit *= base;
    if (bytes == 1)
        snprintf(buffer, sizeof buffer, "1 Byte");
    else if (bytes < base)
        snprintf(buffer, sizeof buffer, "%.0f Bytes", trunc(bytes) + 0.0);
    else
        snprintf(buffer, sizeof buffer, "%.1f %s", bytes / unit, (is_binary ? binary : decimal)[i]);
    return jinja_new_string(run, slice_of(buffer), out);
}

static const struct jinja_builtin rows[] = {
    { "abs", filter_abs, 0, false, { NULL } },
    { "filesizeformat", filter_filesizeformat, 0, false, { "binary" } },
    { "float", filter_float, 0, false, { "default" } },
    { "int", filter_int, 0, false, { "default", "base" } },
    { "round", filter_round, 0, false, { "precision", "method" } },
};
const struct jinja_builtins jinja_number_filters = { rows, COUNT_OF(rows) };

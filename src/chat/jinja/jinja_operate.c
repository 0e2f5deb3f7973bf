#include "chat/jinja/jinja_operate.h"

#include "chat/jinja/jinja_compare.h"
#include "chat/jinja/jinja_format.h"
#include "chat/jinja/jinja_integer.h"
#include "chat/jinja/jinja_print.h"
#include "chat/jinja/jinja_undefined.h"

#include <math.h>

bool jinja_to_double(struct jinja_run *run, const struct jinja_value *v, double *out)
{
    if (v->kind == JINJA_UNDEFINED)
        return jinja_fail_undefined(run, v);
    if (!jinja_is_number(v))
        return jinja_fail(run, "a %s is no number", jinja_type_name(v));
    *out = v->kind == JINJA_FLOAT ? v->real : jinja_integer_to_double(v);
    return v->kind != JINJA_BIG || !isinf(*out) ||
           jinja_fail(run, "an integer is too large for a float");
}

static bool divide_floats(struct jinja_run *run, enum jinja_operator op, double x, double y,
                          struct jinja_value *out)
{
    if (y == 0)
        return jinja_fail(run, "division by zero");
    if (op == OPERATOR_DIVIDE) {
        *out = jinja_float(x / y);
        return true;
    }
    double rest = fmod(x, y);
    double quotient = (x - rest) / y;
    if (rest != 0 && (y < 0) != (rest < 0)) {
        rest += y;
        quotient -= 1;
    } else if (rest == 0) {
        rest = copysign(0, y);
    }
    if (op == OPERATOR_MODULO) {
        *out = jinja_float(rest);
        return true;
    }
    double whole = quotient != 0 ? floor(quotient) : copysign(0, x / y);
    *out = jinja_float(quotient - whole > 0.5 ? whole + 1 : whole);
    return true;
}

static bool raise_float(struct jinja_run *run, double x, double y, struct jinja_value *out)
{
    if (x == 0 && y < 0)
        return jinja_fail(run, "0 cannot be raised to a negative power");
    if (x < 0 && isfinite(y) && y != floor(y))
        return jinja_fail(run, "a power would be a complex number");
    double power = pow(x, y);
    if (isinf(power) && isfinite(x) && isfinite(y))
        return jinja_fail(run, "a power is too large for a float");
    *out = jinja_float(power);
    return true;
}

static bool operate_floats(struct jinja_run *run, enum jinja_operator op,
                           const struct jinja_value *a, const struct jinja_value *b,
                           struct jinja_value *out)
{
    double x, y;
    if (!jinja_to_double(run, a, &x) || !jinja_to_double(run, b, &y))
        return false;
    switch (op) {
    case OPERATOR_ADD:
        *out = jinja_float(x + y);
        return true;
    case OPERATOR_SUBTRACT:
        *out = jinja_float(x - y);
        return true;
    case OPERATOR_MULTIPLY:
        *out = jinja_float(x * y);
        return true;
    case OPERATOR_POWER:
        return raise_float(run, x, y, out);
    default:
        return divide_floats(run, op, x, y, out);
    }
}

static bool raise_integer(struct jinja_run *run, const struct jinja_value *a,
                          const struct jinja_value *b, struct jinja_value *out)
{
    if (jinja_integer_sign(b) < 0)
        return operate_floats(run, OPERATOR_POWER, a, b, out);
    if (b->kind == JINJA_BIG)
        return jinja_fail(run, "an exponent has more than 64 bits");
    return jinja_integer_power(run, a, (uint64_t)jinja_int64(b), out);
}

static bool divide_integers(struct jinja_run *run, const struct jinja_value *a,
                            const struct jinja_value *b, struct jinja_value *out)
{
    double quotient;
    if (!jinja_integer_quotient(run, a, b, &quotient))
        return false;
    *out = jinja_float(quotient);
    return true;
}

static bool operate_integers(struct jinja_run *run, enum jinja_operator op,
                             const struct jinja_value *a, const struct jinja_value *b,
                             struct jinja_value *out)
{
    switch (op) {
    case OPERATOR_ADD:
        return jinja_integer_add(run, a, b, out);
    case OPERATOR_SUBTRACT:
        return jinja_integer_subtract(run, a, b, out);
    case OPERATOR_MULTIPLY:
        return jinja_integer_multiply(run, a, b, out);
    case OPERATOR_FLOOR_DIVIDE:
        return jinja_integer_divide(run, a, b, out, NULL);
    case OPERATOR_MODULO:
        return jinja_integer_divide(run, a, b, NULL, out);
    case OPERATOR_POWER:
        return raise_integer(run, a, b, out);
    default:
        return divide_integers(run, a, b, out);
    }
}

/* Markup stays markup when text is added: the text is escaped. */
static bool add_strings(struct jinja_run *run, const struct jinja_value *a,
                        const struct jinja_value *b, struct jinja_value *out)
{
    struct jinja_value left = *a, right = *b;
    if (a->detail != b->detail && (!jinja_escape(run, a, &left) || !jinja_escape(run, b, &right)))
        return false;
    return jinja_join_strings(run, &left, &right, out);
}

static bool repeat_list(struct jinja_run *run, const struct jinja_value *v, uint64_t times,
                        struct jinja_value *out)
{
    size_t count = v->list->count, total;
    if (__builtin_mul_overflow(count, times, &total) || !jinja_spend(run, total))
        return jinja_out_of_steps(run);
    struct jinja_value *items = jinja_alloc(run, total, sizeof *items);
    if (!items)
        return false;
    for (size_t i = 0; i < total; i++)
        items[i] = v->list->items[i % count];
    return jinja_new_list(run, (enum jinja_kind)v->kind, items, total, out);
}

static bool repeat(struct jinja_run *run, const struct jinja_value *v,
                   const struct jinja_value *times, struct jinja_value *out)
{
    size_t mark = jinja_mark(run);
    uint64_t n = jinja_integer_sign(times) <= 0 ? 0
                 : times->kind == JINJA_BIG     ? UINT64_MAX
                                                : (uint64_t)jinja_int64(times);
    if (jinja_is_sequence(v))
        return repeat_list(run, v, n, out);
    uint8_t detail = v->detail;
    if (!jinja_write_times(run, jinja_slice(v), n) || !jinja_take(run, mark, out))
        return false;
    out->detail = detail;
    return true;
}

static const char *operator_text(enum jinja_operator op)
{
    static const char *const texts[] = {
        [OPERATOR_ADD] = "+",    [OPERATOR_SUBTRACT] = "-",      [OPERATOR_MULTIPLY] = "*",
        [OPERATOR_DIVIDE] = "/", [OPERATOR_FLOOR_DIVIDE] = "//", [OPERATOR_MODULO] = "%",
        [OPERATOR_POWER] = "**",
    };
    return texts[op];
}

static bool is_repeatable(const struct jinja_value *v)
{
    return v->kind == JINJA_STRING || jinja_is_sequence(v);
}

bool jinja_operate(struct jinja_run *run, enum jinja_operator op, const struct jinja_value *a,
                   const struct jinja_value *b, struct jinja_value *out)
{
    if (jinja_is_integral(a) && jinja_is_integral(b))
        return operate_integers(run, op, a, b, out);
    if (jinja_is_number(a) && jinja_is_number(b))
        return operate_floats(run, op, a, b, out);
    if (op == OPERATOR_MODULO && a->kind == JINJA_STRING)
        return jinja_format_percent(run, jinja_slice(a), b, out);
    if (a->kind == JINJA_UNDEFINED || b->kind == JINJA_UNDEFINED)
        return jinja_fail_undefined(run, a->kind == JINJA_UNDEFINED ? a : b);
    if (op == OPERATOR_ADD && a->kind == b->kind && a->kind == JINJA_STRING)
        return add_strings(run, a, b, out);
    if (op == OPERATOR_ADD && a->kind == b->kind && jinja_is_sequence(a))
        return jinja_join_lists(run, a, b, out);
    if (op == OPERATOR_MULTIPLY && is_repeatable(a) && jinja_is_integral(b))
        return repeat(run, a, b, out);
    if (op == OPERATOR_MULTIPLY && is_repeatable(b) && jinja_is_integral(a))
        return repeat(run, b, a, out);
    return jinja_fail(run, "'%s' does not work between %s and %s", operator_text(op),
                      jinja_type_name(a), jinja_type_name(b));
}

/* a <= b is not the same as !(b < a) for numbers that are none, nor for lists that hold them. */
static bool compare_order(struct jinja_run *run, const struct jinja_value *a,
                          const struct jinja_value *b, bool or_equal, bool *holds)
{
    if (jinja_is_number(a) && jinja_is_number(b)) {
        int order = jinja_compare_numbers(a, b);
        *holds = order == -1 || (or_equal && order == 0);
        return true;
    }
    if (!jinja_less(run, a, b, holds))
        return false;
    return *holds || !or_equal || jinja_equal(run, a, b, holds);
}

bool jinja_compare(struct jinja_run *run, enum jinja_operator op, const struct jinja_value *a,
                   const struct jinja_value *b, bool *holds)
{
    bool ok;
    switch (op) {
    case OPERATOR_EQUAL:
        return jinja_equal(run, a, b, holds);
    case OPERATOR_NOT_EQUAL:
        ok = jinja_equal(run, a, b, holds);
        break;
    case OPERATOR_LESS:
    case OPERATOR_LESS_EQUAL:
        return compare_order(run, a, b, op == OPERATOR_LESS_EQUAL, holds);
    case OPERATOR_GREATER:
    case OPERATOR_GREATER_EQUAL:
        return compare_order(run, b, a, op == OPERATOR_GREATER_EQUAL, holds);
    case OPERATOR_IN:
        return jinja_contains(run, b, a, holds);
    default:
        ok = jinja_contains(run, b, a, holds);
        break;
    }
    *holds = !*holds;
    return ok;
}

bool jinja_apply_sign(struct jinja_run *run, const struct jinja_value *v, bool is_negative,
                      struct jinja_value *out)
{
    struct jinja_value zero = jinja_integer(0);
    if (v->kind == JINJA_UNDEFINED)
        return jinja_fail_undefined(run, v);
    if (v->kind == JINJA_FLOAT) {
        *out = jinja_float(is_negative ? -v->real : v->real);
        return true;
    }
    if (!jinja_is_integral(v))
        return jinja_fail(run, "a %s has no sign", jinja_type_name(v));
    return is_negative ? jinja_integer_subtract(run, &zero, v, out)
                       : jinja_integer_add(run, v, &zero, out);
}

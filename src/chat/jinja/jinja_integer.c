#include "chat/jinja/jinja_integer.h"

#include <math.h>

enum { MOST_LIMBS = 512 };

struct jinja_big {
    bool is_negative;
    uint32_t count; /* the highest limb is not 0 */
    uint32_t limbs[];
};

/* Any integer while it is worked on: sign and magnitude, with room for a product. */
struct wide {
    bool is_negative;
    size_t count;
    uint32_t limbs[2 * MOST_LIMBS + 2];
};

static void trim(struct wide *w)
{
    while (w->count && w->limbs[w->count - 1] == 0)
        w->count--;
    w->is_negative = w->is_negative && w->count;
}

static void set_magnitude(struct wide *w, uint64_t magnitude)
{
    w->limbs[0] = (uint32_t)magnitude;
    w->limbs[1] = (uint32_t)(magnitude >> 32);
    w->count = 2;
    trim(w);
}

static void widen(struct wide *w, const struct jinja_value *v)
{
    if (v->kind == JINJA_BIG) {
        w->is_negative = v->big->is_negative;
        w->count = v->big->count;
        memcpy(w->limbs, v->big->limbs, w->count * sizeof *w->limbs);
        return;
    }
    int64_t i = jinja_int64(v);
    w->is_negative = i < 0;
    set_magnitude(w, i < 0 ? 0 - (uint64_t)i : (uint64_t)i);
}

/* Back to the one form of its value. */
static bool narrow(struct jinja_run *run, const struct wide *w, struct jinja_value *out)
{
    uint64_t low = (w->count > 0 ? w->limbs[0] : 0) | (uint64_t)(w->count > 1 ? w->limbs[1] : 0)
                                                          << 32;
    uint64_t limit = (uint64_t)INT64_MAX + w->is_negative;
    if (w->count <= 2 && low <= limit) {
        *out = jinja_integer((int64_t)(w->is_negative ? 0 - low : low));
        return true;
    }
    if (w->count > MOST_LIMBS)
        return fail(run->error, ERROR_BUDGET, "an integer has more than %d bits", 32 * MOST_LIMBS);
    struct jinja_big *big = jinja_alloc(run, 1, sizeof *big + w->count * sizeof *big->limbs);
    if (!big)
        return false;
    big->is_negative = w->is_negative;
    big->count = (uint32_t)w->count;
    memcpy(big->limbs, w->limbs, w->count * sizeof *w->limbs);
    *out = (struct jinja_value){ .kind = JINJA_BIG, .big = big };
    return true;
}

static int compare_magnitudes(const struct wide *a, const struct wide *b)
{
    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    for (size_t i = a->count; i-- > 0;)
        if (a->limbs[i] != b->limbs[i])
            return a->limbs[i] < b->limbs[i] ? -1 : 1;
    return 0;
}

static void add_magnitude(struct wide *a, const struct wide *b)
{
    uint64_t carry = 0;
    size_t count = size_max(a->count, b->count);
    for (size_t i = 0; i < count; i++) {
        carry += (uint64_t)(i < a->count ? a->limbs[i] : 0) + (i < b->count ? b->limbs[i] : 0);
        a->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    a->limbs[count] = (uint32_t)carry;
    a->count = count + 1;
}

/* out = large - small, whose magnitude is not larger. */
static void subtract_magnitudes(struct wide *out, const struct wide *large,
                                const struct wide *small)
{
    int64_t borrow = 0;
    for (size_t i = 0; i < large->count; i++) {
        borrow += (int64_t)large->limbs[i] - (i < small->count ? small->limbs[i] : 0);
        out->limbs[i] = (uint32_t)borrow;
        borrow >>= 32;
    }
    out->count = large->count;
}

static void add_signed(struct wide *a, const struct wide *b)
{
    if (a->is_negative == b->is_negative) {
        add_magnitude(a, b);
    } else if (compare_magnitudes(a, b) >= 0) {
        subtract_magnitudes(a, a, b);
    } else {
        subtract_magnitudes(a, b, a);
        a->is_negative = b->is_negative;
    }
    trim(a);
}

static bool add_wide(struct jinja_run *run, const struct jinja_value *a,
                     const struct jinja_value *b, bool subtracts, struct jinja_value *out)
{
    struct wide x, y;
    widen(&x, a);
    widen(&y, b);
    y.is_negative ^= subtracts;
    add_signed(&x, &y);
    return jinja_spend(run, 1 + x.count / 8) && narrow(run, &x, out);
}

bool jinja_integer_add(struct jinja_run *run, const struct jinja_value *a,
                       const struct jinja_value *b, struct jinja_value *out)
{
    int64_t sum;
    if (a->kind == JINJA_BIG || b->kind == JINJA_BIG ||
        __builtin_add_overflow(jinja_int64(a), jinja_int64(b), &sum))
        return add_wide(run, a, b, false, out);
    *out = jinja_integer(sum);
    return true;
}

bool jinja_integer_subtract(struct jinja_run *run, const struct jinja_value *a,
                            const struct jinja_value *b, struct jinja_value *out)
{
    int64_t difference;
    if (a->kind == JINJA_BIG || b->kind == JINJA_BIG ||
        __builtin_sub_overflow(jinja_int64(a), jinja_int64(b), &difference))
        return add_wide(run, a, b, true, out);
    *out = jinja_integer(difference);
    return true;
}

static void multiply_add(struct wide *w, uint32_t factor, uint32_t addend)
{
    uint64_t carry = addend;
    for (size_t i = 0; i < w->count; i++) {
        carry += (uint64_t)w->limbs[i] * factor;
        w->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry)
        w->limbs[w->count++] = (uint32_t)carry;
}

static void multiply_wide(struct wide *out, const struct wide *a, const struct wide *b)
{
    memset(out->limbs, 0, (a->count + b->count + 1) * sizeof *out->limbs);
    for (size_t i = 0; i < a->count; i++) {
        uint64_t carry = 0;
        for (size_t j = 0; j < b->count; j++) {
            carry += (uint64_t)a->limbs[i] * b->limbs[j] + out->limbs[i + j];
            out->limbs[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
        out->limbs[i + b->count] = (uint32_t)carry;
    }
    out->count = a->count + b->count;
    out->is_negative = a->is_negative != b->is_negative;
    trim(out);
}

bool jinja_integer_multiply(struct jinja_run *run, const struct jinja_value *a,
                            const struct jinja_value *b, struct jinja_value *out)
{
    int64_t product;
    if (a->kind != JINJA_BIG && b->kind != JINJA_BIG &&
        !__builtin_mul_overflow(jinja_int64(a), jinja_int64(b), &product)) {
        *out = jinja_integer(product);
        return true;
    }
    struct wide x, y, z;
    widen(&x, a);
    widen(&y, b);
    multiply_wide(&z, &x, &y);
    return jinja_spend(run, 1 + x.count * y.count / 16) && narrow(run, &z, out);
}

static uint32_t divide_small(struct wide *w, uint32_t divisor)
{
    uint64_t rest = 0;
    for (size_t i = w->count; i-- > 0;) {
        rest = rest << 32 | w->limbs[i];
        w->limbs[i] = (uint32_t)(rest / divisor);
        rest %= divisor;
    }
    trim(w);
    return (uint32_t)rest;
}

/* Bit by bit: large divisors are too rare for anything faster. `rest` ends as the remainder of the
 * magnitudes, `a` as their quotient. */
static void divide_large(struct wide *a, const struct wide *b, struct wide *rest)
{
    rest->count = 0;
    rest->is_negative = false;
    for (size_t bit = a->count * 32; bit-- > 0;) {
        uint32_t mask = (uint32_t)1 << bit % 32;
        multiply_add(rest, 2, 0);
        if (a->limbs[bit / 32] & mask) {
            if (rest->count == 0)
                rest->limbs[rest->count++] = 0;
            rest->limbs[0] |= 1;
        }
        bool fits = compare_magnitudes(rest, b) >= 0;
        if (fits) {
            subtract_magnitudes(rest, rest, b);
            trim(rest);
        }
        a->limbs[bit / 32] = (a->limbs[bit / 32] & ~mask) | (fits ? mask : 0);
    }
    trim(a);
}

static bool divide_wide(struct jinja_run *run, const struct jinja_value *a,
                        const struct jinja_value *b, struct jinja_value *quotient,
                        struct jinja_value *remainder)
{
    struct wide x, y, rest = { .count = 0 }, one;
    widen(&x, a);
    widen(&y, b);
    bool differs = x.is_negative != y.is_negative;
    if (!jinja_spend(run, 1 + (y.count > 1 ? 2 * x.count * y.count : x.count / 8)))
        return false;
    if (y.count == 1)
        set_magnitude(&rest, divide_small(&x, y.limbs[0]));
    else
        divide_large(&x, &y, &rest);
    if (differs && rest.count) { /* down, not towards 0 */
        one.is_negative = x.is_negative = false;
        set_magnitude(&one, 1);
        add_signed(&x, &one);
        subtract_magnitudes(&rest, &y, &rest);
    }
    x.is_negative = differs;
    rest.is_negative = y.is_negative;
    trim(&x);
    trim(&rest);
    return (!quotient || narrow(run, &x, quotient)) &&
           (!remainder || narrow(run, &rest, remainder));
}

bool jinja_integer_divide(struct jinja_run *run, const struct jinja_value *a,
                          const struct jinja_value *b, struct jinja_value *quotient,
                          struct jinja_value *remainder)
{
    if (jinja_integer_sign(b) == 0)
        return jinja_fail(run, "division by zero");
    if (a->kind == JINJA_BIG || b->kind == JINJA_BIG ||
        (jinja_int64(a) == INT64_MIN && jinja_int64(b) == -1))
        return divide_wide(run, a, b, quotient, remainder);
    int64_t x = jinja_int64(a), y = jinja_int64(b), q = x / y, r = x % y;
    if (r && (r < 0) != (y < 0)) {
        q--;
        r += y;
    }
    if (quotient)
        *quotient = jinja_integer(q);
    if (remainder)
        *remainder = jinja_integer(r);
    return true;
}

bool jinja_integer_power(struct jinja_run *run, const struct jinja_value *a, uint64_t exponent,
                         struct jinja_value *out)
{
    struct jinja_value base = *a, result = jinja_integer(1);
    for (; exponent; exponent >>= 1) {
        if (!jinja_spend(run, 1) ||
            ((exponent & 1) && !jinja_integer_multiply(run, &result, &base, &result)) ||
            (exponent > 1 && !jinja_integer_multiply(run, &base, &base, &base)))
            return false;
    }
    *out = result;
    return true;
}

int jinja_integer_sign(const struct jinja_value *a)
{
    if (a->kind == JINJA_BIG)
        return a->big->is_negative ? -1 : 1;
    return (jinja_int64(a) > 0) - (jinja_int64(a) < 0);
}

static int compare_wide(const struct wide *x, const struct wide *y)
{
    if (x->is_negative != y->is_negative)
        return x->is_negative ? -1 : 1;
    return x->is_negative ? compare_magnitudes(y, x) : compare_magnitudes(x, y);
}

int jinja_integer_compare(const struct jinja_value *a, const struct jinja_value *b)
{
    if (a->kind != JINJA_BIG && b->kind != JINJA_BIG)
        return (jinja_int64(a) > jinja_int64(b)) - (jinja_int64(a) < jinja_int64(b));
    struct wide x, y;
    widen(&x, a);
    widen(&y, b);
    return compare_wide(&x, &y);
}

/* The nearest double. The highest 64 bits, the last of which also stands for everything below,
 * round in the same way as all of them. */
static double wide_to_double(const struct wide *w, bool is_sticky)
{
    uint64_t high = 0;
    int64_t exponent = 0;
    size_t n_bits = 0;
    for (size_t i = w->count; i-- > 0;) {
        if (n_bits == 0) {
            high = w->limbs[i];
            n_bits = high ? 32 - (size_t)__builtin_clz(w->limbs[i]) : 0;
            continue;
        }
        size_t room = size_min(64 - n_bits, 32);
        uint64_t rest = room < 32 ? w->limbs[i] & (((uint64_t)1 << (32 - room)) - 1) : 0;
        high = (room ? high << room : high) | (room ? (uint64_t)w->limbs[i] >> (32 - room) : 0);
        is_sticky = is_sticky || rest != 0;
        n_bits += room;
        exponent += 32 - (int64_t)room;
    }
    double d = ldexp((double)(high | is_sticky), (int)exponent);
    return w->is_negative ? -d : d;
}

double jinja_integer_to_double(const struct jinja_value *a)
{
    struct wide w;
    if (a->kind != JINJA_BIG)
        return (double)jinja_int64(a);
    widen(&w, a);
    return wide_to_double(&w, false);
}

static size_t count_bits(const struct wide *w)
{
    return w->count ? 32 * w->count - (size_t)__builtin_clz(w->limbs[w->count - 1]) : 0;
}

static void shift_left(struct wide *w, size_t n)
{
    size_t limbs = n / 32;
    memmove(w->limbs + limbs, w->limbs, w->count * sizeof *w->limbs);
    memset(w->limbs, 0, limbs * sizeof *w->limbs);
    w->count = w->count ? w->count + limbs : 0;
    multiply_add(w, (uint32_t)1 << n % 32, 0);
}

bool jinja_integer_quotient(struct jinja_run *run, const struct jinja_value *a,
                            const struct jinja_value *b, double *out)
{
    struct wide x, y, rest = { .count = 0 };
    widen(&x, a);
    widen(&y, b);
    if (y.count == 0)
        return jinja_fail(run, "division by zero");
    if (count_bits(&x) <= 53 && count_bits(&y) <= 53) {
        *out = (double)jinja_int64(a) / (double)jinja_int64(b);
        return true;
    }
    /* A quotient of 66 bits or more, and whether anything is left, make the double. */
    int64_t shift = (int64_t)count_bits(&y) - (int64_t)count_bits(&x) + 66;
    if (!jinja_spend(run, 1 + 2 * (x.count + y.count + 3) * y.count))
        return false;
    if (shift > 0)
        shift_left(&x, (size_t)shift);
    bool is_negative = x.is_negative != y.is_negative;
    divide_large(&x, &y, &rest);
    x.is_negative = is_negative;
    *out = ldexp(wide_to_double(&x, rest.count != 0), shift > 0 ? (int)-shift : 0);
    return !isinf(*out) || jinja_fail(run, "a quotient is too large for a float");
}

static void set_double(struct wide *w, double d)
{
    int exponent;
    uint64_t mantissa = (uint64_t)ldexp(frexp(fabs(trunc(d)), &exponent), 53);
    w->is_negative = d < 0;
    exponent -= 53;
    set_magnitude(w, exponent < 0 ? mantissa >> size_min((size_t)-exponent, 63) : mantissa);
    if (exponent > 0)
        shift_left(w, (size_t)exponent);
    trim(w);
}

bool jinja_integer_from_double(struct jinja_run *run, double d, struct jinja_value *out)
{
    struct wide w;
    set_double(&w, d);
    return narrow(run, &w, out);
}

int jinja_integer_compare_double(const struct jinja_value *a, double d)
{
    struct wide x, y;
    double whole = floor(d);
    widen(&x, a);
    set_double(&y, whole);
    int order = compare_wide(&x, &y);
    return order == 0 && d > whole ? -1 : order;
}

static unsigned digit_value(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 32) - 'a' + 10);
}

bool jinja_integer_parse(struct jinja_run *run, struct slice digits, unsigned base,
                         struct jinja_value *out)
{
    struct wide w = { .count = 0 };
    for (size_t i = 0; i < digits.length; i++) {
        if (digits.data[i] == '_')
            continue;
        multiply_add(&w, base, digit_value(digits.data[i]));
        if (w.count > MOST_LIMBS || !jinja_spend(run, 1 + w.count / 16))
            return narrow(run, &w, out);
    }
    return narrow(run, &w, out);
}

bool jinja_integer_write(struct jinja_run *run, const struct jinja_value *a, unsigned base)
{
    char digits[32 * MOST_LIMBS + 2];
    size_t at = sizeof digits;
    struct wide w;
    widen(&w, a);
    if (!jinja_spend(run, 1 + w.count * w.count / 2))
        return false;
    do {
        uint32_t digit = divide_small(&w, base);
        digits[--at] = "0123456789abcdefghijklmnopqrstuvwxyz"[digit];
    } while (w.count);
    if (jinja_integer_sign(a) < 0)
        digits[--at] = '-';
    return jinja_write(run, (struct slice){ digits + at, sizeof digits - at });
}

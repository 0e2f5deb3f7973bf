#include "runtime/grammar/number_range.h"

#include "runtime/grammar/grammar_expression.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    WHOLE_DIGITS = 18, /* an int64 holds them */
    FRACTION_DIGITS = 16,
    FREE_PLACES = 6,
    SAFE_DIGITS = 15, /* two numbers of so many digits are never the same double */
    SAFE_WHOLE_DIGITS = 9,
    MAX_REMAINDERS = 1000
};

/* The magnitude of a number. */
struct decimal {
    uint8_t whole[WHOLE_DIGITS];
    uint8_t fraction[FRACTION_DIGITS];
    size_t n_whole, n_fraction; /* "0" is one digit; no zeros at the end of the fraction */
};

static bool too_long(double x, struct error *err)
{
    return fail(err, ERROR_UNSUPPORTED,
                "%.17g has more than %d digits, or more than %d behind the point", x, WHOLE_DIGITS,
                FRACTION_DIGITS);
}

/* The digits of the shortest decimal that is read back as |x|. */
static bool decimal_of(struct decimal *d, double x, struct error *err)
{
    char spelled[40];
    *d = (struct decimal){ .n_whole = 0 };
    for (int precision = 14; precision <= 16; precision++) {
        snprintf(spelled, sizeof spelled, "%.*e", precision, fabs(x));
        if (strtod(spelled, NULL) == fabs(x))
            break;
    }
    const char *e = strchr(spelled, 'e');
    long exponent = e ? strtol(e + 1, NULL, 10) : 0;
    uint8_t digits[20];
    size_t n = 0;
    for (const char *p = spelled; p != e && *p; p++)
        if (*p >= '0' && *p <= '9')
            digits[n++] = (uint8_t)(*p - '0');
    while (n > 1 && digits[n - 1] == 0)
        n--;
    if (exponent >= WHOLE_DIGITS || (long)n - 1 - exponent > FRACTION_DIGITS)
        return too_long(x, err);
    for (long place = exponent > 0 ? exponent : 0; place >= 0; place--) {
        long index = exponent - place;
        d->whole[d->n_whole++] = index >= 0 && index < (long)n ? digits[index] : 0;
    }
    for (long place = -1; exponent - place < (long)n; place--) {
        long index = exponent - place;
        d->fraction[d->n_fraction++] = index >= 0 ? digits[index] : 0;
    }
    if (x == 0)
        d->n_fraction = 0;
    return true;
}

static grammar_expr digit_range(struct grammar *g, unsigned first, unsigned last)
{
    struct byte_set set = { 0 };
    for (unsigned d = first; d <= last; d++)
        set.bits[0] |= 1ull << ('0' + d);
    return grammar_set(g, set);
}

static grammar_expr pair(struct grammar *g, grammar_expr a, grammar_expr b)
{
    grammar_expr both[] = { a, b };
    return grammar_sequence(g, both, 2);
}

static grammar_expr any_digits(struct grammar *g, size_t at_least, size_t at_most)
{
    return grammar_repeat(g, digit_range(g, 0, 9), (uint32_t)at_least, (uint32_t)at_most);
}

static grammar_expr nothing(struct grammar *g)
{
    return grammar_choice(g, NULL, 0);
}

static grammar_expr empty(struct grammar *g)
{
    return grammar_sequence(g, NULL, 0);
}

/* ---- whole parts: n digits from lo to hi ---- */

static grammar_expr same_length(struct grammar *g, const uint8_t *lo, const uint8_t *hi, size_t n)
{
    if (n == 0)
        return empty(g);
    if (n == 1)
        return *lo <= *hi ? digit_range(g, *lo, *hi) : nothing(g);
    if (*lo > *hi)
        return nothing(g);
    if (*lo == *hi)
        return pair(g, digit_range(g, *lo, *lo), same_length(g, lo + 1, hi + 1, n - 1));
    static const uint8_t zeros[WHOLE_DIGITS];
    uint8_t nines[WHOLE_DIGITS];
    memset(nines, 9, sizeof nines);
    if (memcmp(lo, zeros, n) == 0 && memcmp(hi, nines, n) == 0)
        return any_digits(g, n, n);
    grammar_expr choices[3];
    size_t n_choices = 0;
    choices[n_choices++] = pair(g, digit_range(g, *lo, *lo), same_length(g, lo + 1, nines, n - 1));
    choices[n_choices++] = pair(g, digit_range(g, *hi, *hi), same_length(g, zeros, hi + 1, n - 1));
    if (*hi - *lo > 1)
        choices[n_choices++] =
            pair(g, digit_range(g, *lo + 1u, *hi - 1u), any_digits(g, n - 1, n - 1));
    return grammar_choice(g, choices, n_choices);
}

static int compare_whole(const struct decimal *a, const struct decimal *b)
{
    if (a->n_whole != b->n_whole)
        return a->n_whole < b->n_whole ? -1 : 1;
    return memcmp(a->whole, b->whole, a->n_whole);
}

/* One more or less; false when the digits do not suffice, or below 0. */
static bool whole_add(struct decimal *d, int step)
{
    d->n_fraction = 0;
    for (size_t i = d->n_whole; i-- > 0;) {
        if (step > 0 && d->whole[i] < 9) {
            d->whole[i]++;
            return true;
        }
        if (step < 0 && d->whole[i] > 0) {
            d->whole[i]--;
            if (i == 0 && d->whole[0] == 0 && d->n_whole > 1) {
                memmove(d->whole, d->whole + 1, --d->n_whole);
            }
            return true;
        }
        d->whole[i] = step > 0 ? 0 : 9;
    }
    if (step < 0 || d->n_whole == WHOLE_DIGITS)
        return false;
    memmove(d->whole + 1, d->whole, d->n_whole++);
    d->whole[0] = 1;
    return true;
}

static const struct decimal decimal_zero = { .n_whole = 1 };

/* Whole numbers from a to b, without zeros in front. */
static grammar_expr whole_range(struct grammar *g, const struct decimal *a, const struct decimal *b)
{
    grammar_expr choices[WHOLE_DIGITS];
    size_t n_choices = 0;
    if (compare_whole(a, b) > 0)
        return nothing(g);
    for (size_t n = a->n_whole; n <= b->n_whole; n++) {
        uint8_t lo[WHOLE_DIGITS] = { n > 1 ? 1 : 0 }, hi[WHOLE_DIGITS];
        memset(hi, 9, sizeof hi);
        choices[n_choices++] =
            same_length(g, n == a->n_whole ? a->whole : lo, n == b->n_whole ? b->whole : hi, n);
    }
    return grammar_choice(g, choices, n_choices);
}

/* ---- fractions ---- */

/* The bounds that still matter for the digits of a fraction; NULL: none. */
struct corridor {
    const struct decimal *low, *high;
    bool is_low_open, is_high_open;
    size_t free_places; /* digits that may be written where no bound asks for more */
};

/* Digits that are written behind the point: few enough that a double tells the number from its
 * bounds. */
static size_t places(const struct corridor *c)
{
    size_t most = c->free_places;
    if (c->low)
        most = size_max(most, c->low->n_fraction + 2);
    if (c->high)
        most = size_max(most, c->high->n_fraction + 2);
    return size_min(most, FRACTION_DIGITS);
}

static struct corridor without_low(const struct corridor *c)
{
    struct corridor high = *c;
    high.low = NULL;
    high.is_low_open = false;
    return high;
}

static struct corridor without_high(const struct corridor *c)
{
    struct corridor low = *c;
    low.high = NULL;
    low.is_high_open = false;
    return low;
}

static uint8_t fraction_digit(const struct decimal *d, size_t place)
{
    return place < d->n_fraction ? d->fraction[place] : 0;
}

static bool may_stop(const struct corridor *c, size_t place)
{
    if (c->low && (place < c->low->n_fraction || c->is_low_open))
        return false;
    return !c->high || place < c->high->n_fraction || !c->is_high_open;
}

/* The digits from `place` on, after `place` digits that lie on the corridor's bounds. */
static grammar_expr fraction_rest(struct grammar *g, const struct corridor *c, size_t place)
{
    if (!c->low && !c->high)
        return any_digits(g, 0, place < c->free_places ? c->free_places - place : 0);
    grammar_expr choices[4];
    size_t n_choices = 0;
    if (may_stop(c, place))
        choices[n_choices++] = empty(g);
    if (place >= places(c))
        return grammar_choice(g, choices, n_choices);
    unsigned lo = c->low ? fraction_digit(c->low, place) : 0;
    unsigned hi = c->high ? fraction_digit(c->high, place) : 9;
    struct corridor below = without_low(c), above = without_high(c);
    struct corridor between = without_low(&above);
    if (lo == hi && c->low && c->high) {
        choices[n_choices++] = pair(g, digit_range(g, lo, lo), fraction_rest(g, c, place + 1));
        return grammar_choice(g, choices, n_choices);
    }
    if (lo > hi)
        return grammar_choice(g, choices, n_choices);
    unsigned first = lo, last = hi;
    if (c->low) {
        choices[n_choices++] = pair(g, digit_range(g, lo, lo), fraction_rest(g, &above, place + 1));
        first++;
    }
    if (c->high) {
        choices[n_choices++] = pair(g, digit_range(g, hi, hi), fraction_rest(g, &below, place + 1));
        last--;
    }
    if (first <= last && last <= 9)
        choices[n_choices++] =
            pair(g, digit_range(g, first, last), fraction_rest(g, &between, place + 1));
    return grammar_choice(g, choices, n_choices);
}

/* Nothing, or a point and digits. */
static grammar_expr fraction(struct grammar *g, const struct corridor *c)
{
    grammar_expr choices[2];
    size_t n_choices = 0;
    if (may_stop(c, 0))
        choices[n_choices++] = empty(g);
    if (c->free_places == 0)
        return grammar_choice(g, choices, n_choices);
    /* at least one digit: what may follow, without the empty text, which only stands alone there */
    struct corridor low = without_high(c), high = without_low(c);
    grammar_expr starts[4];
    size_t n_starts = 0;
    unsigned lo = c->low ? fraction_digit(c->low, 0) : 0;
    unsigned hi = c->high ? fraction_digit(c->high, 0) : 9;
    for (unsigned d = lo; d <= hi; d++) {
        bool on_low = c->low && d == lo, on_high = c->high && d == hi;
        if (!on_low && !on_high)
            continue;
        const struct corridor *next = on_low && on_high ? c : on_low ? &low : &high;
        starts[n_starts++] = pair(g, digit_range(g, d, d), fraction_rest(g, next, 1));
    }
    unsigned first = c->low ? lo + 1 : lo, last = c->high ? hi : hi + 1; /* last: one past */
    if (first < last)
        starts[n_starts++] =
            pair(g, digit_range(g, first, last - 1), any_digits(g, 0, c->free_places - 1));
    choices[n_choices++] =
        pair(g, grammar_bytes(g, slice_of(".")), grammar_choice(g, starts, n_starts));
    return grammar_choice(g, choices, n_choices);
}

/* ---- magnitudes ---- */

/* Magnitudes between bounds; NULL: no upper one. */
static grammar_expr magnitudes(struct grammar *g, const struct corridor *c, bool is_integral)
{
    struct corridor low = without_high(c), high = without_low(c);
    struct corridor free_corridor = without_low(&low);
    struct decimal largest = { .n_whole = WHOLE_DIGITS };
    memset(largest.whole, 9, sizeof largest.whole);
    struct decimal a = *c->low, b = c->high ? *c->high : largest;
    if (is_integral) {
        if ((c->low->n_fraction || c->is_low_open) && !whole_add(&a, 1))
            return nothing(g);
        if (c->high && c->high->n_fraction == 0 && c->is_high_open && !whole_add(&b, -1))
            return nothing(g);
        return whole_range(g, &a, &b);
    }
    int order = compare_whole(&a, &b);
    if (order > 0)
        return nothing(g);
    if (order == 0)
        return pair(g, whole_range(g, &a, &a), fraction(g, c->high ? c : &low));
    grammar_expr choices[3] = { pair(g, whole_range(g, &a, &a), fraction(g, &low)) };
    choices[1] = pair(g, whole_range(g, &b, &b), fraction(g, c->high ? &high : &free_corridor));
    struct decimal from = a, to = b;
    bool has_between = whole_add(&from, 1) && whole_add(&to, -1) && compare_whole(&from, &to) <= 0;
    if (has_between)
        choices[2] = pair(g, whole_range(g, &from, &to), fraction(g, &free_corridor));
    return grammar_choice(g, choices, has_between ? 3 : 2);
}

static bool bound(struct decimal *d, bool has, double x, bool *is_bounded, struct error *err)
{
    *is_bounded = has && fabs(x) < 1e18;
    return !*is_bounded || decimal_of(d, x, err);
}

/* A number beside a bound that it must not be stays beside it for readers with doubles. */
static size_t free_places(const struct number_range *r, const struct decimal *low,
                          const struct decimal *high)
{
    size_t n_whole = 0;
    if (low && r->is_low_open)
        n_whole = low->n_whole;
    if (high && r->is_high_open)
        n_whole = size_max(n_whole, high->n_whole);
    return n_whole < SAFE_DIGITS ? size_min(FREE_PLACES, SAFE_DIGITS - n_whole) : 0;
}

bool number_range_expr(struct grammar *g, const struct number_range *r, grammar_expr *out,
                       struct error *err)
{
    struct decimal low, high;
    bool has_low, has_high;
    if (!bound(&low, r->has_low, r->low, &has_low, err) ||
        !bound(&high, r->has_high, r->high, &has_high, err))
        return false;
    if ((r->has_low && !has_low && r->low > 0) || (r->has_high && !has_high && r->high < 0))
        return too_long(r->low > 0 ? r->low : r->high, err);
    size_t places = free_places(r, has_low ? &low : NULL, has_high ? &high : NULL);
    grammar_expr choices[2];
    size_t n_choices = 0;
    if (!has_low || r->low < 0) { /* magnitudes of the negative ones, mirrored; never "-0" */
        bool below = has_high && r->high < 0;
        struct corridor c = { .low = below ? &high : &decimal_zero,
                              .is_low_open = below ? r->is_high_open : true,
                              .high = has_low ? &low : NULL,
                              .is_high_open = r->is_low_open,
                              .free_places = places };
        choices[n_choices++] =
            pair(g, grammar_bytes(g, slice_of("-")), magnitudes(g, &c, r->is_integral));
    }
    if (!has_high || r->high >= 0) {
        bool above = has_low && r->low >= 0;
        struct corridor c = { .low = above ? &low : &decimal_zero,
                              .is_low_open = above && r->is_low_open,
                              .high = has_high ? &high : NULL,
                              .is_high_open = r->is_high_open,
                              .free_places = places };
        choices[n_choices++] = magnitudes(g, &c, r->is_integral);
    }
    *out = grammar_choice(g, choices, n_choices);
    return true;
}

bool number_value_expr(struct grammar *g, double value, grammar_expr *out, struct error *err)
{
    struct number_range only = { .has_low = true, .has_high = true, .low = value, .high = value };
    return number_range_expr(g, &only, out, err);
}

grammar_expr number_fractional_expr(struct grammar *g)
{
    grammar_expr digits = any_digits(g, 0, UINT32_MAX);
    grammar_expr parts[] = { grammar_repeat(g, grammar_bytes(g, slice_of("-")), 0, 1),
                             any_digits(g, 1, SAFE_WHOLE_DIGITS),
                             grammar_bytes(g, slice_of(".")),
                             digits,
                             digit_range(g, 1, 9),
                             digits };
    return grammar_sequence(g, parts, 6);
}

/* ---- multiples ---- */

/* With step = units / 10^places, a number is read digit by digit as a remainder of its units: one
 * rule for each place (0: the whole part, then the digits behind the point) and remainder. */
struct multiples {
    struct grammar *g;
    uint64_t units;
    size_t places;
    grammar_rule first_rule;
};

static bool read_step(struct multiples *m, double step, struct error *err)
{
    struct decimal d;
    if (!(step > 0) || !isfinite(step) || !decimal_of(&d, step, err))
        return fail(err, ERROR_UNSUPPORTED, "%.17g is no step for multiples", step);
    m->places = d.n_fraction;
    for (size_t i = 0; i < d.n_whole + d.n_fraction; i++) {
        uint8_t digit = i < d.n_whole ? d.whole[i] : d.fraction[i - d.n_whole];
        m->units = m->units * 10 + digit;
        if (m->units > MAX_REMAINDERS)
            return fail(err, ERROR_UNSUPPORTED, "multiples of %.17g have more than %d remainders",
                        step, MAX_REMAINDERS);
    }
    return true;
}

static grammar_rule remainder_rule(const struct multiples *m, size_t place, uint64_t remainder)
{
    return m->first_rule + (grammar_rule)(place * m->units + remainder);
}

/* One more digit, which stands at `place`, after what left `remainder`. */
static grammar_expr next_digit(const struct multiples *m, size_t place, uint64_t remainder)
{
    grammar_expr digits[10];
    for (unsigned digit = 0; digit <= 9; digit++) {
        uint64_t after = (remainder * 10 + digit) % m->units;
        digits[digit] = pair(m->g, digit_range(m->g, digit, digit),
                             grammar_call(m->g, remainder_rule(m, place, after)));
    }
    return grammar_choice(m->g, digits, 10);
}

static bool is_multiple(const struct multiples *m, size_t place, uint64_t remainder)
{
    for (; place < m->places; place++)
        remainder = remainder * 10 % m->units;
    return remainder == 0;
}

/* What may follow the digits up to `place`. */
static grammar_expr after_digits(const struct multiples *m, size_t place, uint64_t remainder)
{
    struct grammar *g = m->g;
    grammar_expr choices[4];
    size_t n = 0;
    bool may_end = is_multiple(m, place, remainder), is_last = place == m->places;
    grammar_expr zeros = grammar_repeat(g, digit_range(g, 0, 0), 1, FRACTION_DIGITS);
    if (may_end)
        choices[n++] = empty(g);
    if (place == 0)
        choices[n++] = next_digit(m, 0, remainder);
    grammar_expr behind =
        is_last ? (may_end ? zeros : nothing(g)) : next_digit(m, place + 1, remainder);
    choices[n++] = place == 0 ? pair(g, grammar_bytes(g, slice_of(".")), behind) : behind;
    return grammar_choice(g, choices, n);
}

bool number_multiples_expr(struct grammar *g, double step, grammar_expr *out, struct error *err)
{
    struct multiples m = { .g = g };
    if (!read_step(&m, step, err))
        return false;
    for (size_t i = 0; i < (m.places + 1) * m.units; i++) {
        grammar_rule rule = grammar_declare(g, slice_of("remainder"));
        m.first_rule = i == 0 ? rule : m.first_rule;
    }
    for (size_t place = 0; place <= m.places; place++)
        for (uint64_t remainder = 0; remainder < m.units; remainder++)
            grammar_define(g, remainder_rule(&m, place, remainder),
                           after_digits(&m, place, remainder));
    /* at least one digit; zeros in front are left out by the range that this is combined with */
    *out = pair(g, grammar_repeat(g, grammar_bytes(g, slice_of("-")), 0, 1), next_digit(&m, 0, 0));
    return true;
}

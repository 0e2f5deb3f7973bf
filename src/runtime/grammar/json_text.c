#include "runtime/grammar/json_text.h"

#include "base/memory.h"
#include "base/utf8.h"
#include "runtime/grammar/grammar_expression.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MORE_DIGITS = 17, FRACTION_DIGITS = 16 };

static size_t spell_character(uint32_t c, char *out)
{
    static const char escaped[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *found = c && c < 128 ? strchr(escaped, (int)c) : NULL;
    if (found) {
        out[0] = '\\';
        out[1] = letters[found - escaped];
        return 2;
    }
    if (c < 0x20)
        return (size_t)snprintf(out, 8, "\\u%04x", (unsigned)c);
    return utf8_encode(c, out);
}

static bool holds(const struct code_points *ranges, size_t n, bool is_negated, uint32_t c)
{
    for (size_t i = 0; i < n; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return !is_negated;
    return is_negated;
}

/* Those of the ranges that stand as themselves; room for 3 * n. */
static size_t keep_plain(struct code_points *kept, const struct code_points *ranges, size_t n)
{
    static const struct code_points plain[] = { { 0x20, 0x21 },
                                                { 0x23, 0x5B },
                                                { 0x5D, 0x10FFFF } };
    size_t n_kept = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < COUNT_OF(plain); j++) {
            uint32_t first = ranges[i].first > plain[j].first ? ranges[i].first : plain[j].first;
            uint32_t last = ranges[i].last < plain[j].last ? ranges[i].last : plain[j].last;
            if (first <= last)
                kept[n_kept++] = (struct code_points){ first, last };
        }
    return n_kept;
}

/* The ranges and what is never plain: the rest stands as itself. */
static size_t add_escaped(struct code_points *kept, const struct code_points *ranges, size_t n)
{
    static const struct code_points escaped[] = { { 0, 0x1F }, { '"', '"' }, { '\\', '\\' } };
    if (n)
        memcpy(kept, ranges, n * sizeof *kept);
    memcpy(kept + n, escaped, sizeof escaped);
    return n + COUNT_OF(escaped);
}

/* The characters that stand as themselves, and a literal for each other one. */
grammar_expr json_character(struct grammar *g, const struct code_points *ranges, size_t n,
                            bool is_negated)
{
    grammar_expr choices[0x20 + 3];
    size_t n_choices = 0;
    struct code_points *kept = memory_zeroed(3 * n + 3, sizeof *kept);
    if (!kept) {
        g->is_full = true;
        return GRAMMAR_NONE;
    }
    size_t n_kept = is_negated ? add_escaped(kept, ranges, n) : keep_plain(kept, ranges, n);
    choices[n_choices++] = grammar_class(g, kept, n_kept, is_negated);
    memory_free(kept);
    for (uint32_t c = 0; c <= '\\'; c = c == 0x1F ? '"' : c == '"' ? '\\' : c + 1)
        if (holds(ranges, n, is_negated, c)) {
            char spelled[8];
            choices[n_choices++] =
                grammar_bytes(g, (struct slice){ spelled, spell_character(c, spelled) });
        }
    return grammar_choice(g, choices, n_choices);
}

bool json_spell_characters(struct text *out, struct slice s)
{
    bool ok = true;
    for (size_t i = 0; ok && i < s.length;) {
        const uint8_t *p = (const uint8_t *)s.data + i;
        size_t length = utf8_length(p, s.length - i);
        char spelled[8];
        uint32_t c = length ? utf8_decode(p, length) : 0xFFFD;
        ok = text_append(out, spelled, spell_character(c, spelled));
        i += length ? length : 1;
    }
    return ok;
}

static bool spell_text(struct text *out, struct slice s)
{
    return text_append_byte(out, '"') && json_spell_characters(out, s) &&
           text_append_byte(out, '"');
}

/* ---- numbers ---- */

static grammar_expr digits(struct grammar *g, uint32_t at_least, uint32_t at_most)
{
    static const struct code_points all = { '0', '9' };
    return grammar_repeat(g, grammar_class(g, &all, 1, false), at_least, at_most);
}

static grammar_expr one_of(struct grammar *g, const char *characters)
{
    grammar_expr choices[8];
    size_t n = 0;
    for (; characters[n]; n++)
        choices[n] = grammar_bytes(g, (struct slice){ characters + n, 1 });
    return grammar_choice(g, choices, n);
}

static grammar_expr optional(struct grammar *g, grammar_expr e)
{
    return grammar_repeat(g, e, 0, 1);
}

static grammar_expr whole_part(struct grammar *g)
{
    static const struct code_points first = { '1', '9' };
    grammar_expr more[] = { grammar_class(g, &first, 1, false), digits(g, 0, MORE_DIGITS) };
    grammar_expr choices[] = { grammar_bytes(g, slice_of("0")), grammar_sequence(g, more, 2) };
    return grammar_choice(g, choices, 2);
}

grammar_expr json_integer_text(struct grammar *g)
{
    static const struct code_points first = { '1', '9' };
    grammar_expr positive[] = { optional(g, grammar_bytes(g, slice_of("-"))),
                                grammar_class(g, &first, 1, false), digits(g, 0, MORE_DIGITS) };
    grammar_expr choices[] = { grammar_bytes(g, slice_of("0")), grammar_sequence(g, positive, 3) };
    return grammar_choice(g, choices, 2);
}

grammar_expr json_number_text(struct grammar *g)
{
    grammar_expr fraction[] = { grammar_bytes(g, slice_of(".")), digits(g, 1, FRACTION_DIGITS) };
    grammar_expr exponent[] = { one_of(g, "eE"), optional(g, one_of(g, "+-")), digits(g, 1, 2) };
    grammar_expr parts[] = { optional(g, grammar_bytes(g, slice_of("-"))), whole_part(g),
                             optional(g, grammar_sequence(g, fraction, 2)),
                             optional(g, grammar_sequence(g, exponent, 3)) };
    return grammar_sequence(g, parts, 4);
}

/* ---- values ---- */

static bool spell_number(struct text *out, const struct json *value)
{
    if (json_kind(value) == JSON_KIND_INTEGER)
        return text_printf(out, "%" PRId64, json_int(value, 0));
    if (json_kind(value) == JSON_KIND_LONG_INTEGER)
        return text_append_slice(out, json_digits(value));
    double x = json_number(value, 0);
    if (x == floor(x) && fabs(x) < 1e15)
        return text_printf(out, "%.0f", x == 0 ? 0.0 : x);
    char spelled[32];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(spelled, sizeof spelled, "%.*g", precision, x);
        if (strtod(spelled, NULL) == x)
            break;
    }
    return text_append_string(out, spelled);
}

static bool spell(struct text *out, const struct json *value, uint64_t *order);

static bool spell_array(struct text *out, const struct json *value, uint64_t *order)
{
    bool ok = text_append_byte(out, '[');
    for (size_t i = 0; ok && i < json_size(value); i++)
        ok = (i == 0 || text_append_byte(out, ',')) && spell(out, json_at(value, i), order);
    return ok && text_append_byte(out, ']');
}

/* The next digit of `order` takes one of the members that are left; those without orders keep
 * theirs. */
static const struct json_member *take_member(const struct json *object, bool *is_taken, size_t left,
                                             uint64_t *order)
{
    uint64_t skip = *order % left;
    size_t i = 0;
    *order /= left;
    for (const struct json_member *m = json_first(object); m; m = json_next(object, m), i++)
        if (!is_taken[i] && skip-- == 0) {
            is_taken[i] = true;
            return m;
        }
    return NULL;
}

enum { MAX_MIXED = 16 }; /* members of an object whose order is varied: 10! is over a million */

static bool spell_object(struct text *out, const struct json *value, uint64_t *order)
{
    bool is_taken[MAX_MIXED] = { false };
    size_t n = json_size(value);
    const struct json_member *m = json_first(value);
    bool ok = text_append_byte(out, '{');
    for (size_t i = 0; ok && i < n; i++) {
        if (n <= MAX_MIXED)
            m = take_member(value, is_taken, n - i, order);
        ok = (i == 0 || text_append_byte(out, ',')) && spell_text(out, json_member_key(m)) &&
             text_append_byte(out, ':') && spell(out, json_member_value(m), order);
        m = json_next(value, m);
    }
    return ok && text_append_byte(out, '}');
}

static bool spell(struct text *out, const struct json *value, uint64_t *order)
{
    switch (json_kind(value)) {
    case JSON_KIND_NONE:
    case JSON_KIND_NULL:
        return text_append_string(out, "null");
    case JSON_KIND_BOOL:
        return text_append_string(out, json_flag(value, false) ? "true" : "false");
    case JSON_KIND_INTEGER:
    case JSON_KIND_LONG_INTEGER:
    case JSON_KIND_REAL:
        return spell_number(out, value);
    case JSON_KIND_STRING:
        return spell_text(out, json_text(value));
    case JSON_KIND_ARRAY:
        return spell_array(out, value, order);
    case JSON_KIND_OBJECT:
        return spell_object(out, value, order);
    }
    return false;
}

bool json_spell(struct text *out, const struct json *value)
{
    return json_spell_in_order(out, value, 0);
}

bool json_spell_in_order(struct text *out, const struct json *value, uint64_t order)
{
    return spell(out, value, &order);
}

uint64_t json_count_orders(const struct json *value)
{
    static const uint64_t limit = 1000000;
    uint64_t count = 1;
    for (size_t i = 0; json_kind(value) == JSON_KIND_ARRAY && i < json_size(value); i++)
        if ((count *= json_count_orders(json_at(value, i))) > limit)
            return limit;
    size_t i = 1;
    for (const struct json_member *m = json_first(value); m; m = json_next(value, m), i++) {
        if (json_size(value) <= MAX_MIXED)
            count *= i;
        count *= json_count_orders(json_member_value(m));
        if (count > limit)
            return limit;
    }
    return count > limit ? limit : count;
}

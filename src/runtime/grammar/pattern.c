#include "runtime/grammar/pattern.h"

#include "base/memory.h"
#include "base/utf8.h"
#include "runtime/grammar/grammar_expression.h"
#include "tokenizer/unicode_text.h"

enum { MAX_GROUPS = 100, MAX_COUNT = 10000 };

struct pattern {
    struct grammar *g;
    struct slice source;
    size_t at, nesting;
    pattern_character *character;
    struct error *err;
};

/* What stands between two bars, and whether it was anchored. */
struct alternative {
    grammar_expr body;
    bool starts, ends;
};

struct alternatives {
    struct alternative *items;
    size_t count, capacity;
};

struct ranges {
    struct code_points *items;
    size_t count, capacity;
};

static bool refuse(struct pattern *p, enum error_code code, const char *what)
{
    return fail(p->err, code, "pattern '%s', character %zu: %s", printable(p->source), p->at + 1,
                what);
}

static bool unsupported(struct pattern *p, const char *what)
{
    return refuse(p, ERROR_UNSUPPORTED, what);
}

static bool is_over(const struct pattern *p)
{
    return p->at >= p->source.length;
}

static char peek(const struct pattern *p)
{
    return is_over(p) ? '\0' : p->source.data[p->at];
}

static bool take(struct pattern *p, const char *what)
{
    size_t n = strlen(what);
    if (p->source.length - p->at < n || memcmp(p->source.data + p->at, what, n) != 0)
        return false;
    p->at += n;
    return true;
}

static bool take_code_point(struct pattern *p, uint32_t *c)
{
    const uint8_t *bytes = (const uint8_t *)p->source.data + p->at;
    size_t length = is_over(p) ? 0 : utf8_length(bytes, p->source.length - p->at);
    if (length == 0)
        return refuse(p, ERROR_FORMAT, is_over(p) ? "it ends too early" : "not UTF-8");
    *c = utf8_decode(bytes, length);
    p->at += length;
    return true;
}

/* ---- classes ---- */

static bool add_range(struct pattern *p, struct ranges *r, uint32_t first, uint32_t last)
{
    if (!grow((void **)&r->items, &r->capacity, r->count, 1, sizeof *r->items))
        return fail_memory(p->err, sizeof *r->items, "a pattern");
    r->items[r->count++] = (struct code_points){ first, last };
    return true;
}

/* Sorted ranges, or what lies between them. */
static bool add_ranges(struct pattern *p, struct ranges *r, const struct code_points *items,
                       size_t n, bool is_negated)
{
    uint32_t next = 0;
    for (size_t i = 0; i < n; i++) {
        bool ok = true;
        if (!is_negated)
            ok = add_range(p, r, items[i].first, items[i].last);
        else if (items[i].first > next)
            ok = add_range(p, r, next, items[i].first - 1);
        if (!ok)
            return false;
        next = items[i].last + 1;
    }
    return !is_negated || next > 0x10FFFF || add_range(p, r, next, 0x10FFFF);
}

static const struct code_points digits[] = { { '0', '9' } };
static const struct code_points words[] = {
    { '0', '9' }, { 'A', 'Z' }, { '_', '_' }, { 'a', 'z' }
};
static const struct code_points spaces[] = { { '\t', '\r' },     { ' ', ' ' },
                                             { 0xA0, 0xA0 },     { 0x1680, 0x1680 },
                                             { 0x2000, 0x200A }, { 0x2028, 0x2029 },
                                             { 0x202F, 0x202F }, { 0x205F, 0x205F },
                                             { 0x3000, 0x3000 }, { 0xFEFF, 0xFEFF } };
static const struct code_points line_ends[] = { { '\n', '\n' },
                                                { '\r', '\r' },
                                                { 0x2028, 0x2029 } };

/* \d \w \s and their capitals; false when `letter` is none of them (nothing is added). */
static bool named_class(char letter, const struct code_points **items, size_t *n)
{
    switch (letter | 0x20) {
    case 'd':
        *items = digits;
        *n = COUNT_OF(digits);
        return true;
    case 'w':
        *items = words;
        *n = COUNT_OF(words);
        return true;
    case 's':
        *items = spaces;
        *n = COUNT_OF(spaces);
        return true;
    default:
        return false;
    }
}

/* General categories by their long names; a short name is its own letters. */
static const char *short_category(struct slice name)
{
    static const char *const names[][2] = {
        { "Letter", "L" },
        { "Uppercase_Letter", "Lu" },
        { "Lowercase_Letter", "Ll" },
        { "Titlecase_Letter", "Lt" },
        { "Modifier_Letter", "Lm" },
        { "Other_Letter", "Lo" },
        { "Mark", "M" },
        { "Nonspacing_Mark", "Mn" },
        { "Spacing_Mark", "Mc" },
        { "Enclosing_Mark", "Me" },
        { "Number", "N" },
        { "Decimal_Number", "Nd" },
        { "Letter_Number", "Nl" },
        { "Other_Number", "No" },
        { "Punctuation", "P" },
        { "Symbol", "S" },
        { "Math_Symbol", "Sm" },
        { "Currency_Symbol", "Sc" },
        { "Modifier_Symbol", "Sk" },
        { "Other_Symbol", "So" },
        { "Separator", "Z" },
        { "Space_Separator", "Zs" },
        { "Other", "C" },
        { "Control", "Cc" },
        { "Format", "Cf" },
    };
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (slice_equal(name, slice_of(names[i][0])) || slice_equal(name, slice_of(names[i][1])))
            return names[i][1];
    return NULL;
}

/* \p{...} behind its backslash. */
static bool read_property(struct pattern *p, struct ranges *r)
{
    bool is_negated = peek(p) == 'P';
    p->at++;
    if (!take(p, "{"))
        return refuse(p, ERROR_FORMAT, "'{' is missing");
    if (!take(p, "General_Category="))
        take(p, "gc=");
    size_t begin = p->at;
    while (!is_over(p) && peek(p) != '}')
        p->at++;
    const char *category = short_category((struct slice){ p->source.data + begin, p->at - begin });
    if (!category)
        return unsupported(p, "only general categories are known to \\p");
    p->at++;
    struct ranges found = { 0 };
    bool ok = true;
    for (uint32_t c = 0; ok && c <= 0x10FFFF; c++) {
        const char *of_c = unicode_category(c);
        if (of_c[0] != category[0] || (category[1] && of_c[1] != category[1]))
            continue;
        if (found.count && found.items[found.count - 1].last + 1 == c)
            found.items[found.count - 1].last = c;
        else
            ok = add_range(p, &found, c, c);
    }
    ok = ok && add_ranges(p, r, found.items, found.count, is_negated);
    memory_free(found.items);
    return ok;
}

static bool read_hex(struct pattern *p, size_t n, uint32_t *c)
{
    *c = 0;
    for (size_t i = 0; i < n; i++, p->at++) {
        static const char hex[] = "0123456789abcdef";
        char letter = peek(p);
        const char *digit =
            letter ? strchr(hex, letter >= 'A' && letter <= 'F' ? letter | 0x20 : letter) : NULL;
        if (!digit)
            return refuse(p, ERROR_FORMAT, "a hexadecimal digit is missing");
        *c = *c * 16 + (uint32_t)(digit - hex);
    }
    return true;
}

/* \u behind its u: four digits, a pair of surrogates, or braces. */
static bool read_unicode_escape(struct pattern *p, uint32_t *c)
{
    uint32_t low;
    if (take(p, "{")) {
        size_t n = 0;
        while (p->at + n < p->source.length && p->source.data[p->at + n] != '}')
            n++;
        if (n == 0 || n > 6 || !read_hex(p, n, c))
            return refuse(p, ERROR_FORMAT, "no such character");
        return (take(p, "}") && *c <= 0x10FFFF) || refuse(p, ERROR_FORMAT, "no such character");
    }
    if (!read_hex(p, 4, c))
        return false;
    if (*c >= 0xD800 && *c < 0xDC00 && take(p, "\\u")) {
        if (!read_hex(p, 4, &low))
            return false;
        if (low < 0xDC00 || low > 0xDFFF)
            return refuse(p, ERROR_FORMAT, "half a surrogate pair");
        *c = 0x10000 + ((*c - 0xD800) << 10) + (low - 0xDC00);
    }
    return true;
}

/* An escape that means one character, behind its backslash. */
static bool read_escape(struct pattern *p, bool in_class, uint32_t *c)
{
    static const char letters[] = "tnvfr", values[] = "\t\n\v\f\r";
    char letter = peek(p);
    const char *known = letter ? strchr(letters, letter) : NULL;
    if (known) {
        p->at++;
        *c = (uint8_t)values[known - letters];
        return true;
    }
    if (letter == 'b' && in_class) {
        p->at++;
        *c = '\b';
        return true;
    }
    if (take(p, "x"))
        return read_hex(p, 2, c);
    if (take(p, "u"))
        return read_unicode_escape(p, c);
    if (letter == 'c' && p->at + 1 < p->source.length) {
        *c = (uint8_t)p->source.data[p->at + 1] % 32;
        p->at += 2;
        return true;
    }
    if (letter == 'b' || letter == 'B')
        return unsupported(p, "word boundaries are not supported");
    if (letter >= '1' && letter <= '9')
        return unsupported(p, "back references are not supported");
    if (letter == 'k')
        return unsupported(p, "back references are not supported");
    if (letter == '0') {
        p->at++;
        *c = 0;
        return true;
    }
    return take_code_point(p, c);
}

/* One item of a class: a named class (then *is_set), or one character. */
static bool read_class_item(struct pattern *p, struct ranges *r, bool *is_set, uint32_t *c)
{
    const struct code_points *items;
    size_t n;
    *is_set = false;
    if (!take(p, "\\"))
        return take_code_point(p, c);
    if (peek(p) == 'p' || peek(p) == 'P') {
        *is_set = true;
        return read_property(p, r);
    }
    if (named_class(peek(p), &items, &n)) {
        *is_set = true;
        bool is_negated = (peek(p) & 0x20) == 0;
        p->at++;
        return add_ranges(p, r, items, n, is_negated);
    }
    return read_escape(p, true, c);
}

static bool read_class_ranges(struct pattern *p, struct ranges *r)
{
    while (peek(p) != ']' || is_over(p)) {
        uint32_t first, last;
        bool is_set;
        if (!read_class_item(p, r, &is_set, &first))
            return false;
        if (is_set)
            continue;
        last = first;
        bool has_last =
            peek(p) == '-' && p->at + 1 < p->source.length && p->source.data[p->at + 1] != ']';
        if (has_last) {
            p->at++;
            if (!read_class_item(p, r, &is_set, &last))
                return false;
            if (is_set || last < first)
                return refuse(p, ERROR_FORMAT, "a range without an end, or that runs backwards");
        }
        if (!add_range(p, r, first, last))
            return false;
    }
    p->at++;
    return true;
}

/* '[' is taken. */
static bool read_class(struct pattern *p, grammar_expr *out)
{
    struct ranges r = { 0 };
    bool is_negated = take(p, "^");
    bool ok = read_class_ranges(p, &r);
    if (ok)
        *out = p->character(p->g, r.items, r.count, is_negated);
    memory_free(r.items);
    return ok;
}

/* ---- terms ---- */

static grammar_expr one_character(struct pattern *p, uint32_t c)
{
    struct code_points only = { c, c };
    return p->character(p->g, &only, 1, false);
}

/* '\' is taken, outside a class. */
static bool read_escaped_term(struct pattern *p, grammar_expr *out)
{
    uint32_t c;
    struct ranges r = { 0 };
    const struct code_points *items;
    size_t n;
    if (named_class(peek(p), &items, &n)) {
        *out = p->character(p->g, items, n, (peek(p) & 0x20) == 0);
        p->at++;
        return true;
    }
    if (peek(p) == 'p' || peek(p) == 'P') {
        bool ok = read_property(p, &r);
        if (ok)
            *out = p->character(p->g, r.items, r.count, false);
        memory_free(r.items);
        return ok;
    }
    if (!read_escape(p, false, &c))
        return false;
    *out = one_character(p, c);
    return true;
}

static bool read_count(struct pattern *p, uint32_t *value)
{
    size_t begin = p->at;
    for (*value = 0; peek(p) >= '0' && peek(p) <= '9' && *value <= MAX_COUNT; p->at++)
        *value = *value * 10 + (uint32_t)(peek(p) - '0');
    return p->at > begin;
}

/* Whether a quantifier stands here; it is taken. */
static bool take_quantifier(struct pattern *p, uint32_t *at_least, uint32_t *at_most)
{
    size_t before = p->at;
    *at_least = 0;
    *at_most = UINT32_MAX;
    if (take(p, "*") || take(p, "?")) {
        *at_most = p->source.data[before] == '?' ? 1 : UINT32_MAX;
        return true;
    }
    if (take(p, "+")) {
        *at_least = 1;
        return true;
    }
    if (!take(p, "{"))
        return false;
    bool ok = read_count(p, at_least);
    *at_most = *at_least;
    if (ok && take(p, ",") && peek(p) == '}')
        *at_most = UINT32_MAX;
    else if (ok && peek(p) != '}')
        ok = read_count(p, at_most);
    if (ok && take(p, "}"))
        return true;
    p->at = before; /* a brace that means itself */
    return false;
}

static bool repeat_term(struct pattern *p, grammar_expr *term, bool *is_repeated)
{
    uint32_t at_least, at_most;
    *is_repeated = take_quantifier(p, &at_least, &at_most);
    if (!*is_repeated)
        return true;
    take(p, "?"); /* lazy: the same language */
    if (at_least > MAX_COUNT || (at_most != UINT32_MAX && at_most > MAX_COUNT))
        return unsupported(p, "more than 10000 repetitions");
    if (at_least > at_most)
        return refuse(p, ERROR_FORMAT, "a quantifier that runs backwards");
    *term = grammar_repeat(p->g, *term, at_least, at_most);
    return true;
}

/* ---- sequences, groups, alternatives ---- */

struct sequence {
    grammar_expr *terms;
    size_t count, capacity;
    bool starts, ends;
};

static bool add_term(struct pattern *p, struct sequence *s, grammar_expr term)
{
    if (s->ends)
        return unsupported(p, "an anchor in the middle is not supported");
    if (!grow((void **)&s->terms, &s->capacity, s->count, 1, sizeof term))
        return fail_memory(p->err, sizeof term, "a pattern");
    s->terms[s->count++] = term;
    return true;
}

static bool add_alternative(struct pattern *p, struct alternatives *list, struct alternative a)
{
    if (!grow((void **)&list->items, &list->capacity, list->count, 1, sizeof a))
        return fail_memory(p->err, sizeof a, "a pattern");
    list->items[list->count++] = a;
    return true;
}

static bool read_alternatives(struct pattern *p, struct alternatives *list);

/* '(' is taken: what stands in the group. */
static bool read_group(struct pattern *p, struct alternatives *inner)
{
    if (take(p, "?=") || take(p, "?!") || take(p, "?<=") || take(p, "?<!"))
        return unsupported(p, "lookaround is not supported");
    if (!take(p, "?:") && take(p, "?<"))
        while (!is_over(p) && p->source.data[p->at++] != '>')
            ;
    if (++p->nesting > MAX_GROUPS)
        return unsupported(p, "groups nest more than 100 deep");
    if (!read_alternatives(p, inner))
        return false;
    p->nesting--;
    return take(p, ")") || refuse(p, ERROR_FORMAT, "')' is missing");
}

static grammar_expr choice_of(struct pattern *p, const struct alternatives *list)
{
    grammar_expr *bodies = memory_zeroed(list->count + 1, sizeof *bodies);
    if (!bodies)
        return GRAMMAR_NONE;
    for (size_t i = 0; i < list->count; i++)
        bodies[i] = list->items[i].body;
    grammar_expr choice = grammar_choice(p->g, bodies, list->count);
    memory_free(bodies);
    return choice;
}

static bool at_end_of_sequence(const struct pattern *p)
{
    return is_over(p) || peek(p) == '|' || peek(p) == ')';
}

/* A group with anchors inside: alone it gives its alternatives to the list around it, else all of
 * them must agree on the side where the group stands. *is_spliced: the sequence is done. */
static bool add_anchored_group(struct pattern *p, struct sequence *s,
                               const struct alternatives *inner, struct alternatives *outer,
                               bool *is_spliced)
{
    bool all_start = true, all_end = true, any_start = false, any_end = false;
    for (size_t i = 0; i < inner->count; i++) {
        all_start = all_start && inner->items[i].starts;
        all_end = all_end && inner->items[i].ends;
        any_start |= inner->items[i].starts;
        any_end |= inner->items[i].ends;
    }
    if (s->count == 0 && at_end_of_sequence(p)) {
        *is_spliced = true;
        for (size_t i = 0; i < inner->count; i++) {
            struct alternative a = inner->items[i];
            a.starts |= s->starts;
            if (!add_alternative(p, outer, a))
                return false;
        }
        return true;
    }
    bool fits_first = s->count == 0 && all_start && !any_end;
    bool fits_last = at_end_of_sequence(p) && all_end && !any_start;
    if (!fits_first && !fits_last)
        return unsupported(p, "an anchor in the middle is not supported");
    if (!add_term(p, s, choice_of(p, inner)))
        return false;
    s->starts |= fits_first;
    s->ends |= fits_last;
    return true;
}

static bool add_group(struct pattern *p, struct sequence *s, struct alternatives *outer,
                      bool *is_spliced)
{
    struct alternatives inner = { 0 };
    bool ok = read_group(p, &inner), has_anchors = false, is_repeated = false;
    for (size_t i = 0; i < inner.count; i++)
        has_anchors |= inner.items[i].starts || inner.items[i].ends;
    if (ok && has_anchors) {
        ok = add_anchored_group(p, s, &inner, outer, is_spliced);
    } else if (ok) {
        grammar_expr term = choice_of(p, &inner);
        ok = repeat_term(p, &term, &is_repeated) && add_term(p, s, term);
    }
    memory_free(inner.items);
    return ok;
}

static bool read_term(struct pattern *p, grammar_expr *term)
{
    uint32_t c;
    if (take(p, "["))
        return read_class(p, term);
    if (take(p, "\\"))
        return read_escaped_term(p, term);
    if (take(p, ".")) {
        *term = p->character(p->g, line_ends, COUNT_OF(line_ends), true);
        return true;
    }
    if (strchr("*+?", peek(p)))
        return refuse(p, ERROR_FORMAT, "nothing to repeat");
    if (!take_code_point(p, &c))
        return false;
    *term = one_character(p, c);
    return true;
}

static bool read_sequence(struct pattern *p, struct alternatives *list)
{
    struct sequence s = { 0 };
    bool ok = true, is_spliced = false, is_repeated;
    while (ok && !is_spliced && !at_end_of_sequence(p)) {
        grammar_expr term;
        if (take(p, "^")) {
            ok = s.count == 0 || unsupported(p, "an anchor in the middle is not supported");
            s.starts = true;
        } else if (take(p, "$")) {
            s.ends = true;
        } else if (take(p, "(")) {
            ok = add_group(p, &s, list, &is_spliced);
        } else {
            ok =
                read_term(p, &term) && repeat_term(p, &term, &is_repeated) && add_term(p, &s, term);
        }
    }
    if (ok && !is_spliced)
        ok = add_alternative(
            p, list,
            (struct alternative){ grammar_sequence(p->g, s.terms, s.count), s.starts, s.ends });
    memory_free(s.terms);
    return ok;
}

static bool read_alternatives(struct pattern *p, struct alternatives *list)
{
    do
        if (!read_sequence(p, list))
            return false;
    while (take(p, "|"));
    return true;
}

bool pattern_expr(struct grammar *g, struct slice source, pattern_character *character,
                  grammar_expr *out, struct error *err)
{
    struct pattern p = { .g = g, .source = source, .character = character, .err = err };
    struct alternatives list = { 0 };
    bool ok = read_alternatives(&p, &list) &&
              (is_over(&p) || refuse(&p, ERROR_FORMAT, "')' without '('"));
    grammar_expr anything = grammar_repeat(g, character(g, NULL, 0, true), 0, UINT32_MAX);
    grammar_expr nothing = grammar_sequence(g, NULL, 0);
    for (size_t i = 0; ok && i < list.count; i++) {
        struct alternative *a = &list.items[i];
        grammar_expr parts[] = { a->starts ? nothing : anything, a->body,
                                 a->ends ? nothing : anything };
        a->body = grammar_sequence(g, parts, 3);
    }
    *out = ok ? choice_of(&p, &list) : GRAMMAR_NONE;
    memory_free(list.items);
    return ok;
}

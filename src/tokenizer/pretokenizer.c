#include "tokenizer/pretokenizer.h"

#include "base/interruption.h"
#include "base/memory.h"
#include "tokenizer/byte_level.h"
#include "tokenizer/unicode_text.h"

enum step_kind {
    STEP_SPLIT,
    STEP_DIGIT_GROUPS,
    STEP_PREFIX_SPACE,
    STEP_METASPACE,
    STEP_BYTE_LEVEL
};

struct pretokenizer_step {
    enum step_kind kind;
    struct expression *expression;
    enum split_behavior behavior;
    bool is_inverted;
    bool is_bounded; /* STEP_DIGIT_GROUPS: only runs that end a word, which become pieces of their
                        own */
    char replacement[8];
    size_t replacement_length;
    enum prepend_scheme scheme;
};

void pieces_release(struct pieces *pieces)
{
    text_release(&pieces->text);
    memory_free(pieces->items);
    *pieces = (struct pieces){ 0 };
}

static bool push_piece(struct pieces *pieces, size_t from, size_t to, bool is_first,
                       struct error *err)
{
    if (from == to)
        return true;
    if (pieces->count == pieces->capacity) {
        size_t capacity = size_max(64, pieces->capacity * 2);
        struct piece *larger = memory_resize(pieces->items, capacity * sizeof *larger);
        if (!larger)
            return fail_memory(err, capacity * sizeof *larger, "the pieces of a text");
        pieces->items = larger;
        pieces->capacity = capacity;
    }
    pieces->items[pieces->count++] = (struct piece){ from, to - from, is_first };
    return true;
}

void pretokenizer_release(struct pretokenizer *p)
{
    for (size_t i = 0; i < p->n_steps; i++) {
        expression_free(&p->steps[i]->expression);
        memory_free(p->steps[i]);
    }
    p->n_steps = 0;
}

static struct pretokenizer_step *add_step(struct pretokenizer *p, enum step_kind kind,
                                          struct error *err)
{
    if (p->n_steps == MAX_PRETOKENIZER_STEPS) {
        fail(err, ERROR_UNSUPPORTED, "the pre-tokenizer has more than %d steps",
             MAX_PRETOKENIZER_STEPS);
        return NULL;
    }
    struct pretokenizer_step *step = memory_zeroed(1, sizeof *step);
    if (!step) {
        fail_memory(err, sizeof *step, "a pre-tokenizer");
        return NULL;
    }
    step->kind = kind;
    p->steps[p->n_steps++] = step;
    return step;
}

/* Grouping digits by threes from the right needs a look ahead over the whole run at each digit;
 * these two published spellings are recognised and done in one pass. */
static const char DIGIT_GROUPS[] = "(?=(\\d{3})+(?!\\d))";
static const char BOUNDED_DIGIT_GROUPS[] = "\\d{1,3}(?=(?:\\d{3})*\\b)";

bool pretokenizer_split(struct pretokenizer *p, struct slice pattern, enum split_behavior behavior,
                        bool is_inverted, struct error *err)
{
    bool is_groups = slice_equal(pattern, slice_of(DIGIT_GROUPS));
    bool is_bounded = slice_equal(pattern, slice_of(BOUNDED_DIGIT_GROUPS));
    bool is_built_in = (is_groups || is_bounded) && behavior == SPLIT_ISOLATED && !is_inverted;
    struct pretokenizer_step *step = add_step(p, is_built_in ? STEP_DIGIT_GROUPS : STEP_SPLIT, err);
    if (!step)
        return false;
    step->behavior = behavior;
    step->is_inverted = is_inverted;
    step->is_bounded = is_bounded;
    return is_built_in || expression_compile(&step->expression, pattern, err);
}

bool pretokenizer_split_literal(struct pretokenizer *p, struct slice literal,
                                enum split_behavior behavior, bool is_inverted, struct error *err)
{
    struct text pattern;
    text_init(&pattern, 1 << 20);
    bool ok = true;
    for (size_t i = 0; ok && i < literal.length; i++) {
        unsigned char c = (unsigned char)literal.data[i];
        ok = c < 0x80 ? text_printf(&pattern, "\\x{%x}", c) : text_append_byte(&pattern, (char)c);
    }
    ok = ok ? pretokenizer_split(p, text_slice(&pattern), behavior, is_inverted, err)
            : fail_memory(err, literal.length, "a pre-tokenizer");
    text_release(&pattern);
    return ok;
}

bool pretokenizer_prefix_space(struct pretokenizer *p, struct error *err)
{
    return add_step(p, STEP_PREFIX_SPACE, err) != NULL;
}

bool pretokenizer_byte_level(struct pretokenizer *p, struct error *err)
{
    return add_step(p, STEP_BYTE_LEVEL, err) != NULL;
}

bool pretokenizer_metaspace(struct pretokenizer *p, struct slice replacement,
                            enum prepend_scheme scheme, bool is_split, struct error *err)
{
    struct pretokenizer_step *step = add_step(p, STEP_METASPACE, err);
    if (!step)
        return false;
    if (replacement.length == 0 || replacement.length > sizeof step->replacement)
        return fail(err, ERROR_FORMAT,
                    "Metaspace's replacement has %zu bytes, 1 to %zu are allowed",
                    replacement.length, sizeof step->replacement);
    memcpy(step->replacement, replacement.data, replacement.length);
    step->replacement_length = replacement.length;
    step->scheme = scheme;
    return !is_split ||
           pretokenizer_split_literal(p, replacement, SPLIT_MERGED_WITH_NEXT, false, err);
}

bool pretokenizer_add_named(struct pretokenizer *p, const struct named_pretokenizer *named,
                            struct error *err)
{
    for (size_t i = 0; i < COUNT_OF(named->expressions) && named->expressions[i]; i++)
        if (!pretokenizer_split(p, slice_of(named->expressions[i]), SPLIT_ISOLATED, false, err))
            return false;
    return true;
}

/* Spans of one piece in order, turned into pieces by the behaviour. */
struct spans {
    struct pieces *out;
    enum split_behavior behavior;
    bool is_inverted, is_first;
    bool has_open; /* a piece that may still grow: [from, to) */
    bool open_is_separator;
    size_t from, to;
};

static bool close_span(struct spans *s, struct error *err)
{
    if (!s->has_open)
        return true;
    s->has_open = false;
    bool is_first = s->is_first;
    s->is_first = false;
    return push_piece(s->out, s->from, s->to, is_first, err);
}

/* Whether the new span joins the open one. */
static bool joins(const struct spans *s, bool is_separator)
{
    switch (s->behavior) {
    case SPLIT_MERGED_WITH_PREVIOUS:
        return is_separator && !s->open_is_separator;
    case SPLIT_MERGED_WITH_NEXT:
        return !is_separator && s->open_is_separator;
    case SPLIT_CONTIGUOUS:
        return is_separator == s->open_is_separator;
    default:
        return false;
    }
}

static bool add_span(struct spans *s, size_t from, size_t to, bool is_match, struct error *err)
{
    if (from == to)
        return true;
    bool is_separator = is_match != s->is_inverted;
    if (s->has_open && joins(s, is_separator)) {
        s->to = to;
        s->open_is_separator = is_separator;
        return true;
    }
    if (!close_span(s, err))
        return false;
    if (s->behavior == SPLIT_REMOVED && is_separator) {
        s->is_first = false;
        return true;
    }
    s->has_open = true;
    s->open_is_separator = is_separator;
    s->from = from;
    s->to = to;
    return true;
}

static size_t next_character(struct slice text, size_t i)
{
    do
        i++;
    while (i < text.length && ((uint8_t)text.data[i] & 0xc0) == 0x80);
    return i;
}

static bool split_piece(const struct pretokenizer_step *step, struct slice text, size_t offset,
                        struct spans *spans, struct matcher *matcher, struct error *err)
{
    size_t done = 0;
    for (size_t at = 0; at < text.length;) {
        bool found;
        size_t from, to;
        if (!interruption_check(err) ||
            !matcher_find(matcher, step->expression, text, at, &found, &from, &to, err))
            return false;
        if (!found)
            break;
        if (!add_span(spans, offset + done, offset + from, false, err) ||
            !add_span(spans, offset + from, offset + to, true, err))
            return false;
        done = to;
        if (from == to && from < text.length && !close_span(spans, err)) /* an empty match cuts */
            return false;
        at = from == to ? next_character(text, to) : to;
    }
    return add_span(spans, offset + done, offset + text.length, false, err) &&
           close_span(spans, err);
}

/* The run of decimal digits at `i`: its end and the number of digits. */
static size_t digit_run(struct slice text, size_t i, size_t *n_digits)
{
    *n_digits = 0;
    for (size_t length; i < text.length; i += length, ++*n_digits)
        if (!is_decimal_digit(code_point_at(text, i, &length)))
            break;
    return i;
}

static bool ends_word(struct slice text, size_t i)
{
    size_t length;
    return i == text.length || !is_word_character(code_point_at(text, i, &length));
}

/* Digits in threes from the right: "1234567" becomes "1", "234", "567". */
static bool group_digits(const struct pretokenizer_step *step, struct slice text, size_t offset,
                         struct spans *spans, struct error *err)
{
    size_t done = 0;
    for (size_t i = 0; i < text.length;) {
        size_t n_digits, length;
        size_t end = digit_run(text, i, &n_digits);
        if (n_digits == 0) {
            i = next_character(text, i);
            continue;
        }
        bool is_apart = step->is_bounded && ends_word(text, end);
        for (size_t left = n_digits; left > 0; left--, i += length) {
            bool cuts = left % 3 == 0 && (is_apart || !step->is_bounded);
            if (cuts || (is_apart && left == n_digits)) {
                if (!add_span(spans, offset + done, offset + i, false, err))
                    return false;
                done = i;
            }
            (void)code_point_at(text, i, &length);
        }
        if (is_apart) {
            if (!add_span(spans, offset + done, offset + end, false, err))
                return false;
            done = end;
        }
    }
    return add_span(spans, offset + done, offset + text.length, false, err) &&
           close_span(spans, err);
}

static bool split_all(const struct pretokenizer_step *step, const struct pieces *in,
                      struct pieces *out, struct matcher *matcher, struct error *err)
{
    for (size_t i = 0; i < in->count; i++) {
        const struct piece *piece = &in->items[i];
        struct slice text = { in->text.data + piece->offset, piece->length };
        struct spans spans = { .out = out,
                               .behavior = step->behavior,
                               .is_inverted = step->is_inverted,
                               .is_first = piece->is_first };
        bool ok = step->kind == STEP_SPLIT
                      ? split_piece(step, text, piece->offset, &spans, matcher, err)
                      : group_digits(step, text, piece->offset, &spans, err);
        if (!ok)
            return false;
    }
    return true;
}

static bool begins_with(struct slice text, struct slice prefix)
{
    return text.length >= prefix.length && memcmp(text.data, prefix.data, prefix.length) == 0;
}

static bool append_replacing_spaces(struct text *out, struct slice text, struct slice replacement)
{
    bool ok = true;
    for (size_t i = 0; ok && i < text.length; i++)
        ok = text.data[i] == ' ' ? text_append_slice(out, replacement)
                                 : text_append_byte(out, text.data[i]);
    return ok;
}

/* One piece as a step writes it, behind what `out` holds. */
static bool rewrite(const struct pretokenizer_step *step, struct slice text, bool is_first,
                    struct text *out)
{
    struct slice space = slice_of(" ");
    struct slice mark = { step->replacement, step->replacement_length };
    switch (step->kind) {
    case STEP_BYTE_LEVEL:
        return byte_level_append(out, text);
    case STEP_PREFIX_SPACE:
        return (begins_with(text, space) || text_append_slice(out, space)) &&
               text_append_slice(out, text);
    default: {
        bool is_marked = begins_with(text, mark) || begins_with(text, space);
        bool prepends = !is_marked && (step->scheme == PREPEND_ALWAYS ||
                                       (step->scheme == PREPEND_FIRST && is_first));
        return (!prepends || text_append_slice(out, mark)) &&
               append_replacing_spaces(out, text, mark);
    }
    }
}

static bool rewrite_all(const struct pretokenizer_step *step, const struct pieces *in,
                        struct pieces *out, struct error *err)
{
    out->text.limit = SIZE_MAX / 2;
    text_clear(&out->text);
    for (size_t i = 0; i < in->count; i++) {
        const struct piece *piece = &in->items[i];
        struct slice text = { in->text.data + piece->offset, piece->length };
        size_t from = out->text.length;
        if (!rewrite(step, text, piece->is_first, &out->text))
            return fail_memory(err, in->text.length * 2, "the pieces of a text");
        if (!push_piece(out, from, out->text.length, piece->is_first, err))
            return false;
    }
    return true;
}

static void swap(struct pieces *a, struct pieces *b)
{
    struct pieces kept = *a;
    *a = *b;
    *b = kept;
}

bool pretokenizer_run(const struct pretokenizer *p, struct slice text, bool is_first,
                      struct pieces *out, struct pieces *spare, struct matcher *matcher,
                      struct error *err)
{
    out->count = 0;
    out->text.limit = SIZE_MAX / 2;
    text_clear(&out->text);
    if (!text_append_slice(&out->text, text))
        return fail_memory(err, text.length, "the pieces of a text");
    if (!push_piece(out, 0, text.length, is_first, err))
        return false;
    for (size_t i = 0; i < p->n_steps; i++) {
        const struct pretokenizer_step *step = p->steps[i];
        spare->count = 0;
        bool is_split = step->kind == STEP_SPLIT || step->kind == STEP_DIGIT_GROUPS;
        bool ok = is_split ? split_all(step, out, spare, matcher, err)
                           : rewrite_all(step, out, spare, err);
        if (!ok)
            return false;
        if (is_split) { /* the text stays: only the cuts change hands */
            struct text kept = out->text;
            out->text = spare->text;
            spare->text = kept;
        }
        swap(out, spare);
    }
    return true;
}

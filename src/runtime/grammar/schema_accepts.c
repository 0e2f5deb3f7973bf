/* schema_accepts.c: one value against one schema, directly: for the values that enum and const
 * list. */
#include "runtime/grammar/pattern.h"
#include "runtime/grammar/regular.h"
#include "runtime/grammar/schema_shape.h"

#include <math.h>

enum { MAX_DEPTH = 100 };

struct judge {
    const struct schema_document *document;
    size_t depth;
    struct error *err;
};

static bool accepts(struct judge *j, const struct json *schema, const struct json *value,
                    bool *yes);

static bool are_equal(const struct json *a, const struct json *b)
{
    if (json_is_numeric(a) && json_is_numeric(b))
        return json_number(a, 0) == json_number(b, 1);
    if (json_kind(a) != json_kind(b) || json_size(a) != json_size(b))
        return false;
    if (json_kind(a) == JSON_KIND_BOOL)
        return json_flag(a, false) == json_flag(b, false);
    if (json_kind(a) == JSON_KIND_STRING)
        return slice_equal(json_text(a), json_text(b));
    for (size_t i = 0; json_kind(a) == JSON_KIND_ARRAY && i < json_size(a); i++)
        if (!are_equal(json_at(a, i), json_at(b, i)))
            return false;
    for (const struct json_member *m = json_first(a); m; m = json_next(a, m)) {
        const struct json *other = json_member(b, json_member_key(m));
        if (!other || !are_equal(json_member_value(m), other))
            return false;
    }
    return true;
}

static bool is_of_type(const struct json *value, struct slice type)
{
    double x = json_number(value, 0.5);
    switch (json_kind(value)) {
    case JSON_KIND_NULL:
        return slice_equal(type, slice_of("null"));
    case JSON_KIND_BOOL:
        return slice_equal(type, slice_of("boolean"));
    case JSON_KIND_INTEGER:
    case JSON_KIND_LONG_INTEGER:
    case JSON_KIND_REAL:
        return slice_equal(type, slice_of("number")) ||
               (slice_equal(type, slice_of("integer")) && x == floor(x));
    case JSON_KIND_STRING:
        return slice_equal(type, slice_of("string"));
    case JSON_KIND_ARRAY:
        return slice_equal(type, slice_of("array"));
    case JSON_KIND_OBJECT:
        return slice_equal(type, slice_of("object"));
    default:
        return false;
    }
}

static bool type_fits(const struct json *schema, const struct json *value)
{
    const struct json *type = json_get(schema, "type");
    if (json_kind(type) == JSON_KIND_STRING)
        return is_of_type(value, json_text(type));
    for (size_t i = 0; i < json_size(type); i++)
        if (is_of_type(value, json_text(json_at(type, i))))
            return true;
    return !type;
}

/* The values of a long list are judged one after the other, mostly by their own list: looking for
 * the node itself first is 20 times as fast as comparing texts. */
static bool listed_fits(const struct json *schema, const struct json *value)
{
    const struct json *choices = json_get(schema, "enum"), *only = json_get(schema, "const");
    bool is_listed = !choices;
    for (size_t i = 0; !is_listed && i < json_size(choices); i++)
        is_listed = json_at(choices, i) == value;
    for (size_t i = 0; !is_listed && i < json_size(choices); i++)
        is_listed = are_equal(json_at(choices, i), value);
    return is_listed && (!only || are_equal(only, value));
}

/* Doubles cannot tell the remainders of large integers. */
static bool is_multiple(const struct json *value, double step)
{
    double x = json_number(value, 0), quotient = step > 0 ? x / step : 0;
    if (json_kind(value) == JSON_KIND_INTEGER && step >= 1 && step < 0x1p62 && step == trunc(step))
        return json_int(value, 0) % (int64_t)step == 0;
    return fabs(quotient - round(quotient)) < 1e-9 * fmax(1, fabs(quotient));
}

static bool number_fits(const struct json *schema, const struct json *value)
{
    double x = json_number(value, 0);
    return !(x < json_number(json_get(schema, "minimum"), x)) &&
           !(x > json_number(json_get(schema, "maximum"), x)) &&
           x > json_number(json_get(schema, "exclusiveMinimum"), x - fabs(x) - 1) &&
           x < json_number(json_get(schema, "exclusiveMaximum"), x + fabs(x) + 1) &&
           is_multiple(value, json_number(json_get(schema, "multipleOf"), 0));
}

static bool count_fits(const struct json *schema, const char *least, const char *most, size_t n)
{
    return !((double)n < json_number(json_get(schema, least), 0)) &&
           !((double)n > json_number(json_get(schema, most), (double)n));
}

static size_t count_characters(struct slice s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.length; i++)
        count += ((uint8_t)s.data[i] & 0xC0) != 0x80;
    return count;
}

bool pattern_matches(struct slice pattern, struct slice text, bool *matches, struct error *err)
{
    struct grammar *g = grammar_new();
    struct regular *r = NULL;
    grammar_expr e = GRAMMAR_NONE;
    bool ok =
        g ? pattern_expr(g, pattern, grammar_class, &e, err) : fail_memory(err, 0, "a pattern");
    if (ok) {
        grammar_rule root = grammar_declare(g, slice_of("pattern"));
        grammar_define(g, root, e);
        ok = grammar_finish(g, root, err) && regular_from(&r, g, err);
    }
    if (ok)
        *matches = regular_has(r, text);
    regular_close(&r);
    grammar_close(&g);
    return ok;
}

static bool string_fits(struct judge *j, const struct json *schema, const struct json *value,
                        bool *yes)
{
    const struct json *pattern = json_get(schema, "pattern");
    *yes = count_fits(schema, "minLength", "maxLength", count_characters(json_text(value)));
    return !*yes || !pattern || pattern_matches(json_text(pattern), json_text(value), yes, j->err);
}

static bool array_fits(struct judge *j, const struct json *schema, const struct json *value,
                       bool *yes)
{
    const struct json *items = json_get(schema, "items"), *prefix = json_get(schema, "prefixItems");
    const struct json *rest = items;
    if (json_kind(items) == JSON_KIND_ARRAY) {
        prefix = items;
        rest = json_get(schema, "additionalItems");
    }
    *yes = count_fits(schema, "minItems", "maxItems", json_size(value));
    for (size_t i = 0; *yes && i < json_size(value); i++) {
        const struct json *own = i < json_size(prefix) ? json_at(prefix, i) : rest;
        if (own && !accepts(j, own, json_at(value, i), yes))
            return false;
    }
    for (size_t i = 0;
         *yes && json_flag(json_get(schema, "uniqueItems"), false) && i < json_size(value); i++)
        for (size_t k = 0; k < i; k++)
            *yes = *yes && !are_equal(json_at(value, i), json_at(value, k));
    return true;
}

/* A member against the patternProperties that its name matches; *found: there is one. */
static bool patterns_fit(struct judge *j, const struct json *schema, const struct json_member *of,
                         bool *found, bool *yes)
{
    const struct json *patterns = json_get(schema, "patternProperties");
    for (const struct json_member *m = json_first(patterns); *yes && m;
         m = json_next(patterns, m)) {
        bool matches;
        if (!pattern_matches(json_member_key(m), json_member_key(of), &matches, j->err))
            return false;
        *found |= matches;
        if (matches && !accepts(j, json_member_value(m), json_member_value(of), yes))
            return false;
    }
    return true;
}

static bool object_fits(struct judge *j, const struct json *schema, const struct json *value,
                        bool *yes)
{
    const struct json *required = json_get(schema, "required");
    const struct json *properties = json_get(schema, "properties");
    *yes = count_fits(schema, "minProperties", "maxProperties", json_size(value));
    for (size_t i = 0; i < json_size(required); i++)
        *yes = *yes && json_member(value, json_text(json_at(required, i)));
    for (const struct json_member *m = json_first(value); *yes && m; m = json_next(value, m)) {
        const struct json *own = json_member(properties, json_member_key(m));
        bool found = own != NULL;
        if ((own && !accepts(j, own, json_member_value(m), yes)) ||
            (*yes && !patterns_fit(j, schema, m, &found, yes)))
            return false;
        const struct json *additional = json_get(schema, "additionalProperties");
        if (*yes && !found && additional && !accepts(j, additional, json_member_value(m), yes))
            return false;
    }
    return true;
}

/* How many of a list accept. */
static bool count_accepting(struct judge *j, const struct json *list, const struct json *value,
                            size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < json_size(list); i++) {
        bool yes;
        if (!accepts(j, json_at(list, i), value, &yes))
            return false;
        *count += yes;
    }
    return true;
}

static bool connectives_fit(struct judge *j, const struct json *schema, const struct json *value,
                            bool *yes)
{
    const struct json *all = json_get(schema, "allOf"), *any = json_get(schema, "anyOf");
    const struct json *one = json_get(schema, "oneOf"), *denied = json_get(schema, "not");
    const struct json *condition = json_get(schema, "if");
    size_t n_all, n_any, n_one;
    bool is_denied = false, holds = true;
    if (!count_accepting(j, all, value, &n_all) || !count_accepting(j, any, value, &n_any) ||
        !count_accepting(j, one, value, &n_one) ||
        (denied && !accepts(j, denied, value, &is_denied)))
        return false;
    *yes = n_all == json_size(all) && (!any || n_any > 0) && (!one || n_one == 1) && !is_denied;
    if (!condition || !*yes)
        return true;
    if (!accepts(j, condition, value, &holds))
        return false;
    const struct json *outcome = json_get(schema, holds ? "then" : "else");
    return !outcome || accepts(j, outcome, value, yes);
}

static bool kind_fits(struct judge *j, const struct json *schema, const struct json *value,
                      bool *yes)
{
    *yes = true;
    switch (json_kind(value)) {
    case JSON_KIND_INTEGER:
    case JSON_KIND_LONG_INTEGER:
    case JSON_KIND_REAL:
        *yes = number_fits(schema, value);
        return true;
    case JSON_KIND_STRING:
        return string_fits(j, schema, value, yes);
    case JSON_KIND_ARRAY:
        return array_fits(j, schema, value, yes);
    case JSON_KIND_OBJECT:
        return object_fits(j, schema, value, yes);
    default:
        return true;
    }
}

static bool object_accepts(struct judge *j, const struct json *schema, const struct json *value,
                           bool *yes)
{
    *yes = true;
    if (json_kind(json_get(schema, "$ref")) == JSON_KIND_STRING) {
        const struct json *target;
        if (!schema_document_follow(j->document, schema, &target, j->err) ||
            !accepts(j, target, value, yes))
            return false;
        if (!*yes || j->document->ignores_beside_ref)
            return true;
    }
    *yes = type_fits(schema, value) && listed_fits(schema, value);
    if (*yes && !kind_fits(j, schema, value, yes))
        return false;
    return !*yes || connectives_fit(j, schema, value, yes);
}

static bool accepts(struct judge *j, const struct json *schema, const struct json *value, bool *yes)
{
    if (json_kind(schema) == JSON_KIND_BOOL) {
        *yes = json_flag(schema, false);
        return true;
    }
    if (++j->depth > MAX_DEPTH)
        return fail(j->err, ERROR_UNSUPPORTED, "%s: schemas refer to each other too deeply",
                    schema_document_path(j->document, schema));
    bool ok = object_accepts(j, schema, value, yes);
    j->depth--;
    return ok;
}

bool schema_accepts(const struct schema_document *d, const struct json *schema,
                    const struct json *value, bool *yes, struct error *err)
{
    struct judge j = { .document = d, .err = err };
    return accepts(&j, schema, value, yes);
}

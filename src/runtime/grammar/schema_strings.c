#include "base/text.h"
#include "runtime/grammar/json_text.h"
#include "runtime/grammar/pattern.h"
#include "runtime/grammar/schema_writer.h"
#include "runtime/grammar/string_format.h"

/* All texts of so many characters, allowed or not. */
static grammar_expr any_text(const struct string_spelling *s, struct grammar *g, uint32_t at_least,
                             uint32_t at_most)
{
    return grammar_repeat(g, s->character(g, NULL, 0, true), at_least, at_most);
}

bool allowed_texts(struct writer *w, const struct string_spelling *s, struct regular **r)
{
    const struct regular *json;
    if (s->allowed)
        return regular_copy(r, s->allowed, w->err);
    if (s->character == json_character)
        return string_cache_json(w->strings, &json, w->err) && regular_copy(r, json, w->err);
    struct grammar *own = grammar_new();
    bool ok = own ? automaton(w, own, any_text(s, own, 0, UINT32_MAX), r) : out_of_memory(w);
    grammar_close(&own);
    return ok;
}

static bool restrict_pattern(struct writer *w, const struct link *l, struct regular **r)
{
    const struct string_spelling *spelling = &w->spelling->strings;
    struct grammar *own = grammar_new();
    grammar_expr e;
    if (!own)
        return out_of_memory(w);
    if (!pattern_expr(own, json_text(l->node), spelling->character, &e, w->err)) {
        grammar_close(&own);
        return fail_while(w->err, "%s", schema_document_path(&w->document, l->node));
    }
    return refine(w, r, own, e, l->is_denied) ||
           fail_while(w->err, "%s", schema_document_path(&w->document, l->node));
}

static bool restrict_format(struct writer *w, const struct link *l, struct regular **r)
{
    struct grammar *own = grammar_new();
    const char *pattern = string_format_pattern(json_text(l->node));
    grammar_expr e;
    if (!own)
        return out_of_memory(w);
    if (!pattern) {
        grammar_close(&own);
        return fail(w->err, ERROR_UNSUPPORTED, "%s: the format '%s' cannot be enforced",
                    schema_document_path(&w->document, l->node), printable(json_text(l->node)));
    }
    if (!pattern_expr(own, slice_of(pattern), w->spelling->strings.character, &e, w->err)) {
        grammar_close(&own);
        return false;
    }
    return refine(w, r, own, e, false);
}

static bool exclude_strings(struct writer *w, const struct shape *s, struct regular **r)
{
    for (const struct link *l = s->exclusions; l; l = l->next)
        for (size_t i = 0; i < count_listed(l); i++) {
            const struct json *value = listed(l, i);
            if (json_kind(value) != JSON_KIND_STRING)
                continue;
            struct grammar *own = grammar_new();
            struct text spelled;
            text_init(&spelled, SIZE_MAX);
            bool ok = own && w->spelling->strings.spell(&spelled, json_text(value))
                          ? refine(w, r, own, grammar_bytes(own, text_slice(&spelled)), true)
                          : out_of_memory(w);
            text_release(&spelled);
            if (!ok)
                return false;
        }
    return true;
}

static bool computed_body(struct writer *w, const struct shape *s, grammar_expr *out)
{
    const struct string_spelling *spelling = &w->spelling->strings;
    struct regular *r = NULL;
    bool ok = allowed_texts(w, spelling, &r);
    for (const struct link *l = s->patterns; ok && l; l = l->next)
        ok = restrict_pattern(w, l, &r);
    for (const struct link *l = s->formats; ok && l; l = l->next)
        ok = restrict_format(w, l, &r);
    ok = ok && exclude_strings(w, s, &r);
    if (ok && (s->min_length > 0 || s->max_length < UINT32_MAX)) {
        struct grammar *lengths = grammar_new();
        ok = lengths ? refine(w, &r, lengths,
                              any_text(spelling, lengths, s->min_length, s->max_length), false)
                     : out_of_memory(w);
    }
    if (ok)
        *out = regular_expr(w->g, r);
    regular_close(&r);
    return ok;
}

static bool write_links(struct text *key, const struct link *l)
{
    bool ok = true;
    for (; ok && l; l = l->next) {
        struct slice text = json_text(l->node);
        ok = text_append(key, &l->is_denied, sizeof l->is_denied) &&
             text_append(key, &text.length, sizeof text.length) && text_append_slice(key, text);
    }
    return ok && text_append_byte(key, ';');
}

/* All that the language depends on. */
static bool write_string_key(struct text *key, const struct value_spelling *spelling,
                             const struct shape *s)
{
    return text_append(key, &spelling, sizeof spelling) &&
           text_append(key, &s->min_length, sizeof s->min_length) &&
           text_append(key, &s->max_length, sizeof s->max_length) &&
           write_links(key, s->patterns) && write_links(key, s->formats);
}

static bool known_body(struct writer *w, const struct shape *s, grammar_expr *out)
{
    struct text key;
    text_init(&key, SIZE_MAX);
    bool ok = write_string_key(&key, w->spelling, s) || out_of_memory(w);
    if (ok && !string_cache_get(w->strings, text_slice(&key), out))
        ok = computed_body(w, s, out) &&
             string_cache_put(w->strings, text_slice(&key), *out, w->err);
    text_release(&key);
    return ok;
}

/* What stands between the quotes. Lengths alone are counted; with patterns they are computed. */
static bool string_body(struct writer *w, const struct shape *s, grammar_expr *out)
{
    if (s->exclusions)
        return computed_body(w, s, out);
    if (s->patterns || s->formats)
        return known_body(w, s, out);
    return string_spelling_counted(w->g, &w->spelling->strings, s->min_length, s->max_length, out,
                                   w->err);
}

bool schema_strings(struct writer *w, const struct shape *s, grammar_expr *out)
{
    grammar_expr body, quote = grammar_bytes(w->g, w->spelling->strings.quote);
    if (s->min_length > s->max_length) {
        *out = nothing(w);
        return true;
    }
    if (!string_body(w, s, &body))
        return false;
    *out = sequence3(w, quote, body, quote);
    return true;
}

#include "dialogue/answer_key.h"

/* A member more belongs into the key, and changes these (where pointers have 8 bytes). */
static_assert(sizeof(struct answer_form) == 88, "answer_key_write names them all");
static_assert(sizeof(struct dialect) == 296, "add_dialect names them all");

/* With its length in front, so that no text can pass for two others. */
static bool add_text(struct text *out, struct slice text)
{
    return text_append(out, &text.length, sizeof text.length) && text_append_slice(out, text);
}

static bool add_optional(struct text *out, struct slice text)
{
    return text_append_byte(out, text.data ? '+' : '-') && add_text(out, text);
}

static bool add_json(struct text *out, const struct json *value);

static bool add_elements(struct text *out, const struct json *array)
{
    bool ok = text_printf(out, "a%zu:", json_size(array));
    for (size_t i = 0; ok && i < json_size(array); i++)
        ok = add_json(out, json_at(array, i));
    return ok;
}

static bool add_members(struct text *out, const struct json *object)
{
    bool ok = text_printf(out, "o%zu:", json_size(object));
    for (const struct json_member *m = json_first(object); ok && m; m = json_next(object, m))
        ok = add_text(out, json_member_key(m)) && add_json(out, json_member_value(m));
    return ok;
}

/* As JSON, 1.0 could not be told from 1. Deep nesting was refused when the document was opened. */
static bool add_json(struct text *out, const struct json *value)
{
    switch (json_kind(value)) {
    case JSON_KIND_NONE:
        return text_append_byte(out, '-');
    case JSON_KIND_NULL:
        return text_append_byte(out, 'n');
    case JSON_KIND_BOOL:
        return text_append_byte(out, json_flag(value, false) ? 't' : 'f');
    case JSON_KIND_INTEGER:
        return text_printf(out, "i%" PRId64 ";", json_int(value, 0));
    case JSON_KIND_LONG_INTEGER:
        return text_append_byte(out, 'l') && add_text(out, json_digits(value));
    case JSON_KIND_REAL:
        return text_printf(out, "r%.17g;", json_number(value, 0));
    case JSON_KIND_STRING:
        return text_append_byte(out, 's') && add_text(out, json_text(value));
    case JSON_KIND_ARRAY:
        return add_elements(out, value);
    case JSON_KIND_OBJECT:
        return add_members(out, value);
    }
    return false;
}

static bool add_calls(struct text *out, const struct call_syntax *calls)
{
    const struct slice texts[] = {
        calls->trigger,  calls->section_open, calls->section_close, calls->between,
        calls->open,     calls->name_again,   calls->name_end,      calls->close,
        calls->arg_open, calls->arg_name_end, calls->arg_close,     calls->arg_between,
        calls->quote,
    };
    bool ok = text_printf(out, "%d%d%d%d", calls->arguments, calls->is_only_first, calls->is_last,
                          calls->is_single);
    for (size_t i = 0; ok && i < COUNT_OF(texts); i++)
        ok = add_text(out, texts[i]);
    return ok;
}

static bool add_dialect(struct text *out, const struct dialect *d)
{
    return add_text(out, slice_of(d->family ? d->family : "")) && add_text(out, d->think_open) &&
           add_text(out, d->think_close) && add_text(out, d->content_open) &&
           add_text(out, d->content_close) && add_calls(out, &d->calls);
}

bool answer_key_write(struct text *out, const struct answer_form *form)
{
    return text_printf(out, "%d%d%d%d", form->choice, form->is_parallel, form->may_think,
                       form->is_thinking) &&
           add_dialect(out, form->dialect) && add_optional(out, form->tool) &&
           add_optional(out, form->format) && add_optional(out, form->grammar) &&
           add_json(out, form->tools);
}

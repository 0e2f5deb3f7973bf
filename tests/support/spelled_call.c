#include "spelled_call.h"

#include <stdlib.h>

static void put(struct text *out, struct slice text)
{
    if (!text_append_slice(out, text))
        abort();
}

static void put_string(struct text *out, const char *text)
{
    put(out, slice_of(text));
}

static void put_json(struct text *out, const struct json *value)
{
    if (!json_write(out, value))
        abort();
}

static void put_value(struct text *out, const struct call_syntax *s, const struct json *value);

static void put_list(struct text *out, const struct call_syntax *s, const struct json *list)
{
    put_string(out, "[");
    for (size_t i = 0; i < json_size(list); i++) {
        put_string(out, i ? ", " : "");
        put_value(out, s, json_at(list, i));
    }
    put_string(out, "]");
}

static void put_object(struct text *out, const struct call_syntax *s, const struct json *object)
{
    bool is_quoted = s->arguments == ARGUMENTS_PYTHON, is_first = true;
    put_string(out, "{");
    for (const struct json_member *m = json_first(object); m; m = json_next(object, m)) {
        put_string(out, is_first ? "" : is_quoted ? ", " : ",");
        if (is_quoted && !json_write_string(out, json_member_key(m)))
            abort();
        if (!is_quoted)
            put(out, json_member_key(m));
        put_string(out, is_quoted ? ": " : ":");
        put_value(out, s, json_member_value(m));
        is_first = false;
    }
    put_string(out, "}");
}

static void put_word(struct text *out, const struct json *value)
{
    enum json_kind kind = json_kind(value);
    if (kind == JSON_KIND_NULL)
        put_string(out, "None");
    else if (kind == JSON_KIND_BOOL)
        put_string(out, json_flag(value, false) ? "True" : "False");
    else
        put_json(out, value);
}

static void put_value(struct text *out, const struct call_syntax *s, const struct json *value)
{
    enum json_kind kind = json_kind(value);
    bool is_raw = s->arguments == ARGUMENTS_RAW, is_quoted = s->arguments == ARGUMENTS_QUOTED;
    if (kind == JSON_KIND_STRING && is_raw) {
        put(out, json_text(value));
    } else if (kind == JSON_KIND_STRING && is_quoted) {
        put(out, s->quote);
        put(out, json_text(value));
        put(out, s->quote);
    } else if (kind == JSON_KIND_ARRAY && !is_raw) {
        put_list(out, s, value);
    } else if (kind == JSON_KIND_OBJECT && !is_raw) {
        put_object(out, s, value);
    } else if (s->arguments == ARGUMENTS_PYTHON) {
        put_word(out, value);
    } else {
        put_json(out, value);
    }
}

static void put_arguments(struct text *out, const struct call_syntax *s, const struct json *values)
{
    bool is_first = true;
    if (s->arguments == ARGUMENTS_JSON) {
        put_json(out, values);
        return;
    }
    for (const struct json_member *m = json_first(values); m; m = json_next(values, m)) {
        put(out, is_first ? slice_of("") : s->arg_between);
        put(out, s->arg_open);
        put(out, json_member_key(m));
        put(out, s->arg_name_end);
        put_value(out, s, json_member_value(m));
        put(out, s->arg_close);
        is_first = false;
    }
}

void spell_calls(struct text *out, const struct dialect *dialect, const struct json *calls)
{
    const struct call_syntax *s = &dialect->calls;
    put(out, s->section_open);
    for (size_t i = 0; i < json_size(calls); i++) {
        struct slice name = json_text(json_get(json_at(calls, i), "name"));
        put(out, i ? s->between : slice_of(""));
        put(out, s->open);
        put(out, name);
        if (s->name_again.length) {
            put(out, s->name_again);
            put(out, name);
        }
        put(out, s->name_end);
        put_arguments(out, s, json_get(json_at(calls, i), "arguments"));
        put(out, s->close);
    }
    put(out, s->section_close);
}

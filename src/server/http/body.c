#include "server/http/body.h"

#include "base/text.h"
#include "base/utf8.h"

/* ---- the document ---- */

static bool is_hexadecimal(const char *p, size_t left, unsigned *unit)
{
    *unit = 0;
    for (size_t i = 0; i < 4; i++) {
        if (i == left)
            return false;
        unsigned c = (unsigned char)p[i], low = c | 0x20;
        bool is_letter = low >= 'a' && low <= 'f';
        if (!is_letter && (c < '0' || c > '9'))
            return false;
        *unit = *unit * 16 + (is_letter ? low - 'a' + 10u : c - '0');
    }
    return true;
}

/* The length of the escape at `p`; 0: half of a surrogate pair, which is no character. */
static size_t escape_length(const char *p, size_t left)
{
    unsigned high, low;
    if (left < 2 || p[1] != 'u')
        return size_min(2, left);
    if (!is_hexadecimal(p + 2, left - 2, &high))
        return 2;
    if (high < 0xd800 || high > 0xdfff)
        return 6;
    bool is_pair = high < 0xdc00 && left >= 12 && p[6] == '\\' && p[7] == 'u' &&
                   is_hexadecimal(p + 8, left - 8, &low) && low >= 0xdc00 && low <= 0xdfff;
    return is_pair ? 12 : 0;
}

/* The same document with U+FFFD where a string has bytes or escapes that are no character. */
static bool repair(struct text *out, struct slice bytes)
{
    bool ok = true;
    for (size_t i = 0; ok && i < bytes.length;) {
        const char *p = bytes.data + i;
        size_t left = bytes.length - i, broken = *p == '\\' ? 6 : 1;
        size_t n = *p == '\\' ? escape_length(p, left) : utf8_length((const uint8_t *)p, left);
        ok = n > 0 ? text_append(out, p, n) : text_append_string(out, "\xef\xbf\xbd");
        i += n > 0 ? n : broken;
    }
    return ok;
}

static bool is_blank(struct slice bytes)
{
    for (size_t i = 0; i < bytes.length; i++)
        if (!memchr(" \t\r\n", bytes.data[i], 4))
            return false;
    return true;
}

static bool open_document(const struct json **out, struct slice bytes, struct error *err)
{
    struct text repaired;
    struct error unused;
    if (json_open_loosely(out, bytes.data, bytes.length, "request body", err))
        return true;
    text_init(&repaired, bytes.length * 3 + 1);
    bool ok = repair(&repaired, bytes) &&
              json_open_loosely(out, repaired.data, repaired.length, "request body", &unused);
    text_release(&repaired);
    if (!ok)
        err->code = ERROR_USAGE;
    return ok;
}

/* As Go names them in its messages. */
static const char *kind_name(const struct json *value)
{
    switch (json_kind(value)) {
    case JSON_KIND_NONE:
    case JSON_KIND_NULL:
        return "null";
    case JSON_KIND_BOOL:
        return "bool";
    case JSON_KIND_STRING:
        return "string";
    case JSON_KIND_ARRAY:
        return "array";
    case JSON_KIND_OBJECT:
        return "object";
    default:
        return "number";
    }
}

bool body_open(const struct json **out, struct slice bytes, struct error *err)
{
    struct error own;
    *out = NULL;
    err = err ? err : &own;
    if (is_blank(bytes))
        return fail(err, ERROR_USAGE, "missing request body");
    if (!open_document(out, bytes, err))
        return false;
    enum json_kind kind = json_kind(*out);
    if (kind == JSON_KIND_OBJECT || kind == JSON_KIND_NULL)
        return true;
    (void)fail(err, ERROR_USAGE, "json: cannot unmarshal %s into a request, which is an object",
               kind_name(*out));
    json_close(out);
    return false;
}

/* ---- fields ---- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

static bool is_name(struct slice key, const char *name)
{
    size_t length = strlen(name);
    bool is_same = key.length == length;
    for (size_t i = 0; is_same && i < length; i++)
        is_same = lower(key.data[i]) == lower(name[i]);
    return is_same;
}

const struct json *body_field(const struct json *object, const char *name)
{
    const struct json *found = NULL;
    if (json_kind(object) != JSON_KIND_OBJECT)
        return NULL;
    for (const struct json_member *m = json_first(object); m; m = json_next(object, m))
        if (is_name(json_member_key(m), name))
            found = json_member_value(m);
    return json_kind(found) == JSON_KIND_NULL ? NULL : found;
}

static bool fail_kind(const char *name, const struct json *value, const char *wanted,
                      struct error *err)
{
    return fail(err, ERROR_USAGE, "json: cannot unmarshal %s into field %s of type %s",
                kind_name(value), name, wanted);
}

bool body_text(const struct json *object, const char *name, struct slice *out, struct error *err)
{
    const struct json *value = body_field(object, name);
    if (!value)
        return true;
    if (json_kind(value) != JSON_KIND_STRING)
        return fail_kind(name, value, "string", err);
    *out = json_text(value);
    return true;
}

bool body_flag(const struct json *object, const char *name, bool *out, struct error *err)
{
    const struct json *value = body_field(object, name);
    if (!value)
        return true;
    if (json_kind(value) != JSON_KIND_BOOL)
        return fail_kind(name, value, "bool", err);
    *out = json_flag(value, false);
    return true;
}

/* Whole numbers are 3 and 3.0; what a real cannot tell from its neighbours is out of any range. */
static bool is_far(const struct json *value)
{
    double real = json_number(value, 0);
    return json_kind(value) != JSON_KIND_INTEGER && (real > 0x1p53 || real < -0x1p53);
}

static bool is_whole(const struct json *value)
{
    return json_int(value, 0) == json_int(value, 1);
}

bool body_whole(const struct json *object, const char *name, int64_t least, int64_t most,
                int64_t *out, struct error *err)
{
    const struct json *value = body_field(object, name);
    if (!value)
        return true;
    if (!is_far(value) && !is_whole(value))
        return fail_kind(name, value, "int", err);
    if (is_far(value) || json_int(value, 0) < least || json_int(value, 0) > most)
        return fail(err, ERROR_USAGE, "%s must be between %" PRId64 " and %" PRId64, name, least,
                    most);
    *out = json_int(value, 0);
    return true;
}

bool body_real(const struct json *object, const char *name, double least, double most, double *out,
               struct error *err)
{
    const struct json *value = body_field(object, name);
    if (!value)
        return true;
    if (!json_is_numeric(value))
        return fail_kind(name, value, "float64", err);
    double real = json_number(value, 0);
    if (!(real >= least && real <= most))
        return fail(err, ERROR_USAGE, "%s must be between %g and %g", name, least, most);
    *out = real;
    return true;
}

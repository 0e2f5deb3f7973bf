#include "server/ollama/go_json.h"

#include "base/utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { NS_PER_SECOND = 1000000000 };

struct go_json go_json_init(struct text *out)
{
    return (struct go_json){ out, true };
}

static void put(struct go_json *w, const char *bytes, size_t length)
{
    w->ok = w->ok && text_append(w->out, bytes, length);
}

static void put_string(struct go_json *w, const char *string)
{
    put(w, string, strlen(string));
}

/* ---- texts ---- */

/* The escape of a byte that JSON or HTML gives a meaning; NULL: it has none. */
static const char *escape_of(unsigned char c, char *buffer)
{
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\b':
        return "\\b";
    case '\f':
        return "\\f";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        if (c >= 0x20 && c != '<' && c != '>' && c != '&')
            return NULL;
        snprintf(buffer, 8, "\\u%04x", c);
        return buffer;
    }
}

/* One character; returns its length in bytes. */
static size_t put_character(struct go_json *w, const char *p, size_t left)
{
    char buffer[8];
    size_t n = utf8_length((const uint8_t *)p, left);
    if (n == 0)
        put_string(w, "\\ufffd");
    else if (n == 3 && (memcmp(p, "\xe2\x80\xa8", 3) == 0 || memcmp(p, "\xe2\x80\xa9", 3) == 0))
        put_string(w, p[2] == '\xa8' ? "\\u2028" : "\\u2029");
    else if (n == 1 && escape_of((unsigned char)*p, buffer))
        put_string(w, escape_of((unsigned char)*p, buffer));
    else
        put(w, p, n);
    return size_max(n, 1);
}

static bool is_plain(char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}

static void put_text(struct go_json *w, struct slice text)
{
    put(w, "\"", 1);
    for (size_t i = 0; w->ok && i < text.length;) {
        size_t plain = i;
        while (plain < text.length && is_plain(text.data[plain]))
            plain++;
        put(w, text.data + i, plain - i);
        i = plain;
        if (i < text.length)
            i += put_character(w, text.data + i, text.length - i);
    }
    put(w, "\"", 1);
}

/* The comma and the name that come before a value. What was written last tells whether it is the
 * first: a text ends in a quotation mark, whatever it holds. */
static void begin_value(struct go_json *w, const char *name)
{
    char last = w->out->length > 0 ? w->out->data[w->out->length - 1] : '\n';
    if (!strchr("{[\n", last))
        put(w, ",", 1);
    if (!name)
        return;
    put_text(w, slice_of(name));
    put(w, ":", 1);
}

void go_json_open(struct go_json *w, const char *name, char bracket)
{
    begin_value(w, name);
    put(w, &bracket, 1);
}

void go_json_close(struct go_json *w, char bracket)
{
    put(w, &bracket, 1);
}

void go_json_text(struct go_json *w, const char *name, struct slice value)
{
    begin_value(w, name);
    put_text(w, value);
}

void go_json_string(struct go_json *w, const char *name, const char *value)
{
    go_json_text(w, name, slice_of(value));
}

void go_json_text_if_any(struct go_json *w, const char *name, struct slice value)
{
    if (value.length > 0)
        go_json_text(w, name, value);
}

/* ---- other values ---- */

void go_json_flag(struct go_json *w, const char *name, bool value)
{
    begin_value(w, name);
    put_string(w, value ? "true" : "false");
}

void go_json_null(struct go_json *w, const char *name)
{
    begin_value(w, name);
    put_string(w, "null");
}

void go_json_raw(struct go_json *w, const char *name, struct slice json)
{
    begin_value(w, name);
    put(w, json.data, json.length);
}

void go_json_whole(struct go_json *w, const char *name, int64_t value)
{
    begin_value(w, name);
    w->ok = w->ok && text_printf(w->out, "%" PRId64, value);
}

void go_json_whole_if_any(struct go_json *w, const char *name, int64_t value)
{
    if (value != 0)
        go_json_whole(w, name, value);
}

/* The fewest digits that give the number back, as "d.ddde-dd". */
static void shortest(char *out, size_t size, double value, bool is_float)
{
    int most = is_float ? 9 : 17;
    for (int n_digits = 1; n_digits <= most; n_digits++) {
        snprintf(out, size, "%.*e", n_digits - 1, value);
        if (is_float ? strtof(out, NULL) == (float)value : strtod(out, NULL) == value)
            return;
    }
}

/* Without an exponent from 1e-6 to below 1e21; an exponent has no needless zeros. */
static void put_real(struct go_json *w, double value, bool is_float)
{
    char digits[40], plain[40];
    if (!isfinite(value)) {
        put_string(w, "null");
        return;
    }
    shortest(digits, sizeof digits, value, is_float);
    char *exponent = strchr(digits, 'e');
    int power = atoi(exponent + 1), decimals = (int)size_max((size_t)(exponent - digits), 2) - 2;
    decimals -= digits[0] == '-' && decimals > 0; /* the sign, the first digit and the point */
    if (value != 0 && (power < -6 || power >= 21)) {
        put(w, digits, (size_t)(exponent - digits));
        w->ok = w->ok && text_printf(w->out, power < 0 ? "e-%d" : "e+%d", abs(power));
        return;
    }
    if (power <= decimals) {
        snprintf(plain, sizeof plain, "%.*f", decimals - power, strtod(digits, NULL));
        put_string(w, plain);
        return;
    }
    for (char *p = digits; p < exponent; p++) /* the digits, then zeros */
        put(w, p, *p != '.');
    for (int i = decimals; i < power; i++)
        put(w, "0", 1);
}

void go_json_real(struct go_json *w, const char *name, double value)
{
    begin_value(w, name);
    put_real(w, value, false);
}

void go_json_float(struct go_json *w, const char *name, double value)
{
    begin_value(w, name);
    put_real(w, (float)value, true);
}

static void put_value(struct go_json *w, const struct json *value);

static void put_members(struct go_json *w, const struct json *object)
{
    put(w, "{", 1);
    for (const struct json_member *m = json_first(object); w->ok && m; m = json_next(object, m)) {
        begin_value(w, NULL);
        put_text(w, json_member_key(m));
        put(w, ":", 1);
        put_value(w, json_member_value(m));
    }
    put(w, "}", 1);
}

static void put_elements(struct go_json *w, const struct json *array)
{
    put(w, "[", 1);
    for (size_t i = 0; w->ok && i < json_size(array); i++) {
        begin_value(w, NULL);
        put_value(w, json_at(array, i));
    }
    put(w, "]", 1);
}

/* Deep nesting was refused when the document was opened. */
static void put_value(struct go_json *w, const struct json *value)
{
    switch (json_kind(value)) {
    case JSON_KIND_STRING:
        put_text(w, json_text(value));
        break;
    case JSON_KIND_REAL:
        put_real(w, json_number(value, 0), false);
        break;
    case JSON_KIND_ARRAY:
        put_elements(w, value);
        break;
    case JSON_KIND_OBJECT:
        put_members(w, value);
        break;
    default:
        w->ok = w->ok && json_write(w->out, value);
    }
}

void go_json_value(struct go_json *w, const char *name, const struct json *value)
{
    begin_value(w, name);
    put_value(w, value);
}

/* ---- times ---- */

/* ".5", "" for a whole second. */
static void put_fraction(struct go_json *w, int64_t ns)
{
    char digits[16];
    int n = snprintf(digits, sizeof digits, ".%09d", (int)ns);
    while (digits[n - 1] == '0')
        n--;
    put(w, digits, ns > 0 ? (size_t)n : 0);
}

static void put_zone(struct go_json *w, long offset_seconds)
{
    long minutes = labs(offset_seconds) / 60;
    if (minutes == 0)
        put(w, "Z", 1);
    else
        w->ok = w->ok && text_printf(w->out, "%c%02ld:%02ld", offset_seconds < 0 ? '-' : '+',
                                     minutes / 60, minutes % 60);
}

static void put_time(struct go_json *w, const char *name, int64_t ns, const struct tm *parts)
{
    char date[64];
    int64_t fraction = (ns % NS_PER_SECOND + NS_PER_SECOND) % NS_PER_SECOND;
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", parts);
    begin_value(w, name);
    put(w, "\"", 1);
    put_string(w, date);
    put_fraction(w, fraction);
    put_zone(w, parts->tm_gmtoff);
    put(w, "\"", 1);
}

static time_t seconds_of(int64_t ns)
{
    return (time_t)(ns / NS_PER_SECOND - (ns % NS_PER_SECOND < 0));
}

void go_json_time(struct go_json *w, const char *name, int64_t ns)
{
    struct tm parts;
    time_t seconds = seconds_of(ns);
    put_time(w, name, ns, gmtime_r(&seconds, &parts));
}

void go_json_local_time(struct go_json *w, const char *name, int64_t ns)
{
    struct tm parts;
    time_t seconds = seconds_of(ns);
    put_time(w, name, ns, localtime_r(&seconds, &parts));
}

int64_t wall_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

#include "tool_schemas.h"

#include <stdlib.h>

enum { MAX_DEPTH = 3, N_DEFINITIONS = 2 };

uint32_t random_below(uint64_t *random, uint32_t n)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return (uint32_t)(*random >> 32) % n;
}

static uint32_t below(struct tool_schemas *s, uint32_t n)
{
    return random_below(&s->random, n);
}

static bool chance(struct tool_schemas *s, uint32_t percent)
{
    return below(s, 100) < percent;
}

static void put(struct tool_schemas *s, const char *text)
{
    if (!text_append_string(s->out, text))
        abort();
}

static void put_number(struct tool_schemas *s, const char *before, int64_t number)
{
    if (!text_printf(s->out, "%s%" PRId64, before, number))
        abort();
}

static const char *pick(struct tool_schemas *s, const char *const *from, size_t n)
{
    return from[below(s, (uint32_t)n)];
}

#define PICK(s, from) pick(s, from, COUNT_OF(from))

/* ---- values ---- */

static void write_string(struct tool_schemas *s)
{
    static const char *const patterns[] = {
        "^[a-z]{2,6}$",        "^[A-Z][a-z]+( [A-Z][a-z]+)?$",
        "^\\\\d{4}-\\\\d{2}$", "colou?r",
        "^(yes|no|null)$",     "^[^<>]*$",
        "^\\\\S+@\\\\S+$",     "^.{0,5}$",
        "^\\\"?\\\\w*$",
    };
    static const char *const formats[] = { "date", "date-time", "email", "uri", "uuid", "ipv4" };
    static const char *const enums[] = {
        "[\"celsius\",\"fahrenheit\"]",
        "[\"a\"]",
        "[\"null\",\"true\",\"12\",\"x\"]",
        "[\"say \\\"hi\\\"\",\"two\\nlines\",\"\\\\\"]",
        "[\"\",\" \",\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"]",
        "[\"</b>\",\"[x]\",\"{y}\",\"-1\"]",
    };
    put(s, "\"type\":\"string\"");
    switch (below(s, 8)) {
    case 0:
        put(s, ",\"enum\":");
        put(s, PICK(s, enums));
        break;
    case 1:
        put(s, ",\"const\":\"fixed value\"");
        break;
    case 2:
        put(s, ",\"pattern\":\"");
        put(s, PICK(s, patterns));
        put(s, "\"");
        break;
    case 3:
        put(s, ",\"format\":\"");
        put(s, PICK(s, formats));
        put(s, "\"");
        break;
    case 4:
        put_number(s, ",\"minLength\":", below(s, 12));
        if (chance(s, 50))
            put_number(s, ",\"maxLength\":", 12 + below(s, chance(s, 50) ? 8 : 400));
        break;
    default:
        break;
    }
}

static void write_number(struct tool_schemas *s)
{
    static const char *const steps[] = { "2", "5", "0.5", "0.01" };
    bool is_integer = chance(s, 50);
    put(s, is_integer ? "\"type\":\"integer\"" : "\"type\":\"number\"");
    if (chance(s, 30))
        put_number(s, chance(s, 50) ? ",\"minimum\":" : ",\"exclusiveMinimum\":",
                   (int64_t)below(s, 200) - 100);
    if (chance(s, 30))
        put_number(s, chance(s, 50) ? ",\"maximum\":" : ",\"exclusiveMaximum\":",
                   (int64_t)below(s, 2000) + 120);
    if (chance(s, 15)) {
        put(s, ",\"multipleOf\":");
        put(s, steps[below(s, is_integer ? 2 : 4)]);
    }
}

static void write_schema(struct tool_schemas *s, int depth);

static void write_array(struct tool_schemas *s, int depth)
{
    put(s, "\"type\":\"array\"");
    if (chance(s, 85)) {
        put(s, ",\"items\":");
        write_schema(s, depth + 1);
    }
    if (chance(s, 15)) {
        put(s, ",\"prefixItems\":[");
        write_schema(s, depth + 1);
        put(s, "]");
    }
    if (chance(s, 30))
        put_number(s, ",\"minItems\":", below(s, 3));
    if (chance(s, 30))
        put_number(s, ",\"maxItems\":", 3 + below(s, 3));
}

/* The n-th name; the numbers keep names of one object apart. */
static void write_name(struct tool_schemas *s, uint32_t n)
{
    static const char *const plain[] = { "city", "user_id", "limit", "Query", "nullable", "x" };
    static const char *const odd[] = { "with space",    "content-type", "a.b",     "\xc3\xbc",
                                       "say \\\"x\\\"", "<b>",          "$filter", "a:b",
                                       "k=v",           "it's",         "[0]",     "" };
    bool is_odd = s->has_odd_names && chance(s, 15);
    put(s, "\"");
    put(s, is_odd ? PICK(s, odd) : PICK(s, plain));
    put_number(s, "", n);
    put(s, "\"");
}

static void write_members(struct tool_schemas *s, int depth, bool is_root)
{
    uint32_t n = below(s, is_root ? 6 : 4);
    bool is_first = true;
    struct text *out = s->out, required;
    text_init(&required, SIZE_MAX);
    put(s, ",\"properties\":{");
    for (uint32_t i = 0; i < n; i++) {
        size_t begin = out->length + (i > 0);
        put(s, i ? "," : "");
        write_name(s, i);
        if (chance(s, 50)) {
            if ((!is_first && !text_append_byte(&required, ',')) ||
                !text_append(&required, out->data + begin, out->length - begin))
                abort();
            is_first = false;
        }
        put(s, ":");
        write_schema(s, depth + 1);
    }
    put(s, "}");
    if (!is_first) {
        put(s, ",\"required\":[");
        put(s, required.data);
        put(s, "]");
    }
    text_release(&required);
}

static void write_object(struct tool_schemas *s, int depth, bool is_root)
{
    put(s, "\"type\":\"object\"");
    if (chance(s, 90))
        write_members(s, depth, is_root);
    if (chance(s, 50))
        put(s, ",\"additionalProperties\":false");
    else if (chance(s, 20))
        put(s, ",\"additionalProperties\":{\"type\":\"integer\"}");
}

static void write_alternatives(struct tool_schemas *s, int depth)
{
    static const char *const connectives[] = { "\"anyOf\":[", "\"oneOf\":[" };
    put(s, s->has_typed_arguments && depth == 1 ? connectives[0] : PICK(s, connectives));
    write_schema(s, depth + 1);
    put(s, ",{\"type\":\"null\"}]");
}

static void write_untyped(struct tool_schemas *s)
{
    static const char *const schemas[] = {
        "\"enum\":[1,\"one\",true,null]",
        "\"const\":7",
        "\"enum\":[\"x\",\"y\"]",
        "\"description\":\"anything \\\"at all\\\"\"",
        "\"allOf\":[{\"type\":\"integer\"},{\"minimum\":3}]",
        "\"$ref\":\"#/$defs/d0\"",
        "\"$ref\":\"#/$defs/d1\"",
    };
    put(s, PICK(s, schemas));
}

static void write_schema(struct tool_schemas *s, int depth)
{
    static const char *const several[] = {
        "\"type\":[\"string\",\"null\"]",
        "\"type\":[\"integer\",\"string\"]",
        "\"type\":[\"boolean\",\"string\"]",
        "\"type\":[\"number\",\"null\"]",
        "\"type\":[\"string\",\"array\",\"object\"]",
    };
    uint32_t kind = below(s, depth < MAX_DEPTH ? 16 : 10);
    put(s, "{");
    if (kind < 4)
        write_string(s);
    else if (kind < 7)
        write_number(s);
    else if (kind < 8)
        put(s, "\"type\":\"boolean\",\"description\":\"is it?\"");
    else if (kind < 9)
        put(s, PICK(s, several));
    else if (kind < 10 && s->has_typed_arguments && depth == 1)
        put(s, "\"type\":\"null\"");
    else if (kind < 10)
        write_untyped(s);
    else if (kind < 12)
        write_array(s, depth);
    else if (kind < 14)
        write_object(s, depth, false);
    else
        write_alternatives(s, depth);
    put(s, "}");
}

/* ---- tools ---- */

static void write_definitions(struct tool_schemas *s)
{
    put(s,
        ",\"$defs\":{\"d0\":{\"type\":\"object\",\"properties\":{\"value\":{\"type\":\"integer\"},"
        "\"next\":{\"$ref\":\"#/$defs/d0\"}},\"required\":[\"value\"],"
        "\"additionalProperties\":false},\"d1\":{");
    write_string(s);
    put(s, "}}");
}

static void write_tool(struct tool_schemas *s, uint32_t number)
{
    static const char *const names[] = { "get_weather", "search", "f", "mcp__files__read" };
    static const char *const odd[] = { "get-weather", "web.search",    "na\xc3\xafve",
                                       "look up",     "say \\\"x\\\"", "functions.f",
                                       "f:" };
    put(s, "{\"type\":\"function\",\"function\":{\"name\":\"");
    put(s, s->has_odd_names && chance(s, 50) ? PICK(s, odd) : PICK(s, names));
    put_number(s, "", number);
    put(s, "\",\"description\":\"Does \\\"it\\\".\",\"parameters\":{");
    write_object(s, 0, true);
    write_definitions(s);
    put(s, "}}}");
}

void write_random_tools(struct tool_schemas *s)
{
    uint32_t n = 1 + below(s, 3);
    put(s, "[");
    for (uint32_t i = 0; i < n; i++) {
        put(s, i ? "," : "");
        write_tool(s, i);
    }
    put(s, "]");
}

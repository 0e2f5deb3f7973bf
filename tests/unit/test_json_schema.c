#include "test.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "runtime/grammar/json_schema.h"
#include "runtime/grammar/json_text.h"
#include "runtime/grammar/matcher.h"

#include <stdio.h>

enum { LIMIT_BYTES = 64 << 20 };

/* What a schema says of a document: 'y'es, 'n'o, 'u'nsupported. The order of members does not
 * count. */
static char judge_document(const struct json *schema, const struct json *document,
                           struct error *err)
{
    struct grammar *g;
    struct matcher *m;
    if (!json_schema_open(&g, schema, JSON_SPACING_FREE, err)) {
        /* no document at all is valid: a schema of its own kind */
        return strstr(err->message, "no text at all") ? 'n' : 'u';
    }
    char verdict = 'n';
    if (!matcher_open(&m, g, LIMIT_BYTES, err))
        fail_msg("%s", err->message);
    uint64_t n_orders = json_count_orders(document);
    for (uint64_t order = 0; verdict == 'n' && order < n_orders && order < 5040; order++) {
        struct text spelled;
        matcher_state s;
        text_init(&spelled, SIZE_MAX);
        assert_true(json_spell_in_order(&spelled, document, order));
        if (!matcher_advance(m, matcher_start(m), text_slice(&spelled), &s, err))
            fail_msg("%s", err->message);
        if (s != MATCHER_DEAD && matcher_may_end(m, s))
            verdict = 'y';
        text_release(&spelled);
    }
    matcher_close(&m);
    grammar_close(&g);
    return verdict;
}

static char judge(const char *schema, const char *document, struct error *err)
{
    const struct json *s, *d;
    if (!json_open(&s, schema, strlen(schema), "schema", err) ||
        !json_open(&d, document, strlen(document), "document", err))
        fail_msg("%s", err->message);
    char verdict = judge_document(s, d, err);
    json_close(&s);
    json_close(&d);
    return verdict;
}

TEST(documents_are_judged)
{
    static const struct {
        const char *schema, *document;
        char verdict;
    } cases[] = {
        { "{\"type\":\"integer\",\"minimum\":-5,\"maximum\":120}", "120", 'y' },
        { "{\"type\":\"integer\",\"minimum\":-5,\"maximum\":120}", "121", 'n' },
        { "{\"type\":\"integer\",\"minimum\":-5,\"maximum\":120}", "-5", 'y' },
        { "{\"type\":\"integer\",\"minimum\":-5,\"maximum\":120}", "-6", 'n' },
        { "{\"type\":\"integer\",\"minimum\":-5,\"maximum\":120}", "0", 'y' },
        { "{\"type\":\"integer\",\"minimum\":-5,\"maximum\":120}", "1.5", 'n' },
        { "{\"minimum\":1.5,\"exclusiveMaximum\":2.25}", "1.5", 'y' },
        { "{\"minimum\":1.5,\"exclusiveMaximum\":2.25}", "1.4999", 'n' },
        { "{\"minimum\":1.5,\"exclusiveMaximum\":2.25}", "2.2499", 'y' },
        { "{\"minimum\":1.5,\"exclusiveMaximum\":2.25}", "2.25", 'n' },
        { "{\"minimum\":1.5,\"exclusiveMaximum\":2.25}", "2", 'y' },
        { "{\"minimum\":1.5,\"exclusiveMaximum\":2.25}", "\"text\"", 'y' },
        { "{\"exclusiveMinimum\":0}", "0.0001", 'y' },
        { "{\"exclusiveMinimum\":0}", "0", 'n' },
        { "{\"exclusiveMinimum\":-0.5,\"maximum\":0}", "-0.25", 'y' },
        { "{\"exclusiveMinimum\":-0.5,\"maximum\":0}", "-0.5", 'n' },
        { "{\"multipleOf\":3}", "12", 'y' },
        { "{\"multipleOf\":3}", "13", 'n' },
        { "{\"multipleOf\":3}", "999999999999999", 'y' },
        { "{\"multipleOf\":3}", "1000000000000002", 'n' }, /* valid, but not for every reader */
        { "{\"multipleOf\":3,\"minimum\":1e15}", "1000000000000002", 'y' },
        { "{\"multipleOf\":3,\"maximum\":-1e15}", "-1000000000000002", 'y' },
        { "{\"multipleOf\":0.05,\"minimum\":1}", "1.35", 'y' },
        { "{\"multipleOf\":0.05,\"minimum\":1}", "1.36", 'n' },
        { "{\"multipleOf\":0.05,\"minimum\":1}", "0.95", 'n' },
        { "{\"type\":\"string\",\"minLength\":2,\"maxLength\":3}", "\"\xc3\xa4\xc3\xb6\"", 'y' },
        { "{\"type\":\"string\",\"minLength\":2,\"maxLength\":3}", "\"a\"", 'n' },
        { "{\"type\":\"string\",\"minLength\":2,\"maxLength\":3}", "\"a\\nbc\"", 'n' },
        { "{\"type\":\"string\",\"pattern\":\"^[a-z]+(-[0-9]{2})?$\",\"maxLength\":5}", "\"ab-12\"",
          'y' },
        { "{\"type\":\"string\",\"pattern\":\"^[a-z]+(-[0-9]{2})?$\",\"maxLength\":5}",
          "\"abc-12\"", 'n' },
        { "{\"pattern\":\"b\"}", "\"abc\"", 'y' },
        { "{\"pattern\":\"b\"}", "\"ac\"", 'n' },
        { "{\"pattern\":\"^a|b$\"}", "\"xb\"", 'y' },
        { "{\"pattern\":\"^(a|b$)\"}", "\"b\"", 'y' },
        { "{\"pattern\":\"^(a|b)$\"}", "\"ab\"", 'n' },
        { "{\"pattern\":\"^\\\\S+\\\\s\\\\w{2}$\"}", "\"x \\u00e4y\"", 'n' },
        { "{\"pattern\":\"(?=a)\"}", "\"a\"", 'u' },
        { "{\"pattern\":\"a^b\"}", "\"a\"", 'u' },
        { "{\"pattern\":\"^\\\"\\\\\\\\$\"}", "\"\\\"\\\\\"", 'y' },
        { "{\"format\":\"date\"}", "\"2024-02-28\"", 'y' },
        { "{\"format\":\"date\"}", "\"2024-13-01\"", 'n' },
        { "{\"format\":\"no-such\",\"type\":\"string\"}", "\"x\"", 'u' },
        { "{\"not\":{\"type\":[\"string\",\"number\"]}}", "1", 'n' },
        { "{\"not\":{\"type\":[\"string\",\"number\"]}}", "[1]", 'y' },
        { "{\"not\":{\"const\":\"a\"},\"type\":\"string\"}", "\"a\"", 'n' },
        { "{\"not\":{\"const\":\"a\"},\"type\":\"string\"}", "\"ab\"", 'y' },
        { "{\"not\":{\"enum\":[1,null]},\"type\":[\"integer\",\"null\"]}", "null", 'n' },
        { "{\"not\":{\"enum\":[1,null]},\"type\":[\"integer\",\"null\"]}", "11", 'y' },
        { "{\"not\":{\"enum\":[1,null]},\"type\":[\"integer\",\"null\"]}", "1", 'n' },
        { "{\"uniqueItems\":true,\"type\":\"array\"}", "[1]", 'u' },
        { "{\"if\":{\"type\":\"integer\"},\"then\":{\"minimum\":3},\"else\":{\"type\":\"null\"}}",
          "2", 'n' },
        { "{\"if\":{\"type\":\"integer\"},\"then\":{\"minimum\":3},\"else\":{\"type\":\"null\"}}",
          "null", 'y' },
        { "{\"enum\":[1,\"a\",[2]],\"not\":{\"type\":\"string\"}}", "\"a\"", 'n' },
        { "{\"enum\":[1,\"a\",[2]],\"not\":{\"type\":\"string\"}}", "[2]", 'y' },
        { "{\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{}},\"required\":[\"b\"],"
          "\"additionalProperties\":false}",
          "{\"b\":{\"x\":[]}}", 'y' },
        { "{\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{}},\"required\":[\"b\"],"
          "\"additionalProperties\":false}",
          "{\"a\":1}", 'n' },
        { "{\"properties\":{\"a\":{\"type\":\"integer\"}},\"maxProperties\":1}",
          "{\"a\":1,\"c\":2}", 'n' },
        { "{\"properties\":{\"a\":{\"type\":\"integer\"}},\"maxProperties\":1}", "{\"c\":2}", 'y' },
        { "{\"$defs\":{\"n\":{\"type\":\"object\",\"properties\":{\"next\":{\"$ref\":\"#/$defs/"
          "n\"}},"
          "\"additionalProperties\":false}},\"$ref\":\"#/$defs/n\"}",
          "{\"next\":{\"next\":{}}}", 'y' },
        { "{\"$ref\":\"#/nowhere\"}", "1", 'u' },
        { "{\"$ref\":\"#\"}", "1", 'y' },
        { "{\"dependentRequired\":{\"a\":[\"b\"]},\"type\":\"object\"}", "{\"a\":1}", 'n' },
        { "{\"dependentRequired\":{\"a\":[\"b\"]},\"type\":\"object\"}", "{\"a\":1,\"b\":2}", 'y' },
        { "{\"dependentRequired\":{\"a\":[\"b\"]},\"type\":\"object\"}", "{\"c\":1}", 'y' },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct error err = { 0 };
        char verdict = judge(cases[i].schema, cases[i].document, &err);
        if (verdict != cases[i].verdict)
            fail_msg("case %zu: %s on %s: '%c', not '%c' %s", i, cases[i].schema, cases[i].document,
                     verdict, cases[i].verdict, err.message);
    }
}

/* A text, not the document that a reader would make of it. */
static bool has_text(const char *schema, const char *text)
{
    const struct json *s;
    struct grammar *g;
    struct matcher *m;
    struct error err = { 0 };
    matcher_state state;
    assert_ok(json_open(&s, schema, strlen(schema), "schema", &err), err);
    assert_ok(json_schema_open(&g, s, JSON_SPACING_COMPACT, &err), err);
    assert_ok(matcher_open(&m, g, LIMIT_BYTES, &err), err);
    assert_ok(matcher_advance(m, matcher_start(m), slice_of(text), &state, &err), err);
    bool has = state != MATCHER_DEAD && matcher_may_end(m, state);
    matcher_close(&m);
    grammar_close(&g);
    json_close(&s);
    return has;
}

/* 999999999999.999999 is 1e12 for whoever reads it as a double. */
TEST(numbers_beside_an_open_bound_are_beside_it_for_every_reader)
{
    static const struct {
        const char *schema, *text;
        bool has;
    } cases[] = {
        { "{\"exclusiveMaximum\":1e12}", "999999999999.999999", false },
        { "{\"exclusiveMaximum\":1e12}", "999999999999.99", true },
        { "{\"exclusiveMaximum\":1e12}", "1000000000000", false },
        { "{\"exclusiveMaximum\":1e12}", "-5.000001", false },
        { "{\"exclusiveMaximum\":1e12}", "-5.01", true },
        { "{\"maximum\":1e12}", "999999999999.999999", true },
        { "{\"exclusiveMinimum\":1e12}", "1000000000000.000001", false },
        { "{\"exclusiveMinimum\":1e12}", "1000000000000.01", true },
        { "{\"exclusiveMinimum\":-1e12}", "-999999999999.999999", false },
        { "{\"exclusiveMinimum\":-1e12}", "-999999999999.99", true },
        { "{\"exclusiveMaximum\":1e15}", "999999999999999", true },
        { "{\"exclusiveMaximum\":1e15}", "999999999999999.9", false },
        { "{\"exclusiveMaximum\":3}", "2.999999", true },
        { "{\"exclusiveMinimum\":2.5,\"exclusiveMaximum\":2.75}", "2.500001", true },
        { "{\"exclusiveMinimum\":2.5,\"exclusiveMaximum\":2.75}", "2.5", false },
        { "{\"exclusiveMinimum\":2.5,\"exclusiveMaximum\":2.75}", "2.75", false },
        { "{\"exclusiveMinimum\":0.123456789}", "0.12345678901", true },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (has_text(cases[i].schema, cases[i].text) != cases[i].has)
            fail_msg("%s: %s", cases[i].schema, cases[i].text);
}

/* More ranges than any list on the stack would hold, with and without characters that are escaped.
 */
TEST(classes_of_a_pattern_may_be_long)
{
    struct text schema;
    struct error err = { 0 };
    for (int is_negated = 0; is_negated < 2; is_negated++) {
        text_init(&schema, 1 << 20);
        assert_true(
            text_append_string(&schema, is_negated ? "{\"pattern\":\"^[^" : "{\"pattern\":\"^["));
        for (unsigned c = 0x4E00; c < 0x4E00 + 6000; c += 3)
            assert_true(text_printf(&schema, "\\\\u%04X", c));
        assert_true(text_append_string(&schema, "]+$\"}"));
        char inside = is_negated ? 'n' : 'y', outside = is_negated ? 'y' : 'n';
        assert_int_equal(judge(schema.data, "\"\u4e00\u6567\"", &err), inside);
        assert_int_equal(judge(schema.data, "\"\u4e01\"", &err), outside);
        assert_int_equal(judge(schema.data, "\"\\n\\\\\"", &err), outside);
        text_release(&schema);
    }
}

TEST(what_cannot_be_enforced_is_named_with_its_path)
{
    static const struct {
        const char *schema, *message;
    } cases[] = {
        { "{\"properties\":{\"a\":{\"contains\":{}, \"minContains\": 2}}}",
          "#/properties/a/contains: this keyword cannot be enforced" },
        { "{\"type\":\"strin\"}", "#/type: no such type" },
        { "{\"items\":{\"pattern\":\"(?<=x)\"}}", "#/items/pattern: pattern '(?<=x)'" },
        { "{\"properties\":{\"a\":3}}", "#/properties/a: a schema is an object" },
        { "{\"allOf\":[]}", "#/allOf: not a list of schemas" },
        { "{\"minLength\":-1}", "#/minLength: not a whole number" },
        { "{\"multipleOf\":0}", "#/multipleOf: not a number above 0" },
        { "{\"multipleOf\":1.2345678}", "remainders" },
        { "false", "no text at all" },
        { "{\"type\":\"string\",\"enum\":[1]}", "no text at all" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct error err = { 0 };
        judge(cases[i].schema, "1", &err);
        if (!strstr(err.message, cases[i].message))
            fail_msg("%s: '%s' does not say '%s'", cases[i].schema, err.message, cases[i].message);
    }
}

/* ---- the suite ---- */

static const char *const files[] = {
    "draft2020-12/additionalProperties",
    "draft2020-12/allOf",
    "draft2020-12/anyOf",
    "draft2020-12/boolean_schema",
    "draft2020-12/const",
    "draft2020-12/enum",
    "draft2020-12/exclusiveMaximum",
    "draft2020-12/exclusiveMinimum",
    "draft2020-12/items",
    "draft2020-12/maxItems",
    "draft2020-12/maxLength",
    "draft2020-12/maximum",
    "draft2020-12/minItems",
    "draft2020-12/minLength",
    "draft2020-12/minimum",
    "draft2020-12/not",
    "draft2020-12/oneOf",
    "draft2020-12/pattern",
    "draft2020-12/prefixItems",
    "draft2020-12/properties",
    "draft2020-12/ref",
    "draft2020-12/required",
    "draft2020-12/type",
    "draft7/additionalItems",
    "draft7/additionalProperties",
    "draft7/allOf",
    "draft7/anyOf",
    "draft7/boolean_schema",
    "draft7/const",
    "draft7/enum",
    "draft7/exclusiveMaximum",
    "draft7/exclusiveMinimum",
    "draft7/items",
    "draft7/maxItems",
    "draft7/maxLength",
    "draft7/maximum",
    "draft7/minItems",
    "draft7/minimum",
    "draft7/not",
    "draft7/oneOf",
    "draft7/pattern",
    "draft7/properties",
    "draft7/ref",
    "draft7/required",
    "draft7/type",
};

static const struct json *read_file(const char *name)
{
    const char *golden = getenv("HEARTH_GOLDEN");
    char path[500];
    snprintf(path, sizeof path, "%s/schema/%s.json", golden ? golden : "../shared/golden", name);
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *bytes = memory_zeroed(1 << 20, 1);
    assert_non_null(bytes);
    size_t n = fread(bytes, 1, 1 << 20, file);
    fclose(file);
    const struct json *json;
    struct error err = { 0 };
    if (!json_open(&json, bytes, n, path, &err))
        fail_msg("%s", err.message);
    memory_free(bytes);
    return json;
}

/* Groups of the suite that are refused, and why. */
static const struct {
    const char *file, *description, *message;
} refused_groups[] = {
    { "draft2020-12/ref", "ref creates new scope when adjacent to keywords",
      "#/$defs/A/unevaluatedProperties: this keyword cannot be enforced" },
};

static bool is_refused_by_name(const char *file, struct slice description, const char *message)
{
    for (size_t i = 0; i < COUNT_OF(refused_groups); i++)
        if (strcmp(refused_groups[i].file, file) == 0 &&
            slice_equal(slice_of(refused_groups[i].description), description))
            return strcmp(refused_groups[i].message, message) == 0;
    return false;
}

struct tally {
    size_t n_right, n_refused, n_groups_refused;
};

static void judge_group(const char *file, const struct json *group, struct tally *tally)
{
    const struct json *tests = json_get(group, "tests");
    struct slice name = json_text(json_get(group, "description"));
    for (size_t i = 0; i < json_size(tests); i++) {
        const struct json *test = json_at(tests, i);
        struct error err = { 0 };
        char verdict = judge_document(json_get(group, "schema"), json_get(test, "data"), &err);
        char wanted = json_flag(json_get(test, "valid"), false) ? 'y' : 'n';
        if (verdict == 'u' && is_refused_by_name(file, name, err.message)) {
            tally->n_refused++;
            tally->n_groups_refused += i == 0;
        } else if (verdict != wanted) {
            fail_msg("%s: %s: %s: '%c', not '%c' %s", file, name.data,
                     json_text(json_get(test, "description")).data, verdict, wanted, err.message);
        } else {
            tally->n_right++;
        }
    }
}

TEST(the_suite_is_judged_alike)
{
    struct tally tally = { 0 };
    for (size_t f = 0; f < COUNT_OF(files); f++) {
        const struct json *groups = read_file(files[f]);
        if (!groups)
            SKIP("no golden data (HEARTH_GOLDEN or ../shared/golden) for schema/");
        for (size_t g = 0; g < json_size(groups); g++)
            judge_group(files[f], json_at(groups, g), &tally);
        json_close(&groups);
    }
    printf("%zu documents judged alike, %zu of refused schemas\n", tally.n_right, tally.n_refused);
    assert_int_equal(tally.n_groups_refused, COUNT_OF(refused_groups));
}

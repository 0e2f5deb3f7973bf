/* test_call_values.c: values of calls as JSON, and the names of tools as identifiers. */
#include "test.h"

#include "base/json.h"
#include "chat/output/call_arguments.h"
#include "chat/output/call_value.h"
#include "chat/output/tool_names.h"

typedef bool writer(struct text *out, struct slice text, struct error *err);

/* NULL: it is refused. */
static void check_write(writer *write, struct slice text, const char *expected)
{
    struct error err = { 0 };
    struct text out;
    text_init(&out, SIZE_MAX);
    bool ok = write(&out, text, &err);
    if (expected) {
        assert_ok(ok, err);
        assert_string_equal(out.data, expected);
    } else {
        assert_false(ok);
        assert_int_equal(err.code, ERROR_FORMAT);
    }
    text_release(&out);
}

static void check_json(const char *json, const char *expected)
{
    check_write(write_json_value, slice_of(json), expected);
}

TEST(json_is_written_without_white_space_and_in_order)
{
    check_json(" { \"b\" : [ 1 , true ,\n null ] , \"a\" : { } } ",
               "{\"b\":[1,true,null],\"a\":{}}");
    check_json("\"\"", "\"\"");
    check_json("[]", "[]");
}

TEST(a_name_that_comes_again_replaces_the_value)
{
    check_json("{\"a\":1,\"b\":2,\"a\":[3]}", "{\"a\":[3],\"b\":2}");
    check_json("{\"\\u0061\":1,\"a\":2}", "{\"a\":2}");
    check_json("{\"\\ud800\":1,\"\\ud801\":2}", "{\"\xef\xbf\xbd\":2}");
    check_json("{\"\\u0000\":1}", "{\"\xef\xbf\xbd\":1}");
}

TEST(strings_are_always_valid)
{
    check_json("\"\\u00e9\\ud83d\\ude00\\n\\/\"", "\"\xc3\xa9\xf0\x9f\x98\x80\\n/\"");
    check_json("\"\\ud83d\"", "\"\xef\xbf\xbd\"");
    check_json("\"\\ude00\\ud83d\\u0041\"", "\"\xef\xbf\xbd\xef\xbf\xbd"
                                            "A\"");
    check_json("\"\xff\"", "\"\xef\xbf\xbd\"");
    check_json("\"a\nb\"", NULL);
    check_json("\"\\x\"", NULL);
    check_json("\"\\u12g4\"", NULL);
    check_json("\"\\u12", NULL);
    check_json("\"open", NULL);
}

TEST(numbers_keep_their_digits)
{
    check_json("-0.5e3", "-500");
    check_json("0.1", "0.1");
    check_json("123456789012345678901234567890", "123456789012345678901234567890");
    check_json("1e999", NULL);
    check_json("01", NULL);
    check_json("+1", NULL);
    check_json("1.", NULL);
    check_json("-", NULL);
    check_write(write_number_value, slice_of("+007"), "7");
    check_write(write_number_value, slice_of("-00"), "-0");
    check_write(write_number_value, slice_of(".5"), "0.5");
    check_write(write_number_value, slice_of("1e"), NULL);
    assert_false(is_number(slice_of("")));
    assert_false(is_number(slice_of("0x10")));
    assert_false(is_number(slice_of("inf")));
}

TEST(what_is_no_json_is_refused)
{
    static const char *const texts[] = { "",      "{",     "[1,]",    "{\"a\":1,}", "{\"a\"}",
                                         "{a:1}", "[1 2]", "{} {}",   "True",       "nul",
                                         "]",     "[1}",   "{\"a\"1}" };
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        check_json(texts[i], NULL);
}

TEST(deep_nesting_is_refused)
{
    char text[2 * VALUE_DEPTH + 2];
    for (size_t depth = VALUE_DEPTH; depth <= VALUE_DEPTH + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        struct slice json = { text, 2 * depth };
        struct error err = { 0 };
        struct text out;
        text_init(&out, SIZE_MAX);
        assert_int_equal(write_json_value(&out, json, &err), depth == VALUE_DEPTH);
        text_release(&out);
    }
}

TEST(objects_may_be_null_but_nothing_else)
{
    check_write(write_json_object, slice_of(" {\"a\":1}"), "{\"a\":1}");
    check_write(write_json_object, slice_of("null"), "{}");
    check_write(write_json_object, slice_of("[1]"), NULL);
    check_write(write_json_object, slice_of("nothing"), NULL);
}

TEST(brackets_end_where_they_do_however_the_text_grows)
{
    static const char text[] = "{\"a}\\\"\":[1,{}]} rest";
    struct bracket_scan scan = { 0 };
    for (size_t n = 0; n < 15; n++)
        assert_false(find_brackets_end(&scan, (struct slice){ text, n }));
    assert_true(find_brackets_end(&scan, slice_of(text)));
    assert_int_equal(scan.at, 15);
}

/* ---- names of tools ---- */

static void check_names(const char *tools, const char *const *shown, size_t n)
{
    const struct json *json;
    struct tool_names *names;
    struct error err = { 0 };
    assert_ok(json_open(&json, tools, strlen(tools), "tools", &err), err);
    assert_int_equal(json_size(json), n);
    assert_ok(tool_names_open(&names, json, &err), err);
    for (size_t i = 0; i < n; i++) {
        struct slice declared = json_text(json_get(json_get(json_at(json, i), "function"), "name"));
        struct slice name = tool_names_shown(names, i);
        assert_true(slice_equal(name, slice_of(shown[i])));
        if (name.length > 0)
            assert_true(slice_equal(tool_names_declared(names, name), declared));
    }
    assert_true(slice_equal(tool_names_declared(names, slice_of("other")), slice_of("other")));
    tool_names_close(&names);
    json_close(&json);
}

#define TOOL(name) "{\"function\":{\"name\":\"" name "\"}}"

TEST(tools_are_shown_as_identifiers)
{
    static const char *const shown[] = { "get_the_time", "_2x", "unnamed", "a$b", "",
                                         "browser.open", "a_b" };
    check_names("[" TOOL("get the-time") "," TOOL("2x") "," TOOL("!") "," TOOL("a$(b)") "," TOOL(
                    "") "," TOOL("browser.open") "," TOOL("a.b") "]",
                shown, COUNT_OF(shown));
}

TEST(tools_that_would_be_shown_alike_get_numbers)
{
    static const char *const shown[] = { "a_b", "a_b_2", "a_b_3", "a_b_2_2" };
    check_names("[" TOOL("a b") "," TOOL("a-b") "," TOOL("a.b") "," TOOL("a_b_2") "]", shown,
                COUNT_OF(shown));
}

TEST(no_tools_have_no_names)
{
    struct tool_names *names;
    struct error err = { 0 };
    assert_ok(tool_names_open(&names, NULL, &err), err);
    assert_true(slice_equal(tool_names_declared(names, slice_of("f")), slice_of("f")));
    tool_names_close(&names);
}

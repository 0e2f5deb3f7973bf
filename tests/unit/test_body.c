#include "test.h"

#include "server/http/body.h"

static const struct json *open_body(const char *bytes)
{
    const struct json *body;
    struct error err = { 0 };
    assert_ok(body_open(&body, slice_of(bytes), &err), err);
    return body;
}

static void check_refused(struct slice bytes, const char *wanted)
{
    const struct json *body = NULL;
    struct error err = { 0 };
    if (body_open(&body, bytes, &err))
        fail_msg("not refused: %.*s", (int)bytes.length, bytes.data);
    assert_null(body);
    assert_int_equal(err.code, ERROR_USAGE);
    assert_non_null(strstr(err.message, wanted));
}

TEST(body_that_is_missing_is_named_so)
{
    check_refused((struct slice){ NULL, 0 }, "missing request body");
    check_refused(slice_of(" \r\n\t"), "missing request body");
}

TEST(body_that_is_no_object_is_refused)
{
    check_refused(slice_of("[1]"), "cannot unmarshal array");
    check_refused(slice_of("\"x\""), "cannot unmarshal string");
    check_refused(slice_of("12"), "cannot unmarshal number");
    check_refused(slice_of("{\"a\":"), "line 1");
    check_refused(slice_of("{\"a\":1"), "'request body' is not valid JSON");
    check_refused(slice_of("nothing"), "'request body' is not valid JSON");
}

TEST(body_of_null_is_an_empty_object)
{
    const struct json *body = open_body("null");
    assert_null(body_field(body, "model"));
    json_close(&body);
}

TEST(body_fields_have_names_in_any_case_and_the_last_wins)
{
    const struct json *body =
        open_body("{\"Model\":\"a\",\"MODEL\":\"b\",\"stream\":true,\"stream\":false} trailing [");
    struct slice model = { NULL, 0 };
    bool stream = true;
    struct error err = { 0 };
    assert_ok(body_text(body, "model", &model, &err), err);
    assert_true(slice_equal(model, slice_of("b")));
    assert_ok(body_flag(body, "stream", &stream, &err), err);
    assert_false(stream);
    assert_null(body_field(body, "mode"));
    assert_null(body_field(body, "models"));
    json_close(&body);
}

TEST(body_fields_that_are_null_or_absent_leave_what_was_there)
{
    const struct json *body = open_body("{\"a\":null,\"b\":null,\"c\":null,\"d\":null}");
    struct slice text = slice_of("before");
    bool flag = true;
    int64_t whole = 7;
    double real = 0.5;
    struct error err = { 0 };
    assert_ok(body_text(body, "a", &text, &err), err);
    assert_ok(body_flag(body, "b", &flag, &err), err);
    assert_ok(body_whole(body, "c", 0, 1, &whole, &err), err);
    assert_ok(body_real(body, "d", 0, 1, &real, &err), err);
    assert_ok(body_text(body, "absent", &text, &err), err);
    assert_true(slice_equal(text, slice_of("before")));
    assert_true(flag && whole == 7 && real == 0.5);
    json_close(&body);
}

TEST(body_fields_of_a_wrong_type_are_told_as_go_does)
{
    const struct json *body =
        open_body("{\"text\":5,\"flag\":\"yes\",\"whole\":\"1\",\"real\":[]}");
    struct slice text;
    bool flag;
    int64_t whole;
    double real;
    struct error err = { 0 };
    assert_false(body_text(body, "text", &text, &err));
    assert_string_equal(err.message,
                        "json: cannot unmarshal number into field text of type string");
    assert_int_equal(err.code, ERROR_USAGE);
    assert_false(body_flag(body, "flag", &flag, &err));
    assert_string_equal(err.message, "json: cannot unmarshal string into field flag of type bool");
    assert_false(body_whole(body, "whole", 0, 9, &whole, &err));
    assert_string_equal(err.message, "json: cannot unmarshal string into field whole of type int");
    assert_false(body_real(body, "real", 0, 9, &real, &err));
    assert_string_equal(err.message,
                        "json: cannot unmarshal array into field real of type float64");
    json_close(&body);
}

TEST(body_numbers_stay_in_their_ranges)
{
    const struct json *body =
        open_body("{\"top\":21,\"far\":99999999999999999999,\"big\":9223372036854775807,"
                  "\"half\":1.5,\"three\":3.0,\"huge\":1e300,\"low\":-0.1}");
    int64_t whole = 0;
    double real;
    struct error err = { 0 };
    assert_false(body_whole(body, "top", 0, 20, &whole, &err));
    assert_string_equal(err.message, "top must be between 0 and 20");
    assert_false(body_whole(body, "far", INT64_MIN, INT64_MAX, &whole, &err));
    assert_false(body_whole(body, "huge", INT64_MIN, INT64_MAX, &whole, &err));
    assert_false(body_whole(body, "half", 0, 20, &whole, &err));
    assert_ok(body_whole(body, "big", 0, INT64_MAX, &whole, &err), err);
    assert_true(whole == INT64_MAX);
    assert_ok(body_whole(body, "three", 0, 20, &whole, &err), err);
    assert_int_equal(whole, 3);
    assert_false(body_real(body, "low", 0, 2, &real, &err));
    assert_string_equal(err.message, "low must be between 0 and 2");
    json_close(&body);
}

static void check_text(struct slice bytes, const char *wanted)
{
    const struct json *body;
    struct slice text = { NULL, 0 };
    struct error err = { 0 };
    assert_ok(body_open(&body, bytes, &err), err);
    assert_ok(body_text(body, "t", &text, &err), err);
    assert_string_equal(text.data, wanted);
    json_close(&body);
}

TEST(body_texts_that_are_no_characters_become_replacement_characters)
{
    check_text(slice_of("{\"t\":\"a\xff\xc3z\"}"), "a\xef\xbf\xbd\xef\xbf\xbdz");
    check_text(slice_of("{\"t\":\"\\ud83d.\"}"), "\xef\xbf\xbd.");
    check_text(slice_of("{\"t\":\"\\ude00\\ud83d\\ud83d\\ude00\"}"),
               "\xef\xbf\xbd\xef\xbf\xbd\xf0\x9f\x98\x80");
    check_text(slice_of("{\"t\":\"\\\\ud83d \\ud83d\"}"), "\\ud83d \xef\xbf\xbd");
    check_refused(slice_of("{\"t\":\"\\ud8"), "not valid JSON");
    check_refused(slice_of("{\"t\":\"\xff\\"), "not valid JSON");
}

#include "test.h"

#include "server/ollama/go_json.h"

#include <time.h>

static void check_document(const char *json, const char *wanted)
{
    const struct json *value;
    struct error err = { 0 };
    struct text out;
    assert_ok(json_open(&value, json, strlen(json), "test", &err), err);
    text_init(&out, 1 << 16);
    struct go_json w = go_json_init(&out);
    go_json_value(&w, NULL, value);
    assert_true(w.ok);
    assert_string_equal(out.data, wanted);
    text_release(&out);
    json_close(&value);
}

static void check_text(struct slice value, const char *wanted)
{
    struct text out;
    text_init(&out, 1 << 16);
    struct go_json w = go_json_init(&out);
    go_json_text(&w, NULL, value);
    assert_string_equal(out.data, wanted);
    text_release(&out);
}

TEST(go_json_escapes_what_html_and_javascript_take_for_their_own)
{
    check_text(slice_of("<b>&\"\\/\n\t\b\f\r\x01\x7f"),
               "\"\\u003cb\\u003e\\u0026\\\"\\\\/\\n\\t\\b\\f\\r\\u0001\x7f\"");
    check_text(slice_of("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa"), "\"\\u2028\\u2029\xe2\x80\xaa\"");
    check_text(slice_of("\xf0\x9f\x98\x80\xc3\xa9"), "\"\xf0\x9f\x98\x80\xc3\xa9\"");
    check_text((struct slice){ "a\0\xff\xc3", 4 }, "\"a\\u0000\\ufffd\\ufffd\"");
    check_text((struct slice){ NULL, 0 }, "\"\"");
}

TEST(go_json_writes_documents_back_with_their_order)
{
    check_document("{\"z\":[1,[],{}],\"a<\":{\"\":null},\"t\":true,\"n\":18446744073709551616}",
                   "{\"z\":[1,[],{}],\"a\\u003c\":{\"\":null},\"t\":true,"
                   "\"n\":18446744073709551616}");
}

TEST(go_json_reals_have_the_fewest_digits_and_gos_exponents)
{
    check_document("[0.1,-2.5,100.0,1e20,123456789012345680000.0,1e21,1.5e300,-0.0]",
                   "[0.1,-2.5,100,100000000000000000000,123456789012345680000,1e+21,1.5e+300,-0]");
    check_document("[0.000001,0.0000015,1e-7,-1.25e-9,0.30000000000000004]",
                   "[0.000001,0.0000015,1e-7,-1.25e-9,0.30000000000000004]");
}

TEST(go_json_floats_have_the_fewest_digits_of_a_float)
{
    struct text out;
    text_init(&out, 1000);
    struct go_json w = go_json_init(&out);
    go_json_open(&w, NULL, '[');
    go_json_float(&w, NULL, 0.1F);
    go_json_float(&w, NULL, -1.0 / 3);
    go_json_float(&w, NULL, 1e-7);
    go_json_float(&w, NULL, 16777216);
    go_json_close(&w, ']');
    assert_string_equal(out.data, "[0.1,-0.33333334,1e-7,16777216]");
    text_release(&out);
}

TEST(go_json_puts_commas_between_members_whatever_texts_end_in)
{
    struct text out;
    text_init(&out, 1000);
    struct go_json w = go_json_init(&out);
    go_json_open(&w, NULL, '{');
    go_json_string(&w, "a", "{");
    go_json_open(&w, "b", '[');
    go_json_string(&w, NULL, "[");
    go_json_flag(&w, NULL, false);
    go_json_close(&w, ']');
    go_json_whole_if_any(&w, "none", 0);
    go_json_text_if_any(&w, "none", slice_of(""));
    go_json_whole(&w, "zero", 0);
    go_json_raw(&w, "raw", slice_of("{}"));
    go_json_null(&w, "null");
    go_json_close(&w, '}');
    assert_true(w.ok);
    assert_string_equal(out.data,
                        "{\"a\":\"{\",\"b\":[\"[\",false],\"zero\":0,\"raw\":{},\"null\":null}");
    text_release(&out);
}

TEST(go_json_that_does_not_fit_says_so)
{
    struct text out;
    text_init(&out, 8);
    struct go_json w = go_json_init(&out);
    go_json_string(&w, NULL, "longer than that");
    assert_false(w.ok);
    go_json_flag(&w, NULL, true);
    assert_false(w.ok);
    text_release(&out);
}

static void check_time(void (*write)(struct go_json *, const char *, int64_t), int64_t ns,
                       const char *wanted)
{
    struct text out;
    text_init(&out, 100);
    struct go_json w = go_json_init(&out);
    write(&w, NULL, ns);
    assert_string_equal(out.data, wanted);
    text_release(&out);
}

TEST(go_json_times_have_nine_digits_without_trailing_zeros)
{
    check_time(go_json_time, 0, "\"1970-01-01T00:00:00Z\"");
    check_time(go_json_time, 1700000000120000000, "\"2023-11-14T22:13:20.12Z\"");
    check_time(go_json_time, 1700000000000000001, "\"2023-11-14T22:13:20.000000001Z\"");
    check_time(go_json_time, -1, "\"1969-12-31T23:59:59.999999999Z\"");
    check_time(go_json_time, INT64_MAX, "\"2262-04-11T23:47:16.854775807Z\"");
}

TEST(go_json_local_times_have_their_offset)
{
    setenv("TZ", "XXX-05:30", 1);
    tzset();
    check_time(go_json_local_time, 1700000000000000000, "\"2023-11-15T03:43:20+05:30\"");
    setenv("TZ", "YYY03:00", 1);
    tzset();
    check_time(go_json_local_time, 1700000000500000000, "\"2023-11-14T19:13:20.5-03:00\"");
    setenv("TZ", "UTC", 1);
    tzset();
    check_time(go_json_local_time, 1700000000000000000, "\"2023-11-14T22:13:20Z\"");
}

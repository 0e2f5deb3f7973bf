#include "test.h"

#include "base/json.h"

static const struct json *parse(const char *text)
{
    const struct json *root;
    struct error err = { 0 };
    assert_ok(json_open(&root, text, strlen(text), "test", &err), err);
    return root;
}

TEST(json_values_come_back_and_absent_ones_give_the_fallback)
{
    const struct json *root =
        parse("{\"b\":[1,2.5,\"x\\u0000y\",true,null],\"a\":{\"c\":3.0},\"big\":1e300}");
    const struct json *list = json_get(root, "b");
    assert_int_equal(json_size(list), 5);
    assert_int_equal(json_int(json_at(list, 0), -1), 1);
    assert_true(json_number(json_at(list, 1), 0) == 2.5);
    assert_int_equal(json_int(json_at(list, 1), -1), -1);
    assert_int_equal(json_text(json_at(list, 2)).length, 3);
    assert_true(json_flag(json_at(list, 3), false));
    assert_int_equal(json_kind(json_at(list, 4)), JSON_KIND_NULL);
    assert_int_equal(json_kind(json_at(list, 5)), JSON_KIND_NONE);
    assert_int_equal(json_int(json_get(json_get(root, "a"), "c"), 0), 3);
    assert_int_equal(json_int(json_get(root, "big"), 7), 7);
    assert_int_equal(json_int(json_get(json_get(json_get(root, "x"), "y"), "z"), 9), 9);
    json_close(&root);
}

TEST(json_objects_keep_their_order)
{
    const struct json *root = parse("{\"z\":1,\"a\":2,\"m\":3}");
    const char *const keys[] = { "z", "a", "m" };
    size_t i = 0;
    for (const struct json_member *m = json_first(root); m; m = json_next(root, m))
        assert_true(slice_equal(json_member_key(m), slice_of(keys[i++])));
    assert_int_equal(i, 3);
    json_close(&root);
}

TEST(json_errors_name_the_source_and_the_place)
{
    const struct json *root;
    struct error err = { 0 };
    assert_false(json_open(&root, "{\n \"a\": }", 9, "x.json", &err));
    assert_null(root);
    assert_non_null(strstr(err.message, "x.json"));
    assert_non_null(strstr(err.message, "line 2"));
}

TEST(json_strings_are_written_so_that_they_read_back)
{
    struct text text;
    text_init(&text, 1000);
    assert_true(json_write_string(&text, (struct slice){ "a\"\\\n\x01\0\xc3\xa9\xff", 9 }));
    assert_string_equal(text.data, "\"a\\\"\\\\\\n\\u0001\\u0000\xc3\xa9\xef\xbf\xbd\"");
    text_release(&text);
}

TEST(json_integers_beyond_64_bits_keep_their_digits)
{
    const struct json *root = parse(
        "{\"k-12345678901234567890\":[18446744073709551616,-7,1.5,\"99999999999999999999\\\"\","
        "{\"x\":-9223372036854775809}],\"n\":9223372036854775807,\"e\":1e30}");
    const struct json *list = json_get(root, "k-12345678901234567890");
    assert_int_equal(json_kind(json_at(list, 0)), JSON_KIND_LONG_INTEGER);
    assert_true(slice_equal(json_digits(json_at(list, 0)), slice_of("18446744073709551616")));
    assert_true(json_number(json_at(list, 0), 0) == 18446744073709551616.0);
    assert_int_equal(json_int(json_at(list, 0), -1), -1);
    assert_int_equal(json_text(json_at(list, 0)).length, 0);
    assert_int_equal(json_int(json_at(list, 1), 0), -7);
    assert_true(json_number(json_at(list, 2), 0) == 1.5);
    assert_int_equal(json_kind(json_at(list, 3)), JSON_KIND_STRING);
    assert_true(slice_equal(json_digits(json_get(json_at(list, 4), "x")),
                            slice_of("-9223372036854775809")));
    assert_int_equal(json_int(json_get(root, "n"), 0), INT64_MAX);
    assert_int_equal(json_kind(json_get(root, "e")), JSON_KIND_REAL);
    json_close(&root);
    root = parse("123456789012345678901234567890");
    assert_int_equal(json_digits(root).length, 30);
    json_close(&root);
}

TEST(json_values_are_written_as_they_were_read)
{
    static const char TEXT[] = "{\"b\":[1,-0.5,1e+30,18446744073709551616],\"a\":{\"x\":null,"
                               "\"y\":true},\"\":\"\\n\"}";
    const struct json *root = parse(TEXT);
    struct text text;
    text_init(&text, 1000);
    assert_true(json_write(&text, root));
    assert_string_equal(text.data, TEXT);
    text_release(&text);
    text_init(&text, 20);
    assert_false(json_write(&text, root));
    text_release(&text);
    json_close(&root);
}

TEST(json_opened_loosely_takes_the_last_duplicate_and_ignores_what_follows)
{
    const struct json *root;
    struct error err = { 0 };
    const char *sent = " {\"a\":1,\"a\":2,\"b\":[{\"c\":3,\"c\":\"x\"}]} {\"a\":5} nonsense";
    assert_ok(json_open_loosely(&root, sent, strlen(sent), "test", &err), err);
    assert_int_equal(json_int(json_get(root, "a"), 0), 2);
    assert_string_equal(json_text(json_get(json_at(json_get(root, "b"), 0), "c")).data, "x");
    json_close(&root);
    assert_false(json_open(&root, sent, strlen(sent), "test", &err));
    assert_false(json_open_loosely(&root, "{\"a\":", 5, "test", &err));
}

TEST(json_opened_loosely_keeps_long_integers_in_their_places)
{
    const struct json *root;
    struct error err = { 0 };
    const char *sent = "{\"a\":1,\"b\":99999999999999999999} 88888888888888888888";
    assert_ok(json_open_loosely(&root, sent, strlen(sent), "test", &err), err);
    assert_int_equal(json_int(json_get(root, "a"), 0), 1);
    assert_true(slice_equal(json_digits(json_get(root, "b")), slice_of("99999999999999999999")));
    json_close(&root);
    /* which of the two a number belongs to cannot be told: refused, never mixed up */
    sent = "{\"a\":1,\"a\":2,\"b\":99999999999999999999}";
    assert_false(json_open_loosely(&root, sent, strlen(sent), "test", &err));
}

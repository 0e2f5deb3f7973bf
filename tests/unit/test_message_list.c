/* The program's files are no part of the library, so they are compiled in here; before test.h,
 * whose cmocka takes the name fail for a macro. */
#include "cli/prompt/message_list.c"

#include "test.h"

static void assert_list(struct message_list *list, const char *wanted)
{
    struct error err = { 0 };
    const struct json *json;
    struct text text;
    assert_ok(message_list_open(&json, list, &err), err);
    assert_int_equal(json_size(json), list->count);
    text_init(&text, 1000);
    assert_true(json_write(&text, json));
    assert_string_equal(text.data, wanted);
    text_release(&text);
    json_close(&json);
}

TEST(an_empty_list_is_an_empty_array)
{
    struct message_list list;
    message_list_init(&list);
    assert_list(&list, "[]");
    message_list_release(&list);
}

TEST(messages_follow_each_other)
{
    static const char calls[] = "{\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":{}}}";
    struct message_list list;
    struct error err = { 0 };
    message_list_init(&list);
    assert_ok(message_list_push(&list, "user", slice_of("a \"b\"\n"), &err), err);
    assert_ok(message_list_push_answer(&list, slice_of("hm"), slice_of("c"), slice_of(""), &err),
              err);
    assert_ok(message_list_push_answer(&list, slice_of(""), slice_of(""), slice_of(calls), &err),
              err);
    assert_list(&list, "[{\"role\":\"user\",\"content\":\"a \\\"b\\\"\\n\"},"
                       "{\"role\":\"assistant\",\"content\":\"c\",\"thinking\":\"hm\"},"
                       "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":"
                       "[{\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":{}}}]}]");
    message_list_release(&list);
}

TEST(bytes_that_are_no_text_become_the_replacement_character)
{
    struct message_list list;
    struct error err = { 0 };
    message_list_init(&list);
    assert_ok(message_list_push(&list, "user", (struct slice){ "a\xff", 2 }, &err), err);
    assert_list(&list, "[{\"role\":\"user\",\"content\":\"a\xef\xbf\xbd\"}]");
    message_list_release(&list);
}

TEST(a_list_goes_back_to_a_mark)
{
    struct message_list list;
    struct error err = { 0 };
    message_list_init(&list);
    assert_ok(message_list_push(&list, "user", slice_of("a"), &err), err);
    struct message_mark mark = message_list_mark(&list);
    assert_ok(message_list_push(&list, "user", slice_of("b"), &err), err);
    message_list_return(&list, mark);
    assert_list(&list, "[{\"role\":\"user\",\"content\":\"a\"}]");
    message_list_return(&list, (struct message_mark){ 0 });
    assert_ok(message_list_push(&list, "user", slice_of("c"), &err), err);
    assert_list(&list, "[{\"role\":\"user\",\"content\":\"c\"}]");
    message_list_release(&list);
}

TEST(what_does_not_fit_leaves_the_list_as_it_was)
{
    const struct json *more;
    static const char array[] = "[{\"role\":\"user\"},{\"role\":\"user\",\"content\":\"long\"}]";
    struct message_list list;
    struct error err = { 0 };
    message_list_init(&list);
    assert_ok(message_list_push(&list, "user", slice_of("a"), &err), err);
    list.json.limit = list.json.length + 30;
    assert_ok(json_open(&more, array, strlen(array), "messages", &err), err);
    assert_false(message_list_push_all(&list, more, &err));
    assert_int_equal(err.code, ERROR_BUDGET);
    assert_list(&list, "[{\"role\":\"user\",\"content\":\"a\"}]");
    assert_false(message_list_push(&list, "user", slice_of("longer than there is room"), &err));
    assert_list(&list, "[{\"role\":\"user\",\"content\":\"a\"}]");
    list.json.limit = 1000;
    assert_ok(message_list_push_all(&list, more, &err), err);
    assert_int_equal(list.count, 3);
    json_close(&more);
    message_list_release(&list);
}

/* test_conversation.c: messages and tools of any API become one form, and what is none is refused
 * with its number. */
#include "test.h"

#include "base/memory.h"
#include "chat/conversation.h"

static const struct json *json_from(const char *source)
{
    const struct json *json;
    struct error err = { 0 };
    if (!json_open(&json, source, strlen(source), "the test", &err))
        fail_msg("%s", err.message);
    return json;
}

/* Sources are JSON; tools may be NULL. */
static bool open_sources(struct conversation **out, const char *messages, const char *tools,
                         const char *system, struct error *err)
{
    const struct json *m = json_from(messages), *t = tools ? json_from(tools) : NULL;
    bool ok = conversation_open(out, m, t, slice_of(system), err);
    json_close(&m);
    json_close(&t);
    return ok;
}

static void assert_json(const struct json *got, const char *want)
{
    struct text text;
    text_init(&text, SIZE_MAX);
    assert_true(json_write(&text, got));
    assert_string_equal(text.data, want);
    text_release(&text);
}

static void expect_messages(const char *messages, const char *want)
{
    struct conversation *conversation;
    struct error err = { 0 };
    assert_ok(open_sources(&conversation, messages, NULL, "", &err), err);
    assert_json(conversation_messages(conversation), want);
    assert_null(conversation_tools(conversation));
    conversation_close(&conversation);
    conversation_close(&conversation);
}

static void expect_tools(const char *tools, const char *want)
{
    struct conversation *conversation;
    struct error err = { 0 };
    assert_ok(open_sources(&conversation, "[]", tools, "", &err), err);
    if (want)
        assert_json(conversation_tools(conversation), want);
    else
        assert_null(conversation_tools(conversation));
    conversation_close(&conversation);
}

TEST(texts_stay_as_they_are)
{
    expect_messages("null", "[]");
    expect_messages("[{\"role\":\"user\",\"content\":\"a\\u0000\\\"\xc3\xa9\"}]",
                    "[{\"role\":\"user\",\"content\":\"a\\u0000\\\"\xc3\xa9\"}]");
    expect_messages(
        "[{\"role\":\"User\"},{\"role\":\"DEVELOPER\",\"content\":\"x\",\"name\":\"n\"}]",
        "[{\"role\":\"user\",\"content\":\"\"},{\"role\":\"system\",\"content\":\"x\"}]");
    expect_messages(
        "[{\"role\":\"user\",\"images\":[],\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
        "{\"type\":\"input_text\",\"text\":\"b\"}]}]",
        "[{\"role\":\"user\",\"content\":\"a\\nb\"}]");
}

TEST(thinking_has_three_names)
{
    expect_messages(
        "[{\"role\":\"assistant\",\"content\":\"a\",\"thinking\":\"t\",\"reasoning\":null},"
        "{\"role\":\"assistant\",\"content\":null,\"reasoning_content\":\"r\"},"
        "{\"role\":\"assistant\",\"reasoning\":\"s\"}]",
        "[{\"role\":\"assistant\",\"content\":\"a\",\"thinking\":\"t\"},"
        "{\"role\":\"assistant\",\"content\":\"\",\"thinking\":\"r\"},"
        "{\"role\":\"assistant\",\"content\":\"\",\"thinking\":\"s\"}]");
}

TEST(arguments_become_objects)
{
    expect_messages(
        "[{\"role\":\"assistant\",\"content\":null,\"tool_calls\":["
        "{\"id\":\"1\",\"type\":\"function\",\"function\":{\"name\":\"f\","
        "\"arguments\":\"{\\\"z\\\":1,\\\"a\\\":[2.50]}\"}},"
        "{\"function\":{\"name\":\"g\",\"arguments\":{\"k\":null},\"index\":1}},"
        "{\"function\":{\"name\":\"h\",\"arguments\":\"\"}},{\"function\":{\"name\":\"h\"}}]}]",
        "[{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":["
        "{\"id\":\"1\",\"function\":{\"name\":\"f\",\"arguments\":{\"z\":1,\"a\":[2.5]}}},"
        "{\"function\":{\"name\":\"g\",\"arguments\":{\"k\":null}}},"
        "{\"function\":{\"name\":\"h\",\"arguments\":{}}},"
        "{\"function\":{\"name\":\"h\",\"arguments\":{}}}]}]");
}

TEST(results_find_the_names_of_their_calls)
{
    expect_messages(
        "[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"x\",\"function\":{\"name\":\"f\"}},"
        "{\"id\":\"y\",\"function\":{\"name\":\"g\"}}]},"
        "{\"role\":\"tool\",\"tool_call_id\":\"y\",\"content\":\"1\"},"
        "{\"role\":\"tool\",\"tool_call_id\":\"x\",\"content\":\"2\",\"name\":\"own\"},"
        "{\"role\":\"tool\",\"tool_call_id\":\"z\",\"content\":\"3\"},"
        "{\"role\":\"assistant\",\"tool_calls\":[{\"function\":{\"name\":\"h\"}}]},"
        "{\"role\":\"tool\",\"content\":\"4\"},{\"role\":\"tool\",\"content\":\"5\"}]",
        "[{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":["
        "{\"id\":\"x\",\"function\":{\"name\":\"f\",\"arguments\":{}}},"
        "{\"id\":\"y\",\"function\":{\"name\":\"g\",\"arguments\":{}}}]},"
        "{\"role\":\"tool\",\"content\":\"1\",\"tool_name\":\"g\",\"tool_call_id\":\"y\"},"
        "{\"role\":\"tool\",\"content\":\"2\",\"tool_name\":\"own\",\"tool_call_id\":\"x\"},"
        "{\"role\":\"tool\",\"content\":\"3\",\"tool_call_id\":\"z\"},"
        "{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":["
        "{\"function\":{\"name\":\"h\",\"arguments\":{}}}]},"
        "{\"role\":\"tool\",\"content\":\"4\",\"tool_name\":\"h\"},"
        "{\"role\":\"tool\",\"content\":\"5\"}]");
}

TEST(a_system_text_comes_in_front)
{
    struct conversation *conversation;
    struct error err = { 0 };
    assert_ok(open_sources(&conversation, "[{\"role\":\"system\",\"content\":\"b\"}]", NULL,
                           "a\xff\"", &err),
              err);
    assert_json(conversation_messages(conversation),
                "[{\"role\":\"system\",\"content\":\"a\xef\xbf\xbd\\\"\"},"
                "{\"role\":\"system\",\"content\":\"b\"}]");
    conversation_close(&conversation);
}

TEST(tools_may_come_bare_or_wrapped)
{
    expect_tools("null", NULL);
    expect_tools("[]", NULL);
    expect_tools("[{\"name\":\"f.g-h_1\",\"strict\":true},"
                 "{\"type\":\"function\",\"function\":{\"name\":\"g\",\"description\":\"d\","
                 "\"parameters\":{\"properties\":{\"b\":{},\"a\":{\"type\":\"string\"}}}}}]",
                 "[{\"type\":\"function\",\"function\":{\"name\":\"f.g-h_1\","
                 "\"parameters\":{\"type\":\"object\",\"properties\":{}}}},"
                 "{\"type\":\"function\",\"function\":{\"name\":\"g\",\"description\":\"d\","
                 "\"parameters\":{\"properties\":{\"b\":{},\"a\":{\"type\":\"string\"}}}}}]");
}

struct refusal {
    const char *source;
    enum error_code code;
    const char *reason;
};

static void expect_refusal(const struct refusal *r, bool of_tools)
{
    struct conversation *conversation;
    struct error err = { 0 };
    bool ok = open_sources(&conversation, of_tools ? "[]" : r->source, of_tools ? r->source : NULL,
                           "", &err);
    if (ok || err.code != r->code || !strstr(err.message, r->reason))
        fail_msg("%s\n  want: %d %s\n  got:  %d %s", r->source, r->code, r->reason, err.code,
                 err.message);
    assert_null(conversation);
}

TEST(what_is_no_message_is_refused_with_its_number)
{
    static const struct refusal refusals[] = {
        { "{}", ERROR_USAGE, "'messages' must be an array" },
        { "\"hello\"", ERROR_USAGE, "'messages' must be an array" },
        { "[1]", ERROR_USAGE, "message 1: it must be an object" },
        { "[{\"role\":\"user\"},{}]", ERROR_USAGE, "message 2: it must have a 'role'" },
        { "[{\"role\":7}]", ERROR_USAGE, "message 1: it must have a 'role'" },
        { "[{\"role\":\"users\"}]", ERROR_USAGE, "message 1: its role 'users' is none of" },
        { "[{\"role\":\"user\",\"content\":null}]", ERROR_USAGE, "message 1: its content is null" },
        { "[{\"role\":\"user\",\"content\":7}]", ERROR_USAGE,
          "message 1: its content must be a string or an array" },
        { "[{\"role\":\"user\",\"content\":[\"a\"]}]", ERROR_USAGE,
          "message 1: part 1 of its content: it must be an object" },
        { "[{\"role\":\"user\",\"content\":[{\"type\":\"text\"}]}]", ERROR_USAGE,
          "message 1: part 1 of its content: it must have a 'text'" },
        { "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
          "{\"type\":\"image_url\",\"image_url\":{}}]}]",
          ERROR_UNSUPPORTED, "message 1: part 2 of its content: its type is 'image_url'" },
        { "[{\"role\":\"user\",\"images\":[\"aGk=\"]}]", ERROR_UNSUPPORTED,
          "message 1: it has 'images'" },
        { "[{\"role\":\"assistant\",\"thinking\":7}]", ERROR_USAGE,
          "message 1: its 'thinking' must be a string" },
        { "[{\"role\":\"user\",\"tool_calls\":[{}]}]", ERROR_USAGE,
          "message 1: it has 'tool_calls', which only the assistant makes" },
        { "[{\"role\":\"assistant\",\"tool_calls\":{}}]", ERROR_USAGE,
          "message 1: its 'tool_calls' must be an array" },
        { "[{\"role\":\"assistant\",\"tool_calls\":[3]}]", ERROR_USAGE,
          "message 1: tool call 1: it must be an object" },
        { "[{\"role\":\"assistant\",\"tool_calls\":[{\"function\":{}}]}]", ERROR_USAGE,
          "message 1: tool call 1: it must have a function with a 'name'" },
        { "[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":1,\"function\":{\"name\":\"f\"}}]}]",
          ERROR_USAGE, "message 1: tool call 1: its 'id' must be a string" },
        { "[{\"role\":\"assistant\",\"tool_calls\":[{\"function\":{\"name\":\"f\","
          "\"arguments\":[]}}]}]",
          ERROR_USAGE, "message 1: tool call 1: its arguments must be an object" },
        { "[{\"role\":\"assistant\",\"tool_calls\":[{\"function\":{\"name\":\"f\","
          "\"arguments\":\"[1]\"}}]}]",
          ERROR_USAGE, "message 1: tool call 1: its arguments must be an object" },
        { "[{\"role\":\"assistant\",\"tool_calls\":[{\"function\":{\"name\":\"f\","
          "\"arguments\":\"{\"}}]}]",
          ERROR_USAGE, "message 1: tool call 1: 'arguments' is not valid JSON" },
        { "[{\"role\":\"tool\",\"content\":\"a\",\"tool_call_id\":[]}]", ERROR_USAGE,
          "message 1: its 'tool_call_id' must be a string" },
    };
    for (size_t i = 0; i < COUNT_OF(refusals); i++)
        expect_refusal(&refusals[i], false);
}

#define LONG_NAME "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklm" /* 65 */

TEST(what_is_no_tool_is_refused_with_its_number)
{
    static const struct refusal refusals[] = {
        { "{}", ERROR_USAGE, "'tools' must be an array" },
        { "[{\"name\":\"f\"},null]", ERROR_USAGE, "tool 2: it must be a function" },
        { "[{\"function\":\"f\"}]", ERROR_USAGE, "tool 1: it must be a function" },
        { "[{\"type\":\"web_search\"}]", ERROR_UNSUPPORTED, "tool 1: its type is 'web_search'" },
        { "[{\"function\":{}}]", ERROR_USAGE, "tool 1: it must have a 'name'" },
        { "[{\"name\":1}]", ERROR_USAGE, "tool 1: its 'name' must be a string" },
        { "[{\"name\":\"a b\"}]", ERROR_USAGE, "tool 1: its name 'a b' has other characters" },
        { "[{\"name\":\"" LONG_NAME "\"}]", ERROR_USAGE, "has 65 bytes, more than 64" },
        { "[{\"name\":\"f\"},{\"name\":\"g\"},{\"name\":\"f\"}]", ERROR_USAGE,
          "tool 3: its name 'f' is that of tool 1" },
        { "[{\"name\":\"f\",\"parameters\":[]}]", ERROR_USAGE,
          "tool 1: its 'parameters' must be an object" },
        { "[{\"name\":\"f\",\"description\":{}}]", ERROR_USAGE,
          "tool 1: its 'description' must be a string" },
    };
    for (size_t i = 0; i < COUNT_OF(refusals); i++)
        expect_refusal(&refusals[i], true);
}

/* A string of arguments that holds as much nesting as a document may, inside of others. */
TEST(nesting_has_an_end)
{
    struct conversation *conversation;
    struct error err = { 0 };
    struct text text;
    text_init(&text, SIZE_MAX);
    assert_true(text_append_string(&text, "[{\"role\":\"assistant\",\"tool_calls\":[{\"function\":"
                                          "{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":"));
    for (size_t i = 0; i < 100000; i++)
        assert_true(text_append_byte(&text, '['));
    assert_true(text_append_string(&text, "\"}}]}]"));
    assert_false(open_sources(&conversation, text.data, NULL, "", &err));
    assert_non_null(strstr(err.message, "message 1: tool call 1: 'arguments' is not"));
    text_release(&text);
}

TEST(every_failing_allocation_is_an_error)
{
    const char *messages =
        "[{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}],"
        "\"tool_calls\":[{\"id\":\"x\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}]";
    const struct json *m = json_from(messages), *t = json_from("[{\"name\":\"f\"}]");
    bool ok = false;
    for (int64_t n = 0; !ok && n < 1000; n++) {
        struct conversation *conversation;
        struct error err = { 0 };
        memory_fail_after(n);
        ok = conversation_open(&conversation, m, t, slice_of("s"), &err);
        memory_fail_after(-1);
        assert_int_equal(ok ? ERROR_NONE : ERROR_MEMORY, err.code);
        conversation_close(&conversation);
    }
    assert_true(ok);
    json_close(&m);
    json_close(&t);
}

/* test_coder_call.c: calls with tags like XML, through the parser of qwen3-coder and its heirs. */
#include "test.h"

#include "base/memory.h"
#include "chat/output_parser.h"
#include "golden_lines.h"

static const char TOOLS[] =
    "[{\"function\":{\"name\":\"f\",\"parameters\":{\"properties\":{\"i\":{\"type\":\"integer\"},"
    "\"u\":{\"anyOf\":[{\"type\":\"boolean\"},{\"type\":[\"number\",\"array\"]}]}}}}}]";

static bool hear(void *context, const struct output_event *event, struct error *err)
{
    struct text *heard = context;
    bool ok = event->kind == OUTPUT_TOOL_CALL
                  ? text_append_slice(heard, event->call.name) &&
                        text_append_slice(heard, event->call.arguments)
                  : text_append_string(heard, event->kind == OUTPUT_THINKING ? "?" : "!") &&
                        text_append_slice(heard, event->text);
    return ok || fail_memory(err, heard->length, "what is heard");
}

/* What the parser makes of `answer`: "?thinking", "!content", "name{arguments}"; after "#" the
 * message of an error. */
static bool parse(const char *name, const char *answer, const char *last, struct text *heard,
                  struct error *err)
{
    const struct json *tools = NULL, *last_message = NULL;
    struct output_parser *p = NULL;
    bool ok = json_open(&tools, TOOLS, strlen(TOOLS), "tools", err) &&
              (!last || json_open(&last_message, last, strlen(last), "message", err));
    struct output_parser_options options = { .tools = tools, .last_message = last_message };
    text_init(heard, SIZE_MAX);
    ok = ok && output_parser_open(&p, name, &options, err) &&
         output_parser_add(p, slice_of(answer), true, hear, heard, err);
    output_parser_close(&p);
    json_close(&last_message);
    json_close(&tools);
    return ok;
}

static void check(const char *name, const char *answer, const char *last, const char *expected)
{
    struct text heard;
    struct error err = { 0 };
    if (!parse(name, answer, last, &heard, &err))
        assert_true(text_printf(&heard, "#%s", err.message));
    assert_string_equal(heard.data, expected);
    text_release(&heard);
}

#define CALL(arguments) "<tool_call><function=f>" arguments "</function></tool_call>"

TEST(arguments_become_the_first_declared_type_that_fits)
{
    check("qwen3-coder", CALL("<parameter=i>-7</parameter><parameter=u>TRUE</parameter>"), NULL,
          "f{\"i\":-7,\"u\":true}");
    check("qwen3-coder", CALL("<parameter=i>9223372036854775807</parameter>"), NULL,
          "f{\"i\":9223372036854775807}");
    check("qwen3-coder", CALL("<parameter=i>7.5</parameter><parameter=u>7.50</parameter>"), NULL,
          "f{\"i\":\"7.5\",\"u\":7.5}");
    check("qwen3-coder", CALL("<parameter=u>\n[1, {}]\n</parameter><parameter=x>1</parameter>"),
          NULL, "f{\"u\":[1,{}],\"x\":\"1\"}");
    check("qwen3-coder", CALL("<parameter=u>[1,</parameter><parameter=i>Null</parameter>"), NULL,
          "f{\"u\":\"[1,\",\"i\":null}");
}

TEST(a_value_keeps_the_tags_that_are_nested_in_it)
{
    check("qwen3-coder", CALL("<parameter=x>a <parameter=y>b</parameter> </b></parameter>"), NULL,
          "f{\"x\":\"a <parameter=y>b</parameter> </b>\"}");
}

TEST(a_name_that_comes_again_keeps_its_place_and_takes_the_later_value)
{
    check("qwen3-coder",
          CALL("<parameter=x>1</parameter><parameter=y>2</parameter><parameter=x>3</parameter>"),
          NULL, "f{\"x\":\"3\",\"y\":\"2\"}");
}

TEST(calls_that_cannot_be_read_are_errors)
{
    check("qwen3-coder", "so <tool_call>f()</tool_call>", NULL,
          "!so#a tool call names no function");
    check("qwen3-coder", CALL("<parameter=x>1"), NULL,
          "#a tool call, 'f', cannot be read: a parameter is not closed");
    check("qwen3-coder", "<tool_call><function=f></tool_call>", NULL,
          "#a tool call, 'f', cannot be read: it is not closed");
}

TEST(an_answer_that_continues_content_has_no_thinking)
{
    static const char LAST[] = "{\"role\":\"assistant\",\"content\":\"It\"}";
    check("qwen3.5", "is</think> so", NULL, "?is!so");
    check("qwen3.5", "is</think> so", LAST, "!is</think> so");
    check("qwen3-vl-thinking", "is</think> so", LAST, "!is</think> so");
}

TEST(parsers_survive_without_memory)
{
    static const char ANSWER[] = "<think>hm</think>" CALL("<parameter=u>[1]</parameter>");
    bool ok = false;
    for (int64_t n = 0; !ok; n++) {
        struct text heard;
        struct error err = { 0 };
        memory_fail_after(n);
        ok = parse("qwen3.5", ANSWER, NULL, &heard, &err);
        memory_fail_after(-1);
        assert_true(ok || err.code != ERROR_NONE);
        if (ok)
            assert_string_equal(heard.data, "?hmf{\"u\":[1]}");
        text_release(&heard);
        assert_true(n < 1000);
    }
}

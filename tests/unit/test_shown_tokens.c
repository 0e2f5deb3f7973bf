/* How tokens are shown: quoted_text.h and logprob_text.h. The program's files are no part of the
 * library, so they are compiled in here; before test.h, whose cmocka takes the name fail for a
 * macro. */
#include "cli/run/logprob_text.c"
#include "cli/quoted_text.c"

#include "test.h"

static void assert_quoted(struct slice bytes, const char *wanted)
{
    struct text text;
    text_init(&text, 200);
    assert_true(quoted_text_append(&text, bytes));
    assert_string_equal(text.data, wanted);
    text_release(&text);
}

TEST(any_bytes_are_quoted_in_one_line)
{
    assert_quoted(slice_of(""), "\"\"");
    assert_quoted(slice_of(" a\n\t\r"), "\" a\\n\\t\\r\"");
    assert_quoted(slice_of("\"\\"), "\"\\\"\\\\\"");
    assert_quoted((struct slice){ "\0\x1b", 2 }, "\"\\x00\\x1B\"");
    assert_quoted(slice_of("\xc3\xa9"), "\"\xc3\xa9\"");
    assert_quoted(slice_of("a\xc3"), "\"a\\xC3\"");
    assert_quoted(slice_of("\xc2\x9b"), "\"\\xC2\\x9B\"");          /* a control character */
    assert_quoted(slice_of("\xe2\x80\xae"), "\"\\xE2\\x80\\xAE\""); /* turns the text */
}

/* Of a server's answer. */
static const char said[] =
    "[{\"token\":\"\\ufffd\",\"logprob\":-9999,\"bytes\":[255],\"top_logprobs\":["
    "{\"token\":\" a\",\"logprob\":-0.25,\"bytes\":[32,97]},"
    "{\"token\":\"\\ufffd\",\"logprob\":-9999,\"bytes\":[255]}]},"
    "{\"token\":\" a\",\"logprob\":-0.25,\"bytes\":[32,97]}]";

static const struct json *open_said(void)
{
    struct error err = { 0 };
    const struct json *json = NULL;
    assert_ok(json_open(&json, said, strlen(said), "logprobs", &err), err);
    return json;
}

TEST(log_probabilities_are_a_line_of_json)
{
    struct error err = { 0 };
    const struct json *tokens = open_said(), *line;
    struct text text;
    text_init(&text, 1000);
    assert_true(logprob_text_line(&text, tokens));
    assert_null(memchr(text.data, '\n', text.length));
    assert_ok(json_open(&line, text.data, text.length, "a line", &err), err);
    const struct json *first = json_at(json_get(line, "logprobs"), 0);
    assert_int_equal(json_size(json_get(line, "logprobs")), 2);
    assert_int_equal(json_int(json_at(json_get(first, "bytes"), 0), 0), 0xff);
    assert_int_equal(json_size(json_get(first, "top_logprobs")), 2);
    json_close(&line);
    json_close(&tokens);
    text_release(&text);
}

TEST(a_table_has_a_line_for_each_token)
{
    const struct json *tokens = open_said();
    struct text text;
    text_init(&text, 1000);
    assert_true(logprob_text_table(&text, tokens));
    assert_string_equal(text.data, "-9999.0000 \"\\xFF\"  |   -0.2500 \" a\" -9999.0000 \"\\xFF\"\n"
                                   "   -0.2500 \" a\"\n");
    json_close(&tokens);
    text_release(&text);
}

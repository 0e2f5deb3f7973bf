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

static const struct hearth_logprob likely = { 1, -0.25f, " a", 2 };
static const struct hearth_logprob never = { 2, -INFINITY, "\xff", 1 };

TEST(log_probabilities_are_json_whatever_the_tokens_are)
{
    const struct hearth_logprob top[] = { likely, never };
    const struct hearth_token_logprobs tokens[] = { { never, top, 2 }, { likely, NULL, 0 } };
    struct error err = { 0 };
    const struct json *json;
    struct text text;
    text_init(&text, 1000);
    assert_true(logprob_text_line(&text, tokens, 2));
    assert_ok(json_open(&json, text.data, text.length, "logprobs", &err), err);
    const struct json *first = json_at(json_get(json, "logprobs"), 0);
    assert_true(json_number(json_get(first, "logprob"), 0) == -9999);
    assert_int_equal(json_int(json_at(json_get(first, "bytes"), 0), 0), 0xff);
    assert_int_equal(json_size(json_get(first, "top_logprobs")), 2);
    assert_int_equal(json_size(json_get(json_at(json_get(json, "logprobs"), 1), "top_logprobs")),
                     0);
    json_close(&json);
    text_release(&text);
}

TEST(a_table_has_a_line_for_each_token)
{
    const struct hearth_logprob top[] = { likely, never };
    const struct hearth_token_logprobs tokens[] = { { likely, top, 2 }, { likely, NULL, 0 } };
    struct text text;
    text_init(&text, 1000);
    assert_true(logprob_text_table(&text, tokens, 2));
    assert_string_equal(text.data, "   -0.2500 \" a\"  |   -0.2500 \" a\" -9999.0000 \"\\xFF\"\n"
                                   "   -0.2500 \" a\"\n");
    text_release(&text);
}

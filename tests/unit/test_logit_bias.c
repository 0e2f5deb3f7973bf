/* The program's files are no part of the library, so they are compiled in here; before test.h,
 * whose cmocka takes the name fail for a macro. */
#include "cli/logit_bias.c"

#include "test.h"

#include "tiny_vocabulary.h"

static struct tiny_gguf file;
static struct gguf *gguf;
static struct tokenizer *tokenizer;

static void open_vocabulary(void)
{
    struct error err = { 0 };
    tiny_gpt2(&file, "gpt-2");
    assert_false(file.is_broken);
    assert_ok(gguf_open_memory(&gguf, file.bytes.data, file.bytes.length, "tiny", &err), err);
    assert_ok(tokenizer_from_gguf(&tokenizer, gguf, &err), err);
}

static void close_vocabulary(void)
{
    tokenizer_close(&tokenizer);
    gguf_close(&gguf);
    text_release(&file.bytes);
}

static void assert_bias(const char *given, int32_t token, float bias)
{
    struct hearth_token_bias read = { -1, 0 };
    struct error err = { 0 };
    assert_ok(logit_bias_read(&read, given, tokenizer, &err), err);
    assert_int_equal(read.token, token);
    assert_true(read.bias == bias);
}

static void assert_refused(const char *given, const char *message)
{
    struct hearth_token_bias read;
    struct error err = { 0 };
    assert_false(logit_bias_read(&read, given, tokenizer, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_string_equal(err.message, message);
}

TEST(a_bias_is_of_a_token_by_id_or_text)
{
    open_vocabulary();
    assert_bias("0=100", 0, 100);
    assert_bias("264=-100", 264, -100);
    assert_bias("hello=0.5", 259, 0.5f);
    assert_bias(" wor=1e1", 262, 10);
    assert_bias("<|im_end|>=1", 264, 1);
    assert_bias("==1", '=', 1);
    close_vocabulary();
}

TEST(other_biases_are_refused_with_their_reason)
{
    static const char wanted[] = "--logit-bias '%s' does not end in =BIAS, from -100 to 100";
    static const char *const wrong[] = { "1=", "1=x", "1=101", "1=-100.5", "1=nan", "1=1x" };
    char message[200];
    open_vocabulary();
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        snprintf(message, sizeof message, wanted, wrong[i]);
        assert_refused(wrong[i], message);
    }
    assert_refused("1", "--logit-bias wants ID=BIAS or TEXT=BIAS, not '1'");
    assert_refused("265=1", "--logit-bias: token 265, but there are 265");
    assert_refused("99999999999999999999=1",
                   "--logit-bias: token 99999999999999999999, but there are 265");
    assert_refused("hello wor=1", "--logit-bias: 'hello wor' is 2 tokens, not one");
    assert_refused("=1", "--logit-bias: '' is 0 tokens, not one");
    close_vocabulary();
}

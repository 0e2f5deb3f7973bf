/* The program's files are no part of the library, so they are compiled in here; before test.h,
 * whose cmocka takes the name fail for a macro. The server is one that knows three texts. */
#include "cli/run/logit_bias.c"

static struct text asked; /* the last question */

bool server_ask(struct server_client *client, const char *path, struct slice body,
                const struct json **answer, struct error *err)
{
    static const struct {
        const char *question, *answer;
    } known[] = {
        { "{\"model\":\"m\",\"content\":\" wor\"}", "{\"tokens\":[262]}" },
        { "{\"model\":\"m\",\"content\":\"=\"}", "{\"tokens\":[61]}" },
        { "{\"model\":\"m\",\"content\":\"hello wor\"}", "{\"tokens\":[259,262]}" },
        { "{\"model\":\"m\",\"content\":\"\"}", "{\"tokens\":[]}" },
    };
    (void)client;
    text_clear(&asked);
    if (!text_append_string(&asked, path))
        return fail_memory(err, strlen(path), "a path");
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (slice_equal(body, slice_of(known[i].question)))
            return json_open(answer, known[i].answer, strlen(known[i].answer), "tokens", err);
    return fail(err, ERROR_IO, "the server went away");
}

#include "test.h"

/* The error is the result's. */
static struct error read_bias_of(struct logit_bias *out, const char *given)
{
    struct error err = { 0 };
    struct model_server server = { 0 };
    text_init(&server.model, 10);
    text_init(&asked, 100);
    assert_true(text_append_string(&server.model, "m"));
    bool ok = logit_bias_read(out, given, &server, &err);
    assert_int_equal(ok, err.code == ERROR_NONE);
    text_release(&server.model);
    return err;
}

static void assert_bias(const char *given, int64_t token, float bias, const char *path)
{
    struct logit_bias read = { -1, 0 };
    struct error err = read_bias_of(&read, given);
    assert_string_equal(err.message, "");
    assert_int_equal(read.token, token);
    assert_true(read.bias == bias);
    assert_string_equal(asked.data ? asked.data : "", path);
    text_release(&asked);
}

static void assert_refused(const char *given, enum error_code code, const char *message)
{
    struct logit_bias read;
    struct error err = read_bias_of(&read, given);
    assert_int_equal(err.code, code);
    assert_string_equal(err.message, message);
    text_release(&asked);
}

TEST(a_bias_is_of_a_token_by_id_or_by_what_the_server_makes_of_a_text)
{
    assert_bias("0=100", 0, 100, "");
    assert_bias("264=-100", 264, -100, "");
    assert_bias(" wor=1e1", 262, 10, "/tokenize");
    assert_bias("==1", 61, 1, "/tokenize");
}

TEST(other_biases_are_refused_with_their_reason)
{
    static const char wanted[] = "--logit-bias '%s' does not end in =BIAS, from -100 to 100";
    static const char *const wrong[] = { "1=", "1=x", "1=101", "1=-100.5", "1=nan", "1=1x" };
    char message[200];
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        snprintf(message, sizeof message, wanted, wrong[i]);
        assert_refused(wrong[i], ERROR_USAGE, message);
    }
    assert_refused("1", ERROR_USAGE, "--logit-bias wants ID=BIAS or TEXT=BIAS, not '1'");
    assert_refused("99999999999999999999=1", ERROR_USAGE,
                   "--logit-bias: there is no token 99999999999999999999");
    assert_refused("hello wor=1", ERROR_USAGE, "--logit-bias: 'hello wor' is 2 tokens, not one");
    assert_refused("=1", ERROR_USAGE, "--logit-bias: '' is 0 tokens, not one");
    assert_refused("other=1", ERROR_IO, "the server went away");
}

/* test_chat_loss.c: what templates do to texts is no loss, what they leave out is. */
#include "test.h"

#include "chat/template/chat_loss.h"

static void expect(const char *prompt, const char *text, bool is_said)
{
    if (prompt_says(slice_of(prompt), slice_of(text)) != is_said)
        fail_msg("'%s' %s in '%s'", text, is_said ? "is" : "is not", prompt);
}

TEST(trimming_and_escaping_lose_nothing)
{
    expect("", "", true);
    expect("abc", "", true);
    expect("U: hello;", "hello", true);
    expect("U: hello;", "  hello \n", true);
    expect("{\"content\": \"say \\\"hi\\\"\\n\\tto <them> \\\\ é\"}",
           "say \"hi\"\n\tto <them> \\ é", true);
    expect("say \\u003chi\\u003e &amp; go", "say <hi> & go", true);
    expect("Mode: off\nBe brief.", "Be brief. /no_think", true);
    expect("a | b | c", "a b", true);
}

TEST(what_is_missing_is_lost)
{
    expect("", "a", false);
    expect("hell", "hello", false);
    expect("two one", "one two", false); /* in order only */
    expect("你", "你好", false);
    expect("one", "one two", false);
}

static void expect_loss(const char *messages, const char *tools, const char *prompt,
                        const char *reason)
{
    const struct json *m, *t;
    struct conversation *conversation;
    struct error err = { 0 };
    assert_ok(json_open(&m, messages, strlen(messages), "messages", &err), err);
    assert_ok(json_open(&t, tools, strlen(tools), "tools", &err), err);
    assert_ok(conversation_open(&conversation, m, t, slice_of(""), &err), err);
    bool ok = prompt_check(slice_of(prompt), conversation, &err);
    if (ok != !reason || (reason && !strstr(err.message, reason)))
        fail_msg("'%s' instead of '%s'", ok ? "nothing" : err.message, reason ? reason : "nothing");
    conversation_close(&conversation);
    json_close(&m);
    json_close(&t);
}

TEST(the_loss_is_named)
{
    static const char talk[] = "[{\"role\":\"system\",\"content\":\"be kind\"},"
                               "{\"role\":\"user\",\"content\":\"first\"},"
                               "{\"role\":\"assistant\",\"content\":\"answer\"},"
                               "{\"role\":\"user\",\"content\":\"last\"}]";
    expect_loss(talk, "[{\"name\":\"f1\"}]", "last f1 be kind", NULL);
    expect_loss(talk, "[{\"name\":\"f1\"}]", "be first f1 last", "the system message 'be kind'");
    expect_loss(talk, "[{\"name\":\"f1\"}]", "be kind first last", "the tool 'f1'");
    expect_loss(talk, "[]", "be kind first answer", "the user's last message");
    expect_loss("[]", "[]", "", NULL);
}

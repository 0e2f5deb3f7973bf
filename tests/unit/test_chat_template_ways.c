/* test_chat_template_ways.c: what a template has no words for is told in other ways. */
#include "test.h"

#include "template_conversations.h"

TEST(a_template_of_two_roles_is_told_everything)
{
    expect_prompt_of(STRICT, "[{\"role\":\"user\",\"content\":\" hi \"}]", NULL, false, "U:hi;A:");
    expect_prompt_of(
        STRICT,
        "[{\"role\":\"system\",\"content\":\"s1\"},{\"role\":\"system\",\"content\":"
        "\"s2\"},{\"role\":\"user\",\"content\":\"u1\"},{\"role\":\"user\",\"content\":"
        "\"u2\"},{\"role\":\"assistant\",\"content\":\"a1\"},{\"role\":\"assistant\","
        "\"content\":\"a2\"},{\"role\":\"system\",\"content\":\"s3\"},"
        "{\"role\":\"user\",\"content\":\"u3\"}]",
        NULL, false, "U:s1\n\ns2\n\nu1\n\nu2;A:a1\n\na2;U:s3\n\nu3;A:");
}

#define CALLING                                                                                  \
    "[{\"role\":\"user\",\"content\":\"u\"},{\"role\":\"assistant\",\"content\":\"c\","          \
    "\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":{\"x\":[1,\"<\"]}}},"           \
    "{\"function\":{\"name\":\"g\",\"arguments\":{}}}]},{\"role\":\"tool\",\"content\":\"r1\"}," \
    "{\"role\":\"tool\",\"content\":\"r2\"},{\"role\":\"user\",\"content\":\"v\"}]"

TEST(tools_calls_and_results_are_told_in_plain_words)
{
    expect_prompt_of(
        STRICT, CALLING, "[{\"name\":\"f\"},{\"name\":\"g\",\"description\":\"d\"}]", false,
        "U:You can call functions. They are described here, one JSON object a line:\n<tools>\n"
        "{\"type\": \"function\", \"function\": {\"name\": \"f\", \"parameters\": {\"type\": "
        "\"object\", \"properties\": {}}}}\n"
        "{\"type\": \"function\", \"function\": {\"name\": \"g\", \"description\": \"d\", "
        "\"parameters\": {\"type\": \"object\", \"properties\": {}}}}\n</tools>\n\n"
        "To call a function, answer with its name and arguments as JSON in this form, once for "
        "each "
        "call:\n<tool_call>\n{\"name\": \"the function's name\", \"arguments\": {\"an argument\": "
        "\"its value\"}}\n</tool_call>\n\nu;A:c\n<tool_call>\n{\"name\": \"f\", \"arguments\": "
        "{\"x\": [1, \"<\"]}}\n</tool_call>\n<tool_call>\n{\"name\": \"g\", \"arguments\": {}}\n"
        "</tool_call>;U:<tool_response>\nr1\n</tool_response>\n<tool_response>\nr2\n"
        "</tool_response>\n\nv;A:");
}

/* Adds up texts, as templates do that describe tools in a language of types. */
TEST(tools_are_completed_for_templates_that_take_them_for_complete)
{
    static const char strict[] =
        "{% for t in tools %}{% set f = t.function %}{{ f.name + ' ' + f.description + '(' }}"
        "{% for n, p in f.parameters.properties|items %}{{ n + ':' + p.type + ' ' }}{% endfor %}); "
        "{% endfor %}{% for m in messages %}{{ m.role + ': ' + m.content + ';' }}"
        "{% for c in m.tool_calls %}{{ c.function.name }}{{ c.function.arguments|tojson }}"
        "{% endfor %}{% endfor %}";
    expect_prompt_of(
        strict, "[{\"role\":\"user\",\"content\":\"u\"}]",
        "[{\"name\":\"f\",\"parameters\":{\"properties\":{"
        "\"a\":{\"type\":[\"null\",\"integer\"]},\"b\":{\"anyOf\":[{\"type\":\"number\"}]},"
        "\"c\":true,\"d\":{\"type\":\"string\"}}}},{\"name\":\"g\",\"description\":\"does\"}]",
        false, "f (a:integer b:number c:string d:string ); g does(); user: u;");
}

/* Known from Modelfiles: behind a result, such a prompt would have no tools. */
TEST(tools_beside_the_last_message_of_the_user_are_listed_where_there_is_none)
{
    static const char last[] =
        "{% for m in messages %}{{ m.role }}: {% if loop.last and m.role == 'user' %}{{ "
        "tools|tojson }}"
        "{% endif %}{{ m.content }}{% for c in m.tool_calls %}{{ c.function.name }}"
        "{{ c.function.arguments|tojson }}{% endfor %};{% endfor %}";
    expect_prompt_of(
        last,
        "[{\"role\":\"user\",\"content\":\"u\"},{\"role\":\"assistant\",\"tool_calls\":["
        "{\"function\":{\"name\":\"f\"}}]},{\"role\":\"tool\",\"content\":\"r\"}]",
        "[{\"name\":\"f\"},{\"name\":\"g\"}]", false,
        "system: You can call functions. They are described here, one JSON object a "
        "line:\n<tools>\n"
        "{\"type\": \"function\", \"function\": {\"name\": \"f\", \"parameters\": {\"type\": "
        "\"object\", \"properties\": {}}}}\n{\"type\": \"function\", \"function\": {\"name\": "
        "\"g\", "
        "\"parameters\": {\"type\": \"object\", \"properties\": {}}}}\n</tools>;user: u;"
        "assistant: f{};tool: r;");
}

TEST(calls_that_are_refused_without_tools_are_told_in_plain_words)
{
    static const char refuses[] =
        "{{ tools }}{% for m in messages %}{% if (m.tool_calls or m.role == 'tool') and not tools "
        "%}"
        "{{ raise_exception('no tools, no calls') }}{% endif %}{{ m.role }}: {{ m.content }}"
        "{% for c in m.tool_calls %}{{ c.function.name }}{{ c.function.arguments|tojson }}"
        "{% endfor %};{% endfor %}";
    expect_prompt_of(
        refuses,
        "[{\"role\":\"user\",\"content\":\"u\"},{\"role\":\"assistant\",\"tool_calls\":["
        "{\"function\":{\"name\":\"f\"}}]},{\"role\":\"tool\",\"content\":\"r\"}]",
        NULL, false,
        "Noneuser: u;assistant: <tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n"
        "</tool_call>;user: <tool_response>\nr\n</tool_response>;");
}

TEST(results_stand_in_the_order_of_their_calls)
{
    static const char two[] =
        "[{\"role\":\"user\",\"content\":\"u\"},{\"role\":\"assistant\",\"tool_calls\":["
        "{\"id\":\"x\",\"function\":{\"name\":\"f\"}},{\"id\":\"y\",\"function\":{\"name\":\"g\"}}]"
        "},"
        "{\"role\":\"tool\",\"tool_call_id\":\"?\",\"content\":\"3\"},"
        "{\"role\":\"tool\",\"tool_call_id\":\"y\",\"content\":\"2\"},"
        "{\"role\":\"tool\",\"tool_call_id\":\"x\",\"content\":\"1\"}]";
    expect_prompt_of("{{ tools }}{% for m in messages %}{{ m.role }}{% for c in m.tool_calls %} "
                     "{{ c.function.name }}{{ c.function.arguments|tojson }}{% endfor %}: "
                     "{{ m.content }};{% endfor %}",
                     two, NULL, false, "Noneuser: u;assistant f{} g{}: ;tool: 1;tool: 2;tool: 3;");
}

TEST(an_answer_is_gone_on_with)
{
    static const char talk[] = "[{\"role\":\"user\",\"content\":\"u\"},"
                               "{\"role\":\"assistant\",\"content\":\"so far \"}]";
    static const char thought[] = "[{\"role\":\"user\",\"content\":\"u\"},"
                                  "{\"role\":\"assistant\",\"thinking\":\"hm, \"}]";
    expect_prompt_of(CHATML, talk, NULL, true,
                     "<|im_start|>user\nu<|im_end|>\n<|im_start|>assistant\nso far ");
    expect_prompt_of(STRICT, talk, NULL, true, "U:u;A:so far ");
    expect_prompt_of("{% for m in messages %}{{ m.role }}:{% if m.reasoning_content %}<think>"
                     "{{ m.reasoning_content }}</think>{% endif %}{{ m.content }};{% endfor %}",
                     thought, NULL, true, "user:u;assistant:<think>hm, ");
}

static void expect_no_prompt(const char *jinja, const char *messages, bool continues,
                             enum error_code code, const char *reason)
{
    struct chat_template *t = template_from(jinja);
    struct conversation *conversation = conversation_from(messages, NULL);
    struct prompt_request request = { .conversation = conversation, .continues_answer = continues };
    struct error err = { 0 };
    struct text prompt;
    text_init(&prompt, SIZE_MAX);
    assert_true(text_append_string(&prompt, "before"));
    assert_false(chat_template_render(t, &request, &prompt, &err));
    if (err.code != code || !strstr(err.message, reason))
        fail_msg("%d '%s' instead of %d '%s'", err.code, err.message, code, reason);
    assert_string_equal(prompt.data, "before");
    text_release(&prompt);
    conversation_close(&conversation);
    chat_template_close(&t);
}

TEST(what_no_way_can_say_is_an_error_that_names_it)
{
    static const char hello[] = "[{\"role\":\"user\",\"content\":\"hello\"}]";
    static const char called[] = "[{\"role\":\"user\",\"content\":\"u\"},{\"role\":\"assistant\","
                                 "\"tool_calls\":[{\"function\":{\"name\":\"f\"}}]}]";
    expect_no_prompt("nothing", hello, false, ERROR_UNSUPPORTED,
                     "the template leaves out the user's last message");
    expect_no_prompt("{{ messages[0].content }}",
                     "[{\"role\":\"user\",\"content\":\"u\"},{\"role\":\"assistant\","
                     "\"content\":\"a\"},{\"role\":\"user\",\"content\":\"other\"}]",
                     false, ERROR_UNSUPPORTED, "the template leaves out the user's last message");
    expect_no_prompt("{{ raise_exception('not today') }}", hello, false, ERROR_USAGE, "not today");
    expect_no_prompt("{{ messages.x.y }}", hello, false, ERROR_FORMAT, "line 1");
    expect_no_prompt(CHATML, hello, true, ERROR_USAGE, "only an answer can be gone on with");
    expect_no_prompt(CHATML, called, true, ERROR_USAGE, "ends with tool calls");
    expect_no_prompt("{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}",
                     "[{\"role\":\"user\",\"content\":\"u\"},{\"role\":\"assistant\","
                     "\"content\":\"a\"}]",
                     true, ERROR_UNSUPPORTED, "leaves out the answer to go on with");
}

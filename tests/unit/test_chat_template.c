/* test_chat_template.c: which template a model has, how it thinks, and what long conversations
 * cost. */
#include "test.h"

#include "base/clock.h"
#include "base/mapped_file.h"
#include "template_conversations.h"

static bool has_no_token(const void *context, struct slice text)
{
    (void)context;
    (void)text;
    return false;
}

/* The context is a list of tokens, each between blanks. */
static bool has_token_of(const void *context, struct slice text)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, " %.*s ", (int)text.length, text.data);
    return strstr(context, wanted);
}

static void expect_origin(struct chat_template_sources sources, const char *want)
{
    struct chat_template *t;
    struct error err = { 0 };
    assert_ok(chat_template_open(&t, &sources, &err), err);
    if (!strstr(chat_template_origin(t), want))
        fail_msg("'%s' instead of '%s'", chat_template_origin(t), want);
    assert_int_equal(chat_template_is_plain(t), strncmp(want, "none", 4) == 0);
    assert_int_equal(chat_template_jinja(t).length > 0, strstr(want, "(Jinja)") != NULL);
    assert_int_equal(chat_template_go(t) != NULL, strstr(want, "(Go)") || strstr(want, "built-in"));
    assert_int_equal(chat_template_renderer(t) != NULL, strstr(want, "renderer") != NULL);
    chat_template_close(&t);
    chat_template_close(&t);
}

TEST(a_given_template_wins_then_a_renderer_then_the_model)
{
    struct chat_template_sources all = {
        .user = slice_of("{{ .Prompt }}"),
        .renderer = "qwen3-coder",
        .model = slice_of(CHATML),
        .has_token = has_token_of,
        .context = " <|im_start|> ",
    };
    expect_origin(all, "the given template (Go)");
    all.user = slice_of(CHATML);
    all.user_is_jinja = true;
    expect_origin(all, "the given template (Jinja)");
    all.user.length = 0;
    expect_origin(all, "renderer qwen3-coder");
    all.renderer = NULL;
    expect_origin(all, "the model's own template (Jinja)");
    all.model = slice_of("{{ broken");
    expect_origin(all, "built-in template chatml (the model's own does not work: line 1");
    all.context = " ";
    expect_origin(all, "none: plain text (the model's own does not work: line 1");
    all.model = slice_of(CHATML "{{");
    expect_origin(all, "built-in template chatml (the model's own does not work: line 1");
    all.model = slice_of("{% for i in range(100000) %}{% for k in range(100000) %}{{ k }}"
                         "{% endfor %}{% endfor %}<|im_start|><|im_end|>");
    expect_origin(all, "built-in template chatml (the model's own does not work: line 1: the "
                       "template takes more than");
    all.model.length = 0;
    expect_origin(all, "none: plain text");
}

TEST(models_without_a_template_are_known_by_their_tokens)
{
    static const char *const cases[][2] = {
        { " <|im_start|> <|im_end|> [INST] ", "chatml" },
        { " <|start_header_id|> ", "llama3-instruct" },
        { " <start_of_turn> ", "gemma-instruct" },
        { " <start_of_turn> <start_of_image> ", "gemma3-instruct" },
        { " <|end_of_turn|> ", "openchat" },
        { " <|START_OF_TURN_TOKEN|> ", "command-r" },
        { " [INST] ", "mistral-instruct" },
        { " <|assistant|> <|end|> ", "phi-3" },
        { " <|assistant|> <|user|> ", "zephyr" },
        { " <|assistant|> ", NULL },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char want[64];
        snprintf(want, sizeof want, "built-in template %s", cases[i][1] ? cases[i][1] : "");
        expect_origin(
            (struct chat_template_sources){ .has_token = has_token_of, .context = cases[i][0] },
            cases[i][1] ? want : "none: plain text");
    }
    expect_origin((struct chat_template_sources){ .has_token = has_no_token }, "none: plain text");
    expect_origin((struct chat_template_sources){ .bos = { NULL, 0 } }, "none: plain text");
}

static void expect_no_template(struct chat_template_sources sources, enum error_code code,
                               const char *reason)
{
    struct chat_template *t;
    struct error err = { 0 };
    assert_false(chat_template_open(&t, &sources, &err));
    assert_null(t);
    if (err.code != code || !strstr(err.message, reason))
        fail_msg("%d '%s' instead of %d '%s'", err.code, err.message, code, reason);
}

TEST(what_was_asked_for_is_never_replaced)
{
    expect_no_template((struct chat_template_sources){ .user = slice_of("{{ .x") }, ERROR_FORMAT,
                       "the given template");
    expect_no_template(
        (struct chat_template_sources){ .user = slice_of("{{ x"), .user_is_jinja = true },
        ERROR_FORMAT, "the given template: line 1");
    expect_no_template((struct chat_template_sources){ .renderer = "llama9" }, ERROR_NOT_FOUND,
                       "there is no renderer 'llama9'");
}

/* ---- thinking ---- */

static void expect_thinking(const char *jinja, struct think_choice choice, const char *variables,
                            const char *want)
{
    struct chat_template *t = template_from(jinja);
    struct conversation *conversation =
        conversation_from("[{\"role\":\"user\",\"content\":\"u\"}]", NULL);
    const struct json *v = variables ? json_from(variables) : NULL;
    struct prompt_request request = { .conversation = conversation,
                                      .think = choice,
                                      .variables = v };
    struct error err = { 0 };
    struct text prompt;
    text_init(&prompt, SIZE_MAX);
    assert_ok(chat_template_render(t, &request, &prompt, &err), err);
    assert_string_equal(prompt.data, want);
    text_release(&prompt);
    json_close(&v);
    conversation_close(&conversation);
    chat_template_close(&t);
}

static const struct think_choice unset = { false, false, "" }, off = { true, false, "" },
                                 on = { true, true, "" }, low = { true, true, "low" },
                                 max = { true, true, "max" };

TEST(thinking_is_switched_by_the_variables_that_templates_know)
{
    static const char flags[] = "{{ messages[0].content }} {{ enable_thinking }} {{ thinking }} "
                                "{{ thinking_budget }} {{ reasoning_effort }}";
    expect_thinking(flags, unset, NULL, "u    ");
    expect_thinking(flags, off, NULL, "u False False 0 ");
    expect_thinking(flags, on, NULL, "u True True  ");
    expect_thinking(flags, low, NULL, "u True True  low");
    expect_thinking(flags, max, NULL, "u True True  high");
    expect_thinking(flags, off,
                    "{\"enable_thinking\":7,\"messages\":[],\"reasoning_effort\":\"x\"}",
                    "u 7 False 0 x");
    /* a template that takes two words only, and thinks only when asked */
    static const char two[] =
        "{% set e = reasoning_effort | default('none') %}{% if e not in ['none', 'high'] %}"
        "{{ raise_exception('no') }}{% endif %}{{ messages[0].content }} {{ e }}";
    expect_thinking(two, unset, NULL, "u none");
    expect_thinking(two, off, NULL, "u none");
    expect_thinking(two, on, NULL, "u high");
    expect_thinking(two, low, NULL, "u high");
    expect_thinking(two, max, NULL, "u high");
}

TEST(facts_tell_what_a_template_has_words_for)
{
    struct chat_template *t = template_from(STRICT);
    struct chat_template_facts facts = chat_template_facts(t);
    assert_false(facts.has_system || facts.has_tools || facts.has_calls || facts.has_results ||
                 facts.can_think || facts.can_switch_thinking);
    chat_template_close(&t);
    t = template_from("{{ messages }}{{ tools }}{% if enable_thinking %}<think>{% endif %}");
    facts = chat_template_facts(t);
    assert_true(facts.has_system && facts.has_tools && facts.has_calls && facts.has_results &&
                facts.can_think && facts.can_switch_thinking);
    chat_template_close(&t);
    t = template_from(CHATML "{% if add_generation_prompt %}<think>{% endif %}");
    facts = chat_template_facts(t);
    assert_true(facts.has_system && facts.can_think && !facts.can_switch_thinking);
    chat_template_close(&t);
}

/* ---- long conversations ---- */

static size_t prompt_length(struct chat_template *t, const char *messages, double *ms)
{
    struct conversation *conversation = conversation_from(messages, TOOLS);
    struct prompt_request request = { .conversation = conversation };
    struct error err = { 0 };
    struct text prompt;
    text_init(&prompt, SIZE_MAX);
    uint64_t begin = clock_ns();
    assert_ok(chat_template_render(t, &request, &prompt, &err), err);
    *ms = (double)(clock_ns() - begin) / 1e6;
    size_t length = prompt.length;
    text_release(&prompt);
    conversation_close(&conversation);
    return length;
}

/* Joining them one by one would copy gigabytes, more than a prompt may take. */
TEST(many_messages_of_one_role_are_joined_at_once)
{
    static const char *const roles[] = { "user", "system", "tool", "assistant" };
    for (size_t r = 0; r < COUNT_OF(roles); r++) {
        struct text talk;
        double ms;
        text_init(&talk, SIZE_MAX);
        assert_true(text_append_byte(&talk, '['));
        for (size_t i = 0; i < 50000; i++)
            assert_true(text_printf(&talk, "%s{\"role\":\"%s\",\"content\":\"some words %zu\"}",
                                    i ? "," : "", roles[r], i));
        assert_true(text_append_byte(&talk, ']'));
        struct chat_template *t = template_from(STRICT);
        size_t length = prompt_length(t, talk.data, &ms);
        fprintf(stderr, "50000 of role %s: %zu bytes in %.0f ms\n", roles[r], length, ms);
        assert_true(length > 800000);
        chat_template_close(&t);
        text_release(&talk);
    }
}

TEST(long_conversations_stay_within_the_limits)
{
    static const char *const templates[] = {
        "Qwen-Qwen3-0.6B",     "meta-llama-Llama-3.1-8B-Instruct", "deepseek-ai-DeepSeek-V3.1",
        "openai-gpt-oss-120b", "mistral-common-v13_think",         "google-gemma-2-2b-it"
    };
    struct text talk;
    text_init(&talk, SIZE_MAX);
    assert_true(text_append_byte(&talk, '['));
    for (size_t i = 0; i < 4000; i++) {
        assert_true(text_printf(&talk, "%s{\"role\":\"%s\",\"content\":\"%zu ", i ? "," : "",
                                i % 2 ? "assistant" : "user", i));
        for (size_t k = 0; k < 60; k++)
            assert_true(text_append_string(&talk, "a few \\\"words\\\"\\n"));
        assert_true(text_append_string(&talk, "\"}"));
    }
    assert_true(text_append_string(&talk, ",{\"role\":\"user\",\"content\":\"?\"}]"));
    for (size_t i = 0; i < COUNT_OF(templates); i++) {
        struct mapped_file *file;
        struct chat_template *t;
        struct error err = { 0 };
        char relative[200];
        double ms;
        snprintf(relative, sizeof relative, "jinja/templates/%s.jinja", templates[i]);
        assert_ok(mapped_file_open(&file, golden_path(relative), &err), err);
        struct chat_template_sources sources = {
            .model = { (const char *)file->data, file->size },
        };
        assert_ok(chat_template_open(&t, &sources, &err), err);
        size_t length = prompt_length(t, talk.data, &ms);
        fprintf(stderr, "%s: %zu bytes in %.0f ms\n", templates[i], length, ms);
        assert_true(length > 3000000);
        chat_template_close(&t);
        mapped_file_close(&file);
    }
    text_release(&talk);
}

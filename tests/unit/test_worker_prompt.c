/* Tests of prompts that are too long: what goes, what stays, and what is told. */
#include "test.h"

#include "base/json.h"
#include "base/text.h"
#include "tiny_model.h"
#include "worker/prompt_maker.h"
#include "worker/prompt_truncation.h"

static const char chat_template[] =
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}"
    "{% for c in m.tool_calls or [] %}!{{ c.function.name }}{% endfor %}{% endfor %}>";

static const struct json *parse(const char *json)
{
    const struct json *out;
    struct error err = { 0 };
    assert_ok(json_open(&out, json, strlen(json), "a test", &err), err);
    return out;
}

/* ---- which messages go ---- */

static const char messages[] =
    "[{\"role\":\"system\",\"content\":\"S\"},{\"role\":\"user\",\"content\":\"1\"},"
    "{\"role\":\"assistant\",\"content\":\"2\",\"tool_calls\":[]},"
    "{\"role\":\"tool\",\"content\":\"3\"},{\"role\":\"system\",\"content\":\"T\"},"
    "{\"role\":\"assistant\",\"content\":\"4\"},{\"role\":\"user\",\"content\":\"5\"},"
    "{\"role\":\"assistant\",\"content\":\"6\"},{\"role\":\"tool\",\"content\":\"7\"}]";

static void assert_left(const struct json *all, size_t n_steps, const char *wanted)
{
    struct text out, left;
    text_init(&out, 1 << 16);
    text_init(&left, 1 << 16);
    assert_true(prompt_truncation_write(&out, all, n_steps));
    const struct json *kept = parse(out.data);
    for (size_t i = 0; i < json_size(kept); i++)
        text_append_slice(&left, json_text(json_get(json_at(kept, i), "content")));
    assert_string_equal(left.data, wanted);
    json_close(&kept);
    text_release(&out);
    text_release(&left);
}

TEST(the_oldest_messages_go_and_results_with_their_calls)
{
    const struct json *all = parse(messages);
    assert_int_equal(prompt_truncation_steps(all), 3);
    assert_left(all, 0, "S123T4567");
    assert_left(all, 1, "S23T4567");
    assert_left(all, 2, "ST4567");
    assert_left(all, 3, "ST567");
    json_close(&all);
}

TEST(without_older_turns_nothing_goes)
{
    const struct json *all = parse("[{\"role\":\"user\",\"content\":\"1\"}]");
    assert_int_equal(prompt_truncation_steps(all), 0);
    json_close(&all);
    all = parse("[{\"role\":\"assistant\",\"content\":\"1\"}]");
    assert_int_equal(prompt_truncation_steps(all), 0);
    json_close(&all);
}

TEST(of_a_text_beginning_and_end_stay)
{
    struct token_list list = { 0 };
    for (token_id i = 0; i < 10; i++)
        assert_true(token_list_push(&list, i));
    prompt_truncation_cut(&list, 2, 12);
    assert_int_equal(list.count, 10);
    prompt_truncation_cut(&list, 2, 5);
    static const token_id left[] = { 0, 1, 7, 8, 9 };
    assert_int_equal(list.count, 5);
    assert_memory_equal(list.ids, left, sizeof left);
    prompt_truncation_cut(&list, 100, 3);
    assert_int_equal(list.count, 3);
    assert_memory_equal(list.ids, left, 3 * sizeof *left);
    token_list_release(&list);
}

TEST(a_quarter_of_the_context_is_free_for_the_answer)
{
    assert_int_equal(prompt_truncation_room(4096, -1), 1024);
    assert_int_equal(prompt_truncation_room(4096, 100), 100);
    assert_int_equal(prompt_truncation_room(4096, 100000), 1024);
    assert_int_equal(prompt_truncation_room(3, -1), 1);
}

/* ---- prompts of a model ---- */

struct stage {
    struct tiny_model *tiny;
    struct worker_model model;
    struct worker_request request;
    struct made_prompt made;
    struct refusal why;
};

static void open_stage(struct stage *s, const char *template)
{
    struct tiny_options options = tiny_defaults();
    struct error err = { 0 };
    struct text json;
    *s = (struct stage){ 0 };
    options.n_vocab = 300;
    options.n_ctx = 2048;
    options.has_tokenizer = true;
    options.chat_template = template;
    assert_ok(tiny_model_new(&s->tiny, &options, &err), err);
    text_init(&json, 1 << 16);
    text_printf(&json, "{\"path\":\"%s\"}", tiny_model_path(s->tiny));
    const struct json *wish = parse(json.data);
    assert_ok(worker_model_open(&s->model, wish, 1, &err), err);
    json_close(&wish);
    text_release(&json);
}

static void forget(struct stage *s)
{
    made_prompt_release(&s->made);
    worker_request_release(&s->request);
}

static void close_stage(struct stage *s)
{
    forget(s);
    worker_model_close(&s->model);
    tiny_model_free(&s->tiny);
}

static bool make(struct stage *s, const char *request, uint32_t n_ctx)
{
    struct error err = { 0 };
    forget(s);
    s->why = (struct refusal){ 0 };
    assert_ok(worker_request_open(&s->request, slice_of(request), &err), err);
    return made_prompt_open(&s->made, &s->model, &s->request, n_ctx, &s->why);
}

static const char *text_of(const struct stage *s)
{
    return s->made.prompt.text.data;
}

#define LONG "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd"
#define TALK                                                                             \
    "\"messages\":[{\"role\":\"system\",\"content\":\"KEEP\"},{\"role\":\"user\","       \
    "\"content\":\"one" LONG "\"},{\"role\":\"assistant\",\"content\":\"two" LONG "\"}," \
    "{\"role\":\"user\",\"content\":\"three" LONG "\"},{\"role\":\"assistant\","         \
    "\"content\":\"four\"},{\"role\":\"user\",\"content\":\"five\"}]"

TEST(a_prompt_over_the_context_is_an_error_with_both_numbers)
{
    struct stage s;
    open_stage(&s, chat_template);
    assert_true(make(&s, "{\"kind\":\"chat\"," TALK "}", 2048));
    size_t n = s.made.prompt.tokens.count;
    assert_int_equal(s.made.n_truncated, 0);
    assert_true(make(&s, "{\"kind\":\"chat\"," TALK "}", (uint32_t)n + 1));
    assert_false(make(&s, "{\"kind\":\"chat\"," TALK "}", (uint32_t)n)); /* no room to answer */
    assert_string_equal(s.why.reason, "context_length");
    assert_int_equal(s.why.n_ctx, n);
    assert_int_equal(s.why.prompt_tokens, n);
    assert_true(
        make(&s, "{\"kind\":\"chat\",\"options\":{\"num_predict\":0}," TALK "}", (uint32_t)n));
    close_stage(&s);
}

TEST(a_truncated_chat_keeps_system_and_the_last_turns)
{
    struct stage s;
    open_stage(&s, chat_template);
    assert_true(make(&s, "{\"kind\":\"chat\"," TALK "}", 2048));
    size_t whole = s.made.prompt.tokens.count;
    for (uint32_t n_ctx = 100; n_ctx < whole + 100; n_ctx += 17) {
        assert_true(make(&s, "{\"kind\":\"chat\",\"truncate\":true," TALK "}", n_ctx));
        size_t n = s.made.prompt.tokens.count;
        assert_int_equal(s.made.n_truncated, whole - n);
        assert_true(n < n_ctx);
        assert_non_null(strstr(text_of(&s), "KEEP"));
        assert_non_null(strstr(text_of(&s), "five"));
        if (n < whole) /* and leaves room */
            assert_true(n <= n_ctx - n_ctx / 4);
    }
    assert_false(make(&s, "{\"kind\":\"chat\",\"truncate\":true," TALK "}", 20));
    assert_string_equal(s.why.reason, "context_length");
    assert_int_equal(s.why.prompt_tokens, whole);
    close_stage(&s);
}

TEST(a_truncated_text_keeps_its_end)
{
    struct stage s;
    open_stage(&s, chat_template);
    static const char request[] =
        "{\"kind\":\"generate\",\"raw\":true,\"truncate\":true,\"prompt\":\"" LONG LONG "END\"}";
    assert_true(make(&s, request, 2048));
    struct token_list all = { 0 };
    size_t whole = s.made.prompt.tokens.count;
    for (size_t i = 0; i < whole; i++)
        assert_true(token_list_push(&all, s.made.prompt.tokens.ids[i]));
    assert_true(make(&s, request, 40));
    assert_int_equal(s.made.prompt.tokens.count, 30);
    assert_int_equal(s.made.n_truncated, whole - 30);
    assert_memory_equal(s.made.prompt.tokens.ids, all.ids, 4 * sizeof(token_id));
    assert_memory_equal(s.made.prompt.tokens.ids + 4, all.ids + whole - 26, 26 * sizeof(token_id));
    token_list_release(&all);
    close_stage(&s);
}

TEST(what_the_model_cannot_is_refused_by_name)
{
    static const struct {
        const char *request, *reason;
    } rows[] = {
        { "{\"kind\":\"chat\",\"think\":true," TALK "}", "thinking" },
        { "{\"kind\":\"chat\",\"think\":\"high\"," TALK "}", "thinking" },
        { "{\"kind\":\"generate\",\"prompt\":\"a\",\"suffix\":\"b\"}", "insert" },
    };
    struct stage s;
    open_stage(&s, chat_template);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_false(make(&s, rows[i].request, 2048));
        assert_string_equal(s.why.reason, rows[i].reason);
    }
    assert_true(
        make(&s, "{\"kind\":\"chat\",\"think\":true,\"think_if_possible\":true," TALK "}", 2048));
    assert_true(make(&s, "{\"kind\":\"chat\",\"think\":false," TALK "}", 2048));
    close_stage(&s);
}

TEST(tools_of_a_model_without_template_are_refused)
{
    struct stage s;
    open_stage(&s, NULL);
    assert_false(make(&s, "{\"kind\":\"chat\",\"tools\":[{\"name\":\"f\"}]," TALK "}", 2048));
    assert_string_equal(s.why.reason, "tools");
    close_stage(&s);
}

TEST(a_system_of_the_model_yields_to_that_of_the_chat)
{
    struct stage s;
    open_stage(&s, chat_template);
    assert_true(make(&s, "{\"kind\":\"chat\",\"system\":\"OTHER\"," TALK "}", 2048));
    assert_null(strstr(text_of(&s), "OTHER"));
    assert_true(make(&s,
                     "{\"kind\":\"chat\",\"system\":\"OTHER\",\"messages\":[{\"role\":\"user\","
                     "\"content\":\"hi\"}]}",
                     2048));
    assert_string_equal(text_of(&s), "<system>OTHER<user>hi>");
    assert_true(make(&s, "{\"kind\":\"generate\",\"prompt\":\"hi\",\"system\":\"OTHER\"}", 2048));
    assert_string_equal(text_of(&s), "<system>OTHER<user>hi>");
    assert_true(make(
        &s, "{\"kind\":\"generate\",\"prompt\":\"hi\",\"template\":\"[{{ .Prompt }}]\"}", 2048));
    assert_string_equal(text_of(&s), "[hi]");
    close_stage(&s);
}

TEST(models_that_can_think_do_unless_told_otherwise)
{
    static const char thinking[] =
        "{% for m in messages %}<{{ m.role }}>{% if m.reasoning_content %}<think>"
        "{{ m.reasoning_content }}</think>{% endif %}{{ m.content }}{% endfor %}"
        "{% if add_generation_prompt %}<assistant>{% if enable_thinking is defined and "
        "enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}{% endif %}";
    struct stage s;
    open_stage(&s, thinking);
    assert_true(s.model.can_think);
    assert_true(make(&s, "{\"kind\":\"chat\"," TALK "}", 2048));
    assert_true(s.made.think.is_set && s.made.think.is_on);
    assert_null(strstr(text_of(&s), "</think>"));
    assert_true(make(&s, "{\"kind\":\"chat\",\"think\":false," TALK "}", 2048));
    assert_non_null(strstr(text_of(&s), "</think>"));
    close_stage(&s);
}

TEST(a_template_of_the_request_is_go_or_jinja)
{
    struct stage s;
    struct error err = { 0 };
    open_stage(&s, chat_template);
    assert_true(make(&s, "{\"kind\":\"chat\",\"template\":\"[{{ .Prompt }}]\"," TALK "}", 2048));
    assert_non_null(strstr(text_of(&s), "[five]"));
    assert_true(make(
        &s,
        "{\"kind\":\"chat\",\"template\":\"{% for m in messages %}({{ m.content }}){% endfor %}\","
        "\"template_kind\":\"jinja\"," TALK "}",
        2048));
    assert_non_null(strstr(text_of(&s), "(five)"));
    assert_false(make(&s, "{\"kind\":\"chat\",\"template\":\"{{ if }}\"," TALK "}", 2048));
    assert_string_equal(s.why.reason, "template");
    assert_false(make(&s,
                      "{\"kind\":\"chat\",\"template\":\"{% raise %}\","
                      "\"template_kind\":\"jinja\"," TALK "}",
                      2048));
    assert_string_equal(s.why.reason, "template");
    forget(&s);
    s.made = (struct made_prompt){ 0 };
    assert_false(worker_request_open(
        &s.request, slice_of("{\"kind\":\"chat\",\"template_kind\":\"c\"," TALK "}"), &err));
    assert_string_equal(err.message, "'template_kind' must be \"go\" or \"jinja\"");
    close_stage(&s);
}

TEST(guesses_are_an_option_of_the_session)
{
    static const char wish[] = "{\"kind\":\"generate\",\"prompt\":\"a\",\"options\":%s}";
    static const struct {
        const char *options;
        int32_t n_draft;
    } rows[] = { { "{}", -1 }, { "{\"num_draft\":0}", 0 }, { "{\"num_draft\":3}", 3 } };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char json[200];
        struct worker_request request;
        struct error err = { 0 };
        snprintf(json, sizeof json, wish, rows[i].options);
        assert_ok(worker_request_open(&request, slice_of(json), &err), err);
        assert_int_equal(request.session.n_draft, rows[i].n_draft);
        worker_request_release(&request);
    }
}

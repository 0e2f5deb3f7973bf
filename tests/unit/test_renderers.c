/* test_renderers.c: prompts as the reference writes them, and clear errors for messages that are
 * none.
 *
 * RENDERER=name in the environment looks at one renderer only and prints each case that differs. */
#include "test.h"

#include "base/memory.h"
#include "chat/renderer.h"
#include "golden_lines.h"

#include <time.h>

static int64_t read_time(struct slice text)
{
    struct tm day = { 0 };
    if (!strptime(text.data, "%Y-%m-%dT%H:%M:%SZ", &day))
        fail_msg("'%s' is no time", text.data);
    return timegm(&day);
}

/* Render one golden case. */
static bool render_line(struct text *out, const struct json *line, struct error *err)
{
    struct renderer_input input = {
        .messages = json_get(line, "messages"),
        .tools = json_get(line, "tools"),
        .now = read_time(json_text(json_get(line, "now"))),
        .image_tags = json_flag(json_get(line, "image_tags"), false),
    };
    return think_read(&input.think, json_get(line, "think"), err) &&
           renderer_render(out, json_text(json_get(line, "renderer")).data, &input, err);
}

enum { MAX_RENDERERS = 64 };
struct tally {
    struct {
        char name[40];
        size_t right, wrong, unknown;
    } renderers[MAX_RENDERERS];
    size_t n_renderers;
};

static size_t renderer_index(struct tally *t, struct slice name)
{
    for (size_t i = 0; i < t->n_renderers; i++)
        if (slice_equal(slice_of(t->renderers[i].name), name))
            return i;
    assert_true(t->n_renderers < MAX_RENDERERS);
    snprintf(t->renderers[t->n_renderers].name, sizeof t->renderers->name, "%.*s", (int)name.length,
             name.data);
    return t->n_renderers++;
}

/* Both texts from shortly before where they part. */
static void show_difference(struct slice want, struct slice got)
{
    size_t at = 0;
    while (at < want.length && at < got.length && want.data[at] == got.data[at])
        at++;
    size_t from = at > 60 ? at - 60 : 0;
    printf("---- byte %zu\n  want [%.*s]\n  got  [%.*s]\n", at,
           (int)size_min(want.length - from, 400), want.data + from,
           (int)size_min(got.length - from, 400), got.data + from);
}

static void check_line(const struct json *line, void *context)
{
    struct tally *t = context;
    struct slice name = json_text(json_get(line, "renderer"));
    const char *only = getenv("RENDERER");
    if (only && !slice_equal(slice_of(only), name))
        return;
    size_t renderer = renderer_index(t, name);
    struct text out;
    struct error err = { 0 };
    text_init(&out, SIZE_MAX);
    bool ok = render_line(&out, line, &err);
    bool right = json_get(line, "error")
                     ? !ok
                     : ok && slice_equal(text_slice(&out), json_text(json_get(line, "expected")));
    if (err.code == ERROR_NOT_FOUND)
        t->renderers[renderer].unknown++;
    else if (right)
        t->renderers[renderer].right++;
    else
        t->renderers[renderer].wrong++;
    if (!right && only && ok)
        show_difference(json_text(json_get(line, "expected")), text_slice(&out));
    else if (!right && only)
        printf("---- failed: %s\n", err.message);
    text_release(&out);
}

TEST(prompts_are_those_of_the_reference)
{
    static struct tally t;
    if (!golden_each_line("parsers/renderers.jsonl", check_line, &t))
        SKIP("no golden data (HEARTH_GOLDEN or ../shared/golden) for parsers/");
    size_t n_wrong = 0;
    for (size_t i = 0; i < t.n_renderers; i++) {
        printf("%-22s %5zu right %5zu wrong %5zu without a renderer\n", t.renderers[i].name,
               t.renderers[i].right, t.renderers[i].wrong, t.renderers[i].unknown);
        n_wrong += t.renderers[i].wrong + t.renderers[i].unknown;
    }
    assert_int_equal(n_wrong, 0);
}

TEST(there_are_twenty_six_renderers)
{
    size_t n = 0;
    while (renderer_name_at(n))
        n++;
    assert_int_equal(n, 26);
}

/* ---- what others may send ---- */

static const struct json *json_from(const char *source)
{
    const struct json *json;
    struct error err = { 0 };
    if (!json_open(&json, source, strlen(source), "the test", &err))
        fail_msg("%s", err.message);
    return json;
}

/* Render `messages` with `tools` (either may be NULL), both JSON. */
static bool render_sources(struct text *out, const char *name, const char *messages,
                           const char *tools, struct error *err)
{
    struct renderer_input input = {
        .messages = messages ? json_from(messages) : NULL,
        .tools = tools ? json_from(tools) : NULL,
    };
    bool ok = renderer_render(out, name, &input, err);
    if (messages)
        json_close(&input.messages);
    if (tools)
        json_close(&input.tools);
    return ok;
}

static void assert_refused(const char *name, const char *messages, const char *tools,
                           const char *reason)
{
    struct text out;
    struct error err = { 0 };
    text_init(&out, SIZE_MAX);
    assert_false(render_sources(&out, name, messages, tools, &err));
    if (err.code != ERROR_USAGE || !strstr(err.message, reason))
        fail_msg("%s: '%s' instead of '%s'", name, err.message, reason);
    assert_int_equal(out.length, 0);
    text_release(&out);
}

TEST(what_is_no_conversation_is_refused)
{
    static const struct {
        const char *messages, *reason;
    } cases[] = {
        { "{}", "'messages' must be an array" },
        { "\"hello\"", "'messages' must be an array" },
        { "[1]", "message 1: it must be an object" },
        { "[{\"role\":\"user\"},{}]", "message 2: it must have a 'role'" },
        { "[{\"role\":7}]", "message 1: it must have a 'role'" },
        { "[{\"role\":\"user\",\"content\":[\"a\"]}]", "'content' must be a string" },
        { "[{\"role\":\"user\",\"images\":\"a\"}]", "'images' must be an array" },
        { "[{\"role\":\"user\",\"tool_calls\":{}}]", "'tool_calls' must be an array" },
        { "[{\"role\":\"user\",\"tool_calls\":[3]}]", "a tool call must be an object" },
        { "[{\"role\":\"user\",\"tool_calls\":[{\"id\":1,\"function\":{}}]}]",
          "'id' must be a string" },
        { "[{\"role\":\"user\",\"tool_calls\":[{\"function\":{\"arguments\":\"{}\"}}]}]",
          "'arguments' must be an object" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (size_t k = 0; renderer_name_at(k); k++)
            assert_refused(renderer_name_at(k), cases[i].messages, NULL, cases[i].reason);
}

/* A tool with `schema` two levels down. */
#define PROPERTY(schema)                                     \
    "[{\"function\":{\"parameters\":{\"properties\":{\"a\":" \
    "{\"properties\":{\"b\":" schema "}}}}}}]"

TEST(what_is_no_tool_is_refused)
{
    static const struct {
        const char *tools, *reason;
    } cases[] = {
        { "{}", "'tools' must be an array" },
        { "[null]", "tool 1: it must be an object" },
        { "[{\"function\":\"f\"}]", "tool 1: it must be an object with a 'function'" },
        { "[{\"function\":{\"name\":1}}]", "a function: 'name' must be a string" },
        { "[{\"function\":{\"parameters\":[]}}]", "'parameters' must be an object" },
        { "[{\"function\":{\"parameters\":{\"required\":[1]}}}]", "must hold strings only" },
        { PROPERTY("true"), "a property must be an object" },
        { PROPERTY("{\"type\":[1]}"), "'type' must hold strings only" },
        { PROPERTY("{\"enum\":1}"), "'enum' must be an array" },
        { PROPERTY("{\"anyOf\":[1]}"), "a property must be an object" },
        { PROPERTY("{\"description\":1}"), "'description' must be a string" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (size_t k = 0; renderer_name_at(k); k++)
            assert_refused(renderer_name_at(k), "[{\"role\":\"user\"}]", cases[i].tools,
                           cases[i].reason);
}

/* `open` and `close`, each n times, around 1. */
static char *nested(const char *before, const char *open, const char *close, const char *after,
                    size_t n)
{
    struct text t;
    text_init(&t, SIZE_MAX);
    assert_true(text_append_string(&t, before));
    for (size_t i = 0; i < n; i++)
        assert_true(text_append_string(&t, open));
    assert_true(text_append_string(&t, "1"));
    for (size_t i = 0; i < n; i++)
        assert_true(text_append_string(&t, close));
    assert_true(text_append_string(&t, after));
    return t.data;
}

TEST(json_without_end_is_refused)
{
    char *messages = nested("[{\"role\":\"user\"},{\"role\":\"assistant\",\"tool_calls\":"
                            "[{\"function\":{\"arguments\":{\"a\":",
                            "[", "]", "}}}]}]", 1000);
    char *tools =
        nested("[{\"function\":{\"parameters\":{\"items\":", "{\"a\":", "}", "}}}]", 1000);
    for (size_t k = 0; renderer_name_at(k); k++) {
        assert_refused(renderer_name_at(k), messages, NULL, "message 2: its tool calls are nested");
        assert_refused(renderer_name_at(k), "[{\"role\":\"user\"}]", tools, "tool 1: it is nested");
    }
    memory_free(messages);
    memory_free(tools);
}

TEST(too_many_calls_and_tools_are_refused)
{
    struct text messages, tools;
    text_init(&messages, SIZE_MAX);
    text_init(&tools, SIZE_MAX);
    for (size_t i = 0; i <= 5000; i++)
        assert_true(text_printf(&messages, "%c{\"role\":\"tool\"}", i ? ',' : '[') &&
                    text_printf(&tools, "%c{\"function\":{}}", i ? ',' : '['));
    assert_true(text_append_byte(&messages, ']') && text_append_byte(&tools, ']'));
    for (size_t k = 0; renderer_name_at(k); k++) {
        assert_refused(renderer_name_at(k), messages.data, NULL, "5001 results are more than 5000");
        assert_refused(renderer_name_at(k), NULL, tools.data, "5001 tools are more than 2000");
    }
    text_release(&messages);
    text_release(&tools);
}

TEST(unknown_names_are_not_found)
{
    struct text out;
    struct error err = { 0 };
    text_init(&out, SIZE_MAX);
    assert_false(render_sources(&out, "qwen", "[]", NULL, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    text_release(&out);
}

TEST(a_conversation_may_be_empty)
{
    for (size_t k = 0; renderer_name_at(k); k++) {
        struct text out;
        struct error err = { 0 };
        text_init(&out, SIZE_MAX);
        bool ok = render_sources(&out, renderer_name_at(k), NULL, "null", &err);
        assert_int_equal(ok,
                         strcmp(renderer_name_at(k), "qwen3.8") != 0); /* which wants a question */
        text_release(&out);
    }
}

/* Something of everything that renderers look at. */
static const char rich_messages[] =
    "[{\"role\":\"system\",\"content\":\"Be brief. reasoning effort /think\"},"
    "{\"role\":\"User\",\"content\":\"look: [img]\",\"images\":[\"\",\"\"]},"
    "{\"role\":\"assistant\",\"content\":\"<|channel>a<channel|>x <think>b</think> c\","
    "\"thinking\":\"hm\",\"tool_calls\":[{\"id\":\"1\",\"function\":{\"name\":\"f\","
    "\"arguments\":{\"s\":\"a<b\",\"n\":1000000,\"x\":{\"z\":null,\"a\":[0.1,true]}}}}]},"
    "{\"role\":\"tool\",\"content\":\"ok\",\"tool_call_id\":\"1\"},"
    "{\"role\":\"developer\",\"content\":\"more\"},{\"role\":\"user\",\"content\":\"go\"}]";
static const char rich_tools[] =
    "[{\"type\":\"function\",\"function\":{\"name\":\"f.g\",\"description\":\"d\","
    "\"parameters\":{\"type\":\"object\",\"required\":[\"o\"],\"$defs\":{\"k\":1},"
    "\"properties\":{\"o\":{\"type\":\"object\",\"properties\":{\"e\":{\"type\":\"string\","
    "\"enum\":[\"\\u00a0\",2]},\"u\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}}},"
    "\"l\":{\"type\":\"array\",\"items\":{\"type\":[\"object\"],\"nullable\":true,"
    "\"c\":{\"type\":\"object\",\"q\":{}}}}}}}}]";

TEST(a_full_text_fails_and_stays_as_it_was)
{
    for (size_t k = 0; renderer_name_at(k); k++) {
        struct text out;
        struct error err = { 0 };
        text_init(&out, 40);
        assert_true(text_append_string(&out, "before"));
        assert_false(render_sources(&out, renderer_name_at(k), rich_messages, rich_tools, &err));
        assert_int_equal(err.code, ERROR_MEMORY);
        assert_string_equal(out.data, "before");
        text_release(&out);
    }
}

/* The n-th allocation fails, for every n up to success; the prompt is whole or absent. */
static void fail_each_allocation(const char *name, const struct renderer_input *input)
{
    bool ok = false;
    for (int64_t n = 0; !ok; n++) {
        struct text out;
        struct error err = { 0 };
        text_init(&out, SIZE_MAX);
        memory_fail_after(n);
        ok = renderer_render(&out, name, input, &err);
        memory_fail_after(-1);
        assert_true(ok ? out.length > 0 : err.code == ERROR_MEMORY && out.length == 0);
        text_release(&out);
    }
}

TEST(failing_allocations_are_told)
{
    for (size_t k = 0; renderer_name_at(k); k++)
        for (int tags = 0; tags <= 1; tags++) {
            struct renderer_input input = { .messages = json_from(rich_messages),
                                            .tools = json_from(rich_tools),
                                            .image_tags = tags };
            fail_each_allocation(renderer_name_at(k), &input);
            json_close(&input.messages);
            json_close(&input.tools);
        }
}

static void assert_argument(const char *name, const char *value, const char *spelled)
{
    struct text out, messages;
    struct error err = { 0 };
    text_init(&out, SIZE_MAX);
    text_init(&messages, SIZE_MAX);
    assert_true(text_printf(&messages,
                            "[{\"role\":\"user\"},{\"role\":\"assistant\",\"tool_calls\":"
                            "[{\"function\":{\"name\":\"f\",\"arguments\":{\"a\":%s}}}]}]",
                            value));
    assert_ok(render_sources(&out, name, messages.data, NULL, &err), err);
    if (!strstr(out.data, spelled))
        fail_msg("%s: no '%s' in '%s'", name, spelled, out.data);
    text_release(&out);
    text_release(&messages);
}

TEST(arguments_are_spelled_as_each_family_knows_them)
{
    static const struct {
        const char *name, *value, *spelled;
    } cases[] = {
        { "glm-4.7", "[1e20,1e21,1e-6,1e-7,1.50,-0.0]",
          ">[100000000000000000000,1e+21,0.000001,1e-7,1.5,-0]<" },
        { "glm-4.7", "{\"b\":\"<&>\\u2028\\u0001\\t\",\"a\":[]}",
          ">{\"a\":[],\"b\":\"\\u003c\\u0026\\u003e\\u2028\\u0001\\t\"}<" },
        { "qwen3-coder", "100000", ">\n100000\n<" },
        { "qwen3-coder", "1000000", ">\n1e+06\n<" },
        { "qwen3-coder", "0.00001", ">\n1e-05\n<" },
        { "lfm2", "{\"b\":\"<\",\"a\":1}", "f(a={\"a\": 1, \"b\": \"<\"})" },
        { "nemotron-3-nano", "[\"\\u0001\\u00a0\\u200b\\u00e9\\\"\"]",
          ">\n[\"\\x01\\u00a0\\u200bé\\\"\"]\n<" },
        { "nemotron-3-nano", "null", ">\nNone\n<" },
        { "gemma4", "{\"b\":[\"x\",null],\"a\":2.0}", "{a:{a:2,b:[<|\"|>x<|\"|>,null]}}" },
        { "functiongemma", "[null,1.5]", "{a:[<nil>,1.5]}" },
        { "qwen3-vl-instruct", "[1,{\"b\":2}]", "\"arguments\": {\"a\": [1, {\"b\": 2}]}}" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_argument(cases[i].name, cases[i].value, cases[i].spelled);
}

TEST(a_time_outside_the_calendar_is_refused)
{
    struct text out;
    struct error err = { 0 };
    text_init(&out, SIZE_MAX);
    struct renderer_input input = { .now = INT64_MAX };
    assert_false(renderer_render(&out, "glimmer", &input, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    text_release(&out);
}

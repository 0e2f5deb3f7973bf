/* test_output_families.c: what all families of output syntax promise: the facts of the reference,
 * and that no failure of memory or of the receiver is lost. */
#include "test.h"

#include "base/mapped_file.h"
#include "base/memory.h"
#include "chat/output_parser.h"

/* ---- facts ---- */

static void check_facts(struct slice name, const struct json *facts)
{
    const struct output_family_facts *family = output_family_find(name.data);
    if (!family)
        fail_msg("there is no family '%s'", name.data);
    assert_string_equal(family->name, name.data);
    assert_int_equal(family->has_tools, json_flag(json_get(facts, "tools"), false));
    assert_int_equal(family->has_thinking, json_flag(json_get(facts, "thinking"), false));
    const struct json *preserved = json_get(facts, "preserved");
    size_t n = 0;
    for (; family->preserved[n]; n++)
        assert_string_equal(family->preserved[n], json_text(json_at(preserved, n)).data);
    assert_int_equal(n, json_size(preserved));
}

TEST(families_have_the_capabilities_and_tokens_of_the_reference)
{
    struct mapped_file *file;
    const struct json *names;
    struct error err = { 0 };
    if (!golden_folder())
        SKIP("no golden data (HEARTH_GOLDEN or ../shared/golden) for parsers/names.json");
    assert_ok(mapped_file_open(&file, golden_path("parsers/names.json"), &err), err);
    assert_ok(json_open(&names, (const char *)file->data, file->size, "names.json", &err), err);
    const struct json *parsers = json_get(names, "parsers");
    assert_true(json_size(parsers) > 20);
    for (const struct json_member *m = json_first(parsers); m; m = json_next(parsers, m))
        check_facts(json_member_key(m), json_member_value(m));
    json_close(&names);
    mapped_file_close(&file);
}

TEST(unknown_families_are_not_found)
{
    struct output_parser_options options = { 0 };
    struct output_parser *p;
    struct error err = { 0 };
    assert_null(output_family_find("nothing"));
    assert_false(output_parser_open(&p, "nothing", &options, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
}

/* ---- failures ---- */

/* An answer of each syntax, with a call whose arguments are { "s": "x", "n": [1, {"k": 2}] }. */
static const struct answer {
    const char *family, *text;
} answers[] = {
    { "passthrough", "a" },
    { "qwen3-thinking", "t</think>a<tool_call>{\"name\":\"f\",\"arguments\":{\"s\":\"x\",\"n\":[1,"
                        "{\"k\":2}]}}</tool_call>b" },
    { "qwen3-coder", "a<tool_call><function=f><parameter=s>x</parameter><parameter=n>[1,{\"k\":2}]"
                     "</parameter></function></tool_call>b" },
    { "deepseek3",
      "t</think>a<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>{\"s\":\"x\","
      "\"n\":[1,{\"k\":2}]}<｜tool▁call▁end｜><｜tool▁calls▁end｜>b" },
    { "olmo3", "a<function_calls>f(s=\"x\", n=[1, {\"k\": 2}])</function_calls>b" },
    { "olmo3-think", "t</think>a" },
    { "gemma4", "<|channel>thought\nt<channel|>a<|tool_call>call:f{s:<|\"|>x<|\"|>,n:[1,{k:2}]}"
                "<tool_call|>b" },
    { "gemma4", "a<|tool_call>call:f{s:x y,n:[1,{k:2}]}<tool_call|>b" },
    { "functiongemma", "a<start_function_call>call:f{s:<escape>x<escape>,n:[1,{k:2}]}"
                       "<end_function_call>b" },
    { "glm-4.7", "t</think>a<tool_call>f<arg_key>s</arg_key><arg_value>x</arg_value><arg_key>n"
                 "</arg_key><arg_value>[1,{\"k\":2}]</arg_value></tool_call>b" },
    { "laguna", "t</think>a<tool_call>f<arg_key>s</arg_key><arg_value>x</arg_value><arg_key>n"
                "</arg_key><arg_value>[1,{\"k\":2}]</arg_value></tool_call>b" },
    { "laguna", "t</think>a {\"name\":\"f\",\"arguments\":{\"s\":\"x\",\"n\":[1,{\"k\":2}]}}b" },
    { "lfm2-thinking", "<think>t</think>a<|tool_call_start|>[f(s='x',n=[1,{'k':2}])]"
                       "<|tool_call_end|>b" },
    { "ministral", "a[TOOL_CALLS]f[ARGS]{\"s\":\"x\",\"n\":[1,{\"k\":2}]}b" },
    { "cohere", "t<|END_THINKING|><|START_TEXT|>a<|END_TEXT|><|START_ACTION|>[{\"tool_call_id\":"
                "\"0\",\"tool_name\":\"f\",\"parameters\":{\"s\":\"x\",\"n\":[1,{\"k\":2}]}}]"
                "<|END_ACTION|><|START_TEXT|>b<|END_TEXT|>" },
    { "glimmer",
      " to=self<|message|>t<|eom|><|start|>assistant to=user<|message|>a<|eom|><|start|>"
      "assistant to=f<|message|><atem:function_calls><atem:invoke name=\"f\">"
      "<atem:parameter name=\"s\">x</atem:parameter><atem:parameter name=\"n\">[1,{\"k\":"
      "2}]</atem:parameter></atem:invoke></atem:function_calls><|eom|><|start|>assistant"
      "<|message|>b" },
    { "glimmer", "<|message|><atem:function_calls><atem:invoke name=\"f.f\"><atem:parameter "
                 "name=\"s\">x</atem:parameter><atem:parameter name=\"n\">[1,{\"k\":2}]"
                 "</atem:parameter></atem:invoke></atem:function_calls>" },
    { "harmony", "<|channel|>analysis<|message|>t<|end|><|start|>assistant<|channel|>final"
                 "<|message|>a<|end|><|start|>assistant<|channel|>commentary to=functions.f"
                 "<|message|>{\"s\":\"x\",\"n\":[1,{\"k\":2}]}<|end|><|start|>assistant<|channel|>"
                 "final<|message|>b" },
};

static const char TOOLS[] =
    "[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"properties\":{"
    "\"s\":{\"type\":\"string\"},\"n\":{\"type\":\"array\"}}}}}]";

static const struct json *open_tools(void)
{
    const struct json *tools;
    struct error err = { 0 };
    assert_ok(json_open(&tools, TOOLS, sizeof TOOLS - 1, "tools", &err), err);
    return tools;
}

struct receiver {
    size_t n_events, fails_at; /* SIZE_MAX: never */
    struct text *calls;        /* may be NULL */
};

static bool receive(void *context, const struct output_event *event, struct error *err)
{
    struct receiver *r = context;
    if (r->n_events++ == r->fails_at)
        return (fail)(err, ERROR_FORMAT, "the receiver is tired");
    return !r->calls || event->kind != OUTPUT_TOOL_CALL ||
           (text_append_slice(r->calls, event->call.name) &&
            text_append_slice(r->calls, event->call.arguments));
}

static bool parse(const struct answer *answer, const struct json *tools, struct receiver *receiver,
                  struct error *err)
{
    struct output_parser_options options = { .tools = tools,
                                             .think = { .is_set = true, .is_on = true } };
    struct output_parser *p;
    if (!output_parser_open(&p, answer->family, &options, err))
        return false;
    bool ok = output_parser_add(p, slice_of(answer->text), true, receive, receiver, err);
    output_parser_close(&p);
    return ok;
}

TEST(families_read_the_same_call_in_every_syntax)
{
    const struct json *tools = open_tools();
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        struct error err = { 0 };
        struct text calls;
        struct receiver receiver = { .fails_at = SIZE_MAX, .calls = &calls };
        bool has_call = output_family_find(answers[i].family)->has_tools;
        text_init(&calls, SIZE_MAX);
        assert_true(text_append_string(&calls, ""));
        assert_ok(parse(&answers[i], tools, &receiver, &err), err);
        /* without quotes the model's text reaches to the next declared name */
        bool is_repaired = strstr(answers[i].text, "x y") != NULL;
        assert_string_equal(calls.data, !has_call     ? ""
                                        : is_repaired ? "f{\"s\":\"x y\",\"n\":[1,{\"k\":2}]}"
                                                      : "f{\"s\":\"x\",\"n\":[1,{\"k\":2}]}");
        text_release(&calls);
    }
    json_close(&tools);
}

TEST(failures_of_the_receiver_end_the_answer)
{
    const struct json *tools = open_tools();
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        size_t n = 0;
        for (bool ok = false; !ok; n++) {
            struct error err = { 0 };
            struct receiver receiver = { .fails_at = n };
            ok = parse(&answers[i], tools, &receiver, &err);
            assert_int_equal(receiver.n_events, ok ? n : n + 1);
            if (!ok)
                assert_string_equal(err.message, "the receiver is tired");
        }
        assert_true(n > 1);
    }
    json_close(&tools);
}

TEST(every_failing_allocation_is_an_error)
{
    const struct json *tools = open_tools();
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        int64_t n = 0;
        for (bool ok = false; !ok; n++) {
            struct error err = { 0 };
            struct receiver receiver = { .fails_at = SIZE_MAX };
            memory_fail_after(n);
            ok = parse(&answers[i], tools, &receiver, &err);
            memory_fail_after(-1);
            if (!ok && err.code != ERROR_MEMORY)
                fail_msg("allocation %d of '%s': %s", (int)n, answers[i].family, err.message);
        }
        assert_true(n > 2);
    }
    json_close(&tools);
}

/* test_dialect.c: dialects of families by name: what their texts spell, the family's own parser
 * reads. */
#include "test.h"

#include "base/memory.h"
#include "chat/dialect.h"
#include "chat/output/output_family.h"
#include "spelled_call.h"

static const char TOOLS[] =
    "[{\"type\":\"function\",\"function\":{\"name\":\"get_weather\",\"parameters\":{\"type\":"
    "\"object\",\"properties\":{\"city\":{\"type\":\"string\"},\"days\":{\"type\":\"integer\"},"
    "\"exact\":{\"type\":\"boolean\"},\"tags\":{\"type\":\"array\"},\"filter\":{\"type\":"
    "\"object\"}}}}},"
    "{\"type\":\"function\",\"function\":{\"name\":\"now\",\"parameters\":{\"type\":\"object\","
    "\"properties\":{}}}}]";

static const char CALLS[] =
    "[{\"name\":\"get_weather\",\"arguments\":{\"city\":\"Z\xc3\xbcrich \xe2\x82\xac, it's {1}\","
    "\"days\":-3,\"exact\":true,\"tags\":[\"a\",1.5],\"filter\":{\"deep\":{\"n\":[1,2]},\"s\":"
    "\"x\"}}},"
    "{\"name\":\"now\",\"arguments\":{}}]";

static const struct json *parsed(const char *text)
{
    const struct json *value;
    struct error err = { 0 };
    assert_ok(json_open(&value, text, strlen(text), "test", &err), err);
    return value;
}

static bool hear(void *context, const struct output_event *event, struct error *err)
{
    struct text *heard = context;
    (void)err;
    if (event->kind != OUTPUT_TOOL_CALL)
        return text_append_slice(heard, event->text);
    return (event->call.index == 0 || text_append_byte(heard, ',')) &&
           text_append_string(heard, "{\"name\":") && json_write_string(heard, event->call.name) &&
           text_append_string(heard, ",\"arguments\":") &&
           text_append_slice(heard, event->call.arguments) && text_append_byte(heard, '}');
}

static void check_family(const char *family, const struct dialect *dialect)
{
    const struct json *tools = parsed(TOOLS), *calls = parsed(CALLS);
    struct output_parser_options options = { .tools = tools, .think = { .is_set = true } };
    struct output_parser *p;
    struct error err = { 0 };
    struct text answer, heard, expected;
    text_init(&answer, SIZE_MAX);
    text_init(&heard, SIZE_MAX);
    text_init(&expected, SIZE_MAX);
    /* a family that has one call an answer is given the first */
    const char *one_end = strstr(CALLS, ",{\"name\":\"now\"");
    if (dialect->calls.is_single) {
        assert_true(text_append(&expected, CALLS, (size_t)(one_end - CALLS)) &&
                    text_append_byte(&expected, ']'));
        json_close(&calls);
        calls = parsed(expected.data);
        text_clear(&expected);
    }
    spell_calls(&answer, dialect, calls);
    assert_ok(output_parser_open(&p, family, &options, &err), err);
    if (strcmp(family, "qwen3-vl-thinking") == 0) /* which always thinks first */
        assert_ok(output_parser_add(p, slice_of("</think>"), false, hear, &heard, &err), err);
    if (!output_parser_add(p, text_slice(&answer), true, hear, &heard, &err))
        fail_msg("%s: %s\n%s", family, err.message, answer.data);
    assert_true(json_write(&expected, calls));
    assert_true(text_append_byte(&heard, ']'));
    if (!slice_equal((struct slice){ expected.data + 1, expected.length - 1 }, text_slice(&heard)))
        fail_msg("%s: %s\nis read as [%s\ninstead of %s", family, answer.data, heard.data,
                 expected.data);
    output_parser_close(&p);
    text_release(&answer);
    text_release(&heard);
    text_release(&expected);
    json_close(&tools);
    json_close(&calls);
}

TEST(each_family_reads_the_calls_its_dialect_spells)
{
    size_t n = 0;
    for (size_t i = 0; output_families[i]; i++) {
        struct dialect_holder *holder;
        struct error err = { 0 };
        const char *family = output_families[i]->facts.name;
        assert_ok(dialect_open_family(&holder, family, &err), err);
        const struct dialect *dialect = dialect_of(holder);
        bool has_calls = dialect->calls.arguments != ARGUMENTS_NONE;
        assert_int_equal(has_calls, output_families[i]->facts.has_tools);
        if (has_calls)
            check_family(family, dialect);
        n += has_calls;
        dialect_close(&holder);
    }
    assert_true(n >= 25);
}

/* A trigger is what calls begin with. */
TEST(triggers_are_the_beginning_of_calls)
{
    for (size_t i = 0; output_families[i]; i++) {
        struct dialect_holder *holder;
        struct error err = { 0 };
        assert_ok(dialect_open_family(&holder, output_families[i]->facts.name, &err), err);
        const struct call_syntax *calls = &dialect_of(holder)->calls;
        struct slice first = calls->section_open.length ? calls->section_open : calls->open;
        assert_true(first.length >= calls->trigger.length);
        assert_memory_equal(first.data, calls->trigger.data, calls->trigger.length);
        assert_int_equal(calls->trigger.length > 0, calls->arguments != ARGUMENTS_NONE);
        dialect_close(&holder);
    }
}

TEST(unknown_families_have_no_dialect)
{
    struct dialect_holder *holder;
    struct error err = { 0 };
    assert_false(dialect_open_family(&holder, "nothing", &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    assert_null(holder);
}

/* ---- prompts ---- */

TEST(a_prompt_thinks_when_it_ends_with_the_opening_tag)
{
    struct dialect_holder *holder;
    struct error err = { 0 };
    assert_ok(dialect_open_family(&holder, "qwen3-thinking", &err), err);
    const struct dialect *d = dialect_of(holder);
    assert_true(dialect_prompt_thinks(d, slice_of("<|im_start|>assistant\n<think>\n")));
    assert_true(dialect_prompt_thinks(d, slice_of("<think>a</think>b<think>")));
    assert_false(dialect_prompt_thinks(d, slice_of("<think>\n\n</think>\n\n")));
    assert_false(dialect_prompt_thinks(d, slice_of("<think>\nso")));
    assert_false(dialect_prompt_thinks(d, slice_of("")));
    dialect_close(&holder);
    assert_ok(dialect_open_family(&holder, "qwen3-coder", &err), err);
    assert_false(dialect_prompt_thinks(dialect_of(holder), slice_of("<think>")));
    dialect_close(&holder);
}

/* ---- templates ---- */

static void check_renderer(const char *renderer, const char *family)
{
    struct chat_template_sources sources = { .renderer = renderer,
                                             .bos = slice_of(""),
                                             .eos = slice_of("") };
    struct chat_template *t;
    struct dialect_holder *found, *expected;
    struct error err = { 0 };
    assert_ok(chat_template_open(&t, &sources, &err), err);
    assert_ok(dialect_open(&found, t, &err), err);
    assert_ok(dialect_open_family(&expected, family, &err), err);
    const struct dialect *a = dialect_of(found), *b = dialect_of(expected);
    if (a->calls.arguments != b->calls.arguments || !slice_equal(a->calls.open, b->calls.open) ||
        !slice_equal(a->think_open, b->think_open))
        fail_msg("renderer %s: calls '%s', thinking '%s'", renderer, a->calls.open.data,
                 a->think_open.data);
    dialect_close(&found);
    dialect_close(&expected);
    chat_template_close(&t);
}

TEST(a_renderer_has_the_dialect_of_its_family)
{
    check_renderer("qwen3-coder", "qwen3-coder");
    check_renderer("deepseek3.1", "deepseek3");
    check_renderer("qwen3.8", "qwen3.5");
    check_renderer("olmo3.1", "olmo3");
    check_renderer("gemma4-large", "gemma4");
    check_renderer("glm-ocr", "glm-ocr");
    check_renderer("glimmer", "glimmer");
}

/* As hf templates are: with tools, calls and thinking. */
static const char TEMPLATE[] =
    "{% for t in tools or [] %}{{ t | tojson }}{% endfor %}{% for m in messages %}<|{{ m.role }}|>"
    "{% if m.reasoning_content %}<ponder>{{ m.reasoning_content }}</ponder>{% endif %}"
    "{{ m.content }}{% for c in m.tool_calls or [] %}{{ ', ' if not loop.first else '<calls>[' }}"
    "{\"id\": {{ c.id | tojson }}, \"name\": {{ c.function.name | tojson }}, \"arguments\": "
    "{{ c.function.arguments | tojson }}}{{ ']</calls>' if loop.last }}{% endfor %}</s>"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}";

static bool open_dialect(struct dialect_holder **out, const char *source, struct error *err)
{
    struct chat_template_sources sources = { .user = slice_of(source),
                                             .user_is_jinja = true,
                                             .bos = slice_of(""),
                                             .eos = slice_of("</s>") };
    struct chat_template *t = NULL;
    bool ok = chat_template_open(&t, &sources, err) && dialect_open(out, t, err);
    chat_template_close(&t);
    return ok;
}

static void check_text(struct slice text, const char *expected)
{
    assert_int_equal(text.length, strlen(expected));
    assert_string_equal(text.data, expected);
}

TEST(a_dialect_outlives_the_template_it_is_found_in)
{
    struct dialect_holder *holder;
    struct error err = { 0 };
    assert_ok(open_dialect(&holder, TEMPLATE, &err), err);
    const struct dialect *d = dialect_of(holder);
    assert_null(d->family);
    assert_int_equal(d->calls.arguments, ARGUMENTS_JSON);
    assert_false(d->calls.is_only_first);
    assert_false(d->calls.is_single);
    check_text(d->calls.trigger, "<calls>");
    check_text(d->calls.section_open, "<calls>[");
    check_text(d->calls.open, "{\"name\": \"");
    check_text(d->calls.name_end, "\", \"arguments\": ");
    check_text(d->calls.close, "}");
    check_text(d->calls.between, ", ");
    check_text(d->calls.section_close, "]</calls>");
    check_text(d->think_open, "<ponder>");
    check_text(d->think_close, "</ponder>");
    check_text(d->content_open, "");
    dialect_close(&holder);
}

#define FRONT                                                                                   \
    "{% for t in tools or [] %}{{ t | tojson }}{% endfor %}{% for m in messages %}<|{{ m.role " \
    "}}|>"                                                                                      \
    "{{ m.content or '' }}"
#define BACK "<|end|>{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"

static void check_calls(const char *source, const struct call_syntax *expected)
{
    struct dialect_holder *holder;
    struct error err = { 0 };
    assert_ok(open_dialect(&holder, source, &err), err);
    const struct call_syntax *c = &dialect_of(holder)->calls;
    assert_int_equal(c->arguments, expected->arguments);
    assert_int_equal(c->is_only_first, expected->is_only_first);
    check_text(c->trigger, expected->trigger.data);
    check_text(c->section_open, expected->section_open.data);
    check_text(c->open, expected->open.data);
    check_text(c->name_end, expected->name_end.data);
    check_text(c->arg_open, expected->arg_open.data);
    check_text(c->arg_name_end, expected->arg_name_end.data);
    check_text(c->arg_close, expected->arg_close.data);
    check_text(c->arg_between, expected->arg_between.data);
    check_text(c->close, expected->close.data);
    check_text(c->between, expected->between.data);
    check_text(c->section_close, expected->section_close.data);
    dialect_close(&holder);
}

TEST(calls_are_found_in_whatever_a_template_spells_them)
{
    struct slice none = slice_of("");
    check_calls(FRONT "{% for c in m.tool_calls or [] %}\n<tool_call>{{ c|tojson }}</tool_call>"
                      "{% endfor %}" BACK,
                &(struct call_syntax){
                    .arguments = ARGUMENTS_JSON,
                    .trigger = slice_of("<tool_call>"),
                    .open = slice_of("<tool_call>{\"type\": \"function\", \"function\": "
                                     "{\"name\": \""),
                    .name_end = slice_of("\", \"arguments\": "),
                    .close = slice_of("}}</tool_call>"),
                    .between = none,
                    .section_open = none,
                    .section_close = none,
                    .arg_open = none,
                    .arg_name_end = none,
                    .arg_close = none,
                    .arg_between = none,
                });
    check_calls(FRONT "{% if m.tool_calls %}<|calls|>[{% for c in m.tool_calls %}"
                      "{{ c.function.name }}({% for k, v in c.function.arguments.items() %}{{ k }}="
                      "{{ v|tojson }}{{ ', ' if not loop.last }}{% endfor %})"
                      "{{ ', ' if not loop.last }}{% endfor %}]{% endif %}" BACK,
                &(struct call_syntax){
                    .arguments = ARGUMENTS_PYTHON,
                    .trigger = slice_of("<|calls|>"),
                    .section_open = slice_of("<|calls|>["),
                    .open = none,
                    .name_end = slice_of("("),
                    .arg_open = none,
                    .arg_name_end = slice_of("="),
                    .arg_close = none,
                    .arg_between = slice_of(", "),
                    .close = slice_of(")"),
                    .between = slice_of(", "),
                    .section_close = slice_of("]"),
                });
    check_calls(FRONT
                "{% if m.tool_calls %}\n<mm:calls>\n{% for c in m.tool_calls %}<invoke name=\""
                "{{ c.function.name }}\">\n{% for k, v in c.function.arguments.items() %}"
                "<parameter name=\"{{ k }}\">{{ v if v is string else v|tojson }}</parameter>\n"
                "{% endfor %}</invoke>\n{% endfor %}</mm:calls>{% endif %}" BACK,
                &(struct call_syntax){
                    .arguments = ARGUMENTS_RAW,
                    .trigger = slice_of("<mm:calls>"),
                    .section_open = slice_of("<mm:calls>"),
                    .open = slice_of("\n<invoke name=\""),
                    .name_end = slice_of("\">\n"),
                    .arg_open = slice_of("<parameter name=\""),
                    .arg_name_end = slice_of("\">"),
                    .arg_close = slice_of("</parameter>\n"),
                    .arg_between = none,
                    .close = slice_of("</invoke>"),
                    .between = none,
                    .section_close = slice_of("\n</mm:calls>"),
                });
}

TEST(a_template_without_words_for_calls_has_those_that_are_supplied)
{
    struct dialect_holder *holder;
    struct error err = { 0 };
    assert_ok(open_dialect(&holder,
                           "{% for m in messages %}[{{ m.role }}]{{ m.content }}\n{% endfor %}",
                           &err),
              err);
    check_text(dialect_of(holder)->calls.open, "<tool_call>\n{\"name\": \"");
    check_text(dialect_of(holder)->think_open, "");
    dialect_close(&holder);
}

TEST(no_allocation_that_fails_while_a_dialect_is_found_is_lost)
{
    struct chat_template_sources sources = { .user = slice_of(TEMPLATE),
                                             .user_is_jinja = true,
                                             .bos = slice_of(""),
                                             .eos = slice_of("</s>") };
    struct chat_template *t;
    struct error err = { 0 };
    assert_ok(chat_template_open(&t, &sources, &err), err);
    bool ok = false;
    for (int64_t n = 0; !ok; n += 1 + n / 50) {
        struct dialect_holder *holder = NULL;
        memory_fail_after(n);
        ok = dialect_open(&holder, t, &err);
        memory_fail_after(-1);
        if (!ok) {
            assert_int_equal(err.code, ERROR_MEMORY);
            assert_null(holder);
        } else
            check_text(dialect_of(holder)->calls.open, "{\"name\": \"");
        dialect_close(&holder);
    }
    chat_template_close(&t);
}

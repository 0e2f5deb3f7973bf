/* test_template_parsers.c: thinking between a template's tags and calls behind its tag, split as
 * the reference splits them, however the text is cut. */
#include "test.h"

#include "chat/output/thinking_splitter.h"
#include "chat/output/tool_call_finder.h"
#include "golden_lines.h"

/* Everything that came out, joined. */
struct heard {
    struct text content, thinking, calls; /* calls: a JSON array, without its last bracket */
};

static void heard_init(struct heard *h)
{
    text_init(&h->content, SIZE_MAX);
    text_init(&h->thinking, SIZE_MAX);
    text_init(&h->calls, SIZE_MAX);
    assert_true(text_append_string(&h->content, "") && text_append_string(&h->thinking, "") &&
                text_append_byte(&h->calls, '['));
}

static void heard_release(struct heard *h)
{
    text_release(&h->content);
    text_release(&h->thinking);
    text_release(&h->calls);
}

static bool hear(void *context, const struct output_event *event, struct error *err)
{
    struct heard *h = context;
    (void)err;
    if (event->kind == OUTPUT_THINKING)
        return text_append_slice(&h->thinking, event->text);
    if (event->kind == OUTPUT_CONTENT)
        return text_append_slice(&h->content, event->text);
    return (event->call.index == 0 || text_append_byte(&h->calls, ',')) &&
           text_printf(&h->calls, "{\"function\":{\"index\":%u,\"name\":", event->call.index) &&
           json_write_string(&h->calls, event->call.name) &&
           text_append_string(&h->calls, ",\"arguments\":") &&
           text_append_slice(&h->calls, event->call.arguments) &&
           text_append_string(&h->calls, "}}");
}

enum cutting { AS_GIVEN, WHOLE, BYTE_BY_BYTE };

static void feed(struct output_parser *p, const struct json *chunks, enum cutting cutting,
                 struct heard *h)
{
    struct error err = { 0 };
    struct text whole;
    text_init(&whole, SIZE_MAX);
    for (size_t i = 0; i < json_size(chunks); i++) {
        struct slice chunk = json_text(json_at(chunks, i));
        if (cutting == AS_GIVEN)
            assert_true(output_parser_add(p, chunk, false, hear, h, &err));
        assert_true(text_append_slice(&whole, chunk));
    }
    for (size_t i = 0; cutting == BYTE_BY_BYTE && i < whole.length; i++)
        assert_true(
            output_parser_add(p, (struct slice){ whole.data + i, 1 }, false, hear, h, &err));
    struct slice rest = cutting == WHOLE ? text_slice(&whole) : slice_of("");
    assert_true(output_parser_add(p, rest, true, hear, h, &err));
    text_release(&whole);
    output_parser_close(&p);
}

static void check_thinking(const struct json *line, void *context)
{
    struct thinking_tags tags = { .open = json_text(json_get(line, "open")),
                                  .close = json_text(json_get(line, "close")) };
    const struct json *expected = json_get(line, "expected");
    for (enum cutting cutting = AS_GIVEN; cutting <= BYTE_BY_BYTE; cutting++) {
        struct output_parser *p;
        struct error err = { 0 };
        struct heard h;
        heard_init(&h);
        assert_true(thinking_splitter_open(&p, &tags, &err));
        feed(p, json_get(line, "chunks"), cutting, &h);
        assert_string_equal(h.content.data, json_text(json_get(expected, "content")).data);
        assert_string_equal(h.thinking.data, json_text(json_get(expected, "thinking")).data);
        heard_release(&h);
    }
    ++*(size_t *)context;
}

TEST(thinking_between_tags_is_split_as_the_reference_splits_it)
{
    size_t n = 0;
    if (!golden_each_line("parsers/thinking.jsonl", check_thinking, &n))
        SKIP("no golden data (HEARTH_GOLDEN or ../shared/golden) for parsers/");
    printf("%zu cases of thinking between tags\n", n);
}

static bool is_expected(const struct json *line, struct heard *h)
{
    const struct json *expected = json_get(line, "expected"), *calls;
    struct error err = { 0 };
    struct text content;
    text_init(&content, SIZE_MAX);
    /* what the reference keeps back it hands on at the end */
    assert_true(text_append_slice(&content, json_text(json_get(expected, "content"))) &&
                text_append_slice(&content, json_text(json_get(expected, "remaining"))) &&
                text_append_byte(&h->calls, ']'));
    assert_true(json_open(&calls, h->calls.data, h->calls.length, "calls", &err));
    bool any_order = slice_equal(json_text(json_get(line, "argument_order")), slice_of("any"));
    bool same = slice_equal(text_slice(&h->content), text_slice(&content)) &&
                json_same(calls, json_get(expected, "tool_calls"), !any_order);
    json_close(&calls);
    text_release(&content);
    return same;
}

struct tally {
    size_t right, wrong, sensitive;
};

static void check_calls(const struct json *line, void *context)
{
    struct tally *t = context;
    bool is_sensitive = json_flag(json_get(line, "chunk_sensitive"), false);
    struct text first; /* of the three ways of cutting: all must give the same */
    text_init(&first, SIZE_MAX);
    for (enum cutting cutting = AS_GIVEN; cutting <= BYTE_BY_BYTE; cutting++) {
        struct output_parser *p;
        struct error err = { 0 };
        struct heard h;
        heard_init(&h);
        assert_true(tool_call_finder_open(&p, json_text(json_get(line, "tag")),
                                          json_get(line, "tools"), &err));
        feed(p, json_get(line, "chunks"), cutting, &h);
        bool right = is_expected(line, &h);
        if (!right && !is_sensitive)
            printf("---- cut %d, tag %s\n  got [%s] %s\n", cutting,
                   json_text(json_get(line, "tag")).data, h.content.data, h.calls.data);
        t->right += right;
        t->sensitive += !right && is_sensitive;
        t->wrong += !right && !is_sensitive;
        if (cutting == AS_GIVEN)
            assert_true(text_printf(&first, "%s%s", h.content.data, h.calls.data));
        assert_true(strncmp(first.data, h.content.data, h.content.length) == 0 &&
                    strcmp(first.data + h.content.length, h.calls.data) == 0);
        heard_release(&h);
    }
    text_release(&first);
}

TEST(calls_behind_a_tag_are_found_as_the_reference_finds_them)
{
    struct tally t = { 0 };
    if (!golden_each_line("parsers/tools.jsonl", check_calls, &t))
        SKIP("no golden data (HEARTH_GOLDEN or ../shared/golden) for parsers/");
    printf("calls behind a tag: %zu right, %zu wrong, %zu different where the reference depends on "
           "chunks\n",
           t.right, t.wrong, t.sensitive);
    assert_int_equal(t.wrong, 0);
}

/* test_output_parsers.c: what models write, split as the reference splits it, however it is cut.
 *
 * PARSER=name in the environment looks at one family only and prints each case that differs. */
#include "test.h"

#include "base/memory.h"
#include "base/text.h"
#include "chat/output_parser.h"
#include "golden_lines.h"

/* Everything that came out, joined. */
struct heard {
    struct text content, thinking, calls; /* calls: a JSON array, without its last bracket */
    size_t n_calls;
};

static void heard_init(struct heard *h)
{
    text_init(&h->content, SIZE_MAX);
    text_init(&h->thinking, SIZE_MAX);
    text_init(&h->calls, SIZE_MAX);
    h->n_calls = 0;
    assert_true(text_append_byte(&h->calls, '['));
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
    if (event->kind != OUTPUT_TOOL_CALL) {
        assert_true(event->text.length > 0);
        return text_append_slice(event->kind == OUTPUT_CONTENT ? &h->content : &h->thinking,
                                 event->text);
    }
    assert_int_equal(event->call.index, h->n_calls);
    bool ok = (h->n_calls++ == 0 || text_append_byte(&h->calls, ',')) &&
              text_append_string(&h->calls, "{\"function\":{\"index\":") &&
              text_printf(&h->calls, "%u,\"name\":", event->call.index) &&
              json_write_string(&h->calls, event->call.name) &&
              text_append_string(&h->calls, ",\"arguments\":") &&
              text_append_slice(&h->calls, event->call.arguments) &&
              text_append_string(&h->calls, "}");
    if (ok && event->call.id.data)
        ok = text_append_string(&h->calls, ",\"id\":") &&
             json_write_string(&h->calls, event->call.id);
    return ok && text_append_byte(&h->calls, '}');
}

enum cutting { AS_GIVEN, WHOLE, BYTE_BY_BYTE };

/* False when the parser failed. */
static bool parse(const struct json *line, enum cutting cutting, struct heard *h)
{
    struct error err = { 0 };
    struct output_parser *p;
    struct output_parser_options options = { .tools = json_get(line, "tools"),
                                             .last_message = json_get(line, "last_message") };
    assert_true(think_read(&options.think, json_get(line, "think"), &err));
    const char *name = json_text(json_get(line, "parser")).data;
    if (!output_parser_open(&p, name, &options, &err))
        fail_msg("%s", err.message);
    const struct json *chunks = json_get(line, "chunks");
    struct text whole;
    text_init(&whole, SIZE_MAX);
    bool ok = true;
    for (size_t i = 0; ok && i < json_size(chunks); i++) {
        struct slice chunk = json_text(json_at(chunks, i));
        if (cutting == AS_GIVEN)
            ok = output_parser_add(p, chunk, false, hear, h, &err);
        else
            assert_true(text_append_slice(&whole, chunk));
    }
    for (size_t i = 0; ok && cutting == BYTE_BY_BYTE && i < whole.length; i++)
        ok = output_parser_add(p, (struct slice){ whole.data + i, 1 }, false, hear, h, &err);
    struct slice rest = cutting == WHOLE ? text_slice(&whole) : (struct slice){ "", 0 };
    if (rest.length == 0)
        rest = slice_of("");
    ok = ok && output_parser_add(p, rest, true, hear, h, &err);
    text_release(&whole);
    output_parser_close(&p);
    return ok;
}

static bool same_names(const struct json *a, const struct json *b)
{
    const struct json_member *of_b = json_first(b);
    for (const struct json_member *of_a = json_first(a); of_a; of_a = json_next(a, of_a)) {
        if (!of_b || !slice_equal(json_member_key(of_a), json_member_key(of_b)))
            return false;
        of_b = json_next(b, of_b);
    }
    return true;
}

/* The order of arguments counts; that of the names in an object within them does not: the reference
 * loses it, hearth keeps it as it was generated. */
static bool same_calls(const struct json *a, const struct json *b, bool in_order)
{
    for (size_t i = 0; in_order && i < json_size(a); i++)
        if (!same_names(json_get(json_get(json_at(a, i), "function"), "arguments"),
                        json_get(json_get(json_at(b, i), "function"), "arguments")))
            return false;
    return json_same(a, b, false);
}

/* Cases in which hearth differs on purpose, by parser and the end of their text. */
static const struct exception {
    const char *parser, *chunking, *end, *reason;
} exceptions[] = {
    { "qwen3.5", "truncated", "\n</tool_call>\n<tool_call>\n<",
      "whole, the reference sees the last byte, a half tag, before the call that ended thinking" },
    { "ornith", "truncated", "\n</tool_call>\n<tool_call>\n<", "the same" },
    { "functiongemma", "whole",
      "Some text here<start_function_call>call:second{}<end_function_call>",
      "whole, the reference loses text between two calls" },
    { "functiongemma", "truncated", "Some text here<start_function_call>call:second{}<end_fun",
      "the same" },
};

static bool ends_with(struct slice text, const char *end)
{
    size_t n = strlen(end);
    return text.length >= n && memcmp(text.data + text.length - n, end, n) == 0;
}

static const struct exception *exception_of(const struct json *line)
{
    const struct json *chunks = json_get(line, "chunks");
    struct slice last = json_text(json_at(chunks, json_size(chunks) - 1));
    for (size_t i = 0; i < COUNT_OF(exceptions); i++)
        if (slice_equal(json_text(json_get(line, "parser")), slice_of(exceptions[i].parser)) &&
            slice_equal(json_text(json_get(line, "chunking")), slice_of(exceptions[i].chunking)) &&
            ends_with(last, exceptions[i].end))
            return &exceptions[i];
    return NULL;
}

static bool is_expected(const struct json *line, struct heard *h, bool ok)
{
    if (json_get(line, "error"))
        return !ok;
    if (!ok)
        return false;
    const struct json *expected = json_get(line, "expected"), *calls = NULL;
    struct error err = { 0 };
    bool any_order = slice_equal(json_text(json_get(line, "argument_order")), slice_of("any"));
    if (!text_append_byte(&h->calls, ']') ||
        !json_open(&calls, h->calls.data, h->calls.length, "calls", &err))
        return false; /* arguments that are no JSON */
    struct slice content = text_slice(&h->content), thinking = text_slice(&h->thinking);
    bool same = slice_equal(content, json_text(json_get(expected, "content"))) &&
                slice_equal(thinking, json_text(json_get(expected, "thinking"))) &&
                same_calls(calls, json_get(expected, "tool_calls"), !any_order);
    json_close(&calls);
    return same;
}

enum { MAX_FAMILIES = 64 };
struct tally {
    struct {
        char name[40];
        size_t right, wrong, sensitive, exceptions, unknown;
    } families[MAX_FAMILIES];
    size_t n_families;
};

static size_t family_index(struct tally *t, struct slice name)
{
    for (size_t i = 0; i < t->n_families; i++)
        if (slice_equal(slice_of(t->families[i].name), name))
            return i;
    assert_true(t->n_families < MAX_FAMILIES);
    snprintf(t->families[t->n_families].name, sizeof t->families->name, "%.*s", (int)name.length,
             name.data);
    return t->n_families++;
}

static void check_line(const struct json *line, void *context)
{
    struct tally *t = context;
    struct slice name = json_text(json_get(line, "parser"));
    const char *only = getenv("PARSER");
    if (only && !slice_equal(slice_of(only), name))
        return;
    size_t family = family_index(t, name);
    const struct exception *exception = exception_of(line);
    if (exception) {
        t->families[family].exceptions++;
        return;
    }
    if (!output_family_find(name.data)) {
        t->families[family].unknown++;
        return;
    }
    for (enum cutting cutting = AS_GIVEN; cutting <= BYTE_BY_BYTE; cutting++) {
        struct heard h;
        heard_init(&h);
        bool ok = parse(line, cutting, &h);
        bool right = is_expected(line, &h, ok);
        if (json_flag(json_get(line, "chunk_sensitive"), false))
            t->families[family].sensitive++;
        else if (right)
            t->families[family].right++;
        else
            t->families[family].wrong++;
        if (!right && only && !json_flag(json_get(line, "chunk_sensitive"), false)) {
            const struct json *chunks = json_get(line, "chunks"),
                              *expected = json_get(line, "expected");
            printf("---- cut %d, %s, think %d: ", cutting, ok ? "parsed" : "failed",
                   json_flag(json_get(line, "think"), false));
            for (size_t i = 0; i < json_size(chunks); i++)
                printf("%s", json_text(json_at(chunks, i)).data);
            printf("\n  want content [%s] thinking [%s] calls %zu%s\n  got  content [%s] thinking "
                   "[%s] calls %s\n",
                   json_text(json_get(expected, "content")).data,
                   json_text(json_get(expected, "thinking")).data,
                   json_size(json_get(expected, "tool_calls")),
                   json_get(line, "error") ? " (an error)" : "",
                   h.content.data ? h.content.data : "", h.thinking.data ? h.thinking.data : "",
                   h.calls.data);
        }
        heard_release(&h);
    }
}

TEST(families_are_split_as_the_reference_splits_them)
{
    static struct tally t;
    if (!golden_each_line("parsers/parsers.jsonl", check_line, &t))
        SKIP("no golden data (HEARTH_GOLDEN or ../shared/golden) for parsers/");
    size_t n_wrong = 0;
    for (size_t i = 0; i < t.n_families; i++) {
        printf("%-22s %5zu right %5zu wrong %5zu chunk sensitive %5zu on purpose "
               "%5zu without a parser\n",
               t.families[i].name, t.families[i].right, t.families[i].wrong,
               t.families[i].sensitive, t.families[i].exceptions, t.families[i].unknown);
        n_wrong += t.families[i].wrong;
    }
    assert_int_equal(n_wrong, 0);
}

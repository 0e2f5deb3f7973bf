/* test_jinja.c: templates give what the reference gives, and hostile ones end with an error.
 *
 * The reference's cases lie outside the repository (golden data); the others need nothing. */
#include "test.h"

#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mapped_file.h"
#include "base/memory.h"
#include "chat/jinja.h"

static int64_t seconds_of(struct slice time)
{
    struct tm tm = { 0 };
    char copy[40];
    snprintf(copy, sizeof copy, "%.*s", (int)time.length, time.data);
    return strptime(copy, "%Y-%m-%dT%H:%M:%S", &tm) ? (int64_t)timegm(&tm) : 0;
}

/* Render a source with a context given as JSON; the caller releases `out`. */
static bool render_with(const char *source, const char *context,
                        const struct jinja_options *options, struct text *out, struct error *err)
{
    struct jinja_template *t;
    const struct json *json = NULL;
    text_init(out, (size_t)1 << 28);
    if (context && !json_open(&json, context, strlen(context), "context", err))
        fail_msg("%s", err->message);
    bool ok = jinja_compile(&t, slice_of(source), err);
    if (ok)
        ok = jinja_render(t, json, options, out, err);
    jinja_close(&t);
    if (json)
        json_close(&json);
    return ok;
}

static void expect_with(const char *source, const char *context, const char *want)
{
    struct jinja_options options = jinja_defaults();
    struct error err = { 0 };
    struct text out;
    bool ok = render_with(source, context, &options, &out, &err);
    if (!ok || strcmp(out.data ? out.data : "", want) != 0)
        fail_msg("%s\n  want: %s\n  got:  %s", source, want,
                 ok ? (out.data ? out.data : "") : err.message);
    text_release(&out);
}

static void expect(const char *source, const char *want)
{
    expect_with(source, NULL, want);
}

static void expect_error(const char *source, enum error_code code, const char *part)
{
    struct jinja_options options = jinja_defaults();
    struct error err = { 0 };
    struct text out;
    bool ok = render_with(source, NULL, &options, &out, &err);
    if (ok || err.code != code || !strstr(err.message, part) || out.length)
        fail_msg("%s\n  want: %d %s\n  got:  %d %s", source, code, part, err.code,
                 ok ? out.data : err.message);
    text_release(&out);
}

/* --- the reference's cases --- */

struct counts {
    size_t cases, errors, wrong;
};

static void show_difference(const struct json *line, struct slice want, struct slice got)
{
    size_t at = 0;
    while (at < want.length && at < got.length && want.data[at] == got.data[at])
        at++;
    size_t from = at > 30 ? at - 30 : 0;
    fprintf(stderr, "  %s\n", printable(json_text(json_get(line, "template"))));
    fprintf(stderr, "  context: %s; they differ at %zu\n",
            printable(json_text(json_get(line, "name"))), at);
    fprintf(stderr, "  want ...%s\n",
            printable((struct slice){ want.data + from, want.length - from }));
    fprintf(stderr, "  got  ...%s\n",
            printable((struct slice){ got.data + from, got.length - from }));
}

static bool is_right(const struct json *line, bool ok, struct slice got, const struct error *err)
{
    const struct json *expected = json_get(line, "expected");
    if (json_kind(expected) == JSON_KIND_STRING)
        return ok && slice_equal(json_text(expected), got);
    bool raised = slice_equal(json_text(json_get(line, "error_type")), slice_of("TemplateError"));
    if (ok || (err->code == ERROR_USAGE) != raised)
        return false;
    return !raised || slice_equal(json_text(json_get(line, "error")), slice_of(err->message));
}

static void check_line(const struct json *line, struct slice source, struct counts *counts)
{
    struct jinja_options options = jinja_defaults();
    struct jinja_template *t;
    struct error err = { 0 };
    struct text out;
    text_init(&out, (size_t)1 << 28);
    options.now = seconds_of(json_text(json_get(line, "now")));
    bool ok = jinja_compile(&t, source, &err) &&
              jinja_render(t, json_get(line, "context"), &options, &out, &err);
    jinja_close(&t);
    counts->cases++;
    counts->errors += !ok;
    struct slice got = ok ? text_slice(&out) : slice_of(err.message);
    if (!is_right(line, ok, got, &err) && counts->wrong++ < 20) {
        const struct json *expected = json_get(line, "expected");
        show_difference(line, json_text(expected ? expected : json_get(line, "error")), got);
    }
    text_release(&out);
}

static struct slice template_of(const struct json *line, bool is_file, struct mapped_file **file)
{
    struct slice text = json_text(json_get(line, "template"));
    char relative[600];
    struct error err = { 0 };
    *file = NULL;
    if (!is_file)
        return text;
    snprintf(relative, sizeof relative, "jinja/%.*s", (int)text.length, text.data);
    assert_ok(mapped_file_open(file, golden_path(relative), &err), err);
    return (struct slice){ (const char *)(*file)->data, (*file)->size };
}

static void check_file(const char *relative, bool is_file)
{
    struct mapped_file *file, *template;
    struct error err = { 0 };
    struct counts counts = { 0 };
    assert_ok(mapped_file_open(&file, golden_path(relative), &err), err);
    const char *p = (const char *)file->data, *end = p + file->size;
    for (size_t number = 1; p < end; number++) {
        const char *next = memchr(p, '\n', (size_t)(end - p));
        const struct json *line;
        next = next ? next : end;
        assert_ok(json_open(&line, p, (size_t)(next - p), relative, &err), err);
        check_line(line, template_of(line, is_file, &template), &counts);
        mapped_file_close(&template);
        json_close(&line);
        p = next + 1;
    }
    mapped_file_close(&file);
    fprintf(stderr, "%s: %zu cases, %zu of them errors, %zu wrong\n", relative, counts.cases,
            counts.errors, counts.wrong);
    assert_int_equal(counts.wrong, 0);
    assert_true(counts.cases > 500);
}

TEST(jinja_language_is_that_of_the_reference)
{
    check_file("jinja/language.jsonl", false);
}

TEST(jinja_renders_published_templates_like_the_reference)
{
    check_file("jinja/templates.jsonl", true);
}

/* --- cases of our own --- */

static const char CHAT[] =
    "{%- if messages[0].role == 'system' %}{{- '<|system|>' + messages[0].content + '\\n' }}"
    "{%- set messages = messages[1:] %}{% endif %}\n"
    "{%- for m in messages %}\n"
    "    {%- if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}\n"
    "        {{- raise_exception('Roles must alternate, not \"' ~ m.role ~ '\".') }}\n"
    "    {%- endif %}\n"
    "    {{- '<|' ~ m.role ~ '|>' ~ m.content | trim ~ '\\n' }}\n"
    "    {%- for t in m.tool_calls %}{{ t.function | tojson }}{% endfor %}\n"
    "{%- endfor %}\n"
    "{%- if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}\n";

TEST(jinja_renders_a_chat)
{
    expect_with(CHAT,
                "{\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"},"
                "{\"role\":\"user\",\"content\":\"  Hi \\n\"},{\"role\":\"assistant\",\"content\":"
                "\"\",\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":{\"x\":1.0}}}]}],"
                "\"add_generation_prompt\":true}",
                "<|system|>Be brief.\n<|user|>Hi\n<|assistant|>\n"
                "{\"name\": \"f\", \"arguments\": {\"x\": 1.0}}<|assistant|>");
}

TEST(jinja_tells_what_a_template_raises_from_other_errors)
{
    struct jinja_options options = jinja_defaults();
    struct error err = { 0 };
    struct text out;
    assert_false(render_with(CHAT, "{\"messages\":[{\"role\":\"tool\",\"content\":\"\"}]}",
                             &options, &out, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_string_equal(err.message, "Roles must alternate, not \"tool\".");
    text_release(&out);
    expect_error("a\n{{ 1 +\n 'x' }}", ERROR_FORMAT, "line 2: '+' does not work");
    expect_error("{% if x %}\n{{ y | nothing }}{% endif %}{{ z | nothing }}", ERROR_FORMAT,
                 "line 2: there is no filter 'nothing'");
    expect_error("{{ messages[0].content }}", ERROR_FORMAT, "'messages' is undefined");
    expect_error("{{ 'a'.__class__.__mro__ }}", ERROR_FORMAT, "may not use");
    expect_error("{% set x = [] %}{{ x.append(1) }}", ERROR_FORMAT, "may not use");
    expect_error("\xff", ERROR_FORMAT, "UTF-8");
}

TEST(jinja_appends_to_what_is_there_and_takes_back_what_failed)
{
    struct jinja_options options = jinja_defaults();
    struct jinja_template *good, *bad;
    struct error err = { 0 };
    struct text out;
    text_init(&out, 1000);
    assert_true(text_append_string(&out, "before "));
    assert_ok(jinja_compile(&good, slice_of("{{ 1 + 1 }}"), &err), err);
    assert_ok(jinja_compile(&bad, slice_of("much text {{ 1 + none }}"), &err), err);
    assert_ok(jinja_render(good, NULL, &options, &out, &err), err);
    assert_false(jinja_render(bad, NULL, &options, &out, &err));
    assert_string_equal(out.data, "before 2");
    jinja_close(&good);
    jinja_close(&bad);
    jinja_close(&bad);
    text_release(&out);
}

TEST(jinja_white_space_follows_trim_and_lstrip_blocks)
{
    expect("a\n  {% if true %}\n  b\n  {% endif %}\nc\n", "a\n  b\nc");
    expect("  {%- set x = 1 -%}\n\n x{#- c #}\n{{- x }}  {%+ if 1 %} {% endif %}", "x1   ");
    expect("{% raw %}{{ x }}{% endraw %}\r\nb", "{{ x }}b");
}

TEST(jinja_numbers_are_those_of_python)
{
    expect("{{ 2**100 }} {{ -(2**100) // 3 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 % -3 }}",
           "1267650600228229401496703205376 -422550200076076467165567735126 -4 2 -2");
    expect("{{ 10**40 // 10**20 }} {{ (10**40 + 7) % 10**20 }} {{ 10**25 == 1e25 }}",
           "100000000000000000000 7 False");
    expect("{{ 0.1 + 0.2 }} {{ 1e16 }} {{ 1e15 }} {{ 1e-5 }} {{ -0.0 }} {{ 5e-324 }} {{ 2.0**70 }}",
           "0.30000000000000004 1e+16 1000000000000000.0 1e-05 -0.0 5e-324 1.1805916207174113e+21");
    expect("{{ 1 == 1.0 == true }} {{ 9007199254740993 == 9007199254740992.0 }}", "True False");
    expect(
        "{{ '%05.1f|%-4d|%+d|%x' % (2.25, 7, 8, 255) }} {{ '{:,} {:>6.2%}'.format(1234567, 0.5) }}",
        "002.2|7   |+8|ff 1,234,567 50.00%");
}

TEST(jinja_long_integers_of_a_context_keep_their_digits)
{
    expect_with(
        "{{ a }} {{ b[0] + 1 }} {{ b }} {{ c }}",
        "{\"a\":18446744073709551615,\"b\":[-99999999999999999999,1,\"12345678901234567890\"],"
        "\"c\":{\"1\":9223372036854775807}}",
        "18446744073709551615 -99999999999999999998 "
        "[-99999999999999999999, 1, '12345678901234567890'] {'1': 9223372036854775807}");
}

TEST(jinja_generators_are_read_once_and_only_as_far_as_needed)
{
    expect("{% set g = [1, 2]|map('string') %}{{ g|first }}{{ g|list }}{{ g|list }}{{ 1 if g }}",
           "1['2'][]1");
    expect("{{ [1, 'x']|map('abs')|first }}", "1");
    expect("{% set ns = namespace(n=0) %}{% for i in range(9) if ns.n < 2 %}{% set ns.n = ns.n + 1 "
           "%}{{ i }}{% endfor %}",
           "01");
    expect("{% for i in [1, 2, 3]|map('string') %}{{ i }}/{{ loop.length }}{{ loop.last }} {% "
           "endfor %}",
           "1/3False 2/3False 3/3True ");
}

TEST(jinja_strings_that_grow_in_place_do_not_change_each_other)
{
    expect("{% set a = 'x' ~ 1 %}{% set b = a ~ 'b' %}{% set c = a ~ 'c' %}{{ a }} {{ b }} {{ c }}",
           "x1 x1b x1c");
    expect("{% set a = [0] + [1] %}{% set b = a + [2] %}{% set c = a + [3] %}{{ a }}{{ b }}{{ c }}",
           "[0, 1][0, 1, 2][0, 1, 3]");
    expect("{% set a = 'x' ~ 1 %}{% set a = a ~ a ~ a %}{{ a }}", "x1x1x1");
}

TEST(jinja_scopes_end_with_their_bodies)
{
    expect("{% set x = 0 %}{% for i in [1, 2] %}{% set x = x + i %}{{ x }}{% endfor %}{{ x }}",
           "120");
    expect("{% for i in [1, 2] %}{% macro m() %}{{ i }}{% endmacro %}{% if i == 1 %}{% set f = m %}"
           "{% endif %}{{ m() }}{% endfor %}",
           "12");
    expect("{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}B{{ caller is defined }}"
           "{% endmacro %}{{ a() }}",
           "BFalse");
}

/* --- hostile templates --- */

/* 100 ms on an idle machine; more under emulators and beside others, much more where every search
 * in a text also checks all of its bytes' shadows. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
static const double longest_ms = 120000;
#else
static const double longest_ms = 5000;
#endif

static const char *const hostile[] = {
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% macro m(n) %}{% if n %}{{ m(n - 1) ~ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
    "{% macro m() %}{% call m() %}{{ caller() }}{% endcall %}{% endmacro %}{{ m() }}",
    "{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor "
    "%}",
    "{% set ns = namespace(s='x') %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{{ ns.s }}"
    "{% endfor %}",
    "{% set ns = namespace(s='x') %}{% for i in range(9999) %}{% set ns.s = 'x' ~ ns.s %}{% endfor "
    "%}"
    "{% for i in range(99999) %}{% set ns.t = ns.s ~ i %}{% endfor %}",
    "{% set ns = namespace(l=[1]) %}{% for i in range(99) %}{% set ns.l = ns.l + ns.l %}{% endfor "
    "%}",
    "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor "
    "%}"
    "{{ ns.l }}",
    "{% set ns = namespace(l=[1], m=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% "
    "set ns.m = [ns.m, ns.m] %}{% endfor %}{{ ns.l == ns.m }}",
    "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor "
    "%}"
    "{{ ns.l|tojson }}",
    "{% set ns = namespace(t=(1,)) %}{% for i in range(60) %}{% set ns.t = (ns.t, ns.t) %}{% "
    "endfor %}"
    "{{ {ns.t: 1} }}",
    "{% set ns = namespace(l=[]) %}{% for i in range(9999) %}{% set ns.l = [ns.l] %}{% endfor %}"
    "{{ ns.l }}",
    "{% set ns = namespace() %}{% set ns.x = [ns] %}{{ ns }}",
    "{{ 'x' * 10**9 }}",
    "{{ 'x' * 10**30 }}",
    "{{ [0] * 10**9 }}",
    "{{ range(10**9) }}",
    "{{ 9**(9**9) }}",
    "{% set ns = namespace(n=3) %}{% for i in range(9999) %}{% set ns.n = ns.n * ns.n %}{% endfor "
    "%}",
    "{% set n = 7**5000 %}{% for i in range(99999) %}{{ (n // (n - 1) ~ n)|length }}{% endfor %}",
    "{{ '%999999999d' % 1 }}",
    "{{ '{:>999999999}'.format(1) }}",
    "{{ 'x'.ljust(10**9) }}",
    "{{ 'x'|center(10**12) }}",
    "{{ '\\t'.expandtabs(10**9) }}",
    "{{ [1]|tojson(indent=10**6) }}{{ [[[1]]]|tojson(indent='x' * 1000000) }}",
    "{{ 'a'|indent(10**9, true) }}",
    "{{ [1]|batch(10**9, 0)|list }}",
    "{{ [1]|slice(10**9)|list }}",
    "{% set s = 'ab' * 500000 %}{% for i in range(9999) %}{{ s.count('b') }}{% endfor %}",
    "{% set s = 'ab' * 500000 %}{% for i in range(9999) %}{{ 'ba' * 9 in s }}{{ s.replace('a', '')"
    "|length }}{% endfor %}",
    "{% set s = 'a' * 500000 %}{{ s.rfind('a' * 250000 ~ 'b') }}{% for i in range(9999) %}{{ "
    "s.strip('b' * 500000 ~ 'a') }}{{ s.rsplit('b')|length }}{{ s.upper()|length }}{% endfor %}",
    "{% set s = 'é' * 300000 %}{% for i in range(99999) %}{{ s[299999] }}{{ s[::-1]|length }}{% "
    "endfor %}",
    "{% set s = 'Σ' * 30000 %}{{ s.lower()|length }}",
    "{% set l = range(99999)|list %}{% for i in l %}{% for j in l|sort(reverse=true) %}{% endfor "
    "%}{% "
    "endfor %}",
    "{% set l = range(99999)|list %}{% for i in l %}{{ -1 in l }}{{ l.index(99998) }}{% endfor %}",
    "{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "{% block a %}{{ self.a() }}{% endblock %}",
    "{% set n = 10**4000 %}{% for x in range(99999) %}{{ n ~ '' }}{% endfor %}",
    "{% for x in range(99999) %}{{ ('9' * 4000)|int }}{% endfor %}",
    "{% for x in range(99999) %}{{ '%s %r' % (range(99)|list, 'y' * 9999) }}{% endfor %}",
    "{% set s = 'x' * 262144 %}{% for i in range(9999) %}{{ s|title|capitalize|urlencode|length }}"
    "{% endfor %}",
    "{% for a in range(99999) %}{{ range(9999)|list|tojson|length }}{% endfor %}",
    "{% set ns = namespace(l=[]) %}{% for i in range(99999) %}{% set ns.l = [ns.l, 'abc' ~ i] %}"
    "{% endfor %}{{ ns.l }}",
    "{% set ns = namespace(s='<&>') %}{% for i in range(99) %}{% set ns.s = ns.s|escape|string %}"
    "{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
    "{% for i in range(99999) %}{% filter upper %}{% set x %}{{ i * 'x' }}{% endset %}{% endfilter "
    "%}"
    "{% endfor %}",
};

TEST(jinja_hostile_templates_end_with_an_error_in_time)
{
    for (size_t i = 0; i < COUNT_OF(hostile); i++) {
        struct jinja_options options = jinja_defaults();
        struct error err = { 0 };
        struct text out;
        uint64_t begin = clock_ns();
        size_t resident = memory_resident_bytes();
        bool ok = render_with(hostile[i], NULL, &options, &out, &err);
        double ms = (double)(clock_ns() - begin) / 1e6;
        if (getenv("HEARTH_VERBOSE"))
            fprintf(stderr, "%7.1f ms  %s\n      %s\n", ms, hostile[i], err.message);
        if (ok || err.code == ERROR_NONE || err.code == ERROR_MEMORY || out.length)
            fail_msg("%s\n  did not end with an error", hostile[i]);
        if (ms > longest_ms)
            fail_msg("%s\n  took %.0f ms", hostile[i], ms);
        size_t now = memory_resident_bytes();
        assert_true(now < resident + ((size_t)64 << 20));
        text_release(&out);
    }
}

static char *repeated(const char *begin, const char *part, size_t n, const char *end)
{
    size_t length = strlen(part), total = strlen(begin) + n * length + strlen(end) + 1;
    char *out = calloc(total, 1), *p = out + strlen(begin);
    assert_non_null(out);
    memcpy(out, begin, strlen(begin));
    for (size_t i = 0; i < n; i++, p += length)
        memcpy(p, part, length);
    memcpy(p, end, strlen(end));
    return out;
}

TEST(jinja_deep_sources_end_with_an_error)
{
    static const struct {
        const char *begin, *part, *end;
    } rows[] = {
        { "{{ ", "(", " }}" },         { "{{ ", "[", " }}" },
        { "{{ ", "{1:", " }}" },       { "{{ ", "-", "1 }}" },
        { "{{ ", "not ", "1 }}" },     { "{{ 1", " + 1", " }}" },
        { "{{ x", "|list", " }}" },    { "{{ x", "[0]", " }}" },
        { "{{ x", "()", " }}" },       { "{{ x", ".x", " }}" },
        { "{{ 1", " if 1", " }}" },    { "{{ ", "1 if 1 else ", "1 }}" },
        { "", "{% if 1 %}", "" },      { "", "{% for x in y %}", "" },
        { "", "{% macro m() %}", "" }, { "{% if 1 %}", "{% elif 0 %}", "" },
        { "{{ ", "f(", " }}" },        { "{% set ", "(", "" },
        { "", "{% call f() %}", "" },  { "{{ 0", " or 0", " is x }}" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *source = repeated(rows[i].begin, rows[i].part, 10000, rows[i].end);
        struct jinja_options options = jinja_defaults();
        struct error err = { 0 };
        struct text out;
        if (render_with(source, NULL, &options, &out, &err))
            fail_msg("%.40s... did not end with an error", source);
        text_release(&out);
        free(source);
    }
}

TEST(jinja_deep_contexts_end_with_an_error)
{
    char *open = repeated("{\"x\":", "[", 2000, ""), *close = repeated(open, "]", 2000, "}");
    struct jinja_options options = jinja_defaults();
    struct error err = { 0 };
    struct text out;
    assert_false(render_with("{{ x }}", close, &options, &out, &err));
    assert_int_equal(err.code, ERROR_BUDGET);
    text_release(&out);
    free(open);
    free(close);
}

/* A long conversation is no hostile one: a thousand messages of four kilobytes each, put together
 * in the most wasteful way. */
TEST(jinja_long_conversations_fit)
{
    char *text = repeated("{\"role\":\"user\",\"content\":\"", "four ", 800, "\"},");
    char *many = repeated("{\"messages\":[", text, 1000, "{\"role\":\"x\",\"content\":\"\"}]}");
    struct jinja_options options = jinja_defaults();
    struct error err = { 0 };
    struct text out;
    bool ok =
        render_with("{% set ns = namespace(s='') %}{% for m in messages %}{% set ns.s = ns.s + "
                    "'<' + m.role + '>' + m.content|trim + '\\n' %}{% endfor %}{{ ns.s }}",
                    many, &options, &out, &err);
    if (!ok)
        fail_msg("%s", err.message);
    assert_true(out.length > 4000000);
    text_release(&out);
    free(text);
    free(many);
}

TEST(jinja_survives_any_allocation_that_fails)
{
    static const char source[] =
        "{% macro m(a, b=2) %}{{ a }}{{ varargs }}{{ kwargs }}{{ caller(1) }}{% endmacro %}"
        "{% call(x) m(1, 2, 3, z=4) %}{{ x }}{% endcall %}{% for k, v in d|dictsort if v %}{{ "
        "loop.last "
        "}}{{ k ~ v|tojson(indent=2) }}{% endfor %}{{ d.a|map('string')|join(',')|upper }}"
        "{{ '{:>9}'.format(2**90) }}{{ 'a b'.split() }}{% filter indent(2) %}x\ny{% endfilter %}";
    const struct json *json;
    struct error err = { 0 };
    struct jinja_options options = jinja_defaults();
    const char context[] = "{\"d\":{\"b\":1,\"a\":[1,2.5,\"x\"]}}";
    assert_ok(json_open(&json, context, sizeof context - 1, "context", &err), err);
    bool ok = false;
    int64_t n = 0;
    for (; !ok && n < 1000; n++) {
        struct jinja_template *t = NULL;
        struct text out;
        text_init(&out, 1 << 20);
        memory_fail_after(n);
        ok = jinja_compile(&t, slice_of(source), &err) &&
             jinja_render(t, json, &options, &out, &err);
        memory_fail_after(-1);
        if (!ok)
            assert_int_equal(err.code, ERROR_MEMORY);
        jinja_close(&t);
        text_release(&out);
    }
    assert_true(ok);
    assert_true(n > 5);
    json_close(&json);
}

TEST(jinja_works_without_a_place_for_errors)
{
    struct jinja_options options = jinja_defaults();
    struct jinja_template *t;
    struct text out;
    text_init(&out, 100);
    assert_false(jinja_compile(&t, slice_of("{{"), NULL));
    assert_true(jinja_compile(&t, slice_of("{{ raise_exception('x') }}"), NULL));
    assert_false(jinja_render(t, NULL, &options, &out, NULL));
    jinja_close(&t);
    text_release(&out);
}

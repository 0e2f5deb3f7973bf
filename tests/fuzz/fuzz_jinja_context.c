/* fuzz_jinja_context.c: any JSON as the context of templates that touch all of it. */
#include "base/base.h"
#include "base/utf8.h"
#include "chat/jinja.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const SOURCES[] = {
    /* what chat templates do */
    "{%- if messages[0].role == 'system' %}{{ messages[0]['content']|trim }}{% set messages = "
    "messages[1:] %}{% endif %}{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 "
    "== 0) %}{{ raise_exception('roles') }}{% endif %}<|{{ m.role }}|>{% if m.content is string "
    "%}{{ m.content.split('</think>')[-1].lstrip('\\n') }}{% else %}{% for c in m.content %}{{ "
    "c.text|default('?', true)|upper }}{% endfor %}{% endif %}{% for t in m.tool_calls %}{{ "
    "t.function.name }}{{ t.function.arguments|tojson(indent=2) }}{% endfor %}{% endfor %}{{ "
    "tools|tojson }}",
    /* everything, whatever it is */
    "{% macro show(v) %}{{ v }}|{{ v|string|length }}|{{ [v]|tojson(ensure_ascii=true) }}{% if v "
    "is "
    "mapping %}{% for k, w in v|dictsort %}{{ k.title() }}={{ show(w) }}{% endfor %}{% elif v is "
    "sequence and v is not string %}{% for w in v %}{{ loop.last }}{{ show(w) }}{% endfor %}{{ "
    "v[::-1] }}{{ v + v }}{{ v|unique|list }}{% elif v is number %}{{ v // 7 }}{{ v % -3 }}{{ "
    "'%5.2f|%d|{:,}' % (v, v) }}{{ v|round(1) }}{{ v < 5 }}{% elif v is string %}{{ v[1:-1] }}{{ "
    "v|upper }}{{ v.split() }}{{ v.title() }}{{ v|wordwrap(7) }}{{ v in v }}{{ v.rsplit('a', 1) }}"
    "{% endif %}{% endmacro %}{{ show(x) }}",
};

static void render(const char *source, const struct json *context)
{
    struct jinja_options options = jinja_defaults();
    struct jinja_template *template;
    struct error err = { 0 };
    struct text out;
    options.limits.steps = 100000;
    text_init(&out, (size_t)1 << 24);
    bool ok = jinja_compile(&template, slice_of(source), &err);
    assert(ok);
    if (ok && jinja_render(template, context, &options, &out, &err))
        assert(utf8_valid((const uint8_t *)text_slice(&out).data, out.length));
    else
        assert(out.length == 0 && err.code != ERROR_NONE && err.code != ERROR_MEMORY);
    text_release(&out);
    jinja_close(&template);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct json *context;
    struct error err;
    if (!json_open(&context, (const char *)data, size, "fuzz", &err))
        return 0;
    for (size_t i = 0; json_kind(context) == JSON_KIND_OBJECT && i < COUNT_OF(SOURCES); i++)
        render(SOURCES[i], context);
    json_close(&context);
    return 0;
}

#include "chat/jinja.h"

#include "base/memory.h"
#include "base/utf8.h"
#include "chat/jinja/jinja_builtin.h"
#include "chat/jinja/jinja_context.h"
#include "chat/jinja/jinja_evaluate.h"
#include "chat/jinja/jinja_parser.h"

/* Published templates have up to 20 KB. */
static const size_t LARGEST_SOURCE_BYTES = (size_t)256 << 10;

/* What a source of that size can become, and how deep its brackets and tags may nest. */
static const struct jinja_limits compile_limits = { 1 << 20, (size_t)32 << 20, (size_t)1 << 20,
                                                    200 };

struct jinja_options jinja_defaults(void)
{
    /* Memory in an arena can take twice what is asked of it, growing text half as much again. A
     * step takes about 25 ns. */
    return (struct jinja_options){
        .limits = { .steps = 2000000,
                    .memory_bytes = (size_t)20 << 20,
                    .output_bytes = (size_t)8 << 20,
                    .depth = 800 },
    };
}

/* Put the line in front of what went wrong there; what raise_exception says stays as it is. */
static bool fail_at_line(const struct jinja_run *run, struct error *err)
{
    if (err && err->code != ERROR_USAGE)
        fail_while(err, "line %" PRIu32, run->line);
    return false;
}

/* The source with its line ends made '\n', one at its very end left out. */
static bool normalize(struct jinja_run *run, struct slice source, struct slice *out)
{
    char *text = jinja_alloc(run, source.length, 1);
    size_t n = 0;
    if (!text)
        return false;
    for (size_t i = 0; i < source.length; i++) {
        char c = source.data[i];
        if (c == '\r' && i + 1 < source.length && source.data[i + 1] == '\n')
            continue;
        text[n++] = c == '\r' ? '\n' : c;
    }
    n -= n > 0 && text[n - 1] == '\n';
    *out = (struct slice){ text, n };
    return true;
}

static bool compile(struct jinja_run *run, struct jinja_template *t, struct slice source)
{
    struct jinja_parser parser = { .run = run, .template = t };
    struct slice text;
    jinja_symbol symbol;
    run->line = 1;
    if (source.length > LARGEST_SOURCE_BYTES)
        return jinja_fail(run, "the template has %zu bytes, %zu are too many", source.length,
                          LARGEST_SOURCE_BYTES + 1);
    if (!utf8_valid((const uint8_t *)source.data, source.length))
        return jinja_fail(run, "the template is not valid UTF-8");
    if (!normalize(run, source, &text))
        return false;
    jinja_lexer_init(&parser.lexer, text);
    return jinja_parse(&parser) && jinja_intern(&parser, slice_of("self"), &symbol);
}

bool jinja_compile(struct jinja_template **out, struct slice source, struct error *err)
{
    struct error unused = { 0 };
    struct text scratch;
    struct jinja_template *t = memory_zeroed(1, sizeof *t);
    *out = NULL;
    if (!t)
        return fail_memory(err, sizeof *t, "a template");
    text_init(&scratch, compile_limits.output_bytes);
    t->arena = arena_new(compile_limits.memory_bytes);
    struct jinja_run run = { .limits = compile_limits,
                             .steps_left = compile_limits.steps,
                             .arena = t->arena,
                             .out = &scratch,
                             .error = err ? err : &unused };
    bool ok = (t->arena && table_init(&t->symbols, 64)) || fail_memory(err, 64, "a template");
    if (ok && !compile(&run, t, source))
        ok = fail_at_line(&run, err);
    text_release(&scratch);
    if (ok)
        *out = t;
    else
        jinja_close(&t);
    return ok;
}

void jinja_close(struct jinja_template **template)
{
    if (!*template)
        return;
    table_release(&(*template)->symbols);
    arena_free(&(*template)->arena);
    memory_free(*template);
    *template = NULL;
}

/* Names without a value in the context may be one of the functions that all templates have. */
static bool add_functions(struct jinja_run *run)
{
    const struct jinja_template *t = run->template;
    for (size_t i = 0; i < t->n_names; i++) {
        struct slice name = { t->names[i]->data, t->names[i]->length };
        const struct jinja_builtin *function = jinja_find_global(name);
        if (jinja_is_given(&run->globals[i]))
            continue;
        if (function)
            run->globals[i] = (struct jinja_value){ .kind = JINJA_FUNCTION, .function = function };
        else if (slice_equal(name, slice_of("self")))
            run->globals[i] = (struct jinja_value){ .kind = JINJA_SELF };
    }
    return true;
}

/* Only what the template mentions is converted. */
static bool add_context(struct jinja_run *run, const struct json *context)
{
    for (const struct json_member *m = json_first(context); m; m = json_next(context, m)) {
        uint64_t symbol;
        if (table_get(&run->template->symbols, json_member_key(m), &symbol) &&
            !jinja_from_json(run, json_member_value(m), &run->globals[symbol]))
            return false;
    }
    return true;
}

static bool render(struct jinja_run *run, const struct json *context)
{
    enum jinja_flow flow = JINJA_GOES_ON;
    run->globals = jinja_alloc(run, run->template->n_names, sizeof *run->globals);
    return run->globals && add_context(run, context) && add_functions(run) &&
           jinja_execute(run, &run->template->body, &flow);
}

bool jinja_render(const struct jinja_template *template, const struct json *context,
                  const struct jinja_options *options, struct text *out, struct error *err)
{
    struct error unused = { 0 };
    struct jinja_run run = { .limits = options->limits,
                             .steps_left = options->limits.steps,
                             .now = options->now,
                             .line = 1,
                             .out = out,
                             .out_start = out->length,
                             .error = err ? err : &unused,
                             .template = template };
    if (context && json_kind(context) != JSON_KIND_OBJECT)
        return fail(err, ERROR_FORMAT, "the context of a template is an object");
    run.arena = arena_new(SIZE_MAX);
    if (!run.arena)
        return fail_memory(err, 0, "a template's values");
    bool ok = render(&run, context);
    if (!ok) {
        text_truncate(out, run.out_start);
        fail_at_line(&run, err);
    }
    arena_free(&run.arena);
    return ok;
}

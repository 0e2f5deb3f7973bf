#include "dialogue/call_grammar.h"

#include "base/memory.h"
#include "base/slice_text.h"
#include "chat/output/tool_names.h"
#include "chat/white_space.h"
#include "dialogue/argument_grammar.h"
#include "dialogue/tag_text.h"
#include "runtime/grammar/json_text.h"

static const struct json *declaration(const struct json *tools, size_t index)
{
    return json_get(json_at(tools, index), "function");
}

struct slice declared_tool_name(const struct json *tools, size_t index)
{
    return json_text(json_get(declaration(tools, index), "name"));
}

/* ---- names ---- */

/* Whether the name stands in a string of JSON. */
static bool is_name_quoted(const struct call_syntax *s)
{
    return s->arguments == ARGUMENTS_JSON && ends_with(s->open, "\"");
}

/* Without quotes a name is anything but what a syntax has around names. */
static bool is_plain_name(struct slice name)
{
    for (size_t i = 0; i < name.length; i++)
        if ((unsigned char)name.data[i] < ' ' || strchr("<>()[]{}\"'`=,", name.data[i]))
            return false;
    return name.length > 0 && trim_space(name).length == name.length;
}

static bool has_space(struct slice name)
{
    for (size_t i = 0; i < name.length; i++)
        if (leading_space(slice_from(name, i)))
            return true;
    return false;
}

/* A tool's own name, where it is read as that, else the identifier that it is known by. */
static struct slice known_name(const struct tool_names *names, const struct json *tools,
                               size_t index)
{
    struct slice own = declared_tool_name(tools, index);
    bool is_read = !names || (is_plain_name(own) && !has_space(own) &&
                              slice_equal(tool_names_declared(names, own), own));
    return is_read ? own : tool_names_shown(names, index);
}

static bool name_expr(struct grammar *g, const struct call_syntax *s, struct slice name,
                      grammar_expr *out, struct error *err)
{
    struct text spelled;
    if (!is_name_quoted(s) && !is_plain_name(name))
        return fail(err, ERROR_UNSUPPORTED, "its name cannot be written in this model's calls");
    text_init(&spelled, SIZE_MAX);
    bool ok = is_name_quoted(s) ? json_spell_characters(&spelled, name)
                                : text_append_slice(&spelled, name);
    if (ok)
        *out = grammar_bytes(g, text_slice(&spelled));
    text_release(&spelled);
    return ok || fail_memory(err, name.length, "the name of a tool");
}

/* ---- calls ---- */

struct calls {
    struct grammar *g;
    const struct answer_form *form;
    const struct call_syntax *syntax;
    struct argument_grammar *arguments;
    struct tool_names *names; /* NULL: tools are called by their own */
};

static grammar_expr tag(const struct calls *c, struct slice text)
{
    return tag_expr(c->g, c->form->tokenizer, text);
}

static grammar_expr joined(const struct calls *c, grammar_expr a, grammar_expr b)
{
    grammar_expr parts[] = { a, b };
    return grammar_sequence(c->g, parts, 2);
}

static bool call_expr(const struct calls *c, size_t index, grammar_expr *out, struct error *err)
{
    const struct call_syntax *s = c->syntax;
    const struct json *parameters = json_get(declaration(c->form->tools, index), "parameters");
    struct slice name = declared_tool_name(c->form->tools, index);
    grammar_expr written = GRAMMAR_NONE, arguments = GRAMMAR_NONE;
    struct slice known = known_name(c->names, c->form->tools, index);
    if (!name_expr(c->g, s, known, &written, err) ||
        !argument_grammar_expr(c->arguments, parameters, &arguments, err))
        return fail_while(err, "tool '%s'", printable(name));
    grammar_expr again = s->name_again.length ? joined(c, tag(c, s->name_again), written)
                                              : grammar_sequence(c->g, NULL, 0);
    grammar_expr parts[] = { tag(c, s->open),     written,   again,
                             tag(c, s->name_end), arguments, tag(c, s->close) };
    *out = grammar_sequence(c->g, parts, COUNT_OF(parts));
    return true;
}

static bool define_tools(const struct calls *c, grammar_rule *tools, grammar_expr *choices,
                         size_t *n_choices, struct error *err)
{
    const struct answer_form *form = c->form;
    for (size_t i = 0; i < json_size(form->tools); i++) {
        struct slice name = declared_tool_name(form->tools, i);
        grammar_expr call = GRAMMAR_NONE;
        tools[i] = GRAMMAR_NONE;
        if (form->tool.data && !slice_equal(form->tool, name))
            continue;
        if (!call_expr(c, i, &call, err))
            return false;
        tools[i] = grammar_declare(c->g, slice_of("call"));
        grammar_define(c->g, tools[i], call);
        choices[(*n_choices)++] = grammar_call(c->g, tools[i]);
    }
    return *n_choices > 0 ||
           fail(err, ERROR_USAGE, "there is no tool '%s' to be called", printable(form->tool));
}

static grammar_expr section(const struct calls *c, grammar_expr call)
{
    const struct call_syntax *s = c->syntax;
    bool has_more = c->form->is_parallel && !s->is_single;
    grammar_rule one = grammar_declare(c->g, slice_of("any call"));
    grammar_define(c->g, one, call);
    call = grammar_call(c->g, one);
    grammar_expr more =
        grammar_repeat(c->g, joined(c, tag(c, s->between), call), 0, has_more ? UINT32_MAX : 0);
    grammar_expr parts[] = { tag(c, s->section_open), call, more, tag(c, s->section_close) };
    return grammar_sequence(c->g, parts, COUNT_OF(parts));
}

bool call_grammar_expr(struct grammar *g, const struct answer_form *form, grammar_rule *tools,
                       grammar_expr *out, struct error *err)
{
    struct calls c = { .g = g, .form = form, .syntax = &form->dialect->calls };
    size_t n = json_size(form->tools), n_choices = 0;
    grammar_expr *choices = memory_zeroed(n + 1, sizeof *choices);
    bool ok = choices || fail_memory(err, n * sizeof *choices, "the calls of tools");
    if (ok && form->dialect->family && strcmp(form->dialect->family, "harmony") == 0)
        ok = tool_names_open(&c.names, form->tools, err);
    ok = ok && argument_grammar_open(&c.arguments, g, form->dialect, form->tokenizer, err) &&
         define_tools(&c, tools, choices, &n_choices, err);
    if (ok)
        *out = section(&c, grammar_choice(g, choices, n_choices));
    argument_grammar_close(&c.arguments);
    tool_names_close(&c.names);
    memory_free(choices);
    return ok;
}

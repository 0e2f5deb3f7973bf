#include "dialogue/answer_grammar.h"

#include "base/memory.h"
#include "base/slice_text.h"
#include "chat/white_space.h"
#include "dialogue/call_grammar.h"
#include "dialogue/free_text.h"
#include "dialogue/json_without.h"
#include "dialogue/tag_text.h"
#include "runtime/grammar/gbnf.h"

struct answer {
    struct grammar *g;
    const struct answer_form *form;
    const struct dialect *dialect;
    grammar_rule *tools; /* [json_size(form->tools)] */
    struct json_without json;
};

static bool has_calls(const struct answer_form *form)
{
    return json_size(form->tools) > 0 && form->dialect->calls.arguments != ARGUMENTS_NONE;
}

static bool has_format(const struct answer_form *form)
{
    return form->format.data || form->grammar.data;
}

bool answer_form_limits(const struct answer_form *form)
{
    return has_calls(form) || has_format(form) || form->choice == TOOL_CHOICE_REQUIRED;
}

static grammar_expr tag(const struct answer *a, struct slice text)
{
    return tag_expr(a->g, a->form->tokenizer, text);
}

static grammar_expr joined(const struct answer *a, grammar_expr first, grammar_expr second)
{
    grammar_expr parts[] = { first, second };
    return grammar_sequence(a->g, parts, 2);
}

static grammar_expr either(const struct answer *a, grammar_expr first, grammar_expr second)
{
    grammar_expr parts[] = { first, second };
    return grammar_choice(a->g, parts, 2);
}

static grammar_expr optional(const struct answer *a, grammar_expr e)
{
    return grammar_repeat(a->g, e, 0, 1);
}

/* Line breaks, as models put them between the parts of an answer. */
static grammar_expr line_breaks(const struct answer *a)
{
    return grammar_repeat(a->g, grammar_bytes(a->g, slice_of("\n")), 0, 2);
}

/* ---- text ---- */

/* Whether the reader looks for calls, wherever they are. */
static bool are_calls_found(const struct answer *a)
{
    return (has_calls(a->form) || a->dialect->family) && !a->dialect->calls.is_only_first;
}

/* What a family's parser looks for it finds anywhere. */
static void add_family_marks(const struct answer *a, struct marks *marks)
{
    const struct dialect *d = a->dialect;
    const struct slice tags[] = { d->think_open, d->think_close, d->content_open, d->content_close,
                                  d->calls.trigger };
    for (size_t i = 0; d->family && i < COUNT_OF(tags); i++)
        marks_add(marks, tags[i]);
    marks_add_family(marks, d->family);
}

/* What would end the content, or begin a call. */
static void collect_content_marks(const struct answer *a, struct marks *marks)
{
    add_family_marks(a, marks);
    marks_add_text(marks, trim_space(a->dialect->content_close));
    if (are_calls_found(a))
        marks_add_text(marks, trim_space(a->dialect->calls.trigger));
}

static bool text_expr(const struct answer *a, const struct text_limits *limits, grammar_expr *out,
                      struct error *err)
{
    struct regular *text;
    if (!free_text(&text, grammar_class, limits, err))
        return false;
    *out = regular_expr(a->g, text);
    regular_close(&text);
    return true;
}

/* Tags of thinking count only where content begins. */
static bool content_text_expr(const struct answer *a, grammar_expr *out, struct error *err)
{
    const struct dialect *d = a->dialect;
    struct marks marks = { .count = 0 }, first = { .count = 0 };
    collect_content_marks(a, &marks);
    if (d->content_open.length == 0) {
        marks_add_text(&first, trim_space(d->think_open));
        marks_add_text(&first, trim_space(d->think_close));
        if (d->calls.is_only_first && has_calls(a->form))
            marks_add_text(&first, trim_space(d->calls.trigger));
    }
    struct text_limits limits = { .absent = marks.items,
                                  .n_absent = marks.count,
                                  .not_first = first.items,
                                  .n_not_first = first.count };
    return text_expr(a, &limits, out, err);
}

static bool thinking_text_expr(const struct answer *a, grammar_expr *out, struct error *err)
{
    struct marks marks = { .count = 0 };
    add_family_marks(a, &marks);
    marks_add_text(&marks, trim_space(a->dialect->think_close));
    if (are_calls_found(a))
        marks_add_text(&marks, trim_space(a->dialect->calls.trigger));
    struct text_limits limits = { .absent = marks.items, .n_absent = marks.count };
    return text_expr(a, &limits, out, err);
}

/* ---- thinking ---- */

static bool thinking_expr(const struct answer *a, grammar_expr *out, struct error *err)
{
    const struct dialect *d = a->dialect;
    bool has_tags = d->think_close.length > 0;
    bool may_open = a->form->may_think && d->think_open.length > 0;
    grammar_expr text;
    *out = grammar_sequence(a->g, NULL, 0);
    if (!has_tags || (!a->form->is_thinking && !may_open))
        return true;
    if (!thinking_text_expr(a, &text, err))
        return false;
    grammar_expr parts[] = { a->form->is_thinking ? *out : tag(a, d->think_open), text,
                             tag(a, d->think_close),
                             d->content_open.length ? *out : line_breaks(a) };
    grammar_expr thinking = grammar_sequence(a->g, parts, COUNT_OF(parts));
    *out = a->form->is_thinking ? thinking : optional(a, thinking);
    return true;
}

/* ---- what the answer says ---- */

static grammar_expr enclosed(const struct answer *a, grammar_expr content)
{
    grammar_expr parts[] = { tag(a, a->dialect->content_open), content,
                             tag(a, a->dialect->content_close) };
    return grammar_sequence(a->g, parts, COUNT_OF(parts));
}

/* Strings of the document hold no marks, so that a reader takes all of it for content. */
static bool document_expr(struct answer *a, grammar_expr *out, struct error *err)
{
    struct slice format = a->form->format;
    const struct json *schema = NULL;
    struct marks marks = { .count = 0 };
    collect_content_marks(a, &marks);
    if (!json_without_init(&a->json, a->g, JSON_SPACING_FREE, &marks, err))
        return false;
    if (!slice_is(format, "json") && !json_open(&schema, format.data, format.length, "format", err))
        return false;
    bool ok = json_schema_spelled_expr(a->g, schema, &a->json.spelling, out, err) ||
              fail_while(err, "format");
    json_close(&schema);
    return ok;
}

static bool content_expr(struct answer *a, grammar_expr *out, struct error *err)
{
    const struct answer_form *form = a->form;
    bool ok = form->format.data    ? document_expr(a, out, err)
              : form->grammar.data ? gbnf_expr(a->g, form->grammar, out, err)
                                   : content_text_expr(a, out, err);
    if (ok)
        *out = enclosed(a, *out);
    return ok;
}

/* Content, then calls, then content again, of which each may be absent. */
static grammar_expr mixed(const struct answer *a, grammar_expr content, grammar_expr calls)
{
    const struct dialect *d = a->dialect;
    grammar_expr before = d->content_open.length ? optional(a, content) : content;
    grammar_expr after = d->calls.is_last ? grammar_sequence(a->g, NULL, 0) : before;
    if (d->calls.is_only_first)
        return either(a, content, joined(a, calls, after));
    grammar_expr parts[] = { before, calls, after };
    return either(a, content, grammar_sequence(a->g, parts, COUNT_OF(parts)));
}

static bool body_expr(struct answer *a, grammar_expr *out, struct error *err)
{
    const struct answer_form *form = a->form;
    bool may_call = has_calls(form) && form->choice != TOOL_CHOICE_NONE;
    grammar_expr content = GRAMMAR_NONE, calls = GRAMMAR_NONE;
    if (may_call && !call_grammar_expr(a->g, form, a->tools, &calls, err))
        return false;
    if (form->choice == TOOL_CHOICE_REQUIRED) {
        *out = joined(a, line_breaks(a), calls);
        return true;
    }
    if (!content_expr(a, &content, err))
        return false;
    *out = !may_call          ? content
           : has_format(form) ? either(a, content, calls)
                              : mixed(a, content, calls);
    return true;
}

/* ---- the whole ---- */

static bool check_form(const struct answer_form *form, struct error *err)
{
    if (form->format.data && form->grammar.data)
        return fail(err, ERROR_USAGE, "an answer has a format or a grammar, not both");
    if (form->choice != TOOL_CHOICE_REQUIRED)
        return true;
    if (json_size(form->tools) == 0)
        return fail(err, ERROR_USAGE, "a tool call is required, but no tools are declared");
    return form->dialect->calls.arguments != ARGUMENTS_NONE ||
           fail(err, ERROR_USAGE,
                "a tool call is required, but this model has no syntax for calls");
}

/* A tool that no arguments fit would just never be called. */
static bool check_tools(const struct answer *a, struct error *err)
{
    for (size_t i = 0; i < json_size(a->form->tools); i++)
        if (a->tools[i] != GRAMMAR_NONE && grammar_is_empty(a->g, a->tools[i]))
            return fail(err, ERROR_UNSUPPORTED, "tool '%s': no arguments fit its parameters",
                        printable(declared_tool_name(a->form->tools, i)));
    return true;
}

static bool write_answer(struct answer *a, struct error *err)
{
    grammar_expr thinking, body;
    if (!thinking_expr(a, &thinking, err) || !body_expr(a, &body, err))
        return false;
    grammar_rule root = grammar_declare(a->g, slice_of("answer"));
    grammar_define(a->g, root, joined(a, thinking, body));
    struct error problem = { 0 };
    bool ok = grammar_finish(a->g, root, &problem);
    if (!ok && problem.code == ERROR_BUDGET) {
        if (err)
            *err = problem;
        return false;
    }
    if (!check_tools(a, err))
        return false;
    if (!ok && err)
        *err = problem;
    return ok;
}

bool answer_grammar_open(struct grammar **out, const struct answer_form *form, struct error *err)
{
    *out = NULL;
    if (!check_form(form, err))
        return false;
    struct answer a = { .g = grammar_new(), .form = form, .dialect = form->dialect };
    size_t n_tools = json_size(form->tools);
    a.tools = memory_zeroed(n_tools + 1, sizeof *a.tools);
    for (size_t i = 0; a.tools && i < n_tools; i++)
        a.tools[i] = GRAMMAR_NONE;
    bool ok = a.g && a.tools ? write_answer(&a, err) : fail_memory(err, 0, "an answer's grammar");
    json_without_release(&a.json);
    memory_free(a.tools);
    if (!ok)
        grammar_close(&a.g);
    *out = a.g;
    return ok;
}

#include "chat/gotemplate/go_evaluate.h"

#include <stdarg.h>
#include <stdio.h>

#include "chat/gotemplate/go_format.h"

enum {
    MAX_STEPS = 1500000, /* about 50 ms; a conversation of a thousand messages takes 50 thousand */
    MAX_DEPTH = 600,     /* nodes within nodes, over all templates called */
    MAX_MEMORY = 20 << 20,
    MAX_OUTPUT = 8 << 20,
    NAMES_PER_STEP = 4, /* looked at while a name is searched for */
};

/* How a list of nodes was left. */
enum leaving { LEFT_AT_END, LEFT_BY_BREAK, LEFT_BY_CONTINUE };

bool go_evaluator_init(struct go_evaluator *e, const struct gotemplate *t, int64_t now,
                       struct text *out, struct error *err)
{
    *e = (struct go_evaluator){ .template = t, .out = out, .err = err, .now = now };
    text_init(&e->scratch, MAX_OUTPUT);
    e->arena = arena_new(MAX_MEMORY);
    if (e->arena)
        e->variables = arena_alloc_array(e->arena, GO_MAX_VARIABLES, sizeof *e->variables);
    if (!e->variables) {
        go_evaluator_release(e);
        return fail_memory(err, GO_MAX_VARIABLES * sizeof *e->variables, "variables of a template");
    }
    return true;
}

void go_evaluator_release(struct go_evaluator *e)
{
    text_release(&e->scratch);
    arena_free(&e->arena);
}

bool go_fail(struct go_evaluator *e, const char *format, ...)
{
    char what[500];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    return fail(e->err, ERROR_USAGE, "line %zu: %s", e->line, what);
}

bool go_spend(struct go_evaluator *e, size_t steps)
{
    e->steps += steps;
    return e->steps <= MAX_STEPS ||
           fail(e->err, ERROR_BUDGET, "line %zu: the template takes more than %d steps", e->line,
                MAX_STEPS);
}

static bool fail_full(struct go_evaluator *e)
{
    return fail(e->err, ERROR_BUDGET, "line %zu: the template makes or keeps too much text",
                e->line);
}

/* The scratch was full: of what the steps that were left pay for, or altogether. */
static bool fail_unbuilt(struct go_evaluator *e)
{
    return e->scratch.limit < MAX_OUTPUT ? go_spend(e, MAX_STEPS) && go_spend(e, 1) : fail_full(e);
}

void go_price_scratch(struct go_evaluator *e, size_t bytes_per_step)
{
    size_t left = e->steps < MAX_STEPS ? MAX_STEPS - e->steps : 0;
    e->bytes_per_step = bytes_per_step;
    e->scratch.limit = size_min(MAX_OUTPUT, e->scratch.length + left * bytes_per_step);
}

bool go_take_scratch(struct go_evaluator *e, bool built, struct go_value *out)
{
    if (!built)
        return fail_unbuilt(e);
    if (!go_spend(e, e->scratch.length / e->bytes_per_step))
        return false;
    char *copy = arena_copy(e->arena, text_slice(&e->scratch));
    if (!copy)
        return fail_full(e);
    *out = go_text((struct slice){ copy, e->scratch.length });
    text_clear(&e->scratch);
    return true;
}

static bool write_out(struct go_evaluator *e, struct slice text)
{
    return e->out->length + text.length <= MAX_OUTPUT && text_append_slice(e->out, text)
               ? go_spend(e, text.length / GO_COPIED_PER_STEP)
               : fail_full(e);
}

static bool push(struct go_evaluator *e, struct slice name, struct go_value value)
{
    if (e->n_variables == GO_MAX_VARIABLES)
        return fail(e->err, ERROR_BUDGET, "line %zu: more than %d variables at once", e->line,
                    GO_MAX_VARIABLES);
    e->variables[e->n_variables++] = (struct go_variable){ name, value };
    return true;
}

static struct go_variable *find_variable(struct go_evaluator *e, struct slice name)
{
    for (size_t i = e->n_variables; i > e->first_variable; i--)
        if (slice_equal(e->variables[i - 1].name, name)) {
            e->steps += (e->n_variables - i) / NAMES_PER_STEP;
            return &e->variables[i - 1];
        }
    (void)go_fail(e, "variable '%s' is not defined", printable(name));
    return NULL;
}

static bool assign(struct go_evaluator *e, struct slice name, struct go_value value)
{
    struct go_variable *variable = find_variable(e, name);
    if (variable)
        variable->value = value;
    return variable;
}

static bool evaluate_pipe(struct go_evaluator *e, const struct go_pipe *pipe, struct go_value dot,
                          struct go_value *out);
static bool evaluate_term(struct go_evaluator *e, const struct go_term *term, struct go_value dot,
                          struct go_value *out);

/* One name behind a dot. Nothing at all has nothing; what is absent or null must not be asked. */
static bool step_into(struct go_evaluator *e, struct slice name, struct go_value *value)
{
    if (value->kind == GO_NONE)
        return true;
    if (value->kind == GO_NIL)
        return go_fail(e, "'%s' of nothing", printable(name));
    if (value->kind != GO_MAP && value->kind != GO_STRUCT)
        return go_fail(e, "'%s' of a value that has no members", printable(name));
    if (!go_spend(e, value->count / NAMES_PER_STEP))
        return false;
    const struct go_value *member = go_member_value(*value, name);
    if (!member && value->kind == GO_STRUCT)
        return go_fail(e, "no member '%s'", printable(name));
    *value = member ? *member : (struct go_value){ .kind = GO_NIL };
    return true;
}

static bool follow_path(struct go_evaluator *e, const struct go_term *term, struct go_value *value)
{
    for (size_t i = 0; i < term->n_path; i++)
        if (!step_into(e, term->path[i], value))
            return false;
    return true;
}

/* `and` and `or`: arguments are computed until one decides. */
static bool call_until_decided(struct go_evaluator *e, const struct go_command *c,
                               struct go_value dot, const struct go_value *piped,
                               struct go_value *out)
{
    bool decides = c->terms[0]->function->name[0] == 'o'; /* or ends at what is true */
    for (size_t i = 1; i < c->n_terms; i++) {
        if (!evaluate_term(e, c->terms[i], dot, out))
            return false;
        if (go_is_true(*out) == decides)
            return true;
    }
    if (piped)
        *out = *piped;
    return true;
}

static bool call_function(struct go_evaluator *e, const struct go_command *c, struct go_value dot,
                          const struct go_value *piped, struct go_value *out)
{
    const struct go_function *function = c->terms[0]->function;
    size_t count = c->n_terms - 1 + (piped != NULL);
    if (count < function->min_arguments || count > function->max_arguments)
        return go_fail(e, "wrong number of arguments for '%s': %zu", function->name, count);
    if (!function->call)
        return call_until_decided(e, c, dot, piped, out);
    struct go_value few[8], *arguments = few;
    if (count > COUNT_OF(few))
        arguments = arena_alloc_array(e->arena, count, sizeof *arguments);
    if (!arguments)
        return fail_full(e);
    for (size_t i = 0; i + 1 < c->n_terms; i++)
        if (!evaluate_term(e, c->terms[i + 1], dot, &arguments[i]))
            return false;
    if (piped)
        arguments[count - 1] = *piped;
    e->line = c->terms[0]->line;
    text_clear(&e->scratch);
    go_price_scratch(e, GO_COPIED_PER_STEP);
    return function->call(e, arguments, count, out);
}

static bool evaluate_base(struct go_evaluator *e, const struct go_term *term, struct go_value dot,
                          struct go_value *out)
{
    struct go_variable *variable;
    switch (term->kind) {
    case GO_TERM_FIELD:
    case GO_TERM_DOT:
        *out = dot;
        return true;
    case GO_TERM_VARIABLE:
        variable = find_variable(e, term->name);
        if (variable)
            *out = variable->value;
        return variable;
    case GO_TERM_FUNCTION: {
        const struct go_command alone = { &term, 1 };
        return call_function(e, &alone, dot, NULL, out);
    }
    case GO_TERM_PIPE:
        return evaluate_pipe(e, term->pipe, dot, out);
    case GO_TERM_NIL:
        *out = (struct go_value){ .kind = GO_NIL };
        return true;
    case GO_TERM_CONSTANT:
        *out = term->constant;
        return true;
    }
    return true;
}

static bool evaluate_term(struct go_evaluator *e, const struct go_term *term, struct go_value dot,
                          struct go_value *out)
{
    return go_spend(e, 1) && evaluate_base(e, term, dot, out) && follow_path(e, term, out);
}

static bool evaluate_command(struct go_evaluator *e, const struct go_command *c,
                             struct go_value dot, const struct go_value *piped,
                             struct go_value *out)
{
    const struct go_term *first = c->terms[0];
    e->line = first->line;
    if (first->kind == GO_TERM_FUNCTION && first->n_path == 0)
        return go_spend(e, 1) && call_function(e, c, dot, piped, out);
    if (c->n_terms > 1 || piped)
        return go_fail(e, "a value that is no function was given an argument");
    if (first->kind == GO_TERM_NIL)
        return go_fail(e, "nil is no command");
    return evaluate_term(e, first, dot, out);
}

static bool declare(struct go_evaluator *e, const struct go_pipe *pipe, struct go_value value)
{
    for (size_t i = 0; i < pipe->n_variables; i++) {
        struct slice name = pipe->variables[i];
        if (!(pipe->assigns ? assign(e, name, value) : push(e, name, value)))
            return false;
    }
    return true;
}

static bool evaluate_pipe(struct go_evaluator *e, const struct go_pipe *pipe, struct go_value dot,
                          struct go_value *out)
{
    *out = (struct go_value){ .kind = GO_NONE };
    if (!pipe)
        return true;
    if (++e->depth > MAX_DEPTH)
        return fail(e->err, ERROR_BUDGET, "line %zu: nested more than %d deep", e->line, MAX_DEPTH);
    for (size_t i = 0; i < pipe->n_commands; i++) {
        struct go_value piped = *out;
        if (!evaluate_command(e, pipe->commands[i], dot, i > 0 ? &piped : NULL, out))
            return false;
        if (out->kind == GO_NIL) /* as Go takes a null out of its interface */
            out->kind = GO_NONE;
    }
    e->depth--;
    return declare(e, pipe, *out);
}

static bool run_list(struct go_evaluator *e, struct go_list_of_nodes list, struct go_value dot,
                     enum leaving *leaving);

static bool run_action(struct go_evaluator *e, const struct go_node *node, struct go_value dot)
{
    struct go_value value;
    if (!evaluate_pipe(e, node->pipe, dot, &value))
        return false;
    if (node->pipe->n_variables > 0)
        return true;
    if (value.kind == GO_TEXT)
        return write_out(e, value.text);
    text_clear(&e->scratch);
    go_price_scratch(e, GO_SHOWN_PER_STEP);
    if (!go_print(&e->scratch, value, false))
        return fail_unbuilt(e);
    if (!go_spend(e, e->scratch.length))
        return false;
    return write_out(e, text_slice(&e->scratch));
}

static bool run_choice(struct go_evaluator *e, const struct go_node *node, struct go_value dot,
                       enum leaving *leaving)
{
    size_t n_variables = e->n_variables;
    struct go_value value;
    if (!evaluate_pipe(e, node->pipe, dot, &value))
        return false;
    bool is_true = go_is_true(value);
    struct go_value inner = is_true && node->kind == GO_NODE_WITH ? value : dot;
    if (!run_list(e, is_true ? node->list : node->otherwise, inner, leaving))
        return false;
    e->n_variables = n_variables;
    return true;
}

/* One round of a range: its variables are the innermost `n_variables`. */
static bool run_round(struct go_evaluator *e, const struct go_node *node, struct go_value key,
                      struct go_value item, bool *go_on)
{
    const struct go_pipe *pipe = node->pipe;
    size_t n_variables = e->n_variables;
    enum leaving leaving;
    struct go_value values[2] = { pipe->n_variables == 2 ? key : item, item };
    for (size_t i = 0; i < pipe->n_variables; i++) {
        if (!pipe->assigns)
            e->variables[n_variables - pipe->n_variables + i].value = values[i];
        else if (!assign(e, pipe->variables[i], values[i]))
            return false;
    }
    if (!run_list(e, node->list, item, &leaving))
        return false;
    e->n_variables = n_variables;
    *go_on = leaving != LEFT_BY_BREAK;
    return true;
}

static bool run_rounds(struct go_evaluator *e, const struct go_node *node, struct go_value over)
{
    bool go_on = true, is_number = over.kind == GO_INT;
    int64_t count = is_number ? over.integer : (int64_t)over.count;
    for (int64_t i = 0; go_on && i < count; i++) {
        struct go_value key = go_int(i), item = key;
        if (over.kind == GO_LIST)
            item = over.items[i];
        if (over.kind == GO_MAP) {
            key = go_text(over.members[i].key);
            item = over.members[i].value;
        }
        if (!go_spend(e, 1) || !run_round(e, node, key, item, &go_on))
            return false;
    }
    return true;
}

static bool run_range(struct go_evaluator *e, const struct go_node *node, struct go_value dot,
                      enum leaving *leaving)
{
    size_t n_variables = e->n_variables;
    struct go_value over;
    if (!evaluate_pipe(e, node->pipe, dot, &over))
        return false;
    if (over.kind != GO_NONE && over.kind != GO_LIST && over.kind != GO_MAP && over.kind != GO_INT)
        return go_fail(e, "range over a value that has no items");
    bool has_items =
        over.kind == GO_INT ? over.integer > 0 : over.kind != GO_NONE && over.count > 0;
    bool ok = has_items ? run_rounds(e, node, over) : run_list(e, node->otherwise, dot, leaving);
    e->n_variables = n_variables;
    return ok;
}

static const struct go_list_of_nodes *find_template(const struct gotemplate *t, struct slice name)
{
    for (size_t i = 0; i < t->n_definitions; i++)
        if (slice_equal(t->definitions[i].name, name))
            return &t->definitions[i].list;
    return name.length == 0 ? &t->root : NULL; /* the template itself has no name */
}

static bool run_template(struct go_evaluator *e, const struct go_node *node, struct go_value dot)
{
    const struct go_list_of_nodes *list = find_template(e->template, node->text);
    size_t n_variables = e->n_variables, first = e->first_variable;
    enum leaving leaving;
    struct go_value value;
    e->line = node->line;
    if (!list)
        return go_fail(e, "template '%s' is not defined", printable(node->text));
    if (!go_spend(e, 1 + e->template->n_definitions / NAMES_PER_STEP) ||
        !evaluate_pipe(e, node->pipe, dot, &value))
        return false;
    e->first_variable = e->n_variables;
    if (!push(e, slice_of("$"), value) || !run_list(e, *list, value, &leaving))
        return false;
    e->n_variables = n_variables;
    e->first_variable = first;
    return true;
}

static bool run_node(struct go_evaluator *e, const struct go_node *node, struct go_value dot,
                     enum leaving *leaving)
{
    switch (node->kind) {
    case GO_NODE_TEXT:
        return write_out(e, node->text);
    case GO_NODE_ACTION:
        return run_action(e, node, dot);
    case GO_NODE_IF:
    case GO_NODE_WITH:
        return run_choice(e, node, dot, leaving);
    case GO_NODE_RANGE:
        return run_range(e, node, dot, leaving);
    case GO_NODE_TEMPLATE:
        return run_template(e, node, dot);
    case GO_NODE_BREAK:
        *leaving = LEFT_BY_BREAK;
        return true;
    case GO_NODE_CONTINUE:
        *leaving = LEFT_BY_CONTINUE;
        return true;
    }
    return true;
}

static bool run_list(struct go_evaluator *e, struct go_list_of_nodes list, struct go_value dot,
                     enum leaving *leaving)
{
    *leaving = LEFT_AT_END;
    if (++e->depth > MAX_DEPTH)
        return fail(e->err, ERROR_BUDGET, "line %zu: nested more than %d deep", e->line, MAX_DEPTH);
    for (size_t i = 0; *leaving == LEFT_AT_END && i < list.count; i++)
        if (!go_spend(e, 1) || !run_node(e, list.nodes[i], dot, leaving))
            return false;
    e->depth--;
    return true;
}

bool go_evaluate(struct go_evaluator *e, struct go_list_of_nodes nodes, struct go_value data)
{
    enum leaving leaving;
    e->n_variables = e->first_variable = e->depth = 0;
    return push(e, slice_of("$"), data) && run_list(e, nodes, data, &leaving);
}

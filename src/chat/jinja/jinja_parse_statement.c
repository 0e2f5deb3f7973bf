#include "chat/jinja/jinja_parser.h"

/* The names that may end a body; the one found is p->token until the caller goes on. */
static const char *const no_ends[] = { NULL };

static bool parse_body(struct jinja_parser *p, const char *const *ends, struct jinja_nodes *body);
static struct jinja_node *parse_statement(struct jinja_parser *p);

static bool at_one_of(const struct jinja_parser *p, const char *const *names)
{
    for (; *names; names++)
        if (jinja_at_name(p, *names))
            return true;
    return false;
}

static bool end_statement(struct jinja_parser *p)
{
    return p->token.kind == TOKEN_STATEMENT_END ? jinja_advance(p) : jinja_unexpected(p, "%}");
}

/* The rest of a tag, with a colon in front of its end allowed, and the body behind it. */
static bool parse_block(struct jinja_parser *p, const char *const *ends, struct jinja_nodes *body)
{
    if (jinja_at_operator(p, ":") && !jinja_advance(p))
        return false;
    return end_statement(p) && parse_body(p, ends, body);
}

/* What a body with names of its own must not mix with the body around it. */
struct scope_state {
    size_t n_names, n_loops, n_soft;
    bool has_closures;
};

static struct scope_state enter_scope(struct jinja_parser *p, bool is_function)
{
    struct scope_state outer = { p->n_names, p->n_loops, p->n_soft, p->has_closures };
    p->n_names = 0;
    p->n_soft = 0;
    p->has_closures = false;
    if (is_function)
        p->n_loops = 0;
    return outer;
}

static size_t leave_scope(struct jinja_parser *p, const struct scope_state *outer)
{
    size_t n_names = p->n_names;
    p->n_names = outer->n_names;
    p->n_loops = outer->n_loops;
    p->n_soft = outer->n_soft;
    p->has_closures = p->has_closures || outer->has_closures;
    return n_names;
}

static struct jinja_node *parse_if(struct jinja_parser *p)
{
    static const char *const ends[] = { "elif", "else", "endif", NULL };
    static const char *const last[] = { "endif", NULL };
    struct jinja_node *first = jinja_new_node(p, NODE_IF), *node = first;
    p->n_soft++;
    for (;;) {
        if (!node || !jinja_advance(p) ||
            !(node->branch.test = jinja_parse_tuple(p, false, NULL)) ||
            !parse_block(p, ends, &node->branch.yes))
            return NULL;
        if (!jinja_at_name(p, "elif"))
            break;
        struct jinja_node *next = jinja_new_node(p, NODE_IF);
        size_t capacity = 0;
        if (!next || !jinja_add_node(p, &node->branch.no, &capacity, next))
            return NULL;
        node = next;
    }
    if (jinja_at_name(p, "else") && (!jinja_advance(p) || !parse_block(p, last, &node->branch.no)))
        return NULL;
    p->n_soft--;
    return jinja_advance(p) ? first : NULL;
}

static bool parse_for_header(struct jinja_parser *p, struct jinja_node *node)
{
    if (!(node->loop.target = jinja_parse_target(p, false, true)))
        return false;
    if (!jinja_at_name(p, "in"))
        return jinja_unexpected(p, "in");
    if (!jinja_advance(p) || !(node->loop.source = jinja_parse_tuple(p, false, "recursive")))
        return false;
    if (jinja_at_name(p, "if") &&
        (!jinja_advance(p) || !(node->loop.test = jinja_parse_expression(p, true))))
        return false;
    node->loop.is_recursive = jinja_at_name(p, "recursive");
    return !node->loop.is_recursive || jinja_advance(p);
}

static struct jinja_node *parse_for(struct jinja_parser *p)
{
    static const char *const ends[] = { "else", "endfor", NULL };
    static const char *const last[] = { "endfor", NULL };
    struct jinja_node *node = jinja_new_node(p, NODE_FOR);
    struct scope_state outer = enter_scope(p, false);
    p->n_loops++;
    p->n_names = 1; /* loop */
    if (!node || !jinja_advance(p) || !jinja_intern(p, slice_of("loop"), &node->loop.loop) ||
        !parse_for_header(p, node) || !parse_block(p, ends, &node->loop.body))
        return NULL;
    node->loop.has_closures = p->has_closures;
    if (jinja_at_name(p, "else")) {
        p->n_loops = outer.n_loops;
        if (!jinja_advance(p) || !parse_block(p, last, &node->loop.otherwise))
            return NULL;
    }
    node->loop.n_names = leave_scope(p, &outer);
    return jinja_advance(p) ? node : NULL;
}

/* A body whose names stay inside, up to `end`. */
static bool parse_inner(struct jinja_parser *p, const char *end, bool is_function,
                        struct jinja_nodes *body, size_t *n_names)
{
    const char *const ends[] = { end, NULL };
    struct scope_state outer = enter_scope(p, is_function);
    bool ok = parse_block(p, ends, body) && jinja_advance(p);
    *n_names = leave_scope(p, &outer);
    return ok;
}

static struct jinja_node *parse_set(struct jinja_parser *p)
{
    struct jinja_node *target, *node;
    if (!jinja_advance(p) || !(target = jinja_parse_target(p, true, true)))
        return NULL;
    if (jinja_at_operator(p, "=")) {
        node = jinja_new_node(p, NODE_SET);
        if (!node || !jinja_advance(p))
            return NULL;
        node->set.target = target;
        return (node->set.value = jinja_parse_tuple(p, true, NULL)) ? node : NULL;
    }
    node = jinja_new_node(p, NODE_SET_BLOCK);
    if (!node)
        return NULL;
    node->block.target = target;
    if (jinja_at_operator(p, "|") && !(node->block.filter = jinja_parse_filters(p, NULL, false)))
        return NULL;
    return parse_inner(p, "endset", false, &node->block.body, &node->block.n_names) ? node : NULL;
}

static bool parse_with_pairs(struct jinja_parser *p, struct jinja_node *node)
{
    struct jinja_nodes targets = { 0 }, values = { 0 };
    size_t n_targets = 0, n_values = 0;
    while (p->token.kind != TOKEN_STATEMENT_END) {
        struct jinja_node *target, *value;
        if (targets.count && !jinja_expect_operator(p, ","))
            return false;
        if (!(target = jinja_parse_target(p, false, false)) || !jinja_expect_operator(p, "=") ||
            !(value = jinja_parse_expression(p, true)) ||
            !jinja_add_node(p, &targets, &n_targets, target) ||
            !jinja_add_node(p, &values, &n_values, value))
            return false;
    }
    node->with.targets = targets.items;
    node->with.values = values.items;
    node->with.count = targets.count;
    return true;
}

static struct jinja_node *parse_with(struct jinja_parser *p)
{
    static const char *const ends[] = { "endwith", NULL };
    struct jinja_node *node = jinja_new_node(p, NODE_WITH);
    struct scope_state outer = enter_scope(p, false);
    bool ok = node && jinja_advance(p) && parse_with_pairs(p, node) &&
              parse_block(p, ends, &node->with.body) && jinja_advance(p);
    size_t n_names = leave_scope(p, &outer);
    if (ok)
        node->with.n_names = n_names;
    return ok ? node : NULL;
}

static bool add_parameter(struct jinja_parser *p, struct jinja_definition *d, size_t *capacity)
{
    if (d->n_parameters == *capacity) {
        size_t larger = *capacity ? *capacity * 2 : 4, n = d->n_parameters;
        struct jinja_value *names = jinja_alloc(p->run, larger, sizeof *names);
        uint32_t *symbols = names ? jinja_alloc(p->run, larger, sizeof *symbols) : NULL;
        struct jinja_node **defaults =
            symbols ? jinja_alloc(p->run, larger, sizeof *defaults) : NULL;
        if (!defaults)
            return false;
        if (n) {
            memcpy(names, d->parameters, n * sizeof *names);
            memcpy(symbols, d->symbols, n * sizeof *symbols);
            memcpy(defaults, d->defaults, n * sizeof *defaults);
        }
        d->parameters = names;
        d->symbols = symbols;
        d->defaults = defaults;
        *capacity = larger;
    }
    struct jinja_node *target = jinja_parse_target(p, false, false);
    if (!target || target->kind != NODE_NAME)
        return target && jinja_fail(p->run, "a parameter is a name");
    size_t i = d->n_parameters++;
    d->parameters[i] = (struct jinja_value){ .kind = JINJA_STRING, .string = target->name.text };
    d->symbols[i] = target->name.symbol;
    d->has_caller_parameter =
        d->has_caller_parameter || slice_equal(jinja_slice(&d->parameters[i]), slice_of("caller"));
    if (jinja_at_operator(p, "="))
        return jinja_advance(p) && (d->defaults[i] = jinja_parse_expression(p, true));
    if (i > 0 && d->defaults[i - 1])
        return jinja_fail(p->run, "a parameter without a default follows one that has one");
    return true;
}

static bool parse_parameters(struct jinja_parser *p, struct jinja_definition *d)
{
    size_t capacity = 0;
    if (!jinja_expect_operator(p, "("))
        return false;
    while (!jinja_at_operator(p, ")"))
        if ((d->n_parameters && !jinja_expect_operator(p, ",")) || !add_parameter(p, d, &capacity))
            return false;
    return jinja_advance(p);
}

static struct jinja_definition *begin_definition(struct jinja_parser *p)
{
    if (p->n_definitions == COUNT_OF(p->definitions)) {
        jinja_fail(p->run, "more than %zu macros stand inside each other",
                   COUNT_OF(p->definitions));
        return NULL;
    }
    struct jinja_definition *d = jinja_alloc(p->run, 1, sizeof *d);
    if (d)
        p->definitions[p->n_definitions++] = d;
    return d;
}

static bool parse_definition_body(struct jinja_parser *p, struct jinja_definition *d,
                                  const char *end)
{
    const char *const ends[] = { end, NULL };
    bool ok = parse_block(p, ends, &d->body) && jinja_advance(p);
    p->n_definitions--;
    return ok;
}

static struct jinja_node *parse_macro(struct jinja_parser *p)
{
    struct jinja_node *node = jinja_new_node(p, NODE_MACRO), *target = NULL;
    struct jinja_definition *d = NULL;
    if (!node || !jinja_advance(p) || !(target = jinja_parse_target(p, false, false)))
        return NULL;
    struct scope_state outer = enter_scope(p, true);
    if (target->kind != NODE_NAME || !(d = begin_definition(p)) || !parse_parameters(p, d) ||
        !parse_definition_body(p, d, "endmacro"))
        return NULL;
    d->n_names = leave_scope(p, &outer) + 3; /* caller, varargs, kwargs */
    p->has_closures = true;
    d->name = (struct jinja_value){ .kind = JINJA_STRING, .string = target->name.text };
    node->macro.symbol = target->name.symbol;
    node->macro.definition = d;
    return node;
}

static struct jinja_node *parse_call_block(struct jinja_parser *p)
{
    struct jinja_node *node = jinja_new_node(p, NODE_CALL_BLOCK);
    struct jinja_definition *d = NULL;
    if (!node || !jinja_advance(p))
        return NULL;
    struct scope_state outer = enter_scope(p, true);
    if (!(d = begin_definition(p)) || (jinja_at_operator(p, "(") && !parse_parameters(p, d)))
        return NULL;
    p->n_definitions--; /* the call itself belongs to the outside */
    node->macro.call = jinja_parse_expression(p, true);
    p->n_definitions++;
    if (!node->macro.call)
        return NULL;
    if (node->macro.call->kind != NODE_CALL) {
        jinja_fail(p->run, "a call block needs a call");
        return NULL;
    }
    if (!parse_definition_body(p, d, "endcall"))
        return NULL;
    d->n_names = leave_scope(p, &outer) + 3;
    p->has_closures = true;
    d->name = jinja_none();
    node->macro.definition = d;
    return node;
}

static struct jinja_node *parse_filter_block(struct jinja_parser *p)
{
    struct jinja_node *node = jinja_new_node(p, NODE_FILTER_BLOCK);
    return node && jinja_advance(p) && (node->block.filter = jinja_parse_filters(p, NULL, true)) &&
                   parse_inner(p, "endfilter", false, &node->block.body, &node->block.n_names)
               ? node
               : NULL;
}

/* Marks what the model wrote, for training; here it is its body. */
static struct jinja_node *parse_generation(struct jinja_parser *p)
{
    struct jinja_node *node = jinja_new_node(p, NODE_SCOPE);
    return node && jinja_advance(p) &&
                   parse_inner(p, "endgeneration", true, &node->block.body, &node->block.n_names)
               ? node
               : NULL;
}

static bool add_block(struct jinja_parser *p, struct slice name, struct jinja_node *node)
{
    struct jinja_template *t = p->template;
    for (size_t i = 0; i < t->n_blocks; i++)
        if (slice_equal(t->blocks[i].name, name))
            return jinja_fail(p->run, "there are two blocks '%s'", printable(name));
    struct jinja_block *blocks = jinja_alloc(p->run, t->n_blocks + 1, sizeof *blocks);
    if (!blocks || !jinja_spend(p->run, t->n_blocks))
        return false;
    if (t->n_blocks)
        memcpy(blocks, t->blocks, t->n_blocks * sizeof *blocks);
    blocks[t->n_blocks++] = (struct jinja_block){ name, node };
    t->blocks = blocks;
    return true;
}

/* Nothing can extend a template, so a block is its body; self.name() repeats it. */
static struct jinja_node *parse_named_block(struct jinja_parser *p)
{
    static const char *const words[] = { "scoped", "required", NULL };
    struct jinja_node *node = jinja_new_node(p, NODE_SCOPE);
    if (!node || !jinja_advance(p))
        return NULL;
    struct slice name = p->token.text;
    if (p->token.kind != TOKEN_NAME) {
        jinja_unexpected(p, "a name");
        return NULL;
    }
    if (!jinja_advance(p) || !add_block(p, name, node))
        return NULL;
    while (at_one_of(p, words))
        if (!jinja_advance(p))
            return NULL;
    if (!parse_inner(p, "endblock", true, &node->block.body, &node->block.n_names) ||
        (p->token.kind == TOKEN_NAME && slice_equal(p->token.text, name) && !jinja_advance(p)))
        return NULL;
    return node;
}

static struct jinja_node *parse_loop_control(struct jinja_parser *p)
{
    struct jinja_node *node =
        jinja_new_node(p, jinja_at_name(p, "break") ? NODE_BREAK : NODE_CONTINUE);
    if (p->n_loops == 0) {
        jinja_fail(p->run, "'%s' stands outside any loop", printable(p->token.text));
        return NULL;
    }
    return node && jinja_advance(p) ? node : NULL;
}

static struct jinja_node *parse_print(struct jinja_parser *p)
{
    struct jinja_node *node = jinja_new_node(p, NODE_PRINT), *item;
    size_t capacity = 0;
    if (!node || !jinja_advance(p) || !(item = jinja_parse_tuple(p, true, NULL)) ||
        !jinja_add_node(p, &node->print, &capacity, item))
        return NULL;
    return node;
}

static struct jinja_node *parse_foreign(struct jinja_parser *p)
{
    struct jinja_node *node = jinja_new_node(p, NODE_FOREIGN);
    while (node && p->token.kind != TOKEN_STATEMENT_END && p->token.kind != TOKEN_END)
        if (!jinja_advance(p))
            return NULL;
    return node;
}

static struct jinja_node *parse_statement(struct jinja_parser *p)
{
    static const struct {
        const char *name;
        struct jinja_node *(*parse)(struct jinja_parser *p);
    } rows[] = {
        { "if", parse_if },
        { "for", parse_for },
        { "set", parse_set },
        { "macro", parse_macro },
        { "call", parse_call_block },
        { "filter", parse_filter_block },
        { "with", parse_with },
        { "generation", parse_generation },
        { "block", parse_named_block },
        { "break", parse_loop_control },
        { "continue", parse_loop_control },
        { "print", parse_print },
        { "include", parse_foreign },
        { "import", parse_foreign },
        { "from", parse_foreign },
        { "extends", parse_foreign },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (jinja_at_name(p, rows[i].name))
            return rows[i].parse(p);
    jinja_fail(p->run, "there is no tag '%s' here", jinja_token_name(&p->token));
    return NULL;
}

static struct jinja_node *parse_text(struct jinja_parser *p)
{
    struct jinja_node *node = jinja_new_node(p, NODE_TEXT);
    if (!node)
        return NULL;
    node->text = p->token.text;
    return jinja_advance(p) ? node : NULL;
}

static struct jinja_node *parse_output(struct jinja_parser *p)
{
    struct jinja_node *node = parse_print(p);
    if (node && p->token.kind != TOKEN_PRINT_END) {
        jinja_unexpected(p, "}}");
        return NULL;
    }
    return node && jinja_advance(p) ? node : NULL;
}

/* Up to one of `ends`, which is left as the token in hand, or to the end of the template when there
 * are none. */
static bool parse_body(struct jinja_parser *p, const char *const *ends, struct jinja_nodes *body)
{
    size_t capacity = 0;
    if (!jinja_enter(p->run))
        return false;
    while (p->token.kind != TOKEN_END) {
        struct jinja_node *node;
        if (p->token.kind == TOKEN_STATEMENT_BEGIN) {
            if (!jinja_advance(p))
                return false;
            if (at_one_of(p, ends)) {
                jinja_leave(p->run);
                return true;
            }
            node = parse_statement(p);
            if (!node || !end_statement(p))
                return false;
        } else {
            node = p->token.kind == TOKEN_TEXT ? parse_text(p) : parse_output(p);
        }
        if (!node || !jinja_add_node(p, body, &capacity, node))
            return false;
    }
    jinja_leave(p->run);
    return !*ends || jinja_fail(p->run, "the template ends where '%s' is missing", *ends);
}

bool jinja_parse(struct jinja_parser *p)
{
    if (!jinja_lexer_next(&p->lexer, p->run, &p->ahead) || !jinja_advance(p) ||
        !parse_body(p, no_ends, &p->template->body))
        return false;
    if (!p->unknown)
        return true;
    p->run->line = p->unknown->line;
    return jinja_fail(p->run, "there is no %s '%s'",
                      p->unknown->kind == NODE_TEST ? "test" : "filter",
                      printable(jinja_slice(&p->unknown->filter.name)));
}

#include "chat/gotemplate/go_constant.h"
#include "chat/gotemplate/go_lexer.h"
#include "chat/gotemplate/go_tree.h"

enum {
    MAX_NESTING = 250,     /* of control structures and parentheses together */
    MAX_VARIABLES = 500,   /* in scope: they are looked up by name */
    MAX_DEFINITIONS = 500, /* the same */
    MAX_PATH = 64,
};

struct parser {
    struct go_lexer lexer;
    struct go_token pending[3]; /* given back, the next one last */
    size_t n_pending;
    struct arena *arena;
    struct error *err;
    struct slice variables[MAX_VARIABLES];
    size_t n_variables;
    size_t nesting, loops; /* loops: ranges around this place */
    struct go_definition *definitions;
    size_t n_definitions;
};

/* Items collected until their number is known. */
struct pile {
    const void **items;
    size_t count, capacity;
};

/* How a list of nodes ended. */
enum ending { ENDED_BY_SOURCE, ENDED_BY_END, ENDED_BY_ELSE };

static bool fail_at(struct parser *p, size_t line, const char *what)
{
    return fail(p->err, ERROR_FORMAT, "line %zu: %s", line, what);
}

static bool fail_unexpected(struct parser *p, struct go_token token, const char *where)
{
    if (token.kind == GO_TOKEN_ERROR)
        return fail(p->err, ERROR_FORMAT, "line %zu: %.*s", token.line, (int)token.text.length,
                    token.text.data);
    if (token.kind == GO_TOKEN_END)
        return fail(p->err, ERROR_FORMAT, "line %zu: the template ends within %s", token.line,
                    where);
    return fail(p->err, ERROR_FORMAT, "line %zu: unexpected '%s' in %s", token.line,
                printable(token.text), where);
}

static bool fail_arena(struct parser *p)
{
    return fail(p->err, ERROR_BUDGET, "the template takes more memory than templates may");
}

static bool pile_add(struct parser *p, struct pile *pile, const void *item)
{
    if (pile->count == pile->capacity) {
        size_t capacity = pile->capacity ? 2 * pile->capacity : 4;
        const void **items = arena_alloc_array(p->arena, capacity, sizeof *items);
        if (!items)
            return fail_arena(p);
        if (pile->count)
            memcpy(items, pile->items, pile->count * sizeof *items);
        pile->items = items;
        pile->capacity = capacity;
    }
    pile->items[pile->count++] = item;
    return true;
}

static struct go_token next(struct parser *p)
{
    return p->n_pending ? p->pending[--p->n_pending] : go_lexer_next(&p->lexer);
}

static void give_back(struct parser *p, struct go_token token)
{
    assert(p->n_pending < COUNT_OF(p->pending));
    p->pending[p->n_pending++] = token;
}

static struct go_token peek(struct parser *p)
{
    struct go_token token = next(p);
    give_back(p, token);
    return token;
}

static struct go_token next_solid(struct parser *p)
{
    struct go_token token;
    do
        token = next(p);
    while (token.kind == GO_TOKEN_SPACE);
    return token;
}

static struct go_token peek_solid(struct parser *p)
{
    struct go_token token = next_solid(p);
    give_back(p, token);
    return token;
}

static bool is_name(struct go_token token, const char *name)
{
    return token.kind == GO_TOKEN_NAME && slice_equal(token.text, slice_of(name));
}

static bool is_keyword(struct go_token token)
{
    static const char *const keywords[] = { "if",       "else",  "end",   "range",    "with",
                                            "template", "block", "break", "continue", "define" };
    for (size_t i = 0; i < COUNT_OF(keywords); i++)
        if (is_name(token, keywords[i]))
            return true;
    return false;
}

static bool expect_right(struct parser *p, const char *where)
{
    struct go_token token = next_solid(p);
    return token.kind == GO_TOKEN_RIGHT || fail_unexpected(p, token, where);
}

static bool enter(struct parser *p)
{
    return ++p->nesting <= MAX_NESTING ||
           fail(p->err, ERROR_BUDGET, "line %zu: nested more than %d deep", p->lexer.line,
                MAX_NESTING);
}

static bool add_variable(struct parser *p, struct slice name)
{
    if (p->n_variables == MAX_VARIABLES)
        return fail(p->err, ERROR_BUDGET, "line %zu: more than %d variables", p->lexer.line,
                    MAX_VARIABLES);
    p->variables[p->n_variables++] = name;
    return true;
}

static bool is_variable(const struct parser *p, struct slice name)
{
    for (size_t i = p->n_variables; i > 0; i--)
        if (slice_equal(p->variables[i - 1], name))
            return true;
    return false;
}

static bool parse_pipe(struct parser *p, const struct go_pipe **out, const char *where,
                       enum go_token_kind end);

static bool parse_constant(struct parser *p, struct go_term *term, struct go_token token)
{
    term->kind = GO_TERM_CONSTANT;
    return go_constant(&term->constant, token, p->arena, p->err);
}

static bool parse_name(struct parser *p, struct go_term *term, struct go_token token)
{
    if (is_name(token, "true") || is_name(token, "false")) {
        term->kind = GO_TERM_CONSTANT;
        term->constant = go_bool(is_name(token, "true"));
        return true;
    }
    term->kind = is_name(token, "nil") ? GO_TERM_NIL : GO_TERM_FUNCTION;
    if (term->kind == GO_TERM_NIL)
        return true;
    term->function = go_function_find(token.text);
    return term->function || fail(p->err, ERROR_FORMAT, "line %zu: function '%s' is not defined",
                                  token.line, printable(token.text));
}

static bool parse_variable(struct parser *p, struct go_term *term, struct go_token token)
{
    term->kind = GO_TERM_VARIABLE;
    term->name = token.text;
    return is_variable(p, token.text) ||
           fail(p->err, ERROR_FORMAT, "line %zu: variable '%s' is not defined", token.line,
                printable(token.text));
}

/* One value without what follows it; `*found` is false, and nothing is consumed, at anything else.
 */
static bool parse_simple_term(struct parser *p, struct go_term *term, bool *found)
{
    struct go_token token = next_solid(p);
    term->line = token.line;
    *found = true;
    switch (token.kind) {
    case GO_TOKEN_NUMBER:
    case GO_TOKEN_CHARACTER:
    case GO_TOKEN_STRING:
    case GO_TOKEN_RAW_STRING:
        return parse_constant(p, term, token);
    case GO_TOKEN_DOT:
        term->kind = GO_TERM_DOT;
        return true;
    case GO_TOKEN_FIELD:
        term->kind = GO_TERM_FIELD;
        give_back(p, token); /* read again with what follows */
        return true;
    case GO_TOKEN_VARIABLE:
        return parse_variable(p, term, token);
    case GO_TOKEN_OPEN:
        term->kind = GO_TERM_PIPE;
        return enter(p) && parse_pipe(p, &term->pipe, "parentheses", GO_TOKEN_CLOSE) &&
               p->nesting--;
    case GO_TOKEN_NAME:
        if (!is_keyword(token))
            return parse_name(p, term, token);
        /* fall through */
    default:
        give_back(p, token);
        *found = false;
        return true;
    }
}

static bool parse_path(struct parser *p, struct go_term *term)
{
    struct slice names[MAX_PATH];
    size_t n = 0;
    while (peek(p).kind == GO_TOKEN_FIELD) {
        if (n == MAX_PATH)
            return fail(p->err, ERROR_BUDGET, "line %zu: more than %d names behind each other",
                        term->line, MAX_PATH);
        names[n++] = next(p).text;
    }
    if (n == 0)
        return true;
    if (term->kind == GO_TERM_CONSTANT || term->kind == GO_TERM_NIL || term->kind == GO_TERM_DOT)
        return fail_at(p, term->line, "a constant or the dot has no members");
    struct slice *path = arena_alloc_array(p->arena, n, sizeof *path);
    if (!path)
        return fail_arena(p);
    memcpy(path, names, n * sizeof *path);
    term->path = path;
    term->n_path = n;
    return true;
}

static bool parse_term(struct parser *p, const struct go_term **out)
{
    struct go_term *term = arena_alloc(p->arena, sizeof *term);
    bool found;
    *out = NULL;
    if (!term)
        return fail_arena(p);
    if (!parse_simple_term(p, term, &found) || (found && !parse_path(p, term)))
        return false;
    if (found)
        *out = term;
    return true;
}

static bool parse_command(struct parser *p, const struct go_command **out)
{
    struct go_command *command = arena_alloc(p->arena, sizeof *command);
    struct pile terms = { 0 };
    struct go_token token;
    if (!command)
        return fail_arena(p);
    do {
        const struct go_term *term;
        if (!parse_term(p, &term) || (term && !pile_add(p, &terms, term)))
            return false;
        token = next(p);
    } while (token.kind == GO_TOKEN_SPACE);
    if (token.kind == GO_TOKEN_RIGHT || token.kind == GO_TOKEN_CLOSE)
        give_back(p, token);
    else if (token.kind != GO_TOKEN_PIPE)
        return fail_unexpected(p, token, "an operand");
    if (terms.count == 0)
        return fail_at(p, token.line, "a command is empty");
    command->terms = (const struct go_term **)terms.items;
    command->n_terms = terms.count;
    *out = command;
    return true;
}

/* `$x :=`, `$x =` and, in a range, `$i, $x :=`. */
static bool parse_declarations(struct parser *p, struct go_pipe *pipe, bool in_range)
{
    for (;;) {
        if (peek_solid(p).kind != GO_TOKEN_VARIABLE)
            return true;
        struct go_token variable = next(p), behind = next(p), solid = behind;
        if (behind.kind == GO_TOKEN_SPACE)
            solid = next_solid(p);
        bool declares = solid.kind == GO_TOKEN_DECLARE || solid.kind == GO_TOKEN_ASSIGN;
        bool is_comma = solid.kind == GO_TOKEN_OTHER && slice_equal(solid.text, slice_of(","));
        if (!declares && !is_comma) {
            give_back(p, solid);
            if (behind.kind == GO_TOKEN_SPACE)
                give_back(p, behind);
            give_back(p, variable);
            return true;
        }
        if (is_comma && (!in_range || pipe->n_variables > 0))
            return fail_at(p, variable.line, "too many declarations");
        pipe->assigns = solid.kind == GO_TOKEN_ASSIGN;
        pipe->variables[pipe->n_variables++] = variable.text;
        if (!add_variable(p, variable.text))
            return false;
        if (declares)
            return true;
        enum go_token_kind after = peek_solid(p).kind;
        if (after != GO_TOKEN_VARIABLE && after != GO_TOKEN_RIGHT && after != GO_TOKEN_CLOSE)
            return fail_at(p, variable.line, "range can only declare variables");
    }
}

/* Behind the first command only functions, fields, variables and parentheses can take its value. */
static bool check_stages(struct parser *p, const struct go_pipe *pipe)
{
    for (size_t i = 1; i < pipe->n_commands; i++) {
        const struct go_term *first = pipe->commands[i]->terms[0];
        if (first->kind == GO_TERM_CONSTANT || first->kind == GO_TERM_DOT ||
            first->kind == GO_TERM_NIL)
            return fail_at(p, first->line, "a later stage of a pipeline must be a function");
    }
    return true;
}

static bool parse_pipe(struct parser *p, const struct go_pipe **out, const char *where,
                       enum go_token_kind end)
{
    struct go_pipe *pipe = arena_alloc(p->arena, sizeof *pipe);
    struct pile commands = { 0 };
    if (!pipe)
        return fail_arena(p);
    pipe->line = peek_solid(p).line;
    if (!parse_declarations(p, pipe, strcmp(where, "range") == 0))
        return false;
    for (struct go_token token; (token = next_solid(p)).kind != end;) {
        bool begins =
            (token.kind >= GO_TOKEN_DOT && !is_keyword(token)) || token.kind == GO_TOKEN_OPEN;
        const struct go_command *command = NULL;
        if (!begins)
            return fail_unexpected(p, token, where);
        give_back(p, token);
        if (!parse_command(p, &command) || !pile_add(p, &commands, command))
            return false;
    }
    if (commands.count == 0)
        return fail(p->err, ERROR_FORMAT, "line %zu: missing value for %s", pipe->line, where);
    pipe->commands = (const struct go_command **)commands.items;
    pipe->n_commands = commands.count;
    *out = pipe;
    return check_stages(p, pipe);
}

static bool parse_list(struct parser *p, struct go_list_of_nodes *out, enum ending *ending);
static bool parse_branch(struct parser *p, struct go_node *node, enum go_node_kind kind);

/* `{{ else if` and `{{ else with` are one node in the other list, ended together with this. */
static bool parse_else_branch(struct parser *p, struct go_node *node)
{
    struct go_node *inner = arena_alloc(p->arena, sizeof *inner);
    struct pile nodes = { 0 };
    (void)next_solid(p);
    if (!inner || !pile_add(p, &nodes, inner))
        return fail_arena(p);
    node->otherwise = (struct go_list_of_nodes){ (const struct go_node **)nodes.items, 1 };
    return parse_branch(p, inner, node->kind);
}

static bool parse_else(struct parser *p, struct go_node *node)
{
    const char *chained = node->kind == GO_NODE_IF     ? "if"
                          : node->kind == GO_NODE_WITH ? "with"
                                                       : "";
    enum ending ending;
    node->has_otherwise = true;
    if (is_name(peek_solid(p), chained))
        return parse_else_branch(p, node);
    if (!expect_right(p, "else") || !parse_list(p, &node->otherwise, &ending))
        return false;
    if (ending == ENDED_BY_ELSE)
        return fail_at(p, node->line, "a second else");
    return ending == ENDED_BY_END || fail_at(p, node->line, "this is never ended");
}

static bool parse_branch(struct parser *p, struct go_node *node, enum go_node_kind kind)
{
    static const char *const names[] = {
        [GO_NODE_IF] = "if", [GO_NODE_WITH] = "with", [GO_NODE_RANGE] = "range"
    };
    size_t n_variables = p->n_variables;
    enum ending ending;
    node->kind = kind;
    if (!enter(p) || !parse_pipe(p, &node->pipe, names[kind], GO_TOKEN_RIGHT))
        return false;
    node->line = node->pipe->line;
    p->loops += kind == GO_NODE_RANGE;
    if (!parse_list(p, &node->list, &ending))
        return false;
    p->loops -= kind == GO_NODE_RANGE;
    if (ending == ENDED_BY_SOURCE)
        return fail(p->err, ERROR_FORMAT, "line %zu: this %s is never ended", node->line,
                    names[kind]);
    if (ending == ENDED_BY_ELSE && !parse_else(p, node))
        return false;
    p->n_variables = n_variables;
    p->nesting--;
    return true;
}

static bool parse_template_name(struct parser *p, struct slice *name, const char *where)
{
    struct go_token token = next_solid(p);
    struct go_value value;
    if (token.kind != GO_TOKEN_STRING && token.kind != GO_TOKEN_RAW_STRING)
        return fail_unexpected(p, token, where);
    if (!go_constant(&value, token, p->arena, p->err))
        return false;
    *name = value.text;
    return true;
}

static bool is_blank(struct go_list_of_nodes list)
{
    for (size_t i = 0; i < list.count; i++) {
        struct slice text = list.nodes[i]->text;
        if (list.nodes[i]->kind != GO_NODE_TEXT)
            return false;
        for (size_t c = 0; c < text.length; c++)
            if (!strchr(" \t\r\n", text.data[c]) || !text.data[c])
                return false;
    }
    return true;
}

static bool add_definition(struct parser *p, struct slice name, struct go_list_of_nodes list)
{
    for (size_t i = 0; i < p->n_definitions; i++) {
        struct go_definition *old = &p->definitions[i];
        if (!slice_equal(old->name, name))
            continue;
        if (!is_blank(old->list) && !is_blank(list))
            return fail(p->err, ERROR_FORMAT, "template '%s' is defined twice", printable(name));
        if (is_blank(old->list))
            old->list = list;
        return true;
    }
    if (p->n_definitions == MAX_DEFINITIONS)
        return fail(p->err, ERROR_BUDGET, "more than %d templates are defined", MAX_DEFINITIONS);
    p->definitions[p->n_definitions++] = (struct go_definition){ name, list };
    return true;
}

/* The body of a define or block, with variables of its own. */
static bool parse_definition_body(struct parser *p, struct slice name)
{
    struct slice saved_first = p->variables[0];
    size_t n_variables = p->n_variables, loops = p->loops;
    struct slice *saved = arena_alloc_array(p->arena, n_variables + 1, sizeof *saved);
    struct go_list_of_nodes list;
    enum ending ending;
    if (!saved)
        return fail_arena(p);
    memcpy(saved, p->variables, n_variables * sizeof *saved);
    p->n_variables = 0;
    p->loops = 0;
    if (!add_variable(p, slice_of("$")) || !enter(p) || !parse_list(p, &list, &ending))
        return false;
    if (ending != ENDED_BY_END)
        return fail(p->err, ERROR_FORMAT, "the definition of template '%s' is never ended",
                    printable(name));
    p->nesting--;
    memcpy(p->variables, saved, n_variables * sizeof *saved);
    p->variables[0] = saved_first;
    p->n_variables = n_variables;
    p->loops = loops;
    return add_definition(p, name, list);
}

static bool parse_define(struct parser *p)
{
    struct slice name;
    return parse_template_name(p, &name, "define") && expect_right(p, "define") &&
           parse_definition_body(p, name);
}

static bool parse_template_call(struct parser *p, struct go_node *node)
{
    node->kind = GO_NODE_TEMPLATE;
    if (!parse_template_name(p, &node->text, "template"))
        return false;
    if (peek_solid(p).kind == GO_TOKEN_RIGHT)
        return expect_right(p, "template");
    return parse_pipe(p, &node->pipe, "template", GO_TOKEN_RIGHT);
}

static bool parse_block(struct parser *p, struct go_node *node)
{
    node->kind = GO_NODE_TEMPLATE;
    return parse_template_name(p, &node->text, "block") &&
           parse_pipe(p, &node->pipe, "block", GO_TOKEN_RIGHT) &&
           parse_definition_body(p, node->text);
}

static bool parse_jump(struct parser *p, struct go_node *node, enum go_node_kind kind)
{
    node->kind = kind;
    if (p->loops == 0)
        return fail_at(p, node->line, "break or continue outside range");
    return expect_right(p, "break or continue");
}

static bool parse_action(struct parser *p, struct go_node *node)
{
    struct go_token token = next_solid(p);
    node->line = token.line;
    if (is_name(token, "if"))
        return parse_branch(p, node, GO_NODE_IF);
    if (is_name(token, "with"))
        return parse_branch(p, node, GO_NODE_WITH);
    if (is_name(token, "range"))
        return parse_branch(p, node, GO_NODE_RANGE);
    if (is_name(token, "template"))
        return parse_template_call(p, node);
    if (is_name(token, "block"))
        return parse_block(p, node);
    if (is_name(token, "break"))
        return parse_jump(p, node, GO_NODE_BREAK);
    if (is_name(token, "continue"))
        return parse_jump(p, node, GO_NODE_CONTINUE);
    node->kind = GO_NODE_ACTION;
    give_back(p, token);
    return parse_pipe(p, &node->pipe, "an action", GO_TOKEN_RIGHT);
}

/* Whether an action stands at {{ that changes where this list goes on: define, end or else. */
static bool parse_turn(struct parser *p, bool *turned, bool *ended, enum ending *ending)
{
    struct go_token token = next_solid(p);
    *turned = true;
    if (is_name(token, "define") && p->nesting == 0)
        return parse_define(p);
    *ended = is_name(token, "end") || is_name(token, "else");
    if (*ended && p->nesting == 0)
        return fail_unexpected(p, token, "the template: nothing is open");
    if (*ended) {
        *ending = is_name(token, "end") ? ENDED_BY_END : ENDED_BY_ELSE;
        return *ending == ENDED_BY_ELSE || expect_right(p, "end");
    }
    *turned = false;
    give_back(p, token);
    return true;
}

static bool parse_node(struct parser *p, struct go_token token, struct pile *nodes)
{
    struct go_node *node = arena_alloc(p->arena, sizeof *node);
    if (!node || !pile_add(p, nodes, node))
        return fail_arena(p);
    node->line = token.line;
    if (token.kind == GO_TOKEN_LEFT)
        return parse_action(p, node);
    node->kind = GO_NODE_TEXT;
    node->text = token.text;
    return true;
}

static bool parse_list(struct parser *p, struct go_list_of_nodes *out, enum ending *ending)
{
    struct pile nodes = { 0 };
    bool ended = false;
    *ending = ENDED_BY_SOURCE;
    while (!ended) {
        struct go_token token = next(p);
        bool turned = false;
        if (token.kind == GO_TOKEN_END)
            break;
        if (token.kind != GO_TOKEN_TEXT && token.kind != GO_TOKEN_LEFT)
            return fail_unexpected(p, token, "the template");
        if (token.kind == GO_TOKEN_LEFT && !parse_turn(p, &turned, &ended, ending))
            return false;
        if (!turned && !parse_node(p, token, &nodes))
            return false;
    }
    *out = (struct go_list_of_nodes){ (const struct go_node **)nodes.items, nodes.count };
    return true;
}

bool go_parse(struct gotemplate *t, struct slice source, struct error *err)
{
    struct parser *p = arena_alloc(t->arena, sizeof *p);
    enum ending ending;
    if (!p)
        return fail_memory(err, sizeof *p, "a template's parser");
    p->arena = t->arena;
    p->err = err;
    p->definitions = arena_alloc_array(t->arena, MAX_DEFINITIONS, sizeof *p->definitions);
    if (!p->definitions)
        return fail_arena(p);
    go_lexer_init(&p->lexer, source);
    if (!add_variable(p, slice_of("$")) || !parse_list(p, &t->root, &ending))
        return false;
    t->definitions = p->definitions;
    t->n_definitions = p->n_definitions;
    return true;
}

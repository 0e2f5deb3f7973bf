#include "base/utf8.h"
#include "chat/jinja/jinja_builtin.h"
#include "chat/jinja/jinja_literal.h"
#include "chat/jinja/jinja_parser.h"

static struct jinja_node *constant(struct jinja_parser *p, struct jinja_value value)
{
    struct jinja_node *node = jinja_new_node(p, NODE_CONSTANT);
    if (node)
        node->constant = value;
    return node;
}

static struct jinja_node *pair(struct jinja_parser *p, enum jinja_node_kind kind,
                               struct jinja_node *a, struct jinja_node *b)
{
    struct jinja_node *node = a && b ? jinja_new_node(p, kind) : NULL;
    if (node) {
        node->operands.a = a;
        node->operands.b = b;
        node->line = a->line;
    }
    return node;
}

static struct jinja_node *unary(struct jinja_parser *p, enum jinja_node_kind kind,
                                struct jinja_node *a)
{
    struct jinja_node *node = a ? jinja_new_node(p, kind) : NULL;
    if (node)
        node->operands.a = a;
    return node;
}

/* `caller`, `varargs` and `kwargs` are made only for macros that mention them. */
static void note_special_name(struct jinja_parser *p, struct slice name)
{
    for (size_t i = 0; i < p->n_definitions; i++) {
        struct jinja_definition *d = p->definitions[i];
        d->uses_caller = d->uses_caller || slice_equal(name, slice_of("caller"));
        d->uses_varargs = d->uses_varargs || slice_equal(name, slice_of("varargs"));
        d->uses_kwargs = d->uses_kwargs || slice_equal(name, slice_of("kwargs"));
    }
}

static struct jinja_node *name_node(struct jinja_parser *p, struct slice name)
{
    struct jinja_node *node = jinja_new_node(p, NODE_NAME);
    if (!node || !jinja_intern(p, name, &node->name.symbol))
        return NULL;
    node->name.text = p->template->names[node->name.symbol];
    note_special_name(p, name);
    return node;
}

static bool constant_name(struct slice name, struct jinja_value *value)
{
    static const struct {
        const char *lower, *upper;
        struct jinja_value value;
    } rows[] = {
        { "true", "True", { .kind = JINJA_BOOL, .boolean = true } },
        { "false", "False", { .kind = JINJA_BOOL, .boolean = false } },
        { "none", "None", { .kind = JINJA_NONE } },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (slice_equal(name, slice_of(rows[i].lower)) ||
            slice_equal(name, slice_of(rows[i].upper))) {
            *value = rows[i].value;
            return true;
        }
    return false;
}

static struct jinja_node *parse_name(struct jinja_parser *p)
{
    struct jinja_value value;
    struct slice name = p->token.text;
    struct jinja_node *node = constant_name(name, &value) ? constant(p, value) : name_node(p, name);
    return node && jinja_advance(p) ? node : NULL;
}

/* Strings that stand side by side are one. */
static struct jinja_node *parse_strings(struct jinja_parser *p)
{
    struct jinja_node *node = jinja_new_node(p, NODE_CONSTANT);
    struct jinja_value part;
    if (!node || !jinja_string_literal(p->run, p->token.text, &node->constant) || !jinja_advance(p))
        return NULL;
    while (p->token.kind == TOKEN_STRING)
        if (!jinja_string_literal(p->run, p->token.text, &part) ||
            !jinja_join_strings(p->run, &node->constant, &part, &node->constant) ||
            !jinja_advance(p))
            return NULL;
    /* Constants are shared by renderings, so none may grow in place. */
    return jinja_view_string(p->run, jinja_slice(&node->constant), &node->constant) ? node : NULL;
}

static struct jinja_node *parse_number(struct jinja_parser *p)
{
    struct jinja_node *node = jinja_new_node(p, NODE_CONSTANT);
    bool ok = node && (p->token.kind == TOKEN_INTEGER
                           ? jinja_integer_literal(p->run, p->token.text, &node->constant)
                           : jinja_float_literal(p->run, p->token.text, &node->constant));
    return ok && jinja_advance(p) ? node : NULL;
}

static struct jinja_node *parse_parentheses(struct jinja_parser *p)
{
    struct jinja_node *node;
    if (!jinja_advance(p))
        return NULL;
    if (jinja_at_operator(p, ")"))
        node = jinja_new_node(p, NODE_TUPLE);
    else
        node = jinja_parse_tuple(p, true, NULL);
    return node && jinja_expect_operator(p, ")") ? node : NULL;
}

/* "[a, b,]" and "{a: b,}" */
static struct jinja_node *parse_collection(struct jinja_parser *p, enum jinja_node_kind kind,
                                           const char *close)
{
    struct jinja_node *node = jinja_new_node(p, kind), *item;
    size_t capacity = 0;
    bool is_dict = kind == NODE_DICT;
    if (!node || !jinja_advance(p))
        return NULL;
    while (!jinja_at_operator(p, close)) {
        if (node->items.count && !jinja_expect_operator(p, ","))
            return NULL;
        if (jinja_at_operator(p, close))
            break;
        if (!(item = jinja_parse_expression(p, true)) ||
            !jinja_add_node(p, &node->items, &capacity, item))
            return NULL;
        if (is_dict &&
            (!jinja_expect_operator(p, ":") || !(item = jinja_parse_expression(p, true)) ||
             !jinja_add_node(p, &node->items, &capacity, item)))
            return NULL;
    }
    return jinja_advance(p) ? node : NULL;
}

static struct jinja_node *parse_primary(struct jinja_parser *p)
{
    switch (p->token.kind) {
    case TOKEN_NAME:
        return parse_name(p);
    case TOKEN_STRING:
        return parse_strings(p);
    case TOKEN_INTEGER:
    case TOKEN_FLOAT:
        return parse_number(p);
    default:
        if (jinja_at_operator(p, "("))
            return parse_parentheses(p);
        if (jinja_at_operator(p, "["))
            return parse_collection(p, NODE_LIST, "]");
        if (jinja_at_operator(p, "{"))
            return parse_collection(p, NODE_DICT, "}");
        jinja_unexpected(p, "an expression");
        return NULL;
    }
}

static struct jinja_node *parse_dot(struct jinja_parser *p, struct jinja_node *object)
{
    struct jinja_node *node;
    if (!jinja_advance(p))
        return NULL;
    if (p->token.kind == TOKEN_NAME) {
        node = jinja_new_node(p, NODE_ATTRIBUTE);
        if (!node || !jinja_view_string(p->run, p->token.text, &node->attribute.name))
            return NULL;
        node->attribute.object = object;
        return jinja_advance(p) ? node : NULL;
    }
    if (p->token.kind != TOKEN_INTEGER) {
        jinja_unexpected(p, "a name or a number");
        return NULL;
    }
    node = jinja_new_node(p, NODE_ITEM);
    if (!node || !(node->item.index = parse_number(p)))
        return NULL;
    node->item.object = object;
    return node;
}

static bool at_bound_end(const struct jinja_parser *p)
{
    return jinja_at_operator(p, ":") || jinja_at_operator(p, "]") || jinja_at_operator(p, ",");
}

/* "start:stop:step]" behind "start" */
static struct jinja_node *parse_slice(struct jinja_parser *p, struct jinja_node *object,
                                      struct jinja_node *start)
{
    struct jinja_node *node = jinja_new_node(p, NODE_SLICE);
    if (!node)
        return NULL;
    node->slice.object = object;
    node->slice.bounds[0] = start;
    for (size_t i = 1; i < 3 && jinja_at_operator(p, ":"); i++) {
        if (!jinja_advance(p) ||
            (!at_bound_end(p) && !(node->slice.bounds[i] = jinja_parse_expression(p, true))))
            return NULL;
    }
    return jinja_expect_operator(p, "]") ? node : NULL;
}

static struct jinja_node *parse_bracket(struct jinja_parser *p, struct jinja_node *object)
{
    struct jinja_node *index = NULL, *node;
    size_t capacity = 0;
    if (!jinja_advance(p) ||
        (!jinja_at_operator(p, ":") && !(index = jinja_parse_expression(p, true))))
        return NULL;
    if (jinja_at_operator(p, ":"))
        return parse_slice(p, object, index);
    if (jinja_at_operator(p, ",")) { /* a tuple as a key */
        node = jinja_new_node(p, NODE_TUPLE);
        if (!node || !jinja_add_node(p, &node->items, &capacity, index))
            return NULL;
        while (jinja_at_operator(p, ",")) {
            if (!jinja_advance(p) || !(index = jinja_parse_expression(p, true)) ||
                !jinja_add_node(p, &node->items, &capacity, index))
                return NULL;
        }
        index = node;
    }
    node = jinja_new_node(p, NODE_ITEM);
    if (!node)
        return NULL;
    node->item.object = object;
    node->item.index = index;
    return jinja_expect_operator(p, "]") ? node : NULL;
}

static bool add_keyword(struct jinja_parser *p, struct jinja_arguments *a, size_t *capacity)
{
    if (a->n_keywords == *capacity) {
        size_t larger = *capacity ? *capacity * 2 : 4;
        struct jinja_keyword_node *keywords = jinja_alloc(p->run, larger, sizeof *keywords);
        if (!keywords)
            return false;
        if (a->n_keywords)
            memcpy(keywords, a->keywords, a->n_keywords * sizeof *keywords);
        a->keywords = keywords;
        *capacity = larger;
    }
    struct jinja_keyword_node *keyword = &a->keywords[a->n_keywords++];
    return jinja_view_string(p->run, p->token.text, &keyword->name) && jinja_advance(p) &&
           jinja_advance(p) && (keyword->value = jinja_parse_expression(p, true));
}

/* One of "a", "name=a", "*a", "**a", in this order. */
static bool parse_argument(struct jinja_parser *p, struct jinja_arguments *a, size_t *n_nodes,
                           size_t *n_keywords)
{
    bool is_list = jinja_at_operator(p, "*"), is_dict = jinja_at_operator(p, "**");
    bool is_keyword = p->token.kind == TOKEN_NAME && p->ahead.kind == TOKEN_OPERATOR &&
                      slice_equal(p->ahead.text, slice_of("="));
    struct jinja_node *node;
    if (a->dict || (!is_keyword && !is_dict && (a->list || (!is_list && a->n_keywords))))
        return jinja_fail(p->run, "the arguments of a call are in no valid order");
    if (is_keyword)
        return add_keyword(p, a, n_keywords);
    if ((is_list || is_dict) && !jinja_advance(p))
        return false;
    if (!(node = jinja_parse_expression(p, true)))
        return false;
    if (is_list)
        a->list = node;
    else if (is_dict)
        a->dict = node;
    else
        return jinja_add_node(p, &a->positional, n_nodes, node);
    return true;
}

static bool parse_arguments(struct jinja_parser *p, struct jinja_arguments *a)
{
    size_t n_nodes = 0, n_keywords = 0;
    bool is_first = true;
    if (!jinja_expect_operator(p, "("))
        return false;
    while (!jinja_at_operator(p, ")")) {
        if (!is_first && !jinja_expect_operator(p, ","))
            return false;
        is_first = false;
        if (jinja_at_operator(p, ")"))
            break;
        if (!parse_argument(p, a, &n_nodes, &n_keywords))
            return false;
    }
    return jinja_advance(p);
}

static struct jinja_node *parse_call(struct jinja_parser *p, struct jinja_node *callee)
{
    struct jinja_node *node = jinja_new_node(p, NODE_CALL);
    if (!node || !parse_arguments(p, &node->call.arguments))
        return NULL;
    node->call.callee = callee;
    return node;
}

static struct jinja_node *parse_postfix(struct jinja_parser *p, struct jinja_node *node)
{
    while (node) {
        if (jinja_at_operator(p, "."))
            node = parse_dot(p, node);
        else if (jinja_at_operator(p, "["))
            node = parse_bracket(p, node);
        else if (jinja_at_operator(p, "("))
            node = parse_call(p, node);
        else
            break;
    }
    return node;
}

/* The name of a filter or test, which may have dots. */
static bool parse_dotted_name(struct jinja_parser *p, struct jinja_value *out)
{
    size_t mark = jinja_mark(p->run);
    for (;;) {
        if (p->token.kind != TOKEN_NAME)
            return jinja_unexpected(p, "a name");
        if (!jinja_write(p->run, p->token.text) || !jinja_advance(p))
            return false;
        if (!jinja_at_operator(p, "."))
            return jinja_take(p->run, mark, out);
        if (!jinja_write_byte(p->run, '.') || !jinja_advance(p))
            return false;
    }
}

/* Inside conditions a name may be unknown as long as nobody gets there. */
static void find_builtin(struct jinja_parser *p, struct jinja_node *node)
{
    struct slice name = jinja_slice(&node->filter.name);
    node->filter.builtin =
        node->kind == NODE_TEST ? jinja_find_test(name) : jinja_find_filter(name);
    if (!node->filter.builtin && p->n_soft == 0 && !p->unknown)
        p->unknown = node;
}

struct jinja_node *jinja_parse_filters(struct jinja_parser *p, struct jinja_node *input,
                                       bool is_first_without_bar)
{
    while (is_first_without_bar || jinja_at_operator(p, "|")) {
        struct jinja_node *node = jinja_new_node(p, NODE_FILTER);
        if (!node || (!is_first_without_bar && !jinja_advance(p)) ||
            !parse_dotted_name(p, &node->filter.name))
            return NULL;
        find_builtin(p, node);
        if (jinja_at_operator(p, "(") && !parse_arguments(p, &node->filter.arguments))
            return NULL;
        node->filter.input = input;
        input = node;
        is_first_without_bar = false;
    }
    return input;
}

/* A test may take one argument without parentheses. */
static bool at_bare_argument(const struct jinja_parser *p)
{
    if (jinja_at_name(p, "else") || jinja_at_name(p, "or") || jinja_at_name(p, "and"))
        return false;
    return (p->token.kind >= TOKEN_NAME && p->token.kind <= TOKEN_FLOAT) ||
           jinja_at_operator(p, "[") || jinja_at_operator(p, "{");
}

static struct jinja_node *parse_test(struct jinja_parser *p, struct jinja_node *input)
{
    struct jinja_node *node = jinja_new_node(p, NODE_TEST), *argument;
    size_t capacity = 0;
    if (!node || !jinja_advance(p))
        return NULL;
    node->filter.input = input;
    node->filter.is_negated = jinja_at_name(p, "not");
    if ((node->filter.is_negated && !jinja_advance(p)) || !parse_dotted_name(p, &node->filter.name))
        return NULL;
    find_builtin(p, node);
    if (jinja_at_operator(p, "("))
        return parse_arguments(p, &node->filter.arguments) ? node : NULL;
    if (!at_bare_argument(p))
        return node;
    if (jinja_at_name(p, "is")) {
        jinja_fail(p->run, "a test cannot follow a test");
        return NULL;
    }
    argument = parse_postfix(p, parse_primary(p));
    return argument && jinja_add_node(p, &node->filter.arguments.positional, &capacity, argument)
               ? node
               : NULL;
}

static struct jinja_node *parse_filters_and_tests(struct jinja_parser *p, struct jinja_node *node)
{
    while (node) {
        if (jinja_at_operator(p, "|"))
            node = jinja_parse_filters(p, node, false);
        else if (jinja_at_name(p, "is"))
            node = parse_test(p, node);
        else if (jinja_at_operator(p, "("))
            node = parse_call(p, node);
        else
            break;
    }
    return node;
}

/* Filters bind to a number together with its sign: -1|abs is 1. */
static struct jinja_node *parse_unary(struct jinja_parser *p, bool with_filters)
{
    struct jinja_node *node;
    if (!jinja_enter(p->run))
        return NULL;
    bool is_negative = jinja_at_operator(p, "-");
    if (is_negative || jinja_at_operator(p, "+")) {
        if (!jinja_advance(p))
            return NULL;
        node = unary(p, is_negative ? NODE_NEGATIVE : NODE_POSITIVE, parse_unary(p, false));
    } else {
        node = parse_primary(p);
    }
    node = parse_postfix(p, node);
    jinja_leave(p->run);
    return with_filters ? parse_filters_and_tests(p, node) : node;
}

/* Operators that group from the left, from the loosest to the tightest; '~' stands apart. */
enum { LEVEL_SUM, LEVEL_CONCAT, LEVEL_PRODUCT, LEVEL_POWER, LEVEL_UNARY };

static const struct {
    const char *text;
    int level;
    enum jinja_operator op;
} binary_rows[] = {
    { "+", LEVEL_SUM, OPERATOR_ADD },
    { "-", LEVEL_SUM, OPERATOR_SUBTRACT },
    { "*", LEVEL_PRODUCT, OPERATOR_MULTIPLY },
    { "/", LEVEL_PRODUCT, OPERATOR_DIVIDE },
    { "//", LEVEL_PRODUCT, OPERATOR_FLOOR_DIVIDE },
    { "%", LEVEL_PRODUCT, OPERATOR_MODULO },
    { "**", LEVEL_POWER, OPERATOR_POWER },
};

static bool at_binary(const struct jinja_parser *p, int level, enum jinja_operator *op)
{
    for (size_t i = 0; i < COUNT_OF(binary_rows); i++)
        if (binary_rows[i].level == level && jinja_at_operator(p, binary_rows[i].text)) {
            *op = binary_rows[i].op;
            return true;
        }
    return false;
}

static struct jinja_node *parse_binary(struct jinja_parser *p, int level);

static struct jinja_node *parse_concat(struct jinja_parser *p)
{
    struct jinja_node *part = parse_binary(p, LEVEL_PRODUCT), *node;
    size_t capacity = 0;
    if (!part || !jinja_at_operator(p, "~"))
        return part;
    node = jinja_new_node(p, NODE_CONCAT);
    if (!node || !jinja_add_node(p, &node->items, &capacity, part))
        return NULL;
    while (jinja_at_operator(p, "~")) {
        if (!jinja_advance(p) || !(part = parse_binary(p, LEVEL_PRODUCT)) ||
            !jinja_add_node(p, &node->items, &capacity, part))
            return NULL;
    }
    return node;
}

static struct jinja_node *parse_binary(struct jinja_parser *p, int level)
{
    enum jinja_operator op;
    if (level == LEVEL_CONCAT)
        return parse_concat(p);
    if (level == LEVEL_UNARY)
        return parse_unary(p, true);
    struct jinja_node *left = parse_binary(p, level + 1);
    while (left && at_binary(p, level, &op)) {
        if (!jinja_advance(p))
            return NULL;
        left = pair(p, NODE_BINARY, left, parse_binary(p, level + 1));
        if (left)
            left->op = (uint8_t)op;
    }
    return left;
}

static bool at_comparison(const struct jinja_parser *p, enum jinja_operator *op)
{
    static const struct {
        const char *text;
        enum jinja_operator op;
    } rows[] = {
        { "==", OPERATOR_EQUAL },  { "!=", OPERATOR_NOT_EQUAL },
        { "<", OPERATOR_LESS },    { "<=", OPERATOR_LESS_EQUAL },
        { ">", OPERATOR_GREATER }, { ">=", OPERATOR_GREATER_EQUAL },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (jinja_at_operator(p, rows[i].text)) {
            *op = rows[i].op;
            return true;
        }
    bool is_not_in = jinja_at_name(p, "not") && p->ahead.kind == TOKEN_NAME &&
                     slice_equal(p->ahead.text, slice_of("in"));
    *op = is_not_in ? OPERATOR_NOT_IN : OPERATOR_IN;
    return is_not_in || jinja_at_name(p, "in");
}

static bool add_comparison(struct jinja_parser *p, struct jinja_node *node, size_t *capacity,
                           enum jinja_operator op)
{
    size_t n = node->compare.count;
    if (n == *capacity) {
        size_t larger = n ? n * 2 : 1;
        struct jinja_node **others = jinja_alloc(p->run, larger, sizeof *others);
        uint8_t *operators = others ? jinja_alloc(p->run, larger, 1) : NULL;
        if (!operators)
            return false;
        if (n) {
            memcpy(others, node->compare.others, n * sizeof *others);
            memcpy(operators, node->compare.operators, n);
        }
        node->compare.others = others;
        node->compare.operators = operators;
        *capacity = larger;
    }
    if ((op == OPERATOR_NOT_IN && !jinja_advance(p)) || !jinja_advance(p))
        return false;
    node->compare.operators[n] = (uint8_t)op;
    node->compare.count++;
    return (node->compare.others[n] = parse_binary(p, LEVEL_SUM)) != NULL;
}

static struct jinja_node *parse_compare(struct jinja_parser *p)
{
    struct jinja_node *first = parse_binary(p, LEVEL_SUM), *node;
    enum jinja_operator op;
    size_t capacity = 0;
    if (!first || !at_comparison(p, &op))
        return first;
    node = jinja_new_node(p, NODE_COMPARE);
    if (!node)
        return NULL;
    node->compare.first = first;
    while (at_comparison(p, &op))
        if (!add_comparison(p, node, &capacity, op))
            return NULL;
    return node;
}

static struct jinja_node *parse_not(struct jinja_parser *p)
{
    if (!jinja_at_name(p, "not"))
        return parse_compare(p);
    if (!jinja_enter(p->run) || !jinja_advance(p))
        return NULL;
    struct jinja_node *node = unary(p, NODE_NOT, parse_not(p));
    jinja_leave(p->run);
    return node;
}

static struct jinja_node *parse_and(struct jinja_parser *p)
{
    struct jinja_node *node = parse_not(p);
    while (node && jinja_at_name(p, "and"))
        node = jinja_advance(p) ? pair(p, NODE_AND, node, parse_not(p)) : NULL;
    return node;
}

static struct jinja_node *parse_or(struct jinja_parser *p)
{
    struct jinja_node *node = parse_and(p);
    while (node && jinja_at_name(p, "or"))
        node = jinja_advance(p) ? pair(p, NODE_OR, node, parse_and(p)) : NULL;
    return node;
}

static struct jinja_node *parse_choice(struct jinja_parser *p)
{
    struct jinja_node *unknown = p->unknown, *node = parse_or(p);
    while (node && jinja_at_name(p, "if")) {
        struct jinja_node *choice = jinja_new_node(p, NODE_CHOICE);
        if (!choice || !jinja_advance(p) || !(choice->choice.test = parse_or(p)))
            return NULL;
        choice->choice.yes = node;
        if (jinja_at_name(p, "else") &&
            (!jinja_advance(p) || !(choice->choice.no = jinja_parse_expression(p, true))))
            return NULL;
        node = choice;
        p->unknown = unknown; /* what became part of the choice is found out when it runs */
    }
    return node;
}

struct jinja_node *jinja_parse_expression(struct jinja_parser *p, bool with_choice)
{
    if (!jinja_enter(p->run))
        return NULL;
    struct jinja_node *node = with_choice ? parse_choice(p) : parse_or(p);
    jinja_leave(p->run);
    return node;
}

struct jinja_node *jinja_parse_tuple(struct jinja_parser *p, bool with_choice, const char *stop)
{
    struct jinja_node *first = jinja_parse_expression(p, with_choice), *node;
    size_t capacity = 0;
    if (!first || !jinja_at_operator(p, ","))
        return first;
    node = jinja_new_node(p, NODE_TUPLE);
    if (!node || !jinja_add_node(p, &node->items, &capacity, first))
        return NULL;
    while (jinja_at_operator(p, ",")) {
        if (!jinja_advance(p))
            return NULL;
        if (p->token.kind == TOKEN_PRINT_END || p->token.kind == TOKEN_STATEMENT_END ||
            jinja_at_operator(p, ")") || (stop && jinja_at_name(p, stop)))
            break;
        if (!(first = jinja_parse_expression(p, with_choice)) ||
            !jinja_add_node(p, &node->items, &capacity, first))
            return NULL;
    }
    return node;
}

static struct jinja_node *parse_name_target(struct jinja_parser *p, bool with_attribute)
{
    struct jinja_value value;
    if (p->token.kind != TOKEN_NAME || constant_name(p->token.text, &value)) {
        jinja_unexpected(p, "a name that can be set");
        return NULL;
    }
    struct jinja_node *node = jinja_new_node(p, NODE_NAME);
    if (!node || !jinja_intern(p, p->token.text, &node->name.symbol) || !jinja_advance(p))
        return NULL;
    node->name.text = p->template->names[node->name.symbol];
    if (with_attribute && jinja_at_operator(p, ".")) {
        struct jinja_node *attribute = parse_dot(p, node);
        if (attribute && attribute->kind != NODE_ATTRIBUTE)
            jinja_fail(p->run, "an element cannot be set");
        return attribute && attribute->kind == NODE_ATTRIBUTE ? attribute : NULL;
    }
    p->n_names++;
    return node;
}

static struct jinja_node *parse_one_target(struct jinja_parser *p, bool with_attribute)
{
    struct jinja_node *node = NULL;
    if (!jinja_at_operator(p, "("))
        return parse_name_target(p, with_attribute);
    if (jinja_enter(p->run) && jinja_advance(p))
        node = jinja_parse_target(p, with_attribute, true);
    jinja_leave(p->run);
    return node && jinja_expect_operator(p, ")") ? node : NULL;
}

struct jinja_node *jinja_parse_target(struct jinja_parser *p, bool with_attribute, bool with_tuple)
{
    struct jinja_node *node = parse_one_target(p, with_attribute), *tuple;
    size_t capacity = 0;
    if (!node || !with_tuple || !jinja_at_operator(p, ","))
        return node;
    tuple = jinja_new_node(p, NODE_TUPLE);
    if (!tuple || !jinja_add_node(p, &tuple->items, &capacity, node))
        return NULL;
    while (jinja_at_operator(p, ",")) {
        if (!jinja_advance(p))
            return NULL;
        if (p->token.kind != TOKEN_NAME && !jinja_at_operator(p, "("))
            break;
        if (jinja_at_name(p, "in") || !(node = parse_one_target(p, with_attribute)) ||
            !jinja_add_node(p, &tuple->items, &capacity, node))
            return NULL;
    }
    return tuple;
}

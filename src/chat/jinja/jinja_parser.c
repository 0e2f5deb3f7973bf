#include "chat/jinja/jinja_parser.h"

#include "base/table.h"

bool jinja_advance(struct jinja_parser *p)
{
    p->token = p->ahead;
    if (p->token.kind != TOKEN_END && !jinja_lexer_next(&p->lexer, p->run, &p->ahead))
        return false;
    p->run->line = p->token.line;
    return true;
}

static bool is_token(const struct jinja_token *token, enum jinja_token_kind kind, const char *text)
{
    return token->kind == kind && slice_equal(token->text, slice_of(text));
}

bool jinja_at_operator(const struct jinja_parser *p, const char *text)
{
    return is_token(&p->token, TOKEN_OPERATOR, text);
}

bool jinja_at_name(const struct jinja_parser *p, const char *text)
{
    return is_token(&p->token, TOKEN_NAME, text);
}

bool jinja_unexpected(struct jinja_parser *p, const char *wanted)
{
    return jinja_fail(p->run, "%s expected, not %s", wanted, jinja_token_name(&p->token));
}

bool jinja_expect_operator(struct jinja_parser *p, const char *text)
{
    return jinja_at_operator(p, text) ? jinja_advance(p) : jinja_unexpected(p, text);
}

struct jinja_node *jinja_new_node(struct jinja_parser *p, enum jinja_node_kind kind)
{
    struct jinja_node *node = jinja_alloc(p->run, 1, sizeof *node);
    if (!node)
        return NULL;
    node->kind = (uint8_t)kind;
    node->line = p->token.line;
    return node;
}

bool jinja_add_node(struct jinja_parser *p, struct jinja_nodes *nodes, size_t *capacity,
                    struct jinja_node *node)
{
    if (nodes->count == *capacity) {
        size_t larger = *capacity ? *capacity * 2 : 4;
        struct jinja_node **items = jinja_alloc(p->run, larger, sizeof *items);
        if (!items)
            return false;
        if (nodes->count)
            memcpy(items, nodes->items, nodes->count * sizeof *items);
        nodes->items = items;
        *capacity = larger;
    }
    nodes->items[nodes->count++] = node;
    return true;
}

bool jinja_intern(struct jinja_parser *p, struct slice name, jinja_symbol *symbol)
{
    struct jinja_template *t = p->template;
    struct jinja_value string;
    uint64_t known;
    if (table_get(&t->symbols, name, &known)) {
        *symbol = (jinja_symbol)known;
        return true;
    }
    if (t->n_names == t->names_capacity) {
        size_t capacity = t->n_names ? t->n_names * 2 : 32;
        const struct jinja_string **names = jinja_alloc(p->run, capacity, sizeof *names);
        if (!names)
            return false;
        if (t->n_names)
            memcpy(names, t->names, t->n_names * sizeof *names);
        t->names = names;
        t->names_capacity = capacity;
    }
    if (!jinja_view_string(p->run, name, &string))
        return false;
    if (!table_put(&t->symbols, name, t->n_names))
        return fail_memory(p->run->error, name.length, "the names of a template");
    *symbol = (jinja_symbol)t->n_names;
    t->names[t->n_names++] = string.string;
    return true;
}

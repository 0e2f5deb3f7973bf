#include <stdlib.h>

#include "chat/gotemplate/go_tree.h"

/* Names as they are met; the first walk only counts. */
struct collector {
    struct gotemplate *template;
    struct slice *names;
    size_t count;
};

static void collect(struct collector *c, struct slice name)
{
    if (c->names)
        c->names[c->count] = name;
    c->count++;
}

static void walk_pipe(struct collector *c, const struct go_pipe *pipe);

static void walk_term(struct collector *c, const struct go_term *term)
{
    if (term->kind == GO_TERM_PIPE && term->n_path == 0)
        walk_pipe(c, term->pipe);
    if (term->kind == GO_TERM_VARIABLE)
        collect(c, term->name);
    if (term->kind == GO_TERM_VARIABLE || term->kind == GO_TERM_FIELD)
        for (size_t i = 0; i < term->n_path; i++)
            collect(c, term->path[i]);
}

static void walk_pipe(struct collector *c, const struct go_pipe *pipe)
{
    for (size_t i = 0; i < pipe->n_commands; i++)
        for (size_t k = 0; k < pipe->commands[i]->n_terms; k++)
            walk_term(c, pipe->commands[i]->terms[k]);
}

static void walk_list(struct collector *c, struct go_list_of_nodes list)
{
    for (size_t i = 0; i < list.count; i++) {
        const struct go_node *node = list.nodes[i];
        if (node->pipe)
            walk_pipe(c, node->pipe);
        else if (node->kind == GO_NODE_TEMPLATE)
            c->template->calls_without_value = true;
        walk_list(c, node->list);
        walk_list(c, node->otherwise);
    }
}

static void walk(struct collector *c)
{
    c->count = 0;
    walk_list(c, c->template->root);
    for (size_t i = 0; i < c->template->n_definitions; i++)
        walk_list(c, c->template->definitions[i].list);
}

static int compare_names(const void *a, const void *b)
{
    const struct slice *x = a, *y = b;
    int order = memcmp(x->data, y->data, size_min(x->length, y->length));
    return order ? order : (x->length > y->length) - (x->length < y->length);
}

static bool to_lower_case(struct gotemplate *t, struct slice *name)
{
    char *copy = arena_copy(t->arena, *name);
    for (size_t i = 0; copy && i < name->length; i++)
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] - 'A' + 'a');
    name->data = copy;
    return copy;
}

static bool has_name(const struct slice *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (slice_equal(names[i], slice_of(name)))
            return true;
    return false;
}

bool go_find_names(struct gotemplate *t)
{
    struct collector c = { .template = t };
    walk(&c);
    c.names = arena_alloc_array(t->arena, c.count + 1, sizeof *c.names);
    if (!c.names)
        return false;
    walk(&c);
    for (size_t i = 0; i < c.count; i++)
        if (!to_lower_case(t, &c.names[i]))
            return false;
    t->appends_response =
        !has_name(c.names, c.count, "messages") && !has_name(c.names, c.count, "response");
    if (t->appends_response)
        c.names[c.count++] = slice_of("response");
    if (c.count > 1)
        qsort(c.names, c.count, sizeof *c.names, compare_names);
    for (size_t i = 0; i < c.count; i++)
        if (i == 0 || !slice_equal(c.names[i], c.names[t->n_names - 1]))
            c.names[t->n_names++] = c.names[i];
    t->names = c.names;
    return true;
}

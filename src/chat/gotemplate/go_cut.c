/* go_cut.c: the template without what stands behind the first {{ .Response }}: how the last turn is
 * rendered when turns are rendered one by one. */
#include "chat/gotemplate/go_tree.h"

struct cutter {
    struct arena *arena;
    bool is_cut; /* the response was met: everything from here on is left out */
    bool is_out; /* of memory */
};

static void *allocate(struct cutter *c, size_t count, size_t size)
{
    void *memory = arena_alloc_array(c->arena, count ? count : 1, size);
    c->is_out |= !memory;
    return memory;
}

static bool is_response(const struct go_term *term)
{
    for (size_t i = 0; term->kind == GO_TERM_FIELD && i < term->n_path; i++)
        if (slice_equal(term->path[i], slice_of("Response")))
            return true;
    return false;
}

static const struct go_pipe *cut_pipe(struct cutter *c, const struct go_pipe *pipe);

/* NULL: left out. */
static const struct go_term *cut_term(struct cutter *c, const struct go_term *term)
{
    if (c->is_cut)
        return NULL;
    c->is_cut = is_response(term);
    if (term->kind != GO_TERM_PIPE || term->n_path > 0)
        return term;
    struct go_term *copy = allocate(c, 1, sizeof *copy);
    if (!copy)
        return NULL;
    *copy = *term;
    copy->pipe = cut_pipe(c, term->pipe);
    return copy->pipe ? copy : NULL;
}

static const struct go_command *cut_command(struct cutter *c, const struct go_command *command)
{
    struct go_command *copy = allocate(c, 1, sizeof *copy);
    const struct go_term **terms = allocate(c, command->n_terms, sizeof *terms);
    if (!copy || !terms)
        return NULL;
    copy->terms = terms;
    for (size_t i = 0; i < command->n_terms; i++) {
        const struct go_term *term = cut_term(c, command->terms[i]);
        if (term)
            terms[copy->n_terms++] = term;
    }
    return copy->n_terms ? copy : NULL;
}

/* A pipeline that loses a whole command is left out. */
static const struct go_pipe *cut_pipe(struct cutter *c, const struct go_pipe *pipe)
{
    struct go_pipe *copy = allocate(c, 1, sizeof *copy);
    const struct go_command **commands = allocate(c, pipe->n_commands, sizeof *commands);
    if (!copy || !commands)
        return NULL;
    *copy = *pipe;
    copy->commands = commands;
    for (size_t i = 0; i < pipe->n_commands; i++)
        if (!(commands[i] = cut_command(c, pipe->commands[i])))
            return NULL;
    return copy;
}

static struct go_list_of_nodes cut_list(struct cutter *c, struct go_list_of_nodes list);

static const struct go_node *cut_node(struct cutter *c, const struct go_node *node)
{
    bool is_branch =
        node->kind == GO_NODE_IF || node->kind == GO_NODE_WITH || node->kind == GO_NODE_RANGE;
    if (!is_branch && node->kind != GO_NODE_ACTION)
        return node;
    struct go_node *copy = allocate(c, 1, sizeof *copy);
    if (!copy)
        return NULL;
    *copy = *node;
    if (node->kind == GO_NODE_ACTION) {
        copy->pipe = cut_pipe(c, node->pipe);
        return copy->pipe ? copy : NULL;
    }
    copy->list = cut_list(c, node->list);
    copy->otherwise = cut_list(c, node->otherwise);
    return copy;
}

static struct go_list_of_nodes cut_list(struct cutter *c, struct go_list_of_nodes list)
{
    const struct go_node **nodes = allocate(c, list.count, sizeof *nodes);
    size_t count = 0;
    for (size_t i = 0; nodes && !c->is_cut && i < list.count; i++) {
        const struct go_node *node = cut_node(c, list.nodes[i]);
        if (node)
            nodes[count++] = node;
    }
    return (struct go_list_of_nodes){ nodes, count };
}

bool go_cut_behind_response(struct gotemplate *t)
{
    struct cutter c = { .arena = t->arena };
    t->cut = cut_list(&c, t->root);
    return !c.is_out;
}

#include "chat/gotemplate_tags.h"

#include "chat/gotemplate/go_tree.h"
#include "chat/gotemplate_prompt.h"

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct slice trimmed(struct slice text)
{
    while (text.length > 0 && is_space(text.data[0]))
        text = (struct slice){ text.data + 1, text.length - 1 };
    while (text.length > 0 && is_space(text.data[text.length - 1]))
        text.length--;
    return text;
}

static bool names_field(const struct go_term *term, const char *name)
{
    for (size_t i = 0; term->kind == GO_TERM_FIELD && i < term->n_path; i++)
        if (slice_equal(term->path[i], slice_of(name)))
            return true;
    return false;
}

static bool asks_for_calls(const struct go_pipe *pipe)
{
    for (size_t i = 0; i < pipe->n_commands; i++)
        for (size_t k = 0; k < pipe->commands[i]->n_terms; k++)
            if (names_field(pipe->commands[i]->terms[k], "ToolCalls"))
                return true;
    return false;
}

/* The first `if` that asks for .ToolCalls. */
static const struct go_node *find_call_branch(struct go_list_of_nodes list)
{
    for (size_t i = 0; i < list.count; i++) {
        const struct go_node *node = list.nodes[i], *found;
        if (node->kind == GO_NODE_IF && asks_for_calls(node->pipe))
            return node;
        if ((found = find_call_branch(node->list)) || (found = find_call_branch(node->otherwise)))
            return found;
    }
    return NULL;
}

/* The first text that is more than white space, unless a value is shown before it. */
static bool find_text(struct go_list_of_nodes list, struct slice *out)
{
    for (size_t i = 0; i < list.count; i++) {
        const struct go_node *node = list.nodes[i];
        if (node->kind == GO_NODE_TEXT && trimmed(node->text).length > 0) {
            *out = node->text;
            return true;
        }
        if (node->kind == GO_NODE_ACTION)
            return false;
        if (node->kind == GO_NODE_IF || node->kind == GO_NODE_WITH || node->kind == GO_NODE_RANGE)
            return find_text(node->list, out) || find_text(node->otherwise, out);
    }
    return false;
}

static struct slice tool_call_tag(const struct gotemplate *t)
{
    const struct go_node *branch = find_call_branch(t->root);
    struct slice tag;
    if (!branch || !find_text(branch->list, &tag))
        return slice_of("{");
    const char *brace = memchr(tag.data, '{', tag.length); /* the call itself, as JSON */
    if (brace)
        tag.length = (size_t)(brace - tag.data);
    tag = trimmed(tag);
    return tag.length > 0 ? tag : slice_of("{");
}

/* Where a walk through the template is: the nearest list and the nearest range. */
struct place {
    struct go_list_of_nodes list;
    bool in_messages; /* that range is over .Messages */
    struct gotemplate_tags *tags;
};

static bool pipe_begins_with(const struct go_pipe *pipe, const char *name)
{
    for (size_t i = 0; i < pipe->n_commands; i++)
        for (size_t k = 0; k < pipe->commands[i]->n_terms; k++) {
            const struct go_term *term = pipe->commands[i]->terms[k];
            if (term->kind == GO_TERM_FIELD && slice_equal(term->path[0], slice_of(name)))
                return true;
            if (term->kind == GO_TERM_PIPE && term->n_path == 0 &&
                pipe_begins_with(term->pipe, name))
                return true;
        }
    return false;
}

/* A pipeline that shows .Thinking: what its list begins and ends with is around it. */
static void look_at_pipe(const struct place *place, const struct go_pipe *pipe)
{
    if (!pipe || !place->in_messages || place->list.count == 0 ||
        !pipe_begins_with(pipe, "Thinking"))
        return;
    const struct go_node *first = place->list.nodes[0];
    const struct go_node *last = place->list.nodes[place->list.count - 1];
    if (first->kind == GO_NODE_TEXT)
        place->tags->think_open = trimmed(first->text);
    if (last->kind == GO_NODE_TEXT)
        place->tags->think_close = trimmed(last->text);
}

static void find_thinking(struct place place)
{
    for (size_t i = 0; i < place.list.count; i++) {
        const struct go_node *node = place.list.nodes[i];
        struct place inner = place;
        if (node->kind == GO_NODE_RANGE)
            inner.in_messages = pipe_begins_with(node->pipe, "Messages");
        look_at_pipe(&inner, node->pipe);
        inner.list = node->list;
        find_thinking(inner);
        inner.list = node->otherwise;
        find_thinking(inner);
    }
}

bool gotemplate_find_tags(const struct gotemplate *t, struct gotemplate_tags *out,
                          struct error *err)
{
    const struct slice *names;
    size_t count;
    *out = (struct gotemplate_tags){ { "", 0 }, { "", 0 }, { "", 0 } };
    if (!gotemplate_names(t, &names, &count, err))
        return false;
    out->tool_call = tool_call_tag(t);
    find_thinking((struct place){ .list = t->root, .tags = out });
    return true;
}

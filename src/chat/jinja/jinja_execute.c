#include "chat/jinja/jinja_evaluate.h"

#include "chat/jinja/jinja_dict.h"
#include "chat/jinja/jinja_iterate.h"
#include "chat/jinja/jinja_loop.h"
#include "chat/jinja/jinja_print.h"

static bool assign(struct jinja_run *run, const struct jinja_node *target,
                   const struct jinja_value *value);

static bool assign_items(struct jinja_run *run, const struct jinja_node *target,
                         const struct jinja_value *value)
{
    struct jinja_iterator *it;
    struct jinja_value item;
    size_t want = target->items.count;
    if (!jinja_iterate(run, value, &it))
        return false;
    for (size_t i = 0; i < want; i++) {
        if (!jinja_next(run, it, &item))
            return false;
        if (!jinja_is_given(&item))
            return jinja_fail(run, "%zu values are needed here, and there are %zu", want, i);
        if (!assign(run, target->items.items[i], &item))
            return false;
    }
    if (!jinja_next(run, it, &item))
        return false;
    return !jinja_is_given(&item) ||
           jinja_fail(run, "%zu values are needed here, and there are more", want);
}

static bool assign_attribute(struct jinja_run *run, const struct jinja_node *target,
                             const struct jinja_value *value)
{
    struct jinja_value object;
    if (!jinja_evaluate(run, target->attribute.object, &object))
        return false;
    if (object.kind != JINJA_NAMESPACE)
        return jinja_fail(run, "only attributes of a namespace can be set, not those of a %s",
                          jinja_type_name(&object));
    return jinja_put(run, object.dict, &target->attribute.name, value);
}

static bool assign(struct jinja_run *run, const struct jinja_node *target,
                   const struct jinja_value *value)
{
    if (target->kind == NODE_NAME)
        return jinja_bind(run, target->name.symbol, value);
    if (target->kind == NODE_ATTRIBUTE)
        return assign_attribute(run, target, value);
    return assign_items(run, target, value);
}

static bool execute_if(struct jinja_run *run, const struct jinja_node *node, enum jinja_flow *flow)
{
    struct jinja_value test;
    if (!jinja_evaluate(run, node->branch.test, &test))
        return false;
    return jinja_execute(run, jinja_truth(&test) ? &node->branch.yes : &node->branch.no, flow);
}

/* `for x in y if z`: the elements for which z holds, found out when they are asked for. */
struct filtered_loop {
    const struct jinja_node *node;
    struct jinja_iterator *source;
    struct jinja_scope *scope; /* where the target has its value while z is evaluated */
};

static bool passes(struct jinja_run *run, struct filtered_loop *f, const struct jinja_value *value,
                   bool *holds)
{
    struct jinja_scope *before = run->scope;
    struct jinja_value test;
    f->scope->count = 0;
    run->scope = f->scope;
    bool ok =
        assign(run, f->node->loop.target, value) && jinja_evaluate(run, f->node->loop.test, &test);
    run->scope = before;
    *holds = ok && jinja_truth(&test);
    return ok;
}

static bool next_filtered(struct jinja_run *run, struct jinja_iterator *it, struct jinja_value *out)
{
    struct filtered_loop *f = it->state;
    bool holds = false;
    while (!holds) {
        if (!jinja_next(run, f->source, out))
            return false;
        if (!jinja_is_given(out))
            return true;
        if (!passes(run, f, out, &holds))
            return false;
    }
    return true;
}

static bool filter_loop(struct jinja_run *run, const struct jinja_node *node,
                        struct jinja_scope *outer, struct jinja_iterator **it)
{
    struct filtered_loop *f = jinja_alloc(run, 1, sizeof *f);
    struct jinja_value made;
    if (!f || !(f->scope = jinja_new_scope(run, outer, node->loop.n_names)) ||
        !jinja_new_iterator(run, next_filtered, f, &made))
        return false;
    f->node = node;
    f->source = *it;
    *it = made.iterator;
    return true;
}

static struct jinja_loop *new_loop(struct jinja_run *run, const struct jinja_node *node,
                                   const struct jinja_value *source, struct jinja_scope *outer,
                                   size_t depth0)
{
    struct jinja_loop *loop = jinja_alloc(run, 1, sizeof *loop);
    if (!loop || !jinja_iterate(run, source, &loop->iterator))
        return NULL;
    loop->source = *source;
    if (node->loop.test) {
        loop->source = jinja_missing();
        if (!filter_loop(run, node, outer, &loop->iterator))
            return NULL;
    }
    loop->index0 = -1;
    loop->depth0 = depth0;
    loop->node = node;
    loop->outer = outer;
    return loop;
}

/* One round in a scope of its own. A scope that nothing remembers is used again. */
static bool run_round(struct jinja_run *run, struct jinja_loop *loop, struct jinja_scope **scope,
                      const struct jinja_value *item, enum jinja_flow *flow)
{
    const struct jinja_node *node = loop->node;
    struct jinja_value self = { .kind = JINJA_LOOP, .loop = loop };
    if (!*scope || node->loop.has_closures) {
        *scope = jinja_new_scope(run, loop->outer, node->loop.n_names);
        if (!*scope)
            return false;
    }
    (*scope)->count = 0;
    run->scope = *scope;
    bool ok = jinja_bind(run, node->loop.loop, &self) && assign(run, node->loop.target, item) &&
              jinja_execute(run, &node->loop.body, flow);
    run->scope = loop->outer;
    return ok;
}

static bool run_otherwise(struct jinja_run *run, const struct jinja_node *node,
                          struct jinja_scope *outer, enum jinja_flow *flow)
{
    run->scope = jinja_new_scope(run, outer, node->loop.n_names);
    bool ok = run->scope && jinja_execute(run, &node->loop.otherwise, flow);
    run->scope = outer;
    return ok;
}

static bool run_loop(struct jinja_run *run, const struct jinja_node *node,
                     const struct jinja_value *source, struct jinja_scope *outer, size_t depth0,
                     enum jinja_flow *flow)
{
    struct jinja_loop *loop = new_loop(run, node, source, outer, depth0);
    struct jinja_scope *scope = NULL, *before = run->scope;
    bool completed = false; /* Jinja's own rule: `else` is for loops of which no round ended */
    if (!loop)
        return false;
    run->scope = outer;
    for (;;) {
        struct jinja_value item;
        enum jinja_flow inner = JINJA_GOES_ON;
        if (!jinja_loop_next(run, loop, &item))
            return false;
        if (!jinja_is_given(&item))
            break;
        if (!run_round(run, loop, &scope, &item, &inner))
            return false;
        if (inner == JINJA_BREAKS)
            break;
        completed = completed || inner == JINJA_GOES_ON;
    }
    bool ok = completed || !node->loop.otherwise.count || run_otherwise(run, node, outer, flow);
    run->scope = before;
    return ok;
}

static bool execute_for(struct jinja_run *run, const struct jinja_node *node, enum jinja_flow *flow)
{
    struct jinja_value source;
    return jinja_evaluate(run, node->loop.source, &source) &&
           run_loop(run, node, &source, run->scope, 0, flow);
}

bool jinja_call_loop(struct jinja_run *run, struct jinja_loop *loop, const struct jinja_call *call,
                     struct jinja_value *out)
{
    enum jinja_flow flow = JINJA_GOES_ON;
    size_t mark = jinja_mark(run);
    if (!loop->node->loop.is_recursive)
        return jinja_fail(run, "only a loop that is 'recursive' can be called");
    if (call->count != 1 || call->n_keywords)
        return jinja_fail(run, "a loop is called with one argument");
    return run_loop(run, loop->node, &call->arguments[0], loop->outer, loop->depth0 + 1, &flow) &&
           jinja_take(run, mark, out);
}

bool jinja_capture(struct jinja_run *run, const struct jinja_nodes *body, struct jinja_scope *outer,
                   size_t n_names, enum jinja_flow *flow, struct jinja_value *out)
{
    size_t mark = jinja_mark(run);
    struct jinja_scope *before = run->scope;
    run->scope = jinja_new_scope(run, outer, n_names);
    bool ok = run->scope && jinja_execute(run, body, flow) && jinja_take(run, mark, out);
    run->scope = before;
    return ok;
}

static bool execute_set(struct jinja_run *run, const struct jinja_node *node)
{
    struct jinja_value value;
    return jinja_evaluate(run, node->set.value, &value) && assign(run, node->set.target, &value);
}

/* What stands in a block, through its filters. */
static bool capture_block(struct jinja_run *run, const struct jinja_node *node,
                          enum jinja_flow *flow, struct jinja_value *out)
{
    if (!jinja_capture(run, &node->block.body, run->scope, node->block.n_names, flow, out))
        return false;
    run->captured = *out;
    return !node->block.filter || jinja_evaluate(run, node->block.filter, out);
}

static bool execute_set_block(struct jinja_run *run, const struct jinja_node *node,
                              enum jinja_flow *flow)
{
    struct jinja_value value;
    if (!capture_block(run, node, flow, &value))
        return false;
    return *flow != JINJA_GOES_ON || assign(run, node->block.target, &value);
}

static bool execute_filter_block(struct jinja_run *run, const struct jinja_node *node,
                                 enum jinja_flow *flow)
{
    struct jinja_value value;
    if (!capture_block(run, node, flow, &value))
        return false;
    return *flow != JINJA_GOES_ON || jinja_print(run, &value);
}

static bool execute_with(struct jinja_run *run, const struct jinja_node *node,
                         enum jinja_flow *flow)
{
    struct jinja_scope *outer = run->scope;
    struct jinja_scope *inner = jinja_new_scope(run, outer, node->with.n_names);
    struct jinja_value *values = jinja_alloc(run, node->with.count, sizeof *values);
    if (!inner || !values)
        return false;
    for (size_t i = 0; i < node->with.count; i++)
        if (!jinja_evaluate(run, node->with.values[i], &values[i]))
            return false;
    run->scope = inner;
    bool ok = true;
    for (size_t i = 0; ok && i < node->with.count; i++)
        ok = assign(run, node->with.targets[i], &values[i]);
    ok = ok && jinja_execute(run, &node->with.body, flow);
    run->scope = outer;
    return ok;
}

static bool execute_scope(struct jinja_run *run, const struct jinja_node *node)
{
    enum jinja_flow flow = JINJA_GOES_ON;
    struct jinja_scope *outer = run->scope;
    run->scope = jinja_new_scope(run, outer, node->block.n_names);
    bool ok = run->scope && jinja_execute(run, &node->block.body, &flow);
    run->scope = outer;
    return ok;
}

static bool execute_print(struct jinja_run *run, const struct jinja_node *node)
{
    for (size_t i = 0; i < node->print.count; i++) {
        struct jinja_value value;
        if (!jinja_evaluate(run, node->print.items[i], &value) || !jinja_print(run, &value))
            return false;
    }
    return true;
}

static bool execute_macro(struct jinja_run *run, const struct jinja_node *node)
{
    struct jinja_value macro;
    return jinja_new_macro(run, node->macro.definition, &macro) &&
           jinja_bind(run, node->macro.symbol, &macro);
}

/* The block becomes the argument `caller` of the call. */
static bool execute_call_block(struct jinja_run *run, const struct jinja_node *node)
{
    const struct jinja_node *call_node = node->macro.call;
    struct jinja_argument_room room;
    struct jinja_call call;
    struct jinja_value callee, caller, result;
    if (!jinja_evaluate(run, call_node->call.callee, &callee) ||
        !jinja_evaluate_arguments(run, &call_node->call.arguments, &room, &call) ||
        !jinja_new_macro(run, node->macro.definition, &caller))
        return false;
    struct jinja_keyword *keywords = jinja_alloc(run, call.n_keywords + 1, sizeof *keywords);
    if (!keywords)
        return false;
    if (call.n_keywords)
        memcpy(keywords, call.keywords, call.n_keywords * sizeof *keywords);
    struct jinja_keyword *last = &keywords[call.n_keywords++];
    last->value = caller;
    if (!jinja_view_string(run, slice_of("caller"), &last->name))
        return false;
    call.keywords = keywords;
    run->line = node->line;
    return jinja_call_value(run, &callee, &call, &result) && jinja_print(run, &result);
}

static bool execute_node(struct jinja_run *run, const struct jinja_node *node,
                         enum jinja_flow *flow)
{
    switch ((enum jinja_node_kind)node->kind) {
    case NODE_TEXT:
        return jinja_write(run, node->text);
    case NODE_PRINT:
        return execute_print(run, node);
    case NODE_IF:
        return execute_if(run, node, flow);
    case NODE_FOR:
        return execute_for(run, node, flow);
    case NODE_SET:
        return execute_set(run, node);
    case NODE_SET_BLOCK:
        return execute_set_block(run, node, flow);
    case NODE_WITH:
        return execute_with(run, node, flow);
    case NODE_MACRO:
        return execute_macro(run, node);
    case NODE_CALL_BLOCK:
        return execute_call_block(run, node);
    case NODE_FILTER_BLOCK:
        return execute_filter_block(run, node, flow);
    case NODE_SCOPE:
        return execute_scope(run, node);
    case NODE_BREAK:
        *flow = JINJA_BREAKS;
        return true;
    case NODE_CONTINUE:
        *flow = JINJA_CONTINUES;
        return true;
    default:
        return jinja_fail(run, "there are no other templates to include or import");
    }
}

bool jinja_execute(struct jinja_run *run, const struct jinja_nodes *body, enum jinja_flow *flow)
{
    if (!jinja_enter(run))
        return false;
    for (size_t i = 0; i < body->count && *flow == JINJA_GOES_ON; i++) {
        run->line = body->items[i]->line;
        if (!jinja_spend(run, 1) || !execute_node(run, body->items[i], flow))
            return false;
    }
    jinja_leave(run);
    return true;
}

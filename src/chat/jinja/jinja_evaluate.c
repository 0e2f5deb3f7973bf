#include "chat/jinja/jinja_evaluate.h"

#include "chat/jinja/jinja_access.h"
#include "chat/jinja/jinja_compare.h"
#include "chat/jinja/jinja_dict.h"
#include "chat/jinja/jinja_globals.h"
#include "chat/jinja/jinja_iterate.h"
#include "chat/jinja/jinja_operate.h"
#include "chat/jinja/jinja_print.h"
#include "chat/jinja/jinja_undefined.h"

static bool evaluate_items(struct jinja_run *run, const struct jinja_node *node,
                           enum jinja_kind kind, struct jinja_value *out)
{
    struct jinja_value *items = jinja_alloc(run, node->items.count, sizeof *items);
    if (!items)
        return false;
    for (size_t i = 0; i < node->items.count; i++)
        if (!jinja_evaluate(run, node->items.items[i], &items[i]))
            return false;
    return jinja_new_list(run, kind, items, node->items.count, out);
}

static bool evaluate_dict(struct jinja_run *run, const struct jinja_node *node,
                          struct jinja_value *out)
{
    struct jinja_dict *dict = jinja_new_dict(run, node->items.count / 2);
    if (!dict)
        return false;
    for (size_t i = 0; i + 1 < node->items.count; i += 2) {
        struct jinja_value key, value;
        if (!jinja_evaluate(run, node->items.items[i], &key) ||
            !jinja_evaluate(run, node->items.items[i + 1], &value) ||
            !jinja_put(run, dict, &key, &value))
            return false;
    }
    *out = jinja_dict_value(dict);
    return true;
}

static bool evaluate_concat(struct jinja_run *run, const struct jinja_node *node,
                            struct jinja_value *out)
{
    for (size_t i = 0; i < node->items.count; i++) {
        struct jinja_value part;
        if (!jinja_evaluate(run, node->items.items[i], &part) ||
            !jinja_to_string(run, &part, &part))
            return false;
        if (i == 0)
            *out = part;
        else if (!jinja_join_strings(run, out, &part, out))
            return false;
    }
    out->detail = 0; /* what was safe markup is ordinary text now */
    return true;
}

static bool evaluate_compare(struct jinja_run *run, const struct jinja_node *node,
                             struct jinja_value *out)
{
    struct jinja_value left, right;
    bool holds = true;
    if (!jinja_evaluate(run, node->compare.first, &left))
        return false;
    for (size_t i = 0; holds && i < node->compare.count; i++) {
        if (!jinja_evaluate(run, node->compare.others[i], &right))
            return false;
        run->line = node->line;
        if (!jinja_compare(run, (enum jinja_operator)node->compare.operators[i], &left, &right,
                           &holds))
            return false;
        left = right;
    }
    *out = jinja_bool(holds);
    return true;
}

static bool evaluate_choice(struct jinja_run *run, const struct jinja_node *node,
                            struct jinja_value *out)
{
    struct jinja_value test;
    if (!jinja_evaluate(run, node->choice.test, &test))
        return false;
    if (jinja_truth(&test))
        return jinja_evaluate(run, node->choice.yes, out);
    if (node->choice.no)
        return jinja_evaluate(run, node->choice.no, out);
    *out = jinja_undefined(JINJA_EMPTY, NULL);
    return true;
}

static bool evaluate_binary(struct jinja_run *run, const struct jinja_node *node,
                            struct jinja_value *out)
{
    struct jinja_value a, b;
    if (!jinja_evaluate(run, node->operands.a, &a) || !jinja_evaluate(run, node->operands.b, &b))
        return false;
    run->line = node->line;
    return jinja_operate(run, (enum jinja_operator)node->op, &a, &b, out);
}

static bool evaluate_logic(struct jinja_run *run, const struct jinja_node *node,
                           struct jinja_value *out)
{
    if (!jinja_evaluate(run, node->operands.a, out))
        return false;
    bool decides = jinja_truth(out) == (node->kind == NODE_OR);
    return decides || jinja_evaluate(run, node->operands.b, out);
}

static bool evaluate_attribute(struct jinja_run *run, const struct jinja_node *node,
                               struct jinja_value *out)
{
    struct jinja_value object;
    if (!jinja_evaluate(run, node->attribute.object, &object))
        return false;
    run->line = node->line;
    return jinja_attribute(run, &object, &node->attribute.name, out);
}

static bool evaluate_item(struct jinja_run *run, const struct jinja_node *node,
                          struct jinja_value *out)
{
    struct jinja_value object, index;
    if (!jinja_evaluate(run, node->item.object, &object) ||
        !jinja_evaluate(run, node->item.index, &index))
        return false;
    run->line = node->line;
    return jinja_item(run, &object, &index, out);
}

static bool evaluate_slice(struct jinja_run *run, const struct jinja_node *node,
                           struct jinja_value *out)
{
    struct jinja_value object, bounds[3];
    if (!jinja_evaluate(run, node->slice.object, &object))
        return false;
    for (size_t i = 0; i < 3; i++) {
        bounds[i] = jinja_none();
        if (node->slice.bounds[i] && !jinja_evaluate(run, node->slice.bounds[i], &bounds[i]))
            return false;
    }
    run->line = node->line;
    return jinja_cut(run, &object, bounds, out);
}

/* *list at the end of the positional arguments. */
static bool spread_list(struct jinja_run *run, const struct jinja_node *node,
                        struct jinja_call *call)
{
    struct jinja_items items = { 0 };
    struct jinja_value value;
    struct jinja_iterator *it;
    for (size_t i = 0; i < call->count; i++)
        if (!jinja_push(run, &items, &call->arguments[i]))
            return false;
    if (!jinja_evaluate(run, node, &value) || !jinja_iterate(run, &value, &it) ||
        !jinja_collect(run, it, &items))
        return false;
    call->arguments = items.items;
    call->count = items.count;
    return true;
}

/* **dict at the end of the keywords. */
static bool spread_dict(struct jinja_run *run, const struct jinja_node *node,
                        struct jinja_call *call)
{
    struct jinja_value value;
    if (!jinja_evaluate(run, node, &value))
        return false;
    if (value.kind != JINJA_DICT)
        return jinja_fail(run, "** needs a dict, not a %s", jinja_type_name(&value));
    size_t n = call->n_keywords;
    struct jinja_keyword *keywords = jinja_alloc(run, n + value.dict->count, sizeof *keywords);
    if (!keywords || !jinja_spend(run, value.dict->count))
        return false;
    if (n)
        memcpy(keywords, call->keywords, n * sizeof *keywords);
    for (size_t i = 0; i < value.dict->count; i++) {
        const struct jinja_entry *entry = &value.dict->entries[i];
        if (entry->key.kind != JINJA_STRING)
            return jinja_fail(run, "a keyword must be a str, not a %s",
                              jinja_type_name(&entry->key));
        for (size_t k = 0; k < n; k++)
            if (slice_equal(jinja_slice(&keywords[k].name), jinja_slice(&entry->key)))
                return jinja_fail(run, "the argument '%s' is given twice",
                                  printable(jinja_slice(&entry->key)));
        keywords[n + i] = (struct jinja_keyword){ entry->key, entry->value };
    }
    call->keywords = keywords;
    call->n_keywords = n + value.dict->count;
    return jinja_spend(run, n * value.dict->count / 16);
}

bool jinja_evaluate_arguments(struct jinja_run *run, const struct jinja_arguments *nodes,
                              struct jinja_argument_room *room, struct jinja_call *out)
{
    size_t count = nodes->positional.count, n_keywords = nodes->n_keywords;
    struct jinja_value *arguments = room->arguments;
    struct jinja_keyword *keywords = room->keywords;
    if ((count > COUNT_OF(room->arguments) &&
         !(arguments = jinja_alloc(run, count, sizeof *arguments))) ||
        (n_keywords > COUNT_OF(room->keywords) &&
         !(keywords = jinja_alloc(run, n_keywords, sizeof *keywords))))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!jinja_evaluate(run, nodes->positional.items[i], &arguments[i]))
            return false;
    for (size_t i = 0; i < n_keywords; i++) {
        keywords[i].name = nodes->keywords[i].name;
        if (!jinja_evaluate(run, nodes->keywords[i].value, &keywords[i].value))
            return false;
    }
    *out = (struct jinja_call){ jinja_missing(), arguments, count, keywords, n_keywords };
    return (!nodes->list || spread_list(run, nodes->list, out)) &&
           (!nodes->dict || spread_dict(run, nodes->dict, out));
}

bool jinja_call_value(struct jinja_run *run, const struct jinja_value *callee,
                      const struct jinja_call *call, struct jinja_value *out)
{
    struct jinja_call with_self = *call;
    switch (callee->kind) {
    case JINJA_METHOD:
        with_self.self = callee->method->self;
        return jinja_call_builtin(run, callee->method->function, &with_self, out);
    case JINJA_FUNCTION:
        return jinja_call_builtin(run, callee->function, call, out);
    case JINJA_MACRO:
        return jinja_call_macro(run, callee->macro, call, out);
    case JINJA_LOOP:
        return jinja_call_loop(run, callee->loop, call, out);
    case JINJA_JOINER:
        return jinja_call_joiner(run, callee, call, out);
    case JINJA_UNDEFINED:
        return jinja_fail_undefined(run, callee);
    default:
        return jinja_fail(run, "a %s cannot be called", jinja_type_name(callee));
    }
}

static bool evaluate_call(struct jinja_run *run, const struct jinja_node *node,
                          struct jinja_value *out)
{
    struct jinja_argument_room room;
    struct jinja_call call;
    struct jinja_value callee;
    if (!jinja_evaluate(run, node->call.callee, &callee) ||
        !jinja_evaluate_arguments(run, &node->call.arguments, &room, &call))
        return false;
    run->line = node->line;
    bool ok = jinja_call_value(run, &callee, &call, out);
    if (ok)
        run->line = node->line;
    return ok;
}

static bool evaluate_filter(struct jinja_run *run, const struct jinja_node *node,
                            struct jinja_value *out)
{
    struct jinja_argument_room room;
    struct jinja_call call;
    struct jinja_value input = run->captured;
    bool is_test = node->kind == NODE_TEST;
    if (node->filter.input && !jinja_evaluate(run, node->filter.input, &input))
        return false;
    run->line = node->line;
    if (!node->filter.builtin)
        return jinja_fail(run, "there is no %s '%s'", is_test ? "test" : "filter",
                          printable(jinja_slice(&node->filter.name)));
    if (!jinja_evaluate_arguments(run, &node->filter.arguments, &room, &call))
        return false;
    call.self = input;
    run->line = node->line;
    if (!jinja_call_builtin(run, node->filter.builtin, &call, out))
        return false;
    if (is_test && node->filter.is_negated)
        *out = jinja_bool(!jinja_truth(out));
    return true;
}

static bool evaluate_not(struct jinja_run *run, const struct jinja_node *node,
                         struct jinja_value *out)
{
    if (!jinja_evaluate(run, node->operands.a, out))
        return false;
    *out = jinja_bool(!jinja_truth(out));
    return true;
}

static bool evaluate_sign(struct jinja_run *run, const struct jinja_node *node,
                          struct jinja_value *out)
{
    return jinja_evaluate(run, node->operands.a, out) &&
           jinja_apply_sign(run, out, node->kind == NODE_NEGATIVE, out);
}

static bool evaluate_node(struct jinja_run *run, const struct jinja_node *node,
                          struct jinja_value *out)
{
    switch ((enum jinja_node_kind)node->kind) {
    case NODE_LIST:
        return evaluate_items(run, node, JINJA_LIST, out);
    case NODE_TUPLE:
        return evaluate_items(run, node, JINJA_TUPLE, out);
    case NODE_DICT:
        return evaluate_dict(run, node, out);
    case NODE_NOT:
        return evaluate_not(run, node, out);
    case NODE_NEGATIVE:
    case NODE_POSITIVE:
        return evaluate_sign(run, node, out);
    case NODE_BINARY:
        return evaluate_binary(run, node, out);
    case NODE_AND:
    case NODE_OR:
        return evaluate_logic(run, node, out);
    case NODE_CONCAT:
        return evaluate_concat(run, node, out);
    case NODE_COMPARE:
        return evaluate_compare(run, node, out);
    case NODE_CHOICE:
        return evaluate_choice(run, node, out);
    case NODE_ATTRIBUTE:
        return evaluate_attribute(run, node, out);
    case NODE_ITEM:
        return evaluate_item(run, node, out);
    case NODE_SLICE:
        return evaluate_slice(run, node, out);
    case NODE_CALL:
        return evaluate_call(run, node, out);
    case NODE_FILTER:
    case NODE_TEST:
        return evaluate_filter(run, node, out);
    default:
        return jinja_fail(run, "a statement stands where a value should");
    }
}

bool jinja_evaluate(struct jinja_run *run, const struct jinja_node *node, struct jinja_value *out)
{
    if (node->kind == NODE_CONSTANT) {
        *out = node->constant;
        return jinja_spend(run, 1);
    }
    if (node->kind == NODE_NAME) {
        *out = jinja_lookup(run, node->name.symbol);
        return jinja_spend(run, 1);
    }
    run->line = node->line;
    if (!jinja_spend(run, 1) || !jinja_enter(run))
        return false;
    bool ok = evaluate_node(run, node, out);
    jinja_leave(run);
    return ok;
}

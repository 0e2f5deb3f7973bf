#include "chat/jinja/jinja_value.h"

#include "chat/jinja/jinja_dict.h"

bool jinja_length(const struct jinja_value *v, size_t *length)
{
    *length = 0;
    switch (v->kind) {
    case JINJA_UNDEFINED:
        return true;
    case JINJA_STRING:
        *length = v->string->n_points;
        return true;
    case JINJA_LIST:
    case JINJA_TUPLE:
        *length = v->list->count;
        return true;
    case JINJA_DICT:
    case JINJA_VIEW:
        *length = v->dict->count;
        return true;
    case JINJA_RANGE:
        *length = (size_t)v->range->count;
        return true;
    default:
        return false;
    }
}

bool jinja_truth(const struct jinja_value *v)
{
    size_t length;
    switch (v->kind) {
    case JINJA_MISSING:
    case JINJA_UNDEFINED:
    case JINJA_NONE:
        return false;
    case JINJA_BOOL:
        return v->boolean;
    case JINJA_INTEGER:
        return v->integer != 0;
    case JINJA_FLOAT:
        return v->real != 0;
    default:
        return !jinja_length(v, &length) || length > 0;
    }
}

const char *jinja_type_name(const struct jinja_value *v)
{
    static const char *const names[] = {
        [JINJA_MISSING] = "nothing",
        [JINJA_UNDEFINED] = "Undefined",
        [JINJA_NONE] = "NoneType",
        [JINJA_BOOL] = "bool",
        [JINJA_INTEGER] = "int",
        [JINJA_BIG] = "int",
        [JINJA_FLOAT] = "float",
        [JINJA_STRING] = "str",
        [JINJA_LIST] = "list",
        [JINJA_TUPLE] = "tuple",
        [JINJA_DICT] = "dict",
        [JINJA_RANGE] = "range",
        [JINJA_ITERATOR] = "generator",
        [JINJA_NAMESPACE] = "Namespace",
        [JINJA_LOOP] = "LoopContext",
        [JINJA_MACRO] = "Macro",
        [JINJA_FUNCTION] = "function",
        [JINJA_METHOD] = "method",
        [JINJA_CYCLER] = "Cycler",
        [JINJA_JOINER] = "Joiner",
        [JINJA_SELF] = "TemplateReference",
    };
    static const char *const views[] = { "dict_keys", "dict_values", "dict_items" };
    return v->kind == JINJA_VIEW ? views[v->detail] : names[v->kind];
}

bool jinja_same(const struct jinja_value *a, const struct jinja_value *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case JINJA_MISSING:
    case JINJA_NONE:
    case JINJA_SELF:
        return true;
    case JINJA_UNDEFINED:
        return a->detail == b->detail && a->string == b->string;
    case JINJA_BOOL:
        return a->boolean == b->boolean;
    case JINJA_INTEGER:
        return a->integer == b->integer;
    case JINJA_FLOAT:
        return memcmp(&a->real, &b->real, sizeof a->real) == 0 && a->real == a->real;
    case JINJA_STRING:
        return a->string == b->string ||
               (a->detail == b->detail && slice_equal(jinja_slice(a), jinja_slice(b)));
    case JINJA_VIEW:
        return a->dict == b->dict && a->detail == b->detail;
    case JINJA_METHOD:
        return a->method->function == b->method->function &&
               a->method->self.list == b->method->self.list;
    default: /* the rest are pointers */
        return a->list == b->list;
    }
}

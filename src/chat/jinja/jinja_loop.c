#include "chat/jinja/jinja_loop.h"

#include "chat/jinja/jinja_iterate.h"

static bool look_ahead(struct jinja_run *run, struct jinja_loop *loop)
{
    if (loop->has_after)
        return true;
    loop->has_after = true;
    return jinja_next(run, loop->iterator, &loop->after);
}

bool jinja_loop_next(struct jinja_run *run, struct jinja_loop *loop, struct jinja_value *out)
{
    if (!look_ahead(run, loop))
        return false;
    *out = loop->after;
    if (!jinja_is_given(out))
        return true;
    loop->has_after = false;
    loop->before = loop->current;
    loop->current = *out;
    loop->index0++;
    return true;
}

/* Elements that only an iterator knows are collected to be counted. */
static bool count_elements(struct jinja_run *run, struct jinja_loop *loop, size_t *length)
{
    struct jinja_items rest = { 0 };
    struct jinja_value list;
    if (jinja_length(&loop->source, length))
        return true;
    if (!look_ahead(run, loop))
        return false;
    *length = (size_t)(loop->index0 + 1);
    if (!jinja_is_given(&loop->after))
        return true;
    if (!jinja_collect(run, loop->iterator, &rest) ||
        !jinja_new_list(run, JINJA_LIST, rest.items, rest.count, &list) ||
        !jinja_iterate(run, &list, &loop->iterator))
        return false;
    *length += 1 + rest.count;
    /* From now on the length is known by a range that nobody walks. */
    struct jinja_range *known = jinja_alloc(run, 1, sizeof *known);
    if (!known)
        return false;
    *known = (struct jinja_range){ 0, (int64_t)*length, 1, (int64_t)*length };
    loop->source = (struct jinja_value){ .kind = JINJA_RANGE, .range = known };
    return true;
}

static bool from_length(struct jinja_run *run, struct jinja_loop *loop, int64_t minus,
                        struct jinja_value *out)
{
    size_t length;
    if (!count_elements(run, loop, &length))
        return false;
    *out = jinja_integer((int64_t)length - minus);
    return true;
}

static bool neighbour(const struct jinja_value *v, struct jinja_value *out)
{
    *out = jinja_is_given(v) ? *v : jinja_undefined(JINJA_EMPTY, NULL);
    return true;
}

enum loop_attribute {
    INDEX,
    INDEX0,
    REVINDEX,
    REVINDEX0,
    FIRST,
    LAST,
    LENGTH,
    DEPTH,
    DEPTH0,
    PREVITEM,
    NEXTITEM
};

static bool attribute_value(struct jinja_run *run, struct jinja_loop *loop,
                            enum loop_attribute attribute, struct jinja_value *out)
{
    switch (attribute) {
    case INDEX:
    case INDEX0:
        *out = jinja_integer(loop->index0 + (attribute == INDEX));
        return true;
    case REVINDEX:
    case REVINDEX0:
        return from_length(run, loop, loop->index0 + (attribute == REVINDEX0), out);
    case LENGTH:
        return from_length(run, loop, 0, out);
    case FIRST:
        *out = jinja_bool(loop->index0 == 0);
        return true;
    case LAST:
        if (!look_ahead(run, loop))
            return false;
        *out = jinja_bool(!jinja_is_given(&loop->after));
        return true;
    case DEPTH:
    case DEPTH0:
        *out = jinja_integer((int64_t)loop->depth0 + (attribute == DEPTH));
        return true;
    case PREVITEM:
        return neighbour(&loop->before, out);
    case NEXTITEM:
        return look_ahead(run, loop) && neighbour(&loop->after, out);
    }
    return true;
}

bool jinja_loop_attribute(struct jinja_run *run, struct jinja_loop *loop, struct slice name,
                          struct jinja_value *out)
{
    static const char *const names[] = {
        [INDEX] = "index",         [INDEX0] = "index0",     [REVINDEX] = "revindex",
        [REVINDEX0] = "revindex0", [FIRST] = "first",       [LAST] = "last",
        [LENGTH] = "length",       [DEPTH] = "depth",       [DEPTH0] = "depth0",
        [PREVITEM] = "previtem",   [NEXTITEM] = "nextitem",
    };
    *out = jinja_missing();
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (slice_equal(name, slice_of(names[i])))
            return attribute_value(run, loop, (enum loop_attribute)i, out);
    return true;
}

#include "chat/jinja/jinja_iterate.h"

#include "base/utf8.h"
#include "chat/jinja/jinja_dict.h"
#include "chat/jinja/jinja_loop.h"

struct jinja_value jinja_element(const struct jinja_value *v, size_t i)
{
    if (v->kind == JINJA_RANGE)
        return jinja_integer(v->range->start + (int64_t)i * v->range->step);
    return v->list->items[i];
}

static bool next_nothing(struct jinja_run *run, struct jinja_iterator *it, struct jinja_value *out)
{
    (void)run;
    (void)it;
    *out = jinja_missing();
    return true;
}

static bool next_element(struct jinja_run *run, struct jinja_iterator *it, struct jinja_value *out)
{
    size_t length;
    (void)run;
    bool has_more = jinja_length(&it->source, &length) && it->position < length;
    *out = has_more ? jinja_element(&it->source, it->position++) : jinja_missing();
    return true;
}

static bool next_element_reversed(struct jinja_run *run, struct jinja_iterator *it,
                                  struct jinja_value *out)
{
    size_t length;
    (void)run;
    bool has_more = jinja_length(&it->source, &length) && it->position < length;
    *out = has_more ? jinja_element(&it->source, length - ++it->position) : jinja_missing();
    return true;
}

static bool next_character(struct jinja_run *run, struct jinja_iterator *it,
                           struct jinja_value *out)
{
    struct slice text = jinja_slice(&it->source);
    *out = jinja_missing();
    if (it->position == text.length)
        return true;
    const char *at = text.data + it->position;
    size_t n = utf8_length((const uint8_t *)at, text.length - it->position);
    it->position += n;
    return jinja_view_string(run, (struct slice){ at, n }, out);
}

static bool entry_value(struct jinja_run *run, const struct jinja_value *source,
                        const struct jinja_entry *entry, struct jinja_value *out)
{
    if (source->kind == JINJA_VIEW && source->detail == JINJA_ITEMS)
        return jinja_new_pair(run, &entry->key, &entry->value, out);
    bool is_value = source->kind == JINJA_VIEW && source->detail == JINJA_VALUES;
    *out = is_value ? entry->value : entry->key;
    return true;
}

static bool next_entry(struct jinja_run *run, struct jinja_iterator *it, struct jinja_value *out)
{
    const struct jinja_dict *dict = it->source.dict;
    *out = jinja_missing();
    return it->position == dict->count ||
           entry_value(run, &it->source, &dict->entries[it->position++], out);
}

static bool next_entry_reversed(struct jinja_run *run, struct jinja_iterator *it,
                                struct jinja_value *out)
{
    const struct jinja_dict *dict = it->source.dict;
    *out = jinja_missing();
    return it->position == dict->count ||
           entry_value(run, &it->source, &dict->entries[dict->count - ++it->position], out);
}

static bool next_round(struct jinja_run *run, struct jinja_iterator *it, struct jinja_value *out)
{
    return jinja_loop_next(run, it->source.loop, out);
}

static jinja_next_function *next_of(const struct jinja_value *v)
{
    switch (v->kind) {
    case JINJA_UNDEFINED:
        return next_nothing;
    case JINJA_STRING:
        return next_character;
    case JINJA_LIST:
    case JINJA_TUPLE:
    case JINJA_RANGE:
        return next_element;
    case JINJA_DICT:
    case JINJA_VIEW:
        return next_entry;
    case JINJA_LOOP:
        return next_round;
    default:
        return NULL;
    }
}

bool jinja_is_iterable(const struct jinja_value *v)
{
    return v->kind == JINJA_ITERATOR || next_of(v) != NULL;
}

bool jinja_new_iterator(struct jinja_run *run, jinja_next_function *next, void *state,
                        struct jinja_value *out)
{
    struct jinja_iterator *it = jinja_alloc(run, 1, sizeof *it);
    if (!it)
        return false;
    it->next = next;
    it->state = state;
    *out = (struct jinja_value){ .kind = JINJA_ITERATOR, .iterator = it };
    return true;
}

bool jinja_iterate(struct jinja_run *run, const struct jinja_value *v, struct jinja_iterator **out)
{
    struct jinja_value made;
    if (v->kind == JINJA_ITERATOR) {
        *out = v->iterator;
        return true;
    }
    if (!next_of(v))
        return jinja_fail(run, "a %s has no elements", jinja_type_name(v));
    if (!jinja_new_iterator(run, next_of(v), NULL, &made))
        return false;
    *out = made.iterator;
    (*out)->source = *v;
    return true;
}

bool jinja_iterate_reversed(struct jinja_run *run, const struct jinja_value *v, bool *can,
                            struct jinja_value *out)
{
    jinja_next_function *next = next_of(v);
    jinja_next_function *reversed = next == next_element ? next_element_reversed
                                    : next == next_entry ? next_entry_reversed
                                                         : next;
    *can = reversed && reversed != next_character && reversed != next_round;
    if (!*can)
        return true;
    if (!jinja_new_iterator(run, reversed, NULL, out))
        return false;
    out->iterator->source = *v;
    return true;
}

bool jinja_collect(struct jinja_run *run, struct jinja_iterator *it, struct jinja_items *items)
{
    for (;;) {
        struct jinja_value element;
        if (!jinja_next(run, it, &element))
            return false;
        if (!jinja_is_given(&element))
            return true;
        if (!jinja_push(run, items, &element))
            return false;
    }
}

bool jinja_to_list(struct jinja_run *run, const struct jinja_value *v, enum jinja_kind kind,
                   struct jinja_value *out)
{
    struct jinja_items items = { 0 };
    struct jinja_iterator *it;
    if (jinja_is_sequence(v))
        return jinja_new_list(run, kind, v->list->items, v->list->count, out);
    return jinja_iterate(run, v, &it) && jinja_collect(run, it, &items) &&
           jinja_new_list(run, kind, items.items, items.count, out);
}

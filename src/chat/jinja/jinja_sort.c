#include "chat/jinja/jinja_sort.h"

#include "chat/jinja/jinja_compare.h"

/* Merge two neighbouring runs: the right one goes first only where it must. */
static bool merge(struct jinja_run *run, const struct jinja_sorted *from, size_t middle, size_t end,
                  bool is_reverse, struct jinja_sorted *to)
{
    size_t left = 0, right = middle;
    while (left < middle || right < end) {
        bool takes_right = left == middle;
        if (left < middle && right < end) {
            const struct jinja_value *a = &from[right].key, *b = &from[left].key;
            if (!jinja_less(run, is_reverse ? b : a, is_reverse ? a : b, &takes_right))
                return false;
        }
        *to++ = takes_right ? from[right++] : from[left++];
    }
    return true;
}

bool jinja_sort(struct jinja_run *run, struct jinja_sorted *items, size_t count, bool is_reverse)
{
    struct jinja_sorted *other = jinja_alloc(run, count, sizeof *other), *from = items, *to = other;
    if (!other)
        return false;
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t begin = 0; begin < count; begin += 2 * width) {
            size_t middle = size_min(width, count - begin);
            size_t end = size_min(2 * width, count - begin);
            if (!merge(run, from + begin, middle, end, is_reverse, to + begin))
                return false;
        }
        struct jinja_sorted *swap = from;
        from = to;
        to = swap;
    }
    if (from != items && count)
        memcpy(items, from, count * sizeof *items);
    return jinja_spend(run, count);
}

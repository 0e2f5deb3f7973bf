#include "base/slice_text.h"

struct slice slice_to(struct slice text, size_t end)
{
    return (struct slice){ text.data, end };
}

struct slice slice_from(struct slice text, size_t begin)
{
    const char *data = begin ? text.data + begin : text.data; /* which may be NULL */
    return (struct slice){ data, text.length - begin };
}

bool slice_is(struct slice text, const char *string)
{
    return slice_equal(text, slice_of(string));
}

bool begins_with(struct slice text, const char *prefix)
{
    size_t n = strlen(prefix);
    return text.length >= n && memcmp(text.data, prefix, n) == 0;
}

bool ends_with(struct slice text, const char *suffix)
{
    size_t n = strlen(suffix);
    return text.length >= n && memcmp(text.data + text.length - n, suffix, n) == 0;
}

size_t find_first(struct slice text, const char *needle)
{
    const char *found = text.length ? memmem(text.data, text.length, needle, strlen(needle)) : NULL;
    return found ? (size_t)(found - text.data) : SIZE_MAX;
}

size_t find_last(struct slice text, const char *needle)
{
    size_t last = SIZE_MAX, at = 0;
    for (size_t next; (next = find_first(slice_from(text, at), needle)) != SIZE_MAX; at = last + 1)
        last = at + next;
    return last;
}

bool has(struct slice text, const char *needle)
{
    return find_first(text, needle) != SIZE_MAX;
}

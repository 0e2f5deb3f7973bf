#include "chat/dialect/loose_match.h"

#include "base/slice_text.h"

enum { MAX_SPACE = 256 }; /* that is passed over in one pattern */

bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct slice core_of(struct slice text)
{
    while (text.length && is_blank(text.data[0]))
        text = slice_from(text, 1);
    while (text.length && is_blank(text.data[text.length - 1]))
        text.length--;
    return text;
}

struct slice space_behind(struct slice text)
{
    struct slice core = core_of(text);
    return core.length ? slice_from(text, (size_t)(core.data - text.data) + core.length)
                       : slice_of("");
}

/* The white space that a pattern ends with is consumed as far as it is there. */
static enum loose_match match_end(struct slice text, size_t at, struct slice pattern, bool is_last,
                                  size_t *n_bytes)
{
    size_t n = 0;
    while (n < pattern.length && at + n < text.length && text.data[at + n] == pattern.data[n])
        n++;
    *n_bytes = at + n;
    return n < pattern.length && at + n == text.length && !is_last ? MATCHES_SO_FAR : MATCHES;
}

enum loose_match match_loosely(struct slice text, struct slice pattern, bool is_last,
                               size_t *n_bytes)
{
    size_t at = 0, k = 0, n_skipped = 0;
    struct slice core = core_of(pattern);
    *n_bytes = 0;
    if (core.length == 0)
        return match_end(text, 0, pattern, is_last, n_bytes);
    while (k < core.length) {
        if (is_blank(core.data[k])) {
            k++;
            continue;
        }
        while (at < text.length && is_blank(text.data[at]) && n_skipped++ < MAX_SPACE)
            at++;
        if (at == text.length)
            return is_last ? MATCHES_NOT : MATCHES_SO_FAR;
        if (text.data[at] != core.data[k])
            return MATCHES_NOT;
        at++;
        k++;
    }
    size_t behind = (size_t)(core.data - pattern.data) + core.length;
    return match_end(text, at, slice_from(pattern, behind), is_last, n_bytes);
}

enum loose_match match_row(struct slice text, const struct slice *row, size_t n, bool is_last,
                           size_t *n_bytes)
{
    *n_bytes = 0;
    for (size_t i = 0; i < n; i++) {
        size_t length;
        enum loose_match match =
            match_loosely(slice_from(text, *n_bytes), row[i], is_last, &length);
        if (match != MATCHES)
            return match;
        *n_bytes += length;
    }
    return MATCHES;
}

bool is_cut_off(struct slice text, struct slice pattern)
{
    size_t n_bytes;
    return match_loosely(text, pattern, false, &n_bytes) == MATCHES_SO_FAR;
}

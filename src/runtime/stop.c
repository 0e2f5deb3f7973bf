#include "runtime/stop.h"

#include "base/memory.h"

/* One string, and how much of it the bytes so far end in (Knuth, Morris and Pratt 1977). */
struct stop_string {
    const uint8_t *bytes;   /* [length] */
    const uint16_t *border; /* [length + 1] longest proper prefix that ends the first i bytes */
    size_t length, matched; /* matched < length between feeds */
};

struct stop_matcher {
    struct stop_string *strings; /* [n], their memory follows them in the same allocation */
    size_t n, n_held;
    /* The longest match in progress and one byte more: never given out yet. */
    char held[STOP_MOST_BYTES + 1];
};

static bool check_strings(const struct slice *strings, size_t n, struct error *err)
{
    if (n > STOP_MOST_STRINGS)
        return fail(err, ERROR_USAGE, "%zu stop strings, but at most %d are allowed", n,
                    STOP_MOST_STRINGS);
    for (size_t i = 0; i < n; i++) {
        if (strings[i].length == 0)
            return fail(err, ERROR_USAGE, "stop string %zu of %zu is empty", i + 1, n);
        if (strings[i].length > STOP_MOST_BYTES)
            return fail(err, ERROR_USAGE,
                        "stop string '%s' has %zu bytes, but at most %d are allowed",
                        printable(strings[i]), strings[i].length, STOP_MOST_BYTES);
    }
    return true;
}

static void fill_borders(uint16_t *border, const uint8_t *bytes, size_t length)
{
    border[0] = 0;
    if (length > 0)
        border[1] = 0;
    for (size_t i = 1, k = 0; i < length; i++) {
        while (k > 0 && bytes[i] != bytes[k])
            k = border[k];
        k += bytes[i] == bytes[k];
        border[i + 1] = (uint16_t)k;
    }
}

bool stop_open(struct stop_matcher **out, const struct slice *strings, size_t n, struct error *err)
{
    *out = NULL;
    if (!check_strings(strings, n, err))
        return false;
    size_t bytes = n * sizeof(struct stop_string), n_bytes = 0;
    for (size_t i = 0; i < n; i++)
        n_bytes += strings[i].length;
    bytes += (n_bytes + n) * sizeof(uint16_t) + n_bytes;
    struct stop_matcher *m = memory_zeroed(1, sizeof *m);
    if (m)
        m->strings = memory_zeroed(1, bytes);
    if (!m || !m->strings) {
        memory_free(m);
        return fail_memory(err, sizeof *m + bytes, "stop strings");
    }
    m->n = n;
    uint16_t *border = (uint16_t *)(m->strings + n);
    uint8_t *copy = (uint8_t *)(border + n_bytes + n);
    for (size_t i = 0; i < n; i++) {
        size_t length = strings[i].length;
        memcpy(copy, strings[i].data, length);
        fill_borders(border, copy, length);
        m->strings[i] = (struct stop_string){ copy, border, length, 0 };
        border += length + 1;
        copy += length;
    }
    *out = m;
    return true;
}

void stop_close(struct stop_matcher **matcher)
{
    if (!*matcher)
        return;
    memory_free((*matcher)->strings);
    memory_free(*matcher);
    *matcher = NULL;
}

void stop_clear(struct stop_matcher *m)
{
    m->n_held = 0;
    for (size_t i = 0; i < m->n; i++)
        m->strings[i].matched = 0;
}

static void advance(struct stop_string *s, uint8_t byte)
{
    while (s->matched > 0 && s->bytes[s->matched] != byte)
        s->matched = s->border[s->matched];
    s->matched += s->bytes[s->matched] == byte;
}

/* Append the oldest held bytes but the last `n_kept`. */
static bool release(struct stop_matcher *m, size_t n_kept, struct text *out)
{
    size_t n = m->n_held - n_kept;
    if (n == 0)
        return true;
    if (!text_append(out, m->held, n))
        return false;
    memmove(m->held, m->held + n, n_kept);
    m->n_held = n_kept;
    return true;
}

/* One byte; *longest gets the length of the longest match in progress or, with *matched, complete.
 */
static void step(struct stop_matcher *m, uint8_t byte, size_t *longest, int *matched)
{
    *longest = 0;
    for (size_t i = 0; i < m->n; i++) {
        struct stop_string *s = &m->strings[i];
        advance(s, byte);
        bool is_complete = s->matched == s->length;
        if (is_complete && (*matched < 0 || s->length > m->strings[*matched].length))
            *matched = (int)i;
        *longest = size_max(*longest, s->matched);
    }
    if (*matched >= 0)
        *longest = m->strings[*matched].length;
}

bool stop_feed(struct stop_matcher *m, struct slice bytes, struct text *out, int *matched)
{
    *matched = -1;
    if (m->n == 0)
        return bytes.length == 0 || text_append_slice(out, bytes);
    for (size_t i = 0; i < bytes.length; i++) {
        size_t longest;
        m->held[m->n_held++] = bytes.data[i];
        step(m, (uint8_t)bytes.data[i], &longest, matched);
        if (!release(m, longest, out)) {
            stop_clear(m);
            return false;
        }
        if (*matched >= 0) {
            stop_clear(m);
            return true;
        }
    }
    return true;
}

bool stop_finish(struct stop_matcher *m, struct text *out)
{
    if (!release(m, 0, out))
        return false;
    stop_clear(m);
    return true;
}

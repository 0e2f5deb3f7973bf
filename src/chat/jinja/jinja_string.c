#include "chat/jinja/jinja_string.h"

#include "chat/jinja/jinja_unicode.h"

/* Nothing stands between all characters and at both ends. */
static bool replace_nothing(struct jinja_run *run, struct slice text, struct slice new,
                            uint64_t left)
{
    bool ok = true;
    size_t i = 0;
    for (size_t n; ok && left > 0 && i < text.length; i += n, left--) {
        (void)jinja_point(text.data + i, text.length - i, &n);
        ok = jinja_spend(run, 1) && jinja_write(run, new) &&
             jinja_write(run, (struct slice){ text.data + i, n });
    }
    ok = ok && jinja_write(run, (struct slice){ text.data + i, text.length - i });
    return ok && (left == 0 || i < text.length || jinja_write(run, new));
}

static bool replace_text(struct jinja_run *run, struct slice text, struct slice old,
                         struct slice new, uint64_t left)
{
    bool ok = jinja_spend_bytes(run, text.length);
    while (ok && text.length) {
        const char *found = left ? memmem(text.data, text.length, old.data, old.length) : NULL;
        size_t n = found ? (size_t)(found - text.data) : text.length;
        ok = jinja_spend(run, 1) && jinja_write(run, (struct slice){ text.data, n }) &&
             (!found || jinja_write(run, new));
        n += found ? old.length : 0;
        left -= found != NULL;
        text = (struct slice){ text.data + n, text.length - n };
    }
    return ok;
}

bool jinja_replace(struct jinja_run *run, struct slice text, struct slice old, struct slice new,
                   int64_t count, struct jinja_value *out)
{
    size_t mark = jinja_mark(run);
    uint64_t left = count < 0 ? UINT64_MAX : (uint64_t)count;
    if (left == 0 || (old.length && !memmem(text.data, text.length, old.data, old.length)))
        return jinja_view_string(run, text, out);
    return (old.length ? replace_text(run, text, old, new, left)
                       : replace_nothing(run, text, new, left)) &&
           jinja_take(run, mark, out);
}

bool jinja_center(struct jinja_run *run, struct slice text, int64_t width, struct slice fill,
                  struct jinja_value *out)
{
    size_t mark = jinja_mark(run);
    int64_t length = (int64_t)jinja_count_points(text);
    int64_t rest = width > length ? width - length : 0;
    /* Python's own rule for the odd blank. */
    int64_t left = rest / 2 + (rest & width & 1);
    return jinja_spend_bytes(run, text.length) && jinja_write_times(run, fill, (uint64_t)left) &&
           jinja_write(run, text) && jinja_write_times(run, fill, (uint64_t)(rest - left)) &&
           jinja_take(run, mark, out);
}

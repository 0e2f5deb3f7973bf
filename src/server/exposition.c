#include "server/exposition.h"

#include "base/utf8.h"

#include <math.h>

void exposition_init(struct exposition *page, struct text *out)
{
    *page = (struct exposition){ .out = out, .is_whole = true };
}

void exposition_family(struct exposition *page, const char *name, const char *type,
                       const char *help)
{
    page->family = name;
    page->is_whole = page->is_whole &&
                     text_printf(page->out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static bool append_label_value(struct text *out, const char *value)
{
    const uint8_t *p = (const uint8_t *)value;
    bool ok = true;
    for (size_t left = strlen(value); ok && left > 0;) {
        size_t n = utf8_length(p, left);
        if (n == 0)
            ok = text_append_string(out, "\xef\xbf\xbd");
        else if (*p == '\n')
            ok = text_append_string(out, "\\n");
        else if (*p == '"' || *p == '\\')
            ok = text_printf(out, "\\%c", *p);
        else
            ok = text_append(out, p, n);
        p += n ? n : 1;
        left -= n ? n : 1;
    }
    return ok;
}

static bool append_labels(struct text *out, labels of, const char *more)
{
    if (!of[0].name && !*more)
        return true;
    bool ok = text_append_byte(out, '{');
    for (size_t i = 0; ok && of[i].name; i++)
        ok = text_printf(out, "%s%s=\"", i ? "," : "", of[i].name) &&
             append_label_value(out, of[i].value) && text_append_byte(out, '"');
    return ok && text_printf(out, "%s%s}", of[0].name && *more ? "," : "", more);
}

/* Whole numbers up to 2^53 are told exactly. */
static bool append_value(struct text *out, double value)
{
    if (!isfinite(value))
        return text_append_string(out, isnan(value) ? " NaN\n" : value > 0 ? " +Inf\n" : " -Inf\n");
    return text_printf(out, value == floor(value) && fabs(value) < 1e16 ? " %.0f\n" : " %.9g\n",
                       value);
}

static void append_sample(struct exposition *page, const char *suffix, labels of, const char *more,
                          double value)
{
    page->is_whole = page->is_whole && text_printf(page->out, "%s%s", page->family, suffix) &&
                     append_labels(page->out, of, more) && append_value(page->out, value);
}

void exposition_sample(struct exposition *page, labels of, double value)
{
    append_sample(page, "", of, "", value);
}

void exposition_histogram(struct exposition *page, labels of, const double *bounds, size_t n_bounds,
                          const uint64_t *counts, double sum)
{
    uint64_t so_far = 0;
    for (size_t i = 0; i <= n_bounds; i++) {
        struct text bound;
        text_init(&bound, 64);
        bool ok = i < n_bounds ? text_printf(&bound, "le=\"%.9g\"", bounds[i])
                               : text_append_string(&bound, "le=\"+Inf\"");
        page->is_whole = page->is_whole && ok;
        so_far += counts[i];
        append_sample(page, "_bucket", of, ok ? bound.data : "", (double)so_far);
        text_release(&bound);
    }
    append_sample(page, "_sum", of, "", sum);
    append_sample(page, "_count", of, "", (double)so_far);
}

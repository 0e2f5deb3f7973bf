#include "golden_lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

bool golden_each_line(const char *name, void (*check)(const struct json *line, void *context),
                      void *context)
{
    const char *golden = getenv("HEARTH_GOLDEN");
    char path[500];
    snprintf(path, sizeof path, "%s/%s", golden ? golden : "../shared/golden", name);
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    char *line = NULL;
    size_t capacity = 0;
    for (ssize_t n; (n = getline(&line, &capacity, file)) > 0;) {
        const struct json *json;
        struct error err = { 0 };
        if (!json_open(&json, line, (size_t)n, name, &err)) {
            fprintf(stderr, "%s\n", err.message);
            abort();
        }
        check(json, context);
        json_close(&json);
    }
    free(line);
    fclose(file);
    return true;
}

static bool same_members(const struct json *a, const struct json *b, bool in_order)
{
    const struct json_member *other = json_first(b);
    for (const struct json_member *m = json_first(a); m; m = json_next(a, m)) {
        if (in_order && (!other || !slice_equal(json_member_key(m), json_member_key(other))))
            return false;
        const struct json *value = json_member(b, json_member_key(m));
        if (!value || !json_same(json_member_value(m), value, in_order))
            return false;
        if (in_order)
            other = json_next(b, other);
    }
    return true;
}

bool json_same(const struct json *a, const struct json *b, bool in_order)
{
    if (json_is_numeric(a) && json_is_numeric(b))
        return json_number(a, 0) == json_number(b, 1);
    if (json_kind(a) != json_kind(b) || json_size(a) != json_size(b))
        return false;
    for (size_t i = 0; json_kind(a) == JSON_KIND_ARRAY && i < json_size(a); i++)
        if (!json_same(json_at(a, i), json_at(b, i), in_order))
            return false;
    if (json_kind(a) == JSON_KIND_OBJECT)
        return same_members(a, b, in_order);
    if (json_kind(a) == JSON_KIND_BOOL)
        return json_flag(a, false) == json_flag(b, false);
    return slice_equal(json_text(a), json_text(b));
}

#include "cli/token_ids.h"

#include <errno.h>
#include <stdlib.h>

bool token_ids_parse(struct slice text, struct token_list *out, struct error *err)
{
    const char *p = text.data, *end = p + text.length;
    while (p < end) {
        if (*p == ' ' || *p == ',' || (*p >= '\t' && *p <= '\r')) {
            p++;
            continue;
        }
        char *after = NULL;
        errno = 0;
        long id = strtol(p, &after, 10); /* stops at the NUL byte */
        if (after == p || errno || id < 0 || id > INT32_MAX)
            return fail(err, ERROR_USAGE, "no token id at '%s'",
                        printable((struct slice){ p, size_min(20, (size_t)(end - p)) }));
        if (!token_list_push(out, (token_id)id))
            return fail_memory(err, out->count * sizeof *out->ids, "token ids");
        p = after;
    }
    return true;
}

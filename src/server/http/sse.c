#include "server/http/sse.h"

bool sse_write(struct text *out, const char *name, struct slice data)
{
    return (!name || text_printf(out, "event: %s\n", name)) && text_append_string(out, "data: ") &&
           text_append_slice(out, data) && text_append_string(out, "\n\n");
}

#include "chat/dialect.h"

#include "base/memory.h"
#include "chat/dialect_families.h"
#include "chat/dialect_private.h"
#include "chat/slice_text.h"
#include "chat/white_space.h"

static bool is_last_row(const struct dialect_family *row)
{
    return !row->name && !row->marks[0];
}

static bool open_holder(struct dialect_holder **out, const struct dialect *dialect,
                        struct error *err)
{
    *out = memory_zeroed(1, sizeof **out);
    if (!*out)
        return fail_memory(err, sizeof **out, "a dialect");
    (*out)->dialect = *dialect;
    return true;
}

bool dialect_open_family(struct dialect_holder **out, const char *family, struct error *err)
{
    *out = NULL;
    for (const struct dialect_family *row = dialect_families; !is_last_row(row); row++)
        if (row->name && strcmp(row->name, family) == 0)
            return open_holder(out, &row->dialect, err);
    return fail(err, ERROR_NOT_FOUND, "there is no family of answers '%s'",
                printable(slice_of(family)));
}

void dialect_close(struct dialect_holder **holder)
{
    if (!*holder)
        return;
    arena_free(&(*holder)->texts);
    memory_free(*holder);
    *holder = NULL;
}

const struct dialect *dialect_of(const struct dialect_holder *holder)
{
    return &holder->dialect;
}

bool dialect_prompt_thinks(const struct dialect *d, struct slice prompt)
{
    if (d->think_open.length == 0)
        return false;
    struct slice open = trim_space(d->think_open), rest = trim_right(prompt);
    return rest.length >= open.length &&
           slice_equal(slice_from(rest, rest.length - open.length), open);
}

#include "chat/output/tool_names.h"

#include "base/arena.h"
#include "base/memory.h"
#include "base/table.h"

enum { MAX_TOOLS = 4096, NAMES_BYTES = 64 << 20 };

struct tool_names {
    struct arena *arena;
    struct table indices; /* of the tools, by shown name */
    struct slice *declared, *shown;
    size_t count;
};

static const char *const built_in[] = { "browser.open", "browser.search", "browser.find",
                                        "python" };

static bool is_built_in(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(built_in); i++)
        if (slice_equal(name, slice_of(built_in[i])))
            return true;
    return false;
}

/* All characters outside of ASCII count as letters. */
static bool is_letter(char c)
{
    return (unsigned char)c >= 0x80 || c == '_' || c == '$' ||
           ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* NULL when memory is out. */
static char *identifier_of(struct arena *arena, struct slice name)
{
    char *out = arena_alloc(arena, size_max(name.length, sizeof "unnamed") + 2);
    size_t n = 0;
    if (!out)
        return NULL;
    for (size_t i = 0; i < name.length; i++) {
        char c = name.data[i];
        c = c == ' ' || c == '-' || c == '.' ? '_' : c;
        if (n == 0 && is_digit(c))
            out[n++] = '_';
        if (is_letter(c) || is_digit(c))
            out[n++] = c;
    }
    if (n == 0)
        memcpy(out, "unnamed", sizeof "unnamed");
    return out;
}

/* A name that no other tool has. */
static bool add(struct tool_names *names, size_t index, struct slice declared)
{
    const char *name = identifier_of(names->arena, declared);
    const char *shown = is_built_in(declared) ? arena_copy(names->arena, declared) : name;
    bool is_free = is_built_in(declared);
    for (int n = 2; shown && !is_free; n++) {
        is_free = !table_get(&names->indices, slice_of(shown), NULL);
        if (!is_free)
            shown = arena_printf(names->arena, "%s_%d", name, n);
    }
    if (!shown)
        return false;
    names->declared[index] = declared;
    names->shown[index] = slice_of(shown);
    return table_put(&names->indices, names->shown[index], index);
}

static bool add_all(struct tool_names *names, const struct json *tools)
{
    names->arena = arena_new(NAMES_BYTES);
    if (!names->arena || !table_init(&names->indices, names->count))
        return false;
    names->declared = arena_alloc_array(names->arena, names->count + 1, sizeof *names->declared);
    names->shown = arena_alloc_array(names->arena, names->count + 1, sizeof *names->shown);
    bool ok = names->declared && names->shown;
    for (size_t i = 0; ok && i < names->count; i++) {
        struct slice name = json_text(json_get(json_get(json_at(tools, i), "function"), "name"));
        ok = name.length == 0 || add(names, i, name);
    }
    return ok;
}

bool tool_names_open(struct tool_names **out, const struct json *tools, struct error *err)
{
    *out = NULL;
    if (json_size(tools) > MAX_TOOLS)
        return fail(err, ERROR_USAGE, "there are %zu tools, but at most %d can be named",
                    json_size(tools), MAX_TOOLS);
    struct tool_names *names = memory_zeroed(1, sizeof *names);
    if (!names)
        return fail_memory(err, sizeof *names, "the names of tools");
    names->count = json_size(tools);
    if (!add_all(names, tools)) {
        tool_names_close(&names);
        return fail_memory(err, NAMES_BYTES, "the names of tools");
    }
    *out = names;
    return true;
}

void tool_names_close(struct tool_names **names)
{
    if (!*names)
        return;
    table_release(&(*names)->indices);
    arena_free(&(*names)->arena);
    memory_free(*names);
    *names = NULL;
}

struct slice tool_names_shown(const struct tool_names *names, size_t index)
{
    return names->shown[index].data ? names->shown[index] : slice_of("");
}

struct slice tool_names_declared(const struct tool_names *names, struct slice shown)
{
    uint64_t index;
    return table_get(&names->indices, shown, &index) ? names->declared[index] : shown;
}

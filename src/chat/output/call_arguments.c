#include "chat/output/call_arguments.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/utf8.h"

enum {
    MAX_ARGUMENTS = 1024,
    VALUE_BYTES = 16 << 20,
};

void call_arguments_init(struct call_arguments *arguments)
{
    *arguments = (struct call_arguments){ 0 };
}

void call_arguments_release(struct call_arguments *arguments)
{
    for (size_t i = 0; i < arguments->count; i++) {
        text_release(&arguments->items[i].name);
        text_release(&arguments->items[i].value);
    }
    memory_free(arguments->items);
    call_arguments_init(arguments);
}

static bool add(struct call_arguments *arguments, struct slice name, struct error *err)
{
    if (arguments->count == MAX_ARGUMENTS)
        return fail(err, ERROR_FORMAT, "an object in a tool call has more than %d members",
                    MAX_ARGUMENTS);
    if (arguments->count == arguments->capacity) {
        size_t capacity = arguments->capacity ? arguments->capacity * 2 : 8;
        void *items = memory_resize(arguments->items, capacity * sizeof *arguments->items);
        if (!items)
            return fail_memory(err, capacity * sizeof *arguments->items, "arguments of a call");
        arguments->items = items;
        arguments->capacity = capacity;
    }
    struct call_argument *item = &arguments->items[arguments->count];
    text_init(&item->name, VALUE_BYTES);
    text_init(&item->value, VALUE_BYTES);
    if (!text_append_slice(&item->name, name))
        return fail_memory(err, name.length, "the name of an argument");
    arguments->count++;
    return true;
}

/* A name as it can be read back: readers of JSON refuse keys with NUL bytes, and two that are not
 * UTF-8 must not be written alike. */
static bool write_name(struct text *out, struct slice name)
{
    bool ok = true;
    for (size_t i = 0; ok && i < name.length;) {
        size_t n = utf8_length((const uint8_t *)name.data + i, name.length - i);
        bool is_valid = n > 0 && name.data[i] != '\0';
        ok =
            is_valid ? text_append(out, name.data + i, n) : text_append_string(out, "\xef\xbf\xbd");
        i += n ? n : 1;
    }
    return ok;
}

static bool set(struct call_arguments *arguments, struct slice name, struct text **value,
                struct error *err)
{
    size_t i = 0;
    while (i < arguments->count && !slice_equal(text_slice(&arguments->items[i].name), name))
        i++;
    if (i == arguments->count && !add(arguments, name, err))
        return false;
    *value = &arguments->items[i].value;
    text_clear(*value);
    return true;
}

bool call_arguments_set(struct call_arguments *arguments, struct slice name, struct text **value,
                        struct error *err)
{
    struct text written;
    text_init(&written, VALUE_BYTES);
    bool ok = write_name(&written, name) ? set(arguments, text_slice(&written), value, err)
                                         : fail_memory(err, name.length, "the name of an argument");
    text_release(&written);
    return ok;
}

bool call_arguments_write(const struct call_arguments *arguments, struct text *out,
                          struct error *err)
{
    bool ok = text_append_byte(out, '{');
    for (size_t i = 0; ok && i < arguments->count; i++)
        ok = (i == 0 || text_append_byte(out, ',')) &&
             json_write_string(out, text_slice(&arguments->items[i].name)) &&
             text_append_byte(out, ':') &&
             text_append_slice(out, text_slice(&arguments->items[i].value));
    if (!ok || !text_append_byte(out, '}'))
        return fail_memory(err, out->length, "the arguments of a call");
    return true;
}

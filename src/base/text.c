#include "base/text.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>

void text_init(struct text *text, size_t limit_bytes)
{
    *text = (struct text){ .limit = limit_bytes };
}

void text_release(struct text *text)
{
    memory_free(text->data);
    *text = (struct text){ .limit = text->limit };
}

void text_truncate(struct text *text, size_t length)
{
    assert(length <= text->length);
    text->length = length;
    if (text->data)
        text->data[length] = '\0';
}

void text_clear(struct text *text)
{
    text_truncate(text, 0);
}

/* Make room for `extra` bytes and the NUL. */
static bool reserve(struct text *text, size_t extra)
{
    if (extra > text->limit - text->length)
        return false;
    size_t need = text->length + extra + 1;
    if (need <= text->capacity)
        return true;
    size_t capacity = size_max(need, text->capacity + text->capacity / 2);
    capacity = size_max(capacity, 64);
    char *data = memory_resize(text->data, capacity);
    if (!data)
        return false;
    text->data = data;
    text->capacity = capacity;
    return true;
}

bool text_append(struct text *text, const void *bytes, size_t length)
{
    if (!reserve(text, length))
        return false;
    if (length)
        memcpy(text->data + text->length, bytes, length);
    text->length += length;
    text->data[text->length] = '\0';
    return true;
}

bool text_append_string(struct text *text, const char *string)
{
    return text_append(text, string, strlen(string));
}

bool text_append_slice(struct text *text, struct slice slice)
{
    return text_append(text, slice.data, slice.length);
}

bool text_append_byte(struct text *text, char byte)
{
    return text_append(text, &byte, 1);
}

bool text_printf(struct text *text, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    bool ok = length >= 0 && reserve(text, (size_t)length);
    if (ok) {
        vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
    va_end(arguments);
    return ok;
}

struct slice text_slice(const struct text *text)
{
    return (struct slice){ text->data ? text->data : "", text->length };
}

#include "tokenizer/byte_level.h"

#include "tokenizer/unicode_text.h"

static bool stands_for_itself(uint32_t c)
{
    return (c >= 0x21 && c <= 0x7e) || (c >= 0xa1 && c <= 0xac) || (c >= 0xae && c <= 0xff);
}

/* The other bytes (00-20, 7F-A0, AD) are numbered from U+0100 in their order. */
uint32_t byte_level_code_point(uint8_t byte)
{
    if (stands_for_itself(byte))
        return byte;
    if (byte <= 0x20)
        return 0x100u + byte;
    return byte == 0xad ? 0x143 : 0x121u + (byte - 0x7fu);
}

int byte_level_byte(uint32_t c)
{
    if (stands_for_itself(c))
        return (int)c;
    if (c >= 0x100 && c <= 0x120)
        return (int)(c - 0x100);
    if (c >= 0x121 && c <= 0x142)
        return (int)(c - 0x121 + 0x7f);
    return c == 0x143 ? 0xad : -1;
}

bool byte_level_append(struct text *out, struct slice bytes)
{
    for (size_t i = 0; i < bytes.length; i++)
        if (!append_code_point(out, byte_level_code_point((uint8_t)bytes.data[i])))
            return false;
    return true;
}

bool byte_level_append_bytes(struct text *out, struct slice text, bool *is_outside)
{
    size_t before = out->length;
    *is_outside = false;
    for (size_t i = 0, length; i < text.length; i += length) {
        int byte = byte_level_byte(code_point_at(text, i, &length));
        if (byte < 0) {
            *is_outside = true;
            out->length = before;
            return true;
        }
        if (!text_append_byte(out, (char)byte))
            return false;
    }
    return true;
}

#include "tokenizer/base64.h"

static int digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_decode(struct slice text, char *out, size_t *length)
{
    while (text.length && text.data[text.length - 1] == '=')
        text.length--;
    uint32_t bits = 0;
    size_t n_bits = 0, n = 0;
    for (size_t i = 0; i < text.length; i++) {
        int value = digit(text.data[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            out[n++] = (char)(bits >> n_bits);
        }
    }
    *length = n;
    return n_bits < 6;
}

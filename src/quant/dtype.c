#include "quant/dtype.h"

#include <strings.h>

static const struct row {
    const char *name;
    uint32_t number;
    size_t elements, bytes;
} rows[DTYPE_COUNT] = {
#define X(name, shown, number, elements, bytes) [DTYPE_##name] = { shown, number, elements, bytes },
    DTYPE_ROWS(X)
#undef X
};

const char *dtype_name(enum dtype type)
{
    return rows[type].name;
}

size_t dtype_block_elements(enum dtype type)
{
    return rows[type].elements;
}

size_t dtype_block_bytes(enum dtype type)
{
    return rows[type].bytes;
}

uint32_t dtype_ggml_number(enum dtype type)
{
    return rows[type].number;
}

bool dtype_is_quantized(enum dtype type)
{
    return rows[type].elements > 1;
}

bool dtype_from_ggml(uint32_t number, enum dtype *type)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].number == number) {
            *type = (enum dtype)i;
            return true;
        }
    return false;
}

bool dtype_from_name(const char *name, enum dtype *type)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strcasecmp(rows[i].name, name) == 0) {
            *type = (enum dtype)i;
            return true;
        }
    return false;
}

size_t dtype_row_bytes(enum dtype type, size_t n)
{
    assert(n % rows[type].elements == 0);
    return n / rows[type].elements * rows[type].bytes;
}

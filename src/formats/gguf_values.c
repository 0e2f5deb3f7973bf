/* The metadata of a GGUF file: reading the entries when it is opened, typed access afterwards. */
#include "formats/gguf_index.h"

/* Bytes of one element in the file; 0 for those of no fixed size. */
static const uint8_t element_bytes[] = {
    [GGUF_U8] = 1,  [GGUF_I8] = 1,     [GGUF_U16] = 2,   [GGUF_I16] = 2, [GGUF_U32] = 4,
    [GGUF_I32] = 4, [GGUF_F32] = 4,    [GGUF_BOOL] = 1,  [GGUF_U64] = 8, [GGUF_I64] = 8,
    [GGUF_F64] = 8, [GGUF_STRING] = 0, [GGUF_ARRAY] = 0,
};

size_t gguf_element_bytes(enum gguf_type type)
{
    return element_bytes[type];
}

static bool read_type(struct cursor *c, enum gguf_type *type, struct error *err)
{
    uint32_t number;
    if (!cursor_u32(c, &number, err))
        return false;
    if (number >= COUNT_OF(element_bytes))
        return fail(err, ERROR_FORMAT,
                    "'%s': value type %" PRIu32 " at offset %zu, the highest known is %zu", c->what,
                    number, c->offset - sizeof number, COUNT_OF(element_bytes) - 1);
    *type = (enum gguf_type)number;
    return true;
}

static bool skip_strings(struct cursor *c, uint64_t count, struct error *err)
{
    if (count > cursor_left(c) / sizeof(uint64_t))
        return fail(err, ERROR_FORMAT,
                    "'%s' claims an array of %" PRIu64 " strings at offset %zu, %zu bytes left",
                    c->what, count, c->offset, cursor_left(c));
    for (uint64_t i = 0; i < count; i++) {
        struct slice string;
        if (!gguf_read_string(c, &string, err))
            return false;
    }
    return true;
}

static bool skip_fixed(struct cursor *c, enum gguf_type type, uint64_t count, struct error *err)
{
    const uint8_t *elements;
    size_t size = element_bytes[type];
    if (count > cursor_left(c) / size)
        return fail(err, ERROR_FORMAT,
                    "'%s' claims %" PRIu64 " elements of %zu bytes at offset %zu, %zu bytes left",
                    c->what, count, size, c->offset, cursor_left(c));
    if (!cursor_bytes(c, count * size, &elements, err))
        return false;
    for (uint64_t i = 0; type == GGUF_BOOL && i < count; i++)
        if (elements[i] > 1)
            return fail(err, ERROR_FORMAT, "'%s': a bool holds the byte %d, only 0 and 1 are legal",
                        c->what, elements[i]);
    return true;
}

/* The value after its key. */
static bool read_value(struct cursor *c, struct gguf_value *value, struct error *err)
{
    if (!read_type(c, &value->type, err))
        return false;
    value->element_type = value->type;
    value->count = 1;
    if (value->type == GGUF_ARRAY) {
        if (!read_type(c, &value->element_type, err) || !cursor_u64(c, &value->count, err))
            return false;
        if (value->element_type == GGUF_ARRAY)
            return fail(err, ERROR_UNSUPPORTED, "'%s' holds an array of arrays", c->what);
    }
    size_t begin = c->offset;
    value->bytes = c->data + begin;
    bool ok = value->element_type == GGUF_STRING
                  ? skip_strings(c, value->count, err)
                  : skip_fixed(c, value->element_type, value->count, err);
    value->size_bytes = c->offset - begin;
    return ok;
}

static bool read_entry(struct gguf *gguf, struct cursor *c, struct gguf_value *value,
                       struct error *err)
{
    if (!gguf_read_string(c, &value->key, err))
        return fail_while(err, "reading metadata key %zu", gguf->n_values);
    if (value->key.length == 0 || value->key.length > GGUF_LONGEST_NAME)
        return fail(err, ERROR_FORMAT, "'%s': metadata key %zu has %zu bytes, 1 to %d are legal",
                    gguf->name, gguf->n_values, value->key.length, GGUF_LONGEST_NAME);
    if (table_get(&gguf->value_index, value->key, NULL))
        return fail(err, ERROR_FORMAT, "'%s' has the metadata key '%s' twice", gguf->name,
                    printable(value->key));
    if (!read_value(c, value, err))
        return fail_while(err, "reading metadata '%s'", printable(value->key));
    if (!table_put(&gguf->value_index, value->key, gguf->n_values))
        return fail_memory(err, value->key.length, "a metadata key");
    return true;
}

static bool read_alignment(struct gguf *gguf, struct error *err)
{
    const struct gguf_value *value = gguf_find(gguf, "general.alignment");
    gguf->alignment = GGUF_ALIGNMENT;
    if (!value)
        return true;
    int64_t alignment;
    if (value->type == GGUF_ARRAY || !gguf_as_int(value, 0, &alignment))
        return fail(err, ERROR_FORMAT, "'%s': general.alignment is not a whole number", gguf->name);
    if (alignment < GGUF_SMALLEST_ALIGNMENT || alignment > GGUF_LARGEST_ALIGNMENT ||
        (alignment & (alignment - 1)) != 0)
        return fail(err, ERROR_FORMAT,
                    "'%s': general.alignment is %" PRId64 ", not a power of two from %d to %d",
                    gguf->name, alignment, GGUF_SMALLEST_ALIGNMENT, GGUF_LARGEST_ALIGNMENT);
    gguf->alignment = (size_t)alignment;
    return true;
}

bool gguf_read_values(struct gguf *gguf, struct cursor *c, uint64_t count, struct error *err)
{
    size_t capacity = 0;
    if (!table_init(&gguf->value_index, 64))
        return fail_memory(err, 64, "the index of a GGUF file");
    while (gguf->n_values < count) {
        struct gguf_value *values =
            gguf_grow(gguf->values, gguf->n_values, &capacity, count, sizeof *values, err);
        if (!values)
            return false;
        gguf->values = values;
        if (!read_entry(gguf, c, &values[gguf->n_values], err))
            return false;
        gguf->n_values++;
    }
    return read_alignment(gguf, err);
}

/* The raw bits of a fixed-size element. */
static bool element_at(const struct gguf_value *value, uint64_t index, uint64_t *bits)
{
    if (!value || index >= value->count || element_bytes[value->element_type] == 0)
        return false;
    size_t size = element_bytes[value->element_type];
    struct cursor c = cursor_over(value->bytes, value->size_bytes, "");
    const uint8_t *bytes;
    c.offset = (size_t)index * size;
    if (!cursor_bytes(&c, size, &bytes, NULL))
        return false;
    *bits = 0;
    memcpy(bits, bytes, size);
    return true;
}

bool gguf_as_int(const struct gguf_value *value, uint64_t index, int64_t *out)
{
    uint64_t bits;
    if (!element_at(value, index, &bits))
        return false;
    switch (value->element_type) {
    case GGUF_U8:
    case GGUF_U16:
    case GGUF_U32:
    case GGUF_U64:
        if (bits > INT64_MAX)
            return false;
        *out = (int64_t)bits;
        return true;
    case GGUF_I8:
        *out = (int8_t)bits;
        return true;
    case GGUF_I16:
        *out = (int16_t)bits;
        return true;
    case GGUF_I32:
        *out = (int32_t)bits;
        return true;
    case GGUF_I64:
        *out = (int64_t)bits;
        return true;
    default:
        return false;
    }
}

bool gguf_as_double(const struct gguf_value *value, uint64_t index, double *out)
{
    uint64_t bits;
    int64_t integer;
    if (gguf_as_int(value, index, &integer)) {
        *out = (double)integer;
        return true;
    }
    if (!element_at(value, index, &bits))
        return false;
    if (value->element_type == GGUF_U64) {
        *out = (double)bits;
        return true;
    }
    if (value->element_type == GGUF_F32) {
        uint32_t single = (uint32_t)bits;
        float number;
        memcpy(&number, &single, sizeof number);
        *out = (double)number;
        return true;
    }
    if (value->element_type != GGUF_F64)
        return false;
    memcpy(out, &bits, sizeof *out);
    return true;
}

bool gguf_as_bool(const struct gguf_value *value, uint64_t index, bool *out)
{
    uint64_t bits;
    if (!element_at(value, index, &bits) || value->element_type != GGUF_BOOL)
        return false;
    *out = bits != 0;
    return true;
}

bool gguf_as_string(const struct gguf_value *value, struct slice *out)
{
    if (!value || value->type != GGUF_STRING)
        return false;
    struct cursor c = cursor_over(value->bytes, value->size_bytes, "");
    return gguf_read_string(&c, out, NULL);
}

bool gguf_next_string(const struct gguf_value *array, size_t *state, struct slice *out)
{
    if (!array || array->type != GGUF_ARRAY || array->element_type != GGUF_STRING ||
        *state >= array->size_bytes)
        return false;
    struct cursor c = cursor_over(array->bytes, array->size_bytes, "");
    c.offset = *state;
    if (!gguf_read_string(&c, out, NULL))
        return false;
    *state = c.offset;
    return true;
}

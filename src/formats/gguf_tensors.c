/* The tensors of a GGUF file: their descriptions, and their places in the data. */
#include "base/memory.h"
#include "formats/gguf_index.h"

#include <stdlib.h>

/* Types that the format numbers but hearth cannot compute with, for messages. */
static const char *const foreign_types[] = {
    [4] = "Q4_2",        [5] = "Q4_3",     [9] = "Q8_1",   [15] = "Q8_K",       [16] = "IQ2_XXS",
    [17] = "IQ2_XS",     [18] = "IQ3_XXS", [19] = "IQ1_S", [20] = "IQ4_NL",     [21] = "IQ3_S",
    [22] = "IQ2_S",      [23] = "IQ4_XS",  [24] = "I8",    [25] = "I16",        [26] = "I32",
    [27] = "I64",        [28] = "F64",     [29] = "IQ1_M", [31] = "Q4_0_4_4",   [32] = "Q4_0_4_8",
    [33] = "Q4_0_8_8",   [34] = "TQ1_0",   [35] = "TQ2_0", [36] = "IQ4_NL_4_4", [37] = "IQ4_NL_4_8",
    [38] = "IQ4_NL_8_8", [39] = "MXFP4",   [40] = "NVFP4", [41] = "Q1_0",       [42] = "Q2_0",
};

static bool read_dims(struct cursor *c, struct gguf_tensor *tensor, uint64_t *n_elements,
                      struct error *err)
{
    if (!cursor_u32(c, &tensor->n_dims, err))
        return false;
    if (tensor->n_dims == 0 || tensor->n_dims > GGUF_MOST_DIMS)
        return fail(err, ERROR_FORMAT, "'%s' has a tensor of %" PRIu32 " dimensions, not 1 to %d",
                    c->what, tensor->n_dims, GGUF_MOST_DIMS);
    *n_elements = 1;
    for (uint32_t i = 0; i < GGUF_MOST_DIMS; i++) {
        tensor->dims[i] = 1;
        if (i < tensor->n_dims && !cursor_u64(c, &tensor->dims[i], err))
            return false;
        if (tensor->dims[i] == 0)
            return fail(err, ERROR_FORMAT, "'%s': dimension %" PRIu32 " is 0", c->what, i);
        if (__builtin_mul_overflow(*n_elements, tensor->dims[i], n_elements))
            return fail(err, ERROR_FORMAT,
                        "'%s': dimension %" PRIu32 " is %" PRIu64 ", too many elements in all",
                        c->what, i, tensor->dims[i]);
    }
    return true;
}

static bool read_type(struct cursor *c, struct gguf_tensor *tensor, struct error *err)
{
    uint32_t number;
    if (!cursor_u32(c, &number, err))
        return false;
    if (dtype_from_ggml(number, &tensor->type))
        return true;
    const char *name = number < COUNT_OF(foreign_types) ? foreign_types[number] : NULL;
    if (name)
        return fail(err, ERROR_UNSUPPORTED, "'%s': type %" PRIu32 " (%s) is not supported", c->what,
                    number, name);
    return fail(err, ERROR_UNSUPPORTED, "'%s': type %" PRIu32 " is unknown", c->what, number);
}

/* What follows a tensor's name. `*offset` counts from the beginning of the data. */
static bool read_shape(struct cursor *c, struct gguf_tensor *tensor, uint64_t *offset,
                       struct error *err)
{
    uint64_t n_elements = 0;
    if (!read_dims(c, tensor, &n_elements, err) || !read_type(c, tensor, err) ||
        !cursor_u64(c, offset, err))
        return false;
    size_t block = dtype_block_elements(tensor->type), bytes = dtype_block_bytes(tensor->type);
    if (tensor->dims[0] % block != 0)
        return fail(err, ERROR_FORMAT,
                    "'%s': rows of %" PRIu64 " elements are no multiple of %s's block of %zu",
                    c->what, tensor->dims[0], dtype_name(tensor->type), block);
    /* Whatever is larger than the file cannot be in it; also keeps the product from overflowing. */
    if (n_elements / block > c->size / bytes)
        return fail(err, ERROR_FORMAT,
                    "'%s': %" PRIu64 " elements of %s do not fit a file of %zu bytes", c->what,
                    n_elements, dtype_name(tensor->type), c->size);
    tensor->size_bytes = (size_t)(n_elements / block) * bytes;
    return true;
}

static bool read_tensor(struct gguf *gguf, struct cursor *c, struct gguf_tensor *tensor,
                        uint64_t *offset, struct error *err)
{
    if (!gguf_read_string(c, &tensor->name, err))
        return fail_while(err, "reading the name of tensor %zu", gguf->n_tensors);
    if (tensor->name.length == 0 || tensor->name.length > GGUF_LONGEST_NAME)
        return fail(err, ERROR_FORMAT, "'%s': the name of tensor %zu has %zu bytes, not 1 to %d",
                    gguf->name, gguf->n_tensors, tensor->name.length, GGUF_LONGEST_NAME);
    if (table_get(&gguf->tensor_index, tensor->name, NULL))
        return fail(err, ERROR_FORMAT, "'%s' has the tensor '%s' twice", gguf->name,
                    printable(tensor->name));
    if (!read_shape(c, tensor, offset, err))
        return fail_while(err, "reading tensor '%s'", printable(tensor->name));
    if (*offset % gguf->alignment != 0)
        return fail(err, ERROR_FORMAT,
                    "'%s': tensor '%s' begins at offset %" PRIu64 ", no multiple of the alignment "
                    "%zu",
                    gguf->name, printable(tensor->name), *offset, gguf->alignment);
    if (!table_put(&gguf->tensor_index, tensor->name, gguf->n_tensors))
        return fail_memory(err, tensor->name.length, "a tensor's name");
    return true;
}

static int by_place(const void *a, const void *b)
{
    const struct gguf_tensor *const *left = a, *const *right = b;
    return ((*left)->data > (*right)->data) - ((*left)->data < (*right)->data);
}

static bool check_apart(const struct gguf *gguf, const struct gguf_tensor *first,
                        const struct gguf_tensor *second, struct error *err)
{
    if (first->data + first->size_bytes <= second->data)
        return true;
    return fail(err, ERROR_FORMAT,
                "'%s': tensor '%s' ends at byte %zu, but '%s' begins at byte %zu", gguf->name,
                printable(first->name), (size_t)(first->data - gguf->bytes) + first->size_bytes,
                printable(second->name), (size_t)(second->data - gguf->bytes));
}

static bool is_in_order(const struct gguf *gguf)
{
    for (size_t i = 1; i < gguf->n_tensors; i++)
        if (gguf->tensors[i].data < gguf->tensors[i - 1].data)
            return false;
    return true;
}

/* Tensors that share bytes are no model. Files as everybody writes them are in order and need no
 * sorting. */
static bool check_overlaps(const struct gguf *gguf, struct error *err)
{
    bool ok = true;
    if (is_in_order(gguf)) {
        for (size_t i = 1; ok && i < gguf->n_tensors; i++)
            ok = check_apart(gguf, &gguf->tensors[i - 1], &gguf->tensors[i], err);
        return ok;
    }
    const struct gguf_tensor **order = memory_zeroed(gguf->n_tensors, sizeof(struct gguf_tensor *));
    if (!order)
        return fail_memory(err, gguf->n_tensors * sizeof *order, "the order of tensors");
    for (size_t i = 0; i < gguf->n_tensors; i++)
        order[i] = &gguf->tensors[i];
    qsort(order, gguf->n_tensors, sizeof(struct gguf_tensor *), by_place);
    for (size_t i = 1; ok && i < gguf->n_tensors; i++)
        ok = check_apart(gguf, order[i - 1], order[i], err);
    memory_free(order);
    return ok;
}

/* Turn offsets into places in the data, which begins at the next aligned byte after the
 * descriptions. */
static bool place_tensors(struct gguf *gguf, const uint64_t *offsets, size_t end_of_index,
                          struct error *err)
{
    size_t begin = align_up(end_of_index, gguf->alignment);
    for (size_t i = 0; i < gguf->n_tensors; i++) {
        struct gguf_tensor *tensor = &gguf->tensors[i];
        size_t left = gguf->size > begin ? gguf->size - begin : 0;
        if (offsets[i] > left || tensor->size_bytes > left - offsets[i])
            return fail(err, ERROR_FORMAT,
                        "'%s': tensor '%s' needs %zu bytes from offset %" PRIu64
                        " of the data, which has %zu bytes",
                        gguf->name, printable(tensor->name), tensor->size_bytes, offsets[i], left);
        tensor->data = gguf->bytes + begin + offsets[i];
    }
    return check_overlaps(gguf, err);
}

static bool add_tensor(struct gguf *gguf, struct cursor *c, uint64_t count, size_t *capacity,
                       uint64_t *offset, struct error *err)
{
    struct gguf_tensor *tensors =
        gguf_grow(gguf->tensors, gguf->n_tensors, capacity, count, sizeof *tensors, err);
    if (!tensors)
        return false;
    gguf->tensors = tensors;
    if (!read_tensor(gguf, c, &tensors[gguf->n_tensors], offset, err))
        return false;
    gguf->n_tensors++;
    return true;
}

bool gguf_read_tensors(struct gguf *gguf, struct cursor *c, uint64_t count, struct error *err)
{
    size_t capacity = 0, offset_capacity = 0;
    uint64_t *offsets = NULL;
    bool ok =
        table_init(&gguf->tensor_index, 64) || fail_memory(err, 64, "the index of a GGUF file");
    while (ok && gguf->n_tensors < count) {
        size_t i = gguf->n_tensors;
        uint64_t *more = gguf_grow(offsets, i, &offset_capacity, count, sizeof *more, err);
        offsets = more ? more : offsets;
        ok = more && add_tensor(gguf, c, count, &capacity, &offsets[i], err);
    }
    ok = ok && place_tensors(gguf, offsets, c->offset, err);
    memory_free(offsets);
    return ok;
}

#include "test.h"

#include "base/clock.h"
#include "base/mapped_file.h"
#include "base/memory.h"
#include "base/text.h"
#include "formats/gguf.h"
#include "formats/gguf_writer.h"

#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

/* A small file in pieces, so that a test can spoil any one of them. */
struct recipe {
    char magic[5];
    uint32_t version;
    uint64_t n_tensors, n_values;
    const char *first_key, *second_key;
    uint64_t first_key_length;
    struct text extra; /* type and value of the second entry */
    uint32_t alignment;
    struct {
        const char *name;
        uint32_t n_dims, type;
        uint64_t dims[5], offset;
    } tensors[2];
    size_t data_bytes;
};

static void put(struct text *text, const void *bytes, size_t size)
{
    assert_true(text_append(text, bytes, size));
}

static void put_u32(struct text *text, uint32_t value)
{
    put(text, &value, sizeof value);
}

static void put_u64(struct text *text, uint64_t value)
{
    put(text, &value, sizeof value);
}

static void put_string(struct text *text, const char *string)
{
    put_u64(text, strlen(string));
    put(text, string, strlen(string));
}

static struct recipe good_recipe(void)
{
    struct recipe r = {
        .magic = "GGUF",
        .version = 3,
        .n_tensors = 2,
        .n_values = 3,
        .first_key = "general.architecture",
        .first_key_length = UINT64_MAX,
        .second_key = "some.number",
        .alignment = 32,
        .tensors = { { "a.weight", 2, 0, { 8, 4 }, 0 }, { "b.weight", 1, 8, { 64 }, 128 } },
        .data_bytes = 128 + 68,
    };
    text_init(&r.extra, 1 << 20);
    return r;
}

static struct text bake(struct recipe *r)
{
    struct text file;
    text_init(&file, 1 << 20);
    put(&file, r->magic, 4);
    put_u32(&file, r->version);
    put_u64(&file, r->n_tensors);
    put_u64(&file, r->n_values);
    put_u64(&file, r->first_key_length == UINT64_MAX ? strlen(r->first_key) : r->first_key_length);
    put(&file, r->first_key, strlen(r->first_key));
    put_u32(&file, GGUF_STRING);
    put_string(&file, "llama");
    put_string(&file, r->second_key);
    if (r->extra.length) {
        put(&file, r->extra.data, r->extra.length);
    } else {
        put_u32(&file, GGUF_I16);
        put(&file, "\xfe\xff", 2);
    }
    put_string(&file, "general.alignment");
    put_u32(&file, GGUF_U32);
    put_u32(&file, r->alignment);
    for (size_t i = 0; i < 2; i++) {
        put_string(&file, r->tensors[i].name);
        put_u32(&file, r->tensors[i].n_dims);
        for (uint32_t d = 0; d < r->tensors[i].n_dims && d < 5; d++)
            put_u64(&file, r->tensors[i].dims[d]);
        put_u32(&file, r->tensors[i].type);
        put_u64(&file, r->tensors[i].offset);
    }
    while (file.length % 32)
        put(&file, "", 1);
    for (size_t i = 0; i < r->data_bytes; i++)
        put(&file, "\x3f", 1);
    text_release(&r->extra);
    return file;
}

TEST(a_good_file_gives_its_values_and_tensors)
{
    for (uint32_t version = 2; version <= 3; version++) {
        struct error err = { 0 };
        struct recipe r = good_recipe();
        r.version = version;
        struct text file = bake(&r);
        struct gguf *gguf;
        assert_ok(gguf_open_memory(&gguf, file.data, file.length, "good.gguf", &err), err);
        assert_int_equal(gguf_version(gguf), version);
        assert_int_equal(gguf_n_values(gguf), 3);
        assert_int_equal(gguf_n_tensors(gguf), 2);
        struct slice string;
        assert_true(gguf_as_string(gguf_find(gguf, "general.architecture"), &string));
        assert_true(slice_equal(string, slice_of("llama")));
        int64_t number;
        assert_true(gguf_as_int(gguf_find(gguf, "some.number"), 0, &number));
        assert_int_equal(number, -2);
        assert_false(gguf_as_int(gguf_find(gguf, "some.number"), 1, &number));
        assert_false(gguf_as_int(gguf_find(gguf, "no.number"), 0, &number));
        const struct gguf_tensor *a = gguf_tensor(gguf, slice_of("a.weight"));
        assert_int_equal(a->size_bytes, 128);
        assert_int_equal(a->dims[1], 4);
        assert_int_equal(a->dims[2], 1);
        assert_ptr_equal(a->data, file.data + file.length - 196);
        assert_int_equal(gguf_tensor_at(gguf, 1)->type, DTYPE_Q8_0);
        assert_null(gguf_tensor_at(gguf, 2));
        gguf_close(&gguf);
        text_release(&file);
    }
}

/* One way to spoil a recipe each, and what the message must say. */
struct corruption {
    void (*spoil)(struct recipe *r);
    enum error_code code;
    const char *says;
};

#define SPOIL(name, ...)               \
    static void name(struct recipe *r) \
    {                                  \
        __VA_ARGS__;                   \
    }
SPOIL(other_magic, memcpy(r->magic, "GGLA", 4))
SPOIL(version_one, r->version = 1)
SPOIL(version_ninety_nine, r->version = 99)
SPOIL(other_endian, r->version = 0x03000000)
SPOIL(huge_tensor_count, r->n_tensors = UINT64_C(1) << 63)
SPOIL(huge_value_count, r->n_values = UINT64_C(1) << 63)
SPOIL(all_ones_counts, r->n_tensors = r->n_values = UINT64_MAX)
SPOIL(one_value_more, r->n_values = 4)
SPOIL(empty_key, r->first_key = "")
SPOIL(huge_key, r->first_key_length = UINT64_C(1) << 62)
SPOIL(all_ones_key, r->first_key_length = UINT64_MAX - 1)
SPOIL(key_twice, r->second_key = "general.architecture")
SPOIL(unknown_value_type, put_u32(&r->extra, 13))
SPOIL(nested_array, put_u32(&r->extra, GGUF_ARRAY); put_u32(&r->extra, GGUF_ARRAY);
      put_u64(&r->extra, 1); put_u32(&r->extra, GGUF_U8); put_u64(&r->extra, 0))
SPOIL(huge_array, put_u32(&r->extra, GGUF_ARRAY); put_u32(&r->extra, GGUF_U64);
      put_u64(&r->extra, UINT64_C(1) << 61))
SPOIL(huge_string_array, put_u32(&r->extra, GGUF_ARRAY); put_u32(&r->extra, GGUF_STRING);
      put_u64(&r->extra, UINT64_C(1) << 61))
SPOIL(huge_string, put_u32(&r->extra, GGUF_STRING); put_u64(&r->extra, UINT64_C(1) << 62))
SPOIL(odd_bool, put_u32(&r->extra, GGUF_BOOL); put(&r->extra, "\x02", 1))
SPOIL(odd_bool_in_array, put_u32(&r->extra, GGUF_ARRAY); put_u32(&r->extra, GGUF_BOOL);
      put_u64(&r->extra, 2); put(&r->extra, "\x01\xff", 2))
SPOIL(alignment_zero, r->alignment = 0)
SPOIL(alignment_no_power, r->alignment = 24)
SPOIL(alignment_small, r->alignment = 4)
SPOIL(alignment_huge, r->alignment = 1u << 31)
SPOIL(no_dims, r->tensors[0].n_dims = 0)
SPOIL(five_dims, r->tensors[0].n_dims = 5)
SPOIL(all_ones_dims, r->tensors[0].n_dims = UINT32_MAX)
SPOIL(zero_dim, r->tensors[0].dims[1] = 0)
SPOIL(overflowing_dims, r->tensors[0].dims[0] = r->tensors[0].dims[1] = UINT64_C(1) << 33)
SPOIL(more_than_the_file, r->tensors[0].dims[1] = UINT64_C(1) << 58)
SPOIL(broken_row, r->tensors[1].dims[0] = 48)
SPOIL(foreign_type, r->tensors[1].type = 23)
SPOIL(unknown_type, r->tensors[1].type = 4711)
SPOIL(crooked_offset, r->tensors[1].offset = 100)
SPOIL(offset_past_end, r->tensors[1].offset = 4096)
SPOIL(huge_offset, r->tensors[1].offset = UINT64_MAX - 31)
SPOIL(end_past_end, r->tensors[1].offset = 160)
SPOIL(overlap, r->tensors[1].offset = 96)
SPOIL(overlap_backwards, r->tensors[0].offset = 32; r->tensors[1].offset = 0)
SPOIL(same_name, r->tensors[1].name = "a.weight")
SPOIL(empty_name, r->tensors[1].name = "")
SPOIL(no_data, r->data_bytes = 0)

static const struct corruption corruptions[] = {
    { other_magic, ERROR_FORMAT, "begins with 'GGLA'" },
    { version_one, ERROR_UNSUPPORTED, "version 1," },
    { version_ninety_nine, ERROR_UNSUPPORTED, "version 99," },
    { other_endian, ERROR_UNSUPPORTED, "big-endian" },
    { huge_tensor_count, ERROR_FORMAT, "claims 9223372036854775808 tensors" },
    { huge_value_count, ERROR_FORMAT, "claims 9223372036854775808 metadata entries" },
    { all_ones_counts, ERROR_FORMAT, "claims 18446744073709551615 tensors" },
    { one_value_more, ERROR_FORMAT, "bytes expected" },
    { empty_key, ERROR_FORMAT, "0 bytes" },
    { huge_key, ERROR_FORMAT, "4611686018427387904 bytes expected" },
    { all_ones_key, ERROR_FORMAT, "18446744073709551614 bytes expected" },
    { key_twice, ERROR_FORMAT, "'general.architecture' twice" },
    { unknown_value_type, ERROR_FORMAT, "value type 13" },
    { nested_array, ERROR_UNSUPPORTED, "array of arrays" },
    { huge_array, ERROR_FORMAT, "claims 2305843009213693952 elements" },
    { huge_string_array, ERROR_FORMAT, "array of 2305843009213693952 strings" },
    { huge_string, ERROR_FORMAT, "4611686018427387904 bytes expected" },
    { odd_bool, ERROR_FORMAT, "byte 2" },
    { odd_bool_in_array, ERROR_FORMAT, "byte 255" },
    { alignment_zero, ERROR_FORMAT, "general.alignment is 0" },
    { alignment_no_power, ERROR_FORMAT, "general.alignment is 24" },
    { alignment_small, ERROR_FORMAT, "general.alignment is 4" },
    { alignment_huge, ERROR_FORMAT, "general.alignment is 2147483648" },
    { no_dims, ERROR_FORMAT, "0 dimensions" },
    { five_dims, ERROR_FORMAT, "5 dimensions" },
    { all_ones_dims, ERROR_FORMAT, "4294967295 dimensions" },
    { zero_dim, ERROR_FORMAT, "dimension 1 is 0" },
    { overflowing_dims, ERROR_FORMAT, "too many elements" },
    { more_than_the_file, ERROR_FORMAT, "do not fit" },
    { broken_row, ERROR_FORMAT, "rows of 48 elements" },
    { foreign_type, ERROR_UNSUPPORTED, "type 23 (IQ4_XS)" },
    { unknown_type, ERROR_UNSUPPORTED, "type 4711" },
    { crooked_offset, ERROR_FORMAT, "offset 100," },
    { offset_past_end, ERROR_FORMAT, "offset 4096 " },
    { huge_offset, ERROR_FORMAT, "offset 18446744073709551584 " },
    { end_past_end, ERROR_FORMAT, "offset 160 " },
    { overlap, ERROR_FORMAT, "begins at byte" },
    { overlap_backwards, ERROR_FORMAT, "begins at byte" },
    { same_name, ERROR_FORMAT, "'a.weight' twice" },
    { empty_name, ERROR_FORMAT, "0 bytes" },
    { no_data, ERROR_FORMAT, "which has 0 bytes" },
};

TEST(every_corruption_is_named_with_the_file)
{
    for (size_t i = 0; i < COUNT_OF(corruptions); i++) {
        struct error err = { 0 };
        struct recipe r = good_recipe();
        corruptions[i].spoil(&r);
        struct text file = bake(&r);
        struct gguf *gguf;
        if (gguf_open_memory(&gguf, file.data, file.length, "bad.gguf", &err))
            fail_msg("corruption %zu (%s) was accepted", i, corruptions[i].says);
        assert_null(gguf);
        if (!strstr(err.message, corruptions[i].says) || !strstr(err.message, "'bad.gguf'"))
            fail_msg("corruption %zu should say '%s': %s", i, corruptions[i].says, err.message);
        assert_int_equal(err.code, corruptions[i].code);
        text_release(&file);
    }
}

/* The first `size` bytes in memory of exactly that size, so that a sanitizer sees every step past
 * the end. */
static bool open_prefix(const void *bytes, size_t size, struct error *err)
{
    uint8_t *copy = memory_zeroed(size, 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    struct gguf *gguf;
    bool ok = gguf_open_memory(&gguf, copy, size, "cut.gguf", err);
    gguf_close(&gguf);
    memory_free(copy);
    return ok;
}

TEST(a_small_file_cut_anywhere_is_an_error)
{
    struct recipe r = good_recipe();
    struct text file = bake(&r);
    for (size_t size = 0; size < file.length; size++) {
        struct error err = { 0 };
        assert_false(open_prefix(file.data, size, &err));
        assert_non_null(strstr(err.message, "'cut.gguf'"));
    }
    text_release(&file);
}

TEST(a_real_file_cut_anywhere_is_an_error)
{
    struct error err = { 0 };
    struct mapped_file *file;
    assert_ok(mapped_file_open(&file, golden_path("stories260K/stories260K.gguf"), &err), err);
    for (size_t size = 0; size < file->size; size += 997) {
        assert_false(open_prefix(file->data, size, &err));
        assert_non_null(strstr(err.message, "'cut.gguf'"));
    }
    assert_ok(open_prefix(file->data, file->size, &err), err);
    mapped_file_close(&file);
}

TEST(every_spoiled_byte_gives_a_file_or_an_error)
{
    struct recipe r = good_recipe();
    struct text file = bake(&r);
    for (size_t i = 0; i < file.length - 196; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            file.data[i] ^= (char)(1 << bit);
            struct error err = { 0 };
            assert_true(open_prefix(file.data, file.length, &err) || err.code != ERROR_NONE);
            file.data[i] ^= (char)(1 << bit);
        }
    text_release(&file);
}

TEST(every_failing_allocation_is_an_error)
{
    struct recipe r = good_recipe();
    /* Out of order, so that the sorting allocates too. */
    r.tensors[0].offset = 96;
    r.tensors[1].offset = 0;
    r.data_bytes = 224;
    struct text file = bake(&r);
    int64_t n = 0;
    for (bool ok = false; !ok; n++) {
        struct error err = { 0 };
        struct gguf *gguf;
        memory_fail_after(n);
        ok = gguf_open_memory(&gguf, file.data, file.length, "good.gguf", &err);
        memory_fail_after(-1);
        if (!ok)
            assert_int_equal(err.code, ERROR_MEMORY);
        gguf_close(&gguf);
    }
    assert_true(n > 6);
    text_release(&file);
}

static char folder[64];

/* Path of a file in a folder of this run. */
static const char *scratch(const char *name)
{
    static char path[128];
    if (!folder[0]) {
        snprintf(folder, sizeof folder, "/tmp/test_gguf.XXXXXX");
        assert_non_null(mkdtemp(folder));
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* Remove the file and the folder, which fails when something else was left in it. */
static void remove_scratch(const char *name)
{
    unlink(scratch(name));
    assert_int_equal(rmdir(folder), 0);
    folder[0] = '\0';
}

/* Fills with a pattern that depends on tensor and position. */
static bool fill_pattern(void *context, size_t tensor, uint64_t offset, void *out, size_t size,
                         struct error *err)
{
    (void)err;
    size_t *n_calls = context;
    ++*n_calls;
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)out)[i] = (uint8_t)(tensor * 31 + (offset + i) % 251);
    return true;
}

static bool fill_never(void *context, size_t tensor, uint64_t offset, void *out, size_t size,
                       struct error *err)
{
    (void)context, (void)tensor, (void)out, (void)size;
    return offset == 0 || (fail)(err, ERROR_CANCELLED, "stopped at %" PRIu64, offset);
}

static bool announce(struct gguf_writer *w, struct error *err)
{
    const struct slice words[] = { slice_of("one"), slice_of(""), slice_of("three") };
    const float scores[] = { 1.5f, -2, 0 };
    const uint64_t matrix[] = { 256, 3 }, vector[] = { 5 }, large[] = { 1024, 700, 2 };
    return gguf_write_string(w, "general.architecture", slice_of("llama"), err) &&
           gguf_write_u32(w, "llama.block_count", 7, err) &&
           gguf_write_f32(w, "llama.rope.freq_base", 5e5f, err) &&
           gguf_write_bool(w, "tokenizer.ggml.add_bos_token", true, err) &&
           gguf_write_strings(w, "tokenizer.ggml.tokens", words, 3, err) &&
           gguf_write_array(w, "tokenizer.ggml.scores", GGUF_F32, scores, 3, err) &&
           gguf_write_tensor(w, "matrix", DTYPE_Q4_K, matrix, 2, err) &&
           gguf_write_tensor(w, "vector", DTYPE_F32, vector, 1, err) &&
           gguf_write_tensor(w, "large", DTYPE_F16, large, 3, err);
}

static void check_written(const char *path)
{
    struct error err = { 0 };
    struct gguf *gguf;
    assert_ok(gguf_open(&gguf, path, &err), err);
    assert_int_equal(gguf_version(gguf), 3);
    int64_t n;
    double x;
    bool flag = false;
    assert_true(gguf_as_int(gguf_find(gguf, "llama.block_count"), 0, &n) && n == 7);
    assert_true(gguf_as_double(gguf_find(gguf, "llama.rope.freq_base"), 0, &x) && x == 5e5);
    assert_true(gguf_as_bool(gguf_find(gguf, "tokenizer.ggml.add_bos_token"), 0, &flag) && flag);
    assert_true(gguf_as_double(gguf_find(gguf, "tokenizer.ggml.scores"), 1, &x) && x == -2);
    const struct gguf_value *tokens = gguf_find(gguf, "tokenizer.ggml.tokens");
    size_t state = 0, lengths[] = { 3, 0, 5 };
    struct slice word;
    for (size_t i = 0; i < 3; i++) {
        assert_true(gguf_next_string(tokens, &state, &word));
        assert_int_equal(word.length, lengths[i]);
    }
    assert_false(gguf_next_string(tokens, &state, &word));
    assert_int_equal(gguf_n_tensors(gguf), 3);
    for (size_t t = 0; t < 3; t++) {
        const struct gguf_tensor *tensor = gguf_tensor_at(gguf, t);
        assert_int_equal((uintptr_t)tensor->data % 32, 0);
        for (size_t i = 0; i < tensor->size_bytes; i++)
            if (tensor->data[i] != (uint8_t)(t * 31 + i % 251))
                fail_msg("tensor %zu byte %zu is %d", t, i, tensor->data[i]);
    }
    assert_int_equal(gguf_tensor(gguf, slice_of("large"))->size_bytes, 2867200);
    gguf_close(&gguf);
}

TEST(a_written_file_reads_back_equal)
{
    struct error err = { 0 };
    struct gguf_writer *w;
    size_t n_calls = 0;
    assert_ok(gguf_writer_new(&w, &err), err);
    assert_ok(announce(w, &err), err);
    assert_ok(gguf_writer_finish(w, scratch("out.gguf"), 144, fill_pattern, &n_calls, &err), err);
    assert_true(n_calls >= 5);
    gguf_writer_free(&w);
    assert_null(w);
    assert_true(gguf_is_gguf(scratch("out.gguf")));
    check_written(scratch("out.gguf"));
    remove_scratch("out.gguf");
}

TEST(values_of_another_file_are_copied_byte_for_byte)
{
    struct error err = { 0 };
    struct gguf *from, *to;
    struct gguf_writer *w;
    assert_ok(gguf_open(&from, golden_path("stories260K/stories260K.gguf"), &err), err);
    assert_ok(gguf_writer_new(&w, &err), err);
    for (size_t i = 0; i < gguf_n_values(from); i++)
        assert_ok(gguf_write_value(w, gguf_value_at(from, i), &err), err);
    assert_ok(gguf_writer_finish(w, scratch("copy.gguf"), 1, NULL, NULL, &err), err);
    gguf_writer_free(&w);
    assert_ok(gguf_open(&to, scratch("copy.gguf"), &err), err);
    assert_int_equal(gguf_n_tensors(to), 0);
    for (size_t i = 0; i < gguf_n_values(from); i++) {
        const struct gguf_value *a = gguf_value_at(from, i), *b;
        char key[256];
        snprintf(key, sizeof key, "%.*s", (int)a->key.length, a->key.data);
        if (strcmp(key, "general.alignment") == 0)
            continue;
        b = gguf_find(to, key);
        assert_non_null(b);
        assert_int_equal(a->type, b->type);
        assert_int_equal(a->element_type, b->element_type);
        assert_int_equal(a->count, b->count);
        assert_int_equal(a->size_bytes, b->size_bytes);
        assert_memory_equal(a->bytes, b->bytes, a->size_bytes);
    }
    gguf_close(&to);
    gguf_close(&from);
    remove_scratch("copy.gguf");
}

TEST(a_failed_write_leaves_no_file_and_keeps_the_old_one)
{
    struct error err = { 0 };
    struct gguf_writer *w;
    assert_ok(gguf_writer_new(&w, &err), err);
    assert_ok(announce(w, &err), err);
    const char *path = scratch("out.gguf");
    assert_false(gguf_writer_finish(w, path, 1, fill_never, NULL, &err));
    assert_int_equal(err.code, ERROR_CANCELLED);
    assert_non_null(strstr(err.message, "'large'"));
    assert_int_not_equal(access(path, F_OK), 0);
    FILE *old = fopen(path, "w");
    assert_non_null(old);
    fputs("old", old);
    fclose(old);
    assert_false(gguf_writer_finish(w, path, 1, fill_never, NULL, &err));
    assert_int_equal(access(path, F_OK), 0);
    assert_false(gguf_writer_finish(w, "/nowhere/out.gguf", 1, fill_never, NULL, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    gguf_writer_free(&w);
    remove_scratch("out.gguf");
}

TEST(the_writer_refuses_what_no_reader_would_take)
{
    struct error err = { 0 };
    struct gguf_writer *w;
    const uint64_t rows[] = { 100, 2 }, empty[] = { 0 }, good[] = { 32, 1, 1, 1, 1 };
    const uint64_t huge[] = { UINT64_C(1) << 40, UINT64_C(1) << 40 };
    assert_ok(gguf_writer_new(&w, &err), err);
    assert_ok(gguf_write_u32(w, "a", 1, &err), err);
    assert_false(gguf_write_u32(w, "a", 1, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_false(gguf_write_u32(w, "", 1, &err));
    assert_false(gguf_write_u32(w, "general.alignment", 64, &err));
    assert_false(gguf_write_array(w, "b", GGUF_STRING, rows, 1, &err));
    assert_false(gguf_write_tensor(w, "t", DTYPE_Q4_0, rows, 2, &err));
    assert_false(gguf_write_tensor(w, "t", DTYPE_F32, empty, 1, &err));
    assert_false(gguf_write_tensor(w, "t", DTYPE_F32, good, 5, &err));
    assert_false(gguf_write_tensor(w, "t", DTYPE_F32, good, 0, &err));
    assert_false(gguf_write_tensor(w, "t", DTYPE_F32, huge, 2, &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_ok(gguf_write_tensor(w, "t", DTYPE_F32, good, 4, &err), err);
    assert_false(gguf_write_tensor(w, "t", DTYPE_F32, good, 1, &err));
    gguf_writer_free(&w);
}

TEST(every_failing_allocation_of_the_writer_is_an_error)
{
    int64_t n = 0;
    for (bool ok = false; !ok; n++) {
        struct error err = { 0 };
        struct gguf_writer *w;
        size_t n_calls = 0;
        memory_fail_after(n);
        ok = gguf_writer_new(&w, &err) && announce(w, &err) &&
             gguf_writer_finish(w, scratch("out.gguf"), 32, fill_pattern, &n_calls, &err);
        memory_fail_after(-1);
        if (!ok)
            assert_int_equal(err.code, ERROR_MEMORY);
        gguf_writer_free(&w);
        assert_int_equal(access(scratch("out.gguf"), F_OK) == 0, ok);
    }
    assert_true(n > 10);
    remove_scratch("out.gguf");
}

TEST(integers_convert_only_without_loss)
{
    struct error err = { 0 };
    struct gguf_writer *w;
    const uint64_t large[] = { UINT64_MAX, 7 };
    const int8_t small[] = { -128, 127 };
    const double real[] = { 0.1 };
    assert_ok(gguf_writer_new(&w, &err), err);
    assert_ok(gguf_write_array(w, "large", GGUF_U64, large, 2, &err), err);
    assert_ok(gguf_write_array(w, "small", GGUF_I8, small, 2, &err), err);
    assert_ok(gguf_write_array(w, "real", GGUF_F64, real, 1, &err), err);
    assert_ok(gguf_write_bool(w, "flag", true, &err), err);
    assert_ok(gguf_writer_finish(w, scratch("n.gguf"), 1, NULL, NULL, &err), err);
    gguf_writer_free(&w);
    struct gguf *gguf;
    assert_ok(gguf_open(&gguf, scratch("n.gguf"), &err), err);
    int64_t n = 0;
    double x = 0;
    bool flag;
    struct slice string;
    assert_false(gguf_as_int(gguf_find(gguf, "large"), 0, &n));
    assert_true(gguf_as_double(gguf_find(gguf, "large"), 0, &x) && x == 0x1p64);
    assert_true(gguf_as_int(gguf_find(gguf, "large"), 1, &n) && n == 7);
    assert_true(gguf_as_int(gguf_find(gguf, "small"), 0, &n) && n == -128);
    assert_false(gguf_as_int(gguf_find(gguf, "real"), 0, &n));
    assert_true(gguf_as_double(gguf_find(gguf, "real"), 0, &x) && x == 0.1);
    assert_false(gguf_as_int(gguf_find(gguf, "flag"), 0, &n));
    assert_false(gguf_as_double(gguf_find(gguf, "flag"), 0, &x));
    assert_false(gguf_as_bool(gguf_find(gguf, "large"), 1, &flag));
    assert_false(gguf_as_string(gguf_find(gguf, "large"), &string));
    assert_false(gguf_as_string(NULL, &string));
    gguf_close(&gguf);
    remove_scratch("n.gguf");
}

TEST(a_file_with_a_large_vocabulary_opens_quickly)
{
    enum { TOKENS = 128256, MERGES = 280147 };
    struct error err = { 0 };
    struct gguf_writer *w;
    struct slice *words = memory_zeroed(MERGES, sizeof *words);
    char *letters = memory_zeroed(MERGES, 16);
    assert_true(words && letters);
    for (size_t i = 0; i < MERGES; i++)
        words[i] =
            (struct slice){ letters + 16 * i, (size_t)snprintf(letters + 16 * i, 16, "t %zu", i) };
    assert_ok(gguf_writer_new(&w, &err), err);
    assert_ok(gguf_write_strings(w, "tokenizer.ggml.tokens", words, TOKENS, &err), err);
    assert_ok(gguf_write_strings(w, "tokenizer.ggml.merges", words, MERGES, &err), err);
    assert_ok(gguf_writer_finish(w, scratch("vocab.gguf"), 1, NULL, NULL, &err), err);
    gguf_writer_free(&w);
    memory_free(letters);
    memory_free(words);
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < 5; i++) {
        struct gguf *gguf;
        uint64_t begin = clock_ns();
        assert_ok(gguf_open(&gguf, scratch("vocab.gguf"), &err), err);
        uint64_t elapsed = clock_ns() - begin;
        best = elapsed < best ? elapsed : best;
        gguf_close(&gguf);
    }
    printf("opened %d tokens and %d merges in %.2f ms\n", TOKENS, MERGES, (double)best / 1e6);
    assert_true(best < 100 * 1000 * 1000); /* generous: sanitizers and busy machines */
    remove_scratch("vocab.gguf");
}

#include "test.h"

#include "base/memory.h"
#include "formats/safetensors.h"

#include <sys/stat.h>
#include <unistd.h>

/* A file: the header with its length in front, then `data_bytes` bytes. In memory of exactly its
 * size. */
struct file {
    uint8_t *bytes;
    size_t size;
};

static struct file bake(const char *header, size_t data_bytes)
{
    uint64_t length = strlen(header);
    struct file file = { memory_zeroed(8 + length + data_bytes, 1), 8 + length + data_bytes };
    assert_non_null(file.bytes);
    memcpy(file.bytes, &length, 8);
    memcpy(file.bytes + 8, header, length);
    for (size_t i = 0; i < data_bytes; i++)
        file.bytes[8 + length + i] = (uint8_t)i;
    return file;
}

static bool opens(struct safetensors **st, const struct file *file, struct error *err)
{
    return safetensors_open_memory(st, file->bytes, file->size, "x.safetensors", err);
}

static const char good[] =
    "{\"__metadata__\":{\"format\":\"pt\"},"
    "\"b\":{\"dtype\":\"BF16\",\"shape\":[2,3],\"data_offsets\":[16,28]},"
    "\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]},"
    "\"mask\":{\"dtype\":\"BOOL\",\"shape\":[],\"data_offsets\":[28,29]},"
    "\"none\":{\"dtype\":\"F16\",\"shape\":[0,7],\"data_offsets\":[29,29]},"
    "\"odd\":{\"dtype\":\"F6_X\",\"shape\":[4],\"data_offsets\":[29,32]}}   ";

TEST(a_good_file_gives_its_tensors)
{
    struct error err = { 0 };
    struct safetensors *st;
    struct file file = bake(good, 32);
    assert_ok(opens(&st, &file, &err), err);
    assert_int_equal(safetensors_count(st), 5);
    assert_int_equal(safetensors_file_bytes(st), file.size);
    const struct safetensor *a = safetensors_find(st, slice_of("a"));
    const struct safetensor *b = safetensors_find(st, slice_of("b"));
    assert_true(a->type_known && a->type == DTYPE_F32 && a->n_dims == 1 && a->dims[0] == 4);
    assert_true(b->type_known && b->type == DTYPE_BF16 && b->n_dims == 2 && b->dims[1] == 3);
    assert_ptr_equal(b->data, a->data + 16);
    assert_int_equal(b->size_bytes, 12);
    const struct safetensor *mask = safetensors_find(st, slice_of("mask"));
    assert_false(mask->type_known);
    assert_int_equal(mask->n_dims, 0);
    assert_true(slice_equal(mask->type_name, slice_of("BOOL")));
    assert_int_equal(safetensors_find(st, slice_of("none"))->size_bytes, 0);
    assert_null(safetensors_find(st, slice_of("__metadata__")));
    assert_null(safetensors_at(st, 5));
    safetensors_close(&st);
    assert_null(st);
    memory_free(file.bytes);
}

TEST(a_file_without_tensors_is_empty)
{
    struct error err = { 0 };
    struct safetensors *st;
    struct file file = bake("{\"__metadata__\":{}}", 0);
    assert_ok(opens(&st, &file, &err), err);
    assert_int_equal(safetensors_count(st), 0);
    safetensors_close(&st);
    memory_free(file.bytes);
}

#define ONE(type, shape, offsets) \
    "{\"t\":{\"dtype\":" type ",\"shape\":" shape ",\"data_offsets\":" offsets "}}"

static const struct {
    const char *header, *says;
} corruptions[] = {
    { "", "not valid JSON" },
    { "{\"a\":", "not valid JSON" },
    { "[]", "no JSON object" },
    { "7", "no JSON object" },
    { "{\"t\":5}", "'t'" },
    { "{\"t\":{\"dtype\":\"F32\"}}", "'t'" },
    { "{\"t\":1,\"t\":2}", "duplicate" },
    { ONE("7", "[8]", "[0,32]"), "no dtype" },
    { ONE("\"F32\"", "8", "[0,32]"), "shape" },
    { ONE("\"F32\"", "[-8]", "[0,32]"), "dimension 0" },
    { ONE("\"F32\"", "[8.0]", "[0,32]"), "dimension 0" },
    { ONE("\"F32\"", "[\"8\"]", "[0,32]"), "dimension 0" },
    { ONE("\"F32\"", "[1,1,1,1,1,1,1,1,8]", "[0,32]"), "at most 8" },
    { ONE("\"F32\"", "[4294967296,4294967296,4294967296]", "[0,32]"), "too many" },
    { ONE("\"F32\"", "[4611686018427387904]", "[0,0]"), "do not fill" },
    { ONE("\"F32\"", "[576460752303423488]", "[0,0]"), "do not fill" },
    { ONE("\"F32\"", "[99999999999999999999]", "[0,32]"), "dimension 0 is not a whole number" },
    { ONE("\"F32\"", "[8]", "[0]"), "data_offsets" },
    { ONE("\"F32\"", "[8]", "[0,32,64]"), "data_offsets" },
    { ONE("\"F32\"", "[8]", "[-1,31]"), "data_offsets" },
    { ONE("\"F32\"", "[8]", "[32,0]"), "from byte 32 to 0" },
    { ONE("\"F32\"", "[8]", "[4,36]"), "has 32 bytes" },
    { ONE("\"F32\"", "[8]", "[0,9223372036854775807]"), "has 32 bytes" },
    { ONE("\"F32\"", "[7]", "[0,32]"), "7 elements of F32" },
    { ONE("\"BF16\"", "[8]", "[0,32]"), "8 elements of BF16" },
    { ONE("\"F4\"", "[3]", "[0,1]"), "3 elements of F4" },
    { "{\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]},"
      "\"b\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[7,15]}}",
      "overlap by 1 bytes" },
};

TEST(every_corruption_is_named_with_the_file)
{
    for (size_t i = 0; i < COUNT_OF(corruptions); i++) {
        struct error err = { 0 };
        struct safetensors *st;
        struct file file = bake(corruptions[i].header, 32);
        if (opens(&st, &file, &err))
            fail_msg("corruption %zu (%s) was accepted", i, corruptions[i].says);
        assert_null(st);
        if (!strstr(err.message, corruptions[i].says) || !strstr(err.message, "'x.safetensors'"))
            fail_msg("corruption %zu should say '%s': %s", i, corruptions[i].says, err.message);
        assert_int_equal(err.code, ERROR_FORMAT);
        memory_free(file.bytes);
    }
}

TEST(a_header_longer_than_the_file_or_the_limit_is_refused)
{
    static const uint64_t lengths[] = { 41, 100000001, UINT64_C(1) << 63, UINT64_MAX };
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        struct error err = { 0 };
        struct safetensors *st;
        struct file file = bake("{}", 38);
        memcpy(file.bytes, &lengths[i], 8);
        assert_false(opens(&st, &file, &err));
        assert_non_null(strstr(err.message, "'x.safetensors'"));
        assert_non_null(strstr(err.message, "header claims"));
        memory_free(file.bytes);
    }
}

TEST(a_file_cut_anywhere_is_an_error)
{
    struct file whole = bake(good, 32);
    for (size_t size = 0; size < whole.size; size++) {
        struct error err = { 0 };
        struct safetensors *st;
        struct file cut = { memory_zeroed(size, 1), size };
        assert_non_null(cut.bytes);
        memcpy(cut.bytes, whole.bytes, size);
        assert_false(opens(&st, &cut, &err));
        assert_non_null(strstr(err.message, "'x.safetensors'"));
        memory_free(cut.bytes);
    }
    memory_free(whole.bytes);
}

TEST(every_failing_allocation_is_an_error)
{
    struct file file = bake(good, 32);
    int64_t n = 0;
    for (bool ok = false; !ok; n++) {
        struct error err = { 0 };
        struct safetensors *st;
        memory_fail_after(n);
        ok = opens(&st, &file, &err);
        memory_fail_after(-1);
        if (!ok)
            assert_int_equal(err.code, ERROR_MEMORY);
        safetensors_close(&st);
    }
    assert_true(n > 4);
    memory_free(file.bytes);
}

static char folder[64];

static void write_file(const char *name, const void *bytes, size_t size)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    fclose(out);
}

static void write_shard(const char *name, const char *header, size_t data_bytes)
{
    struct file file = bake(header, data_bytes);
    write_file(name, file.bytes, file.size);
    memory_free(file.bytes);
}

static void begin_folder(void)
{
    snprintf(folder, sizeof folder, "/tmp/test_safetensors.XXXXXX");
    assert_non_null(mkdtemp(folder));
}

static void end_folder(void)
{
    static const char *const names[] = { "model.safetensors", "model.safetensors.index.json",
                                         "one.safetensors", "two.safetensors" };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(folder), 0);
}

static void write_index(const char *map)
{
    char index[1000];
    snprintf(index, sizeof index, "{\"metadata\":{},\"weight_map\":%s}", map);
    write_file("model.safetensors.index.json", index, strlen(index));
}

TEST(shards_are_found_through_their_index)
{
    struct error err = { 0 };
    struct safetensors *st;
    begin_folder();
    write_shard("one.safetensors",
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]},"
                "\"b\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[8,16]}}",
                16);
    write_shard("two.safetensors", ONE("\"F32\"", "[2]", "[0,8]"), 8);
    write_index("{\"a\":\"one.safetensors\",\"t\":\"two.safetensors\",\"b\":\"one.safetensors\"}");
    assert_ok(safetensors_open(&st, folder, &err), err);
    assert_int_equal(safetensors_count(st), 3);
    assert_int_equal(safetensors_find(st, slice_of("b"))->data[0], 8);
    assert_int_equal(safetensors_find(st, slice_of("t"))->type, DTYPE_F32);
    safetensors_close(&st);
    end_folder();
}

TEST(a_bad_index_is_named)
{
    static const struct {
        const char *map, *says;
    } rows[] = {
        { "{}", "no weight_map" },
        { "[]", "no weight_map" },
        { "{\"a\":5}", "no file name" },
        { "{\"a\":\"\"}", "no file name" },
        { "{\"a\":\"../one.safetensors\"}", "no file name" },
        { "{\"a\":\"/etc/passwd\"}", "no file name" },
        { "{\"a\":\"..\"}", "no file name" },
        { "{\"a\":\"x..y\"}", "no file name" },
        { "{\"a\":\".hidden\"}", "no file name" },
        { "{\"a\":\"one\\u0000.safetensors\"}", "no file name" },
        { "{\"a\":\"three.safetensors\"}", "three.safetensors" },
        { "{\"a\":\"two.safetensors\",\"t\":\"one.safetensors\"}", "'a' is not in" },
        { "{\"a\":\"one.safetensors\",\"zzz\":\"one.safetensors\"}", "'zzz' is not in" },
    };
    begin_folder();
    write_shard("one.safetensors",
                "{\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]}}", 8);
    write_shard("two.safetensors", ONE("\"F32\"", "[2]", "[0,8]"), 8);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err = { 0 };
        struct safetensors *st;
        write_index(rows[i].map);
        if (safetensors_open(&st, folder, &err))
            fail_msg("index %s was accepted", rows[i].map);
        if (!strstr(err.message, rows[i].says) || !strstr(err.message, "index.json'"))
            fail_msg("index %s should say '%s': %s", rows[i].map, rows[i].says, err.message);
    }
    end_folder();
}

TEST(a_tensor_in_two_shards_is_refused)
{
    struct error err = { 0 };
    struct safetensors *st;
    begin_folder();
    write_shard("one.safetensors", ONE("\"F32\"", "[2]", "[0,8]"), 8);
    write_shard("two.safetensors", ONE("\"F32\"", "[2]", "[0,8]"), 8);
    write_index("{\"t\":\"one.safetensors\",\"u\":\"two.safetensors\"}");
    assert_false(safetensors_open(&st, folder, &err));
    assert_non_null(strstr(err.message, "'t' is there twice"));
    end_folder();
}

TEST(a_folder_without_safetensors_says_what_was_looked_for)
{
    struct error err = { 0 };
    struct safetensors *st;
    begin_folder();
    assert_false(safetensors_open(&st, folder, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    assert_non_null(strstr(err.message, folder));
    assert_non_null(strstr(err.message, "model.safetensors.index.json"));
    end_folder();
}

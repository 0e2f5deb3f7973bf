#include "test.h"

#include "base/mapped_file.h"
#include "base/memory.h"
#include "formats/weights.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct weights *open_golden(struct weights **w, const char *path)
{
    struct error err = { 0 };
    assert_ok(weights_open(w, golden_path(path), &err), err);
    return *w;
}

TEST(a_gguf_file_gives_tensors_and_settings)
{
    struct error err = { 0 };
    struct weights *w;
    open_golden(&w, "stories260K/stories260K.gguf");
    assert_true(weights_is_gguf(w));
    assert_non_null(weights_gguf(w));
    assert_null(weights_config(w));
    struct slice architecture;
    assert_ok(weights_architecture(w, &architecture, &err), err);
    assert_true(slice_equal(architecture, slice_of("llama")));
    int64_t n = 0;
    assert_true(weights_int(w, "num_hidden_layers|block_count", &n, &err));
    assert_int_equal(n, 5);
    assert_true(weights_int(w, "attention.head_count_kv", &n, &err));
    assert_int_equal(n, 4);
    const struct weight *ffn = weights_find(w, "blk.0.ffn_down.weight");
    assert_non_null(ffn);
    assert_int_equal(ffn->row_length, 172);
    assert_int_equal(ffn->n_rows, 64);
    assert_int_equal(ffn->type, DTYPE_F32);
    assert_int_equal(ffn->row_bytes, 688);
    assert_int_equal(ffn->size_bytes, 688 * 64);
    assert_null(weights_find(w, "blk.99.ffn_down.weight"));
    assert_null(weights_side_file(w, "tokenizer.json"));
    weights_close(&w);
    assert_null(w);
}

TEST(a_folder_gives_tensors_settings_and_side_files)
{
    struct error err = { 0 };
    struct weights *w;
    open_golden(&w, "models/llama-a");
    assert_false(weights_is_gguf(w));
    struct slice architecture;
    assert_ok(weights_architecture(w, &architecture, &err), err);
    assert_true(slice_equal(architecture, slice_of("llama")));
    double base = 0;
    assert_true(weights_double(w, "rope_theta|rope_parameters.rope_theta", &base, &err));
    assert_true(base >= 10000);
    assert_non_null(weights_find(w, "model.norm.weight"));
    assert_non_null(weights_side_file(w, "config.json"));
    assert_null(weights_side_file(w, "nothing.json"));
    weights_close(&w);
}

TEST(every_golden_model_opens)
{
    struct error err = { 0 };
    const char *folder = golden_path("models");
    DIR *models = opendir(folder);
    assert_non_null(models);
    size_t n_opened = 0;
    for (struct dirent *it; (it = readdir(models));) {
        char path[1200];
        struct weights *w;
        struct slice architecture;
        snprintf(path, sizeof path, "%s/%s", folder, it->d_name);
        if (it->d_name[0] == '.' || !path_is_directory(path))
            continue;
        assert_ok(weights_open(&w, path, &err), err);
        assert_ok(weights_architecture(w, &architecture, &err), err);
        assert_true(weights_count(w) > 0);
        for (size_t i = 0; i < weights_count(w); i++) {
            const struct weight *weight = weights_at(w, i);
            assert_int_equal(weight->n_rows * weight->row_bytes, weight->size_bytes);
        }
        weights_close(&w);
        n_opened++;
    }
    closedir(models);
    assert_true(n_opened >= 50);
}

static char folder[64];

static char *inside(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const void *bytes, size_t size)
{
    FILE *out = fopen(inside(name), "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    fclose(out);
}

static const char config[] =
    "{\"model_type\":\"llama\",\"n\":7,\"whole\":8.0,\"half\":2.5,\"nothing\":null,\"flag\":true,"
    "\"list\":[1,2,3],\"mixed\":[1,\"x\"],\"deep\":{\"er\":{\"still\":5}},\"word\":\"seven\","
    "\"big\":1e30}";

/* A folder with a config and one tensor of 8 floats. */
static void begin_folder(void)
{
    static const char header[] =
        "{\"t\":{\"dtype\":\"F32\",\"shape\":[2,2,2],\"data_offsets\":[0,32]},"
        "\"s\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[32,36]},"
        "\"ids\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[36,44]}} ";
    uint8_t file[512] = { 0 };
    uint64_t length = align_up(strlen(header), 8);
    memset(file + 8, ' ', length);
    memcpy(file, &length, 8);
    memcpy(file + 8, header, strlen(header));
    snprintf(folder, sizeof folder, "/tmp/test_weights.XXXXXX");
    assert_non_null(mkdtemp(folder));
    write_file("config.json", config, strlen(config));
    write_file("model.safetensors", file, 8 + length + 44);
    write_file("tokenizer.json", "{}", 2);
}

static void end_folder(void)
{
    static const char *const names[] = { "config.json", "model.safetensors", "tokenizer.json",
                                         "fifo",        "stranger",          "empty" };
    for (size_t i = 0; i < COUNT_OF(names); i++)
        unlink(inside(names[i]));
    assert_int_equal(rmdir(folder), 0);
}

TEST(a_safetensors_file_finds_its_config_beside_it)
{
    struct error err = { 0 };
    struct weights *w;
    begin_folder();
    assert_ok(weights_open(&w, inside("model.safetensors"), &err), err);
    const struct weight *t = weights_find(w, "t");
    assert_int_equal(t->row_length, 2);
    assert_int_equal(t->n_rows, 4);
    assert_int_equal(t->row_bytes, 8);
    assert_int_equal(weights_find(w, "s")->row_length, 1);
    assert_null(weights_find(w, "ids"));
    assert_int_equal(weights_count(w), 2);
    assert_string_equal(weights_side_file(w, "tokenizer.json"), inside("tokenizer.json"));
    assert_string_equal(weights_path(w), inside("model.safetensors"));
    weights_close(&w);
    end_folder();
}

TEST(settings_of_a_config_are_absent_wrong_or_converted)
{
    struct error err = { 0 };
    struct weights *w;
    int64_t n = 0, list[3];
    double x = 0;
    bool flag = false;
    struct slice word;
    size_t count = 0;
    begin_folder();
    assert_ok(weights_open(&w, folder, &err), err);
    err.code = ERROR_IO; /* a stale code must not look like a wrong setting */
    assert_false(weights_int(w, "absent", &n, &err));
    assert_int_equal(err.code, ERROR_NONE);
    assert_false(weights_int(w, "nothing", &n, &err));
    assert_int_equal(err.code, ERROR_NONE);
    assert_true(weights_int(w, "nothing|absent|n", &n, &err) && n == 7);
    assert_true(weights_int(w, "whole", &n, &err) && n == 8);
    assert_true(weights_int(w, "deep.er.still", &n, &err) && n == 5);
    assert_false(weights_int(w, "deep.er.still.more", &n, &err));
    assert_int_equal(err.code, ERROR_NONE);
    static const char *const no_ints[] = { "half", "word", "flag", "list", "deep", "big" };
    for (size_t i = 0; i < COUNT_OF(no_ints); i++) {
        assert_false(weights_int(w, no_ints[i], &n, &err));
        assert_int_equal(err.code, ERROR_FORMAT);
        assert_non_null(strstr(err.message, "config.json'"));
        assert_non_null(strstr(err.message, no_ints[i]));
    }
    assert_true(weights_double(w, "half", &x, &err) && x == 2.5);
    assert_true(weights_double(w, "n", &x, &err) && x == 7);
    assert_false(weights_double(w, "word", &x, &err));
    assert_true(weights_bool(w, "flag", &flag, &err) && flag);
    assert_false(weights_bool(w, "n", &flag, &err));
    assert_int_equal(err.code, ERROR_FORMAT);
    assert_true(weights_string(w, "word", &word, &err) && slice_equal(word, slice_of("seven")));
    assert_false(weights_string(w, "n", &word, &err));
    assert_true(weights_int_array(w, "list", list, 3, &count, &err));
    assert_true(count == 3 && list[2] == 3);
    assert_false(weights_int_array(w, "n", list, 3, &count, &err));
    assert_int_equal(err.code, ERROR_NONE);
    assert_false(weights_int_array(w, "list", list, 2, &count, &err));
    assert_int_equal(err.code, ERROR_FORMAT);
    assert_false(weights_int_array(w, "mixed", list, 3, &count, &err));
    assert_int_equal(err.code, ERROR_FORMAT);
    weights_close(&w);
    end_folder();
}

TEST(a_path_that_is_no_model_says_what_was_looked_for)
{
    static const struct {
        const char *name, *says;
    } rows[] = {
        { "missing.gguf", "No such file" },
        { "fifo", "not a regular file" },
        { "empty", "empty" },
        { "stranger", "begins with 'PK" },
        { "", "config.json" },
    };
    begin_folder();
    unlink(inside("config.json"));
    assert_int_equal(mkfifo(inside("fifo"), 0600), 0);
    write_file("stranger", "PK\3\4....", 8);
    write_file("empty", "", 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err = { 0 };
        struct weights *w;
        assert_false(weights_open(&w, inside(rows[i].name), &err));
        assert_null(w);
        if (!strstr(err.message, rows[i].says) || !strstr(err.message, inside(rows[i].name)) ||
            !strstr(err.message, "looked for a GGUF file"))
            fail_msg("'%s' should say '%s': %s", rows[i].name, rows[i].says, err.message);
    }
    end_folder();
}

TEST(a_folder_that_lacks_a_part_says_which)
{
    struct error err = { 0 };
    struct weights *w;
    begin_folder();
    unlink(inside("config.json"));
    assert_false(weights_open(&w, inside("model.safetensors"), &err));
    assert_non_null(strstr(err.message, "config.json beside it"));
    write_file("config.json", "[]", 2);
    assert_false(weights_open(&w, folder, &err));
    assert_non_null(strstr(err.message, "no JSON object"));
    write_file("config.json", "{}", 2);
    unlink(inside("model.safetensors"));
    assert_false(weights_open(&w, folder, &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    assert_non_null(strstr(err.message, "model.safetensors.index.json"));
    end_folder();
}

TEST(a_model_without_an_architecture_is_named)
{
    struct error err = { 0 };
    struct weights *w;
    struct slice architecture;
    begin_folder();
    write_file("config.json", "{}", 2);
    assert_ok(weights_open(&w, folder, &err), err);
    assert_false(weights_architecture(w, &architecture, &err));
    assert_non_null(strstr(err.message, "model_type"));
    weights_close(&w);
    write_file("config.json", "{\"model_type\":3}", 16);
    assert_ok(weights_open(&w, folder, &err), err);
    assert_false(weights_architecture(w, &architecture, &err));
    assert_non_null(strstr(err.message, "not a string"));
    weights_close(&w);
    end_folder();
}

static void fail_every_allocation(const char *path)
{
    int64_t n = 0;
    for (bool ok = false; !ok; n++) {
        struct error err = { 0 };
        struct weights *w;
        memory_fail_after(n);
        ok = weights_open(&w, path, &err);
        memory_fail_after(-1);
        if (!ok && err.code != ERROR_MEMORY)
            fail_msg("allocation %d: %s", (int)n, err.message);
        weights_close(&w);
    }
    assert_true(n > 5);
}

TEST(every_failing_allocation_is_an_error)
{
    begin_folder();
    fail_every_allocation(folder);
    fail_every_allocation(inside("model.safetensors"));
    end_folder();
    fail_every_allocation(golden_path("stories260K/stories260K.gguf"));
}

#include "test.h"

#include "base/memory.h"
#include "formats/weights.h"

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

/* The program's files are no part of the library, so they are compiled in here; before test.h,
 * whose cmocka takes the name fail for a macro. */
#include "cli/synth/synth.c"
#include "cli/synth/synth_blocks.c"
#include "cli/synth/synth_vocabulary.c"

#include "test.h"

#include "base/mapped_file.h"
#include "base/table.h"
#include "base/utf8.h"
#include "formats/weights.h"
#include "quant/quantize.h"

#include <unistd.h>

static const char *const tiny_shapes[] = { "test-tiny", "test-tiny-bias", "test-tiny-experts",
                                           "test-chat" };

static char folder[64];

static const char *begin_file(void)
{
    static char path[80];
    snprintf(folder, sizeof folder, "/tmp/test_synth.XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/x.gguf", folder);
    return path;
}

static void end_file(const char *path)
{
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
}

/* Without a template. */
static bool write_synth(const char *shape, const char *type, const char *path, struct error *err)
{
    struct synth_options options = { .shape = shape, .type = type };
    return synth_write(&options, path, err);
}

static struct weights *open_synth(const char *shape, const char *type, const char *path)
{
    struct error err = { 0 };
    struct weights *w;
    assert_ok(write_synth(shape, type, path, &err), err);
    assert_ok(weights_open(&w, path, &err), err);
    return w;
}

TEST(random_blocks_have_no_mean_and_the_wanted_deviation)
{
    enum { BYTES = SYNTH_PORTION_BYTES };
    uint8_t *stored = memory_aligned(BYTES);
    assert_non_null(stored);
    for (int type = 0; type < DTYPE_COUNT; type++) {
        size_t count = BYTES / dtype_block_bytes((enum dtype)type);
        size_t n = count * dtype_block_elements((enum dtype)type);
        float *values = memory_aligned(n * sizeof *values);
        assert_non_null(values);
        assert_int_equal(BYTES % dtype_block_bytes((enum dtype)type), 0);
        synth_blocks((enum dtype)type, 42, 0, count, 0, 1.0f / 64, stored);
        dequantize_row((enum dtype)type, stored, values, n);
        double sum = 0, squares = 0;
        for (size_t i = 0; i < n; i++) {
            assert_true(isfinite(values[i]));
            sum += (double)values[i];
            squares += (double)values[i] * (double)values[i];
        }
        double mean = sum / (double)n, deviation = sqrt(squares / (double)n - mean * mean);
        if (fabs(mean) * 64 > 0.02 || fabs(deviation * 64 - 1) > 0.03)
            fail_msg("%s: mean %g, deviation %g of the wanted one", dtype_name((enum dtype)type),
                     mean * 64, deviation * 64);
        memory_free(values);
    }
    memory_free(stored);
}

TEST(random_blocks_do_not_depend_on_the_portion)
{
    uint8_t whole[20 * 210], parts[20 * 210];
    synth_blocks(DTYPE_Q6_K, 7, 0, 20, 0, 1, whole);
    synth_blocks(DTYPE_Q6_K, 7, 0, 13, 0, 1, parts);
    synth_blocks(DTYPE_Q6_K, 7, 13, 7, 0, 1, parts + 13 * 210);
    assert_memory_equal(whole, parts, sizeof whole);
}

TEST(every_tiny_shape_reads_back_in_every_type)
{
    const char *path = begin_file();
    for (size_t i = 0; i < COUNT_OF(tiny_shapes); i++)
        for (int type = 0; type <= DTYPE_COUNT; type++) {
            struct error err = { 0 };
            const char *name = type == DTYPE_COUNT ? "Q4_K_M" : dtype_name((enum dtype)type);
            struct weights *w = open_synth(tiny_shapes[i], name, path);
            int64_t n_layers = 0, width = 0;
            assert_true(weights_int(w, "block_count", &n_layers, &err));
            assert_true(weights_int(w, "embedding_length", &width, &err));
            assert_non_null(weights_find(w, "blk.0.attn_q.weight"));
            assert_int_equal(weights_find(w, "output_norm.weight")->type, DTYPE_F32);
            assert_int_equal(weights_find(w, "token_embd.weight")->row_length, width);
            weights_close(&w);
        }
    end_file(path);
}

static enum dtype type_of(const struct weights *w, const char *name)
{
    const struct weight *weight = weights_find(w, name);
    if (!weight)
        fail_msg("there is no '%s'", name);
    return weight->type;
}

TEST(the_mix_spends_its_bits_where_it_should)
{
    const char *path = begin_file();
    struct weights *w = open_synth("test-tiny", "Q4_K_M", path);
    assert_int_equal(type_of(w, "token_embd.weight"), DTYPE_Q6_K); /* tied */
    assert_null(weights_find(w, "output.weight"));
    assert_int_equal(type_of(w, "blk.0.attn_v.weight"), DTYPE_Q4_K);
    assert_int_equal(type_of(w, "blk.1.attn_v.weight"), DTYPE_Q6_K);
    assert_int_equal(type_of(w, "blk.1.ffn_down.weight"), DTYPE_Q6_K);
    assert_int_equal(type_of(w, "blk.1.ffn_up.weight"), DTYPE_Q4_K);
    weights_close(&w);
    w = open_synth("test-tiny-experts", "Q4_K_M", path);
    assert_int_equal(type_of(w, "token_embd.weight"), DTYPE_Q4_K);
    assert_int_equal(type_of(w, "output.weight"), DTYPE_Q6_K);
    assert_int_equal(type_of(w, "blk.0.attn_v.weight"), DTYPE_Q8_0);
    assert_int_equal(type_of(w, "blk.0.attn_output.weight"), DTYPE_Q5_K);
    assert_int_equal(type_of(w, "blk.0.ffn_gate_inp.weight"), DTYPE_F32);
    const enum dtype down[] = { DTYPE_Q6_K, DTYPE_Q4_K, DTYPE_Q4_K, DTYPE_Q6_K,
                                DTYPE_Q4_K, DTYPE_Q4_K, DTYPE_Q6_K, DTYPE_Q6_K };
    for (int layer = 0; layer < 8; layer++) {
        char name[64];
        snprintf(name, sizeof name, "blk.%d.ffn_down_exps.weight", layer);
        assert_int_equal(type_of(w, name), down[layer]);
    }
    weights_close(&w);
    end_file(path);
}

TEST(rows_that_are_too_short_get_another_type)
{
    static const struct {
        const char *wanted;
        enum dtype got;
    } rows[] = { { "Q2_K", DTYPE_Q4_0 }, { "Q3_K", DTYPE_Q4_0 }, { "Q4_K", DTYPE_Q5_0 },
                 { "Q5_K", DTYPE_Q5_1 }, { "Q6_K", DTYPE_Q8_0 }, { "Q4_0", DTYPE_Q4_0 },
                 { "BF16", DTYPE_BF16 } };
    const char *path = begin_file();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct weights *w = open_synth("test-tiny-bias", rows[i].wanted, path);
        assert_int_equal(type_of(w, "blk.0.attn_q.weight"), rows[i].got);
        assert_int_equal(type_of(w, "blk.0.attn_q.bias"), DTYPE_F32);
        weights_close(&w);
    }
    end_file(path);
}

TEST(rope_divisors_go_from_one_to_the_factor)
{
    const char *path = begin_file();
    struct weights *w = open_synth("test-tiny", "F32", path);
    const struct weight *rope = weights_find(w, "rope_freqs.weight");
    assert_int_equal(rope->row_length, 32);
    const float *divisors = (const float *)(const void *)rope->data;
    assert_true(divisors[0] == 1 && divisors[31] == 32);
    for (int i = 1; i < 32; i++)
        assert_true(divisors[i] >= divisors[i - 1] && divisors[i] <= 32);
    assert_true(divisors[16] > 1 && divisors[17] < 32); /* some are blended */
    weights_close(&w);
    end_file(path);
}

static void check_distinct(const struct gguf_value *tokens, struct table *seen)
{
    struct slice token;
    assert_true(table_init(seen, 1000));
    for (size_t state = 0; gguf_next_string(tokens, &state, &token);) {
        if (token.length == 0 || table_get(seen, token, NULL))
            fail_msg("token '%.*s' is empty or there twice", (int)token.length, token.data);
        assert_true(utf8_valid((const uint8_t *)token.data, token.length));
        assert_true(table_put(seen, token, 1));
    }
}

TEST(tokens_are_distinct_and_merges_join_tokens_to_tokens)
{
    const char *path = begin_file();
    for (size_t i = 0; i < COUNT_OF(tiny_shapes); i++) {
        struct weights *w = open_synth(tiny_shapes[i], "Q4_0", path);
        const struct gguf *gguf = weights_gguf(w);
        const struct gguf_value *tokens = gguf_find(gguf, "tokenizer.ggml.tokens");
        assert_int_equal(tokens->count, weights_find(w, "token_embd.weight")->n_rows);
        assert_int_equal(tokens->count, gguf_find(gguf, "tokenizer.ggml.token_type")->count);
        struct table seen;
        check_distinct(tokens, &seen);
        struct slice merge;
        size_t n_merges = 0;
        const struct gguf_value *merges = gguf_find(gguf, "tokenizer.ggml.merges");
        for (size_t place = 0; gguf_next_string(merges, &place, &merge); n_merges++) {
            char both[64];
            const char *gap = memchr(merge.data, ' ', merge.length);
            assert_non_null(gap);
            struct slice left = { merge.data, (size_t)(gap - merge.data) };
            struct slice right = { gap + 1, merge.length - left.length - 1 };
            snprintf(both, sizeof both, "%.*s%.*s", (int)left.length, left.data, (int)right.length,
                     right.data);
            assert_true(table_get(&seen, left, NULL) && table_get(&seen, right, NULL));
            assert_true(table_get(&seen, slice_of(both), NULL));
        }
        assert_true(merges ? n_merges > 500 : n_merges == 0);
        table_release(&seen);
        weights_close(&w);
    }
    end_file(path);
}

TEST(a_chat_template_is_stored_with_the_model)
{
    static const char source[] = "{{ bos_token }}\0{{ messages }}"; /* a NUL byte is kept */
    const char *path = begin_file();
    struct error err = { 0 };
    struct slice stored;
    struct weights *w;
    struct synth_options options = { .shape = "test-chat",
                                     .type = "Q4_0",
                                     .chat_template = { source, sizeof source - 1 } };
    assert_ok(synth_write(&options, path, &err), err);
    assert_ok(weights_open(&w, path, &err), err);
    assert_true(gguf_as_string(gguf_find(weights_gguf(w), "tokenizer.chat_template"), &stored));
    assert_true(slice_equal(stored, options.chat_template));
    weights_close(&w);
    w = open_synth("test-chat", "Q4_0", path);
    assert_null(gguf_find(weights_gguf(w), "tokenizer.chat_template"));
    weights_close(&w);
    end_file(path);
}

TEST(special_tokens_that_answers_hold_are_no_control_tokens)
{
    const char *path = begin_file();
    struct weights *w = open_synth("test-chat", "Q4_0", path);
    const struct gguf_value *types = gguf_find(weights_gguf(w), "tokenizer.ggml.token_type");
    int64_t think = 0, fim = 0;
    assert_true(gguf_as_int(types, 993, &think) && gguf_as_int(types, 997, &fim));
    assert_int_equal(think, 4);
    assert_int_equal(fim, 3);
    weights_close(&w);
    end_file(path);
}

TEST(the_same_arguments_give_the_same_bytes)
{
    const char *path = begin_file();
    uint64_t hashes[2];
    for (int i = 0; i < 2; i++) {
        struct error err = { 0 };
        struct mapped_file *file;
        assert_ok(write_synth("test-tiny", "Q4_K_M", path, &err), err);
        assert_ok(mapped_file_open(&file, path, &err), err);
        hashes[i] = hash_bytes(file->data, file->size);
        mapped_file_close(&file);
    }
    assert_true(hashes[0] == hashes[1]);
    end_file(path);
}

TEST(an_unknown_shape_or_type_lists_the_known_ones)
{
    struct error err = { 0 };
    assert_false(write_synth("llama9", "Q4_0", "/tmp/never.gguf", &err));
    assert_int_equal(err.code, ERROR_USAGE);
    assert_non_null(strstr(err.message, "'llama9'"));
    assert_non_null(strstr(err.message, "mixtral-8x7b"));
    assert_null(strstr(err.message, "test-tiny"));
    assert_false(write_synth("test-tiny", "Q9", "/tmp/never.gguf", &err));
    assert_non_null(strstr(err.message, "'Q9'"));
    assert_non_null(strstr(err.message, "Q4_K_M"));
    size_t n = 0;
    for (const char *const *it = synth_shapes(); *it; it++)
        n++;
    assert_int_equal(n, 6);
}

TEST(every_failing_allocation_is_an_error_and_leaves_no_file)
{
    const char *path = begin_file();
    int64_t n = 0;
    for (bool ok = false; !ok; n++) {
        struct error err = { 0 };
        memory_fail_after(n);
        ok = write_synth("test-tiny-bias", "Q4_K_M", path, &err);
        memory_fail_after(-1);
        if (!ok)
            assert_int_equal(err.code, ERROR_MEMORY);
        assert_int_equal(access(path, F_OK) == 0, ok);
    }
    assert_true(n > 10);
    end_file(path);
}

#include "test.h"

#include "formats/gguf_writer.h"
#include "runtime/engine.h"
#include "tiny_model.h"

#include <math.h>
#include <unistd.h>

/* What is changed while a good file is copied. */
struct change {
    const char *key;     /* metadata replaced or added, without "llama." */
    enum gguf_type type; /* GGUF_U32, GGUF_F32 or GGUF_STRING */
    double number;
    const char *string;
    const char *dropped, *renamed_to; /* a tensor left out, or written under another name */
    const char *said;                 /* what the message must hold */
};

struct copy {
    const struct gguf *from;
    size_t tensors[512]; /* numbers in `from` */
};

static bool fill(void *context, size_t tensor, uint64_t offset, void *out, size_t size,
                 struct error *err)
{
    (void)err;
    const struct copy *copy = context;
    memcpy(out, gguf_tensor_at(copy->from, copy->tensors[tensor])->data + offset, size);
    return true;
}

static void write_changed(struct gguf_writer *w, const char *key, const struct change *c)
{
    struct error err = { 0 };
    if (c->type == GGUF_STRING)
        assert_ok(gguf_write_string(w, key, slice_of(c->string), &err), err);
    else if (c->type == GGUF_F32)
        assert_ok(gguf_write_f32(w, key, (float)c->number, &err), err);
    else
        assert_ok(gguf_write_u32(w, key, (uint32_t)c->number, &err), err);
}

static void copy_metadata(struct gguf_writer *w, const struct gguf *from, const struct change *c)
{
    struct error err = { 0 };
    char key[128] = "";
    bool is_written = c->key == NULL;
    if (c->key)
        snprintf(key, sizeof key, strchr(c->key, '!') ? "%s" : "llama.%s", c->key);
    if (key[0] && key[strlen(key) - 1] == '!')
        key[strlen(key) - 1] = '\0';
    for (size_t i = 0; i < gguf_n_values(from); i++) {
        const struct gguf_value *value = gguf_value_at(from, i);
        if (c->key && slice_equal(value->key, slice_of(key))) {
            write_changed(w, key, c);
            is_written = true;
        } else {
            assert_ok(gguf_write_value(w, value, &err), err);
        }
    }
    if (!is_written)
        write_changed(w, key, c);
}

static void copy_tensors(struct gguf_writer *w, struct copy *copy, const struct change *c)
{
    struct error err = { 0 };
    size_t n = 0;
    for (size_t i = 0; i < gguf_n_tensors(copy->from); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(copy->from, i);
        char name[128];
        snprintf(name, sizeof name, "%.*s", (int)t->name.length, t->name.data);
        bool is_chosen = c->dropped && strcmp(name, c->dropped) == 0;
        if (is_chosen && !c->renamed_to)
            continue;
        copy->tensors[n++] = i;
        assert_ok(gguf_write_tensor(w, is_chosen ? c->renamed_to : name, t->type, t->dims,
                                    t->n_dims, &err),
                  err);
    }
}

static void check_refused(const char *good, const struct change *c)
{
    char bad[] = "/tmp/hearth-bad-XXXXXX";
    struct copy copy;
    struct gguf *from;
    struct gguf_writer *w;
    struct engine *engine;
    struct error err = { 0 };
    close(mkstemp(bad));
    assert_ok(gguf_open(&from, good, &err), err);
    copy.from = from;
    assert_ok(gguf_writer_new(&w, &err), err);
    copy_metadata(w, from, c);
    copy_tensors(w, &copy, c);
    assert_ok(gguf_writer_finish(w, bad, 1 << 20, fill, &copy, &err), err);
    gguf_writer_free(&w);
    gguf_close(&from);
    if (engine_open(&engine, bad, NULL, &err))
        fail_msg("a model with %s %g%s was opened", c->key ? c->key : c->dropped, c->number,
                 c->string ? c->string : "");
    unlink(bad);
    if (!strstr(err.message, c->said) || !strstr(err.message, "hearth-bad"))
        fail_msg("the message for %s %g does not name '%s' and the file: %s",
                 c->key ? c->key : c->dropped, c->number, c->said, err.message);
}

TEST(absurd_metadata_and_misshapen_tensors_are_refused_by_name)
{
    static const struct change changes[] = {
        { .key = "block_count", .number = 0, .said = "block_count" },
        { .key = "block_count", .number = 3, .said = "blk.2." },
        { .key = "block_count", .number = 4000000000.0, .said = "4e+09" },
        { .key = "block_count", .number = 1, .said = "blk.1." },
        { .key = "block_count", .type = GGUF_STRING, .string = "two", .said = "block_count" },
        { .key = "embedding_length", .number = 128, .said = "64" },
        { .key = "embedding_length", .number = 0, .said = "embedding_length" },
        { .key = "feed_forward_length", .number = 97, .said = "97" },
        { .key = "attention.head_count", .number = 0, .said = "head_count" },
        { .key = "attention.head_count", .number = 3, .said = "3" },
        { .key = "attention.head_count_kv", .number = 0, .said = "head_count_kv" },
        { .key = "attention.key_length", .number = 0, .said = "key_length" },
        { .key = "attention.key_length", .number = 17, .said = "17" },
        { .key = "attention.value_length", .number = 8, .said = "8" },
        { .key = "context_length", .number = 0, .said = "context_length" },
        { .key = "attention.layer_norm_rms_epsilon",
          .type = GGUF_F32,
          .number = NAN,
          .said = "epsilon" },
        { .key = "attention.layer_norm_rms_epsilon",
          .type = GGUF_F32,
          .number = 0,
          .said = "epsilon" },
        { .key = "attention.layer_norm_rms_epsilon",
          .type = GGUF_F32,
          .number = INFINITY,
          .said = "epsilon" },
        { .key = "rope.freq_base", .type = GGUF_F32, .number = NAN, .said = "freq_base" },
        { .key = "rope.freq_base", .type = GGUF_F32, .number = -1, .said = "freq_base" },
        { .key = "rope.dimension_count", .number = 3, .said = "3" },
        { .key = "rope.dimension_count", .number = 100, .said = "100" },
        { .key = "rope.scaling.type", .type = GGUF_STRING, .string = "yarn", .said = "yarn" },
        { .key = "rope.scaling.type", .type = GGUF_STRING, .string = "linear", .said = "factor" },
        { .key = "expert_count", .number = 8, .said = "8" },
        { .key = "vocab_size", .number = 96, .said = "96" },
        { .key = "general.architecture!", .type = GGUF_STRING, .string = "mamba", .said = "mamba" },
        { .dropped = "blk.1.ffn_up.weight", .said = "blk.1.ffn_up.weight" },
        { .dropped = "token_embd.weight", .said = "token_embd.weight" },
        { .dropped = "output_norm.weight", .said = "output_norm.weight" },
        { .dropped = "output.weight", .renamed_to = "outlier.weight", .said = "outlier.weight" },
    };
    struct tiny_options options = tiny_defaults();
    struct tiny_model *tiny;
    struct error err = { 0 };
    assert_ok(tiny_model_new(&tiny, &options, &err), err);
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        struct change c = changes[i];
        if (c.type == 0)
            c.type = GGUF_U32;
        check_refused(tiny_model_path(tiny), &c);
    }
    tiny_model_free(&tiny);
}

TEST(a_vocabulary_larger_than_the_embedding_is_refused_with_both_numbers)
{
    struct tiny_options options = tiny_defaults();
    struct tiny_model *large, *small;
    struct error err = { 0 };
    options.n_vocab = 300;
    options.has_tokenizer = true;
    assert_ok(tiny_model_new(&large, &options, &err), err);
    options.n_vocab = 290;
    options.has_tokenizer = false;
    assert_ok(tiny_model_new(&small, &options, &err), err);
    struct gguf *from, *tensors;
    assert_ok(gguf_open(&from, tiny_model_path(large), &err), err);
    assert_ok(gguf_open(&tensors, tiny_model_path(small), &err), err);
    struct gguf_writer *w;
    struct copy copy = { .from = tensors };
    char bad[] = "/tmp/hearth-bad-XXXXXX";
    close(mkstemp(bad));
    assert_ok(gguf_writer_new(&w, &err), err);
    copy_metadata(w, from, &(struct change){ 0 });
    copy_tensors(w, &copy, &(struct change){ 0 });
    assert_ok(gguf_writer_finish(w, bad, 1 << 20, fill, &copy, &err), err);
    struct engine *engine;
    assert_false(engine_open(&engine, bad, NULL, &err));
    assert_non_null(strstr(err.message, "300"));
    assert_non_null(strstr(err.message, "290"));
    unlink(bad);
    gguf_writer_free(&w);
    gguf_close(&from);
    gguf_close(&tensors);
    tiny_model_free(&large);
    tiny_model_free(&small);
}

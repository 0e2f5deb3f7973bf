#include "test.h"

#include "dialogue/template_source.h"
#include "tiny_model.h"

static void read_source(const char *path, struct text *out)
{
    struct weights *weights;
    struct error err = { 0 };
    assert_ok(weights_open(&weights, path, &err), err);
    assert_ok(template_source_read(weights, out, &err), err);
    weights_close(&weights);
}

TEST(a_gguf_has_its_template_in_its_metadata_or_has_none)
{
    static const char *const templates[] = { "{{ bos_token }}{{ messages[0].content }}", NULL };
    for (size_t i = 0; i < COUNT_OF(templates); i++) {
        struct tiny_options options = tiny_defaults();
        struct tiny_model *tiny;
        struct text source;
        struct error err = { 0 };
        text_init(&source, 1 << 20);
        options.n_vocab = 300;
        options.has_tokenizer = true;
        options.chat_template = templates[i];
        assert_ok(tiny_model_new(&tiny, &options, &err), err);
        read_source(tiny_model_path(tiny), &source);
        assert_string_equal(text_slice(&source).data, templates[i] ? templates[i] : "");
        tiny_model_free(&tiny);
        text_release(&source);
    }
}

TEST(a_folder_has_its_template_in_the_tokenizers_configuration)
{
    struct text source;
    text_init(&source, 1 << 20);
    read_source(golden_path("models/llama-a"), &source);
    assert_non_null(strstr(text_slice(&source).data, "{{"));
    text_release(&source);
}

TEST(a_template_over_its_limit_is_an_error_with_both_numbers)
{
    struct tiny_options options = tiny_defaults();
    struct tiny_model *tiny;
    struct weights *weights;
    struct text source;
    struct error err = { 0 };
    text_init(&source, 10);
    options.n_vocab = 300;
    options.has_tokenizer = true;
    options.chat_template = "more than ten bytes";
    assert_ok(tiny_model_new(&tiny, &options, &err), err);
    assert_ok(weights_open(&weights, tiny_model_path(tiny), &err), err);
    assert_false(template_source_read(weights, &source, &err));
    assert_int_equal(err.code, ERROR_BUDGET);
    assert_non_null(strstr(err.message, "19"));
    assert_non_null(strstr(err.message, "10"));
    weights_close(&weights);
    tiny_model_free(&tiny);
}

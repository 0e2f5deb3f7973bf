#include "test.h"

#include "../support/tiny_vocabulary.h"
#include "base/memory.h"
#include "tokenizer/fill_tokens.h"

enum { CONTROL = 3, USER_DEFINED = 4 };

/* Byte-level BPE without a merge: ids below 256 are bytes, then come the names. */
struct vocabulary_with {
    struct tiny_gguf file;
    struct gguf *gguf;
    struct tokenizer *t;
};

static void begin(struct vocabulary_with *v, const char *const *names, size_t n, int32_t type)
{
    struct tiny_tokens tokens = { .count = 0 };
    for (int i = 0; i < 256; i++) {
        char text[5] = "";
        utf8_encode(byte_level_code_point((uint8_t)i), text);
        tiny_token(&tokens, text, 1, 0);
    }
    for (size_t i = 0; i < n; i++)
        tiny_token(&tokens, names[i], type, 0);
    tiny_begin(&v->file);
    tiny_set_string(&v->file, "tokenizer.ggml.model", "gpt2");
    tiny_set_string(&v->file, "tokenizer.ggml.pre", "starcoder");
    tiny_write_tokens(&v->file, &tokens);
    tiny_array(&v->file, "tokenizer.ggml.merges", GGUF_STRING, 0);
    v->gguf = NULL;
    v->t = NULL;
}

static bool finish(struct vocabulary_with *v, struct error *err)
{
    if (v->file.is_broken)
        return fail_memory(err, 0, "the test's file");
    return gguf_open_memory(&v->gguf, v->file.bytes.data, v->file.bytes.length, "tiny.gguf", err) &&
           tokenizer_from_gguf(&v->t, v->gguf, err);
}

static void finished(struct vocabulary_with *v)
{
    struct error err;
    assert_ok(finish(v, &err), err);
}

static void release(struct vocabulary_with *v)
{
    tokenizer_close(&v->t);
    gguf_close(&v->gguf);
    text_release(&v->file.bytes);
}

static struct fill_tokens found(const struct tokenizer *t)
{
    struct fill_tokens f;
    assert_true(fill_tokens_find(t, &f));
    return f;
}

static void assert_prompt(const struct tokenizer *t, const char *prefix, const char *suffix,
                          const token_id *want, size_t n)
{
    struct fill_tokens f = found(t);
    struct token_list got = { 0 };
    struct error err;
    assert_ok(fill_prompt(t, &f, slice_of(prefix), slice_of(suffix), &got, &err), err);
    for (size_t i = 0; i < got.count && i < n; i++)
        if (got.ids[i] != want[i])
            fail_msg("'%s' and '%s': token %zu is %d, expected %d", prefix, suffix, i, got.ids[i],
                     want[i]);
    assert_int_equal(got.count, n);
    token_list_release(&got);
}
#define ASSERT_PROMPT(t, prefix, suffix, ...)                           \
    assert_prompt(t, prefix, suffix, (const token_id[]){ __VA_ARGS__ }, \
                  sizeof((const token_id[]){ __VA_ARGS__ }) / sizeof(token_id))

TEST(every_family_gets_its_tokens_in_the_order_it_was_trained_on)
{
    enum { PREFIX = 257, SUFFIX, MIDDLE };
    static const struct {
        const char *names[4]; /* something else, prefix, suffix, middle */
        bool is_suffix_first;
    } rows[] = {
        { { "<|im_end|>", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>" }, false },
        { { "<|endoftext|>", "<fim_prefix>", "<fim_suffix>", "<fim_middle>" }, false },
        { { "<fim-pad>", "<fim-prefix>", "<fim-suffix>", "<fim-middle>" }, false },
        { { "▁<EOT>", "▁<PRE>", "▁<SUF>", "▁<MID>" }, false },
        { { "<EOT>", "<PRE>", "<SUF>", "<MID>" }, false },
        { { "<|EOT|>", "<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>" }, false },
        { { "<|user|>", "<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>" }, true },
        { { "</s>", "<[fim-prefix]>", "<[fim-suffix]>", "<[fim-middle]>" }, true },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct vocabulary_with v;
        begin(&v, rows[i].names, 4, CONTROL);
        finished(&v);
        if (rows[i].is_suffix_first)
            ASSERT_PROMPT(v.t, "ab", "c", SUFFIX, 'c', PREFIX, 'a', 'b', MIDDLE);
        else
            ASSERT_PROMPT(v.t, "ab", "c", PREFIX, 'a', 'b', SUFFIX, 'c', MIDDLE);
        release(&v);
    }
}

/* Codestral's vocabulary has the name, its prompt does not. */
TEST(codestral_answers_right_behind_what_stands_before_the_hole)
{
    static const char *const names[] = { "[PREFIX]", "[MIDDLE]", "[SUFFIX]" };
    struct vocabulary_with v;
    begin(&v, names, 3, CONTROL);
    finished(&v);
    assert_int_equal(found(v.t).middle, -1);
    ASSERT_PROMPT(v.t, "ab", "c", 258, 'c', 256, 'a', 'b');
    ASSERT_PROMPT(v.t, "", "", 258, 256);
    release(&v);
}

TEST(a_family_is_there_with_all_of_its_tokens_only)
{
    static const char *const names[] = { "<fim_prefix>", "<fim_suffix>", "<|fim_middle|>",
                                         "[PREFIX]" };
    struct vocabulary_with v;
    begin(&v, names, 4, CONTROL);
    finished(&v);
    struct fill_tokens f;
    assert_false(fill_tokens_find(v.t, &f));
    assert_true(f.prefix == -1 && f.suffix == -1 && f.middle == -1 && f.separator == -1);
    struct token_list out = { 0 };
    struct error err;
    assert_false(fill_prompt(v.t, &f, slice_of("a"), slice_of("b"), &out, &err));
    assert_int_equal(err.code, ERROR_UNSUPPORTED);
    assert_string_equal(err.message, "the model has no tokens for filling in the middle");
    assert_int_equal(out.count, 0);
    for (token_id id = -1; id < 260; id++)
        assert_false(fill_tokens_is_end(&f, id));
    release(&v);
}

TEST(what_the_file_declares_comes_before_names)
{
    static const char *const names[] = { "<fim_prefix>", "<fim_suffix>", "<fim_middle>",
                                         "<a>",          "<b>",          "<c>",
                                         "<d>",          "<file_sep>" };
    struct vocabulary_with v;
    begin(&v, names, 8, CONTROL);
    tiny_set_u32(&v.file, "tokenizer.ggml.prefix_token_id", 256); /* the older name counts less */
    tiny_set_u32(&v.file, "tokenizer.ggml.fim_pre_token_id", 259);
    tiny_set_u32(&v.file, "tokenizer.ggml.suffix_token_id", 260);
    tiny_set_u32(&v.file, "tokenizer.ggml.fim_mid_token_id", 261);
    tiny_set_u32(&v.file, "tokenizer.ggml.fim_sep_token_id", 262);
    finished(&v);
    ASSERT_PROMPT(v.t, "x", "y", 259, 'x', 260, 'y', 261);
    struct fill_tokens f = found(v.t);
    for (token_id id = 256; id < 264; id++)
        assert_int_equal(fill_tokens_is_end(&f, id), id >= 259 && id <= 262);
    release(&v);
}

TEST(declared_tokens_keep_the_order_of_their_family)
{
    static const char *const names[] = { "[SUFFIX]", "[PREFIX]", "<before>", "<behind>" };
    for (int is_known = 0; is_known < 2; is_known++) {
        struct vocabulary_with v;
        begin(&v, names, 4, CONTROL);
        if (is_known) /* which has no place in it */
            tiny_set_u32(&v.file, "tokenizer.ggml.fim_mid_token_id", 258);
        tiny_set_u32(&v.file, "tokenizer.ggml.fim_pre_token_id", is_known ? 257 : 258);
        tiny_set_u32(&v.file, "tokenizer.ggml.fim_suf_token_id", is_known ? 256 : 259);
        finished(&v);
        /* Without a middle no other order makes sense. */
        if (is_known)
            ASSERT_PROMPT(v.t, "x", "y", 256, 'y', 257, 'x');
        else
            ASSERT_PROMPT(v.t, "x", "y", 259, 'y', 258, 'x');
        release(&v);
    }
}

TEST(half_a_declaration_is_none)
{
    static const char *const names[] = { "<fim_prefix>", "<fim_suffix>", "<fim_middle>" };
    struct vocabulary_with v;
    begin(&v, names, 3, CONTROL);
    tiny_set_u32(&v.file, "tokenizer.ggml.fim_pre_token_id", 256);
    tiny_set_u32(&v.file, "tokenizer.ggml.fim_suf_token_id", 257);
    finished(&v);
    ASSERT_PROMPT(v.t, "x", "y", 256, 'x', 257, 'y', 258);
    release(&v);
}

TEST(numbers_that_a_converter_wrote_for_unused_tokens_are_none)
{
    static const char *const names[] = { "<unused60>", "<unused61>", "<unused62>" };
    struct vocabulary_with v;
    struct fill_tokens f;
    begin(&v, names, 3, CONTROL);
    tiny_set_u32(&v.file, "tokenizer.ggml.prefix_token_id", 256);
    tiny_set_u32(&v.file, "tokenizer.ggml.middle_token_id", 257);
    tiny_set_u32(&v.file, "tokenizer.ggml.suffix_token_id", 258);
    finished(&v);
    assert_false(fill_tokens_find(v.t, &f));
    release(&v);
}

TEST(declared_tokens_outside_the_vocabulary_are_errors)
{
    static const char *const names[] = { "<a>" };
    struct vocabulary_with v;
    struct error err;
    begin(&v, names, 1, CONTROL);
    tiny_set_u32(&v.file, "tokenizer.ggml.fim_mid_token_id", 257);
    assert_false(finish(&v, &err));
    assert_int_equal(err.code, ERROR_FORMAT);
    assert_string_equal(err.message, "'tiny.gguf': tokenizer.ggml.fim_mid_token_id is 257, the "
                                     "vocabulary has 257 tokens");
    release(&v);
}

TEST(an_answer_ends_where_another_hole_or_file_begins)
{
    static const char *const names[] = { "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>",
                                         "<|file_separator|>", "<|other|>" };
    struct vocabulary_with v;
    begin(&v, names, 5, CONTROL);
    finished(&v);
    struct fill_tokens f = found(v.t);
    for (token_id id = -1; id < 261; id++)
        assert_int_equal(fill_tokens_is_end(&f, id), id >= 256 && id < 260);
    release(&v);
}

/* The tokens that `text` became as a prefix, up to the token of the suffix. */
static void assert_letters(const struct tokenizer *t, const char *text)
{
    struct fill_tokens f = found(t);
    struct token_list ids = { 0 };
    struct error err;
    assert_ok(fill_prompt(t, &f, slice_of(text), slice_of(text), &ids, &err), err);
    assert_int_equal(ids.count, 2 * strlen(text) + 3);
    for (size_t i = 0; i < strlen(text); i++) {
        assert_int_equal(ids.ids[1 + i], (uint8_t)text[i]);
        assert_int_equal(ids.ids[2 + strlen(text) + i], (uint8_t)text[i]);
    }
    token_list_release(&ids);
}

/* Also where the tokens are of a kind that is found in every text. */
TEST(a_text_cannot_smuggle_tokens_in)
{
    static const char *const names[] = { "<a>", "<b>", "<c>", "<d>" };
    static const int32_t types[] = { CONTROL, USER_DEFINED };
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        struct vocabulary_with v;
        begin(&v, names, 4, types[i]);
        tiny_set_u32(&v.file, "tokenizer.ggml.fim_pre_token_id", 256);
        tiny_set_u32(&v.file, "tokenizer.ggml.fim_suf_token_id", 257);
        tiny_set_u32(&v.file, "tokenizer.ggml.fim_mid_token_id", 258);
        finished(&v);
        assert_letters(v.t, "x<c>y");
        assert_letters(v.t, "<a><b><c>");
        assert_letters(v.t, "<<a<a>>b>é<c");
        assert_letters(v.t, "<c>");
        release(&v);
    }
}

/* Time linear in the text: 200,000 names in it. */
TEST(a_text_of_nothing_but_names_takes_no_longer)
{
    enum { REPEATED = 200000 };
    static const char *const names[] = { "<fim_prefix>", "<fim_suffix>", "<fim_middle>" };
    struct vocabulary_with v;
    struct text text;
    struct token_list ids = { 0 };
    struct error err;
    text_init(&text, SIZE_MAX / 2);
    for (int i = 0; i < REPEATED; i++)
        assert_true(text_append_string(&text, names[2]));
    begin(&v, names, 3, USER_DEFINED);
    finished(&v);
    struct fill_tokens f = found(v.t);
    assert_ok(fill_prompt(v.t, &f, text_slice(&text), slice_of(""), &ids, &err), err);
    assert_int_equal(ids.count, text.length + 3);
    token_list_release(&ids);
    text_release(&text);
    release(&v);
}

/* SentencePiece's way: 1 is the beginning, bytes come from BYTES on, names behind SPACE. */
enum { BYTES = 3, SPACE = 259, NAMES };

static void begin_escaped(struct vocabulary_with *v, const char *const *names, size_t n,
                          int32_t type)
{
    struct tiny_tokens tokens = { .count = 0 };
    *v = (struct vocabulary_with){ 0 };
    tiny_token(&tokens, "<unk>", 2, 0);
    tiny_token(&tokens, "<s>", 3, 0);
    tiny_token(&tokens, "</s>", 3, 0);
    tiny_byte_tokens(&tokens);
    tiny_token(&tokens, "▁", 1, 0);
    for (size_t i = 0; i < n; i++)
        tiny_token(&tokens, names[i], type, 0);
    tiny_begin(&v->file);
    tiny_set_string(&v->file, "tokenizer.ggml.model", "llama");
    tiny_write_tokens(&v->file, &tokens);
}

/* A space in front of what stands before the hole, none in front of what stands behind it; the
 * beginning token once. */
TEST(only_what_stands_before_the_hole_is_the_beginning_of_a_text)
{
    static const char *const names[] = { "▁<PRE>", "▁<SUF>", "▁<MID>", "▁<EOT>" };
    enum { PRE = NAMES, SUF, MID, EOT };
    struct vocabulary_with v;
    begin_escaped(&v, names, 4, 1);
    finished(&v);
    ASSERT_PROMPT(v.t, "a", "b", 1, PRE, SPACE, BYTES + 'a', SUF, BYTES + 'b', MID);
    ASSERT_PROMPT(v.t, "", "", 1, PRE, SUF, MID);
    ASSERT_PROMPT(v.t, "", " <P", 1, PRE, SUF, SPACE, BYTES + '<', BYTES + 'P', MID);
    ASSERT_PROMPT(v.t, "", " <MID>", 1, PRE, SUF, SPACE, BYTES + '<', BYTES + 'M', BYTES + 'I',
                  BYTES + 'D', BYTES + '>', MID);
    assert_true(tokenizer_is_end(v.t, EOT));
    release(&v);
}

TEST(a_text_with_names_in_it_is_still_one_text)
{
    static const char *const names[] = { "<a>", "<b>", "<c>" };
    struct vocabulary_with v;
    begin_escaped(&v, names, 3, USER_DEFINED);
    tiny_set_u32(&v.file, "tokenizer.ggml.fim_pre_token_id", NAMES);
    tiny_set_u32(&v.file, "tokenizer.ggml.fim_suf_token_id", NAMES + 1);
    tiny_set_u32(&v.file, "tokenizer.ggml.fim_mid_token_id", NAMES + 2);
    finished(&v);
    ASSERT_PROMPT(v.t, "x<c>", "<a>", 1, NAMES, SPACE, BYTES + 'x', BYTES + '<', BYTES + 'c',
                  BYTES + '>', NAMES + 1, BYTES + '<', BYTES + 'a', BYTES + '>', NAMES + 2);
    release(&v);
}

TEST(a_prompt_is_put_behind_what_the_list_holds)
{
    static const char *const names[] = { "<fim_prefix>", "<fim_suffix>", "<fim_middle>" };
    struct vocabulary_with v;
    struct token_list ids = { 0 };
    struct error err;
    begin(&v, names, 3, CONTROL);
    finished(&v);
    struct fill_tokens f = found(v.t);
    assert_true(token_list_push(&ids, 7));
    assert_ok(fill_prompt(v.t, &f, slice_of("a"), slice_of(""), &ids, &err), err);
    assert_int_equal(ids.count, 5);
    assert_int_equal(ids.ids[0], 7);
    assert_int_equal(ids.ids[1], 256);
    token_list_release(&ids);
    release(&v);
}

TEST(every_failing_allocation_is_an_error)
{
    static const char *const names[] = { "<fim_prefix>", "<fim_suffix>", "<fim_middle>" };
    struct vocabulary_with v;
    struct error err;
    begin(&v, names, 3, USER_DEFINED);
    finished(&v);
    struct fill_tokens f = found(v.t);
    bool ok = false;
    int64_t n = 0;
    for (; !ok; n++) {
        struct token_list ids = { 0 };
        memory_fail_after(n);
        ok = fill_prompt(v.t, &f, slice_of("some <fim_middle> text"), slice_of("more of it"), &ids,
                         &err);
        memory_fail_after(-1);
        if (!ok) {
            assert_int_equal(err.code, ERROR_MEMORY);
            assert_int_equal(ids.count, 0);
        }
        token_list_release(&ids);
    }
    assert_true(n > 10);
    release(&v);
}

static struct tokenizer *golden(const char *relative)
{
    struct tokenizer *t;
    struct error err;
    assert_ok(tokenizer_open(&t, golden_path(relative), &err), err);
    return t;
}

static void push_all(struct token_list *list, const struct tokenizer *t, const char *text,
                     bool is_continued)
{
    struct error err;
    struct encode_options options = { .is_continued = is_continued };
    assert_ok(tokenizer_encode(t, slice_of(text), options, list, &err), err);
}

/* DeepSeek-Coder's model card: begin, what stands before, hole, what stands behind, end. */
TEST(deepseek_coders_vocabulary_fills_holes)
{
    struct tokenizer *t = golden("tokenizers/ggml-vocab-deepseek-coder.gguf");
    static const char before[] = "def add(a, b):\n    ", behind[] = "\n    return total\n";
    struct token_list want = { 0 };
    assert_true(token_list_push(&want, 32013)); /* <｜begin▁of▁sentence｜> */
    assert_true(token_list_push(&want, 32016));
    push_all(&want, t, before, false);
    assert_true(token_list_push(&want, 32015));
    push_all(&want, t, behind, true);
    assert_true(token_list_push(&want, 32017));
    assert_prompt(t, before, behind, want.ids, want.count);
    token_list_release(&want);
    tokenizer_close(&t);
}

/* mistral-common's: <s>[SUFFIX]suffix[PREFIX] prefix */
TEST(mistrals_vocabulary_fills_holes)
{
    struct tokenizer *t = golden("tokenizers/mistral-v3.model");
    static const char before[] = "def add(a, b):\n    ", behind[] = "return total\n";
    struct token_list want = { 0 };
    assert_true(token_list_push(&want, 1));
    assert_true(token_list_push(&want, tokenizer_find(t, slice_of("[SUFFIX]"))));
    push_all(&want, t, behind, true);
    assert_true(token_list_push(&want, tokenizer_find(t, slice_of("[PREFIX]"))));
    push_all(&want, t, before, false);
    assert_prompt(t, before, behind, want.ids, want.count);
    token_list_release(&want);
    tokenizer_close(&t);
}

TEST(vocabularies_of_models_that_fill_no_holes_have_no_tokens_for_it)
{
    static const char *const names[] = {
        "ggml-vocab-llama-spm.gguf", "ggml-vocab-gpt-2.gguf", "ggml-vocab-falcon.gguf",
        "ggml-vocab-bert-bge.gguf",  "llama2-spm.model",      "mistral-v1.model",
        "hf-t5-small.json",
    };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char relative[100];
        struct fill_tokens f;
        snprintf(relative, sizeof relative, "tokenizers/%s", names[i]);
        struct tokenizer *t = golden(relative);
        assert_false(fill_tokens_find(t, &f));
        tokenizer_close(&t);
    }
}

/* test_vocabularies.c: small vocabularies of every kind, and files that lie about theirs. */
#include "test.h"

#include "../support/tiny_vocabulary.h"
#include "base/memory.h"

/* The tokenizer of a built file; the file is kept beside it. */
struct tiny {
    struct tiny_gguf file;
    struct gguf *gguf;
    struct tokenizer *t;
};

static bool open_tiny(struct tiny *tiny, struct error *err)
{
    tiny->gguf = NULL;
    tiny->t = NULL;
    if (tiny->file.is_broken)
        return fail_memory(err, 0, "the test's file");
    return gguf_open_memory(&tiny->gguf, tiny->file.bytes.data, tiny->file.bytes.length,
                            "tiny.gguf", err) &&
           tokenizer_from_gguf(&tiny->t, tiny->gguf, err);
}

static void close_tiny(struct tiny *tiny)
{
    tokenizer_close(&tiny->t);
    gguf_close(&tiny->gguf);
    text_release(&tiny->file.bytes);
}

static void assert_ids(const struct tokenizer *t, const char *text, struct encode_options options,
                       const token_id *want, size_t count)
{
    struct error err;
    struct token_list got = { 0 };
    assert_ok(tokenizer_encode(t, slice_of(text), options, &got, &err), err);
    for (size_t i = 0; i < got.count && i < count; i++)
        if (got.ids[i] != want[i])
            fail_msg("'%s': token %zu is %d, expected %d", text, i, got.ids[i], want[i]);
    if (got.count != count)
        fail_msg("'%s': %zu tokens, expected %zu", text, got.count, count);
    token_list_release(&got);
}
#define ASSERT_IDS(t, text, add, parse, ...)                                                   \
    assert_ids(t, text, (struct encode_options){ .add_special = add, .parse_special = parse }, \
               (const token_id[]){ __VA_ARGS__ },                                              \
               sizeof((const token_id[]){ __VA_ARGS__ }) / sizeof(token_id))

static void assert_text(const struct tokenizer *t, const token_id *ids, size_t count,
                        bool with_special, const char *want)
{
    struct error err;
    struct text got;
    text_init(&got, 10000);
    assert_ok(tokenizer_decode(t, ids, count, with_special, &got, &err), err);
    assert_string_equal(text_slice(&got).data, want);
    text_release(&got);
}
#define ASSERT_TEXT(t, with_special, want, ...)       \
    assert_text(t, (const token_id[]){ __VA_ARGS__ }, \
                sizeof((const token_id[]){ __VA_ARGS__ }) / sizeof(token_id), with_special, want)

enum { LLAMA_PIECES = 259, LLAMA_HELLO = LLAMA_PIECES + 12, LLAMA_USER = LLAMA_PIECES + 18 };

TEST(sentencepiece_joins_by_score_and_spells_the_rest_in_bytes)
{
    struct tiny tiny;
    struct error err;
    tiny_llama(&tiny.file);
    assert_ok(open_tiny(&tiny, &err), err);
    ASSERT_IDS(tiny.t, "hello", true, false, 1, LLAMA_HELLO);
    ASSERT_IDS(tiny.t, "hello world", false, false, LLAMA_HELLO, LLAMA_PIECES + 17);
    ASSERT_IDS(tiny.t, "wod", false, false, LLAMA_PIECES + 13, LLAMA_PIECES + 4, LLAMA_PIECES + 7);
    ASSERT_IDS(tiny.t, "é", false, false, LLAMA_PIECES, 3 + 0xc3, 3 + 0xa9);
    ASSERT_TEXT(tiny.t, true, "<s>hello", 1, LLAMA_PIECES + 11);
    ASSERT_TEXT(tiny.t, false, "hello é", 1, LLAMA_HELLO, LLAMA_PIECES, 3 + 0xc3, 3 + 0xa9);
    assert_true(tokenizer_adds_bos(tiny.t));
    assert_true(tokenizer_is_end(tiny.t, 2));
    assert_false(tokenizer_is_end(tiny.t, 1));
    assert_false(tokenizer_is_end(tiny.t, -5));
    close_tiny(&tiny);
}

TEST(special_tokens_are_found_only_where_they_are_asked_for)
{
    struct tiny tiny;
    struct error err;
    tiny_llama(&tiny.file);
    assert_ok(open_tiny(&tiny, &err), err);
    ASSERT_IDS(tiny.t, "</s>", false, true, 2);
    ASSERT_IDS(tiny.t, "</s>", false, false, LLAMA_PIECES, 3 + '<', 3 + '/', 3 + 's', 3 + '>');
    ASSERT_IDS(tiny.t, "<|user|>hello", false, false, LLAMA_USER, LLAMA_HELLO);
    close_tiny(&tiny);
    tiny_gpt2(&tiny.file, "gpt-2");
    assert_ok(open_tiny(&tiny, &err), err);
    ASSERT_IDS(tiny.t, "<|im_end|>hello", false, true, 264, 259);
    ASSERT_IDS(tiny.t, "<|i", false, true, '<', '|', 'i');
    assert_true(tokenizer_is_end(tiny.t, 264));
    assert_true(tokenizer_is_special(tiny.t, 263));
    close_tiny(&tiny);
}

TEST(byte_level_bpe_joins_by_rank_inside_pieces)
{
    struct tiny tiny;
    struct error err;
    tiny_gpt2(&tiny.file, "llama-bpe");
    assert_ok(open_tiny(&tiny, &err), err);
    assert_string_equal(tokenizer_kind(tiny.t), "gpt2 (byte-level BPE, llama-bpe)");
    ASSERT_IDS(tiny.t, "hello wor", true, false, 263, 259, 262);
    ASSERT_IDS(tiny.t, "12345", false, false, '1', '2', '3', '4', '5');
    ASSERT_TEXT(tiny.t, false, "hello wor", 263, 259, 262);
    ASSERT_TEXT(tiny.t, true, "<|begin|>he\n", 263, 256, '\n');
    assert_int_equal(tokenizer_find(tiny.t, slice_of("Ġwor")), 262);
    assert_int_equal(tokenizer_find(tiny.t, slice_of("nothing")), -1);
    assert_int_equal(tokenizer_token_text(tiny.t, 9999).length, 0);
    close_tiny(&tiny);
}

TEST(wordpiece_takes_the_longest_pieces_or_the_unknown_word)
{
    struct tiny tiny;
    struct error err;
    tiny_bert(&tiny.file);
    assert_ok(open_tiny(&tiny, &err), err);
    ASSERT_IDS(tiny.t, "Héllo  WORLDS!", true, false, 2, 4, 5, 6, 7, 8, 3);
    ASSERT_IDS(tiny.t, "ab abx 中", false, false, 9, 10, 1, 11);
    ASSERT_TEXT(tiny.t, false, " hello worlds!", 2, 4, 5, 6, 7, 8, 3);
    close_tiny(&tiny);
}

TEST(unigram_takes_the_likeliest_pieces)
{
    struct tiny tiny;
    struct error err;
    tiny_t5(&tiny.file);
    assert_ok(open_tiny(&tiny, &err), err);
    ASSERT_IDS(tiny.t, "hello world", true, false, 3, 8, 9, 1);
    ASSERT_IDS(tiny.t, "hexx", false, false, 4, 5, 2);
    close_tiny(&tiny);
}

TEST(json_applies_every_step_in_order)
{
    struct error err;
    struct tokenizer *t;
    assert_ok(tokenizer_from_json(&t, TINY_JSON, strlen(TINY_JSON), "tiny.json", &err), err);
    ASSERT_IDS(t, "HI  hi", true, true, 10, 5, 5);
    ASSERT_IDS(t, "hi 12", false, true, 5, 1, 6, 7);
    ASSERT_IDS(t, "hi <mask> hi", false, true, 5, 11, 4);
    ASSERT_IDS(t, "word", false, true, 12);
    ASSERT_IDS(t, "wordhi", false, true, 1, 0, 4);
    ASSERT_IDS(t, "<s>", false, false, 1, 0);
    ASSERT_IDS(t, "…", false, false, 1, 9, 8); /* NFKC makes three dots of it */
    ASSERT_TEXT(t, true, "<s> hi hi", 10, 5, 5);
    ASSERT_TEXT(t, false, "hi hi", 10, 5, 5);
    tokenizer_close(&t);
}

TEST(broken_utf_8_becomes_the_replacement_character)
{
    struct tiny tiny;
    struct error err;
    tiny_gpt2(&tiny.file, "gpt-2");
    assert_ok(open_tiny(&tiny, &err), err);
    ASSERT_IDS(tiny.t,
               "a\xff"
               "b",
               false, false, 'a', 0xef, 0xbf, 0xbd, 'b');
    close_tiny(&tiny);
}

TEST(streaming_never_splits_a_character)
{
    struct tiny tiny;
    struct error err;
    struct text out;
    struct token_stream stream = { 0 };
    tiny_llama(&tiny.file);
    assert_ok(open_tiny(&tiny, &err), err);
    text_init(&out, 1000);
    const token_id ids[] = {
        LLAMA_HELLO, 3 + 0xf0, 3 + 0x9f, 3 + 0x98, 3 + 0x80, 3 + 0xe4, 3 + 'x'
    };
    static const char *const want[] = {
        "hello", "hello", "hello", "hello", "hello😀", "hello😀", "hello😀\xef\xbf\xbdx"
    };
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        assert_ok(token_stream_next(tiny.t, &stream, ids[i], false, &out, &err), err);
        assert_string_equal(out.data, want[i]);
    }
    assert_ok(token_stream_next(tiny.t, &stream, 3 + 0xc3, false, &out, &err), err);
    assert_true(token_stream_finish(&stream, &out));
    assert_string_equal(out.data, "hello😀\xef\xbf\xbdx\xef\xbf\xbd");
    assert_false(token_stream_next(tiny.t, &stream, 99999, false, &out, &err));
    text_release(&out);
    close_tiny(&tiny);
}

TEST(ids_outside_the_vocabulary_are_an_error)
{
    struct tiny tiny;
    struct error err;
    struct text out;
    tiny_bert(&tiny.file);
    assert_ok(open_tiny(&tiny, &err), err);
    text_init(&out, 1000);
    const token_id ids[] = { 4, 12 };
    assert_false(tokenizer_decode(tiny.t, ids, 2, true, &out, &err));
    assert_string_equal(err.message, "token 12 is outside the vocabulary of 12 tokens");
    assert_false(tokenizer_add_end(tiny.t, 12));
    assert_true(tokenizer_add_end(tiny.t, 11));
    assert_true(tokenizer_is_end(tiny.t, 11));
    text_release(&out);
    close_tiny(&tiny);
}

static void assert_refused(struct tiny_gguf *file, const char *part)
{
    struct tiny tiny = { .file = *file };
    struct error err = { 0 };
    assert_false(open_tiny(&tiny, &err));
    assert_null(tiny.t);
    if (!strstr(err.message, part))
        fail_msg("'%s' does not say '%s'", err.message, part);
    close_tiny(&tiny);
}

static void begin(struct tiny_gguf *g, const char *model, const char *const *tokens, size_t count)
{
    tiny_begin(g);
    tiny_set_string(g, "tokenizer.ggml.model", model);
    tiny_array(g, "tokenizer.ggml.tokens", GGUF_STRING, count);
    for (size_t i = 0; i < count; i++)
        tiny_string(g, slice_of(tokens[i]));
}

TEST(files_that_contradict_themselves_are_refused_with_both_numbers)
{
    static const char *const tokens[] = { "a", "b", "c" };
    static const char *const twice[] = { "a", "b", "a" };
    struct tiny_gguf g;
    begin(&g, "llama", tokens, 3);
    tiny_array(&g, "tokenizer.ggml.token_type", GGUF_I32, 2);
    tiny_u64(&g, 0);
    assert_refused(&g, "token_type has 2 entries for 3 tokens");
    begin(&g, "llama", tokens, 3);
    tiny_array(&g, "tokenizer.ggml.scores", GGUF_F32, 4);
    tiny_u64(&g, 0);
    tiny_u64(&g, 0);
    assert_refused(&g, "scores has 4 entries for 3 tokens");
    begin(&g, "llama", tokens, 3);
    tiny_set_u32(&g, "tokenizer.ggml.bos_token_id", 77);
    assert_refused(&g, "bos_token_id is 77, the vocabulary has 3 tokens");
    begin(&g, "llama", twice, 3);
    assert_refused(&g, "tokens 0 and 2 are both 'a'");
    begin(&g, "llama", tokens, 0);
    assert_refused(&g, "the vocabulary is empty");
    begin(&g, "gpt2", tokens, 3);
    tiny_array(&g, "tokenizer.ggml.merges", GGUF_STRING, 1);
    tiny_string(&g, slice_of("a z"));
    assert_refused(&g, "merge 0 names 'z', which is no token");
    begin(&g, "gpt2", tokens, 3);
    tiny_array(&g, "tokenizer.ggml.merges", GGUF_STRING, 1);
    tiny_string(&g, slice_of("ab"));
    assert_refused(&g, "merge 0 is 'ab', without a space");
    begin(&g, "gpt2", tokens, 3);
    assert_refused(&g, "has no tokenizer.ggml.merges");
    begin(&g, "gpt2", tokens, 3);
    tiny_set_string(&g, "tokenizer.ggml.pre", "of-tomorrow");
    assert_refused(&g, "the pre-tokenizer 'of-tomorrow' is not known");
    begin(&g, "of-tomorrow", tokens, 3);
    assert_refused(&g, "the tokenizer 'of-tomorrow' is not supported");
    tiny_begin(&g);
    assert_refused(&g, "has no tokenizer");
    tiny_begin(&g);
    tiny_set_string(&g, "tokenizer.ggml.model", "gpt2");
    assert_refused(&g, "has no tokenizer.ggml.tokens");
}

TEST(json_that_contradicts_itself_is_refused)
{
    static const struct {
        const char *json, *part;
    } cases[] = {
        { "[]", "has no model.vocab" },
        { "{\"model\":{\"vocab\":{}}}", "is empty" },
        { "{\"model\":{\"vocab\":{\"a\":0,\"b\":0}}}", "both have id 0" },
        { "{\"model\":{\"vocab\":{\"a\":-1}}}", "" },
        { "{\"model\":{\"vocab\":{\"a\":2000000000}}}", "token ids go up to 2000000000" },
        { "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[\"a b\"]}}", "names 'b'" },
        { "{\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"a\":0}}}",
          "'WordLevel' is not supported" },
        { "{\"model\":{\"type\":\"Unigram\",\"vocab\":[[\"a\",0]],\"unk_id\":5}}", "unk_id is 5" },
        { "{\"model\":{\"type\":\"Unigram\",\"vocab\":[\"a\"]}}", "no pair of text and score" },
        { "{\"added_tokens\":[{\"id\":0,\"content\":\"x\"}],\"model\":{\"type\":\"BPE\",\"vocab\":"
          "{\"a\":0},\"merges\":[]}}",
          "the added token 'x' has id 0, which is a" },
        { "{\"normalizer\":{\"type\":\"Magic\"},\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0}}}",
          "the normalizer 'Magic' is not supported" },
        { "{\"pre_tokenizer\":{\"type\":\"Split\",\"behavior\":\"Isolated\",\"pattern\":{\"Regex\":"
          "\"(\"}},\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0}}}",
          "is wrong at byte" },
        { "{\"post_processor\":{\"type\":\"BertProcessing\",\"cls\":[\"x\",9],\"sep\":[\"x\",0]},"
          "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0}}}",
          "adds token 9, the vocabulary has 1" },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct tokenizer *t;
        struct error err = { 0 };
        if (tokenizer_from_json(&t, cases[i].json, strlen(cases[i].json), "x.json", &err))
            fail_msg("accepted: %s", cases[i].json);
        assert_null(t);
        if (!strstr(err.message, cases[i].part))
            fail_msg("'%s' does not say '%s'", err.message, cases[i].part);
    }
}

static void build(struct tiny_gguf *file, size_t kind)
{
    void (*const builders[])(struct tiny_gguf *) = { tiny_llama, tiny_bert, tiny_t5 };
    if (kind < COUNT_OF(builders))
        builders[kind](file);
    else
        tiny_gpt2(file, kind == COUNT_OF(builders) ? "llama-bpe" : "tiny_aya");
}

static bool use(const struct tokenizer *t, struct error *err)
{
    struct token_list ids = { 0 };
    struct text out;
    struct token_stream stream = { 0 };
    text_init(&out, 100000);
    bool ok =
        tokenizer_encode(t, slice_of("hello <s> wörld 1234567 <mask> x!"),
                         (struct encode_options){ .add_special = true, .parse_special = true },
                         &ids, err) &&
        tokenizer_decode(t, ids.ids, ids.count, true, &out, err);
    for (size_t i = 0; ok && i < ids.count; i++)
        ok = token_stream_next(t, &stream, ids.ids[i], true, &out, err);
    text_release(&out);
    token_list_release(&ids);
    return ok;
}

TEST(every_failed_allocation_is_an_error)
{
    for (size_t kind = 0; kind < 5; kind++) {
        bool ok = false;
        size_t n = 0;
        for (; !ok && n < 5000; n++) {
            struct tiny tiny;
            struct error err = { 0 };
            build(&tiny.file, kind);
            memory_fail_after((int64_t)n);
            ok = open_tiny(&tiny, &err) && use(tiny.t, &err);
            memory_fail_after(-1);
            if (!ok && err.code != ERROR_MEMORY)
                fail_msg("kind %zu, allocation %zu: %s", kind, n, err.message);
            close_tiny(&tiny);
        }
        assert_true(ok && n > 10);
    }
    bool ok = false;
    for (size_t n = 0; !ok && n < 5000; n++) {
        struct tokenizer *t = NULL;
        struct error err = { 0 };
        memory_fail_after((int64_t)n);
        ok = tokenizer_from_json(&t, TINY_JSON, strlen(TINY_JSON), "tiny.json", &err) &&
             use(t, &err);
        memory_fail_after(-1);
        if (!ok && err.code != ERROR_MEMORY)
            fail_msg("json, allocation %zu: %s", n, err.message);
        tokenizer_close(&t);
    }
    assert_true(ok);
}

TEST(a_megabyte_without_spaces_is_encoded_in_reasonable_time)
{
    static const char *const patterns[] = { "a", " ", "1", "'", "\n", "\xff", "he", "\xcc\x81" };
    enum { SIZE = 1 << 20 };
    char *text = memory_resize(NULL, SIZE);
    assert_non_null(text);
    for (size_t kind = 0; kind < 5; kind++) {
        struct tiny tiny;
        struct error err;
        build(&tiny.file, kind);
        assert_ok(open_tiny(&tiny, &err), err);
        for (size_t p = 0; p < COUNT_OF(patterns); p++) {
            for (size_t i = 0; i < SIZE; i++)
                text[i] = patterns[p][i % strlen(patterns[p])];
            struct token_list ids = { 0 };
            assert_ok(tokenizer_encode(tiny.t, (struct slice){ text, SIZE },
                                       (struct encode_options){ 0 }, &ids, &err),
                      err);
            token_list_release(&ids);
        }
        close_tiny(&tiny);
    }
    memory_free(text);
}

TEST(no_control_token_stretches_across_a_barrier)
{
    struct tiny tiny;
    struct token_list ids = { 0 };
    struct error err = { 0 };
    tiny_gpt2(&tiny.file, "gpt-2");
    assert_ok(open_tiny(&tiny, &err), err);
    const struct tokenizer *t = tiny.t;
    const struct slice text = slice_of("<|begin|>h<|begin|><|im_end|>");
    size_t begin, end;
    assert_true(tokenizer_find_special(t, text, 1, &begin, &end));
    assert_int_equal(begin, 10);
    assert_int_equal(end, 19);
    assert_false(tokenizer_find_special(t, text, 20, &begin, &end));
    const size_t barriers[] = { 11 };
    struct encode_options options = { .parse_special = true,
                                      .barriers = barriers,
                                      .n_barriers = 1 };
    assert_ok(tokenizer_encode(t, text, options, &ids, &err), err);
    assert_int_equal(ids.ids[0], 263);
    assert_int_equal(ids.ids[ids.count - 1], 264);
    for (size_t i = 1; i + 1 < ids.count; i++)
        assert_true(ids.ids[i] < 263);
    const size_t at_ends[] = { 0, 9, 10, 19, 29 }; /* none of them is inside a token */
    options.barriers = at_ends;
    options.n_barriers = COUNT_OF(at_ends);
    ids.count = 0;
    assert_ok(tokenizer_encode(t, text, options, &ids, &err), err);
    assert_int_equal(ids.count, 4);
    token_list_release(&ids);
    close_tiny(&tiny);
}

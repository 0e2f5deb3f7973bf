/* test_pretokenizer.c: where texts are cut. */
#include "test.h"

#include "tokenizer/pretokenizer.h"

/* The pieces, joined by '|'. */
static void assert_pieces(const struct pretokenizer *p, const char *text, const char *want)
{
    struct error err;
    struct pieces out = { 0 }, spare = { 0 };
    struct matcher matcher = { 0 };
    struct text joined;
    text_init(&joined, 10000);
    assert_ok(pretokenizer_run(p, slice_of(text), true, &out, &spare, &matcher, &err), err);
    for (size_t i = 0; i < out.count; i++) {
        struct slice piece = { out.text.data + out.items[i].offset, out.items[i].length };
        assert_true((i == 0 || text_append_byte(&joined, '|')) &&
                    text_append_slice(&joined, piece));
    }
    assert_string_equal(text_slice(&joined).data, want);
    text_release(&joined);
    pieces_release(&out);
    pieces_release(&spare);
    matcher_release(&matcher);
}

static void assert_named(const char *name, const char *text, const char *want)
{
    struct error err;
    struct pretokenizer p = { 0 };
    const struct named_pretokenizer *named = pretokenizer_named(slice_of(name));
    assert_non_null(named);
    assert_ok(pretokenizer_add_named(&p, named, &err), err);
    assert_pieces(&p, text, want);
    pretokenizer_release(&p);
}

TEST(gpt_2_keeps_one_space_with_the_word)
{
    assert_named("gpt-2", "Hello  world's 123 ok!\n\nx", "Hello| | world|'s| 123| ok|!|\n|\n|x");
}

TEST(llama_3_cuts_numbers_in_threes_from_the_left)
{
    assert_named("llama-bpe", "It'S 12345 (a)\n\n  b", "It|'S| |123|45| (|a|)\n\n| | b");
    /* U+017F is no s here, and U+180E is no white space. */
    assert_named("llama-bpe", "x'\xc5\xbf", "x|'\xc5\xbf");
    assert_named("llama-bpe", "a \xe1\xa0\x8e", "a| \xe1\xa0\x8e");
}

TEST(qwen_2_cuts_every_digit)
{
    assert_named("qwen2", "ab12 3", "ab|1|2| |3");
}

TEST(falcon_cuts_punctuation_and_digits_in_threes)
{
    assert_named("falcon", "a,1234 b", "a|,|123|4| b");
}

TEST(gpt_4o_and_tekken_begin_words_at_capitals)
{
    assert_named("gpt-4o", "helloWorld HTTPServer's 1234", "hello|World| HTTPServer's| |123|4");
    assert_named("tekken", "aB 12", "a|B| |1|2");
}

TEST(deepseek_cuts_in_several_passes)
{
    assert_named("deepseek-v3", "a12345 中文x", "a|123|45| |中文|x");
    assert_named("deepseek-coder", "a1 b,\nc", "a|1| b|,|\n|c");
}

TEST(digits_are_grouped_from_the_right_where_asked)
{
    assert_named("superbpe", "x1234567y", "x|1|234|567|y");
    assert_named("tiny_aya", "1234567 x 12", "1|234|567| x| |12");
}

TEST(kimi_keeps_ideographs_apart)
{
    assert_named("kimi-k2", "中文abc Def", "中文|abc| Def");
}

TEST(every_name_stands_for_expressions_that_compile)
{
    static const char *const names[] = {
        "default",    "llama3",
        "llama-v3",   "llama-bpe",
        "falcon3",    "pixtral",
        "lfm2",       "dbrx",
        "smaug-bpe",  "chatglm-bpe",
        "glm4",       "minicpm5",
        "jais-2",     "qwen2",
        "hunyuan",    "deepseek-llm",
        "stablelm2",  "megrez",
        "qwen35",     "laguna",
        "phi-2",      "jina-v2-es",
        "gigachat",   "mpt",
        "olmo",       "jais",
        "trillion",   "roberta-bpe",
        "starcoder",  "refact",
        "command-r",  "smollm",
        "codeshell",  "exaone",
        "minerva-7b", "deepseek-coder",
        "afmoe",      "spark2_5",
        "youtu",      "poro-chat",
        "bloom",      "gpt3-finnish",
        "viking",     "tekken",
        "llama4",     "minimax-m2",
        "tiny_aya",   "kimi-k2",
        "superbpe",   "bailingmoe",
        "seed-coder", "exaone-moe",
        "chameleon",  "gemma4",
        "sarvam-moe", "hunyuan-dense",
        "grok-2",     "deepseek-r1-qwen",
        "ufakzeka",   "exaone4",
    };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct error err;
        struct pretokenizer p = { 0 };
        const struct named_pretokenizer *named = pretokenizer_named(slice_of(names[i]));
        if (!named)
            fail_msg("'%s' is not known", names[i]);
        assert_ok(pretokenizer_add_named(&p, named, &err), err);
        pretokenizer_release(&p);
    }
    assert_null(pretokenizer_named(slice_of("of-tomorrow")));
    assert_null(pretokenizer_named(slice_of("")));
}

static void assert_split(const char *pattern, enum split_behavior behavior, bool is_inverted,
                         const char *text, const char *want)
{
    struct error err;
    struct pretokenizer p = { 0 };
    assert_ok(pretokenizer_split(&p, slice_of(pattern), behavior, is_inverted, &err), err);
    assert_pieces(&p, text, want);
    pretokenizer_release(&p);
}

TEST(separators_go_where_their_behaviour_says)
{
    assert_split("-", SPLIT_ISOLATED, false, "a--b-", "a|-|-|b|-");
    assert_split("-", SPLIT_REMOVED, false, "a--b-", "a|b");
    assert_split("-", SPLIT_MERGED_WITH_PREVIOUS, false, "a--b-", "a-|-|b-");
    assert_split("-", SPLIT_MERGED_WITH_NEXT, false, "a--b-", "a|-|-b|-");
    assert_split("-", SPLIT_CONTIGUOUS, false, "a--b-", "a|--|b|-");
    assert_split("[ab]+", SPLIT_REMOVED, true, "a--b-", "a|b");
}

TEST(metaspace_marks_the_beginning_of_words)
{
    struct error err;
    struct pretokenizer p = { 0 };
    assert_ok(pretokenizer_metaspace(&p, slice_of("▁"), PREPEND_ALWAYS, true, &err), err);
    assert_pieces(&p, "a b  c", "▁a|▁b|▁|▁c");
    pretokenizer_release(&p);
}

TEST(an_expression_that_never_ends_is_an_error_in_bounded_time)
{
    struct error err = { 0 };
    struct pretokenizer p = { 0 };
    struct pieces out = { 0 }, spare = { 0 };
    struct matcher matcher = { 0 };
    assert_ok(pretokenizer_split(&p, slice_of("(a|aa|a?)+$"), SPLIT_ISOLATED, false, &err), err);
    const char *text = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab";
    bool ok = pretokenizer_run(&p, slice_of(text), true, &out, &spare, &matcher, &err);
    assert_false(ok);
    assert_non_null(strstr(err.message, "gave up"));
    pretokenizer_release(&p);
    pieces_release(&out);
    pieces_release(&spare);
    matcher_release(&matcher);
}

TEST(what_pcre_would_misread_is_refused)
{
    static const char *const patterns[] = { "[\\p{L}&&[^\\p{Han}]]", "[a[bc]]", "(", "[z-a]" };
    for (size_t i = 0; i < COUNT_OF(patterns); i++) {
        struct error err = { 0 };
        struct pretokenizer p = { 0 };
        assert_false(pretokenizer_split(&p, slice_of(patterns[i]), SPLIT_ISOLATED, false, &err));
        assert_int_not_equal(err.code, ERROR_NONE);
        pretokenizer_release(&p);
    }
}

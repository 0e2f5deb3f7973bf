/* test_tokenizer.c: every published vector gives the same ids and the same text.
 *
 * The vocabularies lie outside the repository (golden data); without them these tests are skipped,
 * and test_pretokenizer.c, test_vocabularies.c still run. */
#include "test.h"

#include <dirent.h>

#include "base/json.h"
#include "base/mapped_file.h"
#include "base/utf8.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/unicode_text.h"

static struct text unhex(struct slice hex)
{
    struct text out;
    text_init(&out, hex.length + 1);
    for (size_t i = 0; i + 1 < hex.length; i += 2) {
        char digits[3] = { hex.data[i], hex.data[i + 1], '\0' };
        assert_true(text_append_byte(&out, (char)strtol(digits, NULL, 16)));
    }
    return out;
}

/* A member that is text, or hexadecimal bytes under the name with "_hex"; false when there is
 * neither. */
static bool text_member(const struct json *node, const char *name, struct text *out)
{
    char hex_name[64];
    snprintf(hex_name, sizeof hex_name, "%s_hex", name);
    if (json_kind(json_get(node, hex_name)) == JSON_KIND_STRING) {
        *out = unhex(json_text(json_get(node, hex_name)));
        return true;
    }
    if (json_kind(json_get(node, name)) != JSON_KIND_STRING)
        return false;
    text_init(out, SIZE_MAX / 2);
    assert_true(text_append_slice(out, json_text(json_get(node, name))));
    return true;
}

static struct token_list ids_of(const struct json *array)
{
    struct token_list list = { 0 };
    for (size_t i = 0; i < json_size(array); i++)
        assert_true(token_list_push(&list, (token_id)json_int(json_at(array, i), -1)));
    return list;
}

static void print_ids(const char *what, const struct token_list *list)
{
    fprintf(stderr, "  %s", what);
    for (size_t i = 0; i < list->count && i < 60; i++)
        fprintf(stderr, " %d", list->ids[i]);
    fprintf(stderr, "\n");
}

static void print_text(const char *what, struct slice text)
{
    struct text out;
    text_init(&out, SIZE_MAX / 2);
    if (json_write_string(&out, text))
        fprintf(stderr, "  %s %s\n", what, out.data);
    text_release(&out);
}

struct totals {
    size_t cases, wrong, decoded, decoded_wrong, streamed, streamed_wrong;
};

static void check_encoding(const struct tokenizer *t, struct slice text,
                           struct encode_options options, const struct token_list *want,
                           struct totals *totals)
{
    struct error err;
    struct token_list got = { 0 };
    assert_ok(tokenizer_encode(t, text, options, &got, &err), err);
    totals->cases++;
    bool equal = got.count == want->count &&
                 (!got.count || memcmp(got.ids, want->ids, got.count * sizeof *got.ids) == 0);
    if (!equal && totals->wrong++ < 5) {
        print_text("text", text);
        print_ids("want", want);
        print_ids("got ", &got);
    }
    token_list_release(&got);
}

static bool is_byte_token(struct slice text)
{
    return text.length == 6 && memcmp(text.data, "<0x", 3) == 0;
}

/* Hugging Face makes U+FFFD of every byte in a run of byte tokens that is not UTF-8 as a whole. A
 * stream cannot know that and keeps what is whole in the run: the runs' bytes as they are, to be
 * repaired. False when there is no such run. */
static bool has_broken_run(const struct tokenizer *t, const struct token_list *ids,
                           bool with_special, struct slice decoded, struct text *out)
{
    bool any = false;
    if (strncmp(tokenizer_kind(t), "tokenizer.json (BPE)", 20) != 0 ||
        !memmem(decoded.data, decoded.length, "\xef\xbf\xbd", 3))
        return false;
    struct error err;
    for (size_t i = 0; i < ids->count; i++) {
        struct slice text = tokenizer_token_text(t, ids->ids[i]);
        any = any || is_byte_token(text);
        if (is_byte_token(text)) {
            char hex[3] = { text.data[3], text.data[4], '\0' };
            assert_true(text_append_byte(out, (char)strtol(hex, NULL, 16)));
            continue;
        }
        /* A byte token in front: a token alone would be taken for the first of a text. */
        token_id pair[2] = { tokenizer_find(t, slice_of("<0x41>")), ids->ids[i] };
        struct text said;
        text_init(&said, SIZE_MAX / 2);
        assert_ok(tokenizer_decode(t, pair, 2, with_special, &said, &err), err);
        bool is_first = i == 0 && said.length > 1 && said.data[1] == ' ' && decoded.length &&
                        decoded.data[0] != ' ';
        assert_true(text_append(out, said.data + 1 + is_first, said.length - 1 - is_first));
        text_release(&said);
    }
    return any;
}

/* Streaming gives what decoding gives, with what is not UTF-8 repaired. */
static void check_stream(const struct tokenizer *t, const struct token_list *ids, bool with_special,
                         struct slice decoded, struct totals *totals)
{
    struct error err;
    struct text got, want;
    text_init(&got, SIZE_MAX / 2);
    text_init(&want, SIZE_MAX / 2);
    struct token_stream stream = { 0 };
    size_t before = 0;
    for (size_t i = 0; i < ids->count; i++) {
        assert_ok(token_stream_next(t, &stream, ids->ids[i], with_special, &got, &err), err);
        assert_true(
            utf8_valid((const uint8_t *)text_slice(&got).data + before, got.length - before));
        before = got.length;
    }
    assert_true(token_stream_finish(&stream, &got));
    struct text runs;
    text_init(&runs, SIZE_MAX / 2);
    bool is_broken = has_broken_run(t, ids, with_special, decoded, &runs);
    assert_true(append_repaired(&want, is_broken ? text_slice(&runs) : decoded));
    text_release(&runs);
    totals->streamed++;
    if (!slice_equal(text_slice(&got), text_slice(&want)) && totals->streamed_wrong++ < 5) {
        print_ids("streamed", ids);
        print_text("want", text_slice(&want));
        print_text("got ", text_slice(&got));
    }
    text_release(&got);
    text_release(&want);
}

static void check_decoding(const struct tokenizer *t, const struct token_list *ids,
                           bool with_special, struct slice want, struct totals *totals)
{
    struct error err;
    struct text got;
    text_init(&got, SIZE_MAX / 2);
    assert_ok(tokenizer_decode(t, ids->ids, ids->count, with_special, &got, &err), err);
    totals->decoded++;
    if (!slice_equal(text_slice(&got), want) && totals->decoded_wrong++ < 5) {
        print_ids("decoded", ids);
        print_text("want", want);
        print_text("got ", text_slice(&got));
    }
    check_stream(t, ids, with_special, text_slice(&got), totals);
    text_release(&got);
}

static void check_case(const struct tokenizer *t, const struct json *node, bool parses_special,
                       bool shows_special, struct totals *totals)
{
    struct encode_options options = {
        .add_special = json_flag(json_get(node, "add_special"), false),
        .parse_special = json_flag(json_get(node, "parse_special"), parses_special),
    };
    struct token_list ids = ids_of(json_get(node, "ids"));
    struct text text;
    assert_true(text_member(node, "text", &text));
    check_encoding(t, text_slice(&text), options, &ids, totals);
    text_release(&text);
    if (text_member(node, "decoded", &text)) {
        check_decoding(t, &ids, shows_special, text_slice(&text), totals);
        text_release(&text);
    }
    if (text_member(node, "decoded_skip_special", &text)) {
        check_decoding(t, &ids, false, text_slice(&text), totals);
        text_release(&text);
    }
    token_list_release(&ids);
}

static void report(const char *name, const struct totals *totals)
{
    fprintf(stderr,
            "%s: %zu texts encoded, %zu wrong; %zu decoded, %zu wrong; %zu streamed, %zu wrong\n",
            name, totals->cases, totals->wrong, totals->decoded, totals->decoded_wrong,
            totals->streamed, totals->streamed_wrong);
    assert_true(totals->cases > 0);
    assert_int_equal(totals->wrong, 0);
    assert_int_equal(totals->decoded_wrong, 0);
    assert_int_equal(totals->streamed_wrong, 0);
}

typedef void line_check(const struct json *node, void *context);

static void each_line(const char *relative, line_check *check, void *context)
{
    struct error err;
    struct mapped_file *file;
    assert_ok(mapped_file_open(&file, golden_path(relative), &err), err);
    const char *p = (const char *)file->data, *end = p + file->size;
    while (p < end) {
        const char *line_end = memchr(p, '\n', (size_t)(end - p));
        size_t length = (size_t)((line_end ? line_end : end) - p);
        const struct json *node;
        if (length) {
            assert_ok(json_open(&node, p, length, relative, &err), err);
            check(node, context);
            json_close(&node);
        }
        p += length + 1;
    }
    mapped_file_close(&file);
}

struct run {
    const struct tokenizer *t;
    bool parses_special, shows_special;
    struct totals totals;
};

static void check_line(const struct json *node, void *context)
{
    struct run *run = context;
    check_case(run->t, node, run->parses_special, run->shows_special, &run->totals);
}

static void check_cases(const char *name, struct tokenizer *t, bool parses_special,
                        bool shows_special)
{
    char relative[200];
    snprintf(relative, sizeof relative, "tokenizers/%s.cases.jsonl", name);
    struct run run = { t, parses_special, shows_special, { 0 } };
    each_line(relative, check_line, &run);
    report(name, &run.totals);
    tokenizer_close(&t);
}

static void check_file(const char *name, const char *ending, bool parses_special,
                       bool shows_special)
{
    char relative[200];
    struct error err;
    struct tokenizer *t;
    snprintf(relative, sizeof relative, "tokenizers/%s.%s", name, ending);
    assert_ok(tokenizer_open(&t, golden_path(relative), &err), err);
    check_cases(name, t, parses_special, shows_special);
}

TEST(llama_spm_in_gguf_gives_the_published_ids)
{
    check_file("ggml-vocab-llama-spm", "gguf", false, true);
}

TEST(phi_3_in_gguf_gives_the_published_ids)
{
    check_file("ggml-vocab-phi-3", "gguf", false, true);
}

TEST(gpt_2_in_gguf_gives_the_published_ids)
{
    check_file("ggml-vocab-gpt-2", "gguf", false, true);
}

TEST(falcon_in_gguf_gives_the_published_ids)
{
    check_file("ggml-vocab-falcon", "gguf", false, true);
}

TEST(deepseek_coder_in_gguf_gives_the_published_ids)
{
    check_file("ggml-vocab-deepseek-coder", "gguf", false, true);
}

TEST(bert_in_gguf_gives_the_published_ids)
{
    check_file("ggml-vocab-bert-bge", "gguf", false, true);
}

TEST(phi_2_in_json_gives_the_published_ids)
{
    check_file("hf-phi-2", "json", true, true);
}

TEST(phi_3_mini_in_json_gives_the_published_ids)
{
    check_file("hf-phi-3-mini", "json", true, true);
}

TEST(roberta_in_json_gives_the_published_ids)
{
    check_file("hf-roberta-base", "json", true, true);
}

TEST(t5_in_json_gives_the_published_ids)
{
    check_file("hf-t5-small", "json", true, true);
}

TEST(llama_2_in_sentencepiece_gives_the_published_ids)
{
    check_file("llama2-spm", "model", false, true);
}

TEST(mistral_v1_in_sentencepiece_gives_the_published_ids)
{
    check_file("mistral-v1", "model", false, true);
}

TEST(mistral_v3_in_sentencepiece_gives_the_published_ids)
{
    check_file("mistral-v3", "model", false, true);
}

/* The manifest's entry of a vocabulary that does not say everything itself. */
static const struct json *manifest_entry(const struct json *manifest, const char *name)
{
    const struct json *list = json_get(manifest, "vocabularies");
    for (size_t i = 0; i < json_size(list); i++)
        if (slice_equal(json_text(json_get(json_at(list, i), "name")), slice_of(name)))
            return json_at(list, i);
    fail_msg("the manifest has no '%s'", name);
    return NULL;
}

static const struct json *open_json(const char *path)
{
    struct error err;
    struct mapped_file *file;
    const struct json *root;
    assert_ok(mapped_file_open(&file, path, &err), err);
    assert_ok(json_open(&root, (const char *)file->data, file->size, path, &err), err);
    mapped_file_close(&file);
    return root;
}

TEST(cl100k_ranks_give_the_published_ids)
{
    struct error err;
    struct tokenizer *t;
    const struct json *manifest = open_json(golden_path("tokenizers/manifest.json"));
    const struct json *entry = manifest_entry(manifest, "cl100k_base");
    struct rank_options options = { .expression = json_text(json_get(entry, "pattern")).data };
    const char *path = golden_path("tokenizers/cl100k_base.tiktoken");
    assert_ok(tokenizer_from_ranks(&t, path, NULL, &options, &err), err);
    json_close(&manifest);
    check_cases("cl100k_base", t, false, true);
}

TEST(llama_3_2_pair_gives_the_published_ids)
{
    struct error err;
    struct tokenizer *t;
    const struct json *manifest = open_json(golden_path("tokenizers/manifest.json"));
    const struct json *entry = manifest_entry(manifest, "llama3.2");
    const struct json *tokens = json_get(entry, "added_tokens");
    struct added_special added[64];
    struct rank_options options = {
        .expression = json_text(json_get(entry, "pre_tokenizer")).data,
        .ignores_merges = json_flag(json_get(entry, "ignore_merges"), false),
        .added = added,
    };
    for (const struct json_member *m = json_first(tokens); m; m = json_next(tokens, m))
        added[options.n_added++] =
            (struct added_special){ json_member_key(m).data,
                                    (int32_t)json_int(json_member_value(m), -1) };
    char vocabulary[1024];
    snprintf(vocabulary, sizeof vocabulary, "%s", golden_path("tokenizers/llama3.2.encoder.json"));
    const char *merges = golden_path("tokenizers/llama3.2.vocab.bpe");
    assert_ok(tokenizer_from_ranks(&t, vocabulary, merges, &options, &err), err);
    json_close(&manifest);
    check_cases("llama3.2", t, true, true);
}

static void replace(struct text *text, const char *from, const char *to)
{
    struct text out;
    text_init(&out, SIZE_MAX / 2);
    for (const char *p = text->data; *p;) {
        bool matches = strncmp(p, from, strlen(from)) == 0;
        assert_true(matches ? text_append_string(&out, to) : text_append_byte(&out, *p));
        p += matches ? strlen(from) : 1;
    }
    text_release(text);
    *text = out;
}

/* These show pieces: each text begins with the U+2581 that the model puts in front of it. */
static void check_sample(const struct json *node, void *context)
{
    struct totals *totals = context;
    struct error err;
    struct tokenizer *t;
    struct text text;
    struct slice name = json_text(json_get(node, "vocabulary"));
    char relative[200];
    snprintf(relative, sizeof relative, "tokenizers/%s.model", name.data);
    assert_ok(tokenizer_open(&t, golden_path(relative), &err), err);
    assert_true(text_member(node, "rendered_text", &text));
    replace(&text, "<0x0A>", "\n");
    replace(&text, "<s>▁", "<s>");
    replace(&text, "</s>▁", "</s>");
    if (tokenizer_find(t, slice_of("[INST]")) >= 0)
        replace(&text, "]▁", "]");
    replace(&text, "▁", " ");
    struct token_list ids = ids_of(json_get(json_get(node, "tokens"), "tokens"));
    check_encoding(t, text_slice(&text), (struct encode_options){ .parse_special = true }, &ids,
                   totals);
    token_list_release(&ids);
    text_release(&text);
    tokenizer_close(&t);
}

TEST(mistral_chats_give_the_published_ids)
{
    struct totals totals = { 0 };
    each_line("tokenizers/mistral-samples.cases.jsonl", check_sample, &totals);
    report("mistral-samples", &totals);
}

static void check_model_decoding(const struct tokenizer *t, const struct json *node,
                                 const char *ids_name, const char *text_name, bool with_special,
                                 struct totals *totals)
{
    struct token_list ids = ids_of(json_get(node, ids_name));
    check_decoding(t, &ids, with_special, json_text(json_get(node, text_name)), totals);
    token_list_release(&ids);
}

static void check_model_encoding(const struct tokenizer *t, const struct json *node,
                                 const char *ids_name, bool add_special, struct totals *totals)
{
    struct token_list ids = ids_of(json_get(node, ids_name));
    check_encoding(t, json_text(json_get(node, "text")),
                   (struct encode_options){ .add_special = add_special, .parse_special = true },
                   &ids, totals);
    token_list_release(&ids);
}

static void check_model_folder(const char *name)
{
    struct error err;
    char relative[300];
    struct totals totals = { 0 };
    struct tokenizer *t;
    snprintf(relative, sizeof relative, "models/%s", name);
    assert_ok(tokenizer_open(&t, golden_path(relative), &err), err);
    snprintf(relative, sizeof relative, "models/%s/tokenizer_golden.json", name);
    const struct json *golden = open_json(golden_path(relative));
    const struct json *cases = json_get(golden, "cases");
    assert_int_equal(tokenizer_size(t), json_int(json_get(golden, "vocab_size"), -1));
    for (size_t i = 0; i < json_size(cases); i++) {
        const struct json *node = json_at(cases, i);
        check_model_encoding(t, node, "ids", true, &totals);
        check_model_encoding(t, node, "ids_without_added", false, &totals);
        check_model_decoding(t, node, "ids_without_added", "decoded", true, &totals);
        check_model_decoding(t, node, "ids", "decoded_skip_special", false, &totals);
    }
    const struct json *decodings = json_get(golden, "decode_only");
    for (size_t i = 0; i < json_size(decodings); i++) {
        check_model_decoding(t, json_at(decodings, i), "ids", "text", true, &totals);
        check_model_decoding(t, json_at(decodings, i), "ids", "text_skip_special", false, &totals);
    }
    const struct json *chats = json_get(golden, "chat");
    for (size_t i = 0; i < json_size(chats); i++)
        check_model_encoding(t, json_at(chats, i), "ids", false, &totals);
    json_close(&golden);
    report(name, &totals);
    tokenizer_close(&t);
}

TEST(byte_level_model_folders_give_the_published_ids)
{
    check_model_folder("llama-a");
    check_model_folder("qwen2-a");
    check_model_folder("gemma2-a");
}

TEST(byte_fallback_model_folders_give_the_published_ids)
{
    check_model_folder("gemma3_text-a");
    check_model_folder("mistral-a");
}

TEST(wordpiece_model_folder_gives_the_published_ids)
{
    check_model_folder("bert-a");
}

TEST(unigram_model_folder_gives_the_published_ids)
{
    check_model_folder("xlm_roberta-a");
}

/* Code Llama's own encoding of what stands before and behind a hole, as quoted in llama.cpp's issue
 * 3503. */
TEST(code_llamas_continued_texts_give_the_published_ids)
{
    static token_id before[] = { 822, 3349,  29918, 5464, 29918, 294, 18869, 29898, 29879, 29901,
                                 851, 29897, 1599,  851,  29901, 13,  1678,  9995,  29871 };
    static token_id behind[] = { 13, 1678, 736, 1121, 13 };
    static const char *const files[] = { "tokenizers/ggml-vocab-llama-spm.gguf",
                                         "tokenizers/llama2-spm.model" };
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        struct token_list list = { before, COUNT_OF(before), 0 };
        struct encode_options options = { 0 };
        struct totals totals = { 0 };
        struct tokenizer *t;
        struct error err;
        assert_ok(tokenizer_open(&t, golden_path(files[i]), &err), err);
        check_encoding(t, slice_of("def remove_non_ascii(s: str) -> str:\n    \"\"\" "), options,
                       &list, &totals);
        list = (struct token_list){ behind, COUNT_OF(behind), 0 };
        options.is_continued = true;
        check_encoding(t, slice_of("\n    return result\n"), options, &list, &totals);
        assert_int_equal(totals.wrong, 0);
        tokenizer_close(&t);
    }
}

/* Against what Meta and Mistral do in want of such an option: behind a character that joins with
 * nothing, whose tokens are cut off again. */
static void check_continued(const struct json *node, void *context)
{
    struct run *run = context;
    struct token_list mark = { 0 }, all = { 0 };
    struct encode_options options = { 0 };
    struct text text, marked;
    struct error err;
    text_init(&marked, SIZE_MAX / 2);
    assert_true(text_member(node, "text", &text));
    assert_true(text_append_string(&marked, "☺") && text_append_slice(&marked, text_slice(&text)));
    assert_ok(tokenizer_encode(run->t, slice_of("☺"), options, &mark, &err), err);
    assert_ok(tokenizer_encode(run->t, text_slice(&marked), options, &all, &err), err);
    assert_true(all.count >= mark.count);
    struct token_list rest = { all.ids + mark.count, all.count - mark.count, 0 };
    options.is_continued = true;
    check_encoding(run->t, text_slice(&text), options, &rest, &run->totals);
    token_list_release(&mark);
    token_list_release(&all);
    text_release(&marked);
    text_release(&text);
}

TEST(continued_texts_are_encoded_as_behind_another_character)
{
    static const char *const names[][2] = {
        { "ggml-vocab-llama-spm", "gguf" },
        { "llama2-spm", "model" },
        { "mistral-v3", "model" },
        { "hf-phi-3-mini", "json" },
    };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char relative[200];
        struct tokenizer *t;
        struct error err;
        snprintf(relative, sizeof relative, "tokenizers/%s.%s", names[i][0], names[i][1]);
        assert_ok(tokenizer_open(&t, golden_path(relative), &err), err);
        snprintf(relative, sizeof relative, "tokenizers/%s.cases.jsonl", names[i][0]);
        struct run run = { .t = t };
        each_line(relative, check_continued, &run);
        report(names[i][0], &run.totals);
        tokenizer_close(&t);
    }
}

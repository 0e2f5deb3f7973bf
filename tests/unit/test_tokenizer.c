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
    assert_true(append_repaired(&want, decoded));
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

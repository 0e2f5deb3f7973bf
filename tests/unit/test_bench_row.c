/* The program's files are no part of the library, so they are compiled in here; before test.h,
 * whose cmocka takes the name fail for a macro. */
#include "cli/bench/bench_row.c"

#include "test.h"

#include "base/json.h"

static struct bench_row example(enum bench_kind kind)
{
    bool is_prompt = kind == BENCH_PROMPT;
    struct bench_row row = {
        .model = "models/a \"b\", c|d.gguf",
        .cpu = "avx2",
        .kv_type = "f16",
        .test = { kind, 64, 1, 2048 },
        .n_threads = 2,
        .n_repetitions = 5,
        .tps = 81.25,
        .tps_min = 80,
        .tps_max = 82.5,
        .ttft_ms = is_prompt ? 787.5 : NAN,
        .read_gbs = 40.5,
        .read_share = is_prompt ? NAN : 0.925,
        .peak_gops = 1800,
        .peak_share = 0.625,
        .load_ms = 9,
        .peak_bytes = 4.847e9,
        .kv_bytes = 67e6,
        .extra_bytes = 45.25e6,
    };
    snprintf(row.name, sizeof row.name, "%s", is_prompt ? "pp64 @ d2048" : "tg64 @ d2048");
    return row;
}

static const char *written(enum bench_format format, enum bench_kind kind, bool with_head)
{
    static char copy[4000];
    struct bench_row row = example(kind);
    struct text out;
    text_init(&out, sizeof copy - 1);
    assert_true(!with_head || bench_row_write_head(&out, format));
    assert_true(bench_row_write(&out, format, &row));
    memcpy(copy, out.data, out.length + 1);
    text_release(&out);
    return copy;
}

TEST(markdown_has_a_head_and_rows_for_people)
{
    assert_string_equal(
        written(BENCH_MARKDOWN, BENCH_PROMPT, true),
        "| model | threads | kv | test | tokens/s | min | max | first token ms | read GB/s | of "
        "read "
        "% | int8 Gop/s | of peak % | load ms | peak MB | kv MB | extra MB |\n"
        "|---|---:|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n"
        "| a \"b\", c\\|d.gguf | 2 | f16 | pp64 @ d2048 | 81.25 | 80.00 | 82.50 | 787.5 | 40.5 |  "
        "| "
        "1800 | 62.5 | 9.0 | 4847 | 67 | 45.2 |\n");
}

TEST(csv_quotes_what_needs_it_and_leaves_unknowns_empty)
{
    assert_string_equal(
        written(BENCH_CSV, BENCH_GENERATION, true),
        "model,cpu,threads,kv_type,test,tokens,sequences,depth,repetitions,tps,tps_min,tps_max,"
        "ttft_ms,read_gbs,read_share,peak_gops,peak_share,load_ms,peak_bytes,kv_bytes,extra_bytes\n"
        "\"models/a \"\"b\"\", c|d.gguf\",avx2,2,f16,tg64 @ d2048,64,1,2048,5,81.250,80.000,82.500,"
        ",40.500,0.9250,1800.0,0.6250,9.000,4847000000,67000000,45250000\n");
}

TEST(json_reads_back)
{
    struct error err = { 0 };
    const struct json *root;
    const char *line = written(BENCH_JSON, BENCH_GENERATION, true);
    assert_ok(json_open(&root, line, strlen(line), "a row", &err), err);
    struct slice model = json_text(json_get(root, "model"));
    assert_true(slice_equal(model, slice_of("models/a \"b\", c|d.gguf")));
    assert_true(slice_equal(json_text(json_get(root, "test")), slice_of("tg64 @ d2048")));
    assert_int_equal(json_int(json_get(root, "depth"), -1), 2048);
    assert_true(json_number(json_get(root, "read_share"), 0) == 0.925);
    assert_int_equal(json_kind(json_get(root, "ttft_ms")), JSON_KIND_NULL);
    json_close(&root);
}

TEST(json_lines_are_json_with_an_end_of_line)
{
    char line[4000];
    snprintf(line, sizeof line, "%s\n", written(BENCH_JSON, BENCH_PROMPT, true));
    assert_string_equal(written(BENCH_JSON_LINES, BENCH_PROMPT, true), line);
}

TEST(one_of_each_kind_is_lines_for_people)
{
    struct bench_row prompt = example(BENCH_PROMPT), generation = example(BENCH_GENERATION);
    struct text out;
    text_init(&out, 4000);
    assert_true(bench_rows_write_text(&out, &prompt, &generation));
    assert_non_null(strstr(out.data, "\nprompt           81.25 tokens/s (64 tokens)\n"));
    assert_non_null(strstr(out.data, "of which decoding reached 92.5 %"));
    assert_non_null(strstr(out.data, "1800 Gop/s, of which the prompt reached 62.5 %"));
    text_clear(&out);
    prompt.peak_share = NAN;
    assert_true(bench_rows_write_text(&out, &prompt, &generation));
    assert_null(strstr(out.data, "int8"));
    text_release(&out);
}

TEST(a_row_that_does_not_fit_is_told)
{
    struct bench_row row = example(BENCH_PROMPT);
    for (size_t limit = 0; limit < 100; limit++) {
        struct text out;
        text_init(&out, limit);
        assert_false(bench_row_write(&out, BENCH_JSON, &row));
        text_release(&out);
    }
}

#include "cli/bench/bench_row.h"

#include "base/error.h"
#include "base/json.h"

#include <math.h>

/* What a column's value is. */
enum column_kind { COLUMN_TEXT, COLUMN_NAME, COLUMN_COUNT, COLUMN_NUMBER };

static const struct column {
    const char *key;   /* in CSV and JSON, where values stand in the unit that the key names */
    const char *title; /* in Markdown; NULL: not there */
    enum column_kind kind;
    size_t offset;
    double scale; /* of the Markdown value */
    int digits, markdown_digits;
} columns[] = {
#define FIELD(name) offsetof(struct bench_row, name)
    { "model", "model", COLUMN_TEXT, FIELD(model), 0, 0, 0 },
    { "cpu", NULL, COLUMN_TEXT, FIELD(cpu), 0, 0, 0 },
    { "threads", "threads", COLUMN_NUMBER, FIELD(n_threads), 1, 0, 0 },
    { "kv_type", "kv", COLUMN_TEXT, FIELD(kv_type), 0, 0, 0 },
    { "test", "test", COLUMN_NAME, FIELD(name), 0, 0, 0 },
    { "tokens", NULL, COLUMN_COUNT, FIELD(test.n_tokens), 0, 0, 0 },
    { "sequences", NULL, COLUMN_COUNT, FIELD(test.n_sequences), 0, 0, 0 },
    { "depth", NULL, COLUMN_COUNT, FIELD(test.depth), 0, 0, 0 },
    { "repetitions", NULL, COLUMN_NUMBER, FIELD(n_repetitions), 1, 0, 0 },
    { "tps", "tokens/s", COLUMN_NUMBER, FIELD(tps), 1, 3, 2 },
    { "tps_min", "min", COLUMN_NUMBER, FIELD(tps_min), 1, 3, 2 },
    { "tps_max", "max", COLUMN_NUMBER, FIELD(tps_max), 1, 3, 2 },
    { "ttft_ms", "first token ms", COLUMN_NUMBER, FIELD(ttft_ms), 1, 3, 1 },
    { "read_gbs", "read GB/s", COLUMN_NUMBER, FIELD(read_gbs), 1, 3, 1 },
    { "read_share", "of read %", COLUMN_NUMBER, FIELD(read_share), 100, 4, 1 },
    { "peak_gops", "int8 Gop/s", COLUMN_NUMBER, FIELD(peak_gops), 1, 1, 0 },
    { "peak_share", "of peak %", COLUMN_NUMBER, FIELD(peak_share), 100, 4, 1 },
    { "load_ms", "load ms", COLUMN_NUMBER, FIELD(load_ms), 1, 3, 1 },
    { "peak_bytes", "peak MB", COLUMN_NUMBER, FIELD(peak_bytes), 1e-6, 0, 0 },
    { "kv_bytes", "kv MB", COLUMN_NUMBER, FIELD(kv_bytes), 1e-6, 0, 0 },
    { "extra_bytes", "extra MB", COLUMN_NUMBER, FIELD(extra_bytes), 1e-6, 0, 1 },
#undef FIELD
};

static const char *text_of(const struct column *column, const struct bench_row *row)
{
    const char *field = (const char *)row + column->offset;
    return column->kind == COLUMN_NAME ? field : *(const char *const *)(const void *)field;
}

static double number_of(const struct column *column, const struct bench_row *row)
{
    const char *field = (const char *)row + column->offset;
    if (column->kind == COLUMN_COUNT)
        return *(const uint32_t *)(const void *)field;
    return *(const double *)(const void *)field;
}

static bool is_text(const struct column *column)
{
    return column->kind == COLUMN_TEXT || column->kind == COLUMN_NAME;
}

/* Quotes where a comma, a quote or an end of line would end the value. */
static bool write_csv_text(struct text *out, const char *value)
{
    if (!strpbrk(value, ",\"\r\n"))
        return text_append_string(out, value);
    bool ok = text_append_byte(out, '"');
    for (const char *p = value; *p && ok; p++)
        ok = (*p != '"' || text_append_byte(out, '"')) && text_append_byte(out, *p);
    return ok && text_append_byte(out, '"');
}

/* The file's name alone: a path makes a table unreadable. */
static bool write_markdown_text(struct text *out, const char *value)
{
    size_t length = strlen(value);
    while (length > 1 && value[length - 1] == '/')
        length--;
    const char *begin = value + length;
    while (begin > value && begin[-1] != '/')
        begin--;
    const char *shown = printable((struct slice){ begin, (size_t)(value + length - begin) });
    bool ok = true;
    for (; *shown && ok; shown++)
        ok = (*shown != '|' || text_append_byte(out, '\\')) && text_append_byte(out, *shown);
    return ok;
}

static bool write_csv(struct text *out, const struct column *column, const struct bench_row *row)
{
    if (is_text(column))
        return write_csv_text(out, text_of(column, row));
    double value = number_of(column, row);
    return isnan(value) || text_printf(out, "%.*f", column->digits, value);
}

static bool write_json(struct text *out, const struct column *column, const struct bench_row *row)
{
    if (!text_printf(out, "\"%s\":", column->key))
        return false;
    if (is_text(column))
        return json_write_string(out, slice_of(text_of(column, row)));
    double value = number_of(column, row);
    return isnan(value) ? text_append_string(out, "null")
                        : text_printf(out, "%.*f", column->digits, value);
}

static bool write_markdown(struct text *out, const struct column *column,
                           const struct bench_row *row)
{
    if (is_text(column))
        return write_markdown_text(out, text_of(column, row));
    double value = number_of(column, row) * column->scale;
    return isnan(value) || text_printf(out, "%.*f", column->markdown_digits, value);
}

bool bench_row_write_head(struct text *out, enum bench_format format)
{
    bool ok = true;
    for (size_t i = 0; i < COUNT_OF(columns) && ok; i++) {
        if (format == BENCH_CSV)
            ok = text_printf(out, "%s%s", i ? "," : "", columns[i].key);
        else if (format == BENCH_MARKDOWN && columns[i].title)
            ok = text_printf(out, "| %s ", columns[i].title);
    }
    if (format == BENCH_CSV)
        return ok && text_append_byte(out, '\n');
    if (format != BENCH_MARKDOWN)
        return ok;
    ok = ok && text_append_string(out, "|\n");
    for (size_t i = 0; i < COUNT_OF(columns) && ok; i++)
        if (columns[i].title)
            ok = text_append_string(out, is_text(&columns[i]) ? "|---" : "|---:");
    return ok && text_append_string(out, "|\n");
}

bool bench_row_write(struct text *out, enum bench_format format, const struct bench_row *row)
{
    bool is_json = format == BENCH_JSON || format == BENCH_JSON_LINES;
    bool ok = !is_json || text_append_byte(out, '{');
    for (size_t i = 0; i < COUNT_OF(columns) && ok; i++) {
        const struct column *column = &columns[i];
        if (format == BENCH_MARKDOWN)
            ok = !column->title || (text_append_string(out, "| ") &&
                                    write_markdown(out, column, row) && text_append_byte(out, ' '));
        else
            ok = (i == 0 || text_append_byte(out, ',')) &&
                 (is_json ? write_json(out, column, row) : write_csv(out, column, row));
    }
    static const char *const ends[] = {
        [BENCH_TEXT] = "",  [BENCH_MARKDOWN] = "|\n",   [BENCH_CSV] = "\n",
        [BENCH_JSON] = "}", [BENCH_JSON_LINES] = "}\n",
    };
    return ok && text_append_string(out, ends[format]);
}

bool bench_rows_write_text(struct text *out, const struct bench_row *prompt,
                           const struct bench_row *generation)
{
    bool ok = text_printf(
        out,
        "threads          %.0f\n"
        "prompt           %.2f tokens/s (%" PRIu32 " tokens)\n"
        "generation       %.2f tokens/s (%" PRIu32 " tokens)\n"
        "first token      %.2f ms\n"
        "load             %.2f ms\n"
        "peak memory      %.1f MB, %.1f MB of it beyond the file and the keys "
        "and values\n"
        "memory read      %.2f GB/s, of which decoding reached %.1f %%\n",
        generation->n_threads, prompt->tps, prompt->test.n_tokens, generation->tps,
        generation->test.n_tokens, prompt->ttft_ms, prompt->load_ms, generation->peak_bytes / 1e6,
        generation->extra_bytes / 1e6, generation->read_gbs, generation->read_share * 100);
    if (isnan(prompt->peak_share))
        return ok;
    return ok &&
           text_printf(out, "int8 peak        %.0f Gop/s, of which the prompt reached %.1f %%\n",
                       prompt->peak_gops, prompt->peak_share * 100);
}

bool bench_rows_write_summary(struct text *out, const struct bench_row *prompt,
                              const struct bench_row *generation)
{
    return text_printf(out,
                       "\"prompt_tps\":%.3f,\"gen_tps\":%.3f,\"ttft_ms\":%.3f,\"load_ms\":%.3f,"
                       "\"peak_bytes\":%.0f,\"extra_bytes\":%.0f,\"read_gbs\":%.3f,"
                       "\"decode_read_share\":%.4f,\"threads\":%.0f,\"prompt_tokens\":%" PRIu32
                       ",\"gen_tokens\":%" PRIu32 ",\"repetitions\":%.0f",
                       prompt->tps, generation->tps, prompt->ttft_ms, prompt->load_ms,
                       generation->peak_bytes, generation->extra_bytes, generation->read_gbs,
                       generation->read_share, generation->n_threads, prompt->test.n_tokens,
                       generation->test.n_tokens, generation->n_repetitions);
}

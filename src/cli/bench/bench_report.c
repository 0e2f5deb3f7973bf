#include "cli/bench/bench_report.h"

#include "cli/output.h"

#include <stdio.h>

enum { MOST_LINE_BYTES = 1 << 20 };

bool bench_format_find(enum bench_format *out, const char *name, struct error *err)
{
    static const char *const names[] = {
        [BENCH_TEXT] = "text", [BENCH_MARKDOWN] = "md",      [BENCH_CSV] = "csv",
        [BENCH_JSON] = "json", [BENCH_JSON_LINES] = "jsonl",
    };
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(name, names[i]) == 0) {
            *out = (enum bench_format)i;
            return true;
        }
    return fail(err, ERROR_USAGE, "--output is '%s', but must be text, md, csv, json or jsonl",
                printable(slice_of(name)));
}

void bench_report_init(struct bench_report *report, enum bench_format format)
{
    *report = (struct bench_report){ .format = format };
    text_init(&report->line, MOST_LINE_BYTES);
}

void bench_report_release(struct bench_report *report)
{
    text_release(&report->line);
}

static bool print_line(struct bench_report *report, bool ok, struct error *err)
{
    if (!ok)
        return fail_memory(err, report->line.length, "a line of the report");
    progress_clear();
    fwrite(report->line.data, 1, report->line.length, stdout);
    fflush(stdout);
    text_clear(&report->line);
    return true;
}

bool bench_report_row(struct bench_report *report, const struct bench_row *row, struct error *err)
{
    *(row->test.kind == BENCH_PROMPT ? &report->prompt : &report->generation) = *row;
    bool is_first = report->n_rows++ == 0;
    if (report->format == BENCH_TEXT)
        return true;
    bool is_json = report->format == BENCH_JSON;
    bool ok = is_json ? text_append_string(&report->line, is_first ? "{\"rows\":[" : ",")
                      : !is_first || bench_row_write_head(&report->line, report->format);
    return print_line(report, ok && bench_row_write(&report->line, report->format, row), err);
}

bool bench_report_ready(struct bench_report *report, uint32_t depth, struct error *err)
{
    return print_line(report, text_printf(&report->line, "{\"ready\":%" PRIu32 "}\n", depth), err);
}

bool bench_report_end(struct bench_report *report, bool is_simple, struct error *err)
{
    const struct bench_row *prompt = &report->prompt, *generation = &report->generation;
    struct text *line = &report->line;
    bool ok = true;
    if (report->format == BENCH_TEXT)
        ok = bench_rows_write_text(line, prompt, generation);
    else if (report->format != BENCH_JSON)
        return true;
    else
        ok = text_append_string(line, is_simple ? "]," : "]") &&
             (!is_simple || bench_rows_write_summary(line, prompt, generation)) &&
             text_append_string(line, "}\n");
    return print_line(report, ok, err);
}

#include "cli/model_summary.h"

#include "cli/output.h"

#include <stdio.h>

void section_begin(const char *title)
{
    printf("  %s\n", title);
}

void section_row(const char *label, struct slice value)
{
    printf("    %-20s", label);
    output_line(value);
    putchar('\n');
}

static void number_row(const char *label, uint64_t value)
{
    char digits[32];
    snprintf(digits, sizeof digits, "%" PRIu64, value);
    if (value)
        section_row(label, slice_of(digits));
}

void model_summary_print(const struct model_summary *summary)
{
    char parameters[32];
    section_begin("Model");
    section_row("architecture", summary->architecture);
    if (summary->n_parameters)
        section_row("parameters", slice_of(human_number(parameters, summary->n_parameters)));
    number_row("context length", summary->context_length);
    number_row("embedding length", summary->embedding_length);
    if (summary->quantization.length)
        section_row("quantization", summary->quantization);
    putchar('\n');
}

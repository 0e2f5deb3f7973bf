/* model_summary.h: the first section of `hearth show` and of "/show info".
 *
 * Owns its layout. One thread. */
#ifndef MODEL_SUMMARY_H
#define MODEL_SUMMARY_H

#include "base/base.h"

struct model_summary {
    struct slice architecture, quantization;
    uint64_t n_parameters, context_length, embedding_length; /* 0: unknown, not shown */
};

/* The title of a section, and its rows "    label    value" with values in one column. */
void section_begin(const char *title);
void section_row(const char *label, struct slice value);

void model_summary_print(const struct model_summary *summary);

#endif

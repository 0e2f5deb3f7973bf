/* exposition.h: numbers in Prometheus' text format, version 0.0.4.
 *
 * Owns the spelling: families with their help, samples with labels, histograms; values of labels
 * are escaped, bytes that are not UTF-8 replaced. Leaves what is counted to metrics.h. The first
 * failure (memory, the text's limit) sticks. One thread. */
#ifndef EXPOSITION_H
#define EXPOSITION_H

#include "base/base.h"
#include "base/text.h"

struct exposition {
    struct text *out;
    const char *family;
    bool is_whole; /* everything was written so far */
};

struct label {
    const char *name, *value;
};
enum { MOST_LABELS = 3 };

/* Ends with a row whose name is NULL. */
typedef const struct label labels[MOST_LABELS + 1];

void exposition_init(struct exposition *page, struct text *out);

/* All samples until the next family belong to it. `type`: "counter", "gauge", "histogram". */
void exposition_family(struct exposition *page, const char *name, const char *type,
                       const char *help);
void exposition_sample(struct exposition *page, labels of, double value);

/* counts[i] are the values in (bounds[i - 1], bounds[i]], counts[n_bounds] the rest. */
void exposition_histogram(struct exposition *page, labels of, const double *bounds, size_t n_bounds,
                          const uint64_t *counts, double sum);

#endif

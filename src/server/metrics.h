/* metrics.h: what the server counts, for Prometheus.
 *
 * Owns the counters and histograms (docs/serving.md lists them). Labels have few values: what comes
 * after 64 models or routes is counted as "other". Any thread. */
#ifndef METRICS_H
#define METRICS_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"

struct metrics;
struct residency;

bool metrics_open(struct metrics **out, struct error *err) MUST_CHECK;
void metrics_close(struct metrics **metrics);

/* `route`: the table's own text, never what a client sent. */
void metrics_http(struct metrics *metrics, const char *route, unsigned status, uint64_t took_ns);

/* An answer has begun and ended. first_token_ns from the arrival of the request. */
void metrics_answer(struct metrics *metrics, const char *model, uint64_t queue_ns,
                    uint64_t first_token_ns, uint64_t prompt_tokens, uint64_t cached_tokens,
                    uint64_t answer_tokens, uint64_t answer_ns, const char *reason);
void metrics_load(struct metrics *metrics, const char *model, uint64_t load_ns);
void metrics_worker_died(struct metrics *metrics, const char *model); /* and was not told to */
void metrics_refused(struct metrics *metrics, const char *why);       /* "busy", "door", "limit" */

/* The text format 0.0.4 (exposition.h); with the memory by owner and queues as `residency` has them
 * (NULL: without). False: memory or the text's limit. */
bool metrics_write(struct metrics *metrics, struct residency *residency,
                   struct text *out) MUST_CHECK;

#endif

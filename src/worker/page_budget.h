/* page_budget.h: how many pages of keys and values the running answers need.
 *
 * Owns the arithmetic: nothing is reserved for an answer beyond what it has read and a page to go
 * on. What choices of one request read together counts once. Pure functions. */
#ifndef PAGE_BUDGET_H
#define PAGE_BUDGET_H

#include "base/base.h"
#include "worker/job.h"

/* Pages of a choice when its prompt, or what it has come to, is evaluated. */
uint64_t page_budget_need(const struct choice *choice);

/* Of all that run. */
uint64_t page_budget_taken(struct choice *const *choices, size_t n);

#endif

/* page_budget.h: how many pages of keys and values answers need.
 *
 * Owns the arithmetic: nothing is reserved for an answer beyond what it has to read and a page to
 * go on; what it shares with others it does not need. Pure functions. */
#ifndef PAGE_BUDGET_H
#define PAGE_BUDGET_H

#include "base/base.h"
#include "worker/job.h"

/* Pages that the choice must have to say anything at all. */
uint64_t page_budget_least(const struct choice *choice);

/* Pages that it needs beside those that it has, if it goes on now. */
uint64_t page_budget_more(const struct choice *choice);

/* The sum of all that run. */
uint64_t page_budget_to_come(struct choice *const *choices, size_t n);

#endif

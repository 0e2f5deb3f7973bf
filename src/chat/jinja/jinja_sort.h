/* jinja_sort.h: putting values in order, equal ones staying as they were.
 *
 * Owns the sorting. Comparing may fail and takes steps. */
#ifndef JINJA_SORT_H
#define JINJA_SORT_H

#include "chat/jinja/jinja_run.h"

struct jinja_sorted {
    struct jinja_value key, value;
};

/* By key, in place. */
bool jinja_sort(struct jinja_run *run, struct jinja_sorted *items, size_t count,
                bool is_reverse) MUST_CHECK;

#endif

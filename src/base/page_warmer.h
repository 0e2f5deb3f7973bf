/* page_warmer.h: a thread that makes a mapped file's pages present before anybody needs them.
 *
 * Owns the thread, which runs at the lowest priority. Leaves to its owner which memory that is, and
 * to stop it before the mapping goes. Nothing depends on it: where it cannot run, the first reader
 * of a page waits for it. Start and stop are called by one thread. */
#ifndef PAGE_WARMER_H
#define PAGE_WARMER_H

#include "base/base.h"

struct page_warmer;

struct page_range {
    const void *data;
    size_t size;
};

/* The warmer takes `ranges` (from memory_zeroed) over. Does nothing when all of them would not fit
 * the memory that is available now: other pages had to go for them. */
void page_warmer_start(struct page_warmer **out, struct page_range *ranges, size_t n_ranges);
void page_warmer_stop(struct page_warmer **warmer); /* accepts NULL, leaves NULL */

#endif

/* process_memory.h: what the operating system says about this process's memory.
 *
 * Owns nothing. Leaves to the caller what part of it belongs to whom. One thread. */
#ifndef PROCESS_MEMORY_H
#define PROCESS_MEMORY_H

#include "base/base.h"

/* Let process_memory_peak_bytes begin anew with what is resident now. Where the system does not
 * allow it the peak remains that of the whole process. */
void process_memory_reset_peak(void);
uint64_t process_memory_peak_bytes(void);

/* Resident memory that belongs to no file (heap, stacks, mappings without a file), counted exactly;
 * 0 where the system does not tell. */
uint64_t process_memory_anonymous_bytes(void);

#endif

/* output.h: what the commands say, on standard output and standard error.
 *
 * Owns the spelling of errors and progress, and the rule that text from a model or a file reaches a
 * terminal without control characters. Leaves layout to the commands. One thread. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "base/base.h"
#include "base/error.h"

/* Before anything else: a closed standard stream must not become the number of a model's file. */
void output_init(void);

/* "Error: ..." on standard error. report() is for what went wrong (exit status 1), report_usage()
 * for how the command was called (exit status 2); each returns that status. */
int report(const char *message);
int report_usage(const char *command, const char *message);

/* A model's answer: as it is into a file or pipe, without control characters on a terminal. False
 * when standard output does not take it; output_finish then tells why. */
bool output_answer(const char *bytes, size_t length) MUST_CHECK;

/* Text of a file in one line, never with control characters. */
void output_line(struct slice text);

/* Flush; the status to exit with: `status`, or 1 when standard output failed. A reader that went
 * away is no error to talk about, a full disk is. */
int output_finish(int status);

/* Progress of long work: one line on standard error that overwrites itself, only on a terminal. */
bool progress_wanted(void);
void progress(const char *format, ...) PRINTF_LIKE(1, 2);
void progress_clear(void);

/* "8B", "2.8B", "500.50M", "260K", "999": `out` has room for 32 bytes. */
const char *human_number(char *out, uint64_t value);
/* "1.5s", "23.4ms": `out` has room for 64 bytes. */
const char *human_duration(char *out, uint64_t ns);

#endif

/* sandbox.h: what a worker may still do once it is locked in.
 *
 * Owns the Landlock rules (the model's files, read only; nothing else of the file system, no TCP)
 * and the seccomp filter (no sockets, no exec, no ptrace, no new processes; files only through what
 * Landlock allows). Both last for the life of the process and all its threads. */
#ifndef SANDBOX_H
#define SANDBOX_H

#include "base/base.h"
#include "base/error.h"

struct sandbox_report {
    bool has_landlock, has_seccomp;
    char missing[200]; /* "" or why one of them is not there, for the log */
};

/* `paths`: [n_paths] files and folders that may be read. Called by the only thread there is, before
 * it reads the model. A kernel without one of the two is told in the report and no failure. */
bool sandbox_enter(const char *const *paths, size_t n_paths, struct sandbox_report *report,
                   struct error *err) MUST_CHECK;

#endif

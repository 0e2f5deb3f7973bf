/* worker_process.h: one worker, from its start to its last breath.
 *
 * Owns the process, the server's end of its socket, its standard error (which goes to the log), and
 * a thread that reads, writes, watches for stalls and waits for its end. Leaves what frames mean to
 * residency.c. Any thread calls; callbacks come on the process's own thread, one after another. */
#ifndef WORKER_PROCESS_H
#define WORKER_PROCESS_H

#include "base/base.h"
#include "base/error.h"
#include "worker/frame.h"

struct worker_process;

/* How it ended. */
struct worker_end {
    bool was_told;   /* by worker_process_stop */
    const char *how; /* "was killed by signal 9 (SIGKILL): perhaps memory ran out" */
};

struct worker_process_options {
    const char *program; /* started as `program worker --fd N` */
    const char *name;    /* for the log; copied */
    void (*on_frame)(void *context, const struct frame *frame);
    void (*on_gone)(void *context, const struct worker_end *end); /* the last call, once */
    void *context;
};

/* Callbacks may come before it returns. */
bool worker_process_start(struct worker_process **out, const struct worker_process_options *options,
                          struct error *err) MUST_CHECK;

/* Copies the frame and never waits. ERROR_BUDGET when too much waits to be sent already; what is
 * sent to a process that has ended is lost, and on_gone tells so. */
bool worker_process_send(struct worker_process *process, const struct frame *frame,
                         struct error *err) MUST_CHECK;

/* From now on frames must come, never `limit_ns` apart; else it is killed. 0: it may be silent. */
void worker_process_expect(struct worker_process *process, uint64_t limit_ns);

/* Kill it, since `why` ("sent a message that makes no sense"). */
void worker_process_kill(struct worker_process *process, const char *why);

/* Ask it to end: no more frames are sent; 0.2 s later by SIGTERM, a second later by SIGKILL. */
void worker_process_stop(struct worker_process *process);

/* Stop it, wait for on_gone, free. Not from a callback. Accepts NULL, leaves NULL. */
void worker_process_close(struct worker_process **process);

int worker_process_pid(const struct worker_process *process);

#endif

/* worker.h: the process around one model.
 *
 * Owns its life: reads FRAME_OPEN, locks itself in (sandbox.h), loads the model, answers requests,
 * ends when the server's end of the socket closes. */
#ifndef WORKER_H
#define WORKER_H

/* `fd`: a connected stream socket. Returns the exit status. Takes over the process: signals,
 * limits. */
int worker_run(int fd);

#endif

/* outbox.h: frames on their way to the server.
 *
 * Owns what was said and not yet taken by the socket. Nobody waits for the server: frames are
 * added, and sent as far as the socket takes them; who polls the socket sends the rest. Any thread.
 */
#ifndef OUTBOX_H
#define OUTBOX_H

#include "base/base.h"
#include "base/error.h"
#include "worker/frame.h"
#include "worker/protocol.h"

struct outbox;

/* `fd`: a socket that does not block, borrowed. `limit_bytes`: more may not wait, see outbox_add.
 */
bool outbox_open(struct outbox **out, int fd, size_t limit_bytes, struct error *err) MUST_CHECK;
void outbox_close(struct outbox **outbox); /* accepts NULL, leaves NULL */

/* False: so much waits that the frame was not taken. */
bool outbox_add(struct outbox *outbox, const struct frame *frame);

/* The same for the few bytes that end a request, which are always taken while there is memory. */
void outbox_add_last(struct outbox *outbox, const struct frame *frame);

/* All that waits in one write, as far as the socket takes it. */
void outbox_flush(struct outbox *outbox);

/* Whether something waits for the socket to take more; and whether that is too much to ask for
 * more. */
bool outbox_is_waiting(struct outbox *outbox);
bool outbox_is_full(struct outbox *outbox);

/* Readable when outbox_is_waiting may have become true: for poll(2). */
int outbox_signal_fd(const struct outbox *outbox);
void outbox_take_signal(struct outbox *outbox);

#endif

#include "worker/outbox.h"

#include "base/memory.h"

#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Beyond the limit there is room for one result, and the ends of all requests. */
enum { SPARE_BYTES = FRAME_MOST_BYTES + (64 << 20) };

struct outbox {
    int fd, signal_fd;
    size_t limit_bytes;
    pthread_mutex_t lock;
    struct text bytes; /* guarded by lock, and the next */
    size_t n_sent;     /* of them */
    bool is_blocked;   /* the socket took less than there was */
};

bool outbox_open(struct outbox **out, int fd, size_t limit_bytes, struct error *err)
{
    *out = NULL;
    struct outbox *o = memory_zeroed(1, sizeof *o);
    if (!o)
        return fail_memory(err, sizeof *o, "messages");
    o->fd = fd;
    o->limit_bytes = limit_bytes;
    o->signal_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (o->signal_fd < 0) {
        memory_free(o);
        return fail(err, ERROR_IO, "cannot make an eventfd: %s", strerror(errno));
    }
    pthread_mutex_init(&o->lock, NULL);
    text_init(&o->bytes, limit_bytes + SPARE_BYTES);
    *out = o;
    return true;
}

void outbox_close(struct outbox **outbox)
{
    struct outbox *o = *outbox;
    if (!o)
        return;
    close(o->signal_fd);
    pthread_mutex_destroy(&o->lock);
    text_release(&o->bytes);
    memory_free(o);
    *outbox = NULL;
}

static size_t n_waiting(const struct outbox *o)
{
    return o->bytes.length - o->n_sent;
}

static bool add(struct outbox *o, const struct frame *frame, bool is_last)
{
    struct error ignored = { 0 };
    pthread_mutex_lock(&o->lock);
    bool ok = (is_last || n_waiting(o) < o->limit_bytes) && frame_write(&o->bytes, frame, &ignored);
    pthread_mutex_unlock(&o->lock);
    return ok;
}

bool outbox_add(struct outbox *o, const struct frame *frame)
{
    return add(o, frame, false);
}

void outbox_add_last(struct outbox *o, const struct frame *frame)
{
    (void)!add(o, frame, true);
}

/* Bytes that were sent make room only now and then: moving the rest costs its length. */
static void drop_sent(struct outbox *o)
{
    size_t rest = n_waiting(o);
    if (o->n_sent < rest)
        return;
    if (rest)
        memmove(o->bytes.data, o->bytes.data + o->n_sent, rest);
    text_truncate(&o->bytes, rest);
    o->n_sent = 0;
}

static void tell_poller(struct outbox *o)
{
    uint64_t one = 1;
    (void)!write(o->signal_fd, &one, sizeof one);
}

void outbox_flush(struct outbox *o)
{
    pthread_mutex_lock(&o->lock);
    while (n_waiting(o)) {
        ssize_t n = write(o->fd, o->bytes.data + o->n_sent, n_waiting(o));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN) /* nobody is there: its reader finds out */
            n = (ssize_t)n_waiting(o);
        if (n > 0)
            o->n_sent += (size_t)n;
        if (n < 0)
            break;
    }
    bool was_blocked = o->is_blocked;
    o->is_blocked = n_waiting(o) > 0;
    if (o->is_blocked && !was_blocked)
        tell_poller(o);
    drop_sent(o);
    pthread_mutex_unlock(&o->lock);
}

bool outbox_is_waiting(struct outbox *o)
{
    pthread_mutex_lock(&o->lock);
    bool is_waiting = o->is_blocked;
    pthread_mutex_unlock(&o->lock);
    return is_waiting;
}

bool outbox_is_full(struct outbox *o)
{
    pthread_mutex_lock(&o->lock);
    bool is_full = n_waiting(o) >= o->limit_bytes;
    pthread_mutex_unlock(&o->lock);
    return is_full;
}

int outbox_signal_fd(const struct outbox *o)
{
    return o->signal_fd;
}

void outbox_take_signal(struct outbox *o)
{
    uint64_t count;
    (void)!read(o->signal_fd, &count, sizeof count);
}

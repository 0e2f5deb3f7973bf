#include "server/http/http_watch.h"

#include "base/clock.h"
#include "base/memory.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS_AT_ONCE = 64, N_LISTS = 3 };

/* All of one list wait equally long, so the first one's time is over first. */
struct deadlines {
    struct http_watched *first, *last;
};

struct http_watch {
    int epoll, wakeup;
    uint64_t wait_ns[N_LISTS]; /* by enum http_wait */
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock;
    struct deadlines lists[N_LISTS]; /* guarded by lock */
    bool is_closing;                 /* guarded by lock */
};

static void wake_up(struct http_watch *watch)
{
    uint64_t one = 1;
    ssize_t ignored = write(watch->wakeup, &one, sizeof one);
    (void)ignored; /* a counter that is full wakes up as well */
}

/* ---- deadlines ---- */

static void list_remove(struct http_watch *watch, struct http_watched *c)
{
    struct deadlines *list = &watch->lists[c->list];
    if (c->list == HTTP_WAITS_FOR_NOTHING)
        return;
    *(c->previous ? &c->previous->next : &list->first) = c->next;
    *(c->next ? &c->next->previous : &list->last) = c->previous;
    c->previous = c->next = NULL;
    c->list = HTTP_WAITS_FOR_NOTHING;
}

/* True when the thread sleeps longer than it should now. */
static bool list_append(struct http_watch *watch, struct http_watched *c, int list_index)
{
    struct deadlines *list = &watch->lists[list_index];
    c->list = list_index;
    c->deadline_ns = clock_ns() + watch->wait_ns[list_index];
    c->previous = list->last;
    *(list->last ? &list->last->next : &list->first) = c;
    list->last = c;
    return list->first == c;
}

void http_watch_arrival(struct http_watch *watch, struct http_watched *connection,
                        enum http_wait wait)
{
    bool is_first = false;
    pthread_mutex_lock(&watch->lock);
    list_remove(watch, connection);
    if (wait != HTTP_WAITS_FOR_NOTHING && watch->wait_ns[wait] > 0)
        is_first = list_append(watch, connection, wait);
    pthread_mutex_unlock(&watch->lock);
    if (is_first)
        wake_up(watch);
}

/* Its owner sees the end of the stream, and closes it. Returns the time until the next one. */
static uint64_t shut_down_late(struct http_watch *watch)
{
    uint64_t now = clock_ns(), soonest = UINT64_MAX;
    for (int i = 0; i < N_LISTS; i++) {
        struct http_watched *c;
        while ((c = watch->lists[i].first) && c->deadline_ns <= now) {
            list_remove(watch, c);
            shutdown(c->fd, SHUT_RDWR);
        }
        if (c && c->deadline_ns - now < soonest)
            soonest = c->deadline_ns - now;
    }
    return soonest;
}

/* ---- clients that go ---- */

bool http_watch_client(struct http_watch *watch, struct http_watched *connection,
                       struct response *response)
{
    struct epoll_event event = { .events = EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLONESHOT,
                                 .data.ptr = connection };
    pthread_mutex_lock(&watch->lock);
    bool ok = epoll_ctl(watch->epoll, EPOLL_CTL_ADD, connection->fd, &event) == 0;
    if (ok)
        connection->response = response_hold(response);
    pthread_mutex_unlock(&watch->lock);
    return ok;
}

void http_watch_client_end(struct http_watch *watch, struct http_watched *connection)
{
    pthread_mutex_lock(&watch->lock);
    struct response *response = connection->response;
    connection->response = NULL;
    if (response)
        epoll_ctl(watch->epoll, EPOLL_CTL_DEL, connection->fd, NULL);
    pthread_mutex_unlock(&watch->lock);
    response_drop(&response);
}

/* Under the lock, which whoever stops to watch a connection takes: so all of them still exist. */
static size_t take_gone(struct http_watch *watch, struct response *gone[EVENTS_AT_ONCE])
{
    struct epoll_event events[EVENTS_AT_ONCE];
    size_t n_gone = 0;
    int n = epoll_wait(watch->epoll, events, EVENTS_AT_ONCE, 0);
    for (int i = 0; i < n; i++) {
        struct http_watched *connection = events[i].data.ptr;
        uint64_t count;
        if (connection)
            gone[n_gone++] = response_hold(connection->response);
        else if (read(watch->wakeup, &count, sizeof count) < 0)
            continue;
    }
    return n_gone;
}

/* ---- the thread ---- */

static int milliseconds(uint64_t ns)
{
    return ns == UINT64_MAX ? -1 : (int)(ns / 1000000 < 60000 ? ns / 1000000 + 1 : 60000);
}

static void *watch_main(void *argument)
{
    struct http_watch *watch = argument;
    for (;;) {
        struct response *gone[EVENTS_AT_ONCE];
        pthread_mutex_lock(&watch->lock);
        bool is_closing = watch->is_closing;
        size_t n_gone = take_gone(watch, gone);
        uint64_t sleep_ns = shut_down_late(watch);
        pthread_mutex_unlock(&watch->lock);
        for (size_t i = 0; i < n_gone; i++) {
            response_client_gone(gone[i]);
            response_drop(&gone[i]);
        }
        if (is_closing)
            return NULL;
        if (n_gone == 0)
            poll(&(struct pollfd){ .fd = watch->epoll, .events = POLLIN }, 1,
                 milliseconds(sleep_ns));
    }
}

static bool start(struct http_watch *watch, struct error *err)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
    watch->epoll = epoll_create1(EPOLL_CLOEXEC);
    watch->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (watch->epoll < 0 || watch->wakeup < 0 ||
        epoll_ctl(watch->epoll, EPOLL_CTL_ADD, watch->wakeup, &event) != 0)
        return fail(err, ERROR_IO, "cannot watch connections: %s", strerror(errno));
    int code = pthread_create(&watch->thread, NULL, watch_main, watch);
    watch->has_thread = code == 0;
    return watch->has_thread ||
           fail(err, ERROR_IO, "cannot start a thread to watch connections: %s", strerror(code));
}

bool http_watch_open(struct http_watch **out, uint64_t idle_ns, uint64_t request_ns,
                     struct error *err)
{
    struct http_watch *watch = memory_zeroed(1, sizeof *watch);
    *out = NULL;
    if (!watch)
        return fail_memory(err, sizeof *watch, "watching connections");
    pthread_mutex_init(&watch->lock, NULL);
    watch->epoll = watch->wakeup = -1;
    watch->wait_ns[HTTP_WAITS_FOR_BODY] = request_ns;
    watch->wait_ns[HTTP_WAITS_FOR_HEADERS] = idle_ns && request_ns ? idle_ns + request_ns : 0;
    if (start(watch, err))
        *out = watch;
    else
        http_watch_close(&watch);
    return *out != NULL;
}

void http_watch_close(struct http_watch **watch)
{
    struct http_watch *w = *watch;
    *watch = NULL;
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->is_closing = true;
    pthread_mutex_unlock(&w->lock);
    if (w->has_thread) {
        wake_up(w);
        pthread_join(w->thread, NULL);
    }
    if (w->epoll >= 0)
        close(w->epoll);
    if (w->wakeup >= 0)
        close(w->wakeup);
    pthread_mutex_destroy(&w->lock);
    memory_free(w);
}

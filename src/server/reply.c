#include "server/reply.h"

#include "base/memory.h"
#include "server/residency.h"

#include <pthread.h>

/* Held by the task until its last event, and by whoever starts it until it knows the task's number.
 */
struct reply {
    const struct reply_kind *kind;
    void *state;
    struct response *response;
    struct residency *residency;
    pthread_mutex_t lock;
    unsigned n_holders; /* guarded by lock, as is is_over */
    bool is_over;
    uint64_t task;
};

static void let_go(struct reply *reply)
{
    pthread_mutex_lock(&reply->lock);
    bool is_last = --reply->n_holders == 0;
    pthread_mutex_unlock(&reply->lock);
    if (!is_last)
        return;
    response_drop(&reply->response);
    pthread_mutex_destroy(&reply->lock);
    memory_free(reply);
}

static void end(struct reply *reply)
{
    pthread_mutex_lock(&reply->lock);
    reply->is_over = true;
    pthread_mutex_unlock(&reply->lock);
    response_on_gone(reply->response, NULL, NULL);
    response_end(reply->response);
    reply->kind->release(reply->state);
    let_go(reply);
}

static void hear(void *context, const struct task_event *event)
{
    struct reply *reply = context;
    reply->kind->tell(reply->state, event, reply->response);
    if (event->kind == TASK_END)
        end(reply);
}

static void cancel(void *context)
{
    struct reply *reply = context;
    residency_cancel(reply->residency, reply->task);
}

/* The client may go from now on. */
static void watch_client(struct reply *reply)
{
    pthread_mutex_lock(&reply->lock);
    bool is_over = reply->is_over;
    pthread_mutex_unlock(&reply->lock);
    if (is_over)
        return;
    response_on_gone(reply->response, cancel, reply);
    pthread_mutex_lock(&reply->lock);
    is_over = reply->is_over;
    pthread_mutex_unlock(&reply->lock);
    if (is_over) /* in between */
        response_on_gone(reply->response, NULL, NULL);
}

void reply_start(struct service *service, struct response *response, struct wish *wish,
                 const struct reply_kind *kind, void *state)
{
    struct reply *reply = memory_zeroed(1, sizeof *reply);
    if (!reply) {
        kind->release(state);
        respond_error(DIALECT_PLAIN, response, 500, "no memory left for a request");
        return;
    }
    *reply = (struct reply){ .kind = kind,
                             .state = state,
                             .response = response_hold(response),
                             .residency = service->residency,
                             .n_holders = 2 };
    pthread_mutex_init(&reply->lock, NULL);
    wish->listener = hear;
    wish->context = reply;
    reply->task = residency_start(service->residency, wish);
    watch_client(reply);
    let_go(reply);
}

#include "server/reply.h"

#include "base/memory.h"
#include "server/prompt_log.h"
#include "server/residency/residency.h"

#include <pthread.h>

struct part {
    struct reply *reply;
    uint32_t first_choice;
    uint64_t task; /* guarded by reply->lock; 0: not started yet */
};

/* Held by each task until its last event, and by whoever starts or cancels them. */
struct reply {
    const struct reply_kind *kind;
    void *state;
    struct response *response;
    struct residency *residency;
    struct prompt_log *log; /* guarded by telling; NULL: not wanted */
    /* held while an event is told; recursive, since a write may find that the client has gone, and
     * cancelling tell of other tasks' ends */
    pthread_mutex_t telling;
    size_t n_running; /* guarded by telling */
    pthread_mutex_t lock;
    unsigned n_holders; /* guarded by lock, as are the flags */
    bool is_over, is_cancelled;
    size_t n_parts;
    struct part parts[];
};

static void hold(struct reply *reply)
{
    pthread_mutex_lock(&reply->lock);
    reply->n_holders++;
    pthread_mutex_unlock(&reply->lock);
}

static void let_go(struct reply *reply)
{
    pthread_mutex_lock(&reply->lock);
    bool is_last = --reply->n_holders == 0;
    pthread_mutex_unlock(&reply->lock);
    if (!is_last)
        return;
    response_drop(&reply->response);
    prompt_log_free(&reply->log);
    pthread_mutex_destroy(&reply->lock);
    pthread_mutex_destroy(&reply->telling);
    memory_free(reply);
}

/* `but`: one that is ending by itself, or NULL. */
static void cancel_parts(struct reply *reply, const struct part *but)
{
    hold(reply);
    for (size_t i = 0; i < reply->n_parts; i++) {
        pthread_mutex_lock(&reply->lock);
        reply->is_cancelled = true;
        uint64_t task = reply->parts[i].task;
        pthread_mutex_unlock(&reply->lock);
        if (task && &reply->parts[i] != but)
            residency_cancel(reply->residency, task);
    }
    let_go(reply);
}

static void cancel(void *context)
{
    cancel_parts(context, NULL);
}

static void end(struct reply *reply)
{
    pthread_mutex_lock(&reply->lock);
    reply->is_over = true;
    pthread_mutex_unlock(&reply->lock);
    response_on_gone(reply->response, NULL, NULL);
    response_end(reply->response);
    reply->kind->release(reply->state);
}

/* Whether this was the last event of all tasks. */
static bool tell(struct reply *reply, const struct task_event *event)
{
    bool is_end = event->kind == TASK_END;
    pthread_mutex_lock(&reply->telling);
    bool is_last = is_end && --reply->n_running == 0;
    prompt_log_hear(reply->log, event);
    if (is_last || !is_end)
        reply->kind->tell(reply->state, event, reply->response);
    pthread_mutex_unlock(&reply->telling);
    return is_last;
}

static void hear(void *context, const struct task_event *event)
{
    struct part *part = context;
    struct reply *reply = part->reply;
    struct task_event numbered = *event;
    bool is_end = event->kind == TASK_END;
    numbered.choice += part->first_choice;
    if (tell(reply, &numbered))
        end(reply);
    if (event->kind == TASK_FAILED)
        cancel_parts(reply, part);
    if (is_end)
        let_go(reply);
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

static struct reply *reply_new(struct service *service, struct response *response, size_t n_parts,
                               const struct reply_kind *kind, void *state)
{
    struct reply *reply = memory_zeroed(1, sizeof *reply + n_parts * sizeof reply->parts[0]);
    pthread_mutexattr_t recursive;
    if (!reply)
        return NULL;
    *reply = (struct reply){ .kind = kind,
                             .state = state,
                             .response = response_hold(response),
                             .residency = service->residency,
                             .n_running = n_parts,
                             .n_holders = (unsigned)n_parts + 1,
                             .n_parts = n_parts };
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&reply->telling, &recursive);
    pthread_mutexattr_destroy(&recursive);
    pthread_mutex_init(&reply->lock, NULL);
    return reply;
}

static void start_part(struct reply *reply, struct part *part, struct wish *wish)
{
    wish->listener = hear;
    wish->context = part;
    uint64_t task = residency_start(reply->residency, wish);
    pthread_mutex_lock(&reply->lock);
    part->task = task;
    bool is_cancelled = reply->is_cancelled; /* by another part's failure */
    pthread_mutex_unlock(&reply->lock);
    if (is_cancelled)
        residency_cancel(reply->residency, task);
}

void reply_start_all(struct service *service, struct response *response, struct wish *wishes,
                     size_t n_wishes, uint32_t choices_each, const struct reply_kind *kind,
                     void *state)
{
    struct reply *reply = reply_new(service, response, n_wishes, kind, state);
    if (!reply) {
        kind->release(state);
        respond_error(DIALECT_PLAIN, response, 500, "no memory left for a request");
        return;
    }
    reply->log = prompt_log_new(service->config, response, wishes, n_wishes);
    for (size_t i = 0; i < n_wishes; i++)
        reply->parts[i] =
            (struct part){ .reply = reply, .first_choice = (uint32_t)i * choices_each };
    for (size_t i = 0; i < n_wishes; i++)
        start_part(reply, &reply->parts[i], &wishes[i]);
    watch_client(reply);
    let_go(reply);
}

void reply_start(struct service *service, struct response *response, struct wish *wish,
                 const struct reply_kind *kind, void *state)
{
    reply_start_all(service, response, wish, 1, 1, kind, state);
}

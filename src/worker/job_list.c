#include "worker/job_list.h"

#include "base/memory.h"

#include <pthread.h>

struct job_list {
    pthread_mutex_t lock;
    struct job *first; /* guarded by lock, and the next */
    size_t count;
};

bool job_list_open(struct job_list **out, struct error *err)
{
    *out = memory_zeroed(1, sizeof **out);
    if (!*out)
        return fail_memory(err, sizeof **out, "requests");
    pthread_mutex_init(&(*out)->lock, NULL);
    return true;
}

void job_list_close(struct job_list **list)
{
    struct job_list *l = *list;
    if (!l)
        return;
    while (l->first) {
        struct job *job = l->first;
        l->first = job->neighbour;
        job_free(&job);
    }
    pthread_mutex_destroy(&l->lock);
    memory_free(l);
    *list = NULL;
}

void job_list_add(struct job_list *l, struct job *job)
{
    pthread_mutex_lock(&l->lock);
    job->neighbour = l->first;
    l->first = job;
    l->count++;
    pthread_mutex_unlock(&l->lock);
}

void job_list_cancel(struct job_list *l, uint64_t id)
{
    pthread_mutex_lock(&l->lock);
    for (struct job *job = l->first; job; job = job->neighbour)
        if (job->id == id)
            atomic_store(&job->is_cancelled, true);
    pthread_mutex_unlock(&l->lock);
}

void job_list_cancel_all(struct job_list *l)
{
    pthread_mutex_lock(&l->lock);
    for (struct job *job = l->first; job; job = job->neighbour)
        atomic_store(&job->is_cancelled, true);
    pthread_mutex_unlock(&l->lock);
}

size_t job_list_count(struct job_list *l)
{
    pthread_mutex_lock(&l->lock);
    size_t count = l->count;
    pthread_mutex_unlock(&l->lock);
    return count;
}

static void take_out(struct job_list *l, const struct job *job)
{
    pthread_mutex_lock(&l->lock);
    for (struct job **p = &l->first; *p; p = &(*p)->neighbour)
        if (*p == job) {
            *p = job->neighbour;
            l->count--;
            break;
        }
    pthread_mutex_unlock(&l->lock);
}

void job_list_end(struct job_list *l, struct job **job, struct outbox *outbox)
{
    take_out(l, *job);
    job_tell_end(*job, outbox);
    job_free(job);
}

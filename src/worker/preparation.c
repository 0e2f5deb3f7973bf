#include "worker/preparation.h"

#include "base/interruption.h"
#include "base/memory.h"

#include <pthread.h>

enum { N_THREADS = 2 }; /* one for a long request, one for those behind it */

struct preparation {
    struct preparation_options options;
    struct grammar_cache *grammars;
    pthread_t threads[N_THREADS];
    size_t n_threads;
    pthread_mutex_t lock;
    pthread_cond_t arrival;
    struct job *first, **end; /* guarded by lock, and the next */
    bool is_closing;
};

static struct job *take(struct preparation *p)
{
    pthread_mutex_lock(&p->lock);
    while (!p->first && !p->is_closing)
        pthread_cond_wait(&p->arrival, &p->lock);
    struct job *job = p->is_closing ? NULL : p->first;
    if (job) {
        p->first = job->next;
        if (!p->first)
            p->end = &p->first;
    }
    pthread_mutex_unlock(&p->lock);
    return job;
}

static void prepare(struct preparation *p, struct job *job)
{
    bool is_over = atomic_load(&job->is_cancelled);
    interruption_watch(&job->is_cancelled);
    if (!is_over)
        job_prepare(job, p->options.model, p->grammars, p->options.outbox, &is_over);
    interruption_watch(NULL);
    if (is_over) {
        job_list_end(p->options.jobs, &job, p->options.outbox);
        outbox_flush(p->options.outbox);
        return;
    }
    scheduler_add(p->options.scheduler, job);
}

static void *run(void *context)
{
    struct preparation *p = context;
    struct job *job;
    while ((job = take(p)))
        prepare(p, job);
    return NULL;
}

static bool start(struct preparation *p, struct error *err)
{
    struct grammar_cache_options keeping = grammar_cache_defaults();
    if (!grammar_cache_open(&p->grammars, &keeping, err))
        return false;
    for (; p->n_threads < N_THREADS; p->n_threads++) {
        int problem = pthread_create(&p->threads[p->n_threads], NULL, run, p);
        if (problem)
            return fail(err, ERROR_IO, "cannot start a thread: %s", strerror(problem));
    }
    return true;
}

bool preparation_open(struct preparation **out, const struct preparation_options *options,
                      struct error *err)
{
    struct preparation *p = memory_zeroed(1, sizeof *p);
    *out = p;
    if (!p)
        return fail_memory(err, sizeof *p, "requests");
    p->options = *options;
    p->end = &p->first;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->arrival, NULL);
    if (start(p, err))
        return true;
    preparation_close(out);
    return false;
}

void preparation_close(struct preparation **preparation)
{
    struct preparation *p = *preparation;
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->is_closing = true;
    pthread_cond_broadcast(&p->arrival);
    pthread_mutex_unlock(&p->lock);
    for (size_t i = 0; i < p->n_threads; i++)
        pthread_join(p->threads[i], NULL);
    pthread_cond_destroy(&p->arrival);
    pthread_mutex_destroy(&p->lock);
    grammar_cache_close(&p->grammars);
    memory_free(p);
    *preparation = NULL;
}

void preparation_add(struct preparation *p, struct job *job)
{
    pthread_mutex_lock(&p->lock);
    job->next = NULL;
    *p->end = job;
    p->end = &job->next;
    pthread_cond_signal(&p->arrival);
    pthread_mutex_unlock(&p->lock);
}

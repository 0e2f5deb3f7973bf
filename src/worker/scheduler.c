#include "worker/scheduler.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/table.h"
#include "kernels/attention.h"
#include "runtime/session_steps.h"
#include "worker/batch_step.h"
#include "worker/page_budget.h"
#include "worker/state_report.h"
#include "worker/step_plan.h"

#include <pthread.h>

static const uint64_t REPORT_NS = 1000 * 1000 * 1000;

struct scheduler {
    struct scheduler_options options;
    struct engine *engine; /* borrowed from the model */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t woken;
    struct job *arrived, **arrived_end; /* guarded by lock, and the next five */
    bool is_woken, is_closing;
    bool has_grant;
    uint64_t granted_bytes;

    /* the thread's own */
    struct choice **choices; /* [n_choices] of all requests here, those that came first in front */
    size_t n_choices, capacity;
    struct client *clients;
    struct batch_step *step;
    uint64_t most_pages;
    bool is_tight; /* somebody gave pages back: nobody begins before another request is over */
    uint64_t reported_ns;
    bool must_report;
};

/* ---- clients ---- */

/* Who comes later begins where the one stands who was given the least. */
static uint64_t least_served(const struct scheduler *s)
{
    uint64_t least = s->clients ? s->clients->served : 0;
    for (const struct client *c = s->clients; c; c = c->next)
        least = c->served < least ? c->served : least;
    return least;
}

static bool find_client(struct scheduler *s, struct job *job)
{
    struct slice name = job->request.client;
    uint64_t hash = hash_bytes(name.length ? name.data : "", name.length);
    struct client *client = s->clients;
    while (client && client->name_hash != hash)
        client = client->next;
    if (!client) {
        client = memory_zeroed(1, sizeof *client);
        if (!client)
            return false;
        *client = (struct client){ s->clients, hash, least_served(s), 0 };
        s->clients = client;
    }
    client->n_jobs++;
    job->client = client;
    return true;
}

static void leave_client(struct scheduler *s, struct client *client)
{
    if (!client || --client->n_jobs)
        return;
    struct client **p = &s->clients;
    while (*p != client)
        p = &(*p)->next;
    *p = client->next;
    memory_free(client);
}

/* ---- requests come and go ---- */

static bool make_room(struct scheduler *s, size_t n)
{
    if (s->n_choices + n <= s->capacity)
        return true;
    size_t capacity = size_max(64, 2 * (s->n_choices + n));
    struct choice **choices = memory_resize(s->choices, capacity * sizeof *choices);
    if (!choices)
        return false;
    s->choices = choices;
    s->capacity = capacity;
    return true;
}

static void refuse_for_memory(struct scheduler *s, struct job *job)
{
    struct refusal why = { 0 };
    fail_memory(&why.error, sizeof *job, "a request");
    batch_step_refuse(s->step, job, &why);
}

static void take_in(struct scheduler *s, struct job *job)
{
    if (!make_room(s, job->n_choices) || !find_client(s, job)) {
        refuse_for_memory(s, job);
        job_list_end(s->options.jobs, &job, s->options.outbox);
        return;
    }
    for (size_t i = 0; i < job->n_choices; i++)
        s->choices[s->n_choices++] = &job->choices[i];
}

/* Jobs whose choices are all over leave; so does what the array has of them. */
static void let_out(struct scheduler *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->n_choices; i++) {
        struct job *job = s->choices[i]->job;
        if (job->n_over < job->n_choices) {
            s->choices[kept++] = s->choices[i];
            continue;
        }
        if (s->choices[i] != &job->choices[job->n_choices - 1]) /* the last one ends it */
            continue;
        leave_client(s, job->client);
        job_list_end(s->options.jobs, &job, s->options.outbox);
        s->must_report = true;
        s->is_tight = false;
    }
    s->n_choices = kept;
}

static void drop_cancelled(struct scheduler *s)
{
    for (size_t i = 0; i < s->n_choices; i++) {
        struct job *job = s->choices[i]->job;
        if (s->choices[i]->number == 0 && atomic_load(&job->is_cancelled))
            batch_step_cancel(s->step, job);
    }
    let_out(s);
}

/* ---- who may begin ---- */

static size_t most_running(const struct scheduler *s)
{
    size_t most = STEP_MOST_WISHES;
    return s->options.n_parallel ? size_min(s->options.n_parallel, most) : most;
}

static size_t count_running(const struct scheduler *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_choices; i++)
        n += s->choices[i]->state == CHOICE_RUNNING;
    return n;
}

/* Whether x is to begin before y, which came earlier: those first that had begun once. */
static bool is_before(const struct choice *x, const struct choice *y)
{
    if (x->has_begun != y->has_begun)
        return x->has_begun;
    if (x->job->request.is_batch != y->job->request.is_batch)
        return y->job->request.is_batch;
    return x->job->client->served < y->job->client->served;
}

static struct choice *next_waiting(const struct scheduler *s)
{
    struct choice *best = NULL;
    for (size_t i = 0; i < s->n_choices; i++) {
        struct choice *c = s->choices[i];
        if (c->state == CHOICE_WAITING && (!best || is_before(c, best)))
            best = c;
    }
    return best;
}

/* It would need more than there is, if it were alone. */
static void refuse_for_pages(struct scheduler *s, struct choice *choice, uint64_t need)
{
    struct refusal why = { 0 };
    (void)!refuse(&why, "memory", ERROR_BUDGET,
                  "the answer needs %" PRIu64 " pages of %d tokens for keys and values, there are "
                  "%" PRIu64,
                  need, KV_PAGE_TOKENS, s->most_pages);
    batch_step_refuse(s->step, choice->job, &why);
}

/* Pages of those that run, now and soon. */
static uint64_t count_taken(const struct scheduler *s)
{
    struct engine_memory memory;
    engine_memory(s->engine, &memory);
    return memory.kv_used_bytes / engine_kv_page_bytes(s->engine) +
           page_budget_to_come(s->choices, s->n_choices);
}

/* In order: a large request is not passed by small ones for ever. */
static void admit(struct scheduler *s)
{
    size_t n_running = count_running(s);
    struct choice *choice = next_waiting(s);
    uint64_t taken = choice ? count_taken(s) : 0;
    for (; choice && n_running < most_running(s); choice = next_waiting(s)) {
        uint64_t need = page_budget_more(choice), least = page_budget_least(choice);
        if (least > s->most_pages) {
            refuse_for_pages(s, choice, least);
            continue;
        }
        if (n_running && (s->is_tight || taken + need > s->most_pages))
            return;
        choice->state = CHOICE_RUNNING;
        taken += need;
        n_running++;
    }
}

/* Who came last gives his pages back, batch requests first; false: there is only one who has any.
 */
static bool yield_one(struct scheduler *s)
{
    struct choice *victim = NULL;
    size_t n_holding = 0;
    for (size_t i = 0; i < s->n_choices; i++) {
        struct choice *c = s->choices[i];
        if (c->state != CHOICE_RUNNING || !c->has_begun)
            continue;
        n_holding++;
        if (!victim || c->job->request.is_batch >= victim->job->request.is_batch)
            victim = c;
    }
    if (n_holding < 2)
        return false;
    choice_yield(victim);
    victim->state = CHOICE_WAITING;
    s->is_tight = true;
    return true;
}

/* The only one that runs has all there is, and it is not enough. */
static void refuse_running(struct scheduler *s, const struct error *err)
{
    struct refusal why = { .error = *err, .reason = "memory" };
    for (size_t i = 0; i < s->n_choices; i++)
        if (s->choices[i]->state == CHOICE_RUNNING && s->choices[i]->has_begun)
            batch_step_refuse(s->step, s->choices[i]->job, &why);
}

/* ---- the thread ---- */

static void take_grant(struct scheduler *s, uint64_t bytes)
{
    engine_set_kv_budget(s->engine, bytes);
    s->most_pages = bytes / engine_kv_page_bytes(s->engine);
}

/* What others brought. False: it is time to end. */
static bool receive(struct scheduler *s)
{
    pthread_mutex_lock(&s->lock);
    while (!s->is_woken && !s->is_closing && !s->n_choices)
        pthread_cond_wait(&s->woken, &s->lock);
    struct job *job = s->arrived;
    bool goes_on = !s->is_closing, has_grant = s->has_grant;
    uint64_t granted_bytes = s->granted_bytes;
    s->arrived = NULL;
    s->arrived_end = &s->arrived;
    s->is_woken = s->has_grant = false;
    pthread_mutex_unlock(&s->lock);
    if (has_grant)
        take_grant(s, granted_bytes);
    while (job) {
        struct job *next = job->next;
        take_in(s, job);
        job = next;
    }
    return goes_on;
}

static void report(struct scheduler *s)
{
    uint64_t now = clock_ns();
    if (!s->must_report && now - s->reported_ns < REPORT_NS)
        return;
    size_t n_running = count_running(s), n_all = job_list_count(s->options.jobs);
    struct state_report state = {
        .n_running = n_running,
        .n_waiting = n_all > n_running ? n_all - n_running : 0,
        .sums = batch_step_sums(s->step),
    };
    state_report_add_pages(&state, s->engine);
    state_report_send(&state, s->options.outbox);
    s->reported_ns = now;
    s->must_report = false;
}

static void move_on(struct scheduler *s)
{
    struct error err = { 0 };
    drop_cancelled(s);
    admit(s);
    if (batch_step_run(s->step, s->choices, s->n_choices, &err) == STEP_NO_MEMORY && !yield_one(s))
        refuse_running(s, &err);
    let_out(s);
    report(s);
    outbox_flush(s->options.outbox);
}

static void *run(void *context)
{
    struct scheduler *s = context;
    while (receive(s))
        move_on(s);
    job_list_cancel_all(s->options.jobs);
    drop_cancelled(s);
    outbox_flush(s->options.outbox);
    return NULL;
}

/* ---- for other threads ---- */

static bool start(struct scheduler *s, struct error *err)
{
    if (!batch_step_open(&s->step, s->engine, s->options.outbox, err))
        return false;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->woken, NULL);
    int problem = pthread_create(&s->thread, NULL, run, s);
    return problem == 0 || fail(err, ERROR_IO, "cannot start a thread: %s", strerror(problem));
}

bool scheduler_open(struct scheduler **out, const struct scheduler_options *options,
                    struct error *err)
{
    *out = NULL;
    struct engine_memory memory;
    struct scheduler *s = memory_zeroed(1, sizeof *s);
    if (!s)
        return fail_memory(err, sizeof *s, "a scheduler");
    s->options = *options;
    s->engine = model_stepped_engine(options->model->model);
    s->arrived_end = &s->arrived;
    engine_memory(s->engine, &memory);
    s->most_pages = memory.kv_budget_bytes / engine_kv_page_bytes(s->engine);
    if (!start(s, err)) {
        batch_step_close(&s->step);
        memory_free(s);
        return false;
    }
    *out = s;
    return true;
}

static void signal_thread(struct scheduler *s)
{
    s->is_woken = true;
    pthread_cond_signal(&s->woken);
}

void scheduler_close(struct scheduler **scheduler)
{
    struct scheduler *s = *scheduler;
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->is_closing = true;
    signal_thread(s);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    batch_step_close(&s->step);
    while (s->clients)
        leave_client(s, s->clients);
    memory_free(s->choices);
    pthread_cond_destroy(&s->woken);
    pthread_mutex_destroy(&s->lock);
    memory_free(s);
    *scheduler = NULL;
}

void scheduler_add(struct scheduler *s, struct job *job)
{
    pthread_mutex_lock(&s->lock);
    job->next = NULL;
    *s->arrived_end = job;
    s->arrived_end = &job->next;
    signal_thread(s);
    pthread_mutex_unlock(&s->lock);
}

void scheduler_wake(struct scheduler *s)
{
    pthread_mutex_lock(&s->lock);
    signal_thread(s);
    pthread_mutex_unlock(&s->lock);
}

void scheduler_grant(struct scheduler *s, uint64_t kv_bytes)
{
    pthread_mutex_lock(&s->lock);
    s->has_grant = true;
    s->granted_bytes = kv_bytes;
    signal_thread(s);
    pthread_mutex_unlock(&s->lock);
}

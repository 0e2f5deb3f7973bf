#include "base/clock.h"
#include "base/json_members.h"
#include "base/log.h"
#include "server/metrics.h"
#include "server/residency/residency_private.h"
#include "worker/protocol.h"

enum {
    OPEN_LIMIT_BYTES = 1 << 16,
    MOST_FITTING = 4, /* workers that wait for memory: each has read what describes its model */
};

static const uint64_t most_rest_ns = 10000000000;

/* Every step below is called with the lock and returns with it; true: it let go of the lock or
 * changed something, so that all must be looked at anew. */

/* ---- the end of things ---- */

/* Tasks that were cancelled before any worker had them. */
static bool tell_cancelled(struct residency *residency)
{
    static const struct task_failure failure = { .code = ERROR_CANCELLED,
                                                 .reason = "cancelled",
                                                 .message = "the request was cancelled" };
    struct task *found = NULL;
    for (struct resident_model *m = residency->models; m; m = m->next)
        for (struct task **place = &m->queue; *place;) {
            struct task *task = *place;
            if (!task->is_cancelled) {
                place = &task->next;
                continue;
            }
            *place = task->next;
            task_list_remove(&residency->tasks, task);
            task->next = found;
            found = task;
        }
    if (!found)
        return false;
    pthread_cond_broadcast(&residency->changed);
    pthread_mutex_unlock(&residency->lock);
    residency_fail_tasks(found, NULL, &failure);
    pthread_mutex_lock(&residency->lock);
    return true;
}

/* Models whose worker has ended, and those that nobody wants any more before they had one. */
static bool free_model(struct residency *residency)
{
    struct resident_model **place = &residency->models;
    while (*place &&
           !((*place)->n_pins == 0 && ((*place)->stage == MODEL_GONE ||
                                       ((*place)->stage == MODEL_WANTED && !(*place)->queue))))
        place = &(*place)->next;
    struct resident_model *model = *place;
    if (!model)
        return false;
    *place = model->next;
    residency->has_room = true;
    pthread_mutex_unlock(&residency->lock);
    worker_process_close(&model->process); /* waits until its last task was told */
    resident_model_free(model);
    pthread_mutex_lock(&residency->lock);
    return true;
}

/* Tell all who wait for a model that it does not come. */
void residency_refuse_queue(struct residency *residency, struct resident_model *model,
                            const struct task_failure *failure)
{
    struct task *tasks = residency_take_queue(residency, model);
    LOG(LOG_WARNING, "a model was not loaded", LOG_S("model", model->name),
        LOG_S("why", failure->message));
    pthread_mutex_unlock(&residency->lock);
    residency_fail_tasks(tasks, NULL, failure);
    pthread_mutex_lock(&residency->lock);
}

/* Idle ones whose time is over. *next_ns: when that will be so for another one. */
static bool expire(struct residency *residency, uint64_t now, uint64_t *next_ns)
{
    for (struct resident_model *m = residency->models; m; m = m->next) {
        if (!resident_model_is_idle(m) || m->keep_alive_ns < 0)
            continue;
        uint64_t end_ns = m->idle_ns + (uint64_t)m->keep_alive_ns;
        if (end_ns <= now) {
            LOG(LOG_INFO, "an idle model is unloaded", LOG_S("model", m->name));
            residency_let_go(residency, m);
            return true;
        }
        *next_ns = end_ns < *next_ns ? end_ns : *next_ns;
    }
    return false;
}

/* ---- loading ---- */

struct resident_model *residency_first_at(const struct residency *residency, enum model_stage stage)
{
    struct resident_model *model = residency->models;
    while (model && model->stage != stage)
        model = model->next;
    return model;
}

static bool write_open(struct text *out, const struct residency *residency, const char *path)
{
    const struct residency_options *o = &residency->options;
    return text_append_byte(out, '{') && write_string_member(out, "path", path) &&
           (!o->kv_type || write_string_member(out, "kv_type", o->kv_type)) &&
           (!o->n_threads || write_integer_member(out, "n_threads", o->n_threads)) &&
           (!o->n_ctx || write_integer_member(out, "n_ctx", o->n_ctx)) &&
           (!o->n_parallel || write_integer_member(out, "n_parallel", o->n_parallel)) &&
           text_append_byte(out, '}');
}

static bool start_worker(struct residency *residency, struct resident_model *model,
                         struct worker_process **process, struct error *err)
{
    struct worker_process_options options = { residency->options.program, model->name,
                                              residency_on_frame, residency_on_gone, model };
    struct text open;
    text_init(&open, OPEN_LIMIT_BYTES);
    bool ok = write_open(&open, residency, model->path) ||
              fail(err, ERROR_BUDGET, "the path of '%s' is too long", model->name);
    if (ok && worker_process_start(process, &options, err)) {
        worker_process_expect(*process, residency->options.load_limit_ns);
        /* an empty queue takes this, or there is no memory: then the worker waits in vain */
        if (!worker_process_send(*process, &(struct frame){ FRAME_OPEN, 0, 0, text_slice(&open) },
                                 err))
            worker_process_kill(*process, err->message);
    }
    text_release(&open);
    return *process != NULL;
}

static size_t count_at(const struct residency *residency, enum model_stage stage)
{
    size_t n = 0;
    for (const struct resident_model *m = residency->models; m; m = m->next)
        n += m->stage == stage;
    return n;
}

/* The one that was wanted first, when no other is being loaded. */
static bool load_next(struct residency *residency)
{
    struct resident_model *model = residency_first_at(residency, MODEL_WANTED);
    struct worker_process *process = NULL;
    struct error err = { 0 };
    if (!model || count_at(residency, MODEL_OPENING) > 0 ||
        count_at(residency, MODEL_FITTING) >= MOST_FITTING)
        return false;
    model->stage = MODEL_OPENING;
    model->began_ns = clock_ns();
    pthread_mutex_unlock(&residency->lock);
    bool ok = start_worker(residency, model, &process, &err);
    pthread_mutex_lock(&residency->lock);
    model->process = process; /* by now it may be at any stage */
    if (!ok) {
        model->stage = MODEL_GONE;
        residency_refuse_queue(
            residency, model,
            &(struct task_failure){ .code = err.code, .reason = "load", .message = err.message });
    } else if (model->stage == MODEL_LEAVING) {
        worker_process_stop(process);
    }
    return true;
}

/* ---- the thread ---- */

/* All models go; who waits for one is told. */
static bool end_all(struct residency *residency)
{
    static const struct task_failure failure = { .code = ERROR_CANCELLED,
                                                 .reason = "cancelled",
                                                 .message = "the server is shutting down" };
    for (struct resident_model *m = residency->models; m; m = m->next) {
        if (m->stage == MODEL_WANTED && m->queue) {
            residency_refuse_queue(residency, m, &failure);
            return true;
        }
        if (m->stage >= MODEL_OPENING && m->stage <= MODEL_SERVING)
            residency_let_go(residency, m);
    }
    return false;
}

static bool look_around(struct residency *residency, uint64_t now, uint64_t *next_ns)
{
    if (tell_cancelled(residency) || free_model(residency))
        return true;
    if (residency->is_ending)
        return end_all(residency);
    if (expire(residency, now, next_ns) || residency_make_room(residency, now, next_ns) ||
        load_next(residency))
        return true;
    residency_use_room(residency);
    return false;
}

void *residency_keep(void *context)
{
    struct residency *residency = context;
    pthread_mutex_lock(&residency->lock);
    while (!residency->is_ending || residency->models) {
        uint64_t next_ns = clock_ns() + most_rest_ns;
        if (look_around(residency, clock_ns(), &next_ns) ||
            (residency->is_ending && !residency->models))
            continue;
        struct timespec end = { (time_t)(next_ns / 1000000000), (long)(next_ns % 1000000000) };
        pthread_cond_timedwait(&residency->changed, &residency->lock, &end);
    }
    pthread_mutex_unlock(&residency->lock);
    return NULL;
}

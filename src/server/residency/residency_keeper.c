#include "base/clock.h"
#include "base/json_members.h"
#include "base/log.h"
#include "server/metrics.h"
#include "server/residency/model_fitting.h"
#include "server/models/model_list.h"
#include "server/residency/residency_private.h"
#include "worker/protocol.h"

enum {
    OPEN_LIMIT_BYTES = 1 << 16,
    RETRY_AFTER_S = 5, /* memory: others must become idle first */
};

/* A model waits so long for memory that others give back. */
static const uint64_t room_limit_ns = 10000000000;

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
static void refuse_queue(struct residency *residency, struct resident_model *model,
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

static struct resident_model *first_at(const struct residency *residency, enum model_stage stage)
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

/* The one that was wanted first, when no other is being loaded. */
static bool load_next(struct residency *residency)
{
    struct resident_model *model = first_at(residency, MODEL_WANTED);
    struct worker_process *process = NULL;
    struct error err = { 0 };
    if (!model || first_at(residency, MODEL_OPENING) || first_at(residency, MODEL_FITTING))
        return false;
    model->stage = MODEL_OPENING;
    model->began_ns = clock_ns();
    pthread_mutex_unlock(&residency->lock);
    bool ok = start_worker(residency, model, &process, &err);
    pthread_mutex_lock(&residency->lock);
    model->process = process; /* by now it may be at any stage */
    if (!ok) {
        model->stage = MODEL_GONE;
        refuse_queue(
            residency, model,
            &(struct task_failure){ .code = err.code, .reason = "load", .message = err.message });
    } else if (model->stage == MODEL_LEAVING) {
        worker_process_stop(process);
    }
    return true;
}

/* ---- making room ---- */

static void send_grant(const struct resident_model *model)
{
    char json[80];
    struct text text;
    text_init(&text, sizeof json);
    struct error err;
    if (!text_printf(&text, "{\"kv_bytes\":%" PRIu64 ",\"n_ctx\":%" PRIu32 "}", model->kv_granted,
                     model->n_ctx) ||
        !worker_process_send(model->process,
                             &(struct frame){ FRAME_GRANT, 0, 0, text_slice(&text) }, &err))
        worker_process_kill(model->process, "could not be told how much memory it has");
    text_release(&text);
}

static void grant_share(struct resident_model *model)
{
    if (model->is_granted && model->kv_granted == model->kv_share)
        return;
    model->is_granted = true;
    model->kv_granted = model->kv_share;
    model->n_ctx = resident_model_n_ctx(model, model->kv_granted);
    send_grant(model);
}

static void grant_shares(struct residency *residency)
{
    for (struct resident_model *m = residency->models; m; m = m->next)
        if (m->stage == MODEL_SERVING)
            grant_share(m);
}

/* The idle model that was used longest ago goes. False: none is idle. */
static bool evict(struct residency *residency, const struct resident_model *newcomer)
{
    struct resident_model *oldest = NULL;
    for (struct resident_model *m = residency->models; m; m = m->next)
        if (resident_model_is_idle(m) && (!oldest || m->idle_ns < oldest->idle_ns))
            oldest = m;
    if (!oldest)
        return false;
    LOG(LOG_INFO, "an idle model makes room", LOG_S("model", oldest->name),
        LOG_S("for", newcomer->name));
    residency_let_go(residency, oldest);
    return true;
}

static size_t count_serving(const struct residency *residency)
{
    size_t n = 0;
    for (const struct resident_model *m = residency->models; m; m = m->next)
        n += m->stage == MODEL_SERVING;
    return n;
}

static void log_load(const struct residency *residency, const struct resident_model *model)
{
    const struct json *sandbox = json_get(model->ready, "sandbox");
    LOG(LOG_INFO, "a model was loaded", LOG_S("model", model->name),
        LOG_N("pid", worker_process_pid(model->process)),
        LOG_N("weights_bytes", model->weights_bytes), LOG_N("scratch_bytes", model->scratch_bytes),
        LOG_N("kv_bytes", model->kv_granted), LOG_N("n_ctx", model->n_ctx),
        LOG_F("load_ms", (double)model->load_ns / 1e6),
        LOG_N("budget_bytes", residency->budget_bytes),
        LOG_T("sandbox_missing", json_text(json_get(sandbox, "missing"))));
    metrics_load(residency->metrics, model->name, model->load_ns);
}

/* Requests go to the worker now; what remains is over: loads that are done (*loaded), requests that
 * could not be sent (*failed). */
static void send_queue(struct residency *residency, struct resident_model *model,
                       struct task **loaded, struct task **failed, struct error *err)
{
    for (struct task *task; (task = resident_model_dequeue(model));) {
        task->load_ns = clock_ns() - task->began_ns;
        if (task->kind == WISH_REQUEST && residency_send_task(residency, model, task, err))
            continue;
        struct task **list = task->kind == WISH_LOAD ? loaded : failed;
        task_list_remove(&residency->tasks, task);
        task->next = *list;
        *list = task;
    }
}

/* It has its memory: from now on it answers. */
static void begin_serving(struct residency *residency, struct resident_model *model)
{
    struct task *loaded = NULL, *failed = NULL;
    struct error err = { 0 };
    grant_share(model);
    model->stage = MODEL_SERVING;
    model->idle_ns = clock_ns();
    residency->has_room = true; /* what is left is for all */
    worker_process_expect(model->process, 0);
    send_queue(residency, model, &loaded, &failed, &err);
    model->n_pins++;
    log_load(residency, model);
    pthread_cond_broadcast(&residency->changed);
    pthread_mutex_unlock(&residency->lock);

    struct model_facts facts = resident_model_facts(model, NULL);
    model_list_learn(residency->list, model->name, facts.info);
    while (loaded) {
        struct task *task = loaded;
        loaded = task->next;
        facts.load_ns = task->load_ns;
        task_tell_last(task, &facts, TASK_LOADED);
        task_free(task);
    }
    struct task_failure failure = { .code = err.code, .reason = "busy", .message = err.message };
    residency_fail_tasks(failed, &facts, &failure);
    pthread_mutex_lock(&residency->lock);
    model->n_pins--;
}

static void refuse_model(struct residency *residency, struct resident_model *model,
                         const struct error *err, bool may_fit_later)
{
    struct task_failure failure = { .code = err->code,
                                    .reason = may_fit_later ? "memory" : "load",
                                    .message = err->message,
                                    .retry_after_s = may_fit_later ? RETRY_AFTER_S : 0 };
    metrics_refused(residency->metrics, "memory");
    residency_let_go(residency, model);
    refuse_queue(residency, model, &failure);
}

/* No room at the moment: memory that others give back is waited for. */
static bool wait_for_room(struct residency *residency, struct resident_model *model, uint64_t now,
                          uint64_t *next_ns)
{
    struct error err = { 0 };
    uint64_t end_ns = model->began_ns + room_limit_ns;
    worker_process_expect(model->process, 0); /* it did its part */
    grant_shares(residency);
    if (now < end_ns) {
        *next_ns = end_ns < *next_ns ? end_ns : *next_ns;
        return false;
    }
    model_fitting_explain(residency->models, model, residency->budget_bytes, &err);
    refuse_model(residency, model, &err, true);
    return true;
}

static bool fit(struct residency *residency, uint64_t now, uint64_t *next_ns)
{
    struct resident_model *model = first_at(residency, MODEL_FITTING);
    const struct residency_options *options = &residency->options;
    struct error err = { 0 };
    if (!model)
        return false;
    if (options->most_models && count_serving(residency) >= options->most_models) {
        if (evict(residency, model))
            return true;
        fail(&err, ERROR_BUDGET, "%zu models are in use, and no more may be loaded",
             options->most_models);
        refuse_model(residency, model, &err, true);
        return true;
    }
    switch (model_fitting(residency->models, model, residency->budget_bytes, options->n_parallel)) {
    case FITS:
        grant_shares(residency);
        begin_serving(residency, model);
        return true;
    case FITS_LATER:
        return wait_for_room(residency, model, now, next_ns);
    case FITS_NOT:
        break;
    }
    bool fits_alone = model_fitting_least_bytes(model) <= residency->budget_bytes;
    if (fits_alone && evict(residency, model))
        return true;
    model_fitting_explain(residency->models, model, residency->budget_bytes, &err);
    refuse_model(residency, model, &err, fits_alone);
    return true;
}

/* Memory that came back goes to those that serve, while nobody waits for it. */
static void use_room(struct residency *residency)
{
    if (!residency->has_room || first_at(residency, MODEL_FITTING))
        return;
    residency->has_room = false;
    model_fitting_grow(residency->models, residency->budget_bytes, residency->options.n_parallel);
    grant_shares(residency);
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
            refuse_queue(residency, m, &failure);
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
    if (expire(residency, now, next_ns) || fit(residency, now, next_ns) || load_next(residency))
        return true;
    use_room(residency);
    return false;
}

void *residency_keep(void *context)
{
    struct residency *residency = context;
    pthread_mutex_lock(&residency->lock);
    while (!residency->is_ending || residency->models) {
        uint64_t next_ns = clock_ns() + room_limit_ns;
        if (look_around(residency, clock_ns(), &next_ns) ||
            (residency->is_ending && !residency->models))
            continue;
        struct timespec end = { (time_t)(next_ns / 1000000000), (long)(next_ns % 1000000000) };
        pthread_cond_timedwait(&residency->changed, &residency->lock, &end);
    }
    pthread_mutex_unlock(&residency->lock);
    return NULL;
}

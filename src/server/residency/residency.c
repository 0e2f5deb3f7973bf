#include "server/residency/residency_private.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "server/residency/memory_limit.h"
#include "server/residency/model_fitting.h"
#include "server/metrics.h"
#include "server/models/model_list.h"
#include "worker/protocol.h"

#include <time.h>

enum {
    NAME_LIMIT_BYTES = 1 << 16,
    RETRY_AFTER_S = 1,
};

static const uint64_t cancel_ns = 2000000000; /* what workers get to end cancelled tasks */

/* ---- tasks ---- */

struct task *residency_take_queue(struct residency *residency, struct resident_model *model)
{
    struct task *tasks = model->queue;
    for (struct task *task = tasks; task; task = task->next)
        task_list_remove(&residency->tasks, task);
    model->queue = NULL;
    pthread_cond_broadcast(&residency->changed);
    return tasks;
}

void residency_fail_tasks(struct task *tasks, const struct model_facts *facts,
                          const struct task_failure *failure)
{
    while (tasks) {
        struct task *task = tasks;
        tasks = task->next;
        task_tell_failure(task, facts, failure);
        task_tell_last(task, facts, TASK_END);
        task_free(task);
    }
}

bool residency_send_task(struct residency *residency, struct resident_model *model,
                         struct task *task, struct error *err)
{
    struct frame frame = { FRAME_REQUEST, 0, task->number, task->request };
    if (!worker_process_send(model->process, &frame, err))
        return false;
    memory_free((char *)task->request.data);
    task->request = (struct slice){ NULL, 0 };
    task->is_sent = true;
    if (model->n_sent++ == 0)
        worker_process_expect(model->process, residency->options.stall_limit_ns);
    return true;
}

void residency_let_go(struct residency *residency, struct resident_model *model)
{
    model->stage = MODEL_LEAVING;
    if (model->process)
        worker_process_stop(model->process);
    pthread_cond_broadcast(&residency->changed);
}

/* ---- wishes ---- */

/* What a wish leads to at once. */
struct prompt_answer {
    enum { ANSWER_LATER, ANSWER_LOADED, ANSWER_UNLOADED, ANSWER_FAILED } kind;
    struct resident_model *model; /* pinned, or NULL */
    struct model_facts facts;     /* of the model */
    struct task_failure failure;  /* its message is that of `err` */
    struct error err;
};

static uint64_t fail_promptly(struct prompt_answer *answer, const char *reason)
{
    answer->kind = ANSWER_FAILED;
    answer->failure = (struct task_failure){ .code = answer->err.code,
                                             .reason = reason,
                                             .message = answer->err.message };
    if (answer->err.code == ERROR_BUDGET)
        answer->failure.retry_after_s = RETRY_AFTER_S;
    return 0;
}

/* One that is there or on its way, `from` there on. */
static struct resident_model *find_model(struct resident_model *from, const char *path)
{
    for (struct resident_model *m = from; m; m = m->next)
        if (m->stage <= MODEL_SERVING && strcmp(m->path, path) == 0)
            return m;
    return NULL;
}

static struct resident_model *want_model(struct residency *residency, const char *name,
                                         const char *path)
{
    struct resident_model *model = find_model(residency->models, path);
    struct resident_model *yielding = model && model->is_yielding ? model : NULL;
    struct resident_model **end = &residency->models;
    if (yielding) /* it takes no more: who asks for it waits in line for the next record */
        model = find_model(yielding->next, path);
    if (model)
        return model;
    model = resident_model_new(name, path);
    if (!model)
        return NULL;
    model->residency = residency;
    model->keep_alive_ns = yielding ? yielding->keep_alive_ns : residency->options.keep_alive_ns;
    while (*end)
        end = &(*end)->next;
    return (*end = model);
}

/* An idle model's end is worth waiting for; others go when they are idle. */
static uint64_t unload(struct residency *residency, const struct wish *wish, const char *path,
                       struct prompt_answer *answer)
{
    struct resident_model *model = find_model(residency->models, path);
    answer->kind = ANSWER_UNLOADED;
    for (struct resident_model *m = model; m; m = find_model(m->next, path))
        m->keep_alive_ns = 0;
    if (!model || !resident_model_is_idle(model))
        return 0;
    residency_let_go(residency, model);
    struct task *task = task_list_add(&residency->tasks, wish, NULL);
    if (!task)
        return 0;
    resident_model_enqueue(model, task);
    answer->kind = ANSWER_LATER;
    return task->number;
}

/* The model is in memory. */
static uint64_t serve(struct residency *residency, struct resident_model *model, struct task *task,
                      struct prompt_answer *answer)
{
    bool is_sent =
        task->kind == WISH_REQUEST && residency_send_task(residency, model, task, &answer->err);
    if (is_sent)
        return task->number;
    if (task->kind == WISH_LOAD)
        answer->kind = ANSWER_LOADED;
    else
        fail_promptly(answer, answer->err.code == ERROR_BUDGET ? "busy" : "internal");
    model->idle_ns = clock_ns();
    model->n_pins++; /* as long as somebody is told of it */
    answer->model = model;
    answer->facts = resident_model_facts(model, NULL);
    task_list_remove(&residency->tasks, task);
    task_free(task);
    return 0;
}

static uint64_t accept(struct residency *residency, const struct wish *wish, const char *name,
                       const char *path, struct prompt_answer *answer)
{
    if (residency->is_closing) {
        fail(&answer->err, ERROR_BUDGET, "the server is shutting down");
        return fail_promptly(answer, "busy");
    }
    if (wish->kind == WISH_UNLOAD)
        return unload(residency, wish, path, answer);
    struct task *task = task_list_add(&residency->tasks, wish, &answer->err);
    if (!task) {
        metrics_refused(residency->metrics, "busy");
        return fail_promptly(answer, answer->err.code == ERROR_BUDGET ? "busy" : "internal");
    }
    struct resident_model *model = want_model(residency, name, path);
    if (!model) {
        fail_memory(&answer->err, sizeof *model, "a model");
        task_list_remove(&residency->tasks, task);
        task_free(task);
        return fail_promptly(answer, "internal");
    }
    task->model = model;
    if (wish->keep_alive.is_set)
        model->keep_alive_ns = wish->keep_alive.ns;
    if (model->stage == MODEL_SERVING)
        return serve(residency, model, task, answer);
    resident_model_enqueue(model, task);
    return task->number;
}

static void tell_promptly(struct residency *residency, const struct wish *wish,
                          const struct prompt_answer *answer)
{
    struct task task = { .listener = wish->listener, .context = wish->context };
    const struct model_facts *known = answer->model ? &answer->facts : NULL;
    if (answer->kind == ANSWER_FAILED)
        task_tell_failure(&task, known, &answer->failure);
    task_tell_last(&task, known,
                   answer->kind == ANSWER_FAILED     ? TASK_END
                   : answer->kind == ANSWER_UNLOADED ? TASK_UNLOADED
                                                     : TASK_LOADED);
    if (!answer->model)
        return;
    pthread_mutex_lock(&residency->lock);
    answer->model->n_pins--;
    pthread_cond_broadcast(&residency->changed);
    pthread_mutex_unlock(&residency->lock);
}

uint64_t residency_start(struct residency *residency, const struct wish *wish)
{
    struct prompt_answer answer = { .kind = ANSWER_LATER };
    struct text name, path;
    uint64_t number = 0;
    text_init(&name, NAME_LIMIT_BYTES);
    text_init(&path, NAME_LIMIT_BYTES);
    if (!model_list_find(residency->list, wish->model, &name, &path, &answer.err)) {
        fail_promptly(&answer, answer.err.code == ERROR_NOT_FOUND ? "not_found" : "internal");
    } else {
        pthread_mutex_lock(&residency->lock);
        number = accept(residency, wish, name.data, path.data, &answer);
        pthread_cond_broadcast(&residency->changed);
        pthread_mutex_unlock(&residency->lock);
    }
    if (answer.kind != ANSWER_LATER)
        tell_promptly(residency, wish, &answer);
    text_release(&name);
    text_release(&path);
    return number;
}

static void cancel(struct task *task)
{
    struct frame frame = { FRAME_CANCEL, 0, task->number, { "", 0 } };
    if (task->is_cancelled)
        return;
    task->is_cancelled = true;
    /* when even this cannot be sent, the end of the process ends the task */
    if (task->is_sent)
        (void)!worker_process_send(task->model->process, &frame, NULL);
}

void residency_cancel(struct residency *residency, uint64_t number)
{
    pthread_mutex_lock(&residency->lock);
    struct task *task = task_list_find(&residency->tasks, number);
    if (task)
        cancel(task);
    pthread_cond_broadcast(&residency->changed);
    pthread_mutex_unlock(&residency->lock);
}

/* ---- looking ---- */

/* How long it will stay, counted from now; INT64_MAX: for ever. */
static int64_t remaining_ns(const struct resident_model *model, uint64_t now)
{
    if (model->keep_alive_ns < 0)
        return INT64_MAX;
    uint64_t idle_ns = resident_model_is_idle(model) ? now - model->idle_ns : 0;
    return idle_ns < (uint64_t)model->keep_alive_ns ? model->keep_alive_ns - (int64_t)idle_ns : 0;
}

static struct resident describe(const struct resident_model *model, uint64_t now)
{
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    int64_t wall_ns = (int64_t)wall.tv_sec * 1000000000 + wall.tv_nsec;
    int64_t left_ns = remaining_ns(model, now);
    uint32_t n_sent = (uint32_t)model->n_sent;
    struct resident resident = {
        .name = model->name,
        .weights_bytes = model->weights_bytes,
        .scratch_bytes = model->scratch_bytes,
        .kv_bytes = model->kv_granted,
        .kv_used_bytes = model->state.kv_used,
        .kv_cached_bytes = model->state.kv_cached,
        .n_ctx = model->n_ctx,
        .n_running = model->state.n_running < n_sent ? model->state.n_running : n_sent,
        .n_prompt_tokens = model->state.prompt_tokens,
        .n_cached_tokens = model->state.cached_tokens,
        .n_answer_tokens = model->state.answer_tokens,
        .info = json_get(model->ready, "info"),
        .pid = worker_process_pid(model->process),
    };
    resident.n_waiting = n_sent - resident.n_running;
    if (model->stage == MODEL_SERVING)
        resident.expires_at_ns = left_ns < INT64_MAX - wall_ns ? wall_ns + left_ns : INT64_MAX;
    return resident;
}

static bool is_shown(const struct resident_model *model)
{
    return model->is_granted && model->stage != MODEL_GONE;
}

/* Of those that were not visited yet, the one that stays longest. */
static struct resident_model *next_to_visit(const struct residency *residency, uint64_t now)
{
    struct resident_model *best = NULL;
    int64_t best_ns = -1;
    for (struct resident_model *m = residency->models; m; m = m->next) {
        int64_t left_ns = m->stage == MODEL_SERVING ? remaining_ns(m, now) : 0;
        if (is_shown(m) && !m->is_visited && left_ns > best_ns) {
            best = m;
            best_ns = left_ns;
        }
    }
    return best;
}

void residency_visit(struct residency *residency,
                     void (*visit)(void *context, const struct resident *model), void *context)
{
    struct resident_model *model;
    pthread_mutex_lock(&residency->lock);
    uint64_t now = clock_ns();
    for (struct resident_model *m = residency->models; m; m = m->next)
        m->is_visited = false;
    while ((model = next_to_visit(residency, now))) {
        struct resident resident = describe(model, now);
        model->is_visited = true;
        visit(context, &resident);
    }
    pthread_mutex_unlock(&residency->lock);
}

void residency_visit_awaited(struct residency *residency,
                             void (*visit)(void *context, const char *name, size_t n_waiting),
                             void *context)
{
    pthread_mutex_lock(&residency->lock);
    for (struct resident_model *m = residency->models; m; m = m->next) {
        size_t n = 0;
        for (const struct task *task = m->queue; m->stage < MODEL_SERVING && task; n++)
            task = task->next;
        if (n > 0)
            visit(context, m->name, n);
    }
    pthread_mutex_unlock(&residency->lock);
}

uint64_t residency_budget_bytes(const struct residency *residency)
{
    return residency->budget_bytes;
}

/* ---- the whole ---- */

static void free_residency(struct residency *residency)
{
    task_list_release(&residency->tasks);
    pthread_cond_destroy(&residency->changed);
    pthread_mutex_destroy(&residency->lock);
    memory_free(residency->program);
    memory_free(residency->kv_type);
    memory_free(residency);
}

static void init_lock(struct residency *residency)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&residency->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&residency->lock, NULL);
}

static bool copy_options(struct residency *residency, const struct residency_options *options,
                         struct error *err)
{
    residency->options = *options;
    if (!options->most_models || options->most_models > MODEL_FITTING_MOST)
        residency->options.most_models = MODEL_FITTING_MOST;
    residency->options.program = residency->program = memory_string(options->program);
    if (options->kv_type)
        residency->options.kv_type = residency->kv_type = memory_string(options->kv_type);
    if (!residency->program || (options->kv_type && !residency->kv_type))
        return fail_memory(err, sizeof *residency, "residency");
    uint64_t machine = memory_limit_bytes();
    residency->budget_bytes =
        options->memory_bytes ? options->memory_bytes : machine - machine / 10;
    return residency->budget_bytes > 0 ||
           fail(err, ERROR_USAGE, "this system does not tell its memory: a budget must be given");
}

bool residency_open(struct residency **out, const struct residency_options *options,
                    struct model_list *models, struct metrics *metrics, struct error *err)
{
    struct residency *residency = memory_zeroed(1, sizeof *residency);
    *out = NULL;
    if (!residency)
        return fail_memory(err, sizeof *residency, "residency");
    residency->list = models;
    residency->metrics = metrics;
    init_lock(residency);
    bool ok = copy_options(residency, options, err) &&
              task_list_init(&residency->tasks, options->most_waiting, err) &&
              (pthread_create(&residency->keeper, NULL, residency_keep, residency) == 0 ||
               fail(err, ERROR_MEMORY, "cannot start a thread that keeps models"));
    if (!ok) {
        free_residency(residency);
        return false;
    }
    LOG(LOG_INFO, "models share memory", LOG_N("budget_bytes", residency->budget_bytes));
    *out = residency;
    return true;
}

/* Until no task is left, or the time is over. */
static void wait_for_tasks(struct residency *residency, uint64_t most_ns)
{
    uint64_t end_ns = clock_ns() + most_ns;
    struct timespec end = { (time_t)(end_ns / 1000000000), (long)(end_ns % 1000000000) };
    while (residency->tasks.count > 0 && clock_ns() < end_ns)
        pthread_cond_timedwait(&residency->changed, &residency->lock, &end);
}

void residency_close(struct residency **out, uint64_t grace_ns)
{
    struct residency *residency = *out;
    *out = NULL;
    if (!residency)
        return;
    pthread_mutex_lock(&residency->lock);
    residency->is_closing = true;
    wait_for_tasks(residency, grace_ns);
    for (size_t i = 0; i < residency->tasks.capacity; i++)
        if (residency->tasks.slots[i])
            cancel(residency->tasks.slots[i]);
    pthread_cond_broadcast(&residency->changed);
    wait_for_tasks(residency, cancel_ns);
    residency->is_ending = true;
    pthread_cond_broadcast(&residency->changed);
    pthread_mutex_unlock(&residency->lock);
    pthread_join(residency->keeper, NULL);
    free_residency(residency);
}

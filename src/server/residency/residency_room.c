#include "base/clock.h"
#include "base/log.h"
#include "server/metrics.h"
#include "server/models/model_list.h"
#include "server/residency/model_exchange.h"
#include "server/residency/model_fitting.h"
#include "server/residency/residency_private.h"
#include "worker/protocol.h"

enum { RETRY_AFTER_S = 5 };

/* Workers give back memory as soon as they are told; one that takes longer is not waited for. */
static const uint64_t giving_limit_ns = 10000000000;

/* As in residency_keeper.c: with the lock; true: all must be looked at anew. */

/* ---- grants ---- */

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

/* Memory that came back goes to those that serve, while nobody waits for it. */
void residency_use_room(struct residency *residency)
{
    if (!residency->has_room || residency_first_at(residency, MODEL_FITTING))
        return;
    residency->has_room = false;
    model_fitting_grow(residency->models, residency->budget_bytes, residency->options.n_parallel);
    grant_shares(residency);
}

/* ---- serving ---- */

/* What is left of a queue when its requests have gone to the worker. */
struct leftovers {
    struct task *loaded, *failed; /* loads that are done; requests that could not be sent */
    struct error err;             /* why */
};

static struct leftovers send_queue(struct residency *residency, struct resident_model *model)
{
    struct leftovers left = { 0 };
    for (struct task *task; (task = resident_model_dequeue(model));) {
        task->load_ns = clock_ns() - task->began_ns;
        if (task->kind == WISH_REQUEST && residency_send_task(residency, model, task, &left.err))
            continue;
        struct task **list = task->kind == WISH_LOAD ? &left.loaded : &left.failed;
        task_list_remove(&residency->tasks, task);
        task->next = *list;
        *list = task;
    }
    pthread_cond_broadcast(&residency->changed);
    return left;
}

/* Without the lock. */
static void tell_leftovers(struct leftovers *left, const struct model_facts *facts)
{
    struct model_facts loaded = *facts;
    struct task_failure failure = { .code = left->err.code,
                                    .reason = "busy",
                                    .message = left->err.message };
    for (struct task *task; (task = left->loaded);) {
        left->loaded = task->next;
        loaded.load_ns = task->load_ns;
        task_tell_last(task, &loaded, TASK_LOADED);
        task_free(task);
    }
    residency_fail_tasks(left->failed, facts, &failure);
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

/* It has its memory: from now on it answers. */
static void begin_serving(struct residency *residency, struct resident_model *model)
{
    grant_share(model);
    model->stage = MODEL_SERVING;
    model->serving_ns = model->idle_ns = clock_ns();
    residency->has_room = true; /* what is left is for all */
    worker_process_expect(model->process, 0);
    struct leftovers left = send_queue(residency, model);
    model->n_pins++;
    log_load(residency, model);
    pthread_mutex_unlock(&residency->lock);

    struct model_facts facts = resident_model_facts(model, NULL);
    model_list_learn(residency->list, model->name, facts.info);
    tell_leftovers(&left, &facts);
    pthread_mutex_lock(&residency->lock);
    model->n_pins--;
}

static void refuse_model(struct residency *residency, struct resident_model *model,
                         bool may_fit_later)
{
    struct error err = { 0 };
    model_fitting_explain(residency->models, model, residency->budget_bytes, &err);
    struct task_failure failure = { .code = err.code,
                                    .reason = may_fit_later ? "memory" : "load",
                                    .message = err.message,
                                    .retry_after_s = may_fit_later ? RETRY_AFTER_S : 0 };
    metrics_refused(residency->metrics, "memory");
    residency_let_go(residency, model);
    residency_refuse_queue(residency, model, &failure);
}

/* ---- models that yield ---- */

/* Who asked for a model after it began to yield waits for the next record of it. */
static struct resident_model *find_successor(const struct residency *residency,
                                             const struct resident_model *model)
{
    struct resident_model *other = residency->models;
    while (other && (other->stage >= MODEL_SERVING || strcmp(other->path, model->path) != 0))
        other = other->next;
    return other;
}

/* It need not go any more. */
static void stay(struct residency *residency, struct resident_model *model)
{
    struct resident_model *successor = find_successor(residency, model);
    model->is_yielding = false;
    if (!successor)
        return;
    for (struct task *task = successor->queue; task; task = task->next)
        task->model = model;
    model->queue = successor->queue;
    model->keep_alive_ns = successor->keep_alive_ns;
    successor->queue = NULL;
    if (successor->stage != MODEL_WANTED)
        residency_let_go(residency, successor);

    struct leftovers left = send_queue(residency, model);
    struct model_facts facts = resident_model_facts(model, NULL);
    model->n_pins++;
    pthread_mutex_unlock(&residency->lock);
    tell_leftovers(&left, &facts);
    pthread_mutex_lock(&residency->lock);
    model->n_pins--;
}

/* Those that were chosen yield, those that no longer are stay. */
static bool settle_yields(struct residency *residency)
{
    for (struct resident_model *m = residency->models; m; m = m->next) {
        if (m->stage != MODEL_SERVING || m->is_yielding == m->shall_go)
            continue;
        if (m->is_yielding) {
            stay(residency, m);
            return true;
        }
        m->is_yielding = true;
        LOG(LOG_INFO, "a busy model takes no more requests until another had its turn",
            LOG_S("model", m->name), LOG_N("requests", m->n_sent));
    }
    return false;
}

/* ---- making room ---- */

static void let_chosen_go(struct residency *residency, const struct resident_model *newcomer)
{
    for (struct resident_model *m = residency->models; m; m = m->next) {
        if (!m->shall_go)
            continue;
        LOG(LOG_INFO, "an idle model makes room", LOG_S("model", m->name),
            LOG_S("for", newcomer->name));
        residency_let_go(residency, m);
    }
}

/* When the first of those that wait has waited so long that busy models yield. */
static uint64_t due_ns(const struct residency *residency, const struct resident_model *first)
{
    uint64_t most_ns = residency->options.yield_after_ns;
    return first && first->first_ns && most_ns ? first->first_ns + most_ns : UINT64_MAX;
}

static size_t count_serving(const struct residency *residency)
{
    size_t n = 0;
    for (const struct resident_model *m = residency->models; m; m = m->next)
        n += m->stage == MODEL_SERVING;
    return n;
}

/* For the first of those that wait: idle models go if that is enough; else busy ones yield when it
 * is time. */
static bool exchange(struct residency *residency, struct resident_model *first, uint64_t now)
{
    size_t n = count_serving(residency) + 1, most = residency->options.most_models;
    struct room_lack lack = {
        .n_models = n > most ? n - most : 0,
        .bytes = model_fitting_lack_bytes(residency->models, first, residency->budget_bytes),
    };
    if (!first->first_ns)
        first->first_ns = now;
    if (model_exchange_choose(residency->models, &lack, EXCHANGE_IDLE)) {
        let_chosen_go(residency, first);
        return true;
    }
    if (due_ns(residency, first) > now)
        return false;
    return model_exchange_choose(residency->models, &lack, EXCHANGE_ANY) &&
           settle_yields(residency);
}

/* Memory that others are about to give back is waited for, but not for ever. */
static bool wait_for_givers(struct residency *residency, struct resident_model *model, uint64_t now,
                            uint64_t *next_ns)
{
    if (!model->giving_ns)
        model->giving_ns = now;
    uint64_t end_ns = model->giving_ns + giving_limit_ns;
    grant_shares(residency);
    *next_ns = end_ns < *next_ns ? end_ns : *next_ns;
    if (now < end_ns)
        return false;
    refuse_model(residency, model, true);
    return true;
}

static void note_wait(struct residency *residency, struct resident_model *model, uint64_t now)
{
    if (model->waits_ns)
        return;
    model->waits_ns = now;
    worker_process_expect(model->process, 0); /* it did its part */
    LOG(LOG_INFO, "a model waits for memory", LOG_S("model", model->name),
        LOG_N("least_bytes", model_fitting_least_bytes(model)),
        LOG_N("budget_bytes", residency->budget_bytes));
}

static enum fitting try_room(const struct residency *residency, struct resident_model *model)
{
    if (count_serving(residency) >= residency->options.most_models)
        return FITS_NOT;
    return model_fitting(residency->models, model, residency->budget_bytes,
                         residency->options.n_parallel);
}

/* What becomes of one that waits; *is_over: those behind it must not go ahead of it. */
static bool admit(struct residency *residency, struct resident_model *model, bool is_first,
                  uint64_t now, uint64_t *next_ns, bool *is_over)
{
    enum fitting fitting = try_room(residency, model);
    if (fitting == FITS) {
        grant_shares(residency);
        begin_serving(residency, model);
        return true;
    }
    if (!model->queue) { /* nobody waits for it any more */
        residency_let_go(residency, model);
        return true;
    }
    note_wait(residency, model, now);
    if (fitting == FITS_LATER) {
        *is_over = true;
        return wait_for_givers(residency, model, now, next_ns);
    }
    model->giving_ns = 0;
    if (is_first && exchange(residency, model, now))
        return true;
    uint64_t end_ns = due_ns(residency, model);
    *is_over = end_ns <= now;
    if (!*is_over && end_ns < *next_ns)
        *next_ns = end_ns;
    return false;
}

/* One that would not fit if it were alone. */
static bool refuse_giant(struct residency *residency)
{
    for (struct resident_model *m = residency->models; m; m = m->next)
        if (m->stage == MODEL_FITTING && model_fitting_least_bytes(m) > residency->budget_bytes) {
            refuse_model(residency, m, false);
            return true;
        }
    return false;
}

bool residency_make_room(struct residency *residency, uint64_t now, uint64_t *next_ns)
{
    struct resident_model *first = residency_first_at(residency, MODEL_FITTING);
    bool is_over = false;
    if (refuse_giant(residency))
        return true;
    if (due_ns(residency, first) > now) { /* nobody need yield, or need do so any more */
        model_exchange_forget(residency->models);
        if (settle_yields(residency))
            return true;
    }
    for (struct resident_model *m = first; m && !is_over; m = m->next)
        if (m->stage == MODEL_FITTING && admit(residency, m, m == first, now, next_ns, &is_over))
            return true;
    return false;
}

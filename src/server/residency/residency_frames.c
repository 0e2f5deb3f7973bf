#include "base/clock.h"
#include "base/log.h"
#include "server/metrics.h"
#include "server/residency/residency_private.h"
#include "worker/protocol.h"

#include <stdio.h>

enum { RETRY_AFTER_S = 1 };

/* ---- answers ---- */

/* A task of this model that its worker works at; until its end it belongs to this thread. */
static struct task *find_task(struct resident_model *model, uint64_t number,
                              struct model_facts *facts)
{
    struct residency *residency = model->residency;
    pthread_mutex_lock(&residency->lock);
    struct task *task = task_list_find(&residency->tasks, number);
    if (task && (task->model != model || !task->is_sent))
        task = NULL;
    *facts = resident_model_facts(model, task);
    pthread_mutex_unlock(&residency->lock);
    return task;
}

/* Of an ERROR or REFUSED; points into `json`. */
static struct task_failure read_failure(const struct json *json)
{
    int64_t code = json_int(json_get(json, "code"), 0);
    struct task_failure failure = { .details = json };
    failure.code = code > ERROR_NONE && code <= ERROR_CANCELLED ? (enum error_code)code : ERROR_IO;
    failure.reason = json_text(json_get(json, "reason")).data;
    failure.message = json_text(json_get(json, "message")).data;
    if (strcmp(failure.reason, "memory") == 0 || strcmp(failure.reason, "busy") == 0)
        failure.retry_after_s = RETRY_AFTER_S;
    return failure;
}

static uint64_t number_of(const struct json *json, const char *name)
{
    int64_t number = json_int(json_get(json, name), 0);
    return number > 0 ? (uint64_t)number : 0;
}

static void count_start(struct task *task, const struct json *json)
{
    task->queue_ns = number_of(json, "queue_ns");
    task->prompt_tokens = number_of(json, "prompt_tokens");
    task->cached_tokens = number_of(json, "cached_tokens");
}

static void count_answer(const struct resident_model *model, struct task *task,
                         const struct json *json)
{
    char reason[20];
    struct slice text = json_text(json_get(json, "reason"));
    snprintf(reason, sizeof reason, "%.*s", (int)size_min(text.length, sizeof reason - 1),
             text.data);
    /* a worker's times begin when it has the request */
    metrics_answer(model->residency->metrics, model->name, task->load_ns + task->queue_ns,
                   task->load_ns + number_of(json, "first_token_ns"), task->prompt_tokens,
                   task->cached_tokens, number_of(json, "answer_tokens"),
                   number_of(json, "answer_ns"), reason);
    task->prompt_tokens = task->cached_tokens = 0; /* of several choices, counted once */
}

/* An event whose payload is JSON. False: it is none. */
static bool tell_json(struct resident_model *model, struct task *task,
                      const struct model_facts *facts, const struct frame *frame,
                      enum task_event_kind kind)
{
    const struct json *json = NULL;
    if (!json_open(&json, frame->payload.data, frame->payload.length, "an event", NULL))
        return false;
    if (kind == TASK_STARTED)
        count_start(task, json);
    if (kind == TASK_DONE)
        count_answer(model, task, json);
    if (kind == TASK_FAILED) {
        struct task_failure failure = read_failure(json);
        task_tell_failure(task, facts, &failure);
    } else {
        task_tell(task, &(struct task_event){
                            .kind = kind, .choice = frame->choice, .json = json, .model = facts });
    }
    json_close(&json);
    return true;
}

static void end_task(struct resident_model *model, struct task *task,
                     const struct model_facts *facts)
{
    struct residency *residency = model->residency;
    pthread_mutex_lock(&residency->lock);
    task_list_remove(&residency->tasks, task);
    if (--model->n_sent == 0) {
        model->idle_ns = clock_ns();
        worker_process_expect(model->process, 0);
    }
    pthread_cond_broadcast(&residency->changed);
    pthread_mutex_unlock(&residency->lock);
    task_tell_last(task, facts, TASK_END);
    task_free(task);
}

/* False: the frame makes no sense. */
static bool take_event(struct resident_model *model, const struct frame *frame)
{
    static const struct {
        enum frame_kind frame;
        enum task_event_kind event;
    } rows[] = {
        { FRAME_STARTED, TASK_STARTED }, { FRAME_CALL, TASK_CALL },
        { FRAME_DONE, TASK_DONE },       { FRAME_LOGPROBS, TASK_LOGPROBS },
        { FRAME_RESULT, TASK_RESULT },   { FRAME_ERROR, TASK_FAILED },
        { FRAME_COUNTS, TASK_COUNTS },
    };
    struct model_facts facts;
    struct task *task = find_task(model, frame->request, &facts);
    if (!task)
        return false;
    if (frame->kind == FRAME_THINKING || frame->kind == FRAME_CONTENT)
        task_tell(task, &(struct task_event){ .kind = frame->kind == FRAME_THINKING ? TASK_THINKING
                                                                                    : TASK_CONTENT,
                                              .choice = frame->choice,
                                              .text = frame->payload,
                                              .model = &facts });
    else if (frame->kind == FRAME_END)
        end_task(model, task, &facts);
    else
        for (size_t i = 0; i <= COUNT_OF(rows); i++) {
            if (i == COUNT_OF(rows))
                return false;
            if (rows[i].frame == frame->kind)
                return tell_json(model, task, &facts, frame, rows[i].event);
        }
    return true;
}

/* ---- the worker itself ---- */

/* It says that it cannot load the model, and why. */
static void take_refusal(struct resident_model *model, struct slice payload)
{
    const struct json *json = NULL;
    struct error err = { .code = ERROR_FORMAT, .message = "the worker does not say why" };
    if (json_open(&json, payload.data, payload.length, "a refusal", NULL)) {
        struct task_failure failure = read_failure(json);
        fail(&err, failure.code, "%s", failure.message);
    }
    json_close(&json);
    model->refusal = err;
}

/* What it says of itself; with the lock. False: that makes no sense. */
static bool take_news(struct resident_model *model, const struct frame *frame)
{
    struct residency *residency = model->residency;
    struct error err = { 0 };
    if (model->stage == MODEL_OPENING && frame->kind == FRAME_REFUSED) {
        take_refusal(model, frame->payload);
        residency_let_go(residency, model);
        return true;
    }
    if (model->stage == MODEL_OPENING && frame->kind == FRAME_READY) {
        if (resident_model_read_ready(model, frame->payload, residency->options.n_ctx, &err)) {
            model->load_ns = clock_ns() - model->began_ns;
            model->stage = MODEL_FITTING;
        } else {
            model->refusal = err;
            residency_let_go(residency, model);
        }
        return true;
    }
    return model->stage > MODEL_OPENING && frame->kind == FRAME_STATE &&
           resident_model_read_state(model, frame->payload, &err);
}

void residency_on_frame(void *context, const struct frame *frame)
{
    struct resident_model *model = context;
    struct residency *residency = model->residency;
    bool is_news =
        frame->kind == FRAME_READY || frame->kind == FRAME_REFUSED || frame->kind == FRAME_STATE;
    bool ok = is_news || take_event(model, frame);
    pthread_mutex_lock(&residency->lock);
    if (is_news)
        ok = take_news(model, frame);
    if (!ok && model->process)
        worker_process_kill(model->process, "sent a message that makes no sense");
    if (is_news)
        pthread_cond_broadcast(&residency->changed);
    pthread_mutex_unlock(&residency->lock);
}

/* ---- its end ---- */

/* All tasks it had, and who waited for it; with the lock. */
static struct task *take_tasks(struct resident_model *model)
{
    struct task_list *list = &model->residency->tasks;
    struct task *tasks = residency_take_queue(model->residency, model);
    for (size_t i = 0; i < list->capacity; i++) {
        struct task *task = list->slots[i];
        if (!task || task->model != model || !task->is_sent)
            continue;
        task_list_remove(list, task);
        task->next = tasks;
        tasks = task;
    }
    model->n_sent = 0;
    return tasks;
}

/* Who waited for the end has it; the rest goes on. */
static struct task *tell_unloaded(struct task *tasks)
{
    struct task *others = NULL;
    while (tasks) {
        struct task *task = tasks;
        tasks = task->next;
        if (task->kind == WISH_UNLOAD) {
            task_tell_last(task, NULL, TASK_UNLOADED);
            task_free(task);
        } else {
            task->next = others;
            others = task;
        }
    }
    return others;
}

/* Why its tasks fail, in `err`. */
static struct task_failure explain_end(const struct resident_model *model, bool was_serving,
                                       const struct worker_end *end, struct error *err)
{
    struct task_failure failure = { .code = ERROR_IO, .reason = "crashed" };
    if (model->refusal.code != ERROR_NONE) {
        *err = model->refusal;
        failure.code = err->code;
        failure.reason = "load";
    } else if (end->was_told) {
        fail(err, ERROR_CANCELLED, "the server is shutting down");
        failure.code = err->code;
        failure.reason = "cancelled";
    } else {
        fail(err, ERROR_IO, "the worker of model '%s' %s%s", printable(slice_of(model->name)),
             end->how, was_serving ? "" : " while the model was being loaded");
    }
    failure.message = err->message;
    return failure;
}

void residency_on_gone(void *context, const struct worker_end *end)
{
    struct resident_model *model = context;
    struct residency *residency = model->residency;
    struct error err = { 0 };
    pthread_mutex_lock(&residency->lock);
    struct task_failure failure = explain_end(model, model->is_granted, end, &err);
    bool is_crash = !end->was_told && model->refusal.code == ERROR_NONE;
    struct model_facts facts = resident_model_facts(model, NULL);
    struct task *tasks = take_tasks(model);
    model->stage = MODEL_GONE;
    pthread_cond_broadcast(&residency->changed);
    pthread_mutex_unlock(&residency->lock);

    if (is_crash) {
        LOG(LOG_ERROR, "a worker has died", LOG_S("model", model->name), LOG_S("how", end->how));
        metrics_worker_died(residency->metrics, model->name);
    } else if (model->refusal.code != ERROR_NONE) {
        LOG(LOG_WARNING, "a model was not loaded", LOG_S("model", model->name),
            LOG_S("why", err.message));
    }
    residency_fail_tasks(tell_unloaded(tasks), facts.info ? &facts : NULL, &failure);
}

/* task.h: what a client wants of a model, until the last event of it.
 *
 * Owns the shape of wishes and events. residency.h finds or loads the model and brings the wish to
 * its worker; a dialect (ollama/, openai/, anthropic/) makes the wish of a request and a response
 * of the events. */
#ifndef TASK_H
#define TASK_H

#include "base/base.h"
#include "base/error.h"
#include "base/json.h"

struct task; /* one wish on its way; residency.h */

/* A loaded model, as its worker described it (docs/worker.md, READY). */
struct model_facts {
    const char *name;        /* as in model_list.h */
    const struct json *info; /* READY's "info" */
    uint32_t n_ctx;          /* longest context of a request now */
    uint64_t load_ns;        /* what this task waited for loading; 0: it was loaded */
};
bool model_can(const struct model_facts *facts, const char *capability);

enum task_event_kind {
    TASK_STARTED,  /* json: counts of the prompt */
    TASK_THINKING, /* text */
    TASK_CONTENT,  /* text */
    TASK_CALL,     /* json */
    TASK_LOGPROBS, /* json */
    TASK_COUNTS,   /* json: tokens so far, in front of text */
    TASK_DONE,     /* json: counts and times of one choice */
    TASK_RESULT,   /* json */
    TASK_LOADED,   /* of a wish that only loads */
    TASK_UNLOADED, /* of a wish that only unloads */
    TASK_FAILED,   /* failure */
    TASK_END,      /* always the last one, also after TASK_FAILED */
};

/* Why a task failed. `reason` is one of docs/worker.md or "not_found", "busy", "crashed", "load",
 * "cancelled". */
struct task_failure {
    enum error_code code;
    const char *reason;
    const char *message;
    const struct json *details; /* of the worker's ERROR; NULL: none */
    unsigned retry_after_s;     /* 0: not known */
};

/* The HTTP status of a failure (400 context, invalid, cannot; 404; 499 cancelled; 500; 503 busy,
 * memory). */
unsigned task_failure_status(const struct task_failure *failure);

struct task_event {
    enum task_event_kind kind;
    uint32_t choice;
    struct slice text;
    const struct json *json;
    const struct model_facts *model; /* NULL only where no model was found or loaded */
    const struct task_failure *failure;
};

/* Events of one task come one after another, on threads of the server; what they point to is valid
 * until the return. Must not wait for anything. */
typedef void task_listener(void *context, const struct task_event *event);

enum wish_kind { WISH_REQUEST, WISH_LOAD, WISH_UNLOAD };

struct keep_alive {
    bool is_set; /* else as before, or the default */
    int64_t ns;  /* negative: for ever; 0: unload after the answer */
};

struct wish {
    enum wish_kind kind;
    struct slice model;   /* name as the client gave it */
    struct slice request; /* WISH_REQUEST: the JSON of FRAME_REQUEST */
    struct keep_alive keep_alive;
    struct slice client; /* for fairness and limits */
    task_listener *listener;
    void *context;
};

#endif

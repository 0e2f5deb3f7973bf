/* openai_events.h: invented events of a task, told to a reply, and the bytes that its response has
 * then.
 *
 * Owns nothing; for the tests of replies, which include test.h first. */
#ifndef OPENAI_EVENTS_H
#define OPENAI_EVENTS_H

#include "server/http/response.h"
#include "server/task.h"

/* One event; `json` is JSON, `text` for thinking and content. Ends with TASK_END. */
struct told {
    enum task_event_kind kind;
    const char *json, *text;
    uint32_t choice;
};

static inline const struct json *told_json(const char *source)
{
    const struct json *json = NULL;
    struct error err = { 0 };
    if (source)
        assert_ok(json_open(&json, source, strlen(source), "the test", &err), err);
    return json;
}

static inline void tell_one(void (*tell)(void *, const struct task_event *, struct response *),
                            void *reply, const struct told *told, struct response *response)
{
    const struct json *json = told_json(told->json);
    struct task_failure failure = { ERROR_UNSUPPORTED, told->text, "because of the test", json, 7 };
    struct task_event event = { .kind = told->kind,
                                .choice = told->choice,
                                .text = slice_of(told->text ? told->text : ""),
                                .json = json };
    if (told->kind == TASK_FAILED)
        event.failure = &failure; /* its reason is the text, its details the JSON */
    tell(reply, &event, response);
    json_close(&json);
}

static inline void tell_all(void (*tell)(void *, const struct task_event *, struct response *),
                            void *reply, const struct told *told, struct response *response)
{
    for (;; told++) {
        tell_one(tell, reply, told, response);
        if (told->kind == TASK_END)
            return;
    }
}

/* All that waits in the response, in a buffer that the next call overwrites. */
static inline const char *taken(struct response *response)
{
    static char bytes[1 << 16];
    bool is_over;
    size_t n = response_take(response, bytes, sizeof bytes - 1, &is_over);
    bytes[n] = '\0';
    return bytes;
}

#endif

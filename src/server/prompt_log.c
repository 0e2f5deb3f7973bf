#include "server/prompt_log.h"

#include "base/log.h"
#include "base/memory.h"
#include "server/config/server_config.h"

#include <stdio.h>
#include <strings.h>

enum {
    MOST_ANSWERS = 128,
    /* All of them together fit a line of the log; more is cut off. */
    PROMPT_BYTES = 40 << 10,
    PART_BYTES = 16 << 10,
};

struct said {
    struct text thinking, content, calls;
};

struct prompt_log {
    char request[64];
    struct said answers[MOST_ANSWERS];
};

static void find_request(char *out, size_t size, struct response *response)
{
    const char *name, *value;
    out[0] = '\0';
    for (size_t i = 0; response_header_at(response, i, &name, &value); i++)
        if (strcasecmp(name, "X-Request-Id") == 0)
            snprintf(out, size, "%s", value);
}

struct prompt_log *prompt_log_new(const struct server_config *config, struct response *response,
                                  const struct wish *wishes, size_t n_wishes)
{
    if (!config || !config->log_prompts)
        return NULL;
    struct prompt_log *log = memory_zeroed(1, sizeof *log);
    if (!log)
        return NULL;
    find_request(log->request, sizeof log->request, response);
    for (size_t i = 0; i < MOST_ANSWERS; i++) {
        text_init(&log->answers[i].thinking, PART_BYTES);
        text_init(&log->answers[i].content, PART_BYTES);
        text_init(&log->answers[i].calls, PART_BYTES);
    }
    for (size_t i = 0; i < n_wishes; i++) {
        struct slice prompt = wishes[i].request;
        prompt.length = size_min(prompt.length, PROMPT_BYTES);
        if (wishes[i].kind == WISH_REQUEST)
            LOG(LOG_INFO, "asked", LOG_S("id", log->request), LOG_T("model", wishes[i].model),
                LOG_N("bytes", wishes[i].request.length), LOG_T("request", prompt));
    }
    return log;
}

void prompt_log_free(struct prompt_log **log)
{
    for (size_t i = 0; *log && i < MOST_ANSWERS; i++) {
        text_release(&(*log)->answers[i].thinking);
        text_release(&(*log)->answers[i].content);
        text_release(&(*log)->answers[i].calls);
    }
    memory_free(*log);
    *log = NULL;
}

/* As much as there is room for. */
static void keep(struct text *out, struct slice more)
{
    more.length = size_min(more.length, out->limit - out->length);
    (void)text_append_slice(out, more);
}

static void tell(const struct prompt_log *log, const struct said *said, uint32_t choice)
{
    LOG(LOG_INFO, "answered", LOG_S("id", log->request), LOG_N("choice", choice),
        LOG_T("thinking", text_slice(&said->thinking)),
        LOG_T("content", text_slice(&said->content)), LOG_T("calls", text_slice(&said->calls)));
}

void prompt_log_hear(struct prompt_log *log, const struct task_event *event)
{
    if (!log || event->choice >= MOST_ANSWERS)
        return;
    struct said *said = &log->answers[event->choice];
    if (event->kind == TASK_THINKING)
        keep(&said->thinking, event->text);
    else if (event->kind == TASK_CONTENT)
        keep(&said->content, event->text);
    else if (event->kind == TASK_CALL)
        (void)!json_write(&said->calls, event->json);
    else if (event->kind == TASK_DONE)
        tell(log, said, event->choice);
}

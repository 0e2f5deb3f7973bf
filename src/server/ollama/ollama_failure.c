#include "server/ollama/ollama_failure.h"

#include "server/ollama/go_json.h"

enum { MESSAGE_LIMIT_BYTES = 1 << 16 };

/* What is told to who reads no sentences, where no task has said it. */
static const char *code_of_status(unsigned status)
{
    switch (status) {
    case 400:
        return "invalid";
    case 404:
        return "not_found";
    case 501:
        return "unsupported";
    default:
        return "internal";
    }
}

/* What failed, and the numbers of a context that is too short where it did. */
struct problem {
    const char *message, *code;
    const struct json *numbers;
};

static bool write_error(struct text *out, const struct problem *problem)
{
    static const char *const names[] = { "n_ctx", "prompt_tokens" };
    struct go_json w = go_json_init(out);
    go_json_open(&w, NULL, '{');
    go_json_string(&w, "error", problem->message);
    go_json_string(&w, "code", problem->code);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (json_is_numeric(json_get(problem->numbers, names[i])))
            go_json_value(&w, names[i], json_get(problem->numbers, names[i]));
    go_json_close(&w, '}');
    return w.ok && text_append_byte(out, '\n');
}

static void respond(struct response *response, unsigned status, const struct problem *problem)
{
    struct text body;
    text_init(&body, MESSAGE_LIMIT_BYTES);
    struct slice bytes = write_error(&body, problem)
                             ? text_slice(&body)
                             : slice_of("{\"error\":\"no memory left\",\"code\":\"internal\"}\n");
    if (response_has_begun(response)) {
        response_write(response, bytes);
        response_end(response);
    } else {
        bytes.length--; /* a whole answer ends without a line break */
        response_whole(response, status, "application/json; charset=utf-8", bytes);
    }
    text_release(&body);
}

void ollama_respond_error(struct response *response, unsigned status, const char *message)
{
    ollama_respond_code(response, status, NULL, message);
}

void ollama_respond_code(struct response *response, unsigned status, const char *code,
                         const char *message)
{
    respond(response, status,
            &(struct problem){ message, code ? code : code_of_status(status), NULL });
}

/* ---- failures of tasks ---- */

static const char *const route_words[] = {
    [OLLAMA_GENERATE] = "generate",
    [OLLAMA_CHAT] = "chat",
    [OLLAMA_EMBED] = "embed",
    [OLLAMA_EMBEDDINGS] = "embeddings",
};

/* The words around the model's name for a reason; NULL: the failure's own message is best. */
struct sentence {
    const char *reason, *before, *after;
    bool names_model;
};

static const struct sentence sentences_of_answers[] = {
    { "thinking", "\"", "\" does not support thinking", true },
    { "tools", "", " does not support tools", true },
    { "insert", "", " does not support insert", true },
    { "not_found", "model '", "' not found", true },
    { "busy", "server busy, please try again.  maximum pending requests exceeded", "", false },
    { "cancelled", "request canceled", "", false },
    { NULL, NULL, NULL, false },
};

static const struct sentence sentences_of_embeddings[] = {
    { "not_found", "model \"", "\" not found, try pulling it first", true },
    { "busy", "server busy, please try again.  maximum pending requests exceeded", "", false },
    { "cancelled", "request canceled", "", false },
    { NULL, NULL, NULL, false },
};

static const struct sentence *sentence_of(const char *reason, enum ollama_route route)
{
    const struct sentence *s =
        route <= OLLAMA_CHAT ? sentences_of_answers : sentences_of_embeddings;
    while (s->reason && strcmp(s->reason, reason ? reason : "") != 0)
        s++;
    return s->reason ? s : NULL;
}

/* The words that clients look for, with the two numbers. */
static bool write_context_message(struct text *out, const struct ollama_request *request,
                                  const struct json *details)
{
    int64_t n_ctx = json_int(json_get(details, "n_ctx"), 0);
    int64_t n_tokens = json_int(json_get(details, "prompt_tokens"), 0);
    if (request->route > OLLAMA_CHAT)
        return text_printf(out,
                           "the input length exceeds the context length: it has %" PRId64
                           " tokens, the context %" PRId64,
                           n_tokens, n_ctx);
    return text_printf(
        out,
        "the prompt is longer than the context length currently available to the model: it has "
        "%" PRId64 " tokens, the context %" PRId64
        "; shorten the prompt, raise num_ctx, use a model with a longer context length, or send "
        "\"truncate\": true",
        n_tokens, n_ctx);
}

static bool write_message(struct text *out, const struct ollama_request *request,
                          const struct task_event *event)
{
    const struct task_failure *failure = event->failure;
    const char *name = printable(text_slice(&request->model));
    const struct sentence *sentence = sentence_of(failure->reason, request->route);
    bool cannot_answer = failure->code == ERROR_UNSUPPORTED && event->model &&
                         !model_can(event->model, "completion");
    if (request->route <= OLLAMA_CHAT && cannot_answer)
        return text_printf(out, "\"%s\" does not support %s", name, route_words[request->route]);
    if (failure->reason && strcmp(failure->reason, "context_length") == 0 && failure->details)
        return write_context_message(out, request, failure->details);
    if (!sentence)
        return text_append_string(out, failure->message);
    return text_printf(out, "%s%s%s", sentence->before, sentence->names_model ? name : "",
                       sentence->after);
}

void ollama_respond_failure(struct response *response, const struct ollama_request *request,
                            const struct task_event *event)
{
    const struct task_failure *failure = event->failure;
    struct text message;
    text_init(&message, MESSAGE_LIMIT_BYTES);
    if (!write_message(&message, request, event))
        text_clear(&message);
    response_retry_after(response, failure->retry_after_s);
    unsigned status = task_failure_status(failure);
    struct problem problem = { .message = message.length > 0 ? message.data : failure->message,
                               .code = failure->reason ? failure->reason : code_of_status(status),
                               .numbers = failure->details };
    respond(response, status, &problem);
    text_release(&message);
}

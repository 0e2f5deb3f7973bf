#include "server/openai/openai_choices.h"

#include "base/json_members.h"
#include "base/memory.h"

enum { TEXT_BYTES = 256 << 20 };

bool openai_choices_init(struct openai_choices *list, const struct openai_choices_kind *kind,
                         const struct openai_answer_settings *settings, uint32_t n_choices)
{
    *list = (struct openai_choices){ .kind = kind };
    list->choices = memory_zeroed(n_choices, sizeof *list->choices);
    list->n_choices = list->choices ? n_choices : 0;
    for (uint32_t i = 0; i < list->n_choices; i++) {
        struct openai_choice *choice = &list->choices[i];
        choice->index = i;
        for (size_t k = 0; k < OPENAI_CHOICE_TEXTS; k++)
            text_init(&choice->texts[k], TEXT_BYTES);
        text_init(&choice->end, TEXT_BYTES);
    }
    return openai_answer_init(&list->answer, settings) && list->choices;
}

void openai_choices_release(struct openai_choices *list)
{
    for (uint32_t i = 0; i < list->n_choices; i++) {
        for (size_t k = 0; k < OPENAI_CHOICE_TEXTS; k++)
            text_release(&list->choices[i].texts[k]);
        text_release(&list->choices[i].end);
    }
    openai_answer_release(&list->answer);
    memory_free(list->choices);
}

/* ---- objects ---- */

static bool write_choice(const struct openai_choices *list, const struct openai_choice *choice,
                         const struct task_event *event, struct text *out)
{
    struct slice end = text_slice(&choice->end);
    return write_comma(out) && text_append_byte(out, '{') &&
           list->kind->write(out, choice, event) && write_comma(out) &&
           text_append_slice(out, end.length ? end : slice_of("\"finish_reason\":null")) &&
           text_append_byte(out, '}');
}

static bool begin_object(struct openai_choices *list, const char *object)
{
    struct text *out = &list->answer.json;
    return text_append_byte(out, '{') && openai_write_identity(out, &list->answer, object) &&
           write_name(out, "choices") && text_append_byte(out, '[');
}

/* The last object of an answer has its counts. */
static bool end_object(struct openai_choices *list, bool is_last)
{
    struct text *out = &list->answer.json;
    bool ok = text_append_byte(out, ']');
    if (is_last)
        ok = ok && openai_write_usage(out, &list->answer.counts);
    else if (list->answer.settings.includes_usage)
        ok = ok && write_null_member(out, "usage");
    return ok && text_append_byte(out, '}');
}

/* ---- the stream ---- */

static bool has_texts(const struct openai_choice *choice)
{
    for (size_t k = 0; k < OPENAI_CHOICE_TEXTS; k++)
        if (choice->texts[k].length > 0)
            return true;
    return false;
}

static bool send_chunk(struct openai_choices *list, struct openai_choice *choice,
                       const struct task_event *event, struct response *response)
{
    bool ok = begin_object(list, list->kind->chunk) &&
              write_choice(list, choice, event, &list->answer.json) && end_object(list, false);
    for (size_t k = 0; k < OPENAI_CHOICE_TEXTS; k++)
        text_clear(&choice->texts[k]);
    if (ok)
        openai_answer_send(&list->answer, response, NULL);
    return ok;
}

/* When the prompt is about to be read, since that can take longer than clients wait for an answer's
 * head: roles, or what is there already. */
static bool begin_stream(struct openai_choices *list, struct response *response)
{
    static const struct task_event started = { .kind = TASK_STARTED };
    bool ok = true;
    if (!list->answer.settings.is_streaming || list->answer.has_started)
        return true;
    openai_answer_begin(&list->answer, response);
    for (uint32_t i = 0; ok && i < list->n_choices; i++)
        if (!list->kind->sends_kept || has_texts(&list->choices[i]))
            ok = send_chunk(list, &list->choices[i], &started, response);
    return ok;
}

static bool end_stream(struct openai_choices *list, struct response *response)
{
    if (list->answer.settings.includes_usage) {
        if (!begin_object(list, list->kind->chunk) || !end_object(list, true))
            return false;
        openai_answer_send(&list->answer, response, NULL);
    }
    response_write(response, slice_of("data: [DONE]\n\n"));
    return true;
}

/* ---- the whole answer ---- */

static bool tell_whole(struct openai_choices *list, struct response *response)
{
    bool ok = begin_object(list, list->kind->object);
    for (uint32_t i = 0; ok && i < list->n_choices; i++)
        ok = write_choice(list, &list->choices[i], NULL, &list->answer.json);
    ok = ok && end_object(list, true);
    if (ok)
        response_whole(response, 200, "application/json", text_slice(&list->answer.json));
    return ok;
}

/* ---- events ---- */

static bool keep_end(struct openai_choice *choice, const struct json *done)
{
    return choice->end.length > 0 ||
           (write_string_member(&choice->end, "finish_reason",
                                openai_finish_reason(done, choice->has_calls)) &&
            openai_write_stop_reason(&choice->end, done));
}

static bool keep(const struct openai_choices *list, struct openai_choice *choice,
                 const struct task_event *event)
{
    if (event->kind == TASK_DONE)
        return keep_end(choice, event->json);
    choice->has_calls = choice->has_calls || event->kind == TASK_CALL;
    return (list->answer.settings.is_streaming && !list->kind->sends_kept) ||
           list->kind->keep(choice, event);
}

static bool tell_of_choice(struct openai_choices *list, const struct task_event *event,
                           struct response *response)
{
    if (event->choice >= list->n_choices)
        return true;
    struct openai_choice *choice = &list->choices[event->choice];
    if (event->kind == TASK_LOGPROBS) /* they go with the text that follows */
        return list->kind->keep(choice, event);
    return begin_stream(list, response) && keep(list, choice, event) &&
           (!list->answer.settings.is_streaming || send_chunk(list, choice, event, response));
}

static bool is_complete(const struct openai_choices *list)
{
    for (uint32_t i = 0; i < list->n_choices; i++)
        if (list->choices[i].end.length == 0)
            return false;
    return true;
}

static bool tell_end(struct openai_choices *list, struct response *response)
{
    if (!is_complete(list))
        openai_answer_fail(&list->answer, ERROR_IO, "the answer ended before it was complete");
    if (list->answer.has_failed) {
        openai_answer_tell_problem(&list->answer, response);
        return true;
    }
    return list->answer.settings.is_streaming ? end_stream(list, response)
                                              : tell_whole(list, response);
}

static bool tell(void *context, const struct task_event *event, struct response *response)
{
    struct openai_choices *list = context;
    switch (event->kind) {
    case TASK_STARTED:
        return begin_stream(list, response);
    case TASK_CALL:
        return !list->kind->has_calls || tell_of_choice(list, event, response);
    case TASK_THINKING:
    case TASK_CONTENT:
    case TASK_LOGPROBS:
    case TASK_DONE:
        return tell_of_choice(list, event, response);
    case TASK_END:
        return tell_end(list, response);
    default:
        return true;
    }
}

void openai_choices_tell(struct openai_choices *list, const struct task_event *event,
                         struct response *response)
{
    openai_answer_tell(&list->answer, event, response, tell, list);
}

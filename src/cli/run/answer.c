#include "cli/run/answer.h"

#include "base/clock.h"
#include "base/json.h"
#include "cli/output.h"
#include "cli/run/session_error.h"

#include <stdio.h>

enum { SAID_LIMIT_BYTES = 256 << 20 };

void answer_init(struct answer *answer)
{
    *answer = (struct answer){ 0 };
    text_init(&answer->thinking, SAID_LIMIT_BYTES);
    text_init(&answer->content, SAID_LIMIT_BYTES);
    text_init(&answer->calls, SAID_LIMIT_BYTES);
}

void answer_release(struct answer *answer)
{
    text_release(&answer->thinking);
    text_release(&answer->content);
    text_release(&answer->calls);
}

bool answer_is_empty(const struct answer *answer)
{
    return !answer->thinking.length && !answer->content.length && !answer->calls.length;
}

/* As a message has it. */
static bool keep_call(struct text *out, const struct tool_call *call)
{
    return (out->length == 0 || text_append_byte(out, ',')) &&
           text_append_string(out, "{\"id\":") && json_write_string(out, call->id) &&
           text_append_string(out, ",\"function\":{\"name\":") &&
           json_write_string(out, call->name) && text_append_string(out, ",\"arguments\":") &&
           text_append_slice(out, call->arguments) && text_append_string(out, "}}");
}

static bool keep(struct answer *answer, const struct turn_event *event, struct error *err)
{
    bool ok = true;
    if (event->kind == TURN_THINKING)
        ok = text_append_slice(&answer->thinking, event->text);
    else if (event->kind == TURN_CONTENT)
        ok = text_append_slice(&answer->content, event->text);
    else if (event->kind == TURN_CALL)
        ok = keep_call(&answer->calls, &event->call);
    return ok || fail(err, ERROR_BUDGET, "the answer is over %d bytes", SAID_LIMIT_BYTES);
}

/* An event of a session alone, in the form of a turn's. */
static bool next_text(struct hearth_session *session, struct turn_event *event, struct error *err)
{
    struct hearth_event said;
    struct hearth_error problem = { 0 };
    if (!hearth_session_next(session, &said, &problem))
        return session_fail(err, &problem);
    bool is_done = said.kind == HEARTH_DONE;
    *event = (struct turn_event){ .kind = is_done ? TURN_DONE : TURN_CONTENT, .done = said };
    if (!is_done)
        event->text = (struct slice){ said.text, said.length };
    return true;
}

/* The tokens of a session's event, in front of it as a turn has them. */
static bool show_tokens(const struct hearth_event *said, struct answer_printer *printer)
{
    struct turn_event event = { .kind = TURN_LOGPROBS,
                                .logprobs = said->logprobs,
                                .n_logprobs = said->n_logprobs };
    return said->n_logprobs == 0 || answer_printer_show(printer, &event);
}

static bool stream(struct answer *answer, const struct answer_source *source,
                   struct answer_printer *printer, struct error *err)
{
    struct turn_event event;
    do {
        bool is_there = source->turn ? turn_next(source->turn, &event, err)
                                     : next_text(source->session, &event, err);
        if (!is_there || !keep(answer, &event, err))
            return false;
        bool is_shown = (source->turn || show_tokens(&event.done, printer)) &&
                        answer_printer_show(printer, &event);
        if (!is_shown)
            hearth_session_cancel(source->session); /* nobody reads: do not go on */
    } while (event.kind != TURN_DONE);
    answer->done = event.done;
    return true;
}

bool answer_stream(struct answer *answer, const struct answer_source *source,
                   struct answer_printer *printer, struct error *err)
{
    uint64_t began = clock_ns();
    bool ok = stream(answer, source, printer, err);
    answer->total_ns = clock_ns() - began;
    return ok;
}

static void print_duration(const char *label, uint64_t ns)
{
    char duration[64];
    fprintf(stderr, "%-22s%s\n", label, human_duration(duration, ns));
}

static void print_part(const char *name, uint32_t count, uint64_t ns)
{
    char label[32];
    snprintf(label, sizeof label, "%s count:", name);
    fprintf(stderr, "%-22s%" PRIu32 " token(s)\n", label, count);
    snprintf(label, sizeof label, "%s duration:", name);
    print_duration(label, ns);
    snprintf(label, sizeof label, "%s rate:", name);
    fprintf(stderr, "%-22s%.2f tokens/s\n", label, ns ? count / ((double)ns / 1e9) : 0.0);
}

void answer_print_times(const struct answer *answer, uint64_t load_ns)
{
    const struct hearth_event *done = &answer->done;
    fflush(stdout);
    print_duration("total duration:", answer->total_ns + load_ns);
    if (load_ns)
        print_duration("load duration:", load_ns);
    if (done->prompt_tokens)
        print_part("prompt eval", done->prompt_tokens, done->prompt_ns);
    if (done->answer_tokens)
        print_part("eval", done->answer_tokens, done->answer_ns);
}

void answer_print_reason(const struct answer *answer, int32_t n_predict)
{
    const struct hearth_event *done = &answer->done;
    bool asked_for = n_predict >= 0 && done->answer_tokens >= (uint32_t)n_predict;
    if (done->reason == HEARTH_LENGTH && !asked_for && progress_wanted())
        fprintf(stderr, "(the context of %" PRIu32 " tokens is full)\n", done->context_tokens);
    if (done->reason == HEARTH_REPETITION && progress_wanted())
        fputs("(the answer did nothing but repeat itself)\n", stderr);
}

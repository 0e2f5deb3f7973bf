#include "cli/answer.h"

#include "base/clock.h"
#include "cli/output.h"

#include <stdio.h>

static bool stream(struct hearth_session *session, struct answer *answer,
                   struct hearth_error *error)
{
    for (;;) {
        if (!hearth_session_next(session, &answer->done, error))
            return false;
        const struct hearth_event *event = &answer->done;
        if (event->kind == HEARTH_DONE)
            return true;
        if (event->length == 0 || !answer->was_shown)
            continue;
        answer->ended_line = event->text[event->length - 1] == '\n';
        answer->was_shown = output_answer(event->text, event->length);
        if (!answer->was_shown)
            hearth_session_cancel(session); /* nobody reads: do not go on thinking */
    }
}

bool answer_stream(struct hearth_session *session, struct answer *answer,
                   struct hearth_error *error)
{
    *answer = (struct answer){ .was_shown = true };
    uint64_t began = clock_ns();
    bool ok = stream(session, answer, error);
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
}

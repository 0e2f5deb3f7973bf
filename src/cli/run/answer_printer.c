#include "cli/run/answer_printer.h"

#include "cli/output.h"
#include "cli/run/logprob_text.h"

#include <stdio.h>
#include <unistd.h>

enum { LINE_LIMIT_BYTES = 1 << 30 };

static const char grey[] = "\033[90m", plain[] = "\033[0m";

void answer_printer_init(struct answer_printer *p, const struct answer_printer_options *options)
{
    *p = (struct answer_printer){ .options = *options, .ended_line = true, .was_shown = true };
    text_init(&p->line, LINE_LIMIT_BYTES);
    text_init(&p->logprobs, LINE_LIMIT_BYTES);
}

void answer_printer_release(struct answer_printer *p)
{
    text_release(&p->line);
    text_release(&p->logprobs);
}

static void write_text(struct answer_printer *p, struct slice text)
{
    if (!text.length || !p->was_shown)
        return;
    p->has_written = true;
    p->ended_line = text.data[text.length - 1] == '\n';
    p->was_shown = output_answer(text.data, text.length);
}

static void end_line(struct answer_printer *p)
{
    if (!p->ended_line)
        write_text(p, slice_of("\n"));
}

/* A colour is no text: only a terminal gets it, and it does not pass through what cleans text. */
static void write_colour(const char *colour)
{
    if (isatty(STDOUT_FILENO))
        fputs(colour, stdout);
}

static void open_frame(struct answer_printer *p)
{
    end_line(p);
    p->is_thinking = true;
    write_colour(grey);
    write_text(p, slice_of("Thinking...\n"));
}

static void close_frame(struct answer_printer *p)
{
    if (!p->is_thinking)
        return;
    end_line(p);
    p->is_thinking = false;
    write_text(p, slice_of("...done thinking.\n"));
    write_colour(plain);
    write_text(p, slice_of("\n"));
}

static void show_thinking(struct answer_printer *p, struct slice text)
{
    if (p->options.hides_thinking)
        return;
    if (!p->is_thinking)
        open_frame(p);
    write_text(p, text);
}

static bool spell_call(struct text *line, const struct called_tool *call)
{
    return text_append_string(line, "{\"name\":") && json_write_string(line, call->name) &&
           text_append_string(line, ",\"arguments\":") &&
           text_append_slice(line, call->arguments) && text_append_string(line, ",\"id\":") &&
           json_write_string(line, call->id) && text_append_string(line, "}\n");
}

static bool show_for_people(struct answer_printer *p, const struct answer_event *event)
{
    if (event->kind == ANSWER_LOGPROBS)
        return logprob_text_table(&p->logprobs, event->logprobs);
    if (event->kind == ANSWER_THINKING) {
        show_thinking(p, event->text);
        return true;
    }
    close_frame(p);
    if (event->kind == ANSWER_CONTENT) {
        write_text(p, event->text);
        return true;
    }
    bool ok = spell_call(&p->line, &event->call);
    if (ok) {
        end_line(p);
        write_text(p, text_slice(&p->line));
    }
    return ok;
}

static bool write_line(struct answer_printer *p, bool is_spelled)
{
    if (!is_spelled || !text_append_byte(&p->line, '\n'))
        return false;
    write_text(p, text_slice(&p->line));
    return true;
}

static bool show_as_line(struct answer_printer *p, const struct answer_event *event)
{
    bool is_thinking = event->kind == ANSWER_THINKING;
    if (is_thinking && p->options.hides_thinking)
        return true;
    return write_line(p, event->kind == ANSWER_CALL ? event_line_call(&p->line, &event->call)
                         : event->kind == ANSWER_LOGPROBS
                             ? logprob_text_line(&p->line, event->logprobs)
                             : event_line_text(&p->line, is_thinking, event->text));
}

bool answer_printer_begin(struct answer_printer *p)
{
    if (!p->options.prints_events)
        write_text(p, p->options.prefix);
    return p->was_shown;
}

/* What cannot be spelled, for want of memory, is not shown, and nothing after it. */
bool answer_printer_show(struct answer_printer *p, const struct answer_event *event)
{
    text_clear(&p->line);
    bool is_spelled = p->options.prints_events ? show_as_line(p, event) : show_for_people(p, event);
    p->was_shown = p->was_shown && is_spelled;
    return p->was_shown;
}

void answer_printer_report(struct answer_printer *p, const struct answer_report *report)
{
    static const char *const reasons[] = { [END_STOP] = "stop",
                                           [END_LENGTH] = "length",
                                           [END_REPETITION] = "repetition",
                                           [END_CANCELLED] = "cancelled" };
    const struct answer_counts counts = { reasons[report->end], report->prompt_tokens,
                                          report->answer_tokens, report->thinking_tokens };
    text_clear(&p->line);
    if (p->options.prints_events && !write_line(p, event_line_done(&p->line, &counts)))
        p->was_shown = false;
}

void answer_printer_end(struct answer_printer *p)
{
    close_frame(p);
    if (!p->ended_line || (!p->has_written && !p->options.prints_events))
        write_text(p, slice_of("\n"));
    if (p->logprobs.length)
        fputs(p->logprobs.data, stderr);
}

#include "cli/run/answer_printer.h"

#include "base/json.h"
#include "cli/run/event_line.h"
#include "cli/run/logprob_text.h"
#include "cli/output.h"

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

static bool spell_call(struct text *line, const struct tool_call *call)
{
    return text_append_string(line, "{\"name\":") && json_write_string(line, call->name) &&
           text_append_string(line, ",\"arguments\":") &&
           text_append_slice(line, call->arguments) && text_append_string(line, ",\"id\":") &&
           json_write_string(line, call->id) && text_append_string(line, "}\n");
}

static bool show_for_people(struct answer_printer *p, const struct turn_event *event)
{
    if (event->kind == TURN_LOGPROBS)
        return logprob_text_table(&p->logprobs, event->logprobs, event->n_logprobs);
    if (event->kind == TURN_THINKING) {
        show_thinking(p, event->text);
        return true;
    }
    close_frame(p);
    if (event->kind == TURN_CONTENT) {
        write_text(p, event->text);
        return true;
    }
    bool ok = event->kind != TURN_CALL || spell_call(&p->line, &event->call);
    if (ok && event->kind == TURN_CALL) {
        end_line(p);
        write_text(p, text_slice(&p->line));
    }
    return ok;
}

static bool show_as_line(struct answer_printer *p, const struct turn_event *event)
{
    bool ok = true;
    if (event->kind == TURN_THINKING && p->options.hides_thinking)
        return true;
    if (event->kind == TURN_DONE)
        ok = event_line_done(&p->line, event, p->options.prompt_tokens);
    else if (event->kind == TURN_CALL)
        ok = event_line_call(&p->line, &event->call);
    else if (event->kind == TURN_LOGPROBS)
        ok = logprob_text_line(&p->line, event->logprobs, event->n_logprobs);
    else
        ok = event_line_text(
            &p->line, event->kind == TURN_CONTENT ? OUTPUT_CONTENT : OUTPUT_THINKING, event->text);
    ok = ok && text_append_byte(&p->line, '\n');
    if (ok)
        write_text(p, text_slice(&p->line));
    return ok;
}

bool answer_printer_begin(struct answer_printer *p)
{
    if (!p->options.prints_events)
        write_text(p, p->options.prefix);
    return p->was_shown;
}

bool answer_printer_show(struct answer_printer *p, const struct turn_event *event)
{
    text_clear(&p->line);
    bool is_spelled = p->options.prints_events ? show_as_line(p, event) : show_for_people(p, event);
    if (!is_spelled) /* an event is never larger than the context */
        p->was_shown = false;
    return p->was_shown;
}

void answer_printer_end(struct answer_printer *p)
{
    close_frame(p);
    if (!p->ended_line || (!p->has_written && !p->options.prints_events))
        write_text(p, slice_of("\n"));
    if (p->logprobs.length)
        fputs(p->logprobs.data, stderr);
}

#include "cli/run/repl.h"

#include "cli/run/interrupts.h"
#include "cli/output.h"
#include "cli/run/slash_commands.h"

#include <stdio.h>

enum { MESSAGE_LIMIT_BYTES = 64 << 20, ARGUMENTS_LIMIT_BYTES = 1 << 20 };

static bool ask(struct repl *r, struct slice words, struct answer_printer *printer,
                struct answer *answer, struct error *err)
{
    struct question question;
    bool ok = question_open(&question, r->talk, words, err) &&
              talk_answer(r->talk, &question, 0, printer, answer, err);
    question_release(&question);
    return ok;
}

/* The message and its answer become part of the conversation, or neither does: what failed, or was
 * stopped before anything was said, can be asked again. */
static bool ask_and_remember(struct repl *r, struct slice words, struct answer_printer *printer,
                             struct answer *answer, struct error *err)
{
    struct message_list *messages = &r->talk->settings->input.messages;
    struct message_mark before = message_list_mark(messages);
    bool ok = ask(r, words, printer, answer, err);
    bool is_said = ok && (!answer_is_empty(answer) || answer->report.end != END_CANCELLED);
    if (is_said)
        ok = is_said =
            message_list_push_answer(messages, text_slice(&answer->thinking),
                                     text_slice(&answer->content), text_slice(&answer->calls), err);
    if (!is_said)
        message_list_return(messages, before);
    return ok;
}

static void answer_message(struct repl *r, struct slice words)
{
    struct error err = { 0 };
    struct answer answer;
    struct answer_printer printer;
    const struct answer_printer_options options = { .hides_thinking =
                                                        r->talk->settings->hides_thinking };
    answer_init(&answer);
    answer_printer_init(&printer, &options);
    bool ok = (r->talk->is_plain ? talk_feed(r->talk, words, &printer, &answer, &err)
                                 : ask_and_remember(r, words, &printer, &answer, &err));
    if (ok || printer.has_written) {
        answer_printer_end(&printer);
        puts("");
    }
    if (ok)
        talk_print_end(r->talk, &answer);
    else
        report(err.message);
    if (err.code == ERROR_CONTEXT)
        puts("/clear forgets what was said and makes room.");
    r->is_over = !printer.was_shown;
    answer_printer_release(&printer);
    answer_release(&answer);
}

static void answer_block(struct repl *r, struct slice first, struct text *message)
{
    enum line_result result = line_editor_read_block(r->editor, first, message);
    if (result == LINE_END)
        r->is_over = true;
    else if (result == LINE_TYPED && message->length)
        answer_message(r, text_slice(message));
}

/* One line at ">>> " and all that it asks for. */
static void take_turn(struct repl *r, struct text *message)
{
    struct slice line;
    text_clear(message);
    fflush(stdout);
    enum line_result result = line_editor_read(r->editor, ">>> ", &line);
    if (result == LINE_END) {
        putchar('\n');
        r->is_over = true;
    } else if (result == LINE_INTERRUPTED) {
        if (line.length == 0)
            puts("Use Ctrl + d or /bye to exit.");
    } else if (line.length >= 3 && memcmp(line.data, "\"\"\"", 3) == 0) {
        answer_block(r, (struct slice){ line.data + 3, line.length - 3 }, message);
    } else if (line.length && text_append_slice(message, line)) {
        if (*message->data == '/')
            slash_command_run(r, message->data);
        else
            answer_message(r, text_slice(message));
    }
}

static void converse(struct repl *r)
{
    struct text message;
    text_init(&message, MESSAGE_LIMIT_BYTES);
    interrupts_catch();
    while (!r->is_over)
        take_turn(r, &message);
    interrupts_release();
    text_release(&message);
}

int repl_run(struct talk *talk)
{
    struct error err = { 0 };
    struct repl r = { .talk = talk, .arena = arena_new(ARGUMENTS_LIMIT_BYTES) };
    int status = 0;
    bool ok = r.arena || fail_memory(&err, ARGUMENTS_LIMIT_BYTES, "a conversation");
    ok = ok && line_editor_open(&r.editor, &err);
    if (ok)
        converse(&r);
    else
        status = report(err.message);
    line_editor_close(&r.editor);
    arena_free(&r.arena);
    return status;
}

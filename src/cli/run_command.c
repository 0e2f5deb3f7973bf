#include "cli/answer.h"
#include "cli/interrupts.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/repl.h"
#include "cli/settings.h"
#include "hearth.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Far more than any context holds; a pipe that never ends must not fill the memory. */
enum { PROMPT_LIMIT_BYTES = 256 << 20 };

static const char about[] =
    "Continues the prompt, which is given to the model as it is, and shows the whole text. "
    "Standard\n"
    "input, when it is no terminal, is read to its end and put in front; alone, it is taken "
    "without\n"
    "its last line break. Without a prompt, on a terminal, it is a conversation: /? explains. An\n"
    "empty prompt (\"\") only opens the model. Ctrl-C ends the answer (exit status 130).\n";

static bool read_input(struct text *prompt, struct error *err)
{
    char part[65536];
    for (;;) {
        ssize_t n = read(STDIN_FILENO, part, sizeof part);
        if (n == 0)
            return true;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(err, ERROR_IO, "cannot read the prompt from standard input: %s",
                        strerror(errno));
        if (!text_append(prompt, part, (size_t)n))
            return fail(err, ERROR_BUDGET, "the prompt on standard input is over %d bytes",
                        PROMPT_LIMIT_BYTES);
    }
}

/* Standard input unless it is a terminal, then the arguments, all joined by a space. */
static bool assemble_prompt(int n_words, char **words, struct text *prompt, struct error *err)
{
    if (!isatty(STDIN_FILENO) && !read_input(prompt, err))
        return false;
    if (n_words == 0 && prompt->length && prompt->data[prompt->length - 1] == '\n')
        prompt->data[--prompt->length] = '\0';
    for (int i = 0; i < n_words; i++) {
        bool ok = prompt->length == 0 || text_append_byte(prompt, ' ');
        if (!ok || !text_append_string(prompt, words[i]))
            return fail(err, ERROR_BUDGET, "the prompt is over %d bytes", PROMPT_LIMIT_BYTES);
    }
    return true;
}

/* One prompt, one answer; the exit status. */
static int answer_once(struct hearth_session *session, const struct settings *settings,
                       struct slice prompt, uint64_t load_ns, struct hearth_error *error)
{
    struct answer answer;
    if (!hearth_session_feed(session, prompt.data, prompt.length, error))
        return report(error->message);
    /* The model goes on with this very text: together they are what was asked for. */
    if (!settings->hide_prompt && !output_answer(prompt.data, prompt.length))
        return 1; /* output_finish says why */
    interrupts_catch();
    interrupts_aim(session);
    bool ok = answer_stream(session, &answer, error);
    interrupts_release();
    if (!answer.was_shown)
        return 1; /* output_finish says why */
    if (!answer.ended_line)
        answer.was_shown = output_answer("\n", 1);
    if (!ok)
        return report(error->message);
    answer_print_reason(&answer, settings->session.n_predict);
    if (settings->verbose)
        answer_print_times(&answer, load_ns);
    return answer.done.reason == HEARTH_CANCELLED ? 128 + SIGINT : 0;
}

static int run(const char *path, struct settings *settings, struct slice prompt, bool interactive)
{
    struct hearth_error error = { 0 };
    struct hearth_model *model = NULL;
    struct hearth_session *session = NULL;
    struct hearth_session_options options = settings_session(settings);
    int status = 0;
    if (!hearth_model_open(&model, path, &settings->model, &error) ||
        !hearth_session_open(&session, model, &options, &error)) {
        status = report(error.message);
    } else if (interactive) {
        status = repl_run(model, session, settings);
    } else if (prompt.length > 0) {
        struct hearth_model_info info;
        hearth_model_info(model, &info);
        status = answer_once(session, settings, prompt, info.load_ns, &error);
    }
    hearth_session_close(&session);
    hearth_model_close(&model);
    return status;
}

int run_command(int argc, char **argv)
{
    struct settings settings;
    settings_init(&settings);
    const struct usage usage = {
        "run FILE|DIR [PROMPT...]", about, settings.rows, SETTINGS_ROWS, 1, -1
    };
    int status;
    if (!command_begin(&usage, &argc, argv, &status))
        return status;

    struct error err = { 0 };
    bool interactive = argc == 2 && isatty(STDIN_FILENO);
    if (interactive && !isatty(STDOUT_FILENO))
        return report_usage("run", "there is no prompt, and standard output is no terminal");
    struct text prompt;
    text_init(&prompt, PROMPT_LIMIT_BYTES);
    if (!settings_load(&settings, &err) ||
        (!interactive && !assemble_prompt(argc - 2, argv + 2, &prompt, &err)))
        status = report(err.message);
    else
        status = run(argv[1], &settings, text_slice(&prompt), interactive);
    text_release(&prompt);
    settings_release(&settings);
    return status;
}

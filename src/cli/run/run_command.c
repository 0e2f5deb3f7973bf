#include "cli/commands.h"
#include "cli/output.h"
#include "cli/run/interrupts.h"
#include "cli/run/repl.h"
#include "cli/run/settings.h"
#include "cli/run/talk.h"
#include "cli/shipped_models.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Far more than any context holds; a pipe that never ends must not fill the memory. */
enum { PROMPT_LIMIT_BYTES = 256 << 20 };

static const char about[] =
    "Answers the prompt, a user's message, through the model's chat template. A model without\n"
    "template, and any with --raw, goes on with the prompt as it is, and the whole text is shown.\n"
    "Standard input, when it is no terminal, is read to its end and put in front; alone, it is\n"
    "taken without its last line break. Without a prompt, on a terminal, it is a conversation: /?\n"
    "explains. An empty prompt (\"\") only opens the model. Ctrl-C ends the answer (exit status\n"
    "130). A MODEL is known by its name in the folder of models (HEARTH_MODELS, else\n"
    "~/.hearth/models); \"ember\" is a part of the program and is taken when none is named.\n"
    "The server at HEARTH_HOST (else 127.0.0.1:11434) answers, where it knows the model by that\n"
    "name; else one of its own, started for this command and ended with it.\n";

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

/* What stands between two answers to the same prompt. */
static bool print_separator(const struct settings *settings, int32_t number)
{
    char line[40] = "---\n";
    if (settings->prints_events)
        snprintf(line, sizeof line, "{\"answer\":%" PRId32 "}\n", number);
    bool is_wanted = settings->n_answers > 1 && (number > 0 || settings->prints_events);
    return !is_wanted || output_answer(line, strlen(line));
}

/* One answer, printed; the exit status. */
static int answer_once(struct talk *talk, const struct question *question, int32_t number)
{
    struct error err = { 0 };
    struct answer answer;
    struct answer_printer printer;
    struct answer_printer_options printing = {
        .hides_thinking = talk->settings->hides_thinking,
        .prints_events = talk->settings->prints_events,
    };
    if (talk->is_plain && !talk->settings->hide_prompt && !talk->settings->input.flags.suffix)
        printing.prefix = question->text;
    answer_init(&answer);
    answer_printer_init(&printer, &printing);
    int status = 0;
    bool ok = talk_answer(talk, question, number, &printer, &answer, &err);
    if (ok || printer.has_written)
        answer_printer_end(&printer);
    if (!printer.was_shown)
        status = 1; /* output_finish says why */
    else if (!ok)
        status = report(err.message);
    else if (answer.report.end == END_CANCELLED)
        status = 128 + SIGINT;
    if (printer.was_shown && ok)
        talk_print_end(talk, &answer);
    answer_printer_release(&printer);
    answer_release(&answer);
    return status;
}

/* All answers to a prompt; the exit status. */
static int answer_prompt(struct talk *talk, struct slice prompt)
{
    struct error err = { 0 };
    struct question question;
    int status = 0;
    bool ok = question_open(&question, talk, prompt, &err);
    interrupts_catch();
    for (int32_t i = 0; ok && status == 0 && i < talk->settings->n_answers; i++)
        status = print_separator(talk->settings, i) ? answer_once(talk, &question, i) : 1;
    interrupts_release();
    question_release(&question);
    return ok ? status : report(err.message);
}

/* People who did not choose a model should know what answers, and that there is more. */
static void introduce(const char *model, const struct talk *talk)
{
    const struct json *info = json_get(talk->server.facts, "model_info");
    int64_t n_parameters = json_int(json_get(info, "general.parameter_count"), 0);
    char parameters[32];
    if (!is_shipped_model(model))
        return;
    printf("This is %s, the small model that comes with hearth (%s parameters): stories, short "
           "chats.\n"
           "For a larger one: hearth run FILE.gguf, any model of the families llama, mistral and "
           "qwen.\n",
           model, human_number(parameters, (uint64_t)n_parameters));
}

static int run(const char *model, struct settings *settings, struct slice prompt, bool interactive)
{
    struct error err = { 0 };
    struct talk talk;
    const struct chat_input *input = &settings->input;
    bool is_asked = prompt.length || input->flags.messages || input->flags.suffix;
    int status = 0;
    if (!talk_open(&talk, model, settings, &err) ||
        ((interactive || !is_asked) && !talk_configure(&talk, &err))) {
        status = report(err.message);
    } else if (interactive) {
        introduce(model, &talk);
        status = repl_run(&talk);
    } else if (is_asked) {
        status = answer_prompt(&talk, prompt);
    }
    talk_close(&talk);
    return status;
}

/* Whether there is anything else to answer than what will be typed. */
static bool is_conversation(const struct settings *settings, int argc)
{
    return argc <= 2 && isatty(STDIN_FILENO) && !settings->input.flags.messages;
}

/* Flags that a conversation at the terminal has no place for; NULL: none is given. */
static const char *flag_of_prompts(const struct settings *settings)
{
    return settings->input.flags.suffix ? "--suffix wants a prompt"
           : settings->prints_events    ? "--events wants a prompt"
           : settings->n_answers != 1   ? "--n wants a prompt"
           : !isatty(STDOUT_FILENO)     ? "there is no prompt, and standard output is no terminal"
                                        : NULL;
}

int run_command(int argc, char **argv)
{
    struct settings settings;
    settings_init(&settings);
    const char *model = shipped_model_default();
    const struct usage usage = { model ? "run [MODEL|FILE|DIR [PROMPT...]]"
                                       : "run FILE|DIR [PROMPT...]",
                                 about,
                                 settings.rows,
                                 SETTINGS_ROWS,
                                 model ? 0 : 1,
                                 -1 };
    int status;
    if (!command_begin_noting(&usage, &argc, argv, settings.is_given, &status)) {
        settings_release(&settings);
        return status;
    }
    if (argc > 1)
        model = argv[1];
    struct error err = { 0 };
    bool interactive = is_conversation(&settings, argc);
    const char *misplaced = interactive ? flag_of_prompts(&settings) : NULL;
    struct text prompt;
    text_init(&prompt, PROMPT_LIMIT_BYTES);
    if (misplaced)
        status = report_usage("run", misplaced);
    else if (!settings_load(&settings, &err))
        status = err.code == ERROR_USAGE ? report_usage("run", err.message) : report(err.message);
    else if (!interactive && !assemble_prompt(argc > 2 ? argc - 2 : 0, argv + 2, &prompt, &err))
        status = report(err.message);
    else
        status = run(model, &settings, text_slice(&prompt), interactive);
    text_release(&prompt);
    settings_release(&settings);
    return status;
}

#include "cli/repl.h"

#include "base/arena.h"
#include "base/text.h"
#include "cli/answer.h"
#include "cli/interrupts.h"
#include "cli/line_editor.h"
#include "cli/model_summary.h"
#include "cli/output.h"

#include <stdio.h>
#include <unistd.h>

enum { MESSAGE_LIMIT_BYTES = 64 << 20, ARGUMENTS_LIMIT_BYTES = 1 << 20 };

struct repl {
    struct hearth_model *model;
    struct hearth_session *session;
    struct settings *settings;
    struct line_editor *editor;
    struct arena *arena; /* values given to /set, which the settings borrow */
    uint64_t load_ns;    /* for the first answer's times, then 0 */
    bool is_over;
};

struct slash_command {
    const char *name;
    void (*function)(struct repl *r, char *arguments);
    const char *help;
};

static void slash_bye(struct repl *r, char *arguments);
static void slash_clear(struct repl *r, char *arguments);
static void slash_help(struct repl *r, char *arguments);
static void slash_set(struct repl *r, char *arguments);
static void slash_show(struct repl *r, char *arguments);

static const struct slash_command slash_commands[] = {
    { "/set", slash_set,
      "/set parameter NAME VALUE, verbose, quiet, history, nohistory,\n"
      "             format json|SCHEMA|FILE, noformat" },
    { "/show", slash_show, "/show info, /show parameters" },
    { "/clear", slash_clear, "Forget what was said" },
    { "/bye", slash_bye, "Leave (also /exit, Ctrl-D)" },
    { "/exit", slash_bye, NULL },
    { "/?", slash_help, "This list (also /help)" },
    { "/help", slash_help, NULL },
};

/* The first word of *rest, cut off in place; *rest moves behind it. "" when there is none. */
static char *next_word(char **rest)
{
    char *word = *rest + strspn(*rest, " \t");
    char *end = word + strcspn(word, " \t");
    *rest = end + (*end != '\0');
    *end = '\0';
    return word;
}

static void slash_bye(struct repl *r, char *arguments)
{
    (void)arguments;
    r->is_over = true;
}

static void slash_clear(struct repl *r, char *arguments)
{
    (void)arguments;
    hearth_session_clear(r->session);
    puts("Cleared session context");
}

static void slash_help(struct repl *r, char *arguments)
{
    (void)r;
    (void)arguments;
    puts("Available Commands:");
    for (size_t i = 0; i < COUNT_OF(slash_commands); i++)
        if (slash_commands[i].help)
            printf("  %-10s %s\n", slash_commands[i].name, slash_commands[i].help);
    puts("\nUse \"\"\" to begin and end a message of several lines.\n"
         "Ctrl-C ends an answer.");
}

/* Change a setting and tell the session; whether that went well. */
static bool change(struct repl *r, const char *name, const char *value)
{
    struct error err = { 0 };
    struct hearth_error error = { 0 };
    if (!settings_change(r->settings, name, value, &err)) {
        report(err.message);
        return false;
    }
    struct hearth_session_options options = settings_session(r->settings);
    if (hearth_session_configure(r->session, &options, &error))
        return true;
    report(error.message);
    return false;
}

static void set_parameter(struct repl *r, char *arguments)
{
    char *name = next_word(&arguments);
    char *value = arena_copy(r->arena, slice_of(arguments + strspn(arguments, " \t")));
    if (!*name || !value || !*value) {
        puts("Usage: /set parameter NAME VALUE");
        return;
    }
    if (change(r, name, value))
        printf("Set parameter '%s' to '%s'\n", name, value);
}

/* What does not become the format leaves answers free: the one before is not what was asked for. */
static void set_format(struct repl *r, char *arguments)
{
    char *value = arena_copy(r->arena, slice_of(arguments + strspn(arguments, " \t")));
    if (!value || !*value)
        puts("Usage: /set format json, a JSON Schema or a file that holds one");
    else if (change(r, "format", value))
        printf("Set format to '%s'.\n", value);
    else
        change(r, "format", "");
}

static void clear_format(struct repl *r)
{
    if (change(r, "format", ""))
        puts("Disabled format.");
}

static void slash_set(struct repl *r, char *arguments)
{
    const char *what = next_word(&arguments);
    if (strcmp(what, "parameter") == 0) {
        set_parameter(r, arguments);
    } else if (strcmp(what, "format") == 0) {
        set_format(r, arguments);
    } else if (strcmp(what, "noformat") == 0) {
        clear_format(r);
    } else if (strcmp(what, "verbose") == 0 || strcmp(what, "quiet") == 0) {
        r->settings->verbose = *what == 'v';
        printf("Set '%s' mode.\n", what);
    } else if (strcmp(what, "history") == 0 || strcmp(what, "nohistory") == 0) {
        line_editor_remember(r->editor, *what == 'h');
    } else {
        puts("Usage: /set parameter NAME VALUE, /set verbose|quiet|history|nohistory,\n"
             "       /set format json|SCHEMA|FILE, /set noformat");
    }
}

static void show_info(const struct repl *r)
{
    struct hearth_model_info info;
    hearth_model_info(r->model, &info);
    model_summary_print(&(struct model_summary){
        .architecture = slice_of(info.architecture),
        .quantization = slice_of(info.quantization),
        .n_parameters = info.n_parameters,
        .context_length = info.n_ctx_train,
        .embedding_length = info.n_embd,
    });
}

static void show_parameters(const struct repl *r)
{
    struct text out;
    text_init(&out, ARGUMENTS_LIMIT_BYTES);
    if (settings_print(r->settings, &out))
        printf("  Parameters\n%s\n", out.data);
    text_release(&out);
}

static void slash_show(struct repl *r, char *arguments)
{
    const char *what = next_word(&arguments);
    if (strcmp(what, "info") == 0)
        show_info(r);
    else if (strcmp(what, "parameters") == 0)
        show_parameters(r);
    else
        puts("Usage: /show info, /show parameters");
}

static void run_slash_command(struct repl *r, char *line)
{
    char *arguments = line;
    const char *name = next_word(&arguments);
    for (size_t i = 0; i < COUNT_OF(slash_commands); i++)
        if (strcmp(slash_commands[i].name, name) == 0) {
            slash_commands[i].function(r, arguments);
            return;
        }
    printf("Unknown command '%s'. Type /? for help\n", printable(slice_of(name)));
}

static void answer_message(struct repl *r, const struct text *message)
{
    struct hearth_error error = { 0 };
    struct answer answer;
    interrupts_aim(r->session);
    if (!hearth_session_feed(r->session, message->data, message->length, &error)) {
        report(error.message);
        return;
    }
    bool ok = answer_stream(r->session, &answer, &error);
    interrupts_aim(NULL);
    puts(answer.ended_line ? "" : "\n");
    if (!ok)
        report(error.message);
    else
        answer_print_reason(&answer, r->settings->session.n_predict);
    if (ok && r->settings->verbose)
        answer_print_times(&answer, r->load_ns);
    r->load_ns = 0;
    r->is_over = !answer.was_shown;
}

/* The lines up to the closing """; `first` is what followed the opening one. False when the message
 * was given up. */
static bool read_block(struct repl *r, struct slice first, struct text *message)
{
    struct slice line = first;
    for (bool is_first = true;; is_first = false) {
        bool closes = line.length >= 3 && memcmp(line.data + line.length - 3, "\"\"\"", 3) == 0;
        if (!is_first && !text_append_byte(message, '\n'))
            return false;
        if (!text_append(message, line.data, line.length - (closes ? 3 : 0)))
            return false;
        if (closes)
            return true;
        enum line_result result = line_editor_read(r->editor, "... ", &line);
        if (result == LINE_END)
            r->is_over = true;
        if (result != LINE_TYPED)
            return false;
    }
}

/* One line at ">>> " and all that it asks for. */
static void turn(struct repl *r, struct text *message)
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
        struct slice rest = { line.data + 3, line.length - 3 };
        if (read_block(r, rest, message) && message->length)
            answer_message(r, message);
    } else if (line.length && line.data[0] == '/') {
        if (text_append_slice(message, line))
            run_slash_command(r, message->data);
    } else if (line.length && text_append_slice(message, line)) {
        answer_message(r, message);
    }
}

int repl_run(struct hearth_model *model, struct hearth_session *session, struct settings *settings)
{
    struct error err = { 0 };
    struct hearth_model_info info;
    hearth_model_info(model, &info);
    struct repl r = {
        .model = model, .session = session, .settings = settings, .load_ns = info.load_ns
    };
    r.arena = arena_new(ARGUMENTS_LIMIT_BYTES);
    if (!r.arena || !line_editor_open(&r.editor, &err)) {
        arena_free(&r.arena);
        return report(err.code ? err.message : "out of memory");
    }
    struct text message;
    text_init(&message, MESSAGE_LIMIT_BYTES);
    interrupts_catch();
    while (!r.is_over)
        turn(&r, &message);
    interrupts_release();
    text_release(&message);
    line_editor_close(&r.editor);
    arena_free(&r.arena);
    return 0;
}

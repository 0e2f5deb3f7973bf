#include "cli/run/slash_commands.h"

#include "cli/model_summary.h"
#include "cli/output.h"
#include "cli/prompt/think_option.h"

#include <stdio.h>

enum { SHOWN_LIMIT_BYTES = 1 << 20 };

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
      "/set parameter NAME VALUE, system TEXT, think [LEVEL], nothink,\n"
      "             format json|SCHEMA|FILE, noformat, verbose, quiet, history, nohistory" },
    { "/show", slash_show, "/show info, parameters, system, template" },
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
    talk_clear(r->talk);
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

static bool told(bool ok, const struct error *err)
{
    if (!ok)
        report(err->message);
    return ok;
}

/* A bias that is none leaves the others as they are. */
static bool check_bias(struct repl *r, const char *name, const char *value, struct error *err)
{
    struct logit_bias bias;
    bool is_bias = strcmp(name, "logit_bias") == 0 || strcmp(name, "logit-bias") == 0;
    return !is_bias || logit_bias_read(&bias, value, &r->talk->server, err);
}

/* Change a setting, if the server can obey; whether that went well. What it cannot obey is dropped,
 * so that it does not spoil the next change. */
static bool change(struct repl *r, const char *name, const char *value)
{
    struct error err = { 0 }, ignored = { 0 };
    if (!told(check_bias(r, name, value, &err) &&
                  settings_change(r->talk->settings, name, value, &err),
              &err))
        return false;
    if (told(talk_configure(r->talk, &err), &err))
        return true;
    settings_drop(r->talk->settings, name);
    (void)!talk_configure(r->talk, &ignored);
    return false;
}

/* What follows the words that were read, without white space in front. */
static char *rest_of(char *arguments)
{
    return arguments + strspn(arguments, " \t");
}

static void set_parameter(struct repl *r, char *arguments)
{
    char *name = next_word(&arguments);
    char *value = arena_copy(r->arena, slice_of(rest_of(arguments)));
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
    char *value = arena_copy(r->arena, slice_of(rest_of(arguments)));
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

/* A model without template would not hear of it. */
static bool has_messages(const struct repl *r, const char *what)
{
    if (r->talk->is_plain)
        printf("Without a chat template there is no place for %s.\n", what);
    return !r->talk->is_plain;
}

/* The text after "/set system", also of several lines between triple quotes. */
static bool read_system(struct repl *r, char *value, struct text *out)
{
    if (strncmp(value, "\"\"\"", 3) != 0)
        return text_append_string(out, value);
    enum line_result result = line_editor_read_block(r->editor, slice_of(value + 3), out);
    r->is_over = result == LINE_END;
    return result == LINE_TYPED;
}

static void set_system(struct repl *r, char *arguments)
{
    struct text system, *present = &r->talk->settings->input.system;
    char *value = rest_of(arguments);
    if (!has_messages(r, "a system message"))
        return;
    if (!*value) {
        puts("Usage: /set system TEXT, or \"\"\"TEXT of several lines\"\"\"");
        return;
    }
    text_init(&system, present->limit);
    if (read_system(r, value, &system)) {
        text_release(present);
        *present = system;
        puts("Set system message.");
    } else {
        text_release(&system);
    }
}

static void set_think(struct repl *r, const char *word)
{
    struct error err = { 0 };
    struct think_choice choice, *present = &r->talk->settings->input.think, before = *present;
    if (!told(think_option_read(&choice, *word ? word : "true", &err), &err))
        return;
    *present = choice;
    if (!told(talk_configure(r->talk, &err), &err)) {
        *present = before;
        return;
    }
    if (*choice.level)
        printf("Set 'think' mode to '%s'.\n", choice.level);
    else
        printf("Set '%s' mode.\n", choice.is_on ? "think" : "nothink");
}

static void set_verbose(struct repl *r, const char *what)
{
    r->talk->settings->verbose = *what == 'v';
    printf("Set '%s' mode.\n", what);
}

static void slash_set(struct repl *r, char *arguments)
{
    const char *what = next_word(&arguments);
    if (strcmp(what, "parameter") == 0)
        set_parameter(r, arguments);
    else if (strcmp(what, "system") == 0)
        set_system(r, arguments);
    else if (strcmp(what, "think") == 0)
        set_think(r, next_word(&arguments));
    else if (strcmp(what, "nothink") == 0)
        set_think(r, "false");
    else if (strcmp(what, "format") == 0)
        set_format(r, arguments);
    else if (strcmp(what, "noformat") == 0)
        clear_format(r);
    else if (strcmp(what, "verbose") == 0 || strcmp(what, "quiet") == 0)
        set_verbose(r, what);
    else if (strcmp(what, "history") == 0 || strcmp(what, "nohistory") == 0)
        line_editor_remember(r->editor, *what == 'h');
    else
        puts("Usage: /set parameter NAME VALUE, /set verbose|quiet|history|nohistory,\n"
             "       /set system TEXT, /set think [LEVEL], /set nothink,\n"
             "       /set format json|SCHEMA|FILE, /set noformat");
}

static uint64_t whole_of(const struct json *object, const char *name)
{
    int64_t value = json_int(json_get(object, name), 0);
    return value > 0 ? (uint64_t)value : 0;
}

static void show_info(const struct repl *r)
{
    const struct json *facts = r->talk->server.facts, *details = json_get(facts, "details");
    model_summary_print(&(struct model_summary){
        .architecture = json_text(json_get(details, "family")),
        .quantization = json_text(json_get(details, "quantization_level")),
        .n_parameters = whole_of(json_get(facts, "model_info"), "general.parameter_count"),
        .context_length = whole_of(details, "context_length"),
        .embedding_length = whole_of(details, "embedding_length"),
    });
}

static void show_parameters(const struct repl *r)
{
    struct text out;
    text_init(&out, SHOWN_LIMIT_BYTES);
    if (settings_print(r->talk->settings, &out))
        printf("  Parameters\n%s\n", out.data);
    text_release(&out);
}

/* Text in lines of its own; a standard output that takes nothing is told at the end. */
static void show_text(struct slice text)
{
    (void)!output_answer(text.data, text.length);
    puts(text.length && text.data[text.length - 1] == '\n' ? "" : "\n");
}

static void show_system(const struct repl *r)
{
    const struct text *system = &r->talk->settings->input.system;
    if (system->length)
        show_text(text_slice(system));
    else
        puts("No system message is set.");
}

/* Built-in templates are known by their names; the others are shown. */
static void show_template(const struct repl *r)
{
    const struct chat_input *input = &r->talk->settings->input;
    const struct json *facts = r->talk->server.facts;
    struct slice origin = json_text(json_get(facts, "template_origin"));
    struct slice source = json_text(json_get(facts, "template"));
    if (input->flags.template) {
        origin = slice_of(chat_input_is_jinja(input) ? "the given template (Jinja)"
                                                     : "the given template (Go)");
        source = text_slice(&input->template);
    }
    fputs("Template: ", stdout);
    output_line(origin);
    puts("\n");
    if (source.length)
        show_text(source);
}

static void slash_show(struct repl *r, char *arguments)
{
    const char *what = next_word(&arguments);
    if (strcmp(what, "info") == 0)
        show_info(r);
    else if (strcmp(what, "parameters") == 0)
        show_parameters(r);
    else if (strcmp(what, "system") == 0)
        show_system(r);
    else if (strcmp(what, "template") == 0)
        show_template(r);
    else
        puts("Usage: /show info, /show parameters, /show system, /show template");
}

void slash_command_run(struct repl *r, char *line)
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

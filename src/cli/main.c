/* main.c: finds the command by its name. */
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/shipped_models.h"
#include "cli/tokenize_command.h"
#include "hearth.h"

#include <stdio.h>

struct command {
    const char *name;
    int (*function)(int argc, char **argv);
    const char *line, *summary; /* NULL: not for people, and not in the list */
};

static const struct command commands[] = {
    { "run", run_command, "run [MODEL [PROMPT...]]",
      "Answer a prompt, or talk when there is none" },
    { "serve", serve_command, "serve [MODEL|FILE|DIR...]",
      "Answer clients of Ollama, OpenAI and Anthropic" },
    { "start", serve_command, NULL, NULL },
    { "show", show_command, "show MODEL|FILE|DIR", "What a model file holds" },
    { "list", list_command, "list [PREFIX]", "The models that the server has" },
    { "ls", list_command, NULL, NULL },
    { "ps", ps_command, "ps [PREFIX]", "The models that the server has in memory" },
    { "stop", stop_command, "stop MODEL", "Take a model out of the server's memory" },
    { "config", config_command, "config [--json]", "The server's settings and their origins" },
    { "tokenize", tokenize_command, "tokenize FILE", "Text to token ids, and back" },
    { "logits", logits_command, "logits FILE --tokens \"1 2 3\"",
      "What a model makes of tokens, as JSON" },
    { "perplexity", perplexity_command, "perplexity FILE TEXTFILE",
      "How well a model predicts a text" },
    { "render", render_command, "render --template FILE ...",
      "What a chat template makes of messages" },
    { "bench", bench_command, "bench FILE", "Measure speed and memory" },
    { "parse", parse_command, "parse --parser NAME|--template FILE [--tools FILE]",
      "Split a model's text into its parts" },
    { "grammar", grammar_command, "grammar --schema FILE|--gbnf FILE (--check DOC | --sample N)",
      "Judge documents by a grammar, or sample it" },
    { "synth", synth_command, "synth SHAPE TYPE OUT.gguf", "Write random weights of a real shape" },
    { "worker", worker_command, NULL, NULL },
};

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static int unknown_command(const char *name)
{
    char message[200];
    snprintf(message, sizeof message, "unknown command: %s", printable(slice_of(name)));
    return report_usage("", message);
}

static int help(int argc, char **argv)
{
    if (argc > 1) {
        const struct command *command = find_command(argv[1]);
        if (!command)
            return unknown_command(argv[1]);
        char *arguments[] = { argv[1], "--help", NULL };
        return command->function(2, arguments);
    }
    puts("hearth runs language models on this machine.\n\nUsage: hearth COMMAND ...\n");
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (commands[i].line)
            printf("  %-32s %s\n", commands[i].line, commands[i].summary);
    puts("  help [COMMAND]                   This list, or a command's flags\n"
         "  --version                        The version of hearth");
    return 0;
}

int main(int argc, char **argv)
{
    shipped_models_provide();
    output_init();
    const char *name = argc > 1 ? argv[1] : "help";
    if (strcmp(name, "--version") == 0 || strcmp(name, "-v") == 0) {
        printf("hearth version is %s\n", hearth_version());
        return output_finish(0);
    }
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return output_finish(help(argc > 1 ? argc - 1 : argc, argc > 1 ? argv + 1 : argv));
    const struct command *command = find_command(name);
    if (!command && name[0] == '-') {
        char message[200];
        snprintf(message, sizeof message, "unknown flag: %s", printable(slice_of(name)));
        return report_usage("", message);
    }
    if (!command)
        return unknown_command(name);
    return output_finish(command->function(argc - 1, argv + 1));
}

/* commands.h: the commands of the program, one function each.
 *
 * Owns the list of their names. Each gets its own name in argv[0], prints, and returns the exit
 * status: 0, 1 when something went wrong, 2 when it was called wrongly. One thread. */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "cli/options.h"

int run_command(int argc, char **argv);
int show_command(int argc, char **argv);
int logits_command(int argc, char **argv);
int perplexity_command(int argc, char **argv);
int bench_command(int argc, char **argv);
int synth_command(int argc, char **argv);
int grammar_command(int argc, char **argv);
int render_command(int argc, char **argv);
int parse_command(int argc, char **argv);
int serve_command(int argc, char **argv);
int worker_command(int argc, char **argv);
int config_command(int argc, char **argv);
int list_command(int argc, char **argv);
int ps_command(int argc, char **argv);
int stop_command(int argc, char **argv);

/* How a command is called, for its --help. */
struct usage {
    const char *line;  /* "run FILE|DIR [PROMPT...]" */
    const char *about; /* paragraphs that end in a newline */
    const struct option_row *rows;
    size_t n_rows;
    int min_arguments, max_arguments; /* besides flags; max -1: any number */
};

/* Parse flags, answer --help and check the number of arguments. True when the command shall go on;
 * otherwise *status is what it shall return. */
bool command_begin(const struct usage *usage, int *argc, char **argv, int *status) MUST_CHECK;

/* The same, where it matters which flags were given: those of `is_given` [n_rows] become true. */
bool command_begin_noting(const struct usage *usage, int *argc, char **argv, bool *is_given,
                          int *status) MUST_CHECK;

#endif

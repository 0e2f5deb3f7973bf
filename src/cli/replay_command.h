/* replay_command.h: `hearth bench MODEL --replay FILE...`.
 *
 * Owns the measurement of guessing on given texts. One thread. */
#ifndef REPLAY_COMMAND_H
#define REPLAY_COMMAND_H

#include <stdbool.h>

/* Whether --replay is among the arguments of bench. */
bool replay_wanted(int argc, char **argv);
int replay_command(int argc, char **argv);

#endif

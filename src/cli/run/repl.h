/* repl.h: the conversation at the terminal: `hearth run` without a prompt.
 *
 * Owns multi-line input and the list of messages as it grows. Leaves typing to line_editor.h,
 * commands to slash_commands.h and answers to talk.h. One thread. */
#ifndef REPL_H
#define REPL_H

#include "cli/run/talk.h"

/* Talk until /bye or Ctrl-D; the exit status. The settings change with /set. */
int repl_run(struct talk *talk);

#endif

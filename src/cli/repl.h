/* repl.h: the conversation at the terminal: `hearth run` without a prompt.
 *
 * Owns the slash commands and multi-line input. Leaves typing to line_editor.h and answers to
 * answer.h. One thread. */
#ifndef REPL_H
#define REPL_H

#include "cli/settings.h"
#include "hearth.h"

/* Talk until /bye or Ctrl-D; the exit status. `settings` changes with /set. */
int repl_run(struct hearth_model *model, struct hearth_session *session, struct settings *settings);

#endif

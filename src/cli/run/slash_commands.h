/* slash_commands.h: what may be typed in a conversation besides messages: /set, /show, /clear ...
 *
 * Owns their table and what they do. Leaves messages to repl.h. One thread. */
#ifndef SLASH_COMMANDS_H
#define SLASH_COMMANDS_H

#include "base/arena.h"
#include "cli/run/line_editor.h"
#include "cli/run/talk.h"

/* A conversation at the terminal. */
struct repl {
    struct talk *talk; /* borrowed */
    struct line_editor *editor;
    struct arena *arena; /* values given to /set, which the settings borrow */
    bool is_over;
};

/* `line` begins with a slash and is cut into words. */
void slash_command_run(struct repl *r, char *line);

#endif

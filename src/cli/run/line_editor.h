/* line_editor.h: one line typed at a prompt, with history.
 *
 * Owns the terminal while a line is edited and the history file (readable by its owner only). The
 * only file that names the line-editing library (libedit). Leaves what a line means to others. One
 * thread. */
#ifndef LINE_EDITOR_H
#define LINE_EDITOR_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"

struct line_editor;

/* History comes from ~/.hearth/history unless there is no home or HEARTH_NOHISTORY is set. */
bool line_editor_open(struct line_editor **out, struct error *err) MUST_CHECK;
void line_editor_close(struct line_editor **editor); /* accepts NULL, leaves NULL */

enum line_result {
    LINE_TYPED,
    LINE_INTERRUPTED, /* Ctrl-C: `line` is what had been typed */
    LINE_END,         /* Ctrl-D on an empty line, or the terminal is gone */
};

/* `line` without its line break, valid until the next call. */
enum line_result line_editor_read(struct line_editor *editor, const char *prompt,
                                  struct slice *line);

/* A text of several lines up to a closing """; `first` is what followed the opening one on its
 * line. Only a LINE_TYPED text is whole. */
enum line_result line_editor_read_block(struct line_editor *editor, struct slice first,
                                        struct text *out);

/* Whether lines are remembered from now on; on at first. */
void line_editor_remember(struct line_editor *editor, bool on);

#endif

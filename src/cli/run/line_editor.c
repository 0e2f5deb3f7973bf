#include "cli/run/line_editor.h"

#include "base/memory.h"

#include <histedit.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { HISTORY_LINES = 100, LINE_LIMIT_BYTES = 1 << 20 };

struct line_editor {
    EditLine *edit;
    History *history;
    const char *prompt; /* borrowed during line_editor_read */
    char *history_path; /* NULL: none is kept */
    bool was_interrupted, remembers;
    struct text line;
};

static struct line_editor *editor_of(EditLine *edit)
{
    struct line_editor *editor = NULL;
    el_get(edit, EL_CLIENTDATA, &editor);
    return editor;
}

static char *show_prompt(EditLine *edit)
{
    return (char *)(uintptr_t)editor_of(edit)->prompt;
}

/* Ctrl-C as a key: the line ends here, and its reader learns why. */
static unsigned char on_interrupt_key(EditLine *edit, int key)
{
    (void)key;
    editor_of(edit)->was_interrupted = true;
    return CC_NEWLINE;
}

static char *history_file(void)
{
    const char *home = getenv("HOME");
    if (!home || !*home || getenv("HEARTH_NOHISTORY"))
        return NULL;
    struct text path;
    text_init(&path, 4096);
    if (text_printf(&path, "%s/.hearth", home)) {
        mkdir(path.data, 0700);
        if (text_append_string(&path, "/history"))
            return path.data; /* freed by line_editor_close */
    }
    text_release(&path);
    return NULL;
}

static bool open_history(struct line_editor *editor)
{
    HistEvent event;
    editor->history = history_init();
    if (!editor->history)
        return false;
    history(editor->history, &event, H_SETSIZE, HISTORY_LINES);
    history(editor->history, &event, H_SETUNIQUE, 1);
    editor->history_path = history_file();
    if (editor->history_path)
        history(editor->history, &event, H_LOAD, editor->history_path); /* absent at first */
    el_set(editor->edit, EL_HIST, history, editor->history);
    return true;
}

bool line_editor_open(struct line_editor **out, struct error *err)
{
    *out = NULL;
    struct line_editor *editor = memory_zeroed(1, sizeof *editor);
    if (!editor)
        return fail_memory(err, sizeof *editor, "the line editor");
    text_init(&editor->line, LINE_LIMIT_BYTES);
    editor->remembers = true;
    if (!setlocale(LC_CTYPE, "") || MB_CUR_MAX == 1)
        /* what is typed is UTF-8, whatever the environment forgot */
        setlocale(LC_CTYPE, "C.UTF-8");
    editor->edit = el_init("hearth", stdin, stdout, stderr);
    if (!editor->edit || !open_history(editor)) {
        line_editor_close(&editor);
        return fail(err, ERROR_IO, "cannot set up the terminal for typing");
    }
    el_set(editor->edit, EL_CLIENTDATA, editor);
    el_set(editor->edit, EL_PROMPT, show_prompt);
    el_set(editor->edit, EL_EDITOR, "emacs");
    /* wide, because the narrow call copies the names and never frees them */
    el_wset(editor->edit, EL_ADDFN, L"hearth-interrupt", L"end the line", on_interrupt_key);
    el_set(editor->edit, EL_SETTY, "-d", "-isig", NULL);
    el_set(editor->edit, EL_BIND, "^C", "hearth-interrupt", NULL);
    el_source(editor->edit, NULL); /* the user's ~/.editrc */
    *out = editor;
    return true;
}

static void save_history(struct line_editor *editor)
{
    if (!editor->history_path)
        return;
    HistEvent event;
    mode_t before = umask(077);
    history(editor->history, &event, H_SAVE, editor->history_path);
    umask(before);
    chmod(editor->history_path, 0600); /* it may be older than this rule */
}

void line_editor_close(struct line_editor **editor)
{
    struct line_editor *e = *editor;
    if (!e)
        return;
    if (e->history) {
        save_history(e);
        history_end(e->history);
    }
    if (e->edit)
        el_end(e->edit);
    memory_free(e->history_path);
    text_release(&e->line);
    memory_free(e);
    *editor = NULL;
}

enum line_result line_editor_read(struct line_editor *editor, const char *prompt,
                                  struct slice *line)
{
    editor->prompt = prompt;
    editor->was_interrupted = false;
    text_clear(&editor->line);
    int length = 0;
    const char *typed = el_gets(editor->edit, &length);
    *line = (struct slice){ "", 0 };
    if (editor->was_interrupted)
        putchar('\n');
    if (!typed || length <= 0)
        return editor->was_interrupted ? LINE_INTERRUPTED : LINE_END;
    size_t n = (size_t)length;
    bool has_break = typed[n - 1] == '\n';
    if (!text_append(&editor->line, typed, has_break ? n - 1 : n))
        return LINE_END;
    *line = text_slice(&editor->line);
    if (editor->was_interrupted)
        return LINE_INTERRUPTED;
    HistEvent event;
    if (editor->remembers && line->length > 0)
        history(editor->history, &event, H_ENTER, line->data);
    return LINE_TYPED;
}

enum line_result line_editor_read_block(struct line_editor *editor, struct slice first,
                                        struct text *out)
{
    struct slice line = first;
    for (bool is_first = true;; is_first = false) {
        bool closes = line.length >= 3 && memcmp(line.data + line.length - 3, "\"\"\"", 3) == 0;
        if (!is_first && !text_append_byte(out, '\n'))
            return LINE_INTERRUPTED;
        if (!text_append(out, line.data, line.length - (closes ? 3 : 0)))
            return LINE_INTERRUPTED;
        if (closes)
            return LINE_TYPED;
        enum line_result result = line_editor_read(editor, "... ", &line);
        if (result != LINE_TYPED)
            return result;
    }
}

void line_editor_remember(struct line_editor *editor, bool on)
{
    editor->remembers = on;
}

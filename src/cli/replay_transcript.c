#include "cli/replay_transcript.h"

#include "base/mapped_file.h"
#include "base/text.h"
#include "cli/token_ids.h"

#include <stdio.h>

enum { MOST_BYTES = 64 << 20 };

static void set_name(struct replay_transcript *t, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    size_t length = dot && dot > name ? (size_t)(dot - name) : strlen(name);
    snprintf(t->name, sizeof t->name, "%.*s", (int)size_min(length, sizeof t->name - 1), name);
}

static bool check_ids(const struct token_list *list, uint32_t n_vocab, struct error *err)
{
    if (list->count == 0)
        return fail(err, ERROR_FORMAT, "no token ids, two lines of them expected");
    for (size_t i = 0; i < list->count; i++)
        if ((uint32_t)list->ids[i] >= n_vocab)
            return fail(err, ERROR_USAGE, "token %d, but the model's vocabulary has %" PRIu32,
                        list->ids[i], n_vocab);
    return true;
}

/* `text` ends in a NUL byte; its first newline is replaced by another. */
static bool parse(struct replay_transcript *t, struct text *text, uint32_t n_vocab,
                  struct error *err)
{
    char *newline = memchr(text->data, '\n', text->length);
    if (!newline)
        return fail(err, ERROR_FORMAT, "one line of token ids, two expected");
    *newline = 0;
    return token_ids_parse(slice_of(text->data), &t->prompt, err) &&
           token_ids_parse(slice_of(newline + 1), &t->answer, err) &&
           check_ids(&t->prompt, n_vocab, err) && check_ids(&t->answer, n_vocab, err);
}

bool replay_transcript_read(struct replay_transcript *t, const char *path, uint32_t n_vocab,
                            struct error *err)
{
    *t = (struct replay_transcript){ 0 };
    set_name(t, path);
    struct mapped_file *file;
    if (!mapped_file_open(&file, path, err))
        return false;
    struct text text;
    text_init(&text, MOST_BYTES);
    bool ok = text_append(&text, file->data, file->size);
    ok = ok ? parse(t, &text, n_vocab, err) : fail_memory(err, file->size, "a transcript");
    text_release(&text);
    mapped_file_close(&file);
    return ok || fail_while(err, "'%s'", path);
}

void replay_transcript_release(struct replay_transcript *t)
{
    token_list_release(&t->prompt);
    token_list_release(&t->answer);
}

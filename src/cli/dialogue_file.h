/* dialogue_file.h: how to talk to a model, from its file alone: weights are not read, no engine
 * runs.
 *
 * Owns the open file, its vocabulary and the dialogue. One thread. */
#ifndef DIALOGUE_FILE_H
#define DIALOGUE_FILE_H

#include "dialogue/dialogue.h"

struct dialogue_file {
    struct weights *weights;
    struct tokenizer *tokenizer;
    struct dialogue *dialogue;
};

/* `file` is to be closed also after a failure. */
bool dialogue_file_open(struct dialogue_file *file, const char *path,
                        const struct dialogue_options *options, struct error *err) MUST_CHECK;
void dialogue_file_close(struct dialogue_file *file);

#endif

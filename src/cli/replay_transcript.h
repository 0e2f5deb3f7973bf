/* replay_transcript.h: a prompt and its answer as token ids.
 *
 * Owns both lists. A file has two lines of ids, the prompt's and the answer's. One thread. */
#ifndef REPLAY_TRANSCRIPT_H
#define REPLAY_TRANSCRIPT_H

#include "base/base.h"
#include "base/error.h"
#include "tokenizer/tokenizer.h"

struct replay_transcript {
    char name[64]; /* of the file, without folder and ending */
    struct token_list prompt, answer;
};

/* Every id must be below n_vocab. To be released also after a failure. */
bool replay_transcript_read(struct replay_transcript *out, const char *path, uint32_t n_vocab,
                            struct error *err) MUST_CHECK;
void replay_transcript_release(struct replay_transcript *transcript);

#endif

/* token_ids.h: token ids as people write them: "1 2 3" or "1,2,3".
 *
 * Owns their reading. Any thread. */
#ifndef TOKEN_IDS_H
#define TOKEN_IDS_H

#include "base/base.h"
#include "base/error.h"
#include "tokenizer/tokenizer.h"

/* Append the ids in `text`, which ends in a NUL byte, to `out`. Whether a vocabulary has them is
 * for others to say. */
bool token_ids_parse(struct slice text, struct token_list *out, struct error *err) MUST_CHECK;

#endif

/* think_option.h: what --think=WORD and "/set think WORD" ask for.
 *
 * Owns the spelling on the command line. Leaves what the words mean to think.h. Any thread. */
#ifndef THINK_OPTION_H
#define THINK_OPTION_H

#include "chat/think.h"

/* true, false or a level; NULL: as the model does by itself. */
bool think_option_read(struct think_choice *out, const char *word, struct error *err) MUST_CHECK;

#endif

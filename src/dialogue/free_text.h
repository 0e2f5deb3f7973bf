/* free_text.h: any text that does not look like something else.
 *
 * Owns the automata of texts in which some others do not occur. Pure functions. */
#ifndef FREE_TEXT_H
#define FREE_TEXT_H

#include "runtime/grammar/pattern.h"
#include "runtime/grammar/regular.h"

struct text_limits {
    const struct slice *absent; /* [n_absent] occur nowhere */
    size_t n_absent;
    const struct slice *not_first; /* [n_not_first] do not come first, white space apart */
    size_t n_not_first;
};

/* Texts of characters as `character` spells them; what is absent is so from their spelling. */
bool free_text(struct regular **out, pattern_character *character, const struct text_limits *limits,
               struct error *err) MUST_CHECK;

#endif

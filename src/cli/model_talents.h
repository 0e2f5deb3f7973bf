/* model_talents.h: the sections of `hearth show` on what a model can be asked, and by which
 * template.
 *
 * Owns their layout and how talents are told from a dialogue. One thread. */
#ifndef MODEL_TALENTS_H
#define MODEL_TALENTS_H

#include "dialogue/dialogue.h"

/* Prints "Capabilities" and "Template"; a template that cannot be used is told there. */
void model_talents_print(const struct weights *weights, const struct tokenizer *tokenizer);

#endif

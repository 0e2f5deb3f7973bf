/* model_dialogue.h: the dialogue of a model of the public interface.
 *
 * Owns nothing; for those who know models by include/hearth.h only. Any thread. */
#ifndef MODEL_DIALOGUE_H
#define MODEL_DIALOGUE_H

#include "dialogue/dialogue.h"
#include "hearth.h"

/* dialogue_open with the model's weights and tokenizer; the model must outlive the dialogue. */
bool model_dialogue_open(struct dialogue **out, const struct hearth_model *model,
                         const struct dialogue_options *options, struct error *err) MUST_CHECK;

#endif

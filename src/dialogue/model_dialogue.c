#include "dialogue/model_dialogue.h"

#include "runtime/hearth_control.h"

bool model_dialogue_open(struct dialogue **out, const struct hearth_model *model,
                         const struct dialogue_options *options, struct error *err)
{
    const struct engine *engine = model_engine(model);
    return dialogue_open(out, engine_weights(engine), engine_tokenizer(engine), options, err);
}

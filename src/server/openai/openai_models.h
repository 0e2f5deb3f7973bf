/* openai_models.h: the answers of GET /v1/models and /v1/models/{name}.
 *
 * Owns their form. Any thread. */
#ifndef OPENAI_MODELS_H
#define OPENAI_MODELS_H

#include "server/models/model_list.h"
#include "server/openai/openai_problem.h"

/* {"object":"list","data":[...]}: an empty array where there are none. */
bool openai_models_write(struct text *out, struct model_list *models, struct error *err) MUST_CHECK;

/* One of them. ERROR_NOT_FOUND when there is none of that name. */
bool openai_model_write(struct text *out, struct model_list *models, struct slice wanted,
                        struct error *err) MUST_CHECK;

#endif

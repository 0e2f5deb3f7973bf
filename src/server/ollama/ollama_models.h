/* ollama_models.h: models as /api/tags, /api/ps and /api/show tell of them.
 *
 * Owns the form of those answers. Pure functions of what model_list.h, residency.h and READY say;
 * each appends one object. Any thread. */
#ifndef OLLAMA_MODELS_H
#define OLLAMA_MODELS_H

#include "base/json.h"
#include "base/text.h"
#include "server/models/model_list.h"
#include "server/ollama/go_json.h"
#include "server/residency/residency.h"

/* An element of "models" of /api/tags. */
void ollama_tag_write(struct go_json *w, const struct listed_model *model);

/* An element of "models" of /api/ps; `digest` as the list has it, "": it is there no more. */
void ollama_resident_write(struct go_json *w, const struct resident *model, struct slice digest);

/* The whole of /api/show: `info` of READY, or NULL where the model could not be opened. */
struct shown_model {
    const struct listed_model *listed;
    const struct json *info;
    bool is_verbose;                /* arrays of the metadata too */
    struct slice system, template_; /* of the request, in place of the model's own */
};
void ollama_show_write(struct go_json *w, const struct shown_model *shown);

#endif

#include "worker/worker_model.h"

#include "dialogue/model_dialogue.h"
#include "runtime/hearth_control.h"
#include "runtime/session_steps.h"
#include "worker/embedding.h"

struct dialogue_talents dialogue_talents(const struct dialogue *dialogue)
{
    const struct dialect *dialect = dialogue_dialect(dialogue);
    struct chat_template_facts facts = chat_template_facts(dialogue_template(dialogue));
    return (struct dialogue_talents){
        .can_think = facts.can_think || dialect->think_close.length,
        .can_call = dialect->calls.arguments != ARGUMENTS_NONE && !dialogue_is_plain(dialogue),
    };
}

/* Answers whose next tokens a step chooses; more take turns. */
enum { MOST_TOGETHER = 128 };

static bool open_model(struct hearth_model **out, const struct json *open, uint32_t n_threads,
                       struct error *err)
{
    struct engine_options options = engine_defaults_for(MOST_TOGETHER);
    struct slice kv_type = json_text(json_get(open, "kv_type"));
    int64_t n_ctx = json_int(json_get(open, "n_ctx"), 0);
    options.n_threads = n_threads;
    options.n_ctx = n_ctx > 0 && n_ctx <= UINT32_MAX ? (uint32_t)n_ctx : 0;
    options.wants_hidden = true;
    return (!kv_type.length || kv_type_from_name(kv_type.data, &options.kv_type, err)) &&
           model_open_with(out, json_text(json_get(open, "path")).data, &options, err);
}

bool worker_model_open(struct worker_model *m, const struct json *open, uint32_t n_threads,
                       struct error *err)
{
    *m = (struct worker_model){ 0 };
    if (!open_model(&m->model, open, n_threads, err) ||
        !model_dialogue_open(&m->dialogue, m->model, NULL, err))
        return false;
    enum pooling pooling;
    struct dialogue_talents talents = dialogue_talents(m->dialogue);
    m->engine = model_engine(m->model);
    m->tokenizer = dialogue_tokenizer(m->dialogue);
    m->n_vocab = (size_t)engine_config(m->engine)->n_vocab;
    m->can_think = talents.can_think;
    m->can_call = talents.can_call;
    m->can_insert = dialogue_can_fill(m->dialogue);
    (void)!pooling_of_model(&pooling, &m->is_embedder, m->engine, NULL);
    atomic_store(&m->n_ctx, engine_n_ctx(m->engine));
    return true;
}

void worker_model_close(struct worker_model *m)
{
    dialogue_close(&m->dialogue);
    hearth_model_close(&m->model);
}

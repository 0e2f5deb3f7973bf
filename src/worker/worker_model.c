#include "worker/worker_model.h"

#include "dialogue/model_dialogue.h"
#include "runtime/hearth_control.h"

static bool take_error(struct error *err, const struct hearth_error *problem)
{
    return fail(err, (enum error_code)problem->code, "%s", problem->message);
}

struct dialogue_talents dialogue_talents(const struct dialogue *dialogue)
{
    const struct dialect *dialect = dialogue_dialect(dialogue);
    struct chat_template_facts facts = chat_template_facts(dialogue_template(dialogue));
    return (struct dialogue_talents){
        .can_think = facts.can_think || dialect->think_close.length,
        .can_call = dialect->calls.arguments != ARGUMENTS_NONE && !dialogue_is_plain(dialogue),
    };
}

/* Whether the vocabulary has the tokens for it, which a prompt shows. */
static bool can_insert(const struct dialogue *dialogue)
{
    struct chat_prompt prompt;
    bool ok = dialogue_fill_prompt(dialogue, slice_of("a"), slice_of("b"), &prompt, NULL);
    if (ok)
        chat_prompt_release(&prompt);
    return ok;
}

bool worker_model_open(struct worker_model *m, const struct json *open, uint32_t n_threads,
                       struct error *err)
{
    struct hearth_error problem = { 0 };
    struct hearth_model_options options = hearth_model_defaults();
    struct slice path = json_text(json_get(open, "path"));
    struct slice kv_type = json_text(json_get(open, "kv_type"));
    int64_t n_ctx = json_int(json_get(open, "n_ctx"), 0);
    *m = (struct worker_model){ 0 };
    options.n_threads = n_threads;
    options.n_ctx = n_ctx > 0 && n_ctx <= UINT32_MAX ? (uint32_t)n_ctx : 0;
    options.kv_type = kv_type.length ? kv_type.data : NULL;
    if (!hearth_model_open(&m->model, path.data, &options, &problem))
        return take_error(err, &problem);
    if (!model_dialogue_open(&m->dialogue, m->model, NULL, err))
        return false;
    struct dialogue_talents talents = dialogue_talents(m->dialogue);
    m->engine = model_engine(m->model);
    m->tokenizer = dialogue_tokenizer(m->dialogue);
    m->n_vocab = (size_t)engine_config(m->engine)->n_vocab;
    m->can_think = talents.can_think;
    m->can_call = talents.can_call;
    m->can_insert = can_insert(m->dialogue);
    atomic_store(&m->n_ctx, engine_n_ctx(m->engine));
    return true;
}

void worker_model_close(struct worker_model *m)
{
    dialogue_close(&m->dialogue);
    hearth_model_close(&m->model);
}

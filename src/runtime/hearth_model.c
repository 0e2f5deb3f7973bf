/* hearth_model.c: the public interface's models (include/hearth.h) over the engine. */
#include "base/memory.h"
#include "formats/quantization_name.h"
#include "runtime/hearth_private.h"
#include "runtime/session_steps.h"

#define HEARTH_VERSION "0.1.0"

const char *hearth_version(void)
{
    return HEARTH_VERSION;
}

/* Both errors are a code and a message; they differ so that the public header stands alone. */
bool hearth_tell(struct hearth_error *out, const struct error *err)
{
    if (out) {
        out->code = (int)err->code;
        static_assert(sizeof out->message == sizeof err->message, "messages are copied whole");
        memcpy(out->message, err->message, sizeof out->message);
    }
    return false;
}

struct hearth_model_options hearth_model_defaults(void)
{
    return (struct hearth_model_options){ 0 };
}

/* general.name, kept as a string in the model's own memory; files do not end strings in NUL. */
static bool copy_name(struct hearth_model *model)
{
    struct slice name = { "", 0 };
    struct error ignored = { 0 };
    const struct weights *weights = engine_weights(model->engine);
    if (weights_is_gguf(weights))
        weights_string(weights, "general.name", &name, &ignored);
    model->name = memory_zeroed(name.length + 1, 1);
    if (model->name)
        memcpy(model->name, name.data, name.length);
    return model->name != NULL;
}

static uint64_t count_parameters(const struct weights *weights)
{
    uint64_t count = 0;
    for (size_t i = 0; i < weights_count(weights); i++)
        count += weights_at(weights, i)->n_rows * weights_at(weights, i)->row_length;
    return count;
}

static bool open_model(struct hearth_model *model, const char *path,
                       const struct engine_options *options, struct error *err)
{
    struct engine_options own = *options;
    own.keeps_prefixes = true;
    if (!engine_open(&model->engine, path, &own, err))
        return false;
    if (!engine_tokenizer(model->engine))
        return fail(err, ERROR_FORMAT, "'%s' has no tokenizer", path);
    return copy_name(model) || fail_memory(err, sizeof *model, "a model's name");
}

bool model_open_with(struct hearth_model **out, const char *path,
                     const struct engine_options *options, struct error *err)
{
    *out = NULL;
    struct hearth_model *model = memory_zeroed(1, sizeof *model);
    if (!model)
        return fail_memory(err, sizeof *model, "a model");
    pthread_mutex_init(&model->turn, NULL);
    pthread_mutex_init(&model->tokens_lock, NULL);
    step_costs_init(&model->costs);
    bool ok = open_model(model, path, options, err);
    if (!ok)
        hearth_model_close(&model);
    *out = model;
    return ok;
}

bool hearth_model_open(struct hearth_model **out, const char *path,
                       const struct hearth_model_options *options, struct hearth_error *error)
{
    *out = NULL;
    struct error err = { 0 };
    struct engine_options engine_options = engine_defaults();
    if (options) {
        engine_options.n_threads = options->n_threads;
        engine_options.n_ctx = options->n_ctx;
        engine_options.kv_budget_bytes = options->kv_budget_bytes;
    }
    bool ok = !options || !options->kv_type ||
              kv_type_from_name(options->kv_type, &engine_options.kv_type, &err);
    ok = ok && model_open_with(out, path, &engine_options, &err);
    return ok || hearth_tell(error, &err);
}

void hearth_model_close(struct hearth_model **model)
{
    if (!*model)
        return;
    constraint_tokens_close(&(*model)->tokens);
    engine_close(&(*model)->engine);
    pthread_mutex_destroy(&(*model)->turn);
    pthread_mutex_destroy(&(*model)->tokens_lock);
    memory_free((*model)->name);
    memory_free(*model);
    *model = NULL;
}

bool hearth_model_tokens(struct hearth_model *model, const struct constraint_tokens **out,
                         struct error *err)
{
    pthread_mutex_lock(&model->tokens_lock);
    bool ok =
        model->tokens || constraint_tokens_open(&model->tokens, engine_tokenizer(model->engine),
                                                (size_t)engine_config(model->engine)->n_vocab, err);
    *out = model->tokens;
    pthread_mutex_unlock(&model->tokens_lock);
    return ok;
}

struct engine *model_stepped_engine(struct hearth_model *model)
{
    return model->engine;
}

void hearth_model_info(const struct hearth_model *model, struct hearth_model_info *info)
{
    const struct engine *engine = model->engine;
    const struct model_config *config = engine_config(engine);
    *info = (struct hearth_model_info){
        .architecture = engine_architecture(engine),
        .name = model->name,
        .quantization = quantization_name(engine_weights(engine)),
        .n_parameters = count_parameters(engine_weights(engine)),
        .file_bytes = weights_file_bytes(engine_weights(engine)),
        .n_ctx_train = (uint32_t)config->n_ctx,
        .n_ctx = engine_n_ctx(engine),
        .n_embd = (uint32_t)config->n_embd,
        .n_layers = (uint32_t)config->n_layers,
        .n_vocab = (uint32_t)config->n_vocab,
        .load_ns = engine_load_ns(engine),
    };
}

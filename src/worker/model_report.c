#include "worker/model_report.h"

#include "base/json_members.h"
#include "kernels/attention.h"
#include "quant/dtype.h"
#include "runtime/hearth_control.h"

#include <math.h>

enum { SHOWN_ELEMENTS = 16 }; /* vocabularies are not for people */

/* ---- metadata ---- */

static bool write_real(struct text *out, double number)
{
    return isfinite(number) ? text_printf(out, "%.9g", number) : text_append_string(out, "null");
}

static bool write_scalar(struct text *out, const struct gguf_value *value, uint64_t index)
{
    int64_t whole;
    double real;
    bool flag;
    if (gguf_as_bool(value, index, &flag))
        return text_append_string(out, flag ? "true" : "false");
    if (gguf_as_int(value, index, &whole))
        return text_printf(out, "%" PRId64, whole);
    if (gguf_as_double(value, index, &real))
        return write_real(out, real);
    return text_append_string(out, "null");
}

static bool write_array(struct text *out, const struct gguf_value *value)
{
    size_t state = 0;
    struct slice string;
    bool has_texts = value->element_type == GGUF_STRING;
    if (value->count > SHOWN_ELEMENTS)
        return text_append_string(out, "null");
    bool ok = text_append_byte(out, '[');
    for (uint64_t i = 0; ok && i < value->count; i++) {
        ok = write_comma(out);
        if (ok && has_texts)
            ok = gguf_next_string(value, &state, &string) && json_write_string(out, string);
        else if (ok)
            ok = write_scalar(out, value, i);
    }
    return ok && text_append_byte(out, ']');
}

static bool write_value(struct text *out, const struct gguf_value *value)
{
    struct slice string;
    if (gguf_as_string(value, &string))
        return json_write_string(out, string);
    return value->type == GGUF_ARRAY ? write_array(out, value) : write_scalar(out, value, 0);
}

static bool write_metadata(struct text *out, const struct weights *weights)
{
    const struct gguf *gguf = weights_gguf(weights);
    if (!gguf)
        return json_write(out, weights_config(weights));
    bool ok = text_append_byte(out, '{');
    for (size_t i = 0; ok && i < gguf_n_values(gguf); i++) {
        const struct gguf_value *value = gguf_value_at(gguf, i);
        ok = write_comma(out) && json_write_string(out, value->key) && text_append_byte(out, ':') &&
             write_value(out, value);
    }
    return ok && text_append_byte(out, '}');
}

/* ---- tensors ---- */

static bool write_tensor(struct text *out, const struct weight *tensor)
{
    return write_comma(out) && text_append_byte(out, '{') &&
           write_text_member(out, "name", tensor->name) &&
           write_string_member(out, "type", dtype_name(tensor->type)) &&
           (tensor->n_rows == 1 ? text_printf(out, ",\"shape\":[%" PRIu64 "]}", tensor->row_length)
                                : text_printf(out, ",\"shape\":[%" PRIu64 ",%" PRIu64 "]}",
                                              tensor->row_length, tensor->n_rows));
}

static bool write_tensors(struct text *out, const struct weights *weights)
{
    bool ok = text_append_byte(out, '[');
    for (size_t i = 0; ok && i < weights_count(weights); i++)
        ok = write_tensor(out, weights_at(weights, i));
    return ok && text_append_byte(out, ']');
}

/* ---- the whole ---- */

static bool write_capabilities(struct text *out, const struct worker_model *model)
{
    const struct {
        const char *name;
        bool is_there;
    } talents[] = {
        { "completion", !model->is_embedder }, { "tools", model->can_call },
        { "thinking", model->can_think },      { "insert", model->can_insert },
        { "embedding", model->is_embedder },
    };
    bool ok = text_append_byte(out, '[');
    for (size_t i = 0; ok && i < COUNT_OF(talents); i++)
        if (talents[i].is_there)
            ok = write_comma(out) && json_write_string(out, slice_of(talents[i].name));
    return ok && text_append_byte(out, ']');
}

/* The way it talks, where that is one that has a name. */
static bool write_talk(struct text *out, const struct dialogue *dialogue)
{
    const char *renderer = chat_template_renderer(dialogue_template(dialogue));
    const char *dialect = dialogue_dialect(dialogue)->family;
    return (!renderer || write_string_member(out, "renderer", renderer)) &&
           (!dialect || write_string_member(out, "dialect", dialect));
}

static bool write_info(struct text *out, const struct worker_model *model)
{
    struct hearth_model_info info;
    const struct chat_template *template = dialogue_template(model->dialogue);
    const struct weights *weights = engine_weights(model->engine);
    hearth_model_info(model->model, &info);
    bool is_plain = dialogue_is_plain(model->dialogue);
    return text_append_byte(out, '{') &&
           write_string_member(out, "architecture", info.architecture) &&
           write_string_member(out, "name", info.name) &&
           write_string_member(out, "quantization", info.quantization) &&
           text_printf(out,
                       ",\"n_parameters\":%" PRIu64 ",\"file_bytes\":%" PRIu64
                       ",\"n_ctx_train\":%" PRIu32 ",\"n_embd\":%" PRIu32 ",\"n_layers\":%" PRIu32
                       ",\"n_vocab\":%" PRIu32,
                       info.n_parameters, info.file_bytes, info.n_ctx_train, info.n_embd,
                       info.n_layers, info.n_vocab) &&
           write_name(out, "capabilities") && write_capabilities(out, model) &&
           write_text_member(out, "template",
                             is_plain ? slice_of("") : chat_template_source(template)) &&
           write_string_member(out, "template_origin", chat_template_origin(template)) &&
           write_flag_member(out, "is_plain", is_plain) && write_talk(out, model->dialogue) &&
           write_string_member(out, "format", weights_is_gguf(weights) ? "gguf" : "safetensors") &&
           write_name(out, "metadata") && write_metadata(out, weights) &&
           write_name(out, "tensors") && write_tensors(out, weights) && text_append_byte(out, '}');
}

static bool write_plan(struct text *out, const struct worker_model *model)
{
    struct engine_memory memory;
    engine_memory(model->engine, &memory);
    return text_printf(out,
                       "{\"weights_bytes\":%" PRIu64 ",\"scratch_bytes\":%" PRIu64
                       ",\"kv_page_bytes\":%zu,\"kv_page_tokens\":%d}",
                       memory.weights_bytes, memory.scratch_bytes,
                       engine_kv_page_bytes(model->engine), KV_PAGE_TOKENS);
}

static bool write_sandbox(struct text *out, const struct sandbox_report *sandbox)
{
    return text_append_byte(out, '{') &&
           write_flag_member(out, "landlock", sandbox->has_landlock) &&
           write_flag_member(out, "seccomp", sandbox->has_seccomp) &&
           write_string_member(out, "missing", sandbox->missing) && text_append_byte(out, '}');
}

bool model_report_write(struct text *out, const struct worker_model *model,
                        const struct sandbox_report *sandbox)
{
    return text_append_byte(out, '{') && write_name(out, "info") && write_info(out, model) &&
           write_name(out, "plan") && write_plan(out, model) &&
           text_printf(out, ",\"load_ns\":%" PRIu64, engine_load_ns(model->engine)) &&
           write_name(out, "sandbox") && write_sandbox(out, sandbox) && text_append_byte(out, '}');
}

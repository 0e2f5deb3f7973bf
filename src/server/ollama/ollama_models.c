#include "server/ollama/ollama_models.h"

#include <stdio.h>

static struct slice member_text(const struct json *object, const char *name)
{
    return json_text(json_get(object, name));
}

/* "8.0B"; "" while it is not known */
static void write_parameter_size(struct go_json *w, uint64_t n)
{
    char size[40] = "";
    double billions = (double)n / 1e9, millions = (double)n / 1e6;
    if (n >= 1000000000)
        snprintf(size, sizeof size, n % 1000000000 ? "%.1fB" : "%.0fB", billions);
    else if (n >= 1000000)
        snprintf(size, sizeof size, n % 1000000 ? "%.2fM" : "%.0fM", millions);
    else if (n >= 1000)
        snprintf(size, sizeof size, "%.0fK", (double)n / 1e3);
    else if (n > 0)
        snprintf(size, sizeof size, "%" PRIu64, n);
    go_json_string(w, "parameter_size", size);
}

/* What is known of a model before and after it was opened. */
struct details {
    struct slice format, family, quantization;
    uint64_t n_parameters;
    int64_t n_ctx_train, n_embd;
};

static struct details details_of_listed(const struct listed_model *model)
{
    return (struct details){ slice_of(model->format),
                             slice_of(model->architecture),
                             slice_of(model->quantization),
                             model->n_parameters,
                             model->n_ctx_train,
                             model->n_embd };
}

static struct details details_of_info(const struct json *info)
{
    return (struct details){ member_text(info, "format"),
                             member_text(info, "architecture"),
                             member_text(info, "quantization"),
                             (uint64_t)json_int(json_get(info, "n_parameters"), 0),
                             json_int(json_get(info, "n_ctx_train"), 0),
                             json_int(json_get(info, "n_embd"), 0) };
}

static void write_details(struct go_json *w, const struct details *details)
{
    go_json_open(w, "details", '{');
    go_json_string(w, "parent_model", "");
    go_json_text(w, "format", details->format);
    go_json_text(w, "family", details->family);
    if (details->family.length > 0) {
        go_json_open(w, "families", '[');
        go_json_text(w, NULL, details->family);
        go_json_close(w, ']');
    } else {
        go_json_null(w, "families");
    }
    write_parameter_size(w, details->n_parameters);
    go_json_text(w, "quantization_level", details->quantization);
    go_json_whole_if_any(w, "context_length", details->n_ctx_train);
    go_json_whole_if_any(w, "embedding_length", details->n_embd);
    go_json_close(w, '}');
}

/* "completion,tools" as an array, when there are any. */
static void write_capabilities(struct go_json *w, const char *names)
{
    if (!*names)
        return;
    go_json_open(w, "capabilities", '[');
    while (*names) {
        size_t length = strcspn(names, ",");
        go_json_text(w, NULL, (struct slice){ names, length });
        names += length + (names[length] == ',');
    }
    go_json_close(w, ']');
}

void ollama_tag_write(struct go_json *w, const struct listed_model *model)
{
    struct details details = details_of_listed(model);
    go_json_open(w, NULL, '{');
    go_json_string(w, "name", model->name);
    go_json_string(w, "model", model->name);
    go_json_local_time(w, "modified_at", model->modified_ns);
    go_json_whole(w, "size", (int64_t)model->size_bytes);
    go_json_string(w, "digest", model->digest);
    write_details(w, &details);
    write_capabilities(w, model->capabilities);
    go_json_close(w, '}');
}

/* ---- ps ---- */

static void write_own_figures(struct go_json *w, const struct resident *model)
{
    go_json_whole(w, "weights_bytes", (int64_t)model->weights_bytes);
    go_json_whole(w, "scratch_bytes", (int64_t)model->scratch_bytes);
    go_json_whole(w, "kv_bytes", (int64_t)model->kv_bytes);
    go_json_whole(w, "kv_used_bytes", (int64_t)model->kv_used_bytes);
    go_json_whole(w, "kv_cached_bytes", (int64_t)model->kv_cached_bytes);
    go_json_whole(w, "pid", model->pid);
    go_json_whole(w, "running", model->n_running);
    go_json_whole(w, "waiting", model->n_waiting);
    go_json_whole(w, "prompt_tokens", (int64_t)model->n_prompt_tokens);
    go_json_whole(w, "cached_tokens", (int64_t)model->n_cached_tokens);
    go_json_whole(w, "answer_tokens", (int64_t)model->n_answer_tokens);
}

void ollama_resident_write(struct go_json *w, const struct resident *model, struct slice digest)
{
    struct details details = details_of_info(model->info);
    go_json_open(w, NULL, '{');
    go_json_string(w, "name", model->name);
    go_json_string(w, "model", model->name);
    /* what is in use: keys and values take memory when they come, up to kv_bytes */
    go_json_whole(w, "size",
                  (int64_t)(model->weights_bytes + model->scratch_bytes + model->kv_used_bytes +
                            model->kv_cached_bytes));
    go_json_text(w, "digest", digest);
    write_details(w, &details);
    /* never: a year that clients take for "for ever"; on its way out: long ago */
    go_json_local_time(w, "expires_at", model->expires_at_ns);
    go_json_whole(w, "size_vram", 0);
    go_json_whole(w, "context_length", model->n_ctx);
    write_own_figures(w, model);
    go_json_close(w, '}');
}

/* ---- show ---- */

/* GGUF's own spelling: a text of several lines stands between three quotation marks. */
static void write_modelfile(struct go_json *w, const struct shown_model *shown,
                            struct slice template)
{
    struct text file;
    text_init(&file, 16 << 20);
    bool ok = text_printf(&file,
                          "# Modelfile generated by \"hearth show\"\n"
                          "# To build a new Modelfile based on this, replace FROM with:\n"
                          "# FROM %s\n\nFROM %s\n",
                          shown->listed->name, shown->listed->path);
    if (ok && template.length > 0)
        ok = text_append_string(&file, "TEMPLATE \"\"\"") && text_append_slice(&file, template) &&
             text_append_string(&file, "\"\"\"\n");
    if (ok && shown->system.length > 0)
        ok = text_append_string(&file, "SYSTEM \"\"\"") &&
             text_append_slice(&file, shown->system) && text_append_string(&file, "\"\"\"\n");
    w->ok = w->ok && ok;
    go_json_text(w, "modelfile", text_slice(&file));
    text_release(&file);
}

static bool is_said_elsewhere(struct slice key)
{
    return slice_equal(key, slice_of("general.name")) ||
           slice_equal(key, slice_of("tokenizer.chat_template")) ||
           slice_equal(key, slice_of("general.parameter_count"));
}

/* The metadata by full key. Never null: clients crash on that. */
static void write_model_info(struct go_json *w, const struct shown_model *shown)
{
    const struct json *metadata = json_get(shown->info, "metadata");
    struct details details =
        shown->info ? details_of_info(shown->info) : details_of_listed(shown->listed);
    go_json_open(w, "model_info", '{');
    if (!metadata)
        go_json_text_if_any(w, "general.architecture", details.family);
    for (const struct json_member *m = json_first(metadata); m; m = json_next(metadata, m)) {
        const struct json *value = json_member_value(m);
        struct slice key = json_member_key(m);
        if (is_said_elsewhere(key) || memchr(key.data, '\0', key.length))
            continue;
        if (json_size(value) > 0 && !shown->is_verbose)
            go_json_null(w, key.data);
        else
            go_json_value(w, key.data, value);
    }
    go_json_whole_if_any(w, "general.parameter_count", (int64_t)details.n_parameters);
    go_json_close(w, '}');
}

static void write_license(struct go_json *w, const struct json *info)
{
    const struct json *metadata = json_get(info, "metadata");
    struct slice license = member_text(metadata, "general.license");
    go_json_text_if_any(w, "license", license);
}

/* hearth's own: where the template is from, the names of what makes prompts and reads answers, and
 * whether the model has no template and goes on with texts. */
static void write_talk(struct go_json *w, const struct json *info)
{
    static const char *const names[] = { "template_origin", "renderer", "dialect" };
    for (size_t i = 0; i < COUNT_OF(names); i++)
        go_json_text_if_any(w, names[i], member_text(info, names[i]));
    if (info)
        go_json_flag(w, "is_plain", json_flag(json_get(info, "is_plain"), false));
}

void ollama_show_write(struct go_json *w, const struct shown_model *shown)
{
    struct details details =
        shown->info ? details_of_info(shown->info) : details_of_listed(shown->listed);
    struct slice template =
        shown->template_.length > 0 ? shown->template_ : member_text(shown->info, "template");
    go_json_open(w, NULL, '{');
    write_license(w, shown->info);
    write_modelfile(w, shown, template);
    go_json_text_if_any(w, "template", template);
    write_talk(w, shown->info);
    go_json_text_if_any(w, "system", shown->system);
    write_details(w, &details);
    write_model_info(w, shown);
    if (json_size(json_get(shown->info, "tensors")) > 0)
        go_json_value(w, "tensors", json_get(shown->info, "tensors"));
    if (json_get(shown->info, "capabilities"))
        go_json_value(w, "capabilities", json_get(shown->info, "capabilities"));
    else
        write_capabilities(w, shown->listed->capabilities);
    go_json_local_time(w, "modified_at", shown->listed->modified_ns);
    go_json_close(w, '}');
}

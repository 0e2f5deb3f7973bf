#include "dialogue/template_source.h"

#include "base/json.h"
#include "base/mapped_file.h"

static bool append(struct text *out, struct slice text, struct error *err)
{
    return text_append_slice(out, text) ||
           fail(err, ERROR_BUDGET, "a chat template of %zu bytes, over the limit of %zu",
                text.length, out->limit);
}

static bool read_gguf(const struct weights *weights, struct text *out, struct error *err)
{
    struct slice source;
    struct error problem = { 0 };
    if (weights_string(weights, "tokenizer.chat_template", &source, &problem))
        return append(out, source, err);
    if (problem.code == ERROR_NONE)
        return true;
    *err = problem;
    return false;
}

static bool read_file(const char *path, struct text *out, struct error *err)
{
    struct mapped_file *file;
    if (!mapped_file_open(&file, path, err))
        return false;
    bool ok = append(out, (struct slice){ (const char *)file->data, file->size }, err);
    mapped_file_close(&file);
    return ok;
}

/* One template, or several by name, of which "default" is the one. */
static struct slice configured(const struct json *value)
{
    for (size_t i = 0; i < json_size(value); i++) {
        const struct json *row = json_at(value, i);
        if (slice_equal(json_text(json_get(row, "name")), slice_of("default")))
            return json_text(json_get(row, "template"));
    }
    return json_text(value);
}

static bool read_config(const char *path, struct text *out, struct error *err)
{
    struct mapped_file *file;
    const struct json *config = NULL;
    if (!mapped_file_open(&file, path, err))
        return false;
    bool ok = json_open(&config, (const char *)file->data, file->size, path, err) &&
              append(out, configured(json_get(config, "chat_template")), err);
    json_close(&config);
    mapped_file_close(&file);
    return ok;
}

bool template_source_read(const struct weights *weights, struct text *out, struct error *err)
{
    if (weights_is_gguf(weights))
        return read_gguf(weights, out, err);
    const char *path = weights_side_file(weights, "chat_template.jinja");
    if (path)
        return read_file(path, out, err);
    path = weights_side_file(weights, "tokenizer_config.json");
    return !path || read_config(path, out, err);
}

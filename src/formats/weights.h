/* weights.h: a model's tensors and configuration by name, whichever kind of file they came from.
 *
 * Owns the open GGUF file, or the safetensors with their config.json and tokenizer files. Names and
 * keys are those of the file: `weights_is_gguf` tells which spelling applies. Opened and closed by
 * one thread, read by any. */
#ifndef WEIGHTS_H
#define WEIGHTS_H

#include "base/base.h"
#include "base/error.h"
#include "base/json.h"
#include "formats/gguf.h"
#include "quant/dtype.h"

struct weights;

/* A two-dimensional (or one-dimensional: n_rows 1) tensor: n_rows rows of row_length elements,
 * contiguous. Tensors of more dimensions are seen with all outer dimensions multiplied into n_rows.
 */
struct weight {
    struct slice name;
    enum dtype type;
    uint64_t row_length, n_rows;
    /* in the mapping; safetensors data may be aligned to the element size only */
    const uint8_t *data;
    size_t row_bytes, size_bytes;
};

/* `path`: a GGUF file, a safetensors file beside its config.json, or a directory that holds
 * config.json and safetensors. Anything else is an error that says what was looked for. */
bool weights_open(struct weights **out, const char *path, struct error *err) MUST_CHECK;
void weights_close(struct weights **weights); /* accepts NULL, leaves NULL */

const char *weights_path(const struct weights *weights);
bool weights_is_gguf(const struct weights *weights);
const struct gguf *weights_gguf(const struct weights *weights);   /* NULL for safetensors */
const struct json *weights_config(const struct weights *weights); /* config.json; NULL for GGUF */
uint64_t weights_file_bytes(const struct weights *weights);

/* "llama", "qwen2", ...: general.architecture or model_type. */
bool weights_architecture(const struct weights *weights, struct slice *out,
                          struct error *err) MUST_CHECK;

/* Path of a file beside the safetensors ("tokenizer.json"), or NULL when there is none or this is a
 * GGUF. Lives as long as the weights. */
const char *weights_side_file(const struct weights *weights, const char *name);

/* Configuration. `key` lists alternatives separated by '|', tried in order; for GGUF a key without
 * a dot-prefixed section is taken as "<architecture>.<key>" first and as written second; for
 * config.json a '.' steps into an object. False when absent or null (no error) or not convertible
 * (error set: err->code != ERROR_NONE). */
bool weights_int(const struct weights *weights, const char *key, int64_t *out, struct error *err);
bool weights_double(const struct weights *weights, const char *key, double *out, struct error *err);
bool weights_bool(const struct weights *weights, const char *key, bool *out, struct error *err);
bool weights_string(const struct weights *weights, const char *key, struct slice *out,
                    struct error *err);
/* A number's array form ([8, 4, ...] per layer): count elements copied; false when it is not an
 * array. */
bool weights_int_array(const struct weights *weights, const char *key, int64_t *out,
                       size_t capacity, size_t *count, struct error *err);

/* Tensors; ERROR-free look-up gives NULL when absent. The pointer lives as long as the weights. */
const struct weight *weights_find(const struct weights *weights, const char *name);
size_t weights_count(const struct weights *weights);
const struct weight *weights_at(const struct weights *weights, size_t index);

#endif

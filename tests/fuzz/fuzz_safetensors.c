/* Any bytes: as a safetensors file, and as the config.json beside one, they give values or an
 * error. */
#include "formats/safetensors.h"
#include "formats/weights_index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t sum; /* keeps the reads from being optimized away */

static void read_tensors(const uint8_t *data, size_t size)
{
    struct error err = { 0 };
    struct safetensors *st;
    if (!safetensors_open_memory(&st, data, size, "fuzz", &err)) {
        assert(err.code != ERROR_NONE && strstr(err.message, "'fuzz'"));
        return;
    }
    for (size_t i = 0; i < safetensors_count(st); i++) {
        const struct safetensor *tensor = safetensors_at(st, i);
        assert(safetensors_find(st, tensor->name) == tensor);
        if (tensor->size_bytes)
            sum += tensor->data[0] + tensor->data[tensor->size_bytes - 1];
    }
    safetensors_close(&st);
}

static void read_settings(const uint8_t *data, size_t size)
{
    static const char *const keys[] = { "model_type", "rope_theta|rope_parameters.rope_theta",
                                        "eos_token_id", "num_hidden_layers|n_layer" };
    struct weights weights = { .path = "fuzz", .config_path = "fuzz" };
    struct error err = { 0 };
    if (!json_open(&weights.config, (const char *)data, size, "fuzz", &err))
        return;
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        int64_t integer, integers[8];
        double number;
        bool flag;
        size_t count;
        struct slice string;
        sum += weights_int(&weights, keys[i], &integer, &err);
        sum += weights_double(&weights, keys[i], &number, &err);
        sum += weights_bool(&weights, keys[i], &flag, &err);
        sum += weights_string(&weights, keys[i], &string, &err);
        sum += weights_int_array(&weights, keys[i], integers, COUNT_OF(integers), &count, &err);
    }
    struct slice architecture;
    sum += weights_architecture(&weights, &architecture, &err);
    json_close(&weights.config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] == '{')
        read_settings(data, size);
    else
        read_tensors(data, size);
    return 0;
}

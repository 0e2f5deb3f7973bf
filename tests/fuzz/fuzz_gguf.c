/* Any bytes: opening them as GGUF gives a file all of whose values and tensors can be read, or an
 * error. */
#include "formats/gguf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t sum; /* keeps the reads from being optimized away */

static void read_value(const struct gguf_value *value)
{
    int64_t integer = 0;
    double number = 0;
    bool flag = false;
    struct slice string = { 0 };
    const uint64_t places[] = { 0, value->count / 2, value->count - 1, value->count, UINT64_MAX };
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        sum += gguf_as_int(value, places[i], &integer) + (uint64_t)integer;
        sum += gguf_as_double(value, places[i], &number);
        sum += gguf_as_bool(value, places[i], &flag);
    }
    sum += gguf_as_string(value, &string);
    for (size_t state = 0; gguf_next_string(value, &state, &string);)
        sum += string.length ? (uint8_t)string.data[string.length - 1] : 0;
    sum += value->size_bytes ? value->bytes[value->size_bytes - 1] : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = { 0 };
    struct gguf *gguf;
    if (!gguf_open_memory(&gguf, data, size, "fuzz", &err)) {
        assert(err.code != ERROR_NONE && strstr(err.message, "'fuzz'"));
        return 0;
    }
    for (size_t i = 0; i < gguf_n_values(gguf); i++)
        read_value(gguf_value_at(gguf, i));
    for (size_t i = 0; i < gguf_n_tensors(gguf); i++) {
        const struct gguf_tensor *tensor = gguf_tensor_at(gguf, i);
        assert(gguf_tensor(gguf, tensor->name) == tensor);
        sum += tensor->data[0] + tensor->data[tensor->size_bytes - 1];
    }
    gguf_close(&gguf);
    return 0;
}

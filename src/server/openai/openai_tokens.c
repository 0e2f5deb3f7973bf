#include "server/openai/openai_tokens.h"

bool openai_are_tokens(const struct json *value)
{
    if (json_kind(value) != JSON_KIND_ARRAY)
        return false;
    for (size_t i = 0; i < json_size(value); i++) {
        int64_t id = json_int(json_at(value, i), -1);
        if (json_kind(json_at(value, i)) != JSON_KIND_INTEGER || id < 0 || id > INT32_MAX)
            return false;
    }
    return json_size(value) > 0;
}

#include "models/family.h"

/* A new family is one file and one row here. */
static const struct family *const families[] = {
    &family_llama,
    &family_mistral,
    &family_qwen2,
    &family_qwen3,
};

const struct family *family_find(struct slice name, bool is_gguf)
{
    for (size_t i = 0; i < COUNT_OF(families); i++) {
        const char *own = is_gguf ? families[i]->name : families[i]->model_type;
        if (slice_equal(name, slice_of(own)))
            return families[i];
    }
    return NULL;
}

const char *model_family_names(void)
{
    return "llama, mistral, qwen2, qwen3";
}

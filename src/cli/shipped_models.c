#include "cli/shipped_models.h"

#include "base/mapped_file.h"

/* A model whose file was not there when the program was built has no address. */
#define SHIPPED(name)                                                    \
    extern __attribute__((weak)) const uint8_t shipped_##name##_begin[]; \
    extern __attribute__((weak)) const uint8_t shipped_##name##_end[];

SHIPPED(ember)
SHIPPED(ember_draft)

static const struct {
    const char *name;
    const uint8_t *begin, *end;
} shipped[] = {
    { "ember", shipped_ember_begin, shipped_ember_end },
    { "ember-draft", shipped_ember_draft_begin, shipped_ember_draft_end },
};

static struct provided_file provided[COUNT_OF(shipped)];
static size_t n_provided;

void shipped_models_provide(void)
{
    n_provided = 0;
    for (size_t i = 0; i < COUNT_OF(shipped); i++)
        if (shipped[i].begin)
            provided[n_provided++] = (struct provided_file){
                .name = shipped[i].name,
                .data = shipped[i].begin,
                .size = (size_t)(shipped[i].end - shipped[i].begin),
            };
    mapped_file_provide(provided, n_provided);
}

const char *shipped_model_at(size_t index)
{
    return index < n_provided ? provided[index].name : NULL;
}

const char *shipped_model_default(void)
{
    return shipped_model_at(0);
}

bool is_shipped_model(const char *name)
{
    for (size_t i = 0; i < n_provided; i++)
        if (strcmp(provided[i].name, name) == 0)
            return true;
    return false;
}

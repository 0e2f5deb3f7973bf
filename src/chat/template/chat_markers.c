#include "chat/template/chat_markers.h"

/* The first row whose tokens are all there, and whose `without` is not. */
static const struct {
    const char *tokens[2], *without, *name;
} formats[] = {
    { { "<|im_start|>" }, NULL, "chatml" },
    { { "<|start_header_id|>" }, NULL, "llama3-instruct" },
    { { "<start_of_turn>", "<start_of_image>" }, NULL, "gemma3-instruct" },
    { { "<start_of_turn>" }, NULL, "gemma-instruct" },
    { { "<|START_OF_TURN_TOKEN|>" }, NULL, "command-r" },
    { { "<|end_of_turn|>" }, NULL, "openchat" },
    { { "[INST]" }, NULL, "mistral-instruct" },
    { { "<|assistant|>", "<|end|>" }, NULL, "phi-3" },
    { { "<|assistant|>", "<|user|>" }, "<|end|>", "zephyr" },
    { { "<start_user>", "<start_assistant>" }, NULL, "alfred" },
    { { "<step>" }, NULL, "codellama-70b-instruct" },
};

const struct gotemplate_builtin *chat_markers_find(const struct chat_template_sources *sources)
{
    for (size_t i = 0; sources->has_token && i < COUNT_OF(formats); i++) {
        const char *without = formats[i].without;
        bool fits = !without || !sources->has_token(sources->context, slice_of(without));
        for (size_t k = 0; fits && k < COUNT_OF(formats[i].tokens) && formats[i].tokens[k]; k++)
            fits = sources->has_token(sources->context, slice_of(formats[i].tokens[k]));
        if (fits)
            return gotemplate_builtin_find(slice_of(formats[i].name));
    }
    return NULL;
}

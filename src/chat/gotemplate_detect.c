/* gotemplate_detect.c: which built-in template a Jinja template corresponds to.
 *
 * Published models use a few dozen Jinja texts for these formats, and copies of them with small
 * changes. Their texts are not kept here: a text is taken for one of them when it contains the
 * marks of the format and is about as long, within the hundred changes that are customary. */
#include "chat/gotemplate_builtin.h"

enum { MAX_CHANGES = 100 };

struct known_jinja {
    const char *name;
    size_t length; /* in characters */
    const char *marks[4];
};

static const struct known_jinja known[] = {
    { "alfred", 533, { "<start_user>", "<start_assistant>", "<end_message>" } },
    { "alpaca", 1041, { "### Instruction:", "### Response:", "<|EOT|>" } },
    { "chatml", 196, { "<|im_start|>", "<|im_end|>" } },
    { "chatml", 209, { "<|im_start|>", "<|im_end|>" } },
    { "chatml", 291, { "<|im_start|>", "<|im_end|>" } },
    { "chatml", 306, { "<|im_start|>", "<|im_end|>" } },
    { "chatml", 328, { "<|im_start|>", "<|im_end|>" } },
    { "chatml", 358, { "<|im_start|>", "<|im_end|>" } },
    { "chatml", 441, { "<|im_start|>", "<|im_end|>" } },
    { "chatml", 450, { "<|im_start|>", "<|im_end|>" } },
    { "chatml", 629, { "<|im_start|>", "<|im_end|>" } },
    { "chatml", 1842, { "<|im_start|>", "<|im_end|>", "DBRX" } },
    { "chatqa", 459, { "'User: '", "'Assistant: '" } },
    { "chatqa", 690, { "User: {{", "Assistant: {{" } },
    { "codellama-70b-instruct", 531, { "Source: ", "Destination: ", "<step>" } },
    { "command-r", 1204, { "<|START_OF_TURN_TOKEN|>", "<|CHATBOT_TOKEN|>" } },
    { "falcon-instruct", 340, { "User: ", "Falcon: " } },
    { "falcon-instruct", 356, { "User: ", "Falcon:" } },
    { "gemma-instruct", 591, { "<start_of_turn>", "<end_of_turn>" } },
    { "gemma3-instruct", 1532, { "<start_of_turn>", "<end_of_turn>", "first_user_prefix" } },
    { "granite-instruct", 376, { "Question:", "Answer:" } },
    { "llama2-chat", 813, { "[INST]", "<<SYS>>" } },
    { "llama2-chat", 815, { "[INST]", "<<SYS>>" } },
    { "llama3-instruct", 389, { "<|start_header_id|>", "<|eot_id|>" } },
    { "llama3-instruct", 4614, { "<|start_header_id|>", "<|eot_id|>", "custom_tools", "ipython" } },
    { "magicoder", 571, { "@@ Instruction", "@@ Response" } },
    { "mistral-instruct", 470, { "[INST]", "[/INST]", "eos_token" } },
    { "mistral-instruct", 477, { "[INST]", "[/INST]", "eos_token" } },
    { "openchat", 222, { "GPT4 Correct ", "<|end_of_turn|>" } },
    { "phi-3", 218, { "<|assistant|>", "<|end|>" } },
    { "phi-3", 254, { "<|assistant|>", "<|end|>" } },
    { "phi-3", 269, { "<|assistant|>", "<|end|>" } },
    { "solar-instruct", 409, { "### User:", "### Assistant:" } },
    { "starcoder2-instruct", 574, { "### Instruction", "### Response", "bos_token" } },
    { "zephyr", 306, { "<|user|>", "<|assistant|>", "eos_token" } },
    { "zephyr", 410, { "<|user|>", "<|system|>", "<|assistant|>", "eos_token" } },
};

static bool has_marks(struct slice jinja, const struct known_jinja *k)
{
    for (size_t i = 0; i < COUNT_OF(k->marks) && k->marks[i]; i++)
        if (!memmem(jinja.data, jinja.length, k->marks[i], strlen(k->marks[i])))
            return false;
    return true;
}

static size_t count_characters(struct slice text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.length; i++)
        n += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return n;
}

const struct gotemplate_builtin *gotemplate_builtin_detect(struct slice jinja)
{
    const struct known_jinja *nearest = NULL;
    size_t length = count_characters(jinja), least = MAX_CHANGES;
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        size_t apart =
            length > known[i].length ? length - known[i].length : known[i].length - length;
        if (apart < least && has_marks(jinja, &known[i])) {
            least = apart;
            nearest = &known[i];
        }
    }
    return nearest ? gotemplate_builtin_find(slice_of(nearest->name)) : NULL;
}

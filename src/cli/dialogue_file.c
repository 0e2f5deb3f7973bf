#include "cli/dialogue_file.h"

bool dialogue_file_open(struct dialogue_file *file, const char *path,
                        const struct dialogue_options *options, struct error *err)
{
    *file = (struct dialogue_file){ 0 };
    if (!weights_open(&file->weights, path, err))
        return false;
    bool has_tokenizer =
        weights_is_gguf(file->weights)
            ? tokenizer_from_gguf(&file->tokenizer, weights_gguf(file->weights), err)
            : tokenizer_open(&file->tokenizer, path, err);
    return has_tokenizer &&
           dialogue_open(&file->dialogue, file->weights, file->tokenizer, options, err);
}

void dialogue_file_close(struct dialogue_file *file)
{
    dialogue_close(&file->dialogue);
    tokenizer_close(&file->tokenizer);
    weights_close(&file->weights);
}

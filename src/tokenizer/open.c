#include "tokenizer/tokenizer_parts.h"

bool tokenizer_open(struct tokenizer **out, const char *path, struct error *err)
{
    struct gguf *gguf;
    *out = NULL;
    if (!gguf_open(&gguf, path, err))
        return false;
    if (!tokenizer_from_gguf(out, gguf, err)) {
        gguf_close(&gguf);
        return false;
    }
    (*out)->gguf = gguf;
    return true;
}

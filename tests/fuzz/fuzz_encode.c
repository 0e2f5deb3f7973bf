/* fuzz_encode.c: any text through a small vocabulary of each kind; ids must be tokens, and a stream
 * must stay UTF-8. */
#include "../support/tiny_vocabulary.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { N_KINDS = 9 };

static struct tokenizer *vocabularies[N_KINDS];
static struct gguf *ggufs[N_KINDS];
static struct tiny_gguf files[N_KINDS];

/* Kept for the whole run, as a server would. */
static void open_vocabularies(void)
{
    static const char *const names[] = { "llama-bpe", "falcon", "deepseek-v3", "tiny_aya",
                                         "tekken" };
    for (size_t i = 0; i < N_KINDS; i++) {
        struct error err;
        if (i == 0)
            tiny_llama(&files[i]);
        else if (i == 1)
            tiny_bert(&files[i]);
        else if (i == 2)
            tiny_t5(&files[i]);
        else if (i < N_KINDS - 1)
            tiny_gpt2(&files[i], names[i - 3]);
        bool ok = i == N_KINDS - 1 ? tokenizer_from_json(&vocabularies[i], TINY_JSON,
                                                         strlen(TINY_JSON), "tiny", &err)
                                   : gguf_open_memory(&ggufs[i], files[i].bytes.data,
                                                      files[i].bytes.length, "tiny", &err) &&
                                         tokenizer_from_gguf(&vocabularies[i], ggufs[i], &err);
        if (!ok)
            abort();
    }
}

static void stream(const struct tokenizer *t, const struct token_list *ids)
{
    struct token_stream state = { 0 };
    struct text out;
    struct error err;
    text_init(&out, (size_t)64 << 20);
    for (size_t i = 0; i < ids->count; i++)
        if (!token_stream_next(t, &state, ids->ids[i], i % 2, &out, &err))
            abort();
    if (!token_stream_finish(&state, &out) ||
        !utf8_valid((const uint8_t *)text_slice(&out).data, out.length))
        abort();
    text_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!vocabularies[0])
        open_vocabularies();
    if (size == 0)
        return 0;
    struct encode_options options = { data[0] & 1, data[0] & 2, data[0] & 4 };
    struct slice text = { (const char *)data + 1, size - 1 };
    for (size_t i = 0; i < N_KINDS; i++) {
        struct token_list ids = { 0 };
        struct text out;
        struct error err;
        text_init(&out, (size_t)64 << 20);
        if (!tokenizer_encode(vocabularies[i], text, options, &ids, &err) ||
            !tokenizer_decode(vocabularies[i], ids.ids, ids.count, true, &out, &err))
            abort();
        stream(vocabularies[i], &ids);
        text_release(&out);
        token_list_release(&ids);
    }
    return 0;
}

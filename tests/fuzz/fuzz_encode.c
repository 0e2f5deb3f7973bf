/* fuzz_encode.c: any text through a small vocabulary of each kind; ids must be tokens, and a stream
 * must stay UTF-8; around a hole, the text must not become tokens that mark one. */
#include "../support/tiny_vocabulary.h"
#include "tokenizer/fill_tokens.h"

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

/* With the vocabulary's last tokens, whatever they are: ordinary ones cannot be kept out. */
static void fill(const struct tokenizer *t, struct slice text)
{
    token_id end = (token_id)tokenizer_size(t);
    token_id suffix = end - 2 == tokenizer_bos(t) ? end - 3 : end - 2;
    struct fill_tokens f = { end - 1, suffix, -1, -1, true };
    struct slice before = { text.data, text.length / 2 };
    struct slice behind = { text.data + before.length, text.length - before.length };
    struct token_list ids = { 0 };
    struct error err;
    size_t n_marks = 0;
    bool ok = fill_prompt(t, &f, before, behind, &ids, &err);
    for (size_t i = 0; i < ids.count; i++)
        n_marks += fill_tokens_is_end(&f, ids.ids[i]);
    if (ok ? n_marks != 2 : err.code != ERROR_UNSUPPORTED || ids.count)
        abort();
    token_list_release(&ids);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!vocabularies[0])
        open_vocabularies();
    if (size == 0)
        return 0;
    struct encode_options options = { .add_special = data[0] & 1,
                                      .parse_special = data[0] & 2,
                                      .is_continued = data[0] & 4 };
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
        fill(vocabularies[i], text);
        text_release(&out);
        token_list_release(&ids);
    }
    return 0;
}

/* fuzz_tokenizer_json.c: any bytes as a tokenizer.json; what it accepts must encode and decode. */
#include "base/base.h"
#include "tokenizer/tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char TEXT[] = "Hello  wörld <s> <mask> 1234 'll ▁x\xff 中文 ﷺ é.";
    struct tokenizer *t;
    struct error err;
    struct token_list ids = { 0 };
    struct text out;
    text_init(&out, 1 << 20);
    if (!tokenizer_from_json(&t, (const char *)data, size, "fuzz.json", &err))
        return 0;
    if (tokenizer_encode(t, slice_of(TEXT),
                         (struct encode_options){ .add_special = true, .parse_special = true },
                         &ids, &err))
        (void)!tokenizer_decode(t, ids.ids, ids.count, true, &out, &err);
    for (size_t i = 0; i < ids.count; i++)
        assert(ids.ids[i] >= 0 && (size_t)ids.ids[i] < tokenizer_size(t));
    text_release(&out);
    token_list_release(&ids);
    tokenizer_close(&t);
    return 0;
}

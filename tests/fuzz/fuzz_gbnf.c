/* Any bytes: read as GBNF they give a grammar all of whose sampled texts belong to it, or an error;
 * in either case soon. */
#include "runtime/grammar/gbnf.h"
#include "runtime/grammar/sample.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STATES_BYTES = 16 << 20, TEXT_BYTES = 4096 };

static void check_text(struct matcher *m, struct slice text)
{
    matcher_state state;
    struct error err = { 0 };
    if (matcher_advance(m, matcher_start(m), text, &state, &err))
        assert(state != MATCHER_DEAD && matcher_may_end(m, state));
    else
        assert(err.code == ERROR_BUDGET);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = { 0 };
    struct grammar *g = NULL;
    struct matcher *m = NULL;
    uint64_t random = 1;
    struct slice source = { (const char *)data, size };
    bool is_open = gbnf_open(&g, source, &err) && matcher_open(&m, g, STATES_BYTES, &err);
    assert(is_open || (err.code != ERROR_NONE && err.message[0]));
    for (int i = 0; is_open && i < 2; i++) {
        struct text text;
        text_init(&text, TEXT_BYTES);
        if (grammar_sample(m, &random, 40, &text, &err))
            check_text(m, (struct slice){ text.data ? text.data : "", text.length });
        else
            assert(err.code == ERROR_BUDGET || err.code == ERROR_MEMORY);
        text_release(&text);
    }
    matcher_close(&m);
    grammar_close(&g);
    return 0;
}

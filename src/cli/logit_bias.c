#include "cli/logit_bias.h"

#include <math.h>
#include <stdlib.h>

enum { MOST = 100 };

static bool read_bias(float *out, const char *digits, const char *given, struct error *err)
{
    char *end = NULL;
    *out = strtof(digits, &end);
    if (end == digits || *end || !(fabsf(*out) <= MOST))
        return fail(err, ERROR_USAGE, "--logit-bias '%s' does not end in =BIAS, from %d to %d",
                    printable(slice_of(given)), -MOST, MOST);
    return true;
}

static bool is_number(struct slice text)
{
    size_t n = 0;
    while (n < text.length && text.data[n] >= '0' && text.data[n] <= '9')
        n++;
    return n && n == text.length;
}

static bool read_id(int32_t *out, struct slice digits, const struct tokenizer *t, struct error *err)
{
    size_t n_tokens = tokenizer_size(t);
    unsigned long long id = digits.length < 12 ? strtoull(digits.data, NULL, 10) : UINT64_MAX;
    *out = (int32_t)id;
    return id < n_tokens || fail(err, ERROR_USAGE, "--logit-bias: token %s, but there are %zu",
                                 printable(digits), n_tokens);
}

/* The one token that a text is, however it is put together; else the one stored by that name. */
static bool read_text(int32_t *out, struct slice text, const struct tokenizer *t, struct error *err)
{
    struct token_list ids = { 0 };
    struct encode_options options = { .parse_special = true };
    bool ok = tokenizer_encode(t, text, options, &ids, err);
    if (ok) {
        *out = ids.count == 1 ? ids.ids[0] : tokenizer_find(t, text);
        ok = *out >= 0 || fail(err, ERROR_USAGE, "--logit-bias: '%s' is %zu tokens, not one",
                               printable(text), ids.count);
    }
    token_list_release(&ids);
    return ok;
}

bool logit_bias_read(struct hearth_token_bias *out, const char *given,
                     const struct tokenizer *tokenizer, struct error *err)
{
    const char *equals = strrchr(given, '='); /* the text may hold some, too */
    if (!equals)
        return fail(err, ERROR_USAGE, "--logit-bias wants ID=BIAS or TEXT=BIAS, not '%s'",
                    printable(slice_of(given)));
    if (!read_bias(&out->bias, equals + 1, given, err))
        return false;
    struct slice token = { given, (size_t)(equals - given) };
    return is_number(token) ? read_id(&out->token, token, tokenizer, err)
                            : read_text(&out->token, token, tokenizer, err);
}

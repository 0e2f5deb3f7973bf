#include "cli/run/logprob_text.h"

#include "cli/quoted_text.h"

enum { TOKEN_LIMIT_BYTES = 1 << 20 };

bool logprob_text_line(struct text *out, const struct json *tokens)
{
    return text_append_string(out, "{\"logprobs\":") && json_write(out, tokens) &&
           text_append_byte(out, '}');
}

/* The bytes say more than the text, in which those that are no UTF-8 are replaced. */
static bool append_bytes(struct text *out, const struct json *bytes)
{
    bool ok = true;
    for (size_t i = 0; ok && i < json_size(bytes); i++)
        ok = text_append_byte(out, (char)json_int(json_at(bytes, i), '?'));
    return ok;
}

static bool append_cell(struct text *out, const struct json *token)
{
    struct text bytes;
    text_init(&bytes, TOKEN_LIMIT_BYTES);
    bool ok = append_bytes(&bytes, json_get(token, "bytes")) &&
              text_printf(out, "%10.4f ", json_number(json_get(token, "logprob"), 0)) &&
              quoted_text_append(out, text_slice(&bytes));
    text_release(&bytes);
    return ok;
}

bool logprob_text_table(struct text *out, const struct json *tokens)
{
    bool ok = true;
    for (size_t i = 0; ok && i < json_size(tokens); i++) {
        const struct json *token = json_at(tokens, i), *top = json_get(token, "top_logprobs");
        ok = append_cell(out, token);
        for (size_t k = 0; ok && k < json_size(top); k++)
            ok = text_append_string(out, k ? " " : "  |") && append_cell(out, json_at(top, k));
        ok = ok && text_append_byte(out, '\n');
    }
    return ok;
}

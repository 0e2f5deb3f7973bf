#include "cli/run/logprob_text.h"

#include "base/json.h"
#include "cli/quoted_text.h"

#include <math.h>

/* What stands for the logarithm of nothing, as in OpenAI's API: JSON has no infinity. */
static const double NEVER = -9999;

static double finite_of(float logprob)
{
    return isfinite(logprob) ? (double)logprob : NEVER;
}

static struct slice bytes_of(const struct hearth_logprob *p)
{
    return (struct slice){ p->bytes, p->length };
}

/* Without the closing brace. */
static bool begin_token(struct text *out, const struct hearth_logprob *p)
{
    bool ok = text_append_string(out, "{\"token\":") && json_write_string(out, bytes_of(p)) &&
              text_printf(out, ",\"logprob\":%.7g,\"bytes\":[", finite_of(p->logprob));
    for (size_t i = 0; ok && i < p->length; i++)
        ok = text_printf(out, "%s%d", i ? "," : "", (uint8_t)p->bytes[i]);
    return ok && text_append_byte(out, ']');
}

static bool append_token(struct text *out, const struct hearth_token_logprobs *token)
{
    bool ok = begin_token(out, &token->chosen) && text_append_string(out, ",\"top_logprobs\":[");
    for (size_t i = 0; ok && i < token->n_top; i++)
        ok = (i == 0 || text_append_byte(out, ',')) && begin_token(out, &token->top[i]) &&
             text_append_byte(out, '}');
    return ok && text_append_string(out, "]}");
}

bool logprob_text_line(struct text *out, const struct hearth_token_logprobs *tokens, size_t n)
{
    bool ok = text_append_string(out, "{\"logprobs\":[");
    for (size_t i = 0; ok && i < n; i++)
        ok = (i == 0 || text_append_byte(out, ',')) && append_token(out, &tokens[i]);
    return ok && text_append_string(out, "]}");
}

static bool append_cell(struct text *out, const struct hearth_logprob *p)
{
    return text_printf(out, "%10.4f ", finite_of(p->logprob)) &&
           quoted_text_append(out, bytes_of(p));
}

bool logprob_text_table(struct text *out, const struct hearth_token_logprobs *tokens, size_t n)
{
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) {
        ok = append_cell(out, &tokens[i].chosen);
        for (size_t k = 0; ok && k < tokens[i].n_top; k++)
            ok = text_append_string(out, k ? " " : "  |") && append_cell(out, &tokens[i].top[k]);
        ok = ok && text_append_byte(out, '\n');
    }
    return ok;
}

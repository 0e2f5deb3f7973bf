#include "worker/answer_frames.h"

#include "base/json_members.h"

#include <math.h>

bool call_write(struct text *out, const struct tool_call *call)
{
    return text_printf(out, "{\"index\":%" PRIu32, call->index) &&
           write_text_member(out, "id", call->id) && write_text_member(out, "name", call->name) &&
           write_name(out, "arguments") && text_append_slice(out, call->arguments) &&
           text_append_byte(out, '}');
}

/* Without the closing brace. A token that cannot come has no logarithm: -9999 stands for it. */
static bool open_logprob(struct text *out, const struct hearth_logprob *l)
{
    double logprob = isfinite(l->logprob) ? (double)l->logprob : -9999;
    struct slice text = { l->bytes, l->length };
    bool ok = write_comma(out) && text_append_byte(out, '{') &&
              write_text_member(out, "token", text) && write_integer_member(out, "id", l->token) &&
              text_printf(out, ",\"logprob\":%.9g,\"bytes\":[", logprob);
    for (size_t i = 0; ok && i < l->length; i++)
        ok = text_printf(out, i ? ",%d" : "%d", (unsigned char)l->bytes[i]);
    return ok && text_append_byte(out, ']');
}

static bool write_token(struct text *out, const struct hearth_token_logprobs *token)
{
    bool ok = open_logprob(out, &token->chosen) && text_append_string(out, ",\"top\":[");
    for (size_t i = 0; ok && i < token->n_top; i++)
        ok = open_logprob(out, &token->top[i]) && text_append_byte(out, '}');
    return ok && text_append_string(out, "]}");
}

bool logprobs_write(struct text *out, const struct hearth_token_logprobs *tokens, size_t n)
{
    bool ok = text_append_byte(out, '[');
    for (size_t i = 0; ok && i < n; i++)
        ok = write_token(out, &tokens[i]);
    return ok && text_append_byte(out, ']');
}

bool ids_write(struct text *out, const token_id *ids, size_t n)
{
    bool ok = text_append_byte(out, '[');
    for (size_t i = 0; ok && i < n; i++)
        ok = text_printf(out, i ? ",%" PRId32 : "%" PRId32, ids[i]);
    return ok && text_append_byte(out, ']');
}

bool done_write(struct text *out, const struct done_report *report)
{
    const struct hearth_event *done = &report->event->done;
    bool ok = text_append_byte(out, '{') &&
              write_string_member(out, "reason", done_reason_name(done->reason)) &&
              (!report->stop.data || write_text_member(out, "stop", report->stop)) &&
              text_printf(out,
                          ",\"answer_tokens\":%" PRIu32 ",\"thinking_tokens\":%" PRIu32
                          ",\"prompt_ns\":%" PRIu64 ",\"answer_ns\":%" PRIu64
                          ",\"first_token_ns\":%" PRIu64,
                          done->answer_tokens, report->event->thinking_tokens, done->prompt_ns,
                          done->answer_ns, report->queue_ns + done->first_token_ns);
    if (ok && report->context)
        ok = write_name(out, "context") && ids_write(out, report->context, report->n_context);
    return ok && text_append_byte(out, '}');
}

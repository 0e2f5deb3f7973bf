#include "worker/instant_answer.h"

#include "base/json_members.h"
#include "worker/answer_frames.h"
#include "worker/prompt_maker.h"

bool is_instant(const struct worker_request *request)
{
    return request->kind == REQUEST_TOKENIZE || request->kind == REQUEST_DETOKENIZE ||
           request->kind == REQUEST_COUNT || request->kind == REQUEST_RENDER;
}

static bool fail_full(struct refusal *why, const struct text *out)
{
    return refuse(why, "invalid", ERROR_USAGE, "the answer is over %zu bytes", out->limit);
}

static bool write_pieces(struct text *out, const struct tokenizer *t, const struct token_list *ids)
{
    struct text piece;
    text_init(&piece, 1 << 20);
    bool ok = write_name(out, "pieces") && text_append_byte(out, '[');
    for (size_t i = 0; ok && i < ids->count; i++) {
        text_clear(&piece);
        ok = tokenizer_append_bytes(t, ids->ids[i], &piece);
        struct slice text =
            piece.length ? text_slice(&piece) : tokenizer_token_text(t, ids->ids[i]);
        ok = ok && write_comma(out) && json_write_string(out, text);
    }
    text_release(&piece);
    return ok && text_append_byte(out, ']');
}

static bool write_tokens(struct text *out, const struct worker_model *model,
                         const struct worker_request *r, struct refusal *why)
{
    struct token_list ids = { 0 };
    struct encode_options options = { .add_special = r->adds_special, .parse_special = true };
    bool ok = tokenizer_encode(model->tokenizer, r->text, options, &ids, &why->error);
    if (ok)
        ok = (text_append_string(out, "{\"tokens\":") && ids_write(out, ids.ids, ids.count) &&
              (!r->with_pieces || write_pieces(out, model->tokenizer, &ids)) &&
              text_append_byte(out, '}')) ||
             fail_full(why, out);
    token_list_release(&ids);
    return ok;
}

static bool write_text(struct text *out, const struct worker_model *model,
                       const struct worker_request *r, struct refusal *why)
{
    struct token_list ids = { 0 };
    struct text text;
    text_init(&text, out->limit);
    bool ok = worker_request_ids(&ids, r->tokens, tokenizer_size(model->tokenizer), &why->error) &&
              tokenizer_decode(model->tokenizer, ids.ids, ids.count, true, &text, &why->error);
    if (ok)
        ok = (text_append_byte(out, '{') && write_text_member(out, "text", text_slice(&text)) &&
              text_append_byte(out, '}')) ||
             fail_full(why, out);
    token_list_release(&ids);
    text_release(&text);
    return ok;
}

static bool write_prompt(struct text *out, const struct worker_model *model,
                         const struct worker_request *r, struct refusal *why)
{
    struct made_prompt made;
    bool ok = made_prompt_open(&made, model, r, 0, why);
    const struct token_list *ids = &made.prompt.tokens;
    if (ok && r->kind == REQUEST_COUNT)
        ok = text_printf(out, "{\"prompt_tokens\":%zu}", ids->count) || fail_full(why, out);
    else if (ok)
        ok = (text_append_byte(out, '{') &&
              write_text_member(out, "prompt", text_slice(&made.prompt.text)) &&
              write_name(out, "tokens") && ids_write(out, ids->ids, ids->count) &&
              text_append_byte(out, '}')) ||
             fail_full(why, out);
    made_prompt_release(&made);
    return ok;
}

bool instant_answer_write(struct text *out, const struct worker_model *model,
                          const struct worker_request *request, struct refusal *why)
{
    if (request->kind == REQUEST_TOKENIZE)
        return write_tokens(out, model, request, why);
    if (request->kind == REQUEST_DETOKENIZE)
        return write_text(out, model, request, why);
    return write_prompt(out, model, request, why);
}

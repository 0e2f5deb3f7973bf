#include "cli/prompt/render_prompt.h"

#include "base/utf8.h"
#include "cli/dialogue_file.h"
#include "cli/model_summary.h"
#include "cli/output.h"
#include "cli/prompt/chat_request.h"
#include "cli/quoted_text.h"

#include <stdio.h>

static const size_t OUTPUT_LIMIT_BYTES = (size_t)4 << 30;

struct rendering {
    const struct dialogue *dialogue;
    const struct chat_prompt *prompt;
    const char *origin;
};

/* The bytes of a token; of those that are no text, their names. */
static bool append_token(const struct tokenizer *t, token_id id, struct text *out)
{
    size_t before = out->length;
    if (!tokenizer_append_bytes(t, id, out))
        return false;
    return out->length > before || text_append_slice(out, tokenizer_token_text(t, id));
}

/* "    12   151644 <|im_start|>": place, id, text; names of special tokens stand without quotes. */
static bool append_row(const struct rendering *r, size_t i, struct text *out)
{
    const struct tokenizer *t = dialogue_tokenizer(r->dialogue);
    token_id id = r->prompt->tokens.ids[i];
    struct text bytes;
    text_init(&bytes, OUTPUT_LIMIT_BYTES);
    bool ok = append_token(t, id, &bytes) && text_printf(out, "    %-8zu%8d  ", i, id);
    ok = ok && (tokenizer_is_special(t, id) ? text_append_slice(out, text_slice(&bytes))
                                            : quoted_text_append(out, text_slice(&bytes)));
    text_release(&bytes);
    return ok && text_append_byte(out, '\n');
}

static bool append_tokens(const struct rendering *r, struct text *out)
{
    bool ok = true;
    for (size_t i = 0; ok && i < r->prompt->tokens.count; i++)
        ok = append_row(r, i, out);
    return ok;
}

/* Each line of the prompt as one of the output, four columns in. */
static bool append_lines(struct slice prompt, struct text *out)
{
    bool ok = true;
    for (const char *at = prompt.data, *end = at + prompt.length; ok && at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((stop ? stop : end) - at);
        ok = text_append_string(out, n ? "    " : "") && text_append(out, at, n) &&
             text_append_byte(out, '\n');
        at += n + 1;
    }
    return ok;
}

static bool write_for_people(const struct rendering *r, struct text *out)
{
    return text_append_string(out, "  Prompt\n") &&
           append_lines(text_slice(&r->prompt->text), out) &&
           text_append_string(out, "\n  Tokens\n") && append_tokens(r, out) &&
           text_printf(out, "    %-20s%zu\n", "count", r->prompt->tokens.count) &&
           text_printf(out, "\n  Template\n    %-20s%s\n", "origin", r->origin) &&
           text_printf(out, "    %-20s%s\n\n", "answer begins",
                       r->prompt->is_thinking ? "inside of thinking" : "outside of thinking");
}

/* Bytes that are no UTF-8 by themselves are given in hexadecimal, as by `tokenize`. */
static bool append_json_token(const struct tokenizer *t, token_id id, struct text *out)
{
    struct text bytes;
    text_init(&bytes, OUTPUT_LIMIT_BYTES);
    bool ok = append_token(t, id, &bytes) && text_printf(out, "{\"id\":%d,", id);
    if (ok && utf8_valid((const uint8_t *)text_slice(&bytes).data, bytes.length)) {
        ok = text_append_string(out, "\"text\":") && json_write_string(out, text_slice(&bytes));
    } else if (ok) {
        ok = text_append_string(out, "\"text_hex\":\"");
        for (size_t i = 0; ok && i < bytes.length; i++)
            ok = text_printf(out, "%02x", (uint8_t)bytes.data[i]);
        ok = ok && text_append_byte(out, '"');
    }
    text_release(&bytes);
    return ok && text_append_byte(out, '}');
}

static bool write_for_programs(const struct rendering *r, struct text *out)
{
    const struct token_list *tokens = &r->prompt->tokens;
    bool ok = text_append_string(out, "{\"template\":") &&
              json_write_string(out, slice_of(r->origin)) &&
              text_append_string(out, ",\"prompt\":") &&
              json_write_string(out, text_slice(&r->prompt->text)) &&
              text_printf(out, ",\"is_thinking\":%s,\"tokens\":[",
                          r->prompt->is_thinking ? "true" : "false");
    for (size_t i = 0; ok && i < tokens->count; i++)
        ok = (i == 0 || text_append_byte(out, ',')) &&
             append_json_token(dialogue_tokenizer(r->dialogue), tokens->ids[i], out);
    return ok && text_append_string(out, "]}\n");
}

static bool print(const struct rendering *r, bool as_json, struct error *err)
{
    struct text out;
    text_init(&out, OUTPUT_LIMIT_BYTES);
    bool ok = as_json ? write_for_programs(r, &out) : write_for_people(r, &out);
    if (ok)
        (void)!output_answer(out.data, out.length);
    else
        fail_memory(err, out.length, "the output");
    text_release(&out);
    return ok;
}

/* The flags may ask for another way than the template. */
static const char *origin_of(const struct chat_input *input, const struct dialogue *dialogue)
{
    return input->flags.suffix   ? "none: the tokens for filling in"
           : input->flags.is_raw ? "none: plain text, as asked for"
                                 : chat_template_origin(dialogue_template(dialogue));
}

bool render_prompt_print(const struct render_prompt *r, struct chat_input *input, struct error *err)
{
    struct dialogue_file file;
    struct chat_request request = { 0 };
    struct dialogue_options options = { .template = text_slice(&input->template),
                                        .template_is_jinja = chat_input_is_jinja(input) };
    bool ok = dialogue_file_open(&file, r->path, input->flags.template ? &options : NULL, err) &&
              chat_input_check(input, dialogue_is_plain(file.dialogue), err) &&
              chat_request_open(&request, input, file.dialogue, r->words, r->now, err);
    if (ok) {
        struct rendering rendering = { file.dialogue, &request.prompt,
                                       origin_of(input, file.dialogue) };
        ok = print(&rendering, r->as_json, err);
    }
    chat_request_release(&request);
    dialogue_file_close(&file);
    return ok;
}

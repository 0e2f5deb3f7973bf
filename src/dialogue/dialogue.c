#include "dialogue/dialogue.h"

#include "base/memory.h"
#include "chat/output_parser.h"
#include "base/slice_text.h"
#include "dialogue/prompt_guard.h"
#include "dialogue/template_source.h"

enum { TEMPLATE_BYTES = 16 << 20, PROMPT_BYTES = 256 << 20 };

struct dialogue {
    const struct tokenizer *tokenizer; /* borrowed */
    struct chat_template *template;
    struct dialect_holder *dialect;
    struct slice bos;
    struct token_list shown;
    struct fill_tokens fill;
};

/* ---- control tokens that answers are read by ---- */

static bool occurs_in(struct slice needle, struct slice text)
{
    return needle.length && needle.length <= text.length &&
           memmem(text.data, text.length, needle.data, needle.length);
}

static bool is_in_dialect(const struct dialect *d, struct slice name)
{
    const struct slice texts[] = {
        d->think_open,         d->think_close,        d->content_open,        d->content_close,
        d->calls.trigger,      d->calls.section_open, d->calls.section_close, d->calls.between,
        d->calls.open,         d->calls.name_end,     d->calls.close,         d->calls.arg_open,
        d->calls.arg_name_end, d->calls.arg_close,    d->calls.arg_between,   d->calls.quote,
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (occurs_in(name, texts[i]))
            return true;
    return false;
}

static bool is_preserved(const struct output_family_facts *facts, struct slice name)
{
    for (size_t i = 0; facts && facts->preserved && facts->preserved[i]; i++)
        if (slice_is(name, facts->preserved[i]))
            return true;
    return false;
}

static bool find_shown(struct dialogue *d, struct error *err)
{
    const struct dialect *dialect = dialect_of(d->dialect);
    const struct output_family_facts *facts =
        dialect->family ? output_family_find(dialect->family) : NULL;
    for (size_t i = 0; i < tokenizer_size(d->tokenizer); i++) {
        token_id id = (token_id)i;
        if (!tokenizer_is_special(d->tokenizer, id) || tokenizer_is_end(d->tokenizer, id))
            continue;
        struct slice name = tokenizer_token_text(d->tokenizer, id);
        if ((is_in_dialect(dialect, name) || is_preserved(facts, name)) &&
            !token_list_push(&d->shown, id))
            return fail_memory(err, sizeof id, "a list of tokens");
    }
    return true;
}

/* ---- opening ---- */

static bool has_token(const void *context, struct slice text)
{
    const struct dialogue *d = context;
    return tokenizer_find(d->tokenizer, text) >= 0;
}

static struct slice token_text(const struct tokenizer *tokenizer, token_id id)
{
    return id < 0 ? slice_of("") : tokenizer_token_text(tokenizer, id);
}

static bool open_template(struct dialogue *d, const struct weights *weights,
                          const struct dialogue_options *options, struct error *err)
{
    struct text own;
    text_init(&own, TEMPLATE_BYTES);
    bool ok = template_source_read(weights, &own, err);
    if (ok) {
        struct chat_template_sources sources = {
            .user = options->template,
            .user_is_jinja = options->template_is_jinja,
            .renderer = options->renderer,
            .model = own.length ? text_slice(&own) : (struct slice){ NULL, 0 },
            .bos = d->bos,
            .eos = token_text(d->tokenizer, tokenizer_eos(d->tokenizer)),
            .has_token = has_token,
            .context = d,
        };
        ok = chat_template_open(&d->template, &sources, err);
    }
    text_release(&own);
    return ok;
}

bool dialogue_open(struct dialogue **out, const struct weights *weights,
                   const struct tokenizer *tokenizer, const struct dialogue_options *options,
                   struct error *err)
{
    static const struct dialogue_options defaults;
    *out = NULL;
    struct dialogue *d = memory_zeroed(1, sizeof *d);
    if (!d)
        return fail_memory(err, sizeof *d, "a dialogue");
    if (!options)
        options = &defaults;
    d->tokenizer = tokenizer;
    (void)!fill_tokens_find(tokenizer, &d->fill); /* none: fill_prompt says so */
    d->bos = token_text(tokenizer, tokenizer_bos(tokenizer));
    bool ok = open_template(d, weights, options, err) &&
              (options->parser ? dialect_open_family(&d->dialect, options->parser, err)
                               : dialect_open(&d->dialect, d->template, err)) &&
              find_shown(d, err);
    if (!ok)
        dialogue_close(&d);
    *out = d;
    return ok;
}

void dialogue_close(struct dialogue **dialogue)
{
    struct dialogue *d = *dialogue;
    if (!d)
        return;
    dialect_close(&d->dialect);
    chat_template_close(&d->template);
    token_list_release(&d->shown);
    memory_free(d);
    *dialogue = NULL;
}

const struct chat_template *dialogue_template(const struct dialogue *d)
{
    return d->template;
}

const struct dialect *dialogue_dialect(const struct dialogue *d)
{
    return dialect_of(d->dialect);
}

const struct tokenizer *dialogue_tokenizer(const struct dialogue *d)
{
    return d->tokenizer;
}

bool dialogue_is_plain(const struct dialogue *d)
{
    return chat_template_is_plain(d->template);
}

const struct fill_tokens *dialogue_fill_tokens(const struct dialogue *d)
{
    return &d->fill;
}

const struct token_list *dialogue_shown(const struct dialogue *d)
{
    return &d->shown;
}

/* ---- prompts ---- */

static void chat_prompt_init(struct chat_prompt *prompt)
{
    *prompt = (struct chat_prompt){ 0 };
    text_init(&prompt->text, PROMPT_BYTES);
}

void chat_prompt_release(struct chat_prompt *prompt)
{
    text_release(&prompt->text);
    token_list_release(&prompt->tokens);
}

/* What the vocabulary puts in front need not stand in the text as well. */
static struct slice without_bos(const struct dialogue *d, struct slice text)
{
    struct slice bos = d->bos;
    while (bos.length && tokenizer_adds_bos(d->tokenizer) && text.length >= bos.length &&
           memcmp(text.data, bos.data, bos.length) == 0)
        text = slice_from(text, bos.length);
    return text;
}

/* `guard` may be NULL: all that looks like a control token is one. */
static bool encode(const struct dialogue *d, struct chat_prompt *prompt, struct prompt_guard *guard,
                   struct error *err)
{
    struct encode_options options = { .add_special = true, .parse_special = true };
    struct slice all = text_slice(&prompt->text), text = without_bos(d, all);
    if (guard) {
        options.barriers = guard->barriers;
        options.n_barriers = guard->n_barriers;
        for (size_t i = 0; i < guard->n_barriers; i++)
            guard->barriers[i] -= size_min(all.length - text.length, guard->barriers[i]);
    }
    return tokenizer_encode(d->tokenizer, text, options, &prompt->tokens, err);
}

static bool append(struct chat_prompt *prompt, const char *string, struct error *err)
{
    return text_append_string(&prompt->text, string) ||
           fail(err, ERROR_BUDGET, "the prompt is over %zu bytes", prompt->text.limit);
}

static bool append_slice(struct chat_prompt *prompt, struct slice text, struct error *err)
{
    return text_append_slice(&prompt->text, text) ||
           fail(err, ERROR_BUDGET, "the prompt is over %zu bytes", prompt->text.limit);
}

/* The answer is to begin behind thinking: it is closed where the template opened it, and opened and
 * closed where only that says so. */
static bool skip_thinking(const struct dialogue *d, struct chat_prompt *prompt, struct error *err)
{
    const struct dialect *dialect = dialogue_dialect(d);
    struct chat_template_facts facts = chat_template_facts(d->template);
    bool is_open = dialect_prompt_thinks(dialect, text_slice(&prompt->text));
    if (!dialect->think_close.length || (!is_open && facts.can_switch_thinking))
        return true;
    return (is_open ||
            (append_slice(prompt, dialect->think_open, err) && append(prompt, "\n", err))) &&
           append(prompt, "\n", err) && append_slice(prompt, dialect->think_close, err) &&
           append(prompt, "\n\n", err);
}

static bool apply_thinking(const struct dialogue *d, const struct prompt_request *request,
                           struct chat_prompt *prompt, struct error *err)
{
    const struct dialect *dialect = dialogue_dialect(d);
    bool can_think = dialect->think_close.length || chat_template_facts(d->template).can_think;
    if (request->think.is_set && request->think.is_on && !can_think)
        return fail(err, ERROR_USAGE, "the model does not support thinking");
    if (request->think.is_set && !request->think.is_on && !request->continues_answer && can_think &&
        !skip_thinking(d, prompt, err))
        return false;
    prompt->is_thinking = dialect_prompt_thinks(dialect, text_slice(&prompt->text));
    return true;
}

bool dialogue_prompt(const struct dialogue *d, const struct prompt_request *request,
                     struct chat_prompt *out, struct error *err)
{
    struct prompt_guard guard;
    struct prompt_request guarded = *request;
    chat_prompt_init(out);
    bool ok = prompt_guard_open(&guard, request->conversation, d->tokenizer, err);
    if (ok && guard.marked)
        guarded.conversation = guard.marked;
    ok = ok && chat_template_render(d->template, &guarded, &out->text, err) &&
         prompt_guard_clean(&guard, &out->text, err) && apply_thinking(d, request, out, err) &&
         encode(d, out, &guard, err);
    prompt_guard_release(&guard);
    if (!ok)
        chat_prompt_release(out);
    return ok;
}

bool dialogue_raw_prompt(const struct dialogue *d, struct slice text, struct chat_prompt *out,
                         struct error *err)
{
    chat_prompt_init(out);
    out->is_raw = true;
    bool ok = append_slice(out, text, err) && encode(d, out, NULL, err);
    if (!ok)
        chat_prompt_release(out);
    return ok;
}

bool dialogue_fill_prompt(const struct dialogue *d, struct slice prefix, struct slice suffix,
                          struct chat_prompt *out, struct error *err)
{
    chat_prompt_init(out);
    out->is_raw = out->is_fill = true;
    bool ok =
        fill_prompt(d->tokenizer, &d->fill, prefix, suffix, &out->tokens, err) &&
        tokenizer_decode(d->tokenizer, out->tokens.ids, out->tokens.count, true, &out->text, err);
    if (!ok)
        chat_prompt_release(out);
    return ok;
}

bool dialogue_can_fill(const struct dialogue *dialogue)
{
    struct chat_prompt prompt;
    bool ok = dialogue_fill_prompt(dialogue, slice_of("a"), slice_of("b"), &prompt, NULL);
    if (ok)
        chat_prompt_release(&prompt);
    return ok;
}

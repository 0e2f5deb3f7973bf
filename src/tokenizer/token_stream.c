#include "tokenizer/tokenizer.h"

#include "base/utf8.h"
#include "tokenizer/tokenizer_parts.h"
#include "tokenizer/unicode_text.h"

static const char REPLACEMENT[] = "\xef\xbf\xbd";

static bool check_id(const struct tokenizer *t, token_id id, struct error *err)
{
    return vocabulary_has(&t->vocabulary, id) ||
           fail(err, ERROR_USAGE, "token %d is outside the vocabulary of %zu tokens", id,
                t->vocabulary.count);
}

/* A run of byte tokens is at its end: bytes that are not UTF-8 all become U+FFFD. */
static bool close_run(struct text *raw, size_t begin)
{
    size_t length = raw->length - begin;
    if (!length || utf8_valid((const uint8_t *)raw->data + begin, length))
        return true;
    raw->length = begin;
    for (size_t i = 0; i < length; i++)
        if (!text_append_string(raw, REPLACEMENT))
            return false;
    return true;
}

/* What the ids say one after another, nothing repaired or cleaned. */
static bool decode_raw(const struct tokenizer *t, const token_id *ids, size_t count,
                       bool with_special, struct text *raw)
{
    const struct decoder *d = &t->decoder;
    bool is_first = true, is_run = false, ok = true;
    size_t run_begin = 0;
    for (size_t i = 0; ok && i < count; i++) {
        if (!with_special && decoder_hides(d, &t->vocabulary, ids[i]))
            continue;
        int byte = decoder_byte(d, &t->vocabulary, ids[i]);
        if (byte >= 0 && !is_run)
            run_begin = raw->length;
        if (byte < 0 && is_run && d->breaks_whole_runs)
            ok = close_run(raw, run_begin);
        is_run = byte >= 0;
        ok = ok && (byte >= 0 ? text_append_byte(raw, (char)byte)
                              : decoder_append(d, &t->vocabulary, ids[i], is_first, raw));
        is_first = false;
    }
    return ok && (!is_run || !d->breaks_whole_runs || close_run(raw, run_begin));
}

static bool clean(struct text *raw)
{
    struct space_cleaner cleaner = { 0 };
    struct text cleaned;
    text_init(&cleaned, raw->limit);
    bool ok = space_cleaner_push(&cleaner, text_slice(raw), &cleaned) &&
              space_cleaner_finish(&cleaner, &cleaned);
    text_release(raw);
    *raw = cleaned;
    return ok;
}

bool tokenizer_decode(const struct tokenizer *t, const token_id *ids, size_t count,
                      bool with_special, struct text *out, struct error *err)
{
    for (size_t i = 0; i < count; i++)
        if (!check_id(t, ids[i], err))
            return false;
    struct text raw;
    text_init(&raw, SIZE_MAX / 4);
    size_t before = out->length;
    bool ok = decode_raw(t, ids, count, with_special, &raw);
    if (ok && t->decoder.cleans_spaces)
        ok = clean(&raw);
    if (ok)
        ok = t->decoder.repairs ? append_repaired(out, text_slice(&raw))
                                : text_append_slice(out, text_slice(&raw));
    text_release(&raw);
    if (!ok) {
        out->length = before;
        return fail(err, ERROR_MEMORY, "the text of %zu tokens does not fit into %zu bytes", count,
                    out->limit);
    }
    return true;
}

/* Pending bytes and new ones: what is whole goes out, the beginning of a sequence stays. */
static bool flush(struct token_stream *stream, struct slice bytes, struct text *out)
{
    struct text all;
    text_init(&all, SIZE_MAX / 4);
    bool ok =
        text_append(&all, stream->pending, stream->n_pending) && text_append_slice(&all, bytes);
    size_t tail = ok ? utf8_incomplete_tail((const uint8_t *)all.data, all.length) : 0;
    ok = ok && append_repaired(out, (struct slice){ all.data, all.length - tail });
    if (ok && tail)
        memcpy(stream->pending, all.data + all.length - tail, tail);
    if (ok)
        stream->n_pending = tail;
    text_release(&all);
    return ok;
}

/* A token's text, cleaned where the vocabulary wants that. */
static bool stream_text(const struct tokenizer *t, struct token_stream *stream, token_id id,
                        struct text *said)
{
    const struct decoder *d = &t->decoder;
    struct text raw;
    text_init(&raw, SIZE_MAX / 4);
    int byte = decoder_byte(d, &t->vocabulary, id);
    bool ok = byte >= 0 ? text_append_byte(&raw, (char)byte)
                        : decoder_append(d, &t->vocabulary, id, !stream->is_continued, &raw);
    if (ok && d->cleans_spaces && !stream->keeps_spaces) {
        struct space_cleaner cleaner;
        memcpy(cleaner.stages, stream->cleaning, sizeof cleaner.stages);
        ok = space_cleaner_push(&cleaner, text_slice(&raw), said);
        memcpy(stream->cleaning, cleaner.stages, sizeof cleaner.stages);
    } else if (ok) {
        ok = text_append_slice(said, text_slice(&raw));
    }
    text_release(&raw);
    return ok;
}

bool token_stream_next(const struct tokenizer *t, struct token_stream *stream, token_id id,
                       bool with_special, struct text *out, struct error *err)
{
    if (!check_id(t, id, err))
        return false;
    if (!with_special && decoder_hides(&t->decoder, &t->vocabulary, id))
        return true;
    struct text said;
    text_init(&said, SIZE_MAX / 4);
    bool ok = stream_text(t, stream, id, &said) && flush(stream, text_slice(&said), out);
    text_release(&said);
    stream->is_continued = true;
    return ok || fail(err, ERROR_MEMORY, "the text of token %d does not fit into %zu bytes", id,
                      out->limit);
}

bool token_stream_finish(struct token_stream *stream, struct text *out)
{
    struct text held;
    text_init(&held, 64);
    struct space_cleaner cleaner;
    memcpy(cleaner.stages, stream->cleaning, sizeof cleaner.stages);
    memset(stream->cleaning, 0, sizeof stream->cleaning);
    bool ok = space_cleaner_finish(&cleaner, &held) && flush(stream, text_slice(&held), out);
    if (ok && stream->n_pending)
        ok = text_append_string(out, REPLACEMENT);
    stream->n_pending = 0;
    text_release(&held);
    return ok;
}

bool tokenizer_append_bytes(const struct tokenizer *t, token_id id, struct text *out)
{
    const struct vocabulary *v = &t->vocabulary;
    if (!vocabulary_has(v, id) || v->is_end[id] || v->types[id] == TOKEN_UNKNOWN ||
        decoder_hides(&t->decoder, v, id))
        return true;
    int byte = decoder_byte(&t->decoder, v, id);
    return byte >= 0 ? text_append_byte(out, (char)byte)
                     : decoder_append(&t->decoder, v, id, false, out);
}

#include "tokenizer/added_tokens.h"

#include "base/memory.h"
#include "tokenizer/unicode_text.h"

#include <stdlib.h>

bool added_tokens_add(struct added_tokens *added, struct added_token token, struct error *err)
{
    if (token.text.length == 0)
        return true;
    if (token.text.length > TRIE_MAX_KEY)
        return fail(err, ERROR_UNSUPPORTED,
                    "the special token '%s' has %zu bytes, at most %d are supported",
                    printable(token.text), token.text.length, TRIE_MAX_KEY);
    if (added->count == added->capacity) {
        size_t capacity = size_max(64, added->capacity * 2);
        struct added_token *larger = memory_resize(added->items, capacity * sizeof *larger);
        if (!larger)
            return fail_memory(err, capacity * sizeof *larger, "special tokens");
        added->items = larger;
        added->capacity = capacity;
    }
    struct trie *trie = token.is_normalized ? &added->normalized : &added->plain;
    if (!trie_add(trie, token.text, (int32_t)added->count))
        return fail_memory(err, token.text.length * 16, "special tokens");
    added->items[added->count++] = token;
    return true;
}

void added_tokens_release(struct added_tokens *added)
{
    memory_free(added->items);
    trie_release(&added->plain);
    trie_release(&added->normalized);
    *added = (struct added_tokens){ 0 };
}

/* Longest first, then by id: a total order, so that equal lengths do not depend on the sorting. */
static int compare(const void *a, const void *b)
{
    const struct added_token *x = a, *y = b;
    if (x->text.length != y->text.length)
        return x->text.length < y->text.length ? 1 : -1;
    return (x->id > y->id) - (x->id < y->id);
}

void added_tokens_finish(struct added_tokens *added)
{
    if (!added->by_length || added->count == 0)
        return;
    qsort(added->items, added->count, sizeof *added->items, compare);
    for (size_t i = 0; i < added->count; i++) /* the keys are there: nothing is allocated */
        (void)!trie_add(&added->plain, added->items[i].text, (int32_t)i);
}

void fragments_release(struct fragments *fragments)
{
    memory_free(fragments->items);
    *fragments = (struct fragments){ 0 };
}

static bool push(struct fragments *out, size_t offset, size_t length, token_id id,
                 struct error *err)
{
    if (length == 0 && id < 0)
        return true;
    if (out->count == out->capacity) {
        size_t capacity = size_max(16, out->capacity * 2);
        struct fragment *larger = memory_resize(out->items, capacity * sizeof *larger);
        if (!larger)
            return fail_memory(err, capacity * sizeof *larger, "the fragments of a text");
        out->items = larger;
        out->capacity = capacity;
    }
    out->items[out->count++] = (struct fragment){ offset, length, id };
    return true;
}

static bool is_wanted(const struct added_token *token, bool parse_special)
{
    return parse_special || !token->is_special;
}

static bool is_c_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Whether a special token would lie across a barrier. */
static bool is_barred(const struct added_search *search, const struct added_token *token,
                      size_t from)
{
    size_t low = 0, high = token->is_special ? search->n_barriers : 0;
    while (low < high) { /* the first barrier behind the token's beginning */
        size_t middle = (low + high) / 2;
        if (search->barriers[middle] <= from)
            low = middle + 1;
        else
            high = middle;
    }
    return token->is_special && low < search->n_barriers &&
           search->barriers[low] < from + token->text.length;
}

/* One fragment of text, cut at every occurrence of one token. */
static bool cut_at(const struct added_token *token, struct slice text,
                   const struct added_search *search, struct fragment fragment,
                   struct fragments *out, struct error *err)
{
    size_t at = fragment.offset, end = fragment.offset + fragment.length, looked = at;
    while (looked < end) {
        const char *match =
            memmem(text.data + looked, end - looked, token->text.data, token->text.length);
        if (!match)
            break;
        size_t from = (size_t)(match - text.data), left = from;
        if (is_barred(search, token, from)) {
            looked = from + 1;
            continue;
        }
        while (token->strips_left && left > at && is_c_space(text.data[left - 1]))
            left--;
        if (!push(out, at, left - at, -1, err) ||
            !push(out, from, token->text.length, token->id, err))
            return false;
        at = from + token->text.length;
        while (token->strips_right && at < end && is_c_space(text.data[at]))
            at++;
        looked = at;
    }
    return push(out, at, end - at, -1, err);
}

/* Which tokens occur at all, so that only those are searched for one by one. */
static bool mark_present(const struct added_tokens *added, struct slice text, bool parse_special,
                         bool *present)
{
    bool any = false;
    for (size_t i = 0; i < text.length; i++) {
        uint32_t node = TRIE_ROOT;
        for (size_t j = i; j < text.length; j++) {
            node = trie_step(&added->plain, node, (uint8_t)text.data[j]);
            if (node == TRIE_ROOT)
                break;
            int32_t index = added->plain.values[node];
            if (index >= 0 && is_wanted(&added->items[index], parse_special))
                any = present[index] = true;
        }
    }
    return any;
}

static bool find_by_length(const struct added_tokens *added, struct slice text,
                           const struct added_search *search, struct fragments *out,
                           struct error *err)
{
    if (!push(out, 0, text.length, -1, err))
        return false;
    if (added->count == 0)
        return true;
    bool *present = memory_zeroed(added->count, sizeof *present);
    if (!present)
        return fail_memory(err, added->count, "the fragments of a text");
    bool ok = true;
    struct fragments next = { 0 };
    if (mark_present(added, text, search->parse_special, present))
        for (size_t i = 0; ok && i < added->count; i++) {
            if (!present[i])
                continue;
            next.count = 0;
            for (size_t j = 0; ok && j < out->count; j++) {
                struct fragment f = out->items[j];
                ok = f.id >= 0 ? push(&next, f.offset, f.length, f.id, err)
                               : cut_at(&added->items[i], text, search, f, &next, err);
            }
            struct fragments kept = *out;
            *out = next;
            next = kept;
        }
    fragments_release(&next);
    memory_free(present);
    return ok;
}

/* The code point that ends before `i`. */
static uint32_t code_point_before(struct slice text, size_t i, size_t *from)
{
    size_t length, start = i - 1;
    while (start > 0 && i - start < 4 && ((uint8_t)text.data[start] & 0xc0) == 0x80)
        start--;
    *from = start;
    return code_point_at((struct slice){ text.data, i }, start, &length);
}

static bool is_inside_word(struct slice text, size_t from, size_t to)
{
    size_t ignored;
    return (from > 0 && is_word_character(code_point_before(text, from, &ignored))) ||
           (to < text.length && is_word_character(code_point_at(text, to, &ignored)));
}

static size_t strip_left(struct slice text, size_t from, size_t limit)
{
    size_t before;
    while (from > limit && is_white_space(code_point_before(text, from, &before)))
        from = before;
    return size_max(from, limit);
}

static size_t strip_right(struct slice text, size_t to)
{
    for (size_t length; to < text.length; to += length)
        if (!is_white_space(code_point_at(text, to, &length)))
            break;
    return to;
}

static bool find_leftmost(const struct added_tokens *added, const struct trie *trie,
                          struct slice text, const struct added_search *search,
                          struct fragments *out, struct error *err)
{
    size_t done = 0;
    for (size_t i = 0; i < text.length && trie->n_nodes;) {
        int32_t index;
        size_t length =
            trie_longest(trie, (struct slice){ text.data + i, text.length - i }, &index);
        if (length == 0) {
            i++;
            continue;
        }
        const struct added_token *token = &added->items[index];
        size_t from = i, to = i + length;
        if (is_barred(search, token, from)) {
            i++; /* a shorter one may begin inside */
            continue;
        }
        i = to;
        if (!is_wanted(token, search->parse_special) || from < done ||
            (token->is_single_word && is_inside_word(text, from, to)))
            continue;
        if (token->strips_left)
            from = strip_left(text, from, done);
        if (token->strips_right)
            to = strip_right(text, to);
        if (!push(out, done, from - done, -1, err) || !push(out, from, to - from, token->id, err))
            return false;
        done = to;
    }
    return push(out, done, text.length - done, -1, err);
}

bool added_tokens_find(const struct added_tokens *added, struct slice text,
                       const struct added_search *search, struct fragments *out, struct error *err)
{
    out->count = 0;
    if (added->by_length)
        return find_by_length(added, text, search, out, err);
    return find_leftmost(added, search->normalized ? &added->normalized : &added->plain, text,
                         search, out, err);
}

#include "runtime/sequence.h"

#include "base/memory.h"
#include "kernels/attention.h"

static size_t pages_for(uint32_t n_tokens)
{
    return ((size_t)n_tokens + KV_PAGE_TOKENS - 1) / KV_PAGE_TOKENS;
}

bool sequence_new(struct sequence **out, struct kv_cache *cache, struct prefix_cache *prefixes,
                  uint32_t most_tokens, struct error *err)
{
    *out = NULL;
    struct sequence *sequence = memory_zeroed(1, sizeof *sequence);
    if (!sequence)
        return fail_memory(err, sizeof *sequence, "a sequence");
    sequence->cache = cache;
    sequence->prefixes = prefixes;
    sequence->shared = prefixes ? prefix_root(prefixes) : NULL;
    sequence->most_tokens = most_tokens;
    sequence->most_pages = pages_for(most_tokens);
    sequence->pages = memory_zeroed(sequence->most_pages, sizeof *sequence->pages);
    sequence->tokens = prefixes ? memory_zeroed(most_tokens, sizeof *sequence->tokens) : NULL;
    if (!sequence->pages || (prefixes && !sequence->tokens)) {
        size_t size_bytes = sequence->most_pages * sizeof *sequence->pages;
        sequence_close(&sequence);
        return fail_memory(err, size_bytes, "a page table");
    }
    *out = sequence;
    return true;
}

void sequence_close(struct sequence **sequence)
{
    if (!*sequence)
        return;
    sequence_leave(*sequence);
    memory_free((*sequence)->pages);
    memory_free((*sequence)->tokens);
    memory_free(*sequence);
    *sequence = NULL;
}

uint32_t sequence_length(const struct sequence *sequence)
{
    return sequence->length;
}

/* Tokens in pages that belong to the tree. */
static uint32_t n_shared_tokens(const struct sequence *s)
{
    return (uint32_t)(s->n_shared * KV_PAGE_TOKENS);
}

static void drop_pages(struct sequence *s, size_t keep)
{
    for (; s->n_pages > s->n_shared && s->n_pages > keep; s->n_pages--)
        kv_cache_give_back(s->cache, s->pages[s->n_pages - 1]);
    for (; s->n_pages > keep; s->n_pages--, s->n_shared--) {
        struct prefix *last = s->shared;
        s->shared = prefix_parent(last);
        prefix_let_go(s->prefixes, last);
    }
}

void sequence_truncate(struct sequence *sequence, uint32_t length)
{
    if (length < sequence->length)
        sequence->length = length;
    drop_pages(sequence, pages_for(sequence->length));
}

/* Whole pages become the tree's. */
static void publish(struct sequence *s)
{
    while (s->prefixes && n_shared_tokens(s) + KV_PAGE_TOKENS <= s->length) {
        struct prefix *next = prefix_publish(s->prefixes, s->shared, s->tokens + n_shared_tokens(s),
                                             &s->pages[s->n_shared]);
        if (!next)
            return;
        s->shared = next;
        s->n_shared++;
    }
}

/* The last page was shared when the sequence was longer; what comes next is its own. */
static bool part_last_page(struct sequence *s, struct error *err)
{
    struct prefix *before = prefix_parent(s->shared);
    if (!prefix_part(s->prefixes, s->shared, &s->pages[s->n_shared - 1], err))
        return false;
    s->shared = before;
    s->n_shared--;
    return true;
}

bool sequence_reserve(struct sequence *s, uint32_t n_tokens, struct error *err)
{
    if (n_tokens > s->most_tokens - s->length)
        return fail(err, ERROR_CONTEXT, "%" PRIu64 " tokens do not fit the context of %" PRIu32,
                    (uint64_t)s->length + n_tokens, s->most_tokens);
    publish(s);
    if (n_shared_tokens(s) > s->length && !part_last_page(s, err))
        return false;
    size_t before = s->n_pages, need = pages_for(s->length + n_tokens);
    while (s->n_pages < need) {
        if (!kv_cache_take(s->cache, &s->pages[s->n_pages], err)) {
            drop_pages(s, before);
            return false;
        }
        s->n_pages++;
    }
    return true;
}

void sequence_append(struct sequence *s, const token_id *tokens, uint32_t n_tokens)
{
    if (s->tokens)
        memcpy(s->tokens + s->length, tokens, n_tokens * sizeof *tokens);
    s->length += n_tokens;
}

void sequence_leave(struct sequence *s)
{
    publish(s);
    uint32_t first = n_shared_tokens(s);
    if (s->prefixes && s->length > first && s->length - first < KV_PAGE_TOKENS) {
        drop_pages(s, s->n_shared + 1);
        prefix_leave(s->prefixes, s->shared, s->tokens + first, s->length - first,
                     s->pages[--s->n_pages]);
    }
    sequence_truncate(s, 0);
}

static void take_page(struct sequence *s, uint8_t *page, const token_id *tokens, size_t n)
{
    s->pages[s->n_pages++] = page;
    sequence_append(s, tokens, (uint32_t)n);
}

/* The sequence ends with a page of the tree: go on as far as the tree does. */
static void go_on(struct sequence *s, const token_id *tokens, size_t n)
{
    while (s->length < n) {
        size_t n_common;
        const token_id *wanted = tokens + s->length;
        struct prefix *next = prefix_find(s->shared, wanted, n - s->length, &n_common);
        if (!next)
            return;
        prefix_hold(s->prefixes, next);
        if (n_common < KV_PAGE_TOKENS) {
            struct error ignored = { 0 };
            uint8_t *page;
            if (prefix_part(s->prefixes, next, &page, &ignored))
                take_page(s, page, wanted, n_common);
            else
                prefix_let_go(s->prefixes, next);
            return;
        }
        take_page(s, prefix_page(next), wanted, n_common);
        s->shared = next;
        s->n_shared++;
    }
}

static bool begins_so(const struct sequence *s, const token_id *tokens, size_t n)
{
    return s->length <= n && memcmp(s->tokens, tokens, s->length * sizeof *tokens) == 0;
}

void sequence_take_over(struct sequence *s, const token_id *tokens, size_t n)
{
    n = size_min(n, s->most_tokens);
    if (!begins_so(s, tokens, n))
        sequence_leave(s);
    publish(s);
    if (n_shared_tokens(s) == s->length)
        go_on(s, tokens, n);
}

static size_t count_common(const struct sequence *s, const token_id *tokens, size_t n)
{
    size_t n_common = 0;
    while (n_common < size_min(n, s->length) && s->tokens[n_common] == tokens[n_common])
        n_common++;
    return n_common;
}

/* Whole pages are the tree's by now; the other's next one, filled in part, is copied. It may have
 * more of the tokens than what was left in the tree. */
void sequence_take_over_from(struct sequence *s, struct sequence *other, const token_id *tokens,
                             size_t n)
{
    struct error ignored = { 0 };
    uint8_t *page;
    publish(other);
    sequence_take_over(s, tokens, n);
    size_t first = n_shared_tokens(s);
    size_t end =
        size_min(count_common(other, tokens, size_min(n, s->most_tokens)), first + KV_PAGE_TOKENS);
    if (first > s->length || end <= s->length)
        return;
    sequence_truncate(s, (uint32_t)first);
    if (!kv_cache_take(s->cache, &page, &ignored))
        return;
    memcpy(page, other->pages[first / KV_PAGE_TOKENS], kv_cache_page_bytes(s->cache));
    take_page(s, page, tokens + first, end - first);
}

bool sequence_copy(struct sequence *to, const struct sequence *from, struct error *err)
{
    sequence_truncate(to, 0);
    if (!sequence_reserve(to, from->length, err))
        return false;
    for (size_t i = 0; i < to->n_pages; i++)
        memcpy(to->pages[i], from->pages[i], kv_cache_page_bytes(to->cache));
    if (to->tokens)
        sequence_append(to, from->tokens, from->length);
    else
        to->length = from->length;
    return true;
}

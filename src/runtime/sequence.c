#include "runtime/sequence.h"

#include "base/memory.h"
#include "kernels/attention.h"

static size_t pages_for(uint32_t n_tokens)
{
    return ((size_t)n_tokens + KV_PAGE_TOKENS - 1) / KV_PAGE_TOKENS;
}

bool sequence_new(struct sequence **out, struct kv_cache *cache, uint32_t most_tokens,
                  struct error *err)
{
    *out = NULL;
    struct sequence *sequence = memory_zeroed(1, sizeof *sequence);
    if (!sequence)
        return fail_memory(err, sizeof *sequence, "a sequence");
    sequence->cache = cache;
    sequence->most_tokens = most_tokens;
    sequence->most_pages = pages_for(most_tokens);
    sequence->pages = memory_zeroed(sequence->most_pages, sizeof *sequence->pages);
    if (!sequence->pages) {
        size_t size_bytes = sequence->most_pages * sizeof *sequence->pages;
        memory_free(sequence);
        return fail_memory(err, size_bytes, "a page table");
    }
    *out = sequence;
    return true;
}

void sequence_close(struct sequence **sequence)
{
    if (!*sequence)
        return;
    sequence_truncate(*sequence, 0);
    memory_free((*sequence)->pages);
    memory_free(*sequence);
    *sequence = NULL;
}

uint32_t sequence_length(const struct sequence *sequence)
{
    return sequence->length;
}

static void drop_pages(struct sequence *sequence, size_t keep)
{
    while (sequence->n_pages > keep)
        kv_cache_give_back(sequence->cache, sequence->pages[--sequence->n_pages]);
}

void sequence_truncate(struct sequence *sequence, uint32_t length)
{
    if (length < sequence->length)
        sequence->length = length;
    drop_pages(sequence, pages_for(sequence->length));
}

bool sequence_reserve(struct sequence *sequence, uint32_t n_tokens, struct error *err)
{
    if (n_tokens > sequence->most_tokens - sequence->length)
        return fail(err, ERROR_CONTEXT, "%" PRIu64 " tokens do not fit the context of %" PRIu32,
                    (uint64_t)sequence->length + n_tokens, sequence->most_tokens);
    size_t before = sequence->n_pages, need = pages_for(sequence->length + n_tokens);
    while (sequence->n_pages < need) {
        if (!kv_cache_take(sequence->cache, &sequence->pages[sequence->n_pages], err)) {
            drop_pages(sequence, before);
            return false;
        }
        sequence->n_pages++;
    }
    return true;
}

bool sequence_copy(struct sequence *to, const struct sequence *from, struct error *err)
{
    sequence_truncate(to, 0);
    if (!sequence_reserve(to, from->length, err))
        return false;
    for (size_t i = 0; i < to->n_pages; i++)
        memcpy(to->pages[i], from->pages[i], kv_cache_page_bytes(to->cache));
    to->length = from->length;
    return true;
}

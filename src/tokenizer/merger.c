#include "tokenizer/merger.h"

#include "base/interruption.h"
#include "base/memory.h"

struct candidate {
    uint64_t order; /* rank, then position: the smallest is joined first */
    int32_t left, right;
    uint32_t length; /* of both when the candidate was made: otherwise it is out of date */
    token_id joined;
};

void merger_release(struct merger *merger)
{
    memory_free(merger->symbols);
    memory_free(merger->heap);
    *merger = (struct merger){ 0 };
}

bool merger_push(struct merger *merger, token_id id, size_t start, size_t length, bool is_frozen,
                 struct error *err)
{
    if (merger->n_symbols == merger->symbol_capacity) {
        size_t capacity = size_max(64, merger->symbol_capacity * 2);
        struct symbol *larger =
            capacity > INT32_MAX ? NULL : memory_resize(merger->symbols, capacity * sizeof *larger);
        if (!larger)
            return fail_memory(err, capacity * sizeof *larger, "the symbols of a text");
        merger->symbols = larger;
        merger->symbol_capacity = capacity;
    }
    int32_t index = (int32_t)merger->n_symbols++;
    merger->symbols[index] = (struct symbol){ .id = id,
                                              .start = start,
                                              .length = (uint32_t)length,
                                              .previous = index - 1,
                                              .next = -1,
                                              .is_frozen = is_frozen };
    if (index > 0)
        merger->symbols[index - 1].next = index;
    return true;
}

static void sift_up(struct candidate *heap, size_t i)
{
    struct candidate moved = heap[i];
    for (; i > 0 && moved.order < heap[(i - 1) / 2].order; i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = moved;
}

static void sift_down(struct candidate *heap, size_t count, size_t i)
{
    struct candidate moved = heap[i];
    for (size_t child; (child = 2 * i + 1) < count; i = child) {
        if (child + 1 < count && heap[child + 1].order < heap[child].order)
            child++;
        if (heap[child].order >= moved.order)
            break;
        heap[i] = heap[child];
    }
    heap[i] = moved;
}

static bool heap_push(struct merger *merger, struct candidate candidate)
{
    if (merger->n_heap == merger->heap_capacity) {
        size_t capacity = size_max(128, merger->heap_capacity * 2);
        struct candidate *larger = memory_resize(merger->heap, capacity * sizeof *larger);
        if (!larger)
            return false;
        merger->heap = larger;
        merger->heap_capacity = capacity;
    }
    merger->heap[merger->n_heap++] = candidate;
    sift_up(merger->heap, merger->n_heap - 1);
    return true;
}

static struct candidate heap_pop(struct merger *merger)
{
    struct candidate best = merger->heap[0];
    merger->heap[0] = merger->heap[--merger->n_heap];
    if (merger->n_heap)
        sift_down(merger->heap, merger->n_heap, 0);
    return best;
}

/* Queue the pair if it is known. False only when memory is out. */
static bool offer(struct merger *merger, int32_t left, int32_t right, pair_lookup *lookup,
                  const void *model)
{
    if (left < 0 || right < 0)
        return true;
    const struct symbol *a = &merger->symbols[left], *b = &merger->symbols[right];
    uint32_t rank;
    token_id joined;
    if (a->is_frozen || b->is_frozen || !lookup(model, a, b, &rank, &joined))
        return true;
    return heap_push(merger, (struct candidate){ .order = (uint64_t)rank << 32 | (uint32_t)left,
                                                 .left = left,
                                                 .right = right,
                                                 .length = a->length + b->length,
                                                 .joined = joined });
}

bool merger_run(struct merger *merger, pair_lookup *lookup, const void *model, struct error *err)
{
    merger->n_heap = 0;
    bool ok = true;
    for (size_t i = 1; ok && i < merger->n_symbols; i++)
        ok = offer(merger, (int32_t)i - 1, (int32_t)i, lookup, model);
    while (ok && merger->n_heap) {
        if (!interruption_check(err))
            return false;
        struct candidate best = heap_pop(merger);
        struct symbol *left = &merger->symbols[best.left], *right = &merger->symbols[best.right];
        if (!left->length || !right->length || left->length + right->length != best.length)
            continue;
        left->id = best.joined;
        left->length = best.length;
        left->next = right->next;
        right->length = 0;
        if (left->next >= 0)
            merger->symbols[left->next].previous = best.left;
        ok = offer(merger, left->previous, best.left, lookup, model) &&
             offer(merger, best.left, left->next, lookup, model);
    }
    return ok || fail_memory(err, merger->heap_capacity * sizeof *merger->heap * 2,
                             "the pairs of a text");
}

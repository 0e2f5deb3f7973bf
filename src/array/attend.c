#include "array/attend.h"

#include "base/memory.h"

#include <stdatomic.h>

/* Portions a thread should find, so that none waits long for the last; rows of partials: 8 queries
 * of 32 heads at 8192 positions. */
enum { ATTEND_PORTIONS = 4, PARTIAL_ROWS = 4096 };

bool attend_parts_open(struct attend_parts *parts, size_t n_threads, size_t row_floats,
                       struct error *err)
{
    *parts = (struct attend_parts){ 0 };
    if (n_threads == 1 || row_floats == 0)
        return true;
    parts->n_floats = PARTIAL_ROWS * row_floats;
    parts->partials = memory_aligned(parts->n_floats * sizeof *parts->partials);
    parts->n_blocks = ATTEND_PORTIONS * n_threads;
    parts->n_done = memory_zeroed(parts->n_blocks, sizeof *parts->n_done);
    if (!parts->partials || !parts->n_done)
        return fail_memory(err, attend_parts_bytes(parts), "parts of attention");
    return true;
}

void attend_parts_release(struct attend_parts *parts)
{
    memory_free(parts->n_done);
    memory_free(parts->partials);
    *parts = (struct attend_parts){ 0 };
}

size_t attend_parts_bytes(const struct attend_parts *parts)
{
    return parts->n_floats * sizeof *parts->partials + parts->n_blocks * sizeof *parts->n_done;
}

/* Queries [begin, end) of one segment of the step, for all KV heads. */
struct block {
    struct attention job;
    size_t begin, end;
    struct kv_span segments; /* of keys */
    size_t n_runs;           /* they are cut into */
    size_t first_item;       /* of one item for each KV head, counted through the blocks */
    size_t partials;         /* floats of a KV head's partials; 0 where n_runs is 1 */
    size_t first_partial;
};

static size_t blocks_of(const struct attend *a, const struct segment *segment)
{
    size_t queries = attention_block_queries(a->job.n_heads, a->job.n_kv_heads);
    return (segment->n_rows + queries - 1) / queries;
}

static size_t count_items(const struct attend *a)
{
    size_t n_blocks = 0;
    for (size_t i = 0; i < a->step->n_segments; i++)
        n_blocks += blocks_of(a, &a->step->segments[i]);
    return n_blocks * a->job.n_kv_heads;
}

/* Block `index` of a segment, the last one first: it sees the most keys and is the longest work. */
static struct block block_at(const struct attend *a, const struct segment *segment, size_t index,
                             size_t runs_wanted)
{
    struct block b = { .job = a->job, .n_runs = 1 };
    size_t queries = attention_block_queries(a->job.n_heads, a->job.n_kv_heads);
    b.job.q += segment->first_row * b.job.q_stride;
    b.job.out += segment->first_row * b.job.out_stride;
    b.job.pages = segment->pages;
    b.job.first_position = segment->first_position;
    b.begin = (blocks_of(a, segment) - 1 - index) * queries;
    b.end = size_min(segment->n_rows, b.begin + queries);
    if (runs_wanted > 1) {
        size_t n_rows = (b.end - b.begin) * (b.job.n_heads / b.job.n_kv_heads);
        b.segments = attention_segments(&b.job, b.begin, b.end);
        size_t n_segments = b.segments.end - b.segments.begin;
        b.n_runs = size_min(runs_wanted, n_segments);
        if (b.n_runs > 1)
            b.partials = n_segments * n_rows * attention_partial_floats(b.job.head_dim);
    }
    return b;
}

/* One portion of a block: run `run` of its keys for one KV head. */
static void run_portion(const struct attend *a, const struct block *b, size_t kv_head, size_t run,
                        void *scratch)
{
    if (b->n_runs == 1) {
        a->kernels->run[a->kv_type](&b->job, kv_head, b->begin, b->end, scratch);
        return;
    }
    size_t n = b->segments.end - b->segments.begin;
    struct kv_span keys = { b->segments.begin + n * run / b->n_runs,
                            b->segments.begin + n * (run + 1) / b->n_runs };
    float *partials = a->parts->partials + b->first_partial + kv_head * b->partials;
    a->kernels->run_segments[a->kv_type](&b->job, kv_head, b->begin, b->end, keys, partials,
                                         scratch);
    _Atomic uint32_t *n_done = &a->parts->n_done[b->first_item + kv_head];
    if (atomic_fetch_add(n_done, 1) + 1 < b->n_runs)
        return;
    atomic_store(n_done, 0);
    a->kernels->join_segments(&b->job, kv_head, b->begin, b->end, partials);
}

/* A walk over the blocks of the step in their order. */
struct walk {
    size_t segment, index; /* of the next block */
    size_t first_portion;  /* of the present one */
    struct block block;
};

static void next_block(const struct attend *a, struct walk *w, size_t runs_wanted)
{
    const struct block last = w->block;
    while (w->index == blocks_of(a, &a->step->segments[w->segment])) {
        w->segment++;
        w->index = 0;
    }
    w->first_portion += last.n_runs * a->job.n_kv_heads;
    w->block = block_at(a, &a->step->segments[w->segment], w->index++, runs_wanted);
    w->block.first_item = last.n_runs ? last.first_item + a->job.n_kv_heads : 0;
    w->block.first_partial = last.first_partial + last.partials * a->job.n_kv_heads;
}

/* Runs to cut each block's keys into: 1 where there are portions enough, or no memory for the
 * partials. Sets the number of portions. */
static size_t runs_of(const struct attend *a, size_t n_items, size_t *n_portions)
{
    size_t wanted = ATTEND_PORTIONS * thread_pool_size(a->pool), n_kv_heads = a->job.n_kv_heads;
    *n_portions = n_items;
    if (!a->parts->partials || !a->kernels->join_segments || n_items >= wanted)
        return 1;
    size_t runs = (wanted + n_items - 1) / n_items;
    struct walk w = { 0 };
    for (size_t i = 0; i < n_items / n_kv_heads; i++)
        next_block(a, &w, runs);
    if (w.block.first_partial + w.block.partials * n_kv_heads > a->parts->n_floats)
        return 1;
    *n_portions = w.first_portion + w.block.n_runs * n_kv_heads;
    return runs;
}

void attend_run(const struct attend *a, void *scratch)
{
    size_t n_items = count_items(a), n_portions, begin, end;
    size_t runs = runs_of(a, n_items, &n_portions), n_kv_heads = a->job.n_kv_heads;
    struct walk w = { 0 };
    while (thread_pool_take(a->pool, n_portions, 1, &begin, &end)) {
        while (w.block.n_runs == 0 || begin >= w.first_portion + w.block.n_runs * n_kv_heads)
            next_block(a, &w, runs);
        size_t portion = begin - w.first_portion;
        run_portion(a, &w.block, portion % n_kv_heads, portion / n_kv_heads, scratch);
    }
}

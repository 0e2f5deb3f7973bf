#include "runtime/grammar/token_tree.h"

#include "base/memory.h"

#include <stdlib.h>

struct spelled {
    struct slice bytes;
    int32_t token;
};

static int compare_spellings(const void *a, const void *b)
{
    const struct spelled *x = a, *y = b;
    int order = memcmp(x->bytes.data, y->bytes.data, size_min(x->bytes.length, y->bytes.length));
    if (order == 0)
        order = (x->bytes.length > y->bytes.length) - (x->bytes.length < y->bytes.length);
    return order ? order : (x->token > y->token) - (x->token < y->token);
}

static size_t common_length(struct slice a, struct slice b)
{
    size_t n = 0;
    while (n < a.length && n < b.length && a.data[n] == b.data[n])
        n++;
    return n;
}

static size_t count_nodes(const struct spelled *sorted, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count +=
            sorted[i].bytes.length - (i ? common_length(sorted[i - 1].bytes, sorted[i].bytes) : 0);
    return count;
}

/* `open` [longest] are the nodes on the way to the token before. */
static void fill(struct token_tree *t, const struct spelled *sorted, size_t n, uint32_t *open)
{
    size_t depth = 0, n_nodes = 0;
    for (size_t i = 0; i < n; i++) {
        struct slice bytes = sorted[i].bytes;
        size_t common = i ? common_length(sorted[i - 1].bytes, bytes) : 0;
        while (depth > common)
            t->end[open[--depth]] = (uint32_t)n_nodes;
        for (; depth < bytes.length; depth++, n_nodes++) {
            open[depth] = (uint32_t)n_nodes;
            t->byte[n_nodes] = (uint8_t)bytes.data[depth];
            t->token[n_nodes] = -1;
        }
        int32_t *last = &t->token[open[depth - 1]];
        t->same[sorted[i].token] = *last;
        *last = sorted[i].token;
    }
    while (depth > 0)
        t->end[open[--depth]] = (uint32_t)n_nodes;
}

/* What hangs below a node lies behind it. */
static void mark_plain(struct token_tree *t)
{
    for (size_t i = t->n_nodes; i-- > 0;) {
        t->is_plain[i] = matcher_is_plain(t->byte[i]);
        for (uint32_t below = (uint32_t)i + 1; below < t->end[i]; below = t->end[below])
            t->is_plain[i] &= t->is_plain[below];
    }
}

static bool build(struct token_tree *t, struct spelled *sorted, size_t n)
{
    qsort(sorted, n, sizeof *sorted, compare_spellings);
    t->n_nodes = count_nodes(sorted, n);
    t->byte = memory_zeroed(t->n_nodes + 1, sizeof *t->byte);
    t->end = memory_zeroed(t->n_nodes + 1, sizeof *t->end);
    t->token = memory_zeroed(t->n_nodes + 1, sizeof *t->token);
    t->is_plain = memory_zeroed(t->n_nodes + 1, sizeof *t->is_plain);
    t->same = memory_zeroed(t->n_tokens + 1, sizeof *t->same);
    uint32_t *open = memory_zeroed((size_t)t->longest + 1, sizeof *open);
    bool ok =
        t->byte && t->end && t->token && t->is_plain && t->same && open && t->n_nodes < UINT32_MAX;
    if (ok) {
        fill(t, sorted, n, open);
        mark_plain(t);
    }
    memory_free(open);
    return ok;
}

/* A tree of the tokens of over `above` to `most` bytes. */
static struct token_tree *tree_of(const struct slice *tokens, size_t n_tokens, size_t above,
                                  size_t most)
{
    struct token_tree *t = memory_zeroed(1, sizeof *t);
    struct spelled *sorted = memory_zeroed(n_tokens + 1, sizeof *sorted);
    size_t n = 0;
    bool ok = t && sorted;
    for (size_t i = 0; ok && i < n_tokens; i++)
        if (tokens[i].length > above && tokens[i].length <= most) {
            sorted[n++] = (struct spelled){ tokens[i], (int32_t)i };
            if (tokens[i].length > t->longest)
                t->longest = (uint32_t)tokens[i].length;
        }
    if (ok) {
        t->n_tokens = n_tokens;
        ok = build(t, sorted, n);
    }
    memory_free(sorted);
    if (!ok)
        token_tree_close(&t);
    return t;
}

bool token_tree_open(struct token_tree **out, const struct slice *tokens, size_t n_tokens,
                     const int32_t *end_tokens, size_t n_end_tokens, struct error *err)
{
    struct token_tree *t = *out = tree_of(tokens, n_tokens, 0, TOKEN_SHORT_BYTES);
    if (t) {
        t->longer = tree_of(tokens, n_tokens, TOKEN_SHORT_BYTES, SIZE_MAX);
        t->end_tokens = memory_zeroed(n_end_tokens + 1, sizeof *t->end_tokens);
    }
    if (!t || !t->longer || !t->end_tokens) {
        token_tree_close(out);
        return fail_memory(err, n_tokens * sizeof *tokens, "a vocabulary's tree of bytes");
    }
    t->n_end_tokens = n_end_tokens;
    if (n_end_tokens)
        memcpy(t->end_tokens, end_tokens, n_end_tokens * sizeof *end_tokens);
    return true;
}

void token_tree_close(struct token_tree **tree)
{
    struct token_tree *t = *tree;
    if (!t)
        return;
    memory_free(t->byte);
    memory_free(t->end);
    memory_free(t->token);
    memory_free(t->is_plain);
    memory_free(t->same);
    memory_free(t->end_tokens);
    token_tree_close(&t->longer);
    memory_free(t);
    *tree = NULL;
}

uint32_t token_tree_longest(const struct token_tree *tree)
{
    return tree->longest;
}

/* The best token at the beginning of `text`, whose tails are counted. */
static int32_t best_token(const struct token_tree *t, struct slice text, uint32_t *counts)
{
    uint32_t begin = 0, end = (uint32_t)t->n_nodes;
    int32_t best = -1;
    counts[0] = UINT32_MAX;
    for (size_t depth = 0; depth < text.length && begin < end;) {
        if (t->byte[begin] != (uint8_t)text.data[depth]) {
            begin = t->end[begin];
            continue;
        }
        uint32_t node = begin++;
        end = t->end[node];
        depth++;
        if (t->token[node] >= 0 && counts[depth] < UINT32_MAX && counts[depth] + 1 < counts[0]) {
            counts[0] = counts[depth] + 1;
            best = t->token[node];
        }
    }
    return best;
}

bool token_tree_spell(const struct token_tree *tree, struct slice text, uint32_t *counts,
                      int32_t *first)
{
    *first = -1;
    counts[text.length] = 0;
    for (size_t at = text.length; at-- > 0;)
        *first = best_token(tree, (struct slice){ text.data + at, text.length - at }, counts + at);
    return counts[0] < UINT32_MAX;
}

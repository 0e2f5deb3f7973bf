#include "runtime/prefix_cache.h"

#include "base/memory.h"

struct prefix {
    struct prefix *parent;                     /* NULL: the root */
    struct prefix *children, *next, *previous; /* the first child; siblings */
    struct prefix *older, *newer;              /* in the queue of those that may go */
    uint64_t used_at;                          /* in lettings go */
    uint8_t *page;
    uint32_t n_holds, n_tokens;
    token_id tokens[KV_PAGE_TOKENS]; /* [n_tokens], fewer than all only where nobody holds it */
};

struct prefix_cache {
    struct kv_cache *cache; /* borrowed */
    struct prefix root;
    struct prefix *oldest, *newest; /* leaves that nobody holds, by used_at */
    uint64_t now, n_idle;
};

/* ---- the queue ---- */

static bool may_go(const struct prefix *p)
{
    return p->parent && p->n_holds == 0 && !p->children;
}

static void enqueue(struct prefix_cache *c, struct prefix *p)
{
    struct prefix *newer = NULL;
    if (c->newest && c->newest->used_at > p->used_at)
        for (newer = c->oldest; newer->used_at < p->used_at;)
            newer = newer->newer;
    p->newer = newer;
    p->older = newer ? newer->older : c->newest;
    *(p->older ? &p->older->newer : &c->oldest) = p;
    *(newer ? &newer->older : &c->newest) = p;
}

static void dequeue(struct prefix_cache *c, struct prefix *p)
{
    *(p->older ? &p->older->newer : &c->oldest) = p->newer;
    *(p->newer ? &p->newer->older : &c->newest) = p->older;
}

/* ---- the tree ---- */

static struct prefix *add(struct prefix_cache *c, struct prefix *parent, const token_id *tokens,
                          size_t n, uint8_t *page)
{
    struct prefix *p = memory_zeroed(1, sizeof *p);
    if (!p)
        return NULL;
    if (may_go(parent))
        dequeue(c, parent);
    p->parent = parent;
    p->page = page;
    p->n_tokens = (uint32_t)n;
    memcpy(p->tokens, tokens, n * sizeof *tokens);
    p->next = parent->children;
    if (p->next)
        p->next->previous = p;
    parent->children = p;
    return p;
}

/* Its page is somebody else's business. */
static void take_out(struct prefix_cache *c, struct prefix *p)
{
    *(p->previous ? &p->previous->next : &p->parent->children) = p->next;
    if (p->next)
        p->next->previous = p->previous;
    if (may_go(p->parent))
        enqueue(c, p->parent);
    memory_free(p);
}

static void drop(struct prefix_cache *c, struct prefix *p)
{
    dequeue(c, p);
    c->n_idle--;
    kv_cache_give_back(c->cache, p->page);
    take_out(c, p);
}

static bool drop_oldest(void *context)
{
    struct prefix_cache *c = context;
    if (!c->oldest)
        return false;
    drop(c, c->oldest);
    return true;
}

bool prefix_cache_open(struct prefix_cache **out, struct kv_cache *cache, struct error *err)
{
    *out = memory_zeroed(1, sizeof **out);
    if (!*out)
        return fail_memory(err, sizeof **out, "a prefix cache");
    (*out)->cache = cache;
    kv_cache_spare_by(cache, drop_oldest, *out);
    return true;
}

void prefix_cache_close(struct prefix_cache **prefixes)
{
    if (!*prefixes)
        return;
    prefix_cache_clear(*prefixes);
    kv_cache_spare_by((*prefixes)->cache, NULL, NULL);
    memory_free(*prefixes);
    *prefixes = NULL;
}

uint64_t prefix_cache_idle_bytes(const struct prefix_cache *c)
{
    return c->n_idle * kv_cache_page_bytes(c->cache);
}

void prefix_cache_clear(struct prefix_cache *c)
{
    while (drop_oldest(c)) {
    }
}

struct prefix *prefix_root(struct prefix_cache *c)
{
    return &c->root;
}

struct prefix *prefix_parent(const struct prefix *p)
{
    return p->parent;
}

uint8_t *prefix_page(const struct prefix *p)
{
    return p->page;
}

/* ---- finding and holding ---- */

static size_t count_common(const struct prefix *p, const token_id *tokens, size_t n)
{
    size_t n_common = 0;
    while (n_common < size_min(n, p->n_tokens) && p->tokens[n_common] == tokens[n_common])
        n_common++;
    return n_common;
}

struct prefix *prefix_find(const struct prefix *after, const token_id *tokens, size_t n,
                           size_t *n_common)
{
    struct prefix *best = NULL;
    *n_common = 0;
    for (struct prefix *p = after->children; p && *n_common < KV_PAGE_TOKENS; p = p->next) {
        size_t common = count_common(p, tokens, n);
        if (common > *n_common) {
            *n_common = common;
            best = p;
        }
    }
    return best;
}

void prefix_hold(struct prefix_cache *c, struct prefix *p)
{
    if (may_go(p))
        dequeue(c, p);
    c->n_idle -= p->n_holds == 0;
    p->n_holds++;
}

void prefix_let_go(struct prefix_cache *c, struct prefix *p)
{
    p->used_at = ++c->now;
    p->n_holds--;
    c->n_idle += p->n_holds == 0;
    if (may_go(p))
        enqueue(c, p);
}

/* ---- giving and taking pages ---- */

/* What came after `after` and has all n tokens; what has only the first of them is not needed any
 * more. */
static struct prefix *find_whole(struct prefix_cache *c, struct prefix *after,
                                 const token_id *tokens, size_t n)
{
    struct prefix *next;
    for (struct prefix *p = after->children; p; p = next) {
        next = p->next;
        size_t n_common = count_common(p, tokens, n);
        if (n_common == n)
            return p;
        if (n_common == p->n_tokens)
            drop(c, p);
    }
    return NULL;
}

struct prefix *prefix_publish(struct prefix_cache *c, struct prefix *after, const token_id *tokens,
                              uint8_t **page)
{
    struct prefix *p = find_whole(c, after, tokens, KV_PAGE_TOKENS);
    if (p) {
        kv_cache_give_back(c->cache, *page);
        prefix_hold(c, p);
        *page = p->page;
        return p;
    }
    p = add(c, after, tokens, KV_PAGE_TOKENS, *page);
    if (p)
        p->n_holds = 1;
    return p;
}

void prefix_leave(struct prefix_cache *c, struct prefix *after, const token_id *tokens, size_t n,
                  uint8_t *page)
{
    struct prefix *p = find_whole(c, after, tokens, n);
    bool is_known = p != NULL;
    if (is_known)
        prefix_hold(c, p);
    else
        p = add(c, after, tokens, n, page);
    if (is_known || !p)
        kv_cache_give_back(c->cache, page);
    if (!p)
        return;
    p->n_holds += !is_known;
    prefix_let_go(c, p); /* used just now */
}

bool prefix_part(struct prefix_cache *c, struct prefix *p, uint8_t **page, struct error *err)
{
    struct error problem = { 0 };
    uint8_t *copy;
    if (kv_cache_take(c->cache, &copy, &problem)) {
        memcpy(copy, p->page, kv_cache_page_bytes(c->cache));
        prefix_let_go(c, p);
        *page = copy;
        return true;
    }
    if (p->n_holds > 1 || p->children) {
        *err = problem;
        return false;
    }
    *page = p->page;
    take_out(c, p);
    return true;
}

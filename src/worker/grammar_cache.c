#include "worker/grammar_cache.h"

#include "base/interruption.h"
#include "base/memory.h"
#include "base/table.h"
#include "dialogue/answer_key.h"

#include <pthread.h>

struct entry {
    uint64_t hash;
    struct text key;
    struct grammar *grammar;
    size_t bytes;
    uint64_t asked; /* the number of the latest question that it answered */
};

struct grammar_cache {
    struct grammar_cache_options options;
    pthread_mutex_t lock;
    struct entry *entries; /* [most_grammars]; guarded by lock, and the next */
    struct grammar_cache_state state;
    uint64_t n_questions;
};

/* 50 tools become 1.7 MB. */
struct grammar_cache_options grammar_cache_defaults(void)
{
    return (struct grammar_cache_options){ .most_grammars = 32, .most_bytes = 64 << 20 };
}

bool grammar_cache_open(struct grammar_cache **out, const struct grammar_cache_options *options,
                        struct error *err)
{
    struct grammar_cache *c = memory_zeroed(1, sizeof *c);
    struct entry *entries = memory_zeroed(options->most_grammars + 1, sizeof *entries);
    *out = c;
    if (!c || !entries) {
        memory_free(entries);
        memory_free(c);
        *out = NULL;
        return fail_memory(err, options->most_grammars * sizeof *entries, "grammars");
    }
    c->options = *options;
    c->entries = entries;
    pthread_mutex_init(&c->lock, NULL);
    return true;
}

static void release(struct entry *entry)
{
    text_release(&entry->key);
    grammar_close(&entry->grammar);
}

void grammar_cache_close(struct grammar_cache **cache)
{
    struct grammar_cache *c = *cache;
    if (!c)
        return;
    for (size_t i = 0; i < c->state.n_grammars; i++)
        release(&c->entries[i]);
    pthread_mutex_destroy(&c->lock);
    memory_free(c->entries);
    memory_free(c);
    *cache = NULL;
}

struct grammar_cache_state grammar_cache_state(struct grammar_cache *c)
{
    pthread_mutex_lock(&c->lock);
    struct grammar_cache_state state = c->state;
    pthread_mutex_unlock(&c->lock);
    return state;
}

/* ---- with the lock ---- */

static struct entry *entry_of(struct grammar_cache *c, uint64_t hash, struct slice key)
{
    for (size_t i = 0; i < c->state.n_grammars; i++)
        if (c->entries[i].hash == hash && slice_equal(text_slice(&c->entries[i].key), key))
            return &c->entries[i];
    return NULL;
}

static void drop_oldest(struct grammar_cache *c)
{
    struct entry *oldest = &c->entries[0], *last = &c->entries[--c->state.n_grammars];
    for (struct entry *e = oldest; e <= last; e++)
        if (e->asked < oldest->asked)
            oldest = e;
    c->state.bytes -= oldest->bytes;
    release(oldest);
    *oldest = *last;
}

static void keep(struct grammar_cache *c, struct entry *entry)
{
    while (c->state.n_grammars && (c->state.n_grammars == c->options.most_grammars ||
                                   c->state.bytes + entry->bytes > c->options.most_bytes))
        drop_oldest(c);
    entry->asked = ++c->n_questions;
    c->state.bytes += entry->bytes;
    c->entries[c->state.n_grammars++] = *entry;
}

/* ---- any thread ---- */

static struct grammar *find(struct grammar_cache *c, uint64_t hash, struct slice key)
{
    struct grammar *found = NULL;
    pthread_mutex_lock(&c->lock);
    struct entry *entry = entry_of(c, hash, key);
    if (entry) {
        entry->asked = ++c->n_questions;
        c->state.n_found++;
        found = grammar_hold(entry->grammar);
    }
    pthread_mutex_unlock(&c->lock);
    return found;
}

/* Two threads may have made the same one; the first is kept. Takes the key. */
static void add(struct grammar_cache *c, uint64_t hash, struct text *key, struct grammar *grammar)
{
    struct entry entry = { .hash = hash,
                           .key = *key,
                           .grammar = grammar_hold(grammar),
                           .bytes = grammar_memory_bytes(grammar) + key->capacity };
    *key = (struct text){ 0 };
    pthread_mutex_lock(&c->lock);
    c->state.n_made++;
    bool is_kept = c->options.most_grammars && entry.bytes <= c->options.most_bytes &&
                   !entry_of(c, hash, text_slice(&entry.key));
    if (is_kept)
        keep(c, &entry);
    pthread_mutex_unlock(&c->lock);
    if (!is_kept)
        release(&entry);
}

bool grammar_cache_grammar(struct grammar_cache *c, struct grammar **out,
                           const struct answer_form *form, struct error *err)
{
    struct text key;
    *out = NULL;
    if (!answer_form_limits(form))
        return true;
    text_init(&key, c->options.most_bytes);
    bool may_be_kept = answer_key_write(&key, form); /* else it is too long */
    uint64_t hash = hash_bytes(key.data, key.length);
    if (may_be_kept)
        *out = find(c, hash, text_slice(&key));
    bool was_found = *out, ok = was_found || answer_grammar_open(out, form, err);
    ok = ok && (was_found || interruption_check(err)); /* it may lack what was not waited for */
    if (!ok)
        grammar_close(out);
    if (ok && may_be_kept && !was_found)
        add(c, hash, &key, *out);
    text_release(&key);
    return ok;
}

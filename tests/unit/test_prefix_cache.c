#include "test.h"

#include "base/memory.h"
#include "base/table.h"
#include "runtime/engine.h"
#include "runtime/prefix_cache.h"
#include "runtime/sequence.h"
#include "tiny_model.h"

/* ---- pages whose contents tell which tokens they are of ---- */

enum { N_SEQUENCES = 6, MOST_TOKENS = 400, MOST_LEFT = 64, ALPHABET = 2 };

/* A sequence and what it must be. */
struct pair {
    struct sequence *sequence;
    token_id tokens[MOST_TOKENS];
    size_t length;
};

struct stage {
    struct kv_cache *cache;
    struct prefix_cache *prefixes;
    struct pair pairs[N_SEQUENCES];
    token_id left[MOST_LEFT][MOST_TOKENS]; /* what was left, while nothing had to go */
    size_t left_lengths[MOST_LEFT], n_left;
    uint64_t random, n_taken_over, n_refused;
};

static uint64_t roll(struct stage *s, uint64_t below)
{
    s->random = s->random * 6364136223846793005u + 1442695040888963407u;
    return (s->random >> 33) % below;
}

static void open_cache_reusing(struct stage *s, uint64_t n_pages, uint64_t n_before_reuse)
{
    struct error err = { 0 };
    struct kv_cache_options options = {
        .type = KV_F16, .n_layers = 1, .n_kv_heads = 1, .head_dim = 16
    };
    options.reuse_bytes = n_before_reuse * kv_layer_bytes(KV_F16, 1, 16);
    assert_ok(kv_cache_open(&s->cache, &options, &err), err);
    kv_cache_set_budget(s->cache, n_pages * kv_cache_page_bytes(s->cache));
    assert_ok(prefix_cache_open(&s->prefixes, s->cache, &err), err);
    for (size_t i = 0; i < N_SEQUENCES; i++) {
        s->pairs[i].length = 0;
        assert_ok(sequence_new(&s->pairs[i].sequence, s->cache, s->prefixes, MOST_TOKENS, &err),
                  err);
    }
    s->n_left = 0;
}

static void open_cache(struct stage *s, uint64_t n_pages)
{
    open_cache_reusing(s, n_pages, 0);
}

static void close_cache(struct stage *s)
{
    for (size_t i = 0; i < N_SEQUENCES; i++)
        sequence_close(&s->pairs[i].sequence);
    assert_int_equal(kv_cache_taken_bytes(s->cache), prefix_cache_idle_bytes(s->prefixes));
    prefix_cache_clear(s->prefixes);
    assert_int_equal(prefix_cache_idle_bytes(s->prefixes), 0);
    assert_int_equal(kv_cache_taken_bytes(s->cache), 0);
    assert_true(kv_cache_allocated_bytes(s->cache) <= kv_cache_budget_bytes(s->cache));
    prefix_cache_close(&s->prefixes);
    kv_cache_close(&s->cache);
}

/* Where a position's contents lie; like keys and values they follow from all tokens before it. */
static uint64_t *contents(const struct sequence *sequence, size_t position)
{
    uint8_t *page = sequence->pages[position / KV_PAGE_TOKENS];
    return (uint64_t *)(void *)page + position % KV_PAGE_TOKENS;
}

static uint64_t expected(const token_id *tokens, size_t position)
{
    return hash_bytes(tokens, (position + 1) * sizeof *tokens);
}

static void assert_contents(const struct pair *pair)
{
    assert_int_equal(sequence_length(pair->sequence), pair->length);
    for (size_t i = 0; i < pair->length; i++)
        if (*contents(pair->sequence, i) != expected(pair->tokens, i))
            fail_msg("position %zu of %zu has the contents of other tokens", i, pair->length);
}

static bool append(struct pair *pair, const token_id *tokens, size_t n)
{
    struct error err = { 0 };
    if (!sequence_reserve(pair->sequence, (uint32_t)n, &err)) {
        assert_int_equal(err.code, ERROR_BUDGET);
        return false;
    }
    memcpy(pair->tokens + pair->length, tokens, n * sizeof *tokens);
    for (size_t i = pair->length; i < pair->length + n; i++)
        *contents(pair->sequence, i) = expected(pair->tokens, i);
    sequence_append(pair->sequence, tokens, (uint32_t)n);
    pair->length += n;
    return true;
}

static size_t count_common(const token_id *a, size_t n_a, const token_id *b, size_t n_b)
{
    size_t n = 0;
    while (n < size_min(n_a, n_b) && a[n] == b[n])
        n++;
    return n;
}

/* ---- at random ---- */

static void append_some(struct stage *s, struct pair *pair)
{
    token_id tokens[MOST_TOKENS];
    size_t n = 1 + roll(s, 150);
    if (n > MOST_TOKENS - pair->length)
        return;
    token_id first = (token_id)roll(s, ALPHABET);
    for (size_t i = 0; i < n; i++) /* mostly alike */
        tokens[i] = roll(s, 60) ? first : (token_id)roll(s, ALPHABET);
    if (!append(pair, tokens, n)) {
        assert_int_equal(prefix_cache_idle_bytes(s->prefixes), 0);
        s->n_refused++;
    }
}

static void leave(struct stage *s, struct pair *pair)
{
    size_t i = s->n_left < MOST_LEFT ? s->n_left++ : roll(s, MOST_LEFT);
    memcpy(s->left[i], pair->tokens, pair->length * sizeof(token_id));
    s->left_lengths[i] = pair->length;
    sequence_leave(pair->sequence);
    pair->length = 0;
}

/* Like somebody's tokens, and on with others. */
static size_t make_prompt(struct stage *s, token_id *prompt)
{
    const struct pair *like = &s->pairs[roll(s, N_SEQUENCES)];
    size_t n = roll(s, like->length + 1);
    memcpy(prompt, like->tokens, n * sizeof *prompt);
    for (size_t end = size_min(MOST_TOKENS, n + roll(s, 100)); n < end; n++)
        prompt[n] = (token_id)roll(s, ALPHABET);
    return n;
}

static size_t most_common(const struct stage *s, const token_id *prompt, size_t n)
{
    size_t most = 0;
    for (size_t i = 0; i < s->n_left; i++)
        most = size_max(most, count_common(prompt, n, s->left[i], s->left_lengths[i]));
    return most;
}

static void take_over(struct stage *s, struct pair *pair, bool is_roomy)
{
    token_id prompt[MOST_TOKENS];
    size_t n = make_prompt(s, prompt), least = is_roomy ? most_common(s, prompt, n) : 0;
    bool is_new = count_common(prompt, n, pair->tokens, pair->length) < pair->length;
    sequence_take_over(pair->sequence, prompt, n);
    size_t length = sequence_length(pair->sequence);
    assert_true(length <= n);
    if (is_new || pair->length == 0)
        assert_true(length >= least);
    else
        assert_true(length >= pair->length);
    memcpy(pair->tokens, prompt, n * sizeof *prompt);
    pair->length = length;
    s->n_taken_over += length > 0;
}

static void copy(struct stage *s, struct pair *to, const struct pair *from)
{
    struct error err = { 0 };
    if (to == from)
        return;
    bool ok = sequence_copy(to->sequence, from->sequence, &err);
    to->length = ok ? from->length : 0;
    memcpy(to->tokens, from->tokens, from->length * sizeof(token_id));
    s->n_refused += !ok;
}

/* Pages of sequences, each counted once. */
static uint64_t count_used(const struct stage *s)
{
    static uint8_t *seen[N_SEQUENCES * (MOST_TOKENS / KV_PAGE_TOKENS + 1)];
    size_t n_seen = 0;
    for (size_t i = 0; i < N_SEQUENCES; i++)
        for (size_t p = 0; p < s->pairs[i].sequence->n_pages; p++) {
            size_t k = 0;
            while (k < n_seen && seen[k] != s->pairs[i].sequence->pages[p])
                k++;
            seen[k] = s->pairs[i].sequence->pages[p];
            n_seen += k == n_seen;
        }
    return n_seen;
}

static void assert_sound(const struct stage *s)
{
    for (size_t i = 0; i < N_SEQUENCES; i++)
        assert_contents(&s->pairs[i]);
    uint64_t taken = kv_cache_taken_bytes(s->cache);
    assert_int_equal(taken - prefix_cache_idle_bytes(s->prefixes),
                     count_used(s) * kv_cache_page_bytes(s->cache));
    assert_true(taken <= kv_cache_allocated_bytes(s->cache));
}

static void do_something(struct stage *s, bool is_roomy)
{
    struct pair *pair = &s->pairs[roll(s, N_SEQUENCES)];
    uint64_t what = roll(s, 100);
    if (what < 50)
        append_some(s, pair);
    else if (what < 75)
        take_over(s, pair, is_roomy);
    else if (what < 85) {
        pair->length = roll(s, pair->length + 1);
        sequence_truncate(pair->sequence, (uint32_t)pair->length);
    } else if (what < 94)
        leave(s, pair);
    else if (what < 97)
        copy(s, pair, &s->pairs[roll(s, N_SEQUENCES)]);
    else if (!is_roomy && what < 98)
        kv_cache_set_budget(s->cache, (2 + roll(s, 20)) * kv_cache_page_bytes(s->cache));
    else if (!is_roomy && what < 99)
        prefix_cache_clear(s->prefixes);
}

TEST(whatever_happens_each_position_has_what_its_tokens_say)
{
    static struct stage stage;
    for (uint64_t seed = 0; seed < 60; seed++) {
        bool is_roomy = seed % 3 == 0;
        stage.random = seed;
        open_cache(&stage, is_roomy ? 4000 : 4 + seed % 20);
        for (size_t i = 0; i < 300; i++) {
            do_something(&stage, is_roomy);
            assert_sound(&stage);
        }
        close_cache(&stage);
    }
    assert_true(stage.n_taken_over > 1000);
    assert_true(stage.n_refused > 1000);
}

/* ---- one thing at a time ---- */

static void fill(token_id *tokens, size_t n, token_id seed)
{
    for (size_t i = 0; i < n; i++)
        tokens[i] = seed + (token_id)(i % 7);
}

static uint64_t pages_of(const struct stage *s, uint64_t bytes)
{
    return bytes / kv_cache_page_bytes(s->cache);
}

TEST(sequences_alive_at_the_same_time_share_whole_pages)
{
    static struct stage stage;
    struct pair *first = &stage.pairs[0], *second = &stage.pairs[1];
    token_id tokens[200];
    fill(tokens, 200, 5);
    open_cache(&stage, 100);
    assert_true(append(first, tokens, 150));
    sequence_take_over(second->sequence, tokens, 200); /* asked before anything was published */
    assert_int_equal(sequence_length(second->sequence), 0);
    assert_true(append(first, tokens + 150, 1));
    sequence_take_over(second->sequence, tokens, 200);
    second->length = sequence_length(second->sequence);
    memcpy(second->tokens, tokens, sizeof tokens);
    assert_int_equal(second->length, 128);
    assert_ptr_equal(first->sequence->pages[1], second->sequence->pages[1]);
    assert_int_equal(pages_of(&stage, kv_cache_taken_bytes(stage.cache)), 3);
    assert_sound(&stage);
    /* the same read twice is kept once */
    assert_true(append(second, tokens + 128, 72));
    assert_true(append(first, tokens + 151, 49));
    assert_int_equal(pages_of(&stage, kv_cache_taken_bytes(stage.cache)), 2 + 2 * 2);
    sequence_take_over(first->sequence, tokens, 200);
    sequence_take_over(second->sequence, tokens, 200);
    assert_ptr_equal(first->sequence->pages[2], second->sequence->pages[2]);
    assert_int_equal(pages_of(&stage, kv_cache_taken_bytes(stage.cache)), 3 + 2);
    assert_sound(&stage);
    close_cache(&stage);
}

TEST(a_shared_page_that_is_written_again_is_copied_before)
{
    static struct stage stage;
    struct pair *first = &stage.pairs[0], *second = &stage.pairs[1];
    token_id tokens[130], others[130];
    fill(tokens, 130, 5);
    fill(others, 130, 50);
    open_cache(&stage, 100);
    assert_true(append(first, tokens, 129));
    assert_true(append(first, tokens + 129, 1));
    sequence_take_over(second->sequence, tokens, 130);
    memcpy(second->tokens, tokens, sizeof tokens);
    second->length = 128;
    assert_sound(&stage);
    sequence_truncate(second->sequence, 100);
    second->length = 100;
    assert_true(append(second, others, 20));
    assert_ptr_not_equal(first->sequence->pages[1], second->sequence->pages[1]);
    assert_ptr_equal(first->sequence->pages[0], second->sequence->pages[0]);
    assert_sound(&stage);
    close_cache(&stage);
}

TEST(prompts_that_part_in_the_middle_of_a_page_have_its_beginning)
{
    static struct stage stage;
    struct pair *first = &stage.pairs[0], *second = &stage.pairs[1];
    token_id tokens[180];
    fill(tokens, 180, 5);
    open_cache(&stage, 100);
    assert_true(append(first, tokens, 180));
    sequence_leave(first->sequence);
    first->length = 0;
    /* of the page that was left in part, then of a whole one */
    static const size_t partings[] = { 170, 70 };
    for (size_t k = 0; k < COUNT_OF(partings); k++) {
        size_t i = partings[k];
        tokens[i] = 90;
        sequence_take_over(second->sequence, tokens, 180);
        memcpy(second->tokens, tokens, sizeof tokens);
        second->length = sequence_length(second->sequence);
        assert_int_equal(second->length, i);
        assert_sound(&stage);
    }
    close_cache(&stage);
}

TEST(pages_go_when_room_is_needed_the_ones_not_used_for_longest_first)
{
    static struct stage stage;
    struct pair *pair = &stage.pairs[0];
    token_id tokens[3][128];
    open_cache(&stage, 7);
    for (size_t i = 0; i < 3; i++) {
        fill(tokens[i], 128, (token_id)(20 * i));
        assert_true(append(pair, tokens[i], 128));
        sequence_leave(pair->sequence);
        pair->length = 0;
    }
    sequence_take_over(pair->sequence, tokens[0], 128); /* used again */
    assert_int_equal(sequence_length(pair->sequence), 128);
    memcpy(pair->tokens, tokens[0], sizeof tokens[0]);
    pair->length = 128;
    assert_true(append(pair, tokens[1], 128)); /* two pages: one was free */
    assert_sound(&stage);
    struct pair *other = &stage.pairs[1];
    sequence_take_over(other->sequence, tokens[1], 128);
    assert_int_equal(sequence_length(other->sequence), 64); /* its leaf went */
    sequence_take_over(other->sequence, tokens[2], 128);
    assert_int_equal(sequence_length(other->sequence), 128);
    memcpy(other->tokens, tokens[2], sizeof tokens[2]);
    other->length = 128;
    assert_sound(&stage);
    close_cache(&stage);
}

TEST(with_room_for_one_copy_only_a_page_that_nobody_else_needs_is_taken_itself)
{
    static struct stage stage;
    struct pair *pair = &stage.pairs[0];
    token_id tokens[128];
    fill(tokens, 128, 5);
    open_cache(&stage, 2);
    assert_true(append(pair, tokens, 100));
    sequence_leave(pair->sequence);
    sequence_take_over(pair->sequence, tokens, 90);
    pair->length = sequence_length(pair->sequence);
    assert_int_equal(pair->length, 90);
    assert_true(append(pair, tokens + 90, 38));
    sequence_take_over(pair->sequence, tokens, 128); /* published */
    sequence_truncate(pair->sequence, 70);
    pair->length = 70;
    assert_true(append(pair, tokens + 70, 58));
    assert_sound(&stage);
    close_cache(&stage);
}

TEST(a_smaller_budget_takes_cached_pages_at_once_and_others_when_they_come_back)
{
    static struct stage stage;
    struct pair *pair = &stage.pairs[0];
    token_id tokens[256];
    fill(tokens, 256, 5);
    open_cache(&stage, 10);
    assert_true(append(pair, tokens, 256));
    sequence_leave(pair->sequence);
    sequence_take_over(pair->sequence, tokens, 128);
    kv_cache_set_budget(stage.cache, kv_cache_page_bytes(stage.cache));
    assert_int_equal(pages_of(&stage, kv_cache_allocated_bytes(stage.cache)), 2);
    assert_int_equal(prefix_cache_idle_bytes(stage.prefixes), 0);
    memcpy(pair->tokens, tokens, sizeof tokens);
    pair->length = 128;
    assert_sound(&stage);
    struct error err = { 0 };
    assert_false(sequence_reserve(pair->sequence, 1, &err));
    assert_int_equal(err.code, ERROR_BUDGET);
    assert_sound(&stage);
    sequence_truncate(pair->sequence, 0);
    pair->length = 0;
    kv_cache_set_budget(stage.cache, 0);
    assert_int_equal(kv_cache_allocated_bytes(stage.cache), 0);
    close_cache(&stage);
}

TEST(what_was_read_before_makes_room_before_more_memory_is_taken)
{
    static struct stage stage;
    struct pair *pair = &stage.pairs[0];
    token_id tokens[200];
    open_cache_reusing(&stage, 100, 10);
    uint64_t page = kv_cache_page_bytes(stage.cache);
    for (uint32_t round = 0; round < 20; round++) {
        fill(tokens, 200, 1000 + round);
        assert_true(append(pair, tokens, 200));
        assert_sound(&stage);
        sequence_leave(pair->sequence);
        pair->length = 0;
        assert_true(kv_cache_allocated_bytes(stage.cache) <= 10 * page);
    }
    assert_int_equal(kv_cache_allocated_bytes(stage.cache), 10 * page);
    for (size_t i = 0; i < 4; i++) /* what is in use may have all there is */
        assert_true(append(&stage.pairs[i], tokens, 190));
    assert_true(kv_cache_allocated_bytes(stage.cache) > 10 * page);
    assert_sound(&stage);
    for (size_t i = 0; i < 4; i++) {
        sequence_leave(stage.pairs[i].sequence);
        stage.pairs[i].length = 0;
    }
    close_cache(&stage);
}

TEST(the_system_has_back_what_a_smaller_budget_lets_go)
{
    enum { N_PAGES = 64 };
    struct kv_cache *cache;
    struct error err = { 0 };
    uint8_t *pages[N_PAGES];
    struct kv_cache_options options = {
        .type = KV_F16, .n_layers = 4, .n_kv_heads = 4, .head_dim = 64, .budget_bytes = 1 << 30
    };
    assert_ok(kv_cache_open(&cache, &options, &err), err);
    size_t bytes = kv_cache_page_bytes(cache) * N_PAGES, before = memory_resident_bytes();
    for (size_t i = 0; i < N_PAGES; i++) {
        assert_ok(kv_cache_take(cache, &pages[i], &err), err);
        memset(pages[i], 1, kv_cache_page_bytes(cache));
    }
    assert_true(memory_resident_bytes() >= before + bytes * 9 / 10);
    for (size_t i = 0; i < N_PAGES; i++)
        kv_cache_give_back(cache, pages[i]);
    kv_cache_set_budget(cache, 0);
    assert_true(memory_resident_bytes() < before + bytes / 4);
    kv_cache_close(&cache);
}

TEST(without_memory_for_the_tree_pages_stay_with_their_sequences)
{
    static struct stage stage;
    struct pair *pair = &stage.pairs[0];
    token_id tokens[200];
    fill(tokens, 200, 5);
    for (int64_t n = 0; n < 8; n++) {
        open_cache(&stage, 100);
        assert_true(append(pair, tokens, 150));
        memory_fail_after(n);
        struct error err = { 0 };
        bool ok = sequence_reserve(pair->sequence, 50, &err);
        memory_fail_after(-1);
        assert_true(ok || err.code == ERROR_MEMORY);
        assert_sound(&stage);
        memory_fail_after(n);
        sequence_leave(pair->sequence);
        memory_fail_after(-1);
        pair->length = 0;
        assert_sound(&stage);
        close_cache(&stage);
    }
}

/* ---- in an engine ---- */

enum { N_VOCAB = 97, PROMPT = 230 };

static struct engine *open_engine(const char *path, bool keeps_prefixes, enum kv_type type)
{
    struct engine *engine;
    struct error err = { 0 };
    struct engine_options options = engine_defaults();
    options.n_threads = 2;
    options.kv_type = type;
    options.keeps_prefixes = keeps_prefixes;
    options.kv_budget_bytes = 64 << 20;
    assert_ok(engine_open(&engine, path, &options, &err), err);
    return engine;
}

/* Logits of the last of the n tokens; how many of them were evaluated. */
static size_t read_prompt(struct engine *engine, struct sequence *sequence, const token_id *tokens,
                          size_t n, float *out)
{
    struct error err = { 0 };
    float *logits;
    if (sequence->prefixes)
        sequence_take_over(sequence, tokens, n - 1);
    size_t n_kept = sequence_length(sequence);
    assert_ok(engine_prefill(engine, sequence, tokens + n_kept, n - n_kept, &logits, NULL, &err),
              err);
    memcpy(out, logits, N_VOCAB * sizeof *out);
    return n - n_kept;
}

static void check_logits(enum kv_type type, size_t window)
{
    struct tiny_options options = tiny_defaults();
    struct tiny_model *model;
    struct error err = { 0 };
    options.n_ctx = 300;
    options.head_dim = 32;
    options.window = window;
    assert_ok(tiny_model_new(&model, &options, &err), err);
    struct engine *cold = open_engine(tiny_model_path(model), false, type);
    struct engine *warm = open_engine(tiny_model_path(model), true, type);
    struct sequence *sequences[4], *alone;
    for (size_t i = 0; i < COUNT_OF(sequences); i++)
        assert_ok(sequence_open(&sequences[i], warm, &err), err);
    assert_ok(sequence_open(&alone, cold, &err), err);
    size_t n_read = 0;
    token_id tokens[PROMPT];
    float got[N_VOCAB], wanted[N_VOCAB];
    for (size_t i = 0; i < 40; i++) { /* begin alike, part at different places, share again */
        size_t parting = i * 53 % PROMPT, n = 1 + parting + i * 29 % (PROMPT - parting);
        for (size_t k = 0; k < n; k++)
            tokens[k] = (token_id)((k * 31 + (k >= parting ? i / 2 * 7 : 0)) % N_VOCAB);
        n_read += read_prompt(warm, sequences[i % 4], tokens, n, got);
        sequence_truncate(alone, 0);
        read_prompt(cold, alone, tokens, n, wanted);
        assert_memory_equal(got, wanted, sizeof got);
    }
    assert_true(n_read < 40 * PROMPT / 3);
    for (size_t i = 0; i < COUNT_OF(sequences); i++)
        sequence_close(&sequences[i]);
    sequence_close(&alone);
    struct engine_memory memory;
    engine_memory(warm, &memory);
    assert_int_equal(memory.kv_used_bytes, 0);
    assert_true(memory.kv_cached_bytes > 0);
    assert_true(memory.kv_cached_bytes <= memory.kv_allocated_bytes);
    engine_set_kv_budget(warm, 0);
    engine_memory(warm, &memory);
    assert_int_equal(memory.kv_allocated_bytes, 0);
    engine_close(&warm);
    engine_close(&cold);
    tiny_model_free(&model);
}

TEST(logits_after_what_was_taken_over_are_the_same_bits)
{
    for (enum kv_type type = 0; type < KV_TYPES; type++)
        check_logits(type, 0);
    check_logits(KV_F16, 50);
}

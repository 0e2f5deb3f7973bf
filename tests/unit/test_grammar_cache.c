#include "test.h"

#include "base/memory.h"
#include "worker/grammar_cache.h"

#include <pthread.h>

static const struct dialect no_dialect;

/* Strings of up to `n` letters. */
static struct answer_form form_of(char gbnf[64], unsigned n)
{
    int length = snprintf(gbnf, 64, "root ::= [a-z]{0,%u}", n);
    return (struct answer_form){ .dialect = &no_dialect, .grammar = { gbnf, (size_t)length } };
}

static struct grammar *grammar_of(struct grammar_cache *cache, unsigned n)
{
    char gbnf[64];
    struct grammar *grammar;
    struct error err = { 0 };
    struct answer_form form = form_of(gbnf, n);
    assert_ok(grammar_cache_grammar(cache, &grammar, &form, &err), err);
    assert_non_null(grammar);
    return grammar;
}

/* Asks for a grammar; whether it was there. */
static bool was_kept(struct grammar_cache *cache, unsigned n)
{
    uint64_t found = grammar_cache_state(cache).n_found;
    struct grammar *grammar = grammar_of(cache, n);
    grammar_close(&grammar);
    return grammar_cache_state(cache).n_found > found;
}

static struct grammar_cache *new_cache(size_t most_grammars, size_t most_bytes)
{
    struct grammar_cache *cache;
    struct error err = { 0 };
    struct grammar_cache_options options = { most_grammars, most_bytes };
    assert_ok(grammar_cache_open(&cache, &options, &err), err);
    return cache;
}

TEST(a_form_is_compiled_once)
{
    struct grammar_cache *cache = new_cache(4, 1 << 20);
    struct grammar *first = grammar_of(cache, 1), *again = grammar_of(cache, 1),
                   *other = grammar_of(cache, 2);
    assert_ptr_equal(first, again);
    assert_ptr_not_equal(first, other);
    struct grammar_cache_state now = grammar_cache_state(cache);
    assert_int_equal(now.n_made, 2);
    assert_int_equal(now.n_found, 1);
    assert_int_equal(now.n_grammars, 2);
    assert_true(now.bytes >= grammar_memory_bytes(first) + grammar_memory_bytes(other));
    grammar_close(&first);
    grammar_close(&other);
    grammar_cache_close(&cache);
    assert_true(grammar_memory_bytes(again) > 0); /* it lives as long as somebody holds it */
    grammar_close(&again);
}

TEST(what_was_not_asked_for_longest_goes)
{
    struct grammar_cache *cache = new_cache(3, 1 << 20);
    for (unsigned n = 1; n <= 3; n++)
        assert_false(was_kept(cache, n));
    assert_true(was_kept(cache, 1));
    assert_false(was_kept(cache, 4)); /* instead of 2 */
    assert_int_equal(grammar_cache_state(cache).n_grammars, 3);
    assert_true(was_kept(cache, 1));
    assert_true(was_kept(cache, 3));
    assert_true(was_kept(cache, 4));
    assert_false(was_kept(cache, 2));
    assert_false(was_kept(cache, 1));
    grammar_cache_close(&cache);
}

TEST(bytes_are_bounded)
{
    struct grammar_cache *cache = new_cache(100, 1 << 20);
    assert_false(was_kept(cache, 1));
    size_t one = grammar_cache_state(cache).bytes;
    grammar_cache_close(&cache);
    cache = new_cache(100, 5 * one + one / 2);
    for (unsigned n = 1; n <= 50; n++) {
        assert_false(was_kept(cache, n));
        assert_true(grammar_cache_state(cache).bytes <= 5 * one + one / 2);
    }
    assert_in_range(grammar_cache_state(cache).n_grammars, 4, 6);
    assert_true(was_kept(cache, 50));
    assert_false(was_kept(cache, 1));
    grammar_cache_close(&cache);
}

TEST(what_is_larger_than_the_cache_is_made_and_not_kept)
{
    struct grammar_cache *small = new_cache(4, 64), *none = new_cache(0, 1 << 20);
    for (unsigned round = 0; round < 2; round++) {
        assert_false(was_kept(small, 1));
        assert_false(was_kept(none, 1));
    }
    assert_int_equal(grammar_cache_state(small).bytes, 0);
    assert_int_equal(grammar_cache_state(none).bytes, 0);
    grammar_cache_close(&small);
    grammar_cache_close(&none);
}

TEST(a_form_without_limits_has_no_grammar)
{
    struct grammar_cache *cache = new_cache(4, 1 << 20);
    struct answer_form form = { .dialect = &no_dialect };
    struct grammar *grammar;
    struct error err = { 0 };
    assert_ok(grammar_cache_grammar(cache, &grammar, &form, &err), err);
    assert_null(grammar);
    assert_int_equal(grammar_cache_state(cache).n_grammars, 0);
    grammar_cache_close(&cache);
}

TEST(what_cannot_be_compiled_is_refused_each_time)
{
    struct grammar_cache *cache = new_cache(4, 1 << 20);
    struct answer_form form = { .dialect = &no_dialect, .grammar = slice_of("root ::= (") };
    for (unsigned round = 0; round < 2; round++) {
        struct grammar *grammar;
        struct error err = { 0 };
        assert_false(grammar_cache_grammar(cache, &grammar, &form, &err));
        assert_int_equal(err.code, ERROR_FORMAT);
        assert_null(grammar);
    }
    assert_int_equal(grammar_cache_state(cache).n_grammars, 0);
    grammar_cache_close(&cache);
}

TEST(memory_that_runs_out_is_an_error)
{
    bool is_done = false;
    for (int64_t n = 0; !is_done && n < 1000; n++) {
        char gbnf[64];
        struct grammar_cache *cache = NULL;
        struct grammar_cache_options options = grammar_cache_defaults();
        struct answer_form form = form_of(gbnf, 3);
        struct grammar *grammar = NULL;
        struct error err = { 0 };
        memory_fail_after(n);
        is_done = grammar_cache_open(&cache, &options, &err) &&
                  grammar_cache_grammar(cache, &grammar, &form, &err);
        memory_fail_after(-1);
        assert_true(is_done || err.code == ERROR_MEMORY || err.code == ERROR_BUDGET);
        grammar_close(&grammar);
        grammar_cache_close(&cache);
    }
    assert_true(is_done);
}

enum { N_ASKERS = 3, N_QUESTIONS = 400, N_FORMS = 6 };

static void *ask_often(void *context)
{
    struct grammar_cache *cache = context;
    for (unsigned i = 0; i < N_QUESTIONS; i++) {
        char gbnf[64];
        struct grammar *grammar = NULL;
        struct error err = { 0 };
        struct answer_form form = form_of(gbnf, 1 + i * 7 % N_FORMS);
        if (!grammar_cache_grammar(cache, &grammar, &form, &err) || !grammar)
            return cache;
        grammar_close(&grammar);
    }
    return NULL;
}

TEST(many_threads_may_ask_at_once)
{
    struct grammar_cache *cache = new_cache(4, 1 << 20); /* fewer than forms: some always go */
    pthread_t askers[N_ASKERS];
    for (size_t i = 0; i < N_ASKERS; i++)
        assert_int_equal(pthread_create(&askers[i], NULL, ask_often, cache), 0);
    for (size_t i = 0; i < N_ASKERS; i++) {
        void *problem;
        assert_int_equal(pthread_join(askers[i], &problem), 0);
        assert_null(problem);
    }
    struct grammar_cache_state now = grammar_cache_state(cache);
    assert_int_equal(now.n_grammars, 4);
    assert_int_equal(now.n_made + now.n_found, N_ASKERS * N_QUESTIONS);
    grammar_cache_close(&cache);
}

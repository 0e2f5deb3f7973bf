#include "test.h"

#include "base/interruption.h"
#include "runtime/grammar/json_schema.h"
#include "tokenizer/tokenizer.h"
#include "worker/grammar_cache.h"

#include <pthread.h>

static _Atomic bool raised = true, lowered;

TEST(nobody_is_interrupted_who_watches_nothing)
{
    struct error err = { 0 };
    assert_false(is_interrupted());
    assert_ok(interruption_check(&err), err);
}

TEST(the_flag_is_looked_at_whenever_asked)
{
    _Atomic bool flag = false;
    struct error err = { 0 };
    interruption_watch(&flag);
    assert_ok(interruption_check(&err), err);
    atomic_store(&flag, true);
    assert_true(is_interrupted());
    assert_false(interruption_check(&err));
    assert_int_equal(err.code, ERROR_CANCELLED);
    interruption_watch(&lowered);
    assert_false(is_interrupted());
    interruption_watch(NULL);
}

static void *look(void *context)
{
    *(bool *)context = is_interrupted();
    return NULL;
}

TEST(threads_do_not_share_what_they_watch)
{
    pthread_t other;
    bool others = true;
    interruption_watch(&raised);
    assert_int_equal(pthread_create(&other, NULL, look, &others), 0);
    assert_int_equal(pthread_join(other, NULL), 0);
    assert_true(is_interrupted());
    assert_false(others);
    interruption_watch(NULL);
}

static bool open_schema(const char *text, struct error *err)
{
    struct grammar *grammar = NULL;
    const struct json *schema;
    struct error problem = { 0 };
    assert_ok(json_open(&schema, text, strlen(text), "schema", &problem), problem);
    bool ok = json_schema_open(&grammar, schema, JSON_SPACING_FREE, err);
    grammar_close(&grammar);
    json_close(&schema);
    return ok;
}

TEST(schemas_are_given_up)
{
    static const char *const schemas[] = {
        "{\"allOf\":[{\"pattern\":\"^(a|b)*a(a|b){9}$\"},{\"pattern\":\"^a\"}]}",
        "{\"anyOf\":[{\"required\":[\"a\"]},{\"not\":{\"required\":[\"b\"]}}]}",
        "{\"enum\":[1,2,3]}",
    };
    for (size_t i = 0; i < COUNT_OF(schemas); i++) {
        struct error err = { 0 };
        assert_ok(open_schema(schemas[i], &err), err);
        interruption_watch(&raised);
        assert_false(open_schema(schemas[i], &err));
        interruption_watch(NULL);
    }
}

TEST(texts_are_not_tokenized_further)
{
    struct tokenizer *tokenizer;
    struct token_list ids = { 0 };
    struct error err = { 0 };
    static const char json[] = "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}";
    assert_ok(tokenizer_from_json(&tokenizer, json, strlen(json), "test", &err), err);
    interruption_watch(&raised);
    assert_false(
        tokenizer_encode(tokenizer, slice_of("aaa"), (struct encode_options){ 0 }, &ids, &err));
    interruption_watch(NULL);
    assert_int_equal(err.code, ERROR_CANCELLED);
    assert_int_equal(ids.count, 0);
    assert_ok(
        tokenizer_encode(tokenizer, slice_of("aaa"), (struct encode_options){ 0 }, &ids, &err),
        err);
    assert_int_equal(ids.count, 3);
    token_list_release(&ids);
    tokenizer_close(&tokenizer);
}

TEST(what_was_given_up_is_not_kept)
{
    static const struct dialect no_dialect;
    struct grammar_cache *cache;
    struct grammar *grammar;
    struct error err = { 0 };
    struct grammar_cache_options options = grammar_cache_defaults();
    struct answer_form form = { .dialect = &no_dialect, .grammar = slice_of("root ::= \"a\"") };
    assert_ok(grammar_cache_open(&cache, &options, &err), err);
    interruption_watch(&raised);
    assert_false(grammar_cache_grammar(cache, &grammar, &form, &err));
    interruption_watch(NULL);
    assert_null(grammar);
    assert_int_equal(grammar_cache_state(cache).n_grammars, 0);
    assert_ok(grammar_cache_grammar(cache, &grammar, &form, &err), err);
    assert_non_null(grammar);
    grammar_close(&grammar);
    grammar_cache_close(&cache);
}

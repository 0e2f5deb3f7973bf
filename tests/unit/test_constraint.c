#include "test.h"

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "hearth.h"
#include "kernels/kernels.h"
#include "runtime/constraint.h"
#include "runtime/grammar/gbnf.h"
#include "runtime/grammar/schema_shape.h"
#include "tiny_model.h"

static struct tiny_model *new_model(size_t n_ctx)
{
    struct tiny_options options = tiny_defaults();
    struct tiny_model *model;
    struct error err = { 0 };
    options.n_vocab = 300;
    options.n_ctx = n_ctx;
    options.has_tokenizer = true;
    assert_ok(tiny_model_new(&model, &options, &err), err);
    return model;
}

static struct hearth_model *open_model(const char *path)
{
    struct hearth_model *model;
    struct hearth_error err = { 0 };
    assert_ok(hearth_model_open(&model, path, NULL, &err), err);
    return model;
}

/* Feed and collect a whole answer; the last event is returned. */
static struct hearth_event ask(struct hearth_session *session, const char *prompt,
                               struct text *answer)
{
    struct hearth_event event;
    struct hearth_error err = { 0 };
    assert_ok(hearth_session_feed(session, prompt, strlen(prompt), &err), err);
    do {
        assert_ok(hearth_session_next(session, &event, &err), err);
        if (event.kind == HEARTH_TEXT)
            assert_true(text_append(answer, event.text, event.length));
    } while (event.kind == HEARTH_TEXT);
    return event;
}

static struct hearth_event answer_once(struct hearth_model *model,
                                       const struct hearth_session_options *options,
                                       const char *prompt, struct text *answer)
{
    struct hearth_session *session;
    struct hearth_error err = { 0 };
    assert_ok(hearth_session_open(&session, model, options, &err), err);
    text_clear(answer);
    struct hearth_event done = ask(session, prompt, answer);
    hearth_session_close(&session);
    return done;
}

static bool is_valid(const char *schema_text, struct slice answer)
{
    struct error err = { 0 };
    const struct json *schema, *value;
    struct schema_document document;
    bool accepts = false;
    if (!json_open(&value, answer.data, answer.length, "answer", &err))
        return false;
    assert_ok(json_open(&schema, schema_text, strlen(schema_text), "schema", &err), err);
    assert_ok(schema_document_open(&document, schema, &err), err);
    assert_ok(schema_accepts(&document, schema, value, &accepts, &err), err);
    schema_document_close(&document);
    json_close(&schema);
    json_close(&value);
    return accepts;
}

static const char *const schemas[] = {
    "{\"type\":\"object\"}",
    "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\",\"minLength\":3,"
    "\"maxLength\":30},\"age\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":99}},\"required\":["
    "\"name\",\"age\"],\"additionalProperties\":false}",
    "{\"type\":\"array\",\"items\":{\"type\":\"number\",\"minimum\":-1.5,\"maximum\":2.5},"
    "\"minItems\":2,\"maxItems\":6}",
    "{\"enum\":[\"red\",\"green\",\"blue\",{\"mixed\":[1,2]}]}",
    "{\"type\":\"string\",\"pattern\":\"^[A-Z]{2}-[0-9]{4}$\"}",
    "{\"type\":\"string\",\"format\":\"date-time\"}",
    "{\"anyOf\":[{\"type\":\"null\"},{\"type\":\"array\",\"items\":{\"type\":\"boolean\"},"
    "\"maxItems\":4}]}",
    "{\"$defs\":{\"t\":{\"type\":\"object\",\"properties\":{\"v\":{\"type\":\"integer\"},\"next\":{"
    "\"anyOf\":[{\"$ref\":\"#/$defs/t\"},{\"type\":\"null\"}]}},\"required\":[\"v\",\"next\"],"
    "\"additionalProperties\":false}},\"$ref\":\"#/$defs/t\"}",
    "{\"type\":\"integer\",\"multipleOf\":7,\"minimum\":0}",
    "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"},\"maxProperties\":3}",
    "{\"type\":\"array\",\"prefixItems\":[{\"const\":\"a\"},{\"type\":\"boolean\"}],\"items\":{"
    "\"type\":\"null\"},\"minItems\":2,\"maxItems\":5}",
    "{\"anyOf\":[{\"type\":\"string\",\"format\":\"email\"},{\"type\":\"string\",\"format\":"
    "\"uuid\"}]}",
    "{\"type\":\"string\",\"minLength\":40}",
};

static struct hearth_session_options hot(const char *format, int64_t seed)
{
    struct hearth_session_options options = hearth_session_defaults();
    options.format = format;
    options.temperature = 1.5f;
    options.top_k = 0;
    options.top_p = 1;
    options.seed = seed;
    options.n_predict = 120;
    return options;
}

static void sample_all(const char *path, const char *prompt)
{
    struct hearth_model *model = open_model(path);
    struct text answer;
    text_init(&answer, 1 << 20);
    for (size_t i = 0; i < COUNT_OF(schemas); i++)
        for (int64_t seed = 0; seed < 20; seed++) {
            struct hearth_session_options options = hot(schemas[i], seed);
            answer_once(model, &options, prompt, &answer);
            if (!is_valid(schemas[i], text_slice(&answer)))
                fail_msg("%s, seed %d: '%s'", schemas[i], (int)seed, answer.data);
        }
    text_release(&answer);
    hearth_model_close(&model);
}

TEST(sampled_answers_of_a_random_model_are_valid)
{
    struct tiny_model *tiny = new_model(256);
    sample_all(tiny_model_path(tiny), "abc");
    tiny_model_free(&tiny);
}

TEST(sampled_answers_of_a_trained_model_are_valid)
{
    sample_all(golden_path("stories260K/stories260K.gguf"), "Once upon a time");
}

TEST(any_object_is_what_format_json_gives)
{
    struct tiny_model *tiny = new_model(128);
    struct hearth_model *model = open_model(tiny_model_path(tiny));
    struct text answer;
    text_init(&answer, 1 << 20);
    for (int64_t seed = 0; seed < 20; seed++) {
        struct hearth_session_options options = hot("json", seed);
        answer_once(model, &options, "abc", &answer);
        if (!is_valid("{\"type\":\"object\"}", text_slice(&answer)))
            fail_msg("seed %d: '%s'", (int)seed, answer.data);
    }
    text_release(&answer);
    hearth_model_close(&model);
    tiny_model_free(&tiny);
}

TEST(guesses_never_change_a_constrained_answer)
{
    static const char *const formats[] = {
        "{\"type\":\"array\",\"items\":{\"enum\":[\"abc\",\"abcabc\",\"b\"]}}",
        "{\"type\":\"string\",\"maxLength\":40}",
        "json",
    };
    struct tiny_model *tiny = new_model(128);
    struct hearth_model *model = open_model(tiny_model_path(tiny));
    struct text with, without;
    text_init(&with, 1 << 20);
    text_init(&without, 1 << 20);
    for (size_t i = 0; i < COUNT_OF(formats); i++)
        for (int64_t seed = 0; seed < 12; seed++) {
            struct hearth_session_options options = hot(formats[i], seed);
            options.temperature = seed % 3 ? 0.4f : 0;
            options.n_predict = seed % 2 ? 30 + (int32_t)seed : -1;
            options.n_draft = 0;
            const char *prompt = "[\"abc\",\"abc\",\"abcabc\",\"abc\",\"abc\",";
            struct hearth_event a = answer_once(model, &options, prompt, &without);
            options.n_draft = seed % 4 ? -1 : 5;
            struct hearth_event b = answer_once(model, &options, prompt, &with);
            if (!slice_equal(text_slice(&with), text_slice(&without)))
                fail_msg("seed %d: '%s' with guesses, '%s' without", (int)seed, with.data,
                         without.data);
            assert_int_equal(a.answer_tokens, b.answer_tokens);
            assert_int_equal(a.context_tokens, b.context_tokens);
            assert_int_equal(a.reason, b.reason);
        }
    text_release(&with);
    text_release(&without);
    hearth_model_close(&model);
    tiny_model_free(&tiny);
}

/* Whatever room there is: the answer is complete, or the error says that it cannot be. */
static void squeeze(struct hearth_model *model, const char *schema, const char *prompt)
{
    struct text answer;
    size_t n_refused = 0;
    text_init(&answer, 1 << 20);
    for (int32_t n_predict = 0; n_predict < 50; n_predict++) {
        struct hearth_session_options options = hot(schema, n_predict);
        struct hearth_session *session;
        struct hearth_event event;
        struct hearth_error err = { 0 };
        options.n_predict = n_predict;
        text_clear(&answer);
        assert_ok(hearth_session_open(&session, model, &options, &err), err);
        assert_ok(hearth_session_feed(session, prompt, strlen(prompt), &err), err);
        bool ok = hearth_session_next(session, &event, &err);
        for (; ok && event.kind == HEARTH_TEXT; ok = hearth_session_next(session, &event, &err))
            assert_true(text_append(&answer, event.text, event.length));
        if (!ok) {
            assert_int_equal(err.code, ERROR_CONTEXT);
            assert_int_equal(n_refused++, n_predict); /* a little more is never worse */
        } else if (!is_valid(schema, text_slice(&answer))) {
            fail_msg("%d tokens: '%s'", n_predict, answer.data);
        }
        hearth_session_close(&session);
    }
    assert_in_range(n_refused, 1, 40);
    text_release(&answer);
}

TEST(answers_are_complete_whatever_room_there_is)
{
    static const char *const squeezed[] = {
        "{\"type\":\"object\"}",
        "{\"type\":\"object\",\"properties\":{\"once\":{\"type\":\"string\",\"minLength\":2},\"a\":"
        "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}},\"required\":[\"once\"],"
        "\"additionalProperties\":false}",
        "{\"type\":\"array\",\"items\":{\"enum\":[\"a girl named Lily\"]}}",
        "{\"type\":\"number\"}",
    };
    struct tiny_model *tiny = new_model(256);
    struct hearth_model *model = open_model(tiny_model_path(tiny));
    for (size_t i = 0; i < COUNT_OF(squeezed); i++)
        squeeze(model, squeezed[i], "abc");
    hearth_model_close(&model);
    tiny_model_free(&tiny);
    model = open_model(golden_path("stories260K/stories260K.gguf"));
    for (size_t i = 0; i < COUNT_OF(squeezed); i++)
        squeeze(model, squeezed[i], "Once upon a time");
    hearth_model_close(&model);
}

TEST(an_answer_is_complete_where_the_context_ends)
{
    struct tiny_model *tiny = new_model(64);
    struct hearth_model *model = open_model(tiny_model_path(tiny));
    struct text answer;
    text_init(&answer, 1 << 20);
    for (int64_t seed = 0; seed < 20; seed++) {
        struct hearth_session_options options = hot("{\"type\":\"string\"}", seed);
        options.n_predict = -1;
        struct hearth_event done = answer_once(model, &options, "abcabcabc", &answer);
        assert_true(done.context_tokens <= 64);
        if (!is_valid("{\"type\":\"string\"}", text_slice(&answer)))
            fail_msg("seed %d: '%s'", (int)seed, answer.data);
    }
    text_release(&answer);
    hearth_model_close(&model);
    tiny_model_free(&tiny);
}

TEST(a_refused_answer_comes_once_there_is_room)
{
    struct tiny_model *tiny = new_model(128);
    struct hearth_model *model = open_model(tiny_model_path(tiny));
    struct hearth_session_options options = hot("{\"const\":\"abcdef\"}", 1);
    struct hearth_session *session;
    struct hearth_event event;
    struct hearth_error err = { 0 };
    options.n_predict = 5;
    assert_ok(hearth_session_open(&session, model, &options, &err), err);
    assert_ok(hearth_session_feed(session, "abc", 3, &err), err);
    assert_false(hearth_session_next(session, &event, &err));
    assert_int_equal(err.code, ERROR_CONTEXT);
    assert_non_null(strstr(err.message, "room for 5"));
    options.format =
        "{\"type\":\"string\",\"minLength\":100000}"; /* found out without spelling it */
    assert_ok(hearth_session_configure(session, &options, &err), err);
    assert_false(hearth_session_next(session, &event, &err));
    assert_int_equal(err.code, ERROR_CONTEXT);
    assert_non_null(strstr(err.message, "100002 bytes"));
    options.format = "{\"const\":\"abcdef\"}";
    options.n_predict = 8;
    assert_ok(hearth_session_configure(session, &options, &err), err);
    assert_ok(hearth_session_next(session, &event, &err), err);
    assert_int_equal(event.kind, HEARTH_TEXT);
    hearth_session_close(&session);
    hearth_model_close(&model);
    tiny_model_free(&tiny);
}

TEST(an_answer_stops_when_its_grammar_is_over)
{
    struct tiny_model *tiny = new_model(128);
    struct hearth_model *model = open_model(tiny_model_path(tiny));
    struct hearth_session_options options = hearth_session_defaults();
    struct text answer;
    text_init(&answer, 1 << 20);
    options.grammar = "root ::= \"yes\" | \"no\"";
    struct hearth_event done = answer_once(model, &options, "abc", &answer);
    assert_int_equal(done.reason, HEARTH_STOP);
    assert_true(slice_equal(text_slice(&answer), slice_of("yes")) ||
                slice_equal(text_slice(&answer), slice_of("no")));
    text_release(&answer);
    hearth_model_close(&model);
    tiny_model_free(&tiny);
}

TEST(each_answer_of_a_session_begins_anew)
{
    struct tiny_model *tiny = new_model(128);
    struct hearth_model *model = open_model(tiny_model_path(tiny));
    struct hearth_session_options options = hot("{\"enum\":[\"a\",\"bc\",true]}", 7);
    struct hearth_session *session;
    struct hearth_error err = { 0 };
    struct text answer;
    text_init(&answer, 1 << 20);
    assert_ok(hearth_session_open(&session, model, &options, &err), err);
    for (int i = 0; i < 4; i++) {
        text_clear(&answer);
        ask(session, "abc", &answer);
        assert_true(is_valid(options.format, text_slice(&answer)));
    }
    options.format = "";
    assert_ok(hearth_session_configure(session, &options, &err), err);
    options.format = "[1]";
    assert_false(hearth_session_configure(session, &options, &err));
    hearth_session_close(&session);
    text_release(&answer);
    hearth_model_close(&model);
    tiny_model_free(&tiny);
}

TEST(what_is_no_format_is_an_error_with_its_path)
{
    static const struct {
        const char *format, *grammar, *message;
    } cases[] = {
        { "{\"properties\":{\"a\":{\"type\":\"strin\"}}}", NULL, "#/properties/a/type" },
        { "{\"type\":", NULL, "format" },
        { "yaml", NULL, "format" },
        { NULL, "root ::= (", "line 1" },
        { NULL, "rot ::= \"a\"", "root" },
        { "json", "root ::= \"a\"", "not both" },
    };
    struct tiny_model *tiny = new_model(64);
    struct hearth_model *model = open_model(tiny_model_path(tiny));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hearth_session_options options = hearth_session_defaults();
        struct hearth_session *session;
        struct hearth_error err = { 0 };
        options.format = cases[i].format;
        options.grammar = cases[i].grammar;
        assert_false(hearth_session_open(&session, model, &options, &err));
        if (!strstr(err.message, cases[i].message))
            fail_msg("case %zu: '%s' does not say '%s'", i, err.message, cases[i].message);
    }
    hearth_model_close(&model);
    tiny_model_free(&tiny);
}

/* ---- over a vocabulary ---- */

static struct constraint *constraint_of(const char *gbnf, const struct constraint_tokens *tokens)
{
    struct error err = { 0 };
    struct grammar *g;
    struct constraint *c;
    assert_ok(gbnf_open(&g, slice_of(gbnf), &err), err);
    assert_ok(constraint_open(&c, g, tokens, &err), err);
    return c;
}

/* At every state of a text the mask allows just the tokens whose decoded text goes on with it. */
static void compare_with_decoding(const char *vocabulary)
{
    struct error err = { 0 };
    struct tokenizer *t;
    struct constraint_tokens *tokens;
    struct text decoded;
    text_init(&decoded, 1 << 20);
    assert_ok(tokenizer_open(&t, golden_path(vocabulary), &err), err);
    size_t n = tokenizer_size(t), n_allowed = 0;
    assert_ok(constraint_tokens_open(&tokens, t, n, &err), err);
    static const char rest[] = "{\"a\": \"b\xc3\xa4 c\"}";
    struct constraint *c = constraint_of("root ::= \"{\\\"a\\\": \\\"b\xc3\xa4 c\\\"}\"", tokens);
    token_id letter = tokenizer_find(t, slice_of("x"));
    for (size_t at = 0; at < sizeof rest - 1; at++) {
        const uint32_t *mask;
        assert_ok(constraint_mask(c, &mask, NULL, &err), err);
        for (size_t i = 0; i < n; i++) {
            token_id two[] = { letter, (token_id)i };
            text_clear(&decoded);
            if (tokenizer_is_special(t, two[1]) || tokenizer_is_end(t, two[1])) {
                assert_false(mask[i / 32] >> (i % 32) & 1);
                continue;
            }
            text_clear(&decoded);
            assert_true(tokenizer_append_bytes(t, two[1], &decoded));
            bool goes_on = decoded.length && decoded.length <= sizeof rest - 1 - at &&
                           memcmp(decoded.data, rest + at, decoded.length) == 0;
            if (goes_on != (mask[i / 32] >> (i % 32) & 1))
                fail_msg("%s: token %zu at byte %zu", vocabulary, i, at);
            if (!goes_on)
                continue;
            n_allowed++;
            text_clear(&decoded); /* a stream that has begun says the same */
            assert_ok(tokenizer_decode(t, two, 2, false, &decoded, &err), err);
            bool is_whole = rest[at + decoded.length - 1] != '\xc3';
            if (is_whole && decoded.data[decoded.length - 1] != '\xbd' &&
                memcmp(decoded.data + 1, rest + at, decoded.length - 1) != 0)
                fail_msg("%s: token %zu at byte %zu says '%s'", vocabulary, i, at, decoded.data);
        }
        matcher_state before = constraint_state(c);
        token_id next;
        bool found = false;
        for (next = 0; (size_t)next < n && !found; next++) { /* one byte on */
            text_clear(&decoded);
            assert_true(tokenizer_append_bytes(t, next, &decoded));
            if (decoded.length == 1 && decoded.data[0] == rest[at] &&
                mask[next / 32] >> (next % 32) & 1) {
                assert_ok(constraint_accept(c, next, &err), err);
                found = true;
            }
        }
        assert_true(found);
        assert_int_not_equal(before, constraint_state(c));
    }
    assert_true(constraint_is_over(c));
    assert_true(n_allowed >= sizeof rest - 1);
    assert_false(constraint_accept(c, letter, &err));
    constraint_close(&c);
    constraint_tokens_close(&tokens);
    tokenizer_close(&t);
    text_release(&decoded);
}

TEST(masks_allow_what_tokens_decode_to)
{
    static const char *const vocabularies[] = {
        "tokenizers/ggml-vocab-llama-spm.gguf", "tokenizers/ggml-vocab-gpt-2.gguf",
        "tokenizers/ggml-vocab-phi-3.gguf",     "tokenizers/ggml-vocab-deepseek-coder.gguf",
        "tokenizers/llama3.2.encoder.json",     "tokenizers/cl100k_base.tiktoken",
        "tokenizers/mistral-v3.model",          "tokenizers/hf-phi-2.json",
    };
    for (size_t i = 0; i < COUNT_OF(vocabularies); i++)
        compare_with_decoding(vocabularies[i]);
}

TEST(drafts_are_cut_at_the_first_token_that_is_not_allowed)
{
    struct error err = { 0 };
    struct tokenizer *t;
    struct constraint_tokens *tokens;
    size_t n;
    assert_ok(tokenizer_open(&t, golden_path("tokenizers/ggml-vocab-gpt-2.gguf"), &err), err);
    assert_ok(constraint_tokens_open(&tokens, t, tokenizer_size(t), &err), err);
    struct constraint *c = constraint_of("root ::= \"ab\" [c-d]* \"x\"", tokens);
    token_id a = tokenizer_find(t, slice_of("a")), b = tokenizer_find(t, slice_of("b"));
    token_id ccc = tokenizer_find(t, slice_of("c")), x = tokenizer_find(t, slice_of("x"));
    token_id good[] = { a, b, ccc, x, a }, bad[] = { a, b, b, x }, ended[] = { tokenizer_eos(t) };
    assert_ok(constraint_peek(c, good, 5, &n, &err), err);
    assert_int_equal(n, 4);
    assert_ok(constraint_peek(c, bad, 4, &n, &err), err);
    assert_int_equal(n, 2);
    assert_ok(constraint_peek(c, ended, 1, &n, &err), err);
    assert_int_equal(n, 0);
    matcher_state start = constraint_state(c);
    assert_ok(constraint_accept(c, a, &err), err);
    assert_false(constraint_accept(c, x, &err));
    constraint_return(c, start);
    assert_ok(constraint_accept(c, a, &err), err);
    constraint_close(&c);
    constraint_tokens_close(&tokens);
    tokenizer_close(&t);
}

TEST(memory_that_runs_out_is_an_error)
{
    struct tiny_model *tiny = new_model(64);
    struct hearth_model *model = open_model(tiny_model_path(tiny));
    struct hearth_session_options options = hot(schemas[1], 1);
    bool ok = false;
    options.n_predict = 40;
    for (int64_t n = 0; !ok; n += 1 + n / 32) {
        struct hearth_session *session = NULL;
        struct hearth_error err = { 0 };
        struct hearth_event event = { .kind = HEARTH_TEXT };
        memory_fail_after(n);
        ok = hearth_session_open(&session, model, &options, &err) &&
             hearth_session_feed(session, "abc", 3, &err);
        while (ok && event.kind == HEARTH_TEXT)
            ok = hearth_session_next(session, &event, &err);
        memory_fail_after(-1);
        if (!ok && err.code != ERROR_MEMORY && err.code != ERROR_BUDGET)
            fail_msg("allocation %d: %s", (int)n, err.message);
        hearth_session_close(&session);
    }
    hearth_model_close(&model);
    tiny_model_free(&tiny);
}

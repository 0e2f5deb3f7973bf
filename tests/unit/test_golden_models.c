#include "test.h"

#include "base/json.h"
#include "base/mapped_file.h"
#include "runtime/engine.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

/* Golden data's own bound for float32 arithmetic. */
static const double LOGITS_ERROR = 2e-4;

enum { MOST_TOKENS = 256 };

static const char *const folders[] = {
    "llama-a", "llama3_rope-a", "llama_bias-a", "llama_linear-a", "mistral-a", "qwen2-a", "qwen3-a",
};

static const struct json *open_json(const char *folder, const char *name)
{
    char relative[256];
    struct mapped_file *file;
    struct error err = { 0 };
    const struct json *root;
    snprintf(relative, sizeof relative, "models/%s/%s", folder, name);
    assert_ok(mapped_file_open(&file, golden_path(relative), &err), err);
    assert_ok(json_open(&root, (const char *)file->data, file->size, file->path, &err), err);
    mapped_file_close(&file);
    return root;
}

static size_t read_tokens(const struct json *array, token_id *tokens)
{
    size_t n = json_size(array);
    assert_in_range(n, 1, MOST_TOKENS);
    for (size_t i = 0; i < n; i++)
        tokens[i] = (token_id)json_int(json_at(array, i), -1);
    return n;
}

static void check_logits(const char *what, const float *got, const struct json *want)
{
    double difference = 0, norm = 0;
    assert_true(json_size(want) > 0);
    for (size_t i = 0; i < json_size(want); i++) {
        double value = json_number(json_at(want, i), NAN);
        difference += (got[i] - value) * (got[i] - value);
        norm += value * value;
    }
    double error = sqrt(difference / norm);
    if (!(error <= LOGITS_ERROR))
        fail_msg("%s: relative error %g, allowed %g", what, error, LOGITS_ERROR);
}

static token_id best(const float *logits, size_t n)
{
    size_t at = 0;
    for (size_t i = 1; i < n; i++)
        if (logits[i] > logits[at])
            at = i;
    return (token_id)at;
}

/* The golden file's inner positions: prefixes of the prompt. */
static void check_positions(struct engine *engine, const char *what, const token_id *tokens,
                            const struct json *positions)
{
    const struct json *list = json_get(positions, "positions");
    for (size_t i = 0; i < json_size(list); i++) {
        struct error err = { 0 };
        struct sequence *sequence;
        float *logits;
        assert_ok(sequence_open(&sequence, engine, &err), err);
        size_t n = (size_t)json_int(json_at(list, i), 0) + 1;
        assert_ok(engine_prefill(engine, sequence, tokens, n, &logits, NULL, &err), err);
        check_logits(what, logits, json_at(json_get(positions, "values"), i));
        sequence_close(&sequence);
    }
}

static void check_prompt(struct engine *engine, const char *folder, const struct json *golden,
                         const char *prompt)
{
    char what[96];
    token_id tokens[MOST_TOKENS];
    struct error err = { 0 };
    struct sequence *sequence;
    float *logits;
    snprintf(what, sizeof what, "%s, %s prompt", folder, prompt);
    size_t n = read_tokens(json_get(json_get(golden, "tokens"), prompt), tokens);
    size_t n_vocab = (size_t)engine_config(engine)->n_vocab;
    assert_ok(sequence_open(&sequence, engine, &err), err);
    assert_ok(engine_prefill(engine, sequence, tokens, n, &logits, NULL, &err), err);
    check_logits(what, logits, json_get(json_get(golden, "logits_last"), prompt));
    const struct json *greedy = json_get(json_get(golden, "greedy"), prompt);
    assert_int_equal(json_size(greedy), 24);
    for (size_t i = 0; i < json_size(greedy); i++) {
        token_id token = best(logits, n_vocab);
        if (token != json_int(json_at(greedy, i), -1))
            fail_msg("%s: greedy token %zu is %d, expected %d", what, i, (int)token,
                     (int)json_int(json_at(greedy, i), -1));
        if (i + 1 < json_size(greedy))
            assert_ok(engine_prefill(engine, sequence, &token, 1, &logits, NULL, &err), err);
    }
    check_logits(what, logits, json_get(json_get(golden, "greedy_final_logits"), prompt));
    sequence_close(&sequence);
    check_positions(engine, what, tokens, json_get(json_get(golden, "logits_positions"), prompt));
}

static void check_model(const char *path, const char *folder)
{
    struct engine *engine;
    struct error err = { 0 };
    struct engine_options options = engine_defaults();
    options.kv_type = KV_F32;
    options.max_batch_tokens = 64; /* the long prompts then take two steps */
    assert_ok(engine_open(&engine, path, &options, &err), err);
    const struct json *golden = open_json(folder, "golden.json");
    check_prompt(engine, folder, golden, "short");
    check_prompt(engine, folder, golden, "long");
    json_close(&golden);
    engine_close(&engine);
}

TEST(golden_models_give_their_logits_and_tokens)
{
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        char relative[128];
        snprintf(relative, sizeof relative, "models/%s", folders[i]);
        check_model(golden_path(relative), folders[i]);
    }
}

/* A folder of links to the model's files in which config.json is the other spelling. */
static void check_other_spelling(const char *folder)
{
    static const char *const names[][2] = {
        { "config.alt.json", "config.json" },
        { "model.safetensors", "model.safetensors" },
        { "generation_config.json", "generation_config.json" },
        { "tokenizer.json", "tokenizer.json" },
    };
    char directory[] = "/tmp/hearth-spelling-XXXXXX", link[256], relative[256], target[4096];
    assert_non_null(mkdtemp(directory));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(relative, sizeof relative, "models/%s/%s", folder, names[i][0]);
        snprintf(link, sizeof link, "%s/%s", directory, names[i][1]);
        if (realpath(golden_path(relative), target))
            assert_int_equal(symlink(target, link), 0);
    }
    check_model(directory, folder);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(link, sizeof link, "%s/%s", directory, names[i][1]);
        unlink(link);
    }
    rmdir(directory);
}

TEST(golden_models_are_the_same_from_either_spelling_of_their_configuration)
{
    for (size_t i = 0; i < COUNT_OF(folders); i++)
        check_other_spelling(folders[i]);
}

/* Greedy continuation by the tokenizer and the model together. */
static void check_text(struct engine *engine, const char *folder, const struct json *example)
{
    const struct tokenizer *tokenizer = engine_tokenizer(engine);
    struct encode_options both = { .add_special = true, .parse_special = true };
    struct token_list ids = { 0 };
    struct error err = { 0 };
    struct sequence *sequence;
    float *logits;
    token_id answer[64];
    struct text text;
    text_init(&text, 1 << 20);
    assert_ok(tokenizer_encode(tokenizer, json_text(json_get(example, "prompt")), both, &ids, &err),
              err);
    assert_int_equal(ids.count, json_size(json_get(example, "ids")));
    assert_ok(sequence_open(&sequence, engine, &err), err);
    assert_ok(engine_prefill(engine, sequence, ids.ids, ids.count, &logits, NULL, &err), err);
    size_t n = json_size(json_get(example, "greedy"));
    assert_in_range(n, 1, COUNT_OF(answer));
    for (size_t i = 0; i < n; i++) {
        answer[i] = best(logits, (size_t)engine_config(engine)->n_vocab);
        assert_ok(engine_prefill(engine, sequence, &answer[i], 1, &logits, NULL, &err), err);
    }
    assert_ok(tokenizer_decode(tokenizer, answer, n, false, &text, &err), err);
    if (!slice_equal(text_slice(&text), json_text(json_get(example, "text"))))
        fail_msg("%s: '%s' is continued by '%s', expected '%s'", folder,
                 json_text(json_get(example, "prompt")).data, text.data,
                 json_text(json_get(example, "text")).data);
    text_release(&text);
    token_list_release(&ids);
    sequence_close(&sequence);
}

TEST(golden_models_with_a_tokenizer_go_from_text_to_text)
{
    static const char *const with_tokenizer[] = { "llama-a", "mistral-a", "qwen2-a" };
    for (size_t i = 0; i < COUNT_OF(with_tokenizer); i++) {
        char relative[128];
        struct engine *engine;
        struct error err = { 0 };
        snprintf(relative, sizeof relative, "models/%s", with_tokenizer[i]);
        assert_ok(engine_open(&engine, golden_path(relative), NULL, &err), err);
        assert_non_null(engine_tokenizer(engine));
        const struct json *golden = open_json(with_tokenizer[i], "tokenizer_golden.json");
        const struct json *examples = json_get(golden, "end_to_end");
        assert_true(json_size(examples) > 0);
        for (size_t e = 0; e < json_size(examples); e++)
            check_text(engine, with_tokenizer[i], json_at(examples, e));
        json_close(&golden);
        engine_close(&engine);
    }
}

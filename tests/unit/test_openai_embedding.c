/* test_openai_embedding.c: bodies of /v1/embeddings become the worker's requests, and its vectors
 * those of length 1 that clients get; models are listed as OpenAI lists them. */
#include "test.h"

#include "openai_events.h"
#include "server/openai/openai_embedding_reply.h"
#include "server/openai/openai_embedding_request.h"
#include "server/openai/openai_models.h"

#include <unistd.h>

static bool read_source(struct openai_embedding_request *out, const char *fields,
                        struct openai_problem *problem)
{
    char source[1024];
    snprintf(source, sizeof source, "{\"model\":\"m\"%s}", fields);
    const struct json *body = told_json(source);
    bool ok = openai_embedding_request_read(out, body, slice_of("me"), problem);
    json_close(&body);
    return ok;
}

static void expect(const char *fields, const char *input)
{
    char want[512];
    struct openai_embedding_request embedding;
    struct openai_problem problem = { 0 };
    assert_ok(read_source(&embedding, fields, &problem), problem.error);
    snprintf(want, sizeof want,
             "{\"kind\":\"embed\",\"client\":\"me\",\"input\":%s,\"truncate\":false}", input);
    assert_string_equal(embedding.request.data, want);
    openai_embedding_request_release(&embedding);
}

static void refuse(const char *fields, const char *param)
{
    struct openai_embedding_request embedding;
    struct openai_problem problem = { 0 };
    assert_false(read_source(&embedding, fields, &problem));
    assert_string_equal(problem.param, param);
    openai_embedding_request_release(&embedding);
}

TEST(inputs_are_texts_or_tokens)
{
    expect(",\"input\":\"a\"", "[\"a\"]");
    expect(",\"input\":\"\"", "[\"\"]");
    expect(",\"input\":[\"a\",\"b\"],\"encoding_format\":\"FLOAT\"", "[\"a\",\"b\"]");
    expect(",\"input\":[1,2],\"user\":\"u\"", "[[1,2]]");
    expect(",\"input\":[[1,2],[3]],\"dimensions\":5", "[[1,2],[3]]");
    refuse("", "input");
    refuse(",\"input\":[]", "input");
    refuse(",\"input\":[[]]", "input");
    refuse(",\"input\":{\"a\":\"b\"}", "input");
    refuse(",\"input\":[true]", "input");
    refuse(",\"input\":\"a\",\"encoding_format\":\"hex\"", "encoding_format");
    refuse(",\"input\":\"a\",\"dimensions\":0", "dimensions");
}

static struct response *told_with(int64_t n_dimensions, bool is_base64, const struct told *events)
{
    struct openai_answer_settings settings = { .model = slice_of("m"), .prompt_field = "input" };
    struct openai_embedding_reply *reply =
        openai_embedding_reply_new(&settings, n_dimensions, is_base64);
    struct response *response = response_new();
    tell_all(openai_embedding_reply_tell, reply, events, response);
    openai_embedding_reply_release(reply);
    return response;
}

static void expect_answer(int64_t n_dimensions, bool is_base64, const char *result, unsigned status,
                          const char *want)
{
    const struct told events[] = { { TASK_RESULT, result, NULL, 0 }, { TASK_END, NULL, NULL, 0 } };
    struct response *response = told_with(n_dimensions, is_base64, events);
    assert_string_equal(taken(response), want);
    assert_int_equal(response_status(response), status);
    response_drop(&response);
}

#define LIST  "{\"object\":\"list\",\"data\":["
#define USAGE "],\"model\":\"m\",\"usage\":{\"prompt_tokens\":7,\"total_tokens\":7}}"

TEST(vectors_have_length_one)
{
    expect_answer(0, false, "{\"embeddings\":[[3,0,-4],[0,0,0]],\"prompt_tokens\":7}", 200,
                  LIST "{\"object\":\"embedding\",\"embedding\":[0.6,0,-0.8],\"index\":0},"
                       "{\"object\":\"embedding\",\"embedding\":[0,0,0],\"index\":1}" USAGE);
    expect_answer(2, false, "{\"embeddings\":[[1,1,-4]],\"prompt_tokens\":7}", 200,
                  LIST "{\"object\":\"embedding\",\"embedding\":[0.70710677,0.70710677],\"index\":"
                       "0}" USAGE);
}

/* 1.0f is 00 00 80 3f */
TEST(vectors_are_little_endian_in_base64)
{
    expect_answer(0, true, "{\"embeddings\":[[2]],\"prompt_tokens\":7}", 200,
                  LIST "{\"object\":\"embedding\",\"embedding\":\"AACAPw==\",\"index\":0}" USAGE);
    expect_answer(0, true, "{\"embeddings\":[[2,0]],\"prompt_tokens\":7}", 200,
                  LIST
                  "{\"object\":\"embedding\",\"embedding\":\"AACAPwAAAAA=\",\"index\":0}" USAGE);
    expect_answer(
        0, true, "{\"embeddings\":[[2,0,0]],\"prompt_tokens\":7}", 200,
        LIST "{\"object\":\"embedding\",\"embedding\":\"AACAPwAAAAAAAAAA\",\"index\":0}" USAGE);
}

TEST(vectors_that_cannot_be_given_are_errors)
{
    expect_answer(
        4, false, "{\"embeddings\":[[1,2,3]],\"prompt_tokens\":7}", 400,
        "{\"error\":{\"message\":\"4 dimensions are wanted, but the model's vectors have "
        "3\",\"type\":\"invalid_request_error\",\"param\":\"dimensions\",\"code\":null}}");
    expect_answer(0, false, "{\"embeddings\":[[1,null]],\"prompt_tokens\":7}", 500,
                  "{\"error\":{\"message\":\"the model's vector has numbers that are not finite\","
                  "\"type\":\"api_error\",\"param\":null,\"code\":null}}");
    const struct told nothing[] = { { TASK_END, NULL, NULL, 0 } },
                      too_long[] = { { TASK_FAILED, "{\"n_ctx\":5,\"prompt_tokens\":6}",
                                       "context_length", 0 },
                                     { TASK_END, NULL, NULL, 0 } };
    struct response *response = told_with(0, false, nothing);
    assert_int_equal(response_status(response), 500);
    response_drop(&response);
    response = told_with(0, false, too_long);
    assert_int_equal(response_status(response), 400);
    assert_non_null(strstr(taken(response), "\"param\":\"input\",\"code\":"
                                            "\"context_length_exceeded\""));
    response_drop(&response);
}

TEST(models_are_listed)
{
    char path[] = "/tmp/hearth-XXXXXX.gguf";
    int fd = mkstemps(path, 5);
    const char *paths[] = { path };
    struct model_list_options options = { .paths = paths, .n_paths = 1 };
    struct model_list *models = NULL;
    struct error err = { 0 };
    struct text out;
    text_init(&out, 10000);
    assert_true(fd >= 0 && write(fd, "GGUF", 4) == 4 && close(fd) == 0);
    assert_ok(model_list_open(&models, &options, &err), err);
    assert_ok(openai_models_write(&out, models, &err), err);
    assert_non_null(strstr(out.data, "{\"object\":\"list\",\"data\":[{\"id\":\"hearth-"));
    assert_non_null(strstr(out.data, "\"owned_by\":\"library\"}]}"));
    text_clear(&out);
    assert_ok(openai_model_write(&out, models, slice_of(path + strlen("/tmp/")), &err), err);
    assert_non_null(strstr(out.data, "\"object\":\"model\",\"created\":"));
    text_clear(&out);
    assert_false(openai_model_write(&out, models, slice_of("nobody/else"), &err));
    assert_int_equal(err.code, ERROR_NOT_FOUND);
    text_release(&out);
    model_list_close(&models);
    unlink(path);
}

TEST(no_models_are_an_empty_list)
{
    struct model_list_options options = { 0 };
    struct model_list *models = NULL;
    struct error err = { 0 };
    struct text out;
    text_init(&out, 10000);
    assert_ok(model_list_open(&models, &options, &err), err);
    assert_ok(openai_models_write(&out, models, &err), err);
    assert_string_equal(out.data, "{\"object\":\"list\",\"data\":[]}");
    text_release(&out);
    model_list_close(&models);
}

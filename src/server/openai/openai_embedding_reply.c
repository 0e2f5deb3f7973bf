#include "server/openai/openai_embedding_reply.h"
#include "server/vector_length.h"

#include "base/json_members.h"
#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct openai_embedding_reply {
    struct openai_answer answer;
    int64_t n_dimensions;
    bool is_base64, has_result;
};

struct openai_embedding_reply *openai_embedding_reply_new(
    const struct openai_answer_settings *settings, int64_t n_dimensions, bool is_base64)
{
    struct openai_embedding_reply *reply = memory_zeroed(1, sizeof *reply);
    if (!reply)
        return NULL;
    reply->n_dimensions = n_dimensions;
    reply->is_base64 = is_base64;
    if (!openai_answer_init(&reply->answer, settings)) {
        openai_embedding_reply_release(reply);
        return NULL;
    }
    return reply;
}

void openai_embedding_reply_release(void *context)
{
    struct openai_embedding_reply *reply = context;
    if (!reply)
        return;
    openai_answer_release(&reply->answer);
    memory_free(reply);
}

/* ---- one vector ---- */

/* The first n of it, scaled to length 1; a vector of zeros stays one. False: not finite. */
static bool normalize(float *out, const struct json *vector, size_t n)
{
    double length = vector_length(vector, n);
    for (size_t i = 0; i < n; i++)
        out[i] = (float)(json_number(json_at(vector, i), 0) / length);
    return isfinite(length);
}

/* In the fewest digits that give the number back. */
static bool write_float(struct text *out, float value)
{
    char digits[32];
    for (int precision = 6; precision <= 9; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, (double)value);
        if (strtof(digits, NULL) == value)
            break;
    }
    return write_comma(out) && text_append_string(out, digits);
}

static bool write_floats(struct text *out, const float *values, size_t n)
{
    bool ok = text_append_byte(out, '[');
    for (size_t i = 0; ok && i < n; i++)
        ok = write_float(out, values[i]);
    return ok && text_append_byte(out, ']');
}

/* Little-endian floats, three bytes as four letters. */
static bool write_base64(struct text *out, const float *values, size_t n)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const size_t n_bytes = n * 4;
    bool ok = text_append_byte(out, '"');
    for (size_t i = 0; ok && i < n_bytes; i += 3) {
        uint32_t group = 0;
        for (size_t k = i; k < i + 3; k++) {
            uint32_t bits = 0;
            if (k < n_bytes)
                memcpy(&bits, &values[k / 4], sizeof bits);
            group = group << 8 | (bits >> 8 * (k % 4) & 0xff);
        }
        char four[4] = { letters[group >> 18], letters[group >> 12 & 63], letters[group >> 6 & 63],
                         letters[group & 63] };
        for (size_t k = n_bytes - i; k < 3; k++)
            four[k + 1] = '=';
        ok = text_append(out, four, sizeof four);
    }
    return ok && text_append_byte(out, '"');
}

static bool write_vector(struct text *out, const struct openai_embedding_reply *reply,
                         const float *values, size_t n, size_t index)
{
    return write_comma(out) && text_append_byte(out, '{') &&
           write_string_member(out, "object", "embedding") && write_name(out, "embedding") &&
           (reply->is_base64 ? write_base64(out, values, n) : write_floats(out, values, n)) &&
           write_integer_member(out, "index", (int64_t)index) && text_append_byte(out, '}');
}

/* ---- all of them ---- */

static void fail_dimensions(struct openai_embedding_reply *reply, size_t n)
{
    struct openai_problem problem = { 0 };
    openai_reject(&problem, "dimensions",
                  "%" PRId64 " dimensions are wanted, but the model's vectors have %zu",
                  reply->n_dimensions, n);
    reply->answer.problem = problem;
    reply->answer.has_failed = true;
}

static bool write_vectors(struct openai_embedding_reply *reply, const struct json *vectors)
{
    struct text *out = &reply->answer.json;
    for (size_t i = 0; i < json_size(vectors); i++) {
        const struct json *vector = json_at(vectors, i);
        size_t n = json_size(vector);
        if (reply->n_dimensions > (int64_t)n) {
            fail_dimensions(reply, n);
            return true;
        }
        n = reply->n_dimensions > 0 ? (size_t)reply->n_dimensions : n;
        float *values = memory_zeroed(size_max(n, 1), sizeof *values);
        bool is_finite = values && normalize(values, vector, n);
        bool ok = values && write_vector(out, reply, values, n, i);
        memory_free(values);
        if (values && !is_finite)
            openai_answer_fail(&reply->answer, ERROR_FORMAT,
                               "the model's vector has numbers that are not finite");
        if (!ok)
            return false;
    }
    return true;
}

static bool write_result(struct openai_embedding_reply *reply, const struct json *result)
{
    struct text *out = &reply->answer.json;
    int64_t n_tokens = json_int(json_get(result, "prompt_tokens"), 0);
    reply->has_result = true;
    return text_append_byte(out, '{') && write_string_member(out, "object", "list") &&
           write_name(out, "data") && text_append_byte(out, '[') &&
           write_vectors(reply, json_get(result, "embeddings")) && text_append_byte(out, ']') &&
           write_text_member(out, "model", reply->answer.settings.model) &&
           write_name(out, "usage") && text_append_byte(out, '{') &&
           write_integer_member(out, "prompt_tokens", n_tokens) &&
           write_integer_member(out, "total_tokens", n_tokens) && text_append_string(out, "}}");
}

void openai_embedding_reply_tell(void *context, const struct task_event *event,
                                 struct response *response)
{
    struct openai_embedding_reply *reply = context;
    openai_answer_note(&reply->answer, event);
    if (event->kind == TASK_RESULT && !reply->has_result && !write_result(reply, event->json))
        openai_answer_fail(&reply->answer, ERROR_MEMORY, "no memory left for the answer");
    if (event->kind != TASK_END)
        return;
    if (!reply->has_result)
        openai_answer_fail(&reply->answer, ERROR_IO, "the task ended without a result");
    if (reply->answer.has_failed)
        openai_answer_tell_problem(&reply->answer, response);
    else
        response_whole(response, 200, "application/json", text_slice(&reply->answer.json));
}

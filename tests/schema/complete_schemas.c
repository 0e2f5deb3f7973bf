/* complete_schemas.c: for each JSON Schema of a line of standard input, random answers of a model
 * that is held to it, through the public interface.
 *
 *     complete_schemas COUNT [MODEL.gguf]
 *
 * Without a file the model has random weights. For a schema come either COUNT answers as "answer
 * BYTES\n", the bytes and "\n", or one "refused BYTES\n" with the message in the same form. Nothing
 * is judged here. */
#include "base/base.h"
#include "base/text.h"
#include "hearth.h"
#include "tiny_model.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST_PREDICT = 260, LEAST_PREDICT = 60, CONTEXT = 320 };

static int die(const char *message)
{
    fprintf(stderr, "complete_schemas: %s\n", message);
    return 1;
}

/* Hot, so that unlikely tokens are met; the room differs, so that some answers are steered to their
 * end. */
static struct hearth_session_options options_for(const char *schema, int seed)
{
    struct hearth_session_options options = hearth_session_defaults();
    options.format = schema;
    options.temperature = seed % 2 ? 1.5f : 4;
    options.top_k = 0;
    options.top_p = 1;
    options.seed = seed;
    options.n_predict = LEAST_PREDICT + seed * 40 % (MOST_PREDICT - LEAST_PREDICT + 1);
    return options;
}

static bool collect(struct hearth_session *session, struct text *answer, struct hearth_error *err)
{
    static const char prompt[] = "Answer:";
    struct hearth_event event;
    bool ok = hearth_session_feed(session, prompt, sizeof prompt - 1, err);
    do {
        ok = ok && hearth_session_next(session, &event, err);
        if (ok && event.kind == HEARTH_TEXT && !text_append(answer, event.text, event.length))
            return false;
    } while (ok && event.kind == HEARTH_TEXT);
    return ok;
}

static void tell(const char *what, const char *bytes, size_t length)
{
    printf("%s %zu\n", what, length);
    fwrite(bytes, 1, length, stdout);
    putchar('\n');
}

static void complete(struct hearth_model *model, const char *schema, int n_answers)
{
    struct hearth_session *session = NULL;
    struct hearth_error err = { 0 };
    bool ok = true;
    for (int seed = 0; ok && seed < n_answers; seed++) {
        struct hearth_session_options options = options_for(schema, seed);
        struct text answer;
        text_init(&answer, 1 << 20);
        ok =
            hearth_session_open(&session, model, &options, &err) && collect(session, &answer, &err);
        if (ok)
            tell("answer", answer.data ? answer.data : "", answer.length);
        hearth_session_close(&session);
        text_release(&answer);
    }
    if (!ok)
        tell("refused", err.message, strlen(err.message));
    fflush(stdout);
}

static int complete_all(const char *path, int n_answers)
{
    struct hearth_model_options options = hearth_model_defaults();
    struct hearth_model *model;
    struct hearth_error err = { 0 };
    char *line = NULL;
    size_t capacity = 0;
    options.n_threads = 1;
    if (!hearth_model_open(&model, path, &options, &err))
        return die(err.message);
    while (getline(&line, &capacity, stdin) > 0) {
        line[strcspn(line, "\n")] = 0;
        complete(model, line, n_answers);
    }
    free(line);
    hearth_model_close(&model);
    return 0;
}

static int complete_with_random_weights(int n_answers)
{
    struct tiny_options options = tiny_defaults();
    struct tiny_model *tiny;
    struct error err = { 0 };
    options.n_vocab = 300;
    options.n_ctx = CONTEXT;
    options.n_layers = 1;
    options.has_tokenizer = true;
    if (!tiny_model_new(&tiny, &options, &err))
        return die(err.message);
    int status = complete_all(tiny_model_path(tiny), n_answers);
    tiny_model_free(&tiny);
    return status;
}

int main(int argc, char **argv)
{
    int n_answers = argc > 1 ? atoi(argv[1]) : 0;
    if (n_answers < 1 || argc > 3)
        return die("usage: complete_schemas COUNT [MODEL.gguf] <SCHEMAS");
    return argc > 2 ? complete_all(argv[2], n_answers) : complete_with_random_weights(n_answers);
}

/* embed.c: a whole program that answers one prompt with libhearth.
 *
 *     cc embed.c -lhearth -o embed && ./embed model.gguf "Once upon a time"
 */
#include <hearth.h>

#include <stdio.h>
#include <string.h>

/* Print the answer as it comes; false when the model failed. */
static bool stream_answer(struct hearth_session *session, struct hearth_error *error)
{
    struct hearth_event event;
    do {
        if (!hearth_session_next(session, &event, error))
            return false;
        if (event.kind == HEARTH_TEXT) {
            fwrite(event.text, 1, event.length, stdout);
            fflush(stdout);
        }
    } while (event.kind != HEARTH_DONE);
    printf("\n");
    fprintf(stderr, "%u tokens read, %u written\n", event.prompt_tokens, event.answer_tokens);
    return true;
}

static bool answer(const char *path, const char *prompt, struct hearth_error *error)
{
    struct hearth_model *model = NULL;
    struct hearth_session *session = NULL;

    /* Change only what should differ from the defaults. */
    struct hearth_session_options options = hearth_session_defaults();
    options.temperature = 0;
    options.n_predict = 100;

    bool ok = hearth_model_open(&model, path, NULL, error) &&
              hearth_session_open(&session, model, &options, error) &&
              hearth_session_feed(session, prompt, strlen(prompt), error) &&
              stream_answer(session, error);

    hearth_session_close(&session); /* sessions before their model */
    hearth_model_close(&model);
    return ok;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: embed MODEL PROMPT\n");
        return 2;
    }
    struct hearth_error error = { 0 };
    if (!answer(argv[1], argv[2], &error)) {
        fprintf(stderr, "embed: %s\n", error.message);
        return 1;
    }
    return 0;
}

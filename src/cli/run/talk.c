#include "cli/run/talk.h"

#include "base/clock.h"
#include "cli/client/server_link.h"
#include "cli/run/answer_request.h"
#include "cli/run/interrupts.h"

enum { REQUEST_LIMIT_BYTES = 1 << 30, SAID_LIMIT_BYTES = 256 << 20 };

/* ---- the model ---- */

/* On failure those before hold on. */
static bool find_biases(struct talk *talk, struct error *err)
{
    struct logit_bias found[OPTION_LIST_MAX];
    const struct option_list *given = &talk->settings->logit_bias;
    for (size_t i = 0; i < given->count; i++)
        if (!logit_bias_read(&found[i], given->items[i], &talk->server, err))
            return false;
    memcpy(talk->biases, found, given->count * sizeof *found);
    talk->n_biases = given->count;
    return true;
}

bool talk_open(struct talk *talk, const char *model, struct settings *settings, struct error *err)
{
    const struct model_server_options options = { .model = model,
                                                  .n_threads = settings->engine.n_threads,
                                                  .kv_type = settings->engine.kv_type };
    uint64_t began = clock_ns();
    *talk = (struct talk){ .settings = settings };
    text_init(&talk->said, SAID_LIMIT_BYTES);
    if (!model_server_open(&talk->server, &options, err))
        return false;
    talk->load_ns = clock_ns() - began;
    bool model_is_plain = json_flag(json_get(talk->server.facts, "is_plain"), false);
    talk->is_plain = chat_input_is_plain(&settings->input, model_is_plain);
    return chat_input_check(&settings->input, model_is_plain, err) && find_biases(talk, err);
}

void talk_close(struct talk *talk)
{
    model_server_close(&talk->server);
    text_release(&talk->said);
}

void talk_clear(struct talk *talk)
{
    message_list_return(&talk->settings->input.messages, (struct message_mark){ 0 });
    text_clear(&talk->said);
}

/* ---- questions ---- */

bool question_open(struct question *question, struct talk *talk, struct slice words,
                   struct error *err)
{
    *question = (struct question){ .text = words };
    return talk->is_plain || talk->settings->input.flags.suffix ||
           chat_input_conversation(&question->conversation, &talk->settings->input, words, err);
}

void question_release(struct question *question)
{
    conversation_close(&question->conversation);
}

static struct answer_request request_of(const struct talk *talk, const struct question *question)
{
    return (struct answer_request){ .model = text_slice(&talk->server.model),
                                    .settings = talk->settings,
                                    .biases = talk->biases,
                                    .n_biases = talk->n_biases,
                                    .conversation = question->conversation,
                                    .text = question->text };
}

/* ---- checking ---- */

/* A prompt that does not fit may fit when others are asked; nothing is refused for it here. */
static bool check(const struct talk *talk, const struct question *question, struct error *err)
{
    struct answer_request request = request_of(talk, question);
    const struct json *answer = NULL;
    struct text body;
    request.is_check = true;
    text_init(&body, REQUEST_LIMIT_BYTES);
    bool ok = answer_request_write(&request, &body, err) &&
              (server_ask(talk->server.client, answer_request_path(&request), text_slice(&body),
                          &answer, err) ||
               err->code == ERROR_CONTEXT);
    json_close(&answer);
    text_release(&body);
    return ok;
}

bool talk_configure(struct talk *talk, struct error *err)
{
    struct message_list *messages = &talk->settings->input.messages;
    struct message_mark before = message_list_mark(messages);
    struct question question = { 0 };
    bool ok = find_biases(talk, err) && question_open(&question, talk, slice_of("?"), err) &&
              check(talk, &question, err);
    question_release(&question);
    message_list_return(messages, before);
    return ok;
}

/* ---- answers ---- */

bool talk_answer(struct talk *talk, const struct question *question, int32_t number,
                 struct answer_printer *printer, struct answer *answer, struct error *err)
{
    struct answer_request request = request_of(talk, question);
    struct text body;
    request.number = number;
    text_init(&body, REQUEST_LIMIT_BYTES);
    bool ok = answer_request_write(&request, &body, err);
    struct answer_source source = { .client = talk->server.client,
                                    .path = answer_request_path(&request),
                                    .body = text_slice(&body) };
    interrupts_aim(talk->server.client);
    ok = ok && answer_stream(answer, &source, printer, err);
    interrupts_aim(NULL);
    text_release(&body);
    return ok;
}

bool talk_feed(struct talk *talk, struct slice text, struct answer_printer *printer,
               struct answer *answer, struct error *err)
{
    size_t before = talk->said.length;
    bool ok = text_append_slice(&talk->said, text) ||
              fail(err, ERROR_BUDGET, "the text is over %d bytes", SAID_LIMIT_BYTES);
    struct question question = { .text = text_slice(&talk->said) };
    ok = ok && talk_answer(talk, &question, 0, printer, answer, err);
    if (ok)
        ok = text_append_slice(&talk->said, text_slice(&answer->content)) ||
             fail(err, ERROR_BUDGET, "the text is over %d bytes", SAID_LIMIT_BYTES);
    if (!ok)
        text_truncate(&talk->said, before);
    return ok;
}

void talk_print_end(struct talk *talk, const struct answer *answer)
{
    answer_print_reason(answer, talk->settings->session.n_predict);
    if (talk->settings->verbose)
        answer_print_times(answer, talk->load_ns);
    talk->load_ns = 0;
}

#include "cli/run/talk.h"

#include "cli/run/interrupts.h"
#include "cli/run/session_error.h"
#include "dialogue/model_dialogue.h"

static bool open_session(struct talk *talk, struct error *err)
{
    struct hearth_error problem = { 0 };
    struct hearth_session_options options = settings_session(talk->settings);
    return hearth_session_open(&talk->session, talk->model, &options, &problem) ||
           session_fail(err, &problem);
}

/* Whether answers can have the form that is wanted: to be told before the first one is asked for.
 */
static bool check_format(const struct talk *talk, struct error *err)
{
    static const struct dialect no_dialect;
    struct turn_options wanted = settings_turn(talk->settings, NULL);
    struct answer_form form = { .dialect = &no_dialect,
                                .tokenizer = dialogue_tokenizer(talk->dialogue),
                                .format = wanted.format,
                                .grammar = wanted.grammar };
    struct grammar *grammar = NULL;
    bool ok = !answer_form_limits(&form) || answer_grammar_open(&grammar, &form, err);
    grammar_close(&grammar);
    return ok;
}

bool talk_open(struct talk *talk, const char *path, struct settings *settings, struct error *err)
{
    struct hearth_error problem = { 0 };
    struct hearth_model_info info;
    struct dialogue_options options = chat_input_options(&settings->input);
    *talk = (struct talk){ .settings = settings };
    if (!hearth_model_open(&talk->model, path, &settings->model, &problem))
        return session_fail(err, &problem);
    hearth_model_info(talk->model, &info);
    talk->load_ns = info.load_ns;
    if (!model_dialogue_open(&talk->dialogue, talk->model, &options, err) ||
        !chat_input_check(&settings->input, talk->dialogue, err) ||
        !settings_find_tokens(settings, dialogue_tokenizer(talk->dialogue), err))
        return false;
    talk->is_plain = chat_input_is_plain(&settings->input, talk->dialogue);
    return check_format(talk, err) && open_session(talk, err);
}

void talk_close(struct talk *talk)
{
    dialogue_close(&talk->dialogue);
    hearth_session_close(&talk->session);
    hearth_model_close(&talk->model);
}

bool talk_configure(struct talk *talk, struct error *err)
{
    struct hearth_error problem = { 0 };
    if (!check_format(talk, err))
        return false;
    struct hearth_session_options options =
        talk->is_fed ? settings_plain_session(talk->settings) : settings_session(talk->settings);
    return hearth_session_configure(talk->session, &options, &problem) ||
           session_fail(err, &problem);
}

/* Answers to the same prompt have seeds one after another; without a seed each is random. */
static bool choose_seed(struct talk *talk, int32_t number, struct error *err)
{
    struct hearth_error problem = { 0 };
    struct hearth_session_options options = settings_session(talk->settings);
    if (number == 0)
        return true;
    if (options.seed >= 0)
        options.seed = (int64_t)(((uint64_t)options.seed + (uint64_t)number) & INT64_MAX);
    return hearth_session_configure(talk->session, &options, &problem) ||
           session_fail(err, &problem);
}

bool talk_answer(struct talk *talk, const struct chat_request *request, int32_t number,
                 struct answer_printer *printer, struct answer *answer, struct error *err)
{
    struct answer_source source = { .session = talk->session };
    struct turn_options options = settings_turn(talk->settings, chat_request_tools(request));
    if (!choose_seed(talk, number, err) ||
        !turn_open(&source.turn, talk->dialogue, talk->session, &request->prompt, &options, err))
        return false;
    interrupts_aim(talk->session);
    bool ok = !answer_printer_begin(printer) || answer_stream(answer, &source, printer, err);
    interrupts_aim(NULL);
    turn_close(&source.turn);
    return ok;
}

bool talk_begin_feeding(struct talk *talk, struct error *err)
{
    talk->is_fed = true;
    return talk_configure(talk, err);
}

bool talk_feed(struct talk *talk, struct slice text, struct answer_printer *printer,
               struct answer *answer, struct error *err)
{
    struct hearth_error problem = { 0 };
    struct answer_source source = { .session = talk->session };
    interrupts_aim(talk->session);
    bool ok = (hearth_session_feed(talk->session, text.data, text.length, &problem) ||
               session_fail(err, &problem)) &&
              answer_stream(answer, &source, printer, err);
    interrupts_aim(NULL);
    return ok;
}

struct answer_printer_options talk_printing(const struct talk *talk,
                                            const struct chat_request *request)
{
    return (struct answer_printer_options){
        .hides_thinking = talk->settings->hides_thinking,
        .prints_events = talk->settings->prints_events,
        .prompt_tokens = (uint32_t)request->prompt.tokens.count,
    };
}

void talk_print_end(struct talk *talk, const struct answer *answer)
{
    answer_print_reason(answer, talk->settings->session.n_predict);
    if (talk->settings->verbose)
        answer_print_times(answer, talk->load_ns);
    talk->load_ns = 0;
}

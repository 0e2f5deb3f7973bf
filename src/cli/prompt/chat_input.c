#include "cli/prompt/chat_input.h"

#include "cli/input_file.h"
#include "cli/prompt/think_option.h"

enum { FILE_LIMIT_BYTES = 256 << 20, TEMPLATE_LIMIT_BYTES = 16 << 20 };

void chat_input_init(struct chat_input *input)
{
    *input = (struct chat_input){ .think.level = "" };
    text_init(&input->system, FILE_LIMIT_BYTES);
    text_init(&input->template, TEMPLATE_LIMIT_BYTES);
    message_list_init(&input->messages);
}

void chat_input_release(struct chat_input *input)
{
    text_release(&input->system);
    text_release(&input->template);
    message_list_release(&input->messages);
    json_close(&input->tools);
}

void chat_input_rows(struct chat_input *input, struct option_row rows[CHAT_INPUT_ROWS])
{
    // clang-format off
    const struct option_row all[CHAT_INPUT_ROWS] = {
        { "system", 0, OPTION_TEXT, &input->flags.system, 0, 0, "TEXT|@FILE", "What the model is told before all messages" },
        { "messages", 0, OPTION_TEXT, &input->flags.messages, 0, 0, "FILE", "Messages said so far, a JSON array; an assistant's last one is gone on with" },
        { "tools", 0, OPTION_TEXT, &input->flags.tools, 0, 0, "FILE", "Functions that the model may call, a JSON array" },
        { "think", 0, OPTION_SWITCH, &input->flags.think, 0, 0, "LEVEL", "Think first: true, false, low, medium, high or max" },
        { "template", 0, OPTION_TEXT, &input->flags.template, 0, 0, "FILE", "Make prompts with this template (Jinja or Go) and not the model's own" },
        { "raw", 0, OPTION_FLAG, &input->flags.is_raw, 0, 0, NULL, "Give the prompt to the model as it is, without template" },
        { "suffix", 0, OPTION_TEXT, &input->flags.suffix, 0, 0, "TEXT", "Write what goes between the prompt and TEXT" },
    };
    // clang-format on
    memcpy(rows, all, sizeof all);
}

/* The one of the flags that is given and says something to a template; NULL: none. */
static const char *given_for_template(const struct chat_input *input)
{
    return input->flags.system                         ? "--system"
           : input->flags.messages                     ? "--messages"
           : input->flags.tools                        ? "--tools"
           : input->think.is_set && input->think.is_on ? "--think"
                                                       : NULL;
}

static bool check_flags(const struct chat_input *input, struct error *err)
{
    const char *lost = given_for_template(input);
    const char *by = input->flags.is_raw ? "--raw" : input->flags.suffix ? "--suffix" : NULL;
    if (by && lost)
        return fail(err, ERROR_USAGE, "%s asks for no template, so %s would be lost", by, lost);
    if (by && input->flags.template)
        return fail(err, ERROR_USAGE, "%s asks for no template, --template for one", by);
    return true;
}

static bool load_array(const struct json **out, const char *path, struct error *err)
{
    struct text text;
    bool ok = input_file_read(&text, path, FILE_LIMIT_BYTES, err) &&
              json_open(out, text.data ? text.data : "", text.length, path, err);
    if (ok && json_kind(*out) != JSON_KIND_ARRAY) {
        json_close(out);
        ok = fail(err, ERROR_FORMAT, "'%s' is not a JSON array", path);
    }
    text_release(&text);
    return ok;
}

static bool load_messages(struct chat_input *input, struct error *err)
{
    const struct json *messages = NULL;
    bool ok = load_array(&messages, input->flags.messages, err) &&
              message_list_push_all(&input->messages, messages, err);
    json_close(&messages);
    return ok;
}

/* A file's last line break ends the file and is not said. */
static bool load_system(struct chat_input *input, struct error *err)
{
    const char *given = input->flags.system;
    struct text *system = &input->system;
    if (*given != '@')
        return text_append_string(system, given) ||
               fail(err, ERROR_BUDGET, "--system is over %d bytes", FILE_LIMIT_BYTES);
    if (!input_file_read(system, given + 1, FILE_LIMIT_BYTES, err))
        return false;
    if (system->length && system->data[system->length - 1] == '\n')
        text_truncate(system, system->length - 1);
    return true;
}

bool chat_input_load(struct chat_input *input, struct error *err)
{
    if (!think_option_read(&input->think, input->flags.think, err) || !check_flags(input, err))
        return false;
    return (!input->flags.system || load_system(input, err)) &&
           (!input->flags.messages || load_messages(input, err)) &&
           (!input->flags.tools || load_array(&input->tools, input->flags.tools, err)) &&
           (!input->flags.template ||
            input_file_read(&input->template, input->flags.template, TEMPLATE_LIMIT_BYTES, err));
}

static bool ends_in(const char *path, const char *ending)
{
    size_t length = strlen(path), n = strlen(ending);
    return length > n && strcmp(path + length - n, ending) == 0;
}

/* By the file's name; where that says nothing, by Jinja's statements, which no Go template has. */
static bool is_jinja(const char *path, const struct text *source)
{
    if (ends_in(path, ".jinja") || ends_in(path, ".gotmpl"))
        return ends_in(path, ".jinja");
    return source->data && memmem(source->data, source->length, "{%", 2);
}

bool chat_input_is_jinja(const struct chat_input *input)
{
    return input->flags.template && is_jinja(input->flags.template, &input->template);
}

bool chat_input_is_plain(const struct chat_input *input, bool model_is_plain)
{
    return input->flags.is_raw || (model_is_plain && !input->flags.template);
}

bool chat_input_check(const struct chat_input *input, bool model_is_plain, struct error *err)
{
    const char *lost = given_for_template(input);
    if (!lost || !model_is_plain || input->flags.template)
        return true;
    return fail(err, ERROR_USAGE,
                "the model has no chat template, so %s would be lost; --template FILE gives it one",
                lost);
}

bool chat_input_conversation(struct conversation **out, struct chat_input *input,
                             struct slice words, struct error *err)
{
    const struct json *messages = NULL;
    if (words.length && !message_list_push(&input->messages, "user", words, err))
        return false;
    if (!input->messages.count && !input->system.length)
        return fail(err, ERROR_USAGE, "there is no message to answer");
    bool ok = message_list_open(&messages, &input->messages, err) &&
              conversation_open(out, messages, input->tools, text_slice(&input->system), err);
    json_close(&messages);
    return ok;
}

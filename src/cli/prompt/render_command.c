#include "base/json.h"
#include "chat/gotemplate_prompt.h"
#include "chat/jinja.h"
#include "cli/prompt/chat_input.h"
#include "cli/commands.h"
#include "cli/input_file.h"
#include "cli/output.h"
#include "cli/prompt/render_prompt.h"

#include <stdio.h>
#include <time.h>

static const char about[] =
    "With a model: prints the prompt that it is given for a conversation, the prompt's tokens, "
    "and\n"
    "where the template comes from. PROMPT is the user's message, behind those of --messages.\n"
    "No engine runs, so the model need not be one that hearth runs.\n\n"
    "With --context: prints what a template makes of it, and nothing else. The context is a JSON\n"
    "object; its members are the template's variables, as the runtime that belongs to the\n"
    "template's language gives them: messages, tools, add_generation_prompt, bos_token ...\n"
    "The file's name tells the language: .jinja as Hugging Face uses it, .gotmpl as Modelfiles do\n"
    "(messages, tools, prompt, suffix, think, think_level, is_think_set).\n";

enum { FILE_BYTES = 64 << 20 };

/* The text itself has a limit of its own in jinja_defaults(). */
static const size_t OUTPUT_LIMIT_BYTES = (size_t)1 << 30;

struct render {
    const char *template, *context, *now;
    int64_t now_seconds; /* since 1970, UTC */
    bool as_json;
};

static bool render_jinja(const struct render *r, struct slice source, const struct json *context,
                         struct text *out, struct error *err)
{
    struct jinja_template *template;
    struct jinja_options options = jinja_defaults();
    options.now = r->now_seconds;
    bool ok = jinja_compile(&template, source, err) &&
              jinja_render(template, context, &options, out, err);
    jinja_close(&template);
    if (!ok && err->code != ERROR_USAGE) /* what the template itself says stays as it is */
        fail_while(err, "%s", r->template);
    return ok;
}

static bool render_go(const struct render *r, struct slice source, const struct json *context,
                      struct text *out, struct error *err)
{
    struct gotemplate *template;
    bool ok = gotemplate_compile(&template, source, err) &&
              gotemplate_prompt_from_context(template, context, r->now_seconds, out, err);
    gotemplate_close(&template);
    return ok || fail_while(err, "%s", r->template);
}

static const struct language {
    const char *suffix;
    bool (*render)(const struct render *r, struct slice source, const struct json *context,
                   struct text *out, struct error *err);
} languages[] = {
    { ".jinja", render_jinja },
    { ".gotmpl", render_go },
};

static const struct language *language_of(const char *path)
{
    size_t length = strlen(path);
    for (size_t i = 0; i < COUNT_OF(languages); i++) {
        size_t n = strlen(languages[i].suffix);
        if (length > n && strcmp(path + length - n, languages[i].suffix) == 0)
            return &languages[i];
    }
    return NULL;
}

/* 2026-02-14T09:05:07, UTC; the present moment when it is not given. */
static bool parse_now(const char *text, int64_t *seconds)
{
    struct tm tm = { 0 };
    if (!text) {
        *seconds = (int64_t)time(NULL);
        return true;
    }
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    *seconds = (int64_t)timegm(&tm);
    return end && (*end == '\0' || strcmp(end, "Z") == 0);
}

static bool render(const struct render *r, const struct language *language, struct text *out,
                   struct error *err)
{
    struct text template, context;
    const struct json *json = NULL;
    text_init(&context, 0);
    bool ok = input_file_read(&template, r->template, FILE_BYTES, err) &&
              input_file_read(&context, r->context, FILE_BYTES, err) &&
              json_open(&json, context.data ? context.data : "", context.length, r->context, err);
    if (ok && json_kind(json) != JSON_KIND_OBJECT)
        ok = fail(err, ERROR_FORMAT, "'%s' is not a JSON object", r->context);
    ok = ok && language->render(r, text_slice(&template), json, out, err);
    json_close(&json);
    text_release(&context);
    text_release(&template);
    return ok;
}

static int print_context(const struct render *r)
{
    const struct language *language = language_of(r->template);
    if (!language)
        return report_usage("render", "the template's name ends in .jinja or .gotmpl");
    struct error err = { 0 };
    struct text out;
    text_init(&out, OUTPUT_LIMIT_BYTES);
    bool ok = render(r, language, &out, &err);
    /* A standard output that takes nothing is told by output_finish. */
    if (ok)
        (void)!output_answer(text_slice(&out).data, out.length);
    text_release(&out);
    return ok ? 0 : report(err.message);
}

static bool join_words(struct text *out, int n_words, char **words)
{
    bool ok = true;
    for (int i = 0; ok && i < n_words; i++)
        ok = (i == 0 || text_append_byte(out, ' ')) && text_append_string(out, words[i]);
    return ok;
}

static int print_prompt(const struct render *r, struct chat_input *input, int argc, char **argv)
{
    struct error err = { 0 };
    struct text words;
    if (!chat_input_load(input, &err))
        return err.code == ERROR_USAGE ? report_usage("render", err.message) : report(err.message);
    text_init(&words, FILE_BYTES);
    bool ok = join_words(&words, argc - 2, argv + 2) || fail_memory(&err, FILE_BYTES, "the prompt");
    struct render_prompt prompt = {
        .path = argv[1], .words = text_slice(&words), .now = r->now_seconds, .as_json = r->as_json
    };
    ok = ok && render_prompt_print(&prompt, input, &err);
    text_release(&words);
    return ok ? 0 : report(err.message);
}

/* Without a model, flags of a conversation would be lost. */
static const char *misplaced(const struct option_row rows[CHAT_INPUT_ROWS])
{
    for (size_t i = 0; i < CHAT_INPUT_ROWS; i++) {
        bool is_given = rows[i].kind == OPTION_FLAG ? *(const bool *)rows[i].target
                                                    : *(const char *const *)rows[i].target != NULL;
        if (is_given && strcmp(rows[i].name, "template") != 0)
            return rows[i].name;
    }
    return NULL;
}

static int run_parsed(struct render *r, struct chat_input *input, const struct option_row *rows,
                      int argc, char **argv)
{
    char message[100];
    const char *flag = argc > 1 ? NULL : r->as_json ? "json" : misplaced(rows);
    r->template = input->flags.template;
    if (!parse_now(r->now, &r->now_seconds))
        return report_usage("render", "--now is a time like 2026-02-14T09:05:07");
    if (argc > 1)
        return r->context ? report_usage("render", "--context takes the place of a model")
                          : print_prompt(r, input, argc, argv);
    if (!r->template || !r->context)
        return report_usage("render", "a model is needed, or --template and --context");
    snprintf(message, sizeof message, "--%s says nothing without a model", flag ? flag : "");
    return flag ? report_usage("render", message) : print_context(r);
}

int render_command(int argc, char **argv)
{
    struct render r = { 0 };
    struct chat_input input;
    struct option_row rows[CHAT_INPUT_ROWS + 3];
    const struct option_row own[] = {
        { "context", 0, OPTION_TEXT, &r.context, 0, 0, "FILE",
          "Without a model: the template's variables, a JSON object" },
        { "now", 0, OPTION_TEXT, &r.now, 0, 0, "TIME",
          "What templates take for now, as 2026-02-14T09:05:07 (UTC)" },
        { "json", 0, OPTION_FLAG, &r.as_json, 0, 0, NULL, "Prompt and tokens as a JSON object" },
    };
    chat_input_init(&input);
    chat_input_rows(&input, rows);
    memcpy(rows + CHAT_INPUT_ROWS, own, sizeof own);
    const struct usage usage = {
        "render FILE|DIR [PROMPT...] | render --template FILE --context FILE.json",
        about,
        rows,
        COUNT_OF(rows),
        0,
        -1
    };
    int status;
    if (command_begin(&usage, &argc, argv, &status))
        status = run_parsed(&r, &input, rows, argc, argv);
    chat_input_release(&input);
    return status;
}

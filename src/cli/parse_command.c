#include "base/json.h"
#include "chat/answer_reader.h"
#include "base/slice_text.h"
#include "cli/commands.h"
#include "cli/event_line.h"
#include "cli/input_file.h"
#include "cli/output.h"
#include "cli/prompt/think_option.h"

#include <stdio.h>

static const char about[] =
    "Splits a model's text, read from standard input, as it would be split while it streams.\n"
    "Prints a JSON object a line, the parts of a message as they become certain:\n"
    "  {\"thinking\":\"...\"}\n"
    "  {\"content\":\"...\"}\n"
    "  {\"tool_calls\":[{\"function\":{\"index\":0,\"name\":\"...\",\"arguments\":{...}}}]}\n"
    "The syntax is that of a parser by its name, or the one in which a template renders calls and\n"
    "thinking. A file whose name ends in .jinja holds Jinja, any other Go as Modelfiles have it.\n";

enum { FILE_BYTES = 64 << 20, LINE_BYTES = 64 << 20 };

struct parse_request {
    const char *parser, *template, *tools, *think;
};

struct parse {
    struct output_parser *parser; /* one of a family, or */
    struct answer_reader *reader; /* one of a template */
    struct chat_template *template;
    struct dialect_holder *dialect;
    struct text line;
};

static bool print_event(void *context, const struct output_event *event, struct error *err)
{
    struct parse *p = context;
    text_clear(&p->line);
    const struct called_tool call = { event->call.index, event->call.id, event->call.name,
                                      event->call.arguments };
    bool ok = event->kind == OUTPUT_TOOL_CALL
                  ? event_line_call(&p->line, &call)
                  : event_line_text(&p->line, event->kind == OUTPUT_THINKING, event->text);
    if (!ok)
        return fail(err, ERROR_BUDGET, "an event of more than %d bytes", LINE_BYTES);
    return puts(p->line.data) >= 0 || fail(err, ERROR_IO, "standard output does not take it");
}

/* Whether answers begin inside of thinking; not of a template that refuses a plain question. */
static bool prompt_thinks(const struct parse *p, const struct json *tools,
                          const struct think_choice *think)
{
    static const char question[] = "[{\"role\":\"user\",\"content\":\"?\"}]";
    struct conversation *conversation = NULL;
    const struct json *messages = NULL;
    struct text prompt;
    struct error refusal;
    text_init(&prompt, FILE_BYTES);
    bool ok = json_open(&messages, question, strlen(question), "a question", &refusal) &&
              conversation_open(&conversation, messages, tools, slice_of(""), &refusal);
    struct prompt_request request = { .conversation = conversation, .think = *think };
    ok = ok && chat_template_render(p->template, &request, &prompt, &refusal) &&
         dialect_prompt_thinks(dialect_of(p->dialect), text_slice(&prompt));
    conversation_close(&conversation);
    json_close(&messages);
    text_release(&prompt);
    return ok;
}

static bool open_template(struct parse *p, const struct parse_request *r, const struct json *tools,
                          struct error *err)
{
    struct answer_reader_options options = { .tools = tools };
    struct text source;
    bool ok = input_file_read(&source, r->template, FILE_BYTES, err);
    struct chat_template_sources sources = {
        .user = text_slice(&source),
        .user_is_jinja = ends_with(slice_of(r->template), ".jinja"),
        .bos = slice_of(""),
        .eos = slice_of(""),
    };
    ok = ok && think_option_read(&options.think, r->think, err) &&
         chat_template_open(&p->template, &sources, err) &&
         dialect_open(&p->dialect, p->template, err);
    options.is_thinking = ok && prompt_thinks(p, tools, &options.think);
    ok = ok && answer_reader_open(&p->reader, dialect_of(p->dialect), &options, err);
    text_release(&source);
    return ok;
}

static bool open_named(struct parse *p, const struct parse_request *r, const struct json *tools,
                       struct error *err)
{
    struct output_parser_options options = { .tools = tools };
    return think_option_read(&options.think, r->think, err) &&
           output_parser_open(&p->parser, r->parser, &options, err);
}

static bool add(struct parse *p, struct slice chunk, bool is_last, struct error *err)
{
    return p->reader ? answer_reader_add(p->reader, chunk, is_last, print_event, p, err)
                     : output_parser_add(p->parser, chunk, is_last, print_event, p, err);
}

static bool split(struct parse *p, struct error *err)
{
    char buffer[4096];
    for (size_t n; (n = fread(buffer, 1, sizeof buffer, stdin)) > 0;)
        if (!add(p, (struct slice){ buffer, n }, false, err))
            return false;
    if (ferror(stdin))
        return fail(err, ERROR_IO, "standard input cannot be read");
    return add(p, slice_of(""), true, err);
}

static bool run(const struct parse_request *r, struct error *err)
{
    struct parse p = { 0 };
    struct text declared;
    const struct json *tools = NULL;
    text_init(&p.line, LINE_BYTES);
    text_init(&declared, 0);
    bool ok = !r->tools || (input_file_read(&declared, r->tools, FILE_BYTES, err) &&
                            json_open(&tools, declared.data ? declared.data : "", declared.length,
                                      r->tools, err));
    if (ok && tools && json_kind(tools) != JSON_KIND_ARRAY)
        ok = fail(err, ERROR_FORMAT, "%s: tools are a JSON array", r->tools);
    ok = ok && (r->parser ? open_named(&p, r, tools, err) : open_template(&p, r, tools, err)) &&
         split(&p, err);
    output_parser_close(&p.parser);
    answer_reader_close(&p.reader);
    dialect_close(&p.dialect);
    chat_template_close(&p.template);
    json_close(&tools);
    text_release(&declared);
    text_release(&p.line);
    return ok;
}

int parse_command(int argc, char **argv)
{
    struct parse_request r = { 0 };
    const struct option_row rows[] = {
        { "parser", 0, OPTION_TEXT, &r.parser, 0, 0, "NAME", "A family's syntax, as qwen3" },
        { "template", 0, OPTION_TEXT, &r.template, 0, 0, "FILE",
          "A chat template, as model.jinja or model.gotmpl" },
        { "tools", 0, OPTION_TEXT, &r.tools, 0, 0, "FILE", "The declared tools, a JSON array" },
        { "think", 0, OPTION_TEXT, &r.think, 0, 0, "LEVEL",
          "true, false, low, medium, high or max, as the request said" },
    };
    const struct usage usage = {
        "parse --parser NAME|--template FILE [--tools FILE]", about, rows, COUNT_OF(rows), 0, 0
    };
    int status;
    if (!command_begin(&usage, &argc, argv, &status))
        return status;
    if (!r.parser == !r.template)
        return report_usage("parse", "give one of --parser and --template");
    struct error err = { 0 };
    return run(&r, &err) ? 0 : report(err.message);
}

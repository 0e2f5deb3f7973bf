#include "base/json.h"
#include "chat/gotemplate_tags.h"
#include "chat/output_parser.h"
#include "chat/thinking_splitter.h"
#include "chat/tool_call_finder.h"
#include "cli/commands.h"
#include "cli/event_line.h"
#include "cli/input_file.h"
#include "cli/output.h"
#include "cli/think_option.h"

#include <stdio.h>

static const char about[] =
    "Splits a model's text, read from standard input, as it would be split while it streams.\n"
    "Prints a JSON object a line, the parts of a message as they become certain:\n"
    "  {\"thinking\":\"...\"}\n"
    "  {\"content\":\"...\"}\n"
    "  {\"tool_calls\":[{\"function\":{\"index\":0,\"name\":\"...\",\"arguments\":{...}}}]}\n"
    "The syntax is that of a parser by its name, or guessed from a Go template's tags.\n";

enum { FILE_BYTES = 64 << 20, LINE_BYTES = 64 << 20 };

struct parse_request {
    const char *parser, *template, *tools, *think;
};

/* Parsers in a row: what one calls content is the next one's text. */
struct pipeline {
    struct output_parser *first, *second;
    struct text line;
};

static bool print_event(void *context, const struct output_event *event, struct error *err)
{
    struct pipeline *p = context;
    text_clear(&p->line);
    bool ok = event->kind == OUTPUT_TOOL_CALL ? event_line_call(&p->line, &event->call)
                                              : event_line_text(&p->line, event->kind, event->text);
    if (!ok)
        return fail(err, ERROR_BUDGET, "an event of more than %d bytes", LINE_BYTES);
    return puts(p->line.data) >= 0 || fail(err, ERROR_IO, "standard output does not take it");
}

static bool pass_on(void *context, const struct output_event *event, struct error *err)
{
    struct pipeline *p = context;
    if (event->kind != OUTPUT_CONTENT)
        return print_event(context, event, err);
    return output_parser_add(p->second, event->text, false, print_event, p, err);
}

static bool open_guessed(struct pipeline *p, const struct parse_request *r,
                         const struct json *tools, struct error *err)
{
    struct text source;
    struct gotemplate *template = NULL;
    struct gotemplate_tags tags;
    bool ok = input_file_read(&source, r->template, FILE_BYTES, err) &&
              gotemplate_compile(&template, text_slice(&source), err) &&
              gotemplate_find_tags(template, &tags, err) &&
              tool_call_finder_open(&p->first, tags.tool_call, tools, err);
    if (ok && tags.think_open.length && tags.think_close.length) {
        struct thinking_tags thinking = { .open = tags.think_open, .close = tags.think_close };
        p->second = p->first;
        ok = thinking_splitter_open(&p->first, &thinking, err);
    }
    gotemplate_close(&template);
    text_release(&source);
    return ok;
}

static bool open_named(struct pipeline *p, const struct parse_request *r, const struct json *tools,
                       struct error *err)
{
    struct output_parser_options options = { .tools = tools };
    return think_option_read(&options.think, r->think, err) &&
           output_parser_open(&p->first, r->parser, &options, err);
}

static bool split(struct pipeline *p, struct error *err)
{
    char buffer[4096];
    output_sink *sink = p->second ? pass_on : print_event;
    for (size_t n; (n = fread(buffer, 1, sizeof buffer, stdin)) > 0;)
        if (!output_parser_add(p->first, (struct slice){ buffer, n }, false, sink, p, err))
            return false;
    if (ferror(stdin))
        return fail(err, ERROR_IO, "standard input cannot be read");
    return output_parser_add(p->first, slice_of(""), true, sink, p, err) &&
           (!p->second || output_parser_add(p->second, slice_of(""), true, print_event, p, err));
}

static bool run(const struct parse_request *r, struct error *err)
{
    struct pipeline p = { 0 };
    struct text declared;
    const struct json *tools = NULL;
    text_init(&p.line, LINE_BYTES);
    text_init(&declared, 0);
    bool ok = !r->tools || (input_file_read(&declared, r->tools, FILE_BYTES, err) &&
                            json_open(&tools, declared.data ? declared.data : "", declared.length,
                                      r->tools, err));
    if (ok && tools && json_kind(tools) != JSON_KIND_ARRAY)
        ok = fail(err, ERROR_FORMAT, "%s: tools are a JSON array", r->tools);
    ok = ok && (r->parser ? open_named(&p, r, tools, err) : open_guessed(&p, r, tools, err)) &&
         split(&p, err);
    output_parser_close(&p.first);
    output_parser_close(&p.second);
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
          "A Go template, whose tags are guessed" },
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

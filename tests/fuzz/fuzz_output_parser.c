/* fuzz_output_parser.c: any text through a family of output syntax, whole, byte by byte and in
 * chunks of any length: what comes out, joined, must be the same, and each call's arguments JSON.
 *
 * The first byte chooses the family (or the splitter or finder of templates, or a reader of answers
 * by a dialect), the second what was asked (or which dialect), the third the chunks. */
#include "chat/answer_reader.h"
#include "chat/output/output_family.h"
#include "chat/output/thinking_splitter.h"
#include "chat/output/tool_call_finder.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* More than there are, so that seeds stay with their families. */
enum { N_CHOICES = 40, SPLITTER = 39, FINDER = 38, READER = 37 };

static const char TOOLS[] =
    "[{\"type\":\"function\",\"function\":{\"name\":\"get\",\"parameters\":{\"properties\":{"
    "\"s\":{\"type\":\"string\"},\"n\":{\"type\":\"number\"},\"i\":{\"type\":\"integer\"},"
    "\"b\":{\"type\":\"boolean\"},\"a\":{\"type\":\"array\"},\"o\":{\"type\":\"object\"},"
    "\"u\":{\"anyOf\":[{\"type\":\"integer\"},{\"type\":[\"array\",\"null\"]}]}}}}},"
    "{\"type\":\"function\",\"function\":{\"name\":\"get_all\",\"parameters\":{}}}]";
static const char PREFILLED[] = "{\"role\":\"assistant\",\"content\":\"so\"}";
static const struct json *tools, *prefilled;

/* Everything that came out: a letter for each change of kind, then text. */
struct heard {
    struct text log;
    int last_kind;
};

static void append(struct heard *h, struct slice text)
{
    if (!text_append_slice(&h->log, text))
        abort();
}

static bool hear(void *context, const struct output_event *event, struct error *err)
{
    static const char *const names[] = { "\n<thinking>", "\n<content>", "\n<call>" };
    struct heard *h = context;
    (void)err;
    if (h->last_kind != (int)event->kind || event->kind == OUTPUT_TOOL_CALL)
        append(h, slice_of(names[event->kind]));
    h->last_kind = (int)event->kind;
    if (event->kind != OUTPUT_TOOL_CALL) {
        if (event->text.length == 0)
            abort();
        append(h, event->text);
        return true;
    }
    const struct json *arguments;
    struct error problem = { 0 };
    if (!json_open(&arguments, event->call.arguments.data, event->call.arguments.length, "",
                   &problem) ||
        json_kind(arguments) != JSON_KIND_OBJECT)
        abort();
    json_close(&arguments);
    append(h, event->call.name);
    append(h, slice_of(" "));
    append(h, event->call.arguments);
    append(h, slice_of(" "));
    append(h, event->call.id);
    return true;
}

static size_t count_families(void)
{
    size_t n = 0;
    while (output_families[n])
        n++;
    return n;
}

static struct output_parser *open_parser(uint8_t choice, uint8_t asked)
{
    static const char *const tags[] = { "{", "[", "<tool_call>", "[TOOL_CALLS] [" };
    struct output_parser_options options = {
        .tools = asked & 1 ? NULL : tools,
        .last_message = asked & 2 ? prefilled : NULL,
        .think = { .is_set = asked & 4, .is_on = asked & 8, .level = asked & 16 ? "low" : "" },
    };
    struct thinking_tags thinking = { slice_of("<think>"), slice_of("</think>"), asked & 2 };
    struct output_parser *p = NULL;
    struct error err;
    bool ok = choice == SPLITTER ? thinking_splitter_open(&p, &thinking, &err)
              : choice == FINDER
                  ? tool_call_finder_open(&p, slice_of(tags[asked >> 4 & 3]), options.tools, &err)
                  : output_parser_open(&p, output_families[choice % count_families()]->facts.name,
                                       &options, &err);
    if (!ok)
        abort();
    return p;
}

/* Dialects of templates, beside those of families. */
#define TEXT(text)             \
    {                          \
        text, sizeof(text) - 1 \
    }
static const struct dialect bare = {
    .calls = { .arguments = ARGUMENTS_JSON,
               .is_only_first = true,
               .trigger = TEXT("{\"name\": \""),
               .open = TEXT("{\"name\": \""),
               .name_end = TEXT("\", \"parameters\": "),
               .close = TEXT("}") },
};
static const struct dialect listed = {
    .think_open = TEXT("[THINK]"),
    .think_close = TEXT("[/THINK]"),
    .content_open = TEXT("all\n"),
    .content_close = TEXT("</s>"),
    .calls = { .arguments = ARGUMENTS_JSON,
               .trigger = TEXT("[TOOL_CALLS]"),
               .section_open = TEXT("[TOOL_CALLS] ["),
               .open = TEXT("{\"name\": \""),
               .name_end = TEXT("\", \"arguments\": "),
               .close = TEXT("}"),
               .between = TEXT(", "),
               .section_close = TEXT("]") },
};

/* Whatever reads; one of the two. */
struct subject {
    struct output_parser *parser;
    struct answer_reader *reader;
    struct dialect_holder *holder;
};

static struct subject open_subject(uint8_t choice, uint8_t asked)
{
    struct subject s = { 0 };
    struct error err;
    size_t row = asked % 64, n = count_families();
    choice %= N_CHOICES;
    if (choice != READER) {
        s.parser = open_parser(choice, asked);
        return s;
    }
    struct answer_reader_options options = { .tools = asked & 128 ? NULL : tools,
                                             .is_thinking = asked & 64 };
    if (row < n && !dialect_open_family(&s.holder, output_families[row]->facts.name, &err))
        abort();
    const struct dialect *dialect = row < n ? dialect_of(s.holder) : row % 2 ? &bare : &listed;
    if (dialect->think_open.length == 0)
        options.is_thinking = false;
    if (!answer_reader_open(&s.reader, dialect, &options, &err))
        abort();
    return s;
}

static void close_subject(struct subject *s)
{
    output_parser_close(&s->parser);
    answer_reader_close(&s->reader);
    dialect_close(&s->holder);
}

enum cutting { WHOLE, BYTE_BY_BYTE, ANYHOW };

static size_t chunk_length(enum cutting cutting, uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return cutting == WHOLE ? SIZE_MAX : cutting == BYTE_BY_BYTE ? 1 : *seed >> 24 & 15;
}

/* The text in a block of its own, so that a byte read behind a chunk is noticed. */
static bool add_copy(struct subject *s, struct slice chunk, bool is_last, struct heard *h)
{
    struct error err = { 0 };
    char *copy = malloc(chunk.length + 1);
    if (!copy)
        abort();
    memcpy(copy, chunk.data, chunk.length);
    struct slice copied = { copy, chunk.length };
    bool ok = s->reader ? answer_reader_add(s->reader, copied, is_last, hear, h, &err)
                        : output_parser_add(s->parser, copied, is_last, hear, h, &err);
    if (!ok && err.code == ERROR_NONE)
        abort();
    free(copy);
    return ok;
}

static bool parse(const uint8_t *data, size_t size, enum cutting cutting, struct heard *h)
{
    struct subject subject = open_subject(data[0], data[1]);
    struct slice text = { (const char *)data + 3, size - 3 };
    uint32_t seed = data[2];
    bool ok = true;
    text_init(&h->log, SIZE_MAX);
    h->last_kind = -1;
    while (ok && text.length > 0) {
        size_t n = size_min(chunk_length(cutting, &seed), text.length);
        ok = add_copy(&subject, (struct slice){ text.data, n }, cutting == WHOLE, h);
        text = (struct slice){ text.data + n, text.length - n };
    }
    if (ok && (cutting != WHOLE || size == 3))
        ok = add_copy(&subject, slice_of(""), true, h);
    close_subject(&subject);
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err;
    if (!tools && (!json_open(&tools, TOOLS, sizeof TOOLS - 1, "tools", &err) ||
                   !json_open(&prefilled, PREFILLED, sizeof PREFILLED - 1, "message", &err)))
        abort();
    if (size < 3)
        return 0;
    struct heard whole, cut;
    bool ok = parse(data, size, WHOLE, &whole);
    for (enum cutting cutting = BYTE_BY_BYTE; cutting <= ANYHOW; cutting++) {
        if (parse(data, size, cutting, &cut) != ok ||
            !slice_equal(text_slice(&cut.log), text_slice(&whole.log)))
            abort();
        text_release(&cut.log);
    }
    text_release(&whole.log);
    return 0;
}

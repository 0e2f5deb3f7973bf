/* fuzz_output_parser.c: any text through a family of output syntax, whole, byte by byte and in
 * chunks of any length: what comes out, joined, must be the same, and each call's arguments JSON.
 *
 * The first byte chooses the family (or the splitter or finder of templates), the second what was
 * asked, the third the chunks. */
#include "chat/output_family.h"
#include "chat/thinking_splitter.h"
#include "chat/tool_call_finder.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { N_CHOICES = 40 }; /* more than there are, so that seeds stay with their families */

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
    size_t n_families = 0;
    while (output_families[n_families])
        n_families++;
    bool ok =
        choice % N_CHOICES == N_CHOICES - 1 ? thinking_splitter_open(&p, &thinking, &err)
        : choice % N_CHOICES == N_CHOICES - 2
            ? tool_call_finder_open(&p, slice_of(tags[asked >> 4 & 3]), options.tools, &err)
            : output_parser_open(&p, output_families[choice % N_CHOICES % n_families]->facts.name,
                                 &options, &err);
    if (!ok)
        abort();
    return p;
}

enum cutting { WHOLE, BYTE_BY_BYTE, ANYHOW };

static size_t chunk_length(enum cutting cutting, uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return cutting == WHOLE ? SIZE_MAX : cutting == BYTE_BY_BYTE ? 1 : *seed >> 24 & 15;
}

/* The text in a block of its own, so that a byte read behind a chunk is noticed. */
static bool add_copy(struct output_parser *p, struct slice chunk, bool is_last, struct heard *h)
{
    struct error err = { 0 };
    char *copy = malloc(chunk.length + 1);
    if (!copy)
        abort();
    memcpy(copy, chunk.data, chunk.length);
    bool ok = output_parser_add(p, (struct slice){ copy, chunk.length }, is_last, hear, h, &err);
    if (!ok && err.code == ERROR_NONE)
        abort();
    free(copy);
    return ok;
}

static bool parse(const uint8_t *data, size_t size, enum cutting cutting, struct heard *h)
{
    struct output_parser *p = open_parser(data[0], data[1]);
    struct slice text = { (const char *)data + 3, size - 3 };
    uint32_t seed = data[2];
    bool ok = true;
    text_init(&h->log, SIZE_MAX);
    h->last_kind = -1;
    while (ok && text.length > 0) {
        size_t n = size_min(chunk_length(cutting, &seed), text.length);
        ok = add_copy(p, (struct slice){ text.data, n }, cutting == WHOLE, h);
        text = (struct slice){ text.data + n, text.length - n };
    }
    if (ok && (cutting != WHOLE || size == 3))
        ok = add_copy(p, slice_of(""), true, h);
    output_parser_close(&p);
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

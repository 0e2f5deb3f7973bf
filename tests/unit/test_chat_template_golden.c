/* test_chat_template_golden.c: prompts are those of the reference. */
#include "test.h"

#include <time.h>

#include "base/mapped_file.h"
#include "golden_lines.h"
#include "template_conversations.h"

static int64_t seconds_of(struct slice time)
{
    struct tm tm = { 0 };
    char copy[40];
    snprintf(copy, sizeof copy, "%.*s", (int)time.length, time.data);
    return strptime(copy, "%Y-%m-%dT%H:%M:%S", &tm) ? (int64_t)timegm(&tm) : 0;
}

/* ---- the reference's prompts ---- */

/* Kinds of cases whose messages are given to templates in another form than the reference had. */
static const struct {
    const char *kind, *reason;
} reshaped[] = {
    { "parts", "several texts are lines of one" },
    { "tool-content-parts", "several texts are lines of one" },
    { "developer", "a developer is the system" },
    { "tool-call-string-args", "arguments are objects, or strings, whichever the template writes" },
};

/* Cases in which the template itself loses or garbles something. */
#define CONTENT "leaves out content beside calls"
#define SYSTEM  "leaves out this system message"
#define SINGLE  "has words for one call at a time"
#define NOTHING "writes None for no content"
#define QUOTES  "writes &#34; for quotation marks around arguments that are objects"
#define TYPES   "recurses without end into a type that may be null, so that each gets one type"
static const struct exception {
    const char *template, *kind, *reason;
} exceptions[] = {
    { "Cohere2MoE", "tool-call-text", CONTENT },
    { "CohereForAI-c4ai-command-r7b-12-2024-tool_use.jinja", "tool-call-text", CONTENT },
    { "Mistral-Small-3.2", "tool-call-text", CONTENT },
    { "Llama-3.1-8B-Instruct", "tool-call-text", CONTENT },
    { "Llama-3.2-3B-Instruct", "tool-call-text", CONTENT },
    { "Mistral-Nemo", "tool-call-text", CONTENT },
    { "command-r-plus", "tool-call-null-content", NOTHING },
    { "GLM-4.6", "tool-call-null-content", NOTHING },
    { "GLM-4.7-Flash", "tool-call-null-content", NOTHING },
    { "GigaChat3", "tool-call-parallel", SINGLE },
    { "gpt-oss", "tool-call-parallel", SINGLE },
    { "SmolLM3", "system-late", SYSTEM },
    { "gpt-oss", "system-late", SYSTEM },
    { "Mistral-Nemo", "system-only", SYSTEM },
    { "Mistral-Nemo", "tool-call-parallel", SYSTEM },
    { "mistral-common-v3_image", "system-only", SYSTEM },
    { "hf-gemma-3-chat", "system-only", SYSTEM },
    { "llama2-chat-1", "system-only", SYSTEM },
    { "chatml-11", "system-only", SYSTEM },
    { "Hermes-2-Pro", "tools-schema", TYPES },
    { "Hermes-2-Pro", "tool-call-parallel", TYPES },
    { "Hermes-2-Pro", "tool-call-final", TYPES },
    { "Hermes-2-Pro", "tool-call-text", TYPES },
    { "mistral-common-v3.jinja", "tool-call", QUOTES },
    { "mistral-common-v3.jinja", "tool-call-parallel", QUOTES },
    { "mistral-common-v3.jinja", "reasoning-tools", QUOTES },
    { "mistral-common-v3_image.jinja", "tool-call", QUOTES },
    { "mistral-common-v3_image.jinja", "tool-call-parallel", QUOTES },
    { "mistral-common-v3_image.jinja", "reasoning-tools", QUOTES },
    { "mistral-common-v3_spm", "tool-call", QUOTES },
    { "mistral-common-v3_spm", "tool-call-parallel", QUOTES },
    { "mistral-common-v3_spm", "tool-call-no-tools-given", QUOTES },
    { "mistral-common-v3_spm", "reasoning-tools", QUOTES },
    { "mistral-common-v7.jinja", "tool-call", QUOTES },
    { "mistral-common-v7.jinja", "tool-call-null-content", QUOTES },
    { "mistral-common-v7.jinja", "tool-call-parallel", QUOTES },
    { "mistral-common-v7.jinja", "tool-call-final", QUOTES },
    { "mistral-common-v7.jinja", "reasoning-tools", QUOTES },
    { "mistral-common-v7_image.jinja", "tool-call", QUOTES },
    { "mistral-common-v7_image.jinja", "tool-call-parallel", QUOTES },
    { "mistral-common-v7_image.jinja", "tool-call-final", QUOTES },
    { "mistral-common-v7_image_spm", "tool-call", QUOTES },
    { "mistral-common-v7_image_spm", "tool-call-parallel", QUOTES },
    { "mistral-common-v7_image_spm", "tool-call-text", QUOTES },
    { "mistral-common-v7_image_spm", "reasoning-tools", QUOTES },
    { "mistral-common-v7_spm", "tool-call", QUOTES },
    { "mistral-common-v7_spm", "tool-call-null-content", QUOTES },
    { "mistral-common-v7_spm", "tool-call-parallel", QUOTES },
    { "mistral-common-v7_spm", "reasoning-tools", QUOTES },
};

struct tally {
    size_t equal, reshaped, supplemented, excepted, wrong;
    bool is_met[COUNT_OF(exceptions)];
    struct chat_template *template;
};

static bool is_reshaped(struct slice kind)
{
    for (size_t i = 0; i < COUNT_OF(reshaped); i++)
        if (slice_is(kind, reshaped[i].kind))
            return true;
    return false;
}

/* What the template has no words for is said in others. */
static bool is_supplemented(const struct chat_template *t, const struct conversation *conversation)
{
    struct chat_template_facts facts = chat_template_facts(t);
    const struct json *messages = conversation_messages(conversation);
    bool needs = conversation_tools(conversation) && !facts.has_calls;
    for (size_t i = 0; i < json_size(messages); i++) {
        const struct json *message = json_at(messages, i);
        needs = needs || (json_get(message, "tool_calls") && !facts.has_calls) ||
                (slice_is(json_text(json_get(message, "role")), "tool") && !facts.has_results) ||
                (slice_is(json_text(json_get(message, "role")), "system") && !facts.has_system);
    }
    return needs;
}

static bool is_excepted(struct tally *tally, struct slice template, struct slice kind)
{
    for (size_t i = 0; i < COUNT_OF(exceptions); i++)
        if (has(template, exceptions[i].template) && slice_is(kind, exceptions[i].kind))
            return tally->is_met[i] = true;
    return false;
}

static void open_golden(struct tally *tally, const struct json *line)
{
    struct slice name = json_text(json_get(line, "template"));
    const struct json *context = json_get(line, "context");
    struct mapped_file *file;
    struct error err = { 0 };
    char relative[600];
    snprintf(relative, sizeof relative, "jinja/%.*s", (int)name.length, name.data);
    assert_ok(mapped_file_open(&file, golden_path(relative), &err), err);
    struct chat_template_sources sources = {
        .model = { (const char *)file->data, file->size },
        .bos = json_text(json_get(context, "bos_token")),
        .eos = json_text(json_get(context, "eos_token")),
    };
    chat_template_close(&tally->template);
    assert_ok(chat_template_open(&tally->template, &sources, &err), err);
    mapped_file_close(&file);
}

/* Both texts from shortly before where they part. */
static void show_difference(struct slice want, struct slice got)
{
    size_t at = 0;
    while (at < want.length && at < got.length && want.data[at] == got.data[at])
        at++;
    size_t from = at > 60 ? at - 60 : 0;
    fprintf(stderr, "---- byte %zu\n  want [%.*s]\n  got  [%.*s]\n", at,
            (int)size_min(want.length - from, 400), want.data + from,
            (int)size_min(got.length - from, 400), got.data + from);
}

static void judge(struct tally *tally, const struct json *line,
                  const struct conversation *conversation, struct slice prompt)
{
    struct slice template = json_text(json_get(line, "template"));
    struct slice kind = json_text(json_get(line, "name"));
    if (slice_equal(prompt, json_text(json_get(line, "expected"))))
        tally->equal++;
    else if (is_reshaped(kind))
        tally->reshaped++;
    else if (is_supplemented(tally->template, conversation))
        tally->supplemented++;
    else if (is_excepted(tally, template, kind))
        tally->excepted++;
    else {
        tally->wrong++;
        fprintf(stderr, "%s, %s\n", template.data, kind.data);
        show_difference(json_text(json_get(line, "expected")), prompt);
    }
}

static void check_golden(const struct json *line, void *context)
{
    struct tally *tally = context;
    const struct json *given = json_get(line, "context");
    struct conversation *conversation;
    struct error err = { 0 };
    struct text prompt;
    if (!json_get(line, "expected") ||
        !conversation_open(&conversation, json_get(given, "messages"), json_get(given, "tools"),
                           slice_of(""), &err))
        return;
    open_golden(tally, line);
    text_init(&prompt, SIZE_MAX);
    struct prompt_request request = { .conversation = conversation,
                                      .variables = given,
                                      .now = seconds_of(json_text(json_get(line, "now"))) };
    bool ok = chat_template_render(tally->template, &request, &prompt, &err);
    judge(tally, line, conversation, ok ? text_slice(&prompt) : slice_of(err.message));
    text_release(&prompt);
    conversation_close(&conversation);
}

TEST(prompts_are_those_of_the_reference)
{
    static struct tally t;
    if (!golden_each_line("jinja/templates.jsonl", check_golden, &t))
        SKIP("no golden data (HEARTH_GOLDEN or ../shared/golden) for jinja/");
    chat_template_close(&t.template);
    fprintf(
        stderr,
        "%zu prompts equal; of others %zu reshaped, %zu supplemented, %zu excepted, %zu wrong\n",
        t.equal, t.reshaped, t.supplemented, t.excepted, t.wrong);
    for (size_t i = 0; i < COUNT_OF(exceptions); i++)
        if (!t.is_met[i])
            fail_msg("%s, %s is no exception", exceptions[i].template, exceptions[i].kind);
    assert_int_equal(t.wrong, 0);
    assert_true(t.equal > 1500);
}

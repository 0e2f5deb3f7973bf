/* test_chat_template.c: whatever the template, nothing of a conversation is lost.
 *
 * CHAT_TEMPLATE=name in the environment looks at the templates of that name only and shows what
 * they have words for and their prompts; CHAT_TEMPLATE= shows all. */
#include "test.h"

#include <dirent.h>
#include <time.h>

#include "base/clock.h"
#include "base/mapped_file.h"
#include "base/memory.h"
#include "chat/chat_template.h"
#include "chat/renderer.h"
#include "chat/gotemplate_builtin.h"
#include "base/slice_text.h"
#include "golden_lines.h"

static const struct json *json_from(const char *source)
{
    const struct json *json;
    struct error err = { 0 };
    if (!json_open(&json, source, strlen(source), "the test", &err))
        fail_msg("%s", err.message);
    return json;
}

/* Messages and tools as JSON; tools may be NULL. */
static struct conversation *conversation_from(const char *messages, const char *tools)
{
    struct conversation *conversation;
    const struct json *m = json_from(messages), *t = tools ? json_from(tools) : NULL;
    struct error err = { 0 };
    assert_ok(conversation_open(&conversation, m, t, slice_of(""), &err), err);
    json_close(&m);
    json_close(&t);
    return conversation;
}

static int64_t seconds_of(struct slice time)
{
    struct tm tm = { 0 };
    char copy[40];
    snprintf(copy, sizeof copy, "%.*s", (int)time.length, time.data);
    return strptime(copy, "%Y-%m-%dT%H:%M:%S", &tm) ? (int64_t)timegm(&tm) : 0;
}

/* ---- sentinels ---- */

static const char TOOLS[] =
    "[{\"type\":\"function\",\"function\":{\"name\":\"find_otter\",\"description\":\"finds them\","
    "\"parameters\":{\"type\":\"object\",\"properties\":{\"river\":{\"type\":\"string\","
    "\"description\":\"where\"}},\"required\":[\"river\"]}}},"
    "{\"type\":\"function\",\"function\":{\"name\":\"count_heron\"}}]";

struct talk {
    const char *name, *messages, *tools;
    const char *wanted[8];
};

static const struct talk talks[] = {
    { "talk",
      "[{\"role\":\"system\",\"content\":\"Sing like a \\\"wren\\\".\"},"
      "{\"role\":\"user\",\"content\":\"What does the marmot say?\"},"
      "{\"role\":\"assistant\",\"content\":\"It whistles.\"},"
      "{\"role\":\"user\",\"content\":\"And the badger?\"}]",
      NULL,
      { "Sing like a ", "What does the marmot say?", "It whistles.", "And the badger?" } },
    { "call",
      "[{\"role\":\"system\",\"content\":\"Sing like a wren.\"},"
      "{\"role\":\"user\",\"content\":\"Are there any?\"},"
      "{\"role\":\"assistant\",\"tool_calls\":[{\"function\":{\"name\":\"find_otter\","
      "\"arguments\":{\"river\":\"Tamar\"}}}]},"
      "{\"role\":\"tool\",\"content\":\"seven of them\"},"
      "{\"role\":\"user\",\"content\":\"Anything else?\"}]",
      TOOLS,
      { "Sing like a wren.", "Are there any?", "find_otter", "count_heron", "Tamar",
        "seven of them", "Anything else?" } },
    { "calls",
      "[{\"role\":\"user\",\"content\":\"Are there any?\"},"
      "{\"role\":\"assistant\",\"content\":\"I look.\",\"tool_calls\":["
      "{\"id\":\"a\",\"function\":{\"name\":\"find_otter\",\"arguments\":{\"river\":\"Tamar\"}}},"
      "{\"id\":\"b\",\"function\":{\"name\":\"find_otter\",\"arguments\":{\"river\":\"Wye\"}}}]},"
      "{\"role\":\"tool\",\"tool_call_id\":\"b\",\"content\":\"only one\"},"
      "{\"role\":\"tool\",\"tool_call_id\":\"a\",\"content\":\"seven of them\"}]",
      TOOLS,
      { "Are there any?", "I look.", "find_otter", "count_heron", "Tamar", "Wye", "seven of them",
        "only one" } },
    { "late system",
      "[{\"role\":\"user\",\"content\":\"What does the marmot say?\"},"
      "{\"role\":\"assistant\",\"content\":\"It whistles.\"},"
      "{\"role\":\"system\",\"content\":\"Be brief.\"},"
      "{\"role\":\"system\",\"content\":\"Be kind.\"},"
      "{\"role\":\"user\",\"content\":\"And the badger?\"},"
      "{\"role\":\"user\",\"content\":\"Well?\"}]",
      NULL,
      { "marmot", "whistles", "Be brief.", "Be kind.", "badger", "Well?" } },
    { "system alone",
      "[{\"role\":\"system\",\"content\":\"Sing like a wren.\"}]",
      NULL,
      { "Sing like a wren." } },
    { "assistant first",
      "[{\"role\":\"assistant\",\"content\":\"I am here.\"},"
      "{\"role\":\"user\",\"content\":\"Who?\"}]",
      NULL,
      { "I am here.", "Who?" } },
};

static size_t check_talk(const struct chat_template *t, const char *name, const struct talk *talk)
{
    struct conversation *conversation = conversation_from(talk->messages, talk->tools);
    struct prompt_request request = { .conversation = conversation };
    struct error err = { 0 };
    struct text prompt;
    size_t n_lost = 0;
    text_init(&prompt, SIZE_MAX);
    bool ok = chat_template_render(t, &request, &prompt, &err);
    if (!ok)
        n_lost += fprintf(stderr, "%s, %s: %s\n", name, talk->name, err.message) > 0;
    for (size_t i = 0; ok && i < COUNT_OF(talk->wanted) && talk->wanted[i]; i++)
        if (!has(text_slice(&prompt), talk->wanted[i]))
            n_lost +=
                fprintf(stderr, "%s, %s: '%s' is lost\n", name, talk->name, talk->wanted[i]) > 0;
    if (getenv("CHAT_TEMPLATE"))
        fprintf(stderr, "---- %s\n%s\n", talk->name, ok ? prompt.data : err.message);
    text_release(&prompt);
    conversation_close(&conversation);
    return n_lost;
}

static size_t check_template(const char *name, const struct chat_template_sources *sources)
{
    struct chat_template *t;
    struct error err = { 0 };
    size_t n_lost = 0;
    uint64_t begin = clock_ns();
    assert_ok(chat_template_open(&t, sources, &err), err);
    double ms = (double)(clock_ns() - begin) / 1e6;
    struct chat_template_facts f = chat_template_facts(t);
    if (getenv("CHAT_TEMPLATE"))
        fprintf(stderr, "%-60s %s %s%s%s%s%s%s %.1f ms\n", name, chat_template_origin(t),
                f.has_system ? "system " : "", f.has_tools ? "tools " : "",
                f.has_calls ? "calls " : "", f.has_results ? "results " : "",
                f.can_think ? "think " : "", f.can_switch_thinking ? "switch" : "", ms);
    for (size_t i = 0; i < COUNT_OF(talks); i++)
        n_lost += check_talk(t, name, &talks[i]);
    chat_template_close(&t);
    return n_lost;
}

/* Every template of a folder of the golden data. */
static void check_folder(const char *relative, bool is_jinja)
{
    const char *only = getenv("CHAT_TEMPLATE");
    char folder[1024];
    size_t n = 0, n_lost = 0;
    snprintf(folder, sizeof folder, "%s", golden_path(relative));
    DIR *dir = opendir(folder);
    if (!dir)
        SKIP("no golden data in %s", folder);
    for (struct dirent *entry; (entry = readdir(dir));) {
        struct mapped_file *file;
        struct error err = { 0 };
        char path[2048];
        if (entry->d_name[0] == '.' || (only && !strstr(entry->d_name, only)))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        assert_ok(mapped_file_open(&file, path, &err), err);
        struct chat_template_sources sources = { .bos = slice_of("<s>"), .eos = slice_of("</s>") };
        *(is_jinja ? &sources.model : &sources.user) =
            (struct slice){ (const char *)file->data, file->size };
        n_lost += check_template(entry->d_name, &sources);
        mapped_file_close(&file);
        n++;
    }
    closedir(dir);
    fprintf(stderr, "%s: %zu templates\n", relative, n);
    assert_int_equal(n_lost, 0);
    assert_true(only || n > 10);
}

TEST(nothing_is_lost_in_published_templates)
{
    check_folder("jinja/templates", true);
}

TEST(nothing_is_lost_in_go_templates)
{
    check_folder("gotemplate/templates", false);
}

TEST(nothing_is_lost_in_built_in_templates)
{
    const struct gotemplate_builtin *builtin;
    size_t n_lost = 0;
    for (size_t i = 0; (builtin = gotemplate_builtin_at(i)); i++) {
        struct chat_template_sources sources = { .user = slice_of(builtin->source) };
        n_lost += check_template(builtin->name, &sources);
    }
    assert_int_equal(n_lost, 0);
}

TEST(nothing_is_lost_by_renderers)
{
    size_t n_lost = 0;
    for (size_t i = 0; renderer_name_at(i); i++) {
        struct chat_template_sources sources = { .renderer = renderer_name_at(i) };
        n_lost += check_template(renderer_name_at(i), &sources);
    }
    assert_int_equal(n_lost, 0);
}

TEST(every_failing_allocation_is_an_error)
{
    struct chat_template_sources sources = {
        .user = slice_of("{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"),
        .user_is_jinja = true,
    };
    struct conversation *conversation = conversation_from(talks[1].messages, talks[1].tools);
    struct prompt_request request = { .conversation = conversation };
    bool ok = false;
    /* opening takes thousands: from some on, only each seventh */
    for (int64_t n = 0; !ok && n < 1000000; n += n < 300 ? 1 : 7) {
        struct chat_template *t;
        struct error err = { 0 };
        struct text prompt;
        text_init(&prompt, SIZE_MAX);
        memory_fail_after(n);
        ok = chat_template_open(&t, &sources, &err) &&
             chat_template_render(t, &request, &prompt, &err);
        memory_fail_after(-1);
        if (!ok && err.code != ERROR_MEMORY && err.code != ERROR_BUDGET)
            fail_msg("allocation %d: %d %s", (int)n, err.code, err.message);
        assert_true(ok || prompt.length == 0);
        chat_template_close(&t);
        text_release(&prompt);
    }
    assert_true(ok);
    conversation_close(&conversation);
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

/* ---- the choice of a template ---- */

static bool has_no_token(const void *context, struct slice text)
{
    (void)context;
    (void)text;
    return false;
}

/* The context is a list of tokens, each between blanks. */
static bool has_token_of(const void *context, struct slice text)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, " %.*s ", (int)text.length, text.data);
    return strstr(context, wanted);
}

static void expect_origin(struct chat_template_sources sources, const char *want)
{
    struct chat_template *t;
    struct error err = { 0 };
    assert_ok(chat_template_open(&t, &sources, &err), err);
    if (!strstr(chat_template_origin(t), want))
        fail_msg("'%s' instead of '%s'", chat_template_origin(t), want);
    assert_int_equal(chat_template_is_plain(t), strncmp(want, "none", 4) == 0);
    assert_int_equal(chat_template_jinja(t).length > 0, strstr(want, "(Jinja)") != NULL);
    assert_int_equal(chat_template_go(t) != NULL, strstr(want, "(Go)") || strstr(want, "built-in"));
    assert_int_equal(chat_template_renderer(t) != NULL, strstr(want, "renderer") != NULL);
    chat_template_close(&t);
    chat_template_close(&t);
}

#define CHATML                                                                                    \
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>' " \
    "+ "                                                                                          \
    "'\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif " \
    "%}"

TEST(a_given_template_wins_then_a_renderer_then_the_model)
{
    struct chat_template_sources all = {
        .user = slice_of("{{ .Prompt }}"),
        .renderer = "qwen3-coder",
        .model = slice_of(CHATML),
        .has_token = has_token_of,
        .context = " <|im_start|> ",
    };
    expect_origin(all, "the given template (Go)");
    all.user = slice_of(CHATML);
    all.user_is_jinja = true;
    expect_origin(all, "the given template (Jinja)");
    all.user.length = 0;
    expect_origin(all, "renderer qwen3-coder");
    all.renderer = NULL;
    expect_origin(all, "the model's own template (Jinja)");
    all.model = slice_of("{{ broken");
    expect_origin(all, "built-in template chatml (the model's own does not work: line 1");
    all.context = " ";
    expect_origin(all, "none: plain text (the model's own does not work: line 1");
    all.model = slice_of(CHATML "{{");
    expect_origin(all, "built-in template chatml (the model's own does not work: line 1");
    all.model = slice_of("{% for i in range(100000) %}{% for k in range(100000) %}{{ k }}"
                         "{% endfor %}{% endfor %}<|im_start|><|im_end|>");
    expect_origin(all, "built-in template chatml (the model's own does not work: line 1: the "
                       "template takes more than");
    all.model.length = 0;
    expect_origin(all, "none: plain text");
}

TEST(models_without_a_template_are_known_by_their_tokens)
{
    static const char *const cases[][2] = {
        { " <|im_start|> <|im_end|> [INST] ", "chatml" },
        { " <|start_header_id|> ", "llama3-instruct" },
        { " <start_of_turn> ", "gemma-instruct" },
        { " <start_of_turn> <start_of_image> ", "gemma3-instruct" },
        { " <|end_of_turn|> ", "openchat" },
        { " <|START_OF_TURN_TOKEN|> ", "command-r" },
        { " [INST] ", "mistral-instruct" },
        { " <|assistant|> <|end|> ", "phi-3" },
        { " <|assistant|> <|user|> ", "zephyr" },
        { " <|assistant|> ", NULL },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char want[64];
        snprintf(want, sizeof want, "built-in template %s", cases[i][1] ? cases[i][1] : "");
        expect_origin(
            (struct chat_template_sources){ .has_token = has_token_of, .context = cases[i][0] },
            cases[i][1] ? want : "none: plain text");
    }
    expect_origin((struct chat_template_sources){ .has_token = has_no_token }, "none: plain text");
    expect_origin((struct chat_template_sources){ .bos = { NULL, 0 } }, "none: plain text");
}

static void expect_no_template(struct chat_template_sources sources, enum error_code code,
                               const char *reason)
{
    struct chat_template *t;
    struct error err = { 0 };
    assert_false(chat_template_open(&t, &sources, &err));
    assert_null(t);
    if (err.code != code || !strstr(err.message, reason))
        fail_msg("%d '%s' instead of %d '%s'", err.code, err.message, code, reason);
}

TEST(what_was_asked_for_is_never_replaced)
{
    expect_no_template((struct chat_template_sources){ .user = slice_of("{{ .x") }, ERROR_FORMAT,
                       "the given template");
    expect_no_template(
        (struct chat_template_sources){ .user = slice_of("{{ x"), .user_is_jinja = true },
        ERROR_FORMAT, "the given template: line 1");
    expect_no_template((struct chat_template_sources){ .renderer = "llama9" }, ERROR_NOT_FOUND,
                       "there is no renderer 'llama9'");
}

/* ---- what prompts look like ---- */

static struct chat_template *template_from(const char *jinja)
{
    struct chat_template *t;
    struct error err = { 0 };
    struct chat_template_sources sources = { .model = slice_of(jinja) };
    assert_ok(chat_template_open(&t, &sources, &err), err);
    return t;
}

static void expect_prompt_of(const char *jinja, const char *messages, const char *tools,
                             bool continues, const char *want)
{
    struct chat_template *t = template_from(jinja);
    struct conversation *conversation = conversation_from(messages, tools);
    struct prompt_request request = { .conversation = conversation, .continues_answer = continues };
    struct error err = { 0 };
    struct text prompt;
    text_init(&prompt, SIZE_MAX);
    assert_true(text_append_string(&prompt, "before "));
    bool ok = chat_template_render(t, &request, &prompt, &err);
    if (!ok || !slice_equal(slice_from(text_slice(&prompt), 7), slice_of(want)))
        fail_msg("want: %s\ngot:  %s", want, ok ? prompt.data : err.message);
    text_release(&prompt);
    conversation_close(&conversation);
    chat_template_close(&t);
}

/* Knows the user and the assistant, in turns. */
#define STRICT                                                                             \
    "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"         \
    "{{ raise_exception('in turns, please') }}{% endif %}{% if m.role == 'user' %}U:"      \
    "{% elif m.role == 'assistant' %}A:{% else %}{{ raise_exception('who?') }}{% endif %}" \
    "{{ m.content | trim }};{% endfor %}{% if add_generation_prompt %}A:{% endif %}"

TEST(a_template_of_two_roles_is_told_everything)
{
    expect_prompt_of(STRICT, "[{\"role\":\"user\",\"content\":\" hi \"}]", NULL, false, "U:hi;A:");
    expect_prompt_of(
        STRICT,
        "[{\"role\":\"system\",\"content\":\"s1\"},{\"role\":\"system\",\"content\":"
        "\"s2\"},{\"role\":\"user\",\"content\":\"u1\"},{\"role\":\"user\",\"content\":"
        "\"u2\"},{\"role\":\"assistant\",\"content\":\"a1\"},{\"role\":\"assistant\","
        "\"content\":\"a2\"},{\"role\":\"system\",\"content\":\"s3\"},"
        "{\"role\":\"user\",\"content\":\"u3\"}]",
        NULL, false, "U:s1\n\ns2\n\nu1\n\nu2;A:a1\n\na2;U:s3\n\nu3;A:");
}

#define CALLING                                                                                  \
    "[{\"role\":\"user\",\"content\":\"u\"},{\"role\":\"assistant\",\"content\":\"c\","          \
    "\"tool_calls\":[{\"function\":{\"name\":\"f\",\"arguments\":{\"x\":[1,\"<\"]}}},"           \
    "{\"function\":{\"name\":\"g\",\"arguments\":{}}}]},{\"role\":\"tool\",\"content\":\"r1\"}," \
    "{\"role\":\"tool\",\"content\":\"r2\"},{\"role\":\"user\",\"content\":\"v\"}]"

TEST(tools_calls_and_results_are_told_in_plain_words)
{
    expect_prompt_of(
        STRICT, CALLING, "[{\"name\":\"f\"},{\"name\":\"g\",\"description\":\"d\"}]", false,
        "U:You can call functions. They are described here, one JSON object a line:\n<tools>\n"
        "{\"type\": \"function\", \"function\": {\"name\": \"f\", \"parameters\": {\"type\": "
        "\"object\", \"properties\": {}}}}\n"
        "{\"type\": \"function\", \"function\": {\"name\": \"g\", \"description\": \"d\", "
        "\"parameters\": {\"type\": \"object\", \"properties\": {}}}}\n</tools>\n\n"
        "To call a function, answer with its name and arguments as JSON in this form, once for "
        "each "
        "call:\n<tool_call>\n{\"name\": \"the function's name\", \"arguments\": {\"an argument\": "
        "\"its value\"}}\n</tool_call>\n\nu;A:c\n<tool_call>\n{\"name\": \"f\", \"arguments\": "
        "{\"x\": [1, \"<\"]}}\n</tool_call>\n<tool_call>\n{\"name\": \"g\", \"arguments\": {}}\n"
        "</tool_call>;U:<tool_response>\nr1\n</tool_response>\n<tool_response>\nr2\n"
        "</tool_response>\n\nv;A:");
}

/* Adds up texts, as templates do that describe tools in a language of types. */
TEST(tools_are_completed_for_templates_that_take_them_for_complete)
{
    static const char strict[] =
        "{% for t in tools %}{% set f = t.function %}{{ f.name + ' ' + f.description + '(' }}"
        "{% for n, p in f.parameters.properties|items %}{{ n + ':' + p.type + ' ' }}{% endfor %}); "
        "{% endfor %}{% for m in messages %}{{ m.role + ': ' + m.content + ';' }}"
        "{% for c in m.tool_calls %}{{ c.function.name }}{{ c.function.arguments|tojson }}"
        "{% endfor %}{% endfor %}";
    expect_prompt_of(
        strict, "[{\"role\":\"user\",\"content\":\"u\"}]",
        "[{\"name\":\"f\",\"parameters\":{\"properties\":{"
        "\"a\":{\"type\":[\"null\",\"integer\"]},\"b\":{\"anyOf\":[{\"type\":\"number\"}]},"
        "\"c\":true,\"d\":{\"type\":\"string\"}}}},{\"name\":\"g\",\"description\":\"does\"}]",
        false, "f (a:integer b:number c:string d:string ); g does(); user: u;");
}

/* Known from Modelfiles: behind a result, such a prompt would have no tools. */
TEST(tools_beside_the_last_message_of_the_user_are_listed_where_there_is_none)
{
    static const char last[] =
        "{% for m in messages %}{{ m.role }}: {% if loop.last and m.role == 'user' %}{{ "
        "tools|tojson }}"
        "{% endif %}{{ m.content }}{% for c in m.tool_calls %}{{ c.function.name }}"
        "{{ c.function.arguments|tojson }}{% endfor %};{% endfor %}";
    expect_prompt_of(
        last,
        "[{\"role\":\"user\",\"content\":\"u\"},{\"role\":\"assistant\",\"tool_calls\":["
        "{\"function\":{\"name\":\"f\"}}]},{\"role\":\"tool\",\"content\":\"r\"}]",
        "[{\"name\":\"f\"},{\"name\":\"g\"}]", false,
        "system: You can call functions. They are described here, one JSON object a "
        "line:\n<tools>\n"
        "{\"type\": \"function\", \"function\": {\"name\": \"f\", \"parameters\": {\"type\": "
        "\"object\", \"properties\": {}}}}\n{\"type\": \"function\", \"function\": {\"name\": "
        "\"g\", "
        "\"parameters\": {\"type\": \"object\", \"properties\": {}}}}\n</tools>;user: u;"
        "assistant: f{};tool: r;");
}

TEST(calls_that_are_refused_without_tools_are_told_in_plain_words)
{
    static const char refuses[] =
        "{{ tools }}{% for m in messages %}{% if (m.tool_calls or m.role == 'tool') and not tools "
        "%}"
        "{{ raise_exception('no tools, no calls') }}{% endif %}{{ m.role }}: {{ m.content }}"
        "{% for c in m.tool_calls %}{{ c.function.name }}{{ c.function.arguments|tojson }}"
        "{% endfor %};{% endfor %}";
    expect_prompt_of(
        refuses,
        "[{\"role\":\"user\",\"content\":\"u\"},{\"role\":\"assistant\",\"tool_calls\":["
        "{\"function\":{\"name\":\"f\"}}]},{\"role\":\"tool\",\"content\":\"r\"}]",
        NULL, false,
        "Noneuser: u;assistant: <tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n"
        "</tool_call>;user: <tool_response>\nr\n</tool_response>;");
}

TEST(results_stand_in_the_order_of_their_calls)
{
    static const char two[] =
        "[{\"role\":\"user\",\"content\":\"u\"},{\"role\":\"assistant\",\"tool_calls\":["
        "{\"id\":\"x\",\"function\":{\"name\":\"f\"}},{\"id\":\"y\",\"function\":{\"name\":\"g\"}}]"
        "},"
        "{\"role\":\"tool\",\"tool_call_id\":\"?\",\"content\":\"3\"},"
        "{\"role\":\"tool\",\"tool_call_id\":\"y\",\"content\":\"2\"},"
        "{\"role\":\"tool\",\"tool_call_id\":\"x\",\"content\":\"1\"}]";
    expect_prompt_of("{{ tools }}{% for m in messages %}{{ m.role }}{% for c in m.tool_calls %} "
                     "{{ c.function.name }}{{ c.function.arguments|tojson }}{% endfor %}: "
                     "{{ m.content }};{% endfor %}",
                     two, NULL, false, "Noneuser: u;assistant f{} g{}: ;tool: 1;tool: 2;tool: 3;");
}

TEST(an_answer_is_gone_on_with)
{
    static const char talk[] = "[{\"role\":\"user\",\"content\":\"u\"},"
                               "{\"role\":\"assistant\",\"content\":\"so far \"}]";
    static const char thought[] = "[{\"role\":\"user\",\"content\":\"u\"},"
                                  "{\"role\":\"assistant\",\"thinking\":\"hm, \"}]";
    expect_prompt_of(CHATML, talk, NULL, true,
                     "<|im_start|>user\nu<|im_end|>\n<|im_start|>assistant\nso far ");
    expect_prompt_of(STRICT, talk, NULL, true, "U:u;A:so far ");
    expect_prompt_of("{% for m in messages %}{{ m.role }}:{% if m.reasoning_content %}<think>"
                     "{{ m.reasoning_content }}</think>{% endif %}{{ m.content }};{% endfor %}",
                     thought, NULL, true, "user:u;assistant:<think>hm, ");
}

static void expect_no_prompt(const char *jinja, const char *messages, bool continues,
                             enum error_code code, const char *reason)
{
    struct chat_template *t = template_from(jinja);
    struct conversation *conversation = conversation_from(messages, NULL);
    struct prompt_request request = { .conversation = conversation, .continues_answer = continues };
    struct error err = { 0 };
    struct text prompt;
    text_init(&prompt, SIZE_MAX);
    assert_true(text_append_string(&prompt, "before"));
    assert_false(chat_template_render(t, &request, &prompt, &err));
    if (err.code != code || !strstr(err.message, reason))
        fail_msg("%d '%s' instead of %d '%s'", err.code, err.message, code, reason);
    assert_string_equal(prompt.data, "before");
    text_release(&prompt);
    conversation_close(&conversation);
    chat_template_close(&t);
}

TEST(what_no_way_can_say_is_an_error_that_names_it)
{
    static const char hello[] = "[{\"role\":\"user\",\"content\":\"hello\"}]";
    static const char called[] = "[{\"role\":\"user\",\"content\":\"u\"},{\"role\":\"assistant\","
                                 "\"tool_calls\":[{\"function\":{\"name\":\"f\"}}]}]";
    expect_no_prompt("nothing", hello, false, ERROR_UNSUPPORTED,
                     "the template leaves out the user's last message");
    expect_no_prompt("{{ messages[0].content }}",
                     "[{\"role\":\"user\",\"content\":\"u\"},{\"role\":\"assistant\","
                     "\"content\":\"a\"},{\"role\":\"user\",\"content\":\"other\"}]",
                     false, ERROR_UNSUPPORTED, "the template leaves out the user's last message");
    expect_no_prompt("{{ raise_exception('not today') }}", hello, false, ERROR_USAGE, "not today");
    expect_no_prompt("{{ messages.x.y }}", hello, false, ERROR_FORMAT, "line 1");
    expect_no_prompt(CHATML, hello, true, ERROR_USAGE, "only an answer can be gone on with");
    expect_no_prompt(CHATML, called, true, ERROR_USAGE, "ends with tool calls");
    expect_no_prompt("{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}",
                     "[{\"role\":\"user\",\"content\":\"u\"},{\"role\":\"assistant\","
                     "\"content\":\"a\"}]",
                     true, ERROR_UNSUPPORTED, "leaves out the answer to go on with");
}

/* ---- thinking ---- */

static void expect_thinking(const char *jinja, struct think_choice choice, const char *variables,
                            const char *want)
{
    struct chat_template *t = template_from(jinja);
    struct conversation *conversation =
        conversation_from("[{\"role\":\"user\",\"content\":\"u\"}]", NULL);
    const struct json *v = variables ? json_from(variables) : NULL;
    struct prompt_request request = { .conversation = conversation,
                                      .think = choice,
                                      .variables = v };
    struct error err = { 0 };
    struct text prompt;
    text_init(&prompt, SIZE_MAX);
    assert_ok(chat_template_render(t, &request, &prompt, &err), err);
    assert_string_equal(prompt.data, want);
    text_release(&prompt);
    json_close(&v);
    conversation_close(&conversation);
    chat_template_close(&t);
}

static const struct think_choice unset = { false, false, "" }, off = { true, false, "" },
                                 on = { true, true, "" }, low = { true, true, "low" },
                                 max = { true, true, "max" };

TEST(thinking_is_switched_by_the_variables_that_templates_know)
{
    static const char flags[] = "{{ messages[0].content }} {{ enable_thinking }} {{ thinking }} "
                                "{{ thinking_budget }} {{ reasoning_effort }}";
    expect_thinking(flags, unset, NULL, "u    ");
    expect_thinking(flags, off, NULL, "u False False 0 ");
    expect_thinking(flags, on, NULL, "u True True  ");
    expect_thinking(flags, low, NULL, "u True True  low");
    expect_thinking(flags, max, NULL, "u True True  high");
    expect_thinking(flags, off,
                    "{\"enable_thinking\":7,\"messages\":[],\"reasoning_effort\":\"x\"}",
                    "u 7 False 0 x");
    /* a template that takes two words only, and thinks only when asked */
    static const char two[] =
        "{% set e = reasoning_effort | default('none') %}{% if e not in ['none', 'high'] %}"
        "{{ raise_exception('no') }}{% endif %}{{ messages[0].content }} {{ e }}";
    expect_thinking(two, unset, NULL, "u none");
    expect_thinking(two, off, NULL, "u none");
    expect_thinking(two, on, NULL, "u high");
    expect_thinking(two, low, NULL, "u high");
    expect_thinking(two, max, NULL, "u high");
}

TEST(facts_tell_what_a_template_has_words_for)
{
    struct chat_template *t = template_from(STRICT);
    struct chat_template_facts facts = chat_template_facts(t);
    assert_false(facts.has_system || facts.has_tools || facts.has_calls || facts.has_results ||
                 facts.can_think || facts.can_switch_thinking);
    chat_template_close(&t);
    t = template_from("{{ messages }}{{ tools }}{% if enable_thinking %}<think>{% endif %}");
    facts = chat_template_facts(t);
    assert_true(facts.has_system && facts.has_tools && facts.has_calls && facts.has_results &&
                facts.can_think && facts.can_switch_thinking);
    chat_template_close(&t);
    t = template_from(CHATML "{% if add_generation_prompt %}<think>{% endif %}");
    facts = chat_template_facts(t);
    assert_true(facts.has_system && facts.can_think && !facts.can_switch_thinking);
    chat_template_close(&t);
}

/* ---- long conversations ---- */

static size_t prompt_length(struct chat_template *t, const char *messages, double *ms)
{
    struct conversation *conversation = conversation_from(messages, TOOLS);
    struct prompt_request request = { .conversation = conversation };
    struct error err = { 0 };
    struct text prompt;
    text_init(&prompt, SIZE_MAX);
    uint64_t begin = clock_ns();
    assert_ok(chat_template_render(t, &request, &prompt, &err), err);
    *ms = (double)(clock_ns() - begin) / 1e6;
    size_t length = prompt.length;
    text_release(&prompt);
    conversation_close(&conversation);
    return length;
}

/* Joining them one by one would copy gigabytes, more than a prompt may take. */
TEST(many_messages_of_one_role_are_joined_at_once)
{
    static const char *const roles[] = { "user", "system", "tool", "assistant" };
    for (size_t r = 0; r < COUNT_OF(roles); r++) {
        struct text talk;
        double ms;
        text_init(&talk, SIZE_MAX);
        assert_true(text_append_byte(&talk, '['));
        for (size_t i = 0; i < 50000; i++)
            assert_true(text_printf(&talk, "%s{\"role\":\"%s\",\"content\":\"some words %zu\"}",
                                    i ? "," : "", roles[r], i));
        assert_true(text_append_byte(&talk, ']'));
        struct chat_template *t = template_from(STRICT);
        size_t length = prompt_length(t, talk.data, &ms);
        fprintf(stderr, "50000 of role %s: %zu bytes in %.0f ms\n", roles[r], length, ms);
        assert_true(length > 800000);
        chat_template_close(&t);
        text_release(&talk);
    }
}

TEST(long_conversations_stay_within_the_limits)
{
    static const char *const templates[] = {
        "Qwen-Qwen3-0.6B",     "meta-llama-Llama-3.1-8B-Instruct", "deepseek-ai-DeepSeek-V3.1",
        "openai-gpt-oss-120b", "mistral-common-v13_think",         "google-gemma-2-2b-it"
    };
    struct text talk;
    text_init(&talk, SIZE_MAX);
    assert_true(text_append_byte(&talk, '['));
    for (size_t i = 0; i < 4000; i++) {
        assert_true(text_printf(&talk, "%s{\"role\":\"%s\",\"content\":\"%zu ", i ? "," : "",
                                i % 2 ? "assistant" : "user", i));
        for (size_t k = 0; k < 60; k++)
            assert_true(text_append_string(&talk, "a few \\\"words\\\"\\n"));
        assert_true(text_append_string(&talk, "\"}"));
    }
    assert_true(text_append_string(&talk, ",{\"role\":\"user\",\"content\":\"?\"}]"));
    for (size_t i = 0; i < COUNT_OF(templates); i++) {
        struct mapped_file *file;
        struct chat_template *t;
        struct error err = { 0 };
        char relative[200];
        double ms;
        snprintf(relative, sizeof relative, "jinja/templates/%s.jinja", templates[i]);
        assert_ok(mapped_file_open(&file, golden_path(relative), &err), err);
        struct chat_template_sources sources = {
            .model = { (const char *)file->data, file->size },
        };
        assert_ok(chat_template_open(&t, &sources, &err), err);
        size_t length = prompt_length(t, talk.data, &ms);
        fprintf(stderr, "%s: %zu bytes in %.0f ms\n", templates[i], length, ms);
        assert_true(length > 3000000);
        chat_template_close(&t);
        mapped_file_close(&file);
    }
    text_release(&talk);
}

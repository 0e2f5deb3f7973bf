/* test_chat_template_losses.c: whatever the template, nothing of a conversation is lost.
 *
 * CHAT_TEMPLATE=name in the environment looks at the templates of that name only and shows what
 * they have words for and their prompts; CHAT_TEMPLATE= shows all. */
#include "test.h"

#include <dirent.h>

#include "base/clock.h"
#include "base/mapped_file.h"
#include "base/memory.h"
#include "chat/gotemplate_builtin.h"
#include "chat/renderer.h"
#include "template_conversations.h"

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

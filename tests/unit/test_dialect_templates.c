/* test_dialect_templates.c: what published templates render of an answer is read back as that
 * answer, by the dialect found from the template: thinking, content and calls, however cut.
 *
 * DIALECT_TEMPLATE=name in the environment looks at one template and shows its answers. */
#include "test.h"

#include <dirent.h>

#include "base/mapped_file.h"
#include "base/memory.h"
#include "chat/answer_reader.h"
#include "chat/dialect.h"
#include "base/slice_text.h"
#include "chat/white_space.h"

enum { PROMPT_BYTES = 16 << 20 };

static const struct json *parsed(const char *text)
{
    const struct json *value;
    struct error err = { 0 };
    assert_ok(json_open(&value, text, strlen(text), "test", &err), err);
    return value;
}

/* ---- answers ---- */

static const char TOOLS[] =
    "[{\"type\":\"function\",\"function\":{\"name\":\"find_otter\",\"description\":\"finds\","
    "\"parameters\":{\"type\":\"object\",\"properties\":{"
    "\"all\":{\"type\":\"boolean\",\"description\":\"d\"},"
    "\"deep\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"object\","
    "\"additionalProperties\":{\"type\":\"string\"}},\"description\":\"d\"},"
    "\"list\":{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"description\":\"d\"},"
    "\"none\":{\"type\":\"integer\",\"description\":\"d\"},"
    "\"number\":{\"type\":\"number\",\"description\":\"d\"},"
    "\"river\":{\"type\":\"string\",\"description\":\"d\"},"
    "\"text\":{\"type\":\"string\",\"description\":\"d\"}},\"required\":[\"river\"]}}},"
    "{\"type\":\"function\",\"function\":{\"name\":\"count_heron\",\"description\":\"counts\","
    "\"parameters\":{\"type\":\"object\",\"properties\":{\"river\":{\"type\":\"string\","
    "\"description\":\"d\"}},\"required\":[]}}}]";

#define CALL(id, name, arguments) \
    "{\"id\":\"call_" id "\",\"function\":{\"name\":\"" name "\",\"arguments\":" arguments "}}"
#define RIVER "{\"river\":\"Tamar\"}"
#define HOSTILE                                                                                   \
    "{\"all\":true,\"deep\":{\"k\":{\"l\":[1,\"two\",false]},\"s\":\"\\\"}\"},\"list\":["         \
    "\"a\",2.5,[\"]\"]],\"none\":null,\"number\":-3,\"river\":\"\xc3\xbc \xe2\x82\xac \\\"b\\\" " \
    "\\\\ {[ }}\",\"text\":\"a\\nb </tool_call> it's\"}"
#define PLAIN                                                                                \
    "{\"all\":false,\"deep\":{\"k\":{\"l\":[1,\"two\"]}},\"list\":[\"a\",2.5],\"number\":7," \
    "\"river\":\"W\xc3\xbcrm\",\"text\":\"a\\nb, c: it's {d}\"}"

static const struct talk {
    const char *name, *thinking, *content, *calls;
} talks[] = {
    { "content", "", "It is so.", "" },
    { "thinking", "I think {so}.", "It is so.", "" },
    { "one call", "", "", CALL("a", "find_otter", RIVER) },
    { "no arguments", "", "", CALL("a", "count_heron", "{}") },
    { "two calls", "", "", CALL("a", "find_otter", RIVER) "," CALL("b", "count_heron", RIVER) },
    { "content and a call", "", "I look.", CALL("a", "find_otter", RIVER) },
    { "thinking and a call", "I think so.", "", CALL("a", "find_otter", RIVER) },
    { "all of it", "I think so.", "I look.",
      CALL("a", "find_otter", PLAIN) "," CALL("b", "count_heron", RIVER) },
    { "all kinds of arguments", "", "", CALL("a", "find_otter", PLAIN) },
    { "hostile arguments", "", "", CALL("a", "find_otter", HOSTILE) },
};

/* ---- what a template renders of them ---- */

static void write_messages(struct text *out, const struct talk *talk)
{
    assert_true(text_append_string(out, "[{\"role\":\"user\",\"content\":\"Any otters?\"}"));
    if (talk) {
        assert_true(text_append_string(out, ",{\"role\":\"assistant\",\"content\":") &&
                    json_write_string(out, slice_of(talk->content)));
        assert_true(!*talk->thinking || (text_append_string(out, ",\"thinking\":") &&
                                         json_write_string(out, slice_of(talk->thinking))));
        assert_true(!*talk->calls ||
                    (text_append_string(out, ",\"tool_calls\":[") &&
                     text_append_string(out, talk->calls) && text_append_byte(out, ']')));
        assert_true(text_append_byte(out, '}'));
    }
    assert_true(text_append_byte(out, ']'));
}

static bool render(struct text *prompt, const struct chat_template *t, const struct talk *talk,
                   struct error *err)
{
    struct text messages;
    struct conversation *conversation;
    text_init(&messages, PROMPT_BYTES);
    write_messages(&messages, talk);
    const struct json *m = parsed(messages.data), *tools = parsed(TOOLS);
    const struct json *variables = parsed("{\"add_generation_prompt\":false}");
    assert_ok(conversation_open(&conversation, m, tools, slice_of(""), err), *err);
    struct prompt_request request = { .conversation = conversation,
                                      .think = { true, true, "" },
                                      .variables = talk ? variables : NULL };
    text_clear(prompt);
    bool ok = chat_template_render(t, &request, prompt, err);
    conversation_close(&conversation);
    json_close(&m);
    json_close(&tools);
    json_close(&variables);
    text_release(&messages);
    return ok;
}

static size_t common_front(struct slice a, struct slice b)
{
    size_t n = 0;
    while (n < a.length && n < b.length && a.data[n] == b.data[n])
        n++;
    return n;
}

static size_t common_back(struct slice a, struct slice b)
{
    size_t n = 0;
    while (n < a.length && n < b.length && a.data[a.length - n - 1] == b.data[b.length - n - 1])
        n++;
    return n;
}

/* The prompts that frame answers: before one, and around a known one. */
struct frame {
    struct text question, known;
    struct slice front, end;
};

static bool frame_open(struct frame *f, const struct chat_template *t, struct error *err)
{
    static const struct talk known = { "", "", "zqcontent", "" };
    text_init(&f->question, PROMPT_BYTES);
    text_init(&f->known, PROMPT_BYTES);
    if (!render(&f->question, t, NULL, err) || !render(&f->known, t, &known, err))
        return false;
    struct slice all = text_slice(&f->known);
    size_t at = find_last(all, known.content);
    assert_true(at != SIZE_MAX);
    f->front = slice_to(all, at);
    f->end = slice_from(all, at + strlen(known.content));
    return true;
}

/* The model's part of a prompt. *thinks: the template opened thinking before it. */
static struct slice answer_in(const struct frame *f, const struct dialect *d, struct slice prompt,
                              bool *thinks)
{
    struct slice question = text_slice(&f->question), end;
    size_t n = common_front(question, prompt), front = common_front(f->front, prompt);
    *thinks = n == question.length && dialect_prompt_thinks(d, question);
    if (n < question.length && front < f->front.length) { /* up to the last whole line or tag */
        n = size_max(n, front);
        while (n > 0 && prompt.data[n - 1] != '>' && prompt.data[n - 1] != '\n')
            n--;
    } else if (n < question.length)
        n = front;
    struct slice answer = slice_from(prompt, n);
    end = slice_from(answer, answer.length - common_back(answer, f->end));
    if (end.length < f->end.length && !begins_with(end, "<"))
        end = slice_from(end, size_min(find_first(end, ">"), end.length - 1) + 1);
    answer = slice_to(answer, answer.length - end.length);
    /* control tokens that end an answer with calls otherwise than others; never text */
    answer.length = size_min(answer.length, find_first(answer, "<|call|>"));
    if (ends_with(answer, "<|tool_response>"))
        answer.length -= strlen("<|tool_response>");
    return answer;
}

/* ---- what is read ---- */

struct heard {
    struct text thinking, content, calls;
    size_t n_calls;
};

static void heard_init(struct heard *h)
{
    memset(h, 0, sizeof *h);
    text_init(&h->thinking, SIZE_MAX);
    text_init(&h->content, SIZE_MAX);
    text_init(&h->calls, SIZE_MAX);
    assert_true(text_append_string(&h->thinking, "") && text_append_string(&h->content, "") &&
                text_append_byte(&h->calls, '['));
}

static void heard_release(struct heard *h)
{
    text_release(&h->thinking);
    text_release(&h->content);
    text_release(&h->calls);
}

static bool hear(void *context, const struct output_event *event, struct error *err)
{
    struct heard *h = context;
    (void)err;
    if (event->kind == OUTPUT_THINKING)
        return text_append_slice(&h->thinking, event->text);
    if (event->kind == OUTPUT_CONTENT)
        return text_append_slice(&h->content, event->text);
    return (h->n_calls++ == 0 || text_append_byte(&h->calls, ',')) &&
           text_append_string(&h->calls, "{\"function\":{\"name\":") &&
           json_write_string(&h->calls, event->call.name) &&
           text_append_string(&h->calls, ",\"arguments\":") &&
           text_append_slice(&h->calls, event->call.arguments) &&
           text_append_string(&h->calls, "}}");
}

enum cutting { WHOLE, BYTE_BY_BYTE, ANYHOW, N_CUTTINGS };

static bool read_answer(struct heard *h, const struct dialect *d, struct slice answer, bool thinks,
                        enum cutting cutting, struct error *err)
{
    const struct json *tools = parsed(TOOLS);
    struct answer_reader_options options = { .tools = tools, .is_thinking = thinks };
    struct answer_reader *r;
    uint32_t seed = (uint32_t)answer.length;
    heard_init(h);
    assert_ok(answer_reader_open(&r, d, &options, err), *err);
    bool ok = true;
    while (ok && answer.length > 0) {
        seed = seed * 1664525 + 1013904223;
        size_t n = cutting == WHOLE ? SIZE_MAX : cutting == BYTE_BY_BYTE ? 1 : seed >> 24 & 15;
        n = size_min(n, answer.length);
        ok = answer_reader_add(r, slice_to(answer, n), false, hear, h, err);
        answer = slice_from(answer, n);
    }
    ok = ok && answer_reader_add(r, slice_of(""), true, hear, h, err);
    assert_true(text_append_byte(&h->calls, ']'));
    answer_reader_close(&r);
    json_close(&tools);
    return ok;
}

/* ---- the same ---- */

static bool equal(const struct json *a, const struct json *b)
{
    enum json_kind kind = json_kind(a);
    if (kind == JSON_KIND_INTEGER || kind == JSON_KIND_REAL)
        return json_number(a, 0) == json_number(b, 1);
    if (kind != json_kind(b) || json_size(a) != json_size(b))
        return false;
    if (kind == JSON_KIND_STRING)
        return slice_equal(json_text(a), json_text(b));
    if (kind == JSON_KIND_BOOL)
        return json_flag(a, false) == json_flag(b, false);
    for (size_t i = 0; kind == JSON_KIND_ARRAY && i < json_size(a); i++)
        if (!equal(json_at(a, i), json_at(b, i)))
            return false;
    for (const struct json_member *m = json_first(a); m; m = json_next(a, m))
        if (!equal(json_member_value(m), json_member(b, json_member_key(m))))
            return false;
    return true;
}

static bool same_calls(const char *sent, const char *read)
{
    struct text list;
    text_init(&list, PROMPT_BYTES);
    assert_true(text_printf(&list, "[%s]", sent));
    const struct json *a = parsed(list.data), *b = parsed(read);
    bool same = json_size(a) == json_size(b);
    for (size_t i = 0; same && i < json_size(a); i++) {
        const struct json *f = json_get(json_at(a, i), "function");
        const struct json *g = json_get(json_at(b, i), "function");
        same = equal(f, g);
    }
    json_close(&a);
    json_close(&b);
    text_release(&list);
    return same;
}

static bool same_text(const char *sent, const struct text *read)
{
    return slice_equal(trim_space(slice_of(sent)), trim_space(text_slice(read)));
}

/* What is wrong, NULL when nothing is. */
static const char *difference(const struct talk *talk, const struct heard *h)
{
    if (!same_text(talk->thinking, &h->thinking))
        return "thinking";
    if (!same_text(talk->content, &h->content))
        return "content";
    return same_calls(talk->calls, h->calls.data) ? NULL : "calls";
}

/* ---- templates ---- */

/* Talks that a template cannot hold, and why; a name that ends in * stands for all that begin so.
 */
#define APART       "it has content and calls in turns of their own"
#define ONE_A_TURN  "it has one call a turn"
#define FUNCTIONARY "the prompt itself opens the first call: nothing tells it from content"

#define BESIDE_LAST "it tells tools beside the last message, which is another with the answer"

static const struct exception {
    const char *template, *talk, *why;
} exceptions[] = {
    { "CohereForAI-c4ai-command-r7b-12-2024-tool_use.jinja", "content and a call", APART },
    { "CohereForAI-c4ai-command-r7b-12-2024-tool_use.jinja", "all of it", APART },
    { "CohereForAI-c4ai-command-r-plus-tool_use.jinja", "content and a call", APART },
    { "CohereForAI-c4ai-command-r-plus-tool_use.jinja", "all of it", APART },
    { "Cohere2MoE.jinja", "content and a call", APART },
    { "Cohere2MoE.jinja", "all of it", APART },
    { "Mistral-Small-3.2-24B-Instruct-2506.jinja", "content and a call", APART },
    { "Mistral-Small-3.2-24B-Instruct-2506.jinja", "all of it", APART },
    { "NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use.jinja", "content and a call", APART },
    { "NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use.jinja", "all of it", APART },
    { "fireworks-ai-llama-3-firefunction-v2.jinja", "content and a call", APART },
    { "fireworks-ai-llama-3-firefunction-v2.jinja", "all of it", APART },
    { "llama.cpp-CohereForAI-c4ai-command-r7b-12-2024-tool_use.jinja", "content and a call",
      APART },
    { "llama.cpp-CohereForAI-c4ai-command-r7b-12-2024-tool_use.jinja", "all of it", APART },
    { "llama.cpp-fireworks-ai-llama-3-firefunction-v2.jinja", "content and a call", APART },
    { "llama.cpp-fireworks-ai-llama-3-firefunction-v2.jinja", "all of it", APART },
    { "meta-llama-Llama-3.*", "content and a call", APART },
    { "meta-llama-Llama-3.*", "all of it", APART },
    { "mistral-common-v3.jinja", "content and a call", APART },
    { "mistral-common-v3.jinja", "all of it", APART },
    { "mistral-common-v3_image.jinja", "content and a call", APART },
    { "mistral-common-v3_image.jinja", "all of it", APART },
    { "mistral-common-v3_spm.jinja", "content and a call", APART },
    { "mistral-common-v3_spm.jinja", "all of it", APART },
    { "mistralai-Mistral-Nemo-Instruct-2407.jinja", "content and a call", APART },
    { "mistralai-Mistral-Nemo-Instruct-2407.jinja", "all of it", APART },
    { "command-r.gotmpl", "content and a call", APART },
    { "command-r.gotmpl", "all of it", APART },
    { "own-chatml-tools.gotmpl", "content and a call", APART },
    { "own-chatml-tools.gotmpl", "all of it", APART },
    { "meta-llama-Llama-3.*", "two calls", ONE_A_TURN },
    { "GigaChat3-10B-A1.8B.jinja", "two calls", ONE_A_TURN },
    { "GigaChat3-10B-A1.8B.jinja", "all of it", ONE_A_TURN },
    { "openai-gpt-oss-120b.jinja", "two calls", ONE_A_TURN },
    { "openai-gpt-oss-120b.jinja", "content and a call",
      "content beside a call is written as thinking" },
    { "openai-gpt-oss-120b.jinja", "all of it", ONE_A_TURN },
    { "Apriel-1.6-15b-Thinker-fixed.jinja", "thinking",
      "earlier thoughts lack the words that open thinking" },
    { "Apriel-1.6-15b-Thinker-fixed.jinja", "thinking and a call",
      "earlier thoughts lack the words that open thinking" },
    { "Apriel-1.6-15b-Thinker-fixed.jinja", "all of it",
      "earlier thoughts lack the words that open thinking" },
    { "google-gemma-4-31B-it.jinja", "hostile arguments",
      "null is None, which is no value of this syntax" },
    { "hf-models-gemma-4.jinja", "hostile arguments",
      "null is None, which is no value of this syntax" },
    { "meetkai-functionary-medium-v3.2.jinja", "one call", FUNCTIONARY },
    { "meetkai-functionary-medium-v3.2.jinja", "no arguments", FUNCTIONARY },
    { "meetkai-functionary-medium-v3.2.jinja", "two calls", FUNCTIONARY },
    { "meetkai-functionary-medium-v3.2.jinja", "content and a call", FUNCTIONARY },
    { "meetkai-functionary-medium-v3.2.jinja", "thinking and a call", FUNCTIONARY },
    { "meetkai-functionary-medium-v3.2.jinja", "all of it", FUNCTIONARY },
    { "meetkai-functionary-medium-v3.2.jinja", "all kinds of arguments", FUNCTIONARY },
    { "meetkai-functionary-medium-v3.2.jinja", "hostile arguments", FUNCTIONARY },
    { "own-llama3-tools.gotmpl", "two calls", BESIDE_LAST },
    { "own-llama3-tools.gotmpl", "content and a call", APART },
    { "own-llama3-tools.gotmpl", "all of it", BESIDE_LAST },
};
static size_t n_uses[COUNT_OF(exceptions)]; /* one that is never needed is none */

static const char *reason_of(const char *template, const char *talk)
{
    for (size_t i = 0; i < COUNT_OF(exceptions); i++) {
        const struct exception *e = &exceptions[i];
        size_t n = strlen(e->template);
        bool is_front =
            n && e->template[n - 1] == '*' && strncmp(e->template, template, n - 1) == 0;
        if ((is_front || strcmp(e->template, template) == 0) && strcmp(e->talk, talk) == 0) {
            n_uses[i]++;
            return e->why;
        }
    }
    return NULL;
}

struct tally {
    size_t n_read, n_excepted, n_wrong;
};

static void check_talk(const char *name, const struct chat_template *t, const struct dialect *d,
                       const struct frame *f, const struct talk *talk, struct tally *tally)
{
    struct text prompt;
    struct error err = { 0 };
    text_init(&prompt, PROMPT_BYTES);
    const char *wrong = render(&prompt, t, talk, &err) ? NULL : "rendering";
    const char *reason = NULL;
    bool leaves_thinking = *talk->thinking && !wrong && !has(text_slice(&prompt), talk->thinking);
    struct talk said = *talk;
    if (leaves_thinking)
        said.thinking = "";
    bool thinks = false;
    struct slice answer = slice_of("");
    if (!wrong)
        answer = answer_in(f, d, text_slice(&prompt), &thinks);
    for (enum cutting cutting = WHOLE; !wrong && cutting < N_CUTTINGS; cutting++) {
        struct heard h;
        bool ok = read_answer(&h, d, answer, thinks, cutting, &err);
        wrong = ok ? difference(&said, &h) : "reading";
        reason = wrong ? reason_of(name, talk->name) : NULL;
        if (wrong && !reason)
            fprintf(stderr, "%s, %s: %s (%s)\n<<%.*s>>%s\nthinking: %s\ncontent: %s\ncalls: %s\n",
                    name, talk->name, wrong, err.message, (int)answer.length, answer.data,
                    thinks ? " (inside of thinking)" : "", h.thinking.data, h.content.data,
                    h.calls.data);
        heard_release(&h);
    }
    reason = wrong ? reason_of(name, talk->name) : NULL;
    if (wrong && !reason) {
        fprintf(stderr, "%s, %s: %s %s\n", name, talk->name, wrong, err.message);
        tally->n_wrong++;
    }
    if (getenv("DIALECT_TEMPLATE"))
        fprintf(stderr, "%s, %s: <<%.*s>>\n", name, talk->name, (int)answer.length, answer.data);
    tally->n_read += !wrong;
    tally->n_excepted += reason != NULL;
    text_release(&prompt);
}

static void tally_unopened(const char *name, const struct error *err, struct tally *tally)
{
    const char *reason = reason_of(name, "");
    if (!reason)
        fprintf(stderr, "%s: %s\n", name, err->message);
    tally->n_wrong += !reason;
    tally->n_excepted += reason != NULL;
}

static void check_template(const char *folder, const char *name, struct tally *tally)
{
    char path[2048];
    struct mapped_file *file;
    struct error err = { 0 };
    struct chat_template *t;
    struct dialect_holder *holder;
    struct frame f;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_ok(mapped_file_open(&file, path, &err), err);
    struct chat_template_sources sources = {
        .user = { (const char *)file->data, file->size },
        .user_is_jinja = ends_with(slice_of(name), ".jinja"),
        .bos = slice_of("<s>"),
        .eos = slice_of("</s>"),
    };
    if (!chat_template_open(&t, &sources, &err)) {
        tally_unopened(name, &err, tally);
        mapped_file_close(&file);
        return;
    }
    assert_ok(dialect_open(&holder, t, &err), err);
    if (frame_open(&f, t, &err)) {
        for (size_t i = 0; i < COUNT_OF(talks); i++)
            check_talk(name, t, dialect_of(holder), &f, &talks[i], tally);
    } else
        tally_unopened(name, &err, tally);
    text_release(&f.question);
    text_release(&f.known);
    dialect_close(&holder);
    chat_template_close(&t);
    mapped_file_close(&file);
}

static void check_folder(const char *golden, struct tally *tally)
{
    const char *only = getenv("DIALECT_TEMPLATE");
    char folder[1024];
    snprintf(folder, sizeof folder, "%s", golden_path(golden));
    struct dirent **names;
    int n = scandir(folder, &names, NULL, alphasort);
    assert_true(n > 0);
    for (int i = 0; i < n; i++) {
        if (names[i]->d_name[0] != '.' && (!only || strstr(names[i]->d_name, only)))
            check_template(folder, names[i]->d_name, tally);
        free(names[i]);
    }
    free(names);
}

TEST(what_templates_render_of_answers_is_read_back)
{
    struct tally tally = { 0 };
    if (!golden_folder())
        SKIP("no golden data (HEARTH_GOLDEN or ../shared/golden) for jinja/templates");
    check_folder("jinja/templates", &tally);
    check_folder("gotemplate/templates", &tally);
    for (size_t i = 0; i < COUNT_OF(exceptions) && !getenv("DIALECT_TEMPLATE"); i++)
        if (n_uses[i] == 0)
            fail_msg("%s, %s is no exception", exceptions[i].template, exceptions[i].talk);
    print_message("%zu answers read, %zu excepted\n", tally.n_read, tally.n_excepted);
    assert_int_equal(tally.n_wrong, 0);
}

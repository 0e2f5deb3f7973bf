#include "chat/template/chat_probe.h"

#include <stdio.h>

#include "chat/template/chat_prompt.h"
#include "base/slice_text.h"

/* A template may take 100 ms before it reaches its limits, and there are some sixty probes. */
enum { LARGEST_PROMPT = 16 << 20, MAX_OVER = 4 };

/* A small conversation and the words that its prompt must have. */
struct probe {
    const char *messages, *tools; /* JSON; tools may be NULL */
    const char *wanted[6];
};

#define SYSTEM(text)    "{\"role\":\"system\",\"content\":\"" text "\"}"
#define USER(text)      "{\"role\":\"user\",\"content\":\"" text "\"}"
#define ASSISTANT(text) "{\"role\":\"assistant\",\"content\":\"" text "\"}"
/* The value holds a quotation mark, which shows how often it was escaped. */
#define CALL(id, value)                                                      \
    "{\"id\":\"call_" id "zqzqzq\",\"function\":{\"name\":\"zqcall" id "\"," \
    "\"arguments\":{\"zqplace\":\"" value "\\\"qz\"}}}"
#define CALLING(content, calls) "{\"role\":\"assistant\"," content "\"tool_calls\":[" calls "]}"
#define RESULT(id, text) \
    "{\"role\":\"tool\",\"tool_call_id\":\"call_" id "zqzqzq\",\"content\":\"" text "\"}"
#define TOOLS                                                                               \
    "[{\"type\":\"function\",\"function\":{\"name\":\"zqtool\",\"description\":\"zqdoes\"," \
    "\"parameters\":{\"type\":\"object\",\"properties\":{\"zqplace\":{\"type\":\"string\"," \
    "\"description\":\"zqwhere\"}},\"required\":[\"zqplace\"]}}}]"

static const struct probe alone = { "[" USER("zqone") "]", NULL, { "zqone" } };
static const struct probe turns = { "[" USER("zqone") "," USER("zqtwo") "," ASSISTANT(
                                        "zqthree") "," ASSISTANT("zqfour") "," USER("zqfive") "]",
                                    NULL,
                                    { "zqone", "zqtwo", "zqthree", "zqfour", "zqfive" } };
static const struct probe assistant_first = { "[" ASSISTANT("zqone") "," USER("zqtwo") "]",
                                              NULL,
                                              { "zqone", "zqtwo" } };
static const struct probe system_first = { "[" SYSTEM("zqsystem") "," USER("zqone") "]",
                                           NULL,
                                           { "zqsystem", "zqone" } };
static const struct probe two_systems = { "[" SYSTEM("zqfirst") "," SYSTEM("zqsecond") "," USER(
                                              "zqone") "]",
                                          NULL,
                                          { "zqfirst", "zqsecond", "zqone" } };
static const struct probe late_system = { "[" USER("zqone") "," ASSISTANT("zqtwo") "," SYSTEM(
                                              "zqsystem") "," USER("zqthree") "]",
                                          NULL,
                                          { "zqone", "zqtwo", "zqsystem", "zqthree" } };
static const struct probe tools_alone = { "[" USER("zqone") "]", TOOLS, { "zqone", "zqtool" } };
static const struct probe bare_tool = { "[" USER("zqone") "]",
                                        "[{\"name\":\"zqbare\"}]",
                                        { "zqone", "zqbare" } };
static const struct probe odd_tool = {
    "[" USER("zqone") "]",
    "[{\"name\":\"zqodd\",\"description\":\"zqdoes\",\"parameters\":{\"type\":\"object\","
    "\"properties\":{\"zqplace\":{\"type\":[\"string\",\"null\"],\"description\":\"zqwhere\"},"
    "\"zqmore\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}],"
    "\"description\":\"zqhow\"}},\"required\":[]}}]",
    { "zqone", "zqodd" }
};
static const struct probe tools_with_system = { "[" SYSTEM("zqsystem") "," USER("zqone") "]",
                                                TOOLS,
                                                { "zqsystem", "zqone", "zqtool", "zqdoes",
                                                  "zqplace" } };
static const struct probe call = {
    "[" USER("zqone") "," CALLING("", CALL("A", "zqvalue")) "," RESULT(
        "A", "zqresult") "," ASSISTANT("zqdone") "," USER("zqlast") "]",
    TOOLS,
    { "zqone", "zqcallA", "zqvalue", "zqresult", "zqdone", "zqlast" }
};
static const struct probe call_at_end = {
    "[" USER("zqone") "," CALLING("", CALL("A", "zqvalue")) "," RESULT("A", "zqresult") "]",
    TOOLS,
    { "zqone", "zqcallA", "zqvalue", "zqresult" }
};
static const struct probe user_after_result = {
    "[" USER("zqone") "," CALLING("", CALL("A", "zqvalue")) "," RESULT("A", "zqresult") "," USER(
        "zqlast") "]",
    TOOLS,
    { "zqone", "zqcallA", "zqvalue", "zqresult", "zqlast" }
};
static const struct probe beside_call = {
    "[" USER("zqone") "," CALLING("\"content\":\"zqbeside\",",
                                  CALL("A", "zqvalue")) "," RESULT("A", "zqresult") "]",
    TOOLS,
    { "zqone", "zqbeside", "zqcallA", "zqvalue", "zqresult" }
};
static const struct probe beside_thought_and_call = {
    "[" USER("zqone") "," CALLING("\"content\":\"zqbeside\",\"thinking\":\"zqthought\",",
                                  CALL("A", "zqvalue")) "," RESULT("A", "zqresult") "]",
    TOOLS,
    { "zqone", "zqbeside", "zqcallA", "zqvalue", "zqresult" }
};
static const struct probe two_calls = {
    "[" USER("zqone") "," CALLING("", CALL("A", "zqvalue") "," CALL("B", "zqother")) "," RESULT(
        "A", "zqresult") "," RESULT("B", "zqanother") "]",
    TOOLS,
    { "zqcallA", "zqvalue", "zqcallB", "zqother", "zqresult", "zqanother" }
};
static const struct probe thought = {
    "[" USER("zqone") ",{\"role\":\"assistant\",\"content\":\"zqtwo\",\"thinking\":\"zqthought\"}]",
    NULL,
    { "zqthought" }
};

struct prober {
    const struct chat_engine *engine;
    struct chat_findings *found;
    struct text prompt; /* of the latest probe */
    struct error stop;  /* memory is out, or the template keeps reaching its limits */
    unsigned n_over;    /* probes that reached them */
};

static bool open_probe(struct conversation **out, const struct probe *probe, struct error *err)
{
    const struct json *messages = NULL, *tools = NULL;
    *out = NULL;
    bool ok =
        json_open(&messages, probe->messages, strlen(probe->messages), "a probe", err) &&
        (!probe->tools || json_open(&tools, probe->tools, strlen(probe->tools), "a probe", err)) &&
        conversation_open(out, messages, tools, slice_of(""), err);
    json_close(&messages);
    json_close(&tools);
    return ok;
}

/* The prompt, empty when the template refuses. */
static void render(struct prober *p, const struct probe *probe, struct think_choice think)
{
    struct conversation *conversation;
    struct error err = { 0 };
    text_clear(&p->prompt);
    if (p->stop.code != ERROR_NONE)
        return;
    if (open_probe(&conversation, probe, &err)) {
        struct prompt_request request = { .conversation = conversation, .think = think };
        bool ok = chat_prompt_write(p->engine, &p->found->style, &p->found->switches, &request,
                                    &p->prompt, &err);
        if (!ok)
            text_clear(&p->prompt);
    }
    conversation_close(&conversation);
    p->n_over += err.code == ERROR_BUDGET;
    if (err.code == ERROR_MEMORY || p->n_over > MAX_OVER)
        p->stop = err;
}

static bool prompt_has(const struct prober *p, const char *word)
{
    return p->prompt.length > 0 && has(text_slice(&p->prompt), word);
}

static bool says(struct prober *p, const struct probe *probe)
{
    render(p, probe, (struct think_choice){ .level = "" });
    for (size_t i = 0; i < COUNT_OF(probe->wanted) && probe->wanted[i]; i++)
        if (!prompt_has(p, probe->wanted[i]))
            return false;
    return true;
}

/* Whether the probe is said, with the supplement if it needs it; keeps one that helps. */
static bool try_supplement(struct prober *p, bool *supplement, const struct probe *probe)
{
    if (*supplement || says(p, probe))
        return *supplement || true;
    *supplement = true;
    if (!says(p, probe))
        *supplement = false;
    return *supplement;
}

/* ---- turns and system ---- */

static void probe_turns(struct prober *p)
{
    struct chat_style *style = &p->found->style;
    try_supplement(p, &style->omits_absent, &alone);
    try_supplement(p, &style->adds_functions, &alone);
    try_supplement(p, &style->merges_turns, &turns);
    try_supplement(p, &style->opens_with_user, &assistant_first);
    bool has_words = try_supplement(p, &style->system_as_user, &system_first);
    try_supplement(p, &style->merges_system, &two_systems);
    try_supplement(p, &style->late_system_as_user, &late_system);
    p->found->facts.has_system = has_words && !style->system_as_user;
}

/* ---- tools and calls ---- */

/* Where the template expects a string, arguments may be printed as Python does, in single quotes,
 * or what is around them escaped as for HTML: taken only when there is nothing better. Escaped
 * twice as JSON, they are not said. */
static bool says_call(struct prober *p, const struct probe *probe, bool takes_anything)
{
    return says(p, probe) && (prompt_has(p, "zqvalue\"qz") || prompt_has(p, "zqvalue\\\"qz")) &&
           (takes_anything || !(prompt_has(p, "'zqplace'") || prompt_has(p, "&#34;")));
}

static bool find_call_form(struct prober *p, bool takes_anything)
{
    struct chat_style *style = &p->found->style;
    for (int ids = CHAT_IDS_AS_SENT; ids <= CHAT_IDS_NAMED; ids++)
        for (int form = 0; form < 4; form++) {
            style->ids = (enum chat_id_form)ids;
            style->arguments_as_string = form & 1;
            style->null_content = form & 2;
            if (says_call(p, &call, takes_anything) && says_call(p, &call_at_end, takes_anything))
                return true;
        }
    style->ids = CHAT_IDS_AS_SENT;
    style->arguments_as_string = style->null_content = false;
    return false;
}

static bool find_calls(struct prober *p)
{
    struct chat_style *style = &p->found->style;
    if (find_call_form(p, false) || find_call_form(p, true))
        return true;
    style->results_as_text = true;
    return find_call_form(p, false) || find_call_form(p, true);
}

static void probe_content_beside_calls(struct prober *p)
{
    struct chat_style *style = &p->found->style;
    if (!try_supplement(p, &style->parts_content, &beside_call)) {
        style->parts_content = true;
        style->parts_content = try_supplement(p, &style->parts_by_user, &beside_call);
    }
    if (!style->parts_content)
        try_supplement(p, &style->parts_thought, &beside_thought_and_call);
}

/* Tools and calls are told in one language: a model that is asked for calls in plain words is also
 * shown its earlier ones like that. */
static void probe_tools(struct prober *p)
{
    struct chat_style *style = &p->found->style;
    bool has_tools = says(p, &tools_with_system) && says(p, &tools_alone);
    bool has_calls = has_tools && find_calls(p);
    style->tools_as_text = style->calls_as_text = !has_calls;
    style->results_as_text = style->results_as_text || !has_calls;
    if (has_calls) {
        probe_content_beside_calls(p);
        try_supplement(p, &style->splits_calls, &two_calls);
        try_supplement(p, &style->answers_results, &user_after_result);
        try_supplement(p, &style->completes_tools, &bare_tool);
        try_supplement(p, &style->simplifies_tools, &odd_tool);
    }
    p->found->facts.has_tools = p->found->facts.has_calls = has_calls;
    p->found->facts.has_results = !style->results_as_text;
}

/* ---- thinking ---- */

static const struct think_choice off = { true, false, "" }, on = { true, true, "" };

static bool is_refused(struct prober *p, struct think_choice choice)
{
    render(p, &alone, choice);
    return p->prompt.length == 0;
}

/* Whether `a` and `b` make different prompts of one question. */
static bool differ(struct prober *p, struct think_choice a, struct think_choice b)
{
    struct text first;
    render(p, &alone, a);
    first = p->prompt;
    text_init(&p->prompt, LARGEST_PROMPT);
    render(p, &alone, b);
    bool same = slice_equal(text_slice(&first), text_slice(&p->prompt));
    text_release(&first);
    return !same && p->prompt.length > 0;
}

/* The first of the words that the template takes for this level; none when it takes none. */
static void choose_effort(struct prober *p, enum chat_level level, struct think_choice choice,
                          const char *const words[4])
{
    const char **effort = &p->found->switches.effort[level];
    for (size_t i = 0; i < 4 && words[i]; i++) {
        *effort = words[i];
        if (!is_refused(p, choice))
            return;
    }
    *effort = NULL;
}

static bool names_word(struct slice source, const char *word)
{
    char quoted[16];
    snprintf(quoted, sizeof quoted, "'%s'", word);
    if (has(source, quoted))
        return true;
    snprintf(quoted, sizeof quoted, "\"%s\"", word);
    return has(source, quoted);
}

/* "none" and "max" are known to few templates, which name them; others would print them. */
static void probe_efforts(struct prober *p)
{
    struct slice source = p->engine->source;
    const char *max = names_word(source, "max") ? "max" : "high";
    if (p->engine->kind != CHAT_JINJA || !has(source, "reasoning_effort"))
        return;
    if (names_word(source, "none"))
        choose_effort(p, LEVEL_OFF, off, (const char *const[4]){ "none" });
    choose_effort(p, LEVEL_LOW, (struct think_choice){ true, true, "low" },
                  (const char *const[4]){ "low", "medium", "high" });
    choose_effort(p, LEVEL_MEDIUM, (struct think_choice){ true, true, "medium" },
                  (const char *const[4]){ "medium", "high", "low" });
    choose_effort(p, LEVEL_HIGH, (struct think_choice){ true, true, "high" },
                  (const char *const[4]){ "high", "medium", "low" });
    choose_effort(p, LEVEL_MAX, (struct think_choice){ true, true, "max" },
                  (const char *const[4]){ max, "high", "medium" });
    /* where silence means no thinking, it takes a word to think */
    if (p->found->switches.effort[LEVEL_OFF] && !differ(p, off, on))
        choose_effort(p, LEVEL_ON, on, (const char *const[4]){ "medium", "high" });
}

static bool has_mark_of_thinking(struct slice text)
{
    static const char *const marks[] = { "<think",     "</think",          "[THINK]",
                                         "THINKING|>", "<seed:think>",     "<|channel>",
                                         "analysis<|", "<|channel|>",      "<thought",
                                         ".Thinking",  "reasoning_content" };
    for (size_t i = 0; i < COUNT_OF(marks); i++)
        if (has(text, marks[i]))
            return true;
    return false;
}

static void probe_thinking(struct prober *p)
{
    struct chat_template_facts *facts = &p->found->facts;
    probe_efforts(p);
    facts->can_switch_thinking = differ(p, off, on);
    facts->can_think =
        facts->can_switch_thinking || has_mark_of_thinking(p->engine->source) || says(p, &thought);
    render(p, &alone, on);
    if (p->prompt.length > 0 && has_mark_of_thinking(text_slice(&p->prompt)))
        facts->can_think = true;
}

bool chat_probe(struct chat_findings *out, const struct chat_engine *engine, struct error *err)
{
    struct prober p = { .engine = engine, .found = out };
    *out = (struct chat_findings){ 0 };
    text_init(&p.prompt, LARGEST_PROMPT);
    probe_turns(&p);
    probe_tools(&p);
    probe_thinking(&p);
    text_release(&p.prompt);
    return p.stop.code == ERROR_NONE || fail(err, p.stop.code, "%s", p.stop.message);
}

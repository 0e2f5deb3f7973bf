#include "chat/dialect/dialect_probe.h"

#include "base/json.h"
#include "chat/output/call_value.h"
#include "base/slice_text.h"
#include "chat/white_space.h"

enum { PROMPT_BYTES = 16 << 20 };

/* Letters only, so that no template changes them. */
#define NAME_A  "zqcalla"
#define NAME_B  "zqcallb"
#define KEY_1   "zqplace"
#define VALUE_1 "zqvalue"
#define KEY_2   "zqthing"
#define VALUE_2 "zqother"
#define ID_A    "call_A"
#define CONTENT "zqcontent"
#define THOUGHT "zqthought"

#define USER "{\"role\":\"user\",\"content\":\"zqone\"}"
#define CALL(id, name)                                                                  \
    "{\"id\":\"call_" id "zqzqzq\",\"function\":{\"name\":\"" name "\",\"arguments\":{" \
    "\"" KEY_1 "\":\"" VALUE_1 "\",\"" KEY_2 "\":\"" VALUE_2 "\"}}}"
#define ASSISTANT(members) "{\"role\":\"assistant\"," members "}"

static const char TOOLS[] =
    "[{\"type\":\"function\",\"function\":{\"name\":\"zqtool\",\"description\":\"zqdoes\","
    "\"parameters\":{\"type\":\"object\",\"properties\":{\"zqarg\":{\"type\":\"string\","
    "\"description\":\"zqwhere\"}},\"required\":[\"zqarg\"]}}}]";
static const char QUESTION[] = "[" USER "]";
static const char ANSWER[] = "[" USER "," ASSISTANT("\"content\":\"" CONTENT "\"") "]";
static const char ONE_CALL[] = "[" USER "," ASSISTANT("\"tool_calls\":[" CALL("A", NAME_A) "]") "]";
static const char TWO_CALLS[] =
    "[" USER "," ASSISTANT("\"tool_calls\":[" CALL("A", NAME_A) "," CALL("B", NAME_B) "]") "]";
static const char THINKING[] =
    "[" USER "," ASSISTANT("\"content\":\"" CONTENT "\",\"thinking\":\"" THOUGHT "\"") "]";

/* ---- prompts ---- */

static bool open_conversation(struct conversation **out, const char *messages, const char *tools,
                              struct error *err)
{
    const struct json *m = NULL, *t = NULL;
    bool ok = json_open(&m, messages, strlen(messages), "a probe", err) &&
              (!tools || json_open(&t, tools, strlen(tools), "a probe", err)) &&
              conversation_open(out, m, t, slice_of(""), err);
    json_close(&m);
    json_close(&t);
    return ok;
}

static bool render(struct text *out, const struct chat_template *t, const char *messages,
                   const char *tools, struct think_choice think, struct error *err)
{
    static const char ends_here[] = "{\"add_generation_prompt\":false}";
    const struct json *variables = NULL;
    struct conversation *conversation = NULL;
    struct prompt_request request = { .think = think };
    bool ok =
        messages == QUESTION || json_open(&variables, ends_here, strlen(ends_here), "a probe", err);
    ok = ok && open_conversation(&conversation, messages, tools, err);
    request.conversation = conversation;
    request.variables = variables;
    ok = ok && chat_template_render(t, &request, out, err);
    conversation_close(&conversation);
    json_close(&variables);
    return ok;
}

/* Whether a failure is the template's own, which then says nothing. */
static bool is_refusal(const struct error *failure, struct error *err)
{
    if (failure->code == ERROR_MEMORY)
        return fail(err, failure->code, "%s", failure->message);
    return true;
}

/* Some templates escape what is around arguments as for HTML. */
static void unescape(struct text *prompt)
{
    static const struct {
        const char *escape;
        char byte;
    } escapes[] = { { "&#34;", '"' }, { "&#39;", '\'' }, { "&quot;", '"' } };
    size_t n = 0;
    for (size_t i = 0; i < prompt->length; n++) {
        struct slice rest = slice_from(text_slice(prompt), i);
        char byte = rest.data[0];
        size_t length = 1;
        for (size_t k = 0; k < COUNT_OF(escapes); k++)
            if (begins_with(rest, escapes[k].escape)) {
                byte = escapes[k].byte;
                length = strlen(escapes[k].escape);
            }
        prompt->data[n] = byte;
        i += length;
    }
    text_truncate(prompt, n);
}

/* ---- cutting ---- */

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

/* Without the end of a tag that began before it. */
static struct slice from_whole_tag(struct slice text)
{
    size_t close = size_min(find_first(text, ">"), text.length);
    return close < find_first(text, "<") && close < text.length ? slice_from(text, close + 1)
                                                                : text;
}

/* Without the beginning of a tag that goes on behind it. */
static struct slice to_whole_tag(struct slice text)
{
    size_t open = find_last(text, "<"), close = find_last(text, ">");
    bool is_cut = open != SIZE_MAX && (close == SIZE_MAX || close < open);
    return is_cut ? slice_to(text, open) : text;
}

/* What stands between `begin` and the word that comes next; false when it does not come. */
static bool cut_before(struct slice *out, struct slice *rest, const char *word)
{
    size_t at = find_first(*rest, word);
    if (at == SIZE_MAX)
        return false;
    *out = slice_to(*rest, at);
    *rest = slice_from(*rest, at + strlen(word));
    return true;
}

/* ---- where the answer stands in a prompt ---- */

struct frame {
    struct text question, answer; /* prompts */
    struct slice answer_front;    /* of the answer's prompt, up to its content */
    struct slice answer_end;      /* what follows its content */
    const char *tools;            /* declared in both, or NULL */
};

static void frame_release(struct frame *f)
{
    text_release(&f->question);
    text_release(&f->answer);
}

static bool frame_open(struct frame *f, const struct chat_template *t, const char *tools,
                       struct think_choice think, struct error *err)
{
    text_init(&f->question, PROMPT_BYTES);
    text_init(&f->answer, PROMPT_BYTES);
    f->tools = tools;
    if (!render(&f->question, t, QUESTION, tools, think, err) ||
        !render(&f->answer, t, ANSWER, tools, think, err))
        return false;
    f->answer_end = text_slice(&f->answer);
    return cut_before(&f->answer_front, &f->answer_end, CONTENT) ||
           fail(err, ERROR_FORMAT, "the template leaves content out");
}

static bool is_front(struct slice front, struct slice text)
{
    return front.length <= text.length && memcmp(front.data, text.data, front.length) == 0;
}

/* What the model would have written of a prompt that ends with an answer: behind the longer of what
 * the template prompts with and what it puts before content. */
static struct slice answer_in(const struct frame *f, struct slice prompt)
{
    struct slice question = text_slice(&f->question);
    size_t n = 0;
    if (is_front(question, prompt))
        n = question.length;
    if (is_front(f->answer_front, prompt))
        n = size_max(n, f->answer_front.length);
    if (n > 0)
        return slice_from(prompt, n);
    n = size_max(common_front(question, prompt), common_front(f->answer_front, prompt));
    return slice_from(prompt, to_whole_tag(slice_to(prompt, n)).length);
}

/* Without the end of the turn, and white space before that. */
static struct slice without_end(const struct frame *f, struct slice text)
{
    size_t n = common_back(text, f->answer_end);
    struct slice end = slice_from(text, text.length - n);
    if (n < f->answer_end.length)
        end = from_whole_tag(end);
    return trim_right(slice_to(text, text.length - end.length));
}

/* ---- one call ---- */

/* The pieces of a call in a prompt. A call that is a JSON object has a front, from its brace to the
 * name; what follows the arguments in it, as an id, is left out. */
struct cut_call {
    enum argument_spelling arguments;
    struct slice before, front, name_end;
    struct slice arg_open, arg_name_end, arg_close, arg_between; /* of arguments one by one */
    int depth;                                                   /* braces that the front opens */
};

/* Where the object begins that a name is in: the first brace that is not closed again; SIZE_MAX
 * when it is in none. */
static size_t object_start(struct slice before, int *depth)
{
    size_t start = SIZE_MAX;
    *depth = 0;
    for (size_t i = 0; i < before.length; i++) {
        if (before.data[i] == '{' && (*depth)++ == 0)
            start = i;
        if (before.data[i] == '}' && *depth > 0 && --*depth == 0)
            start = SIZE_MAX;
    }
    return start;
}

/* Cut off `rest` what closes so many braces; false when nothing does. */
static bool cut_object_end(struct slice *rest, int depth)
{
    size_t i = 0;
    for (; i < rest->length && depth > 0; i++)
        depth += (rest->data[i] == '{') - (rest->data[i] == '}');
    *rest = slice_from(*rest, i);
    return depth == 0;
}

/* From the brace at which the arguments begin. Where they are a string that spells them, its quotes
 * are left out: an object is understood as well. */
static bool cut_json(struct cut_call *c, struct slice *rest)
{
    size_t brace = find_first(*rest, "{"), key = find_first(*rest, KEY_1);
    size_t value = find_first(*rest, VALUE_2);
    if (brace == SIZE_MAX || key == SIZE_MAX || value == SIZE_MAX || brace > key)
        return false;
    c->name_end = slice_to(*rest, brace);
    bool is_string =
        ends_with(c->name_end, "\"") && rest->data[key - 1] == '"' && rest->data[key - 2] == '\\';
    c->name_end.length -= is_string;
    *rest = slice_from(*rest, value);
    c->arguments = ARGUMENTS_JSON;
    if (!cut_object_end(rest, 1))
        return false;
    *rest = slice_from(*rest, is_string && begins_with(*rest, "\""));
    return c->depth == 0 || cut_object_end(rest, c->depth);
}

/* Keys and values with tags around them. What closes a value is known to end where the next begins
 * or where it stops to be the same behind the last. */
static bool cut_tags(struct cut_call *c, struct slice *rest)
{
    struct slice first, second, again;
    if (!cut_before(&first, rest, KEY_1) || !cut_before(&c->arg_name_end, rest, VALUE_1) ||
        !cut_before(&second, rest, KEY_2) || !cut_before(&again, rest, VALUE_2))
        return false;
    size_t tag = find_last(first, "<");
    if (tag == SIZE_MAX || !slice_equal(again, c->arg_name_end) || again.length == 0)
        return false;
    c->name_end = slice_to(first, tag);
    c->arg_open = slice_from(first, tag);
    if (common_back(second, c->arg_open) < c->arg_open.length)
        return false;
    struct slice close = slice_to(second, second.length - c->arg_open.length);
    c->arg_close = to_whole_tag(slice_to(close, common_front(close, *rest)));
    *rest = slice_from(*rest, c->arg_close.length);
    c->arguments = ARGUMENTS_RAW;
    return c->arg_close.length == close.length && trim_space(close).length > 0;
}

/* (key="value", ...); the last parenthesis is left. */
static bool cut_python(struct cut_call *c, struct slice *rest)
{
    struct slice first, sign, between, again, behind = *rest;
    if (!cut_before(&first, &behind, KEY_1) || !cut_before(&sign, &behind, VALUE_1) ||
        !cut_before(&between, &behind, KEY_2) || !cut_before(&again, &behind, VALUE_2))
        return false;
    if (!slice_is(first, "(") || !begins_with(sign, "=") || sign.length != 2 ||
        !slice_equal(sign, again) || between.length < 2 || behind.length < 2 ||
        between.data[0] != sign.data[1] || behind.data[0] != sign.data[1] || behind.data[1] != ')')
        return false;
    c->arguments = ARGUMENTS_PYTHON;
    c->name_end = first;
    c->arg_name_end = slice_to(sign, 1);
    c->arg_between = slice_from(between, 1);
    *rest = slice_from(behind, 1);
    return true;
}

/* Cut the call that comes next off `rest`. */
static bool cut_call(struct cut_call *c, struct slice *rest, const char *name)
{
    *c = (struct cut_call){ 0 };
    if (!cut_before(&c->before, rest, name))
        return false;
    size_t start = object_start(c->before, &c->depth);
    c->front = start == SIZE_MAX ? slice_of("") : slice_from(c->before, start);
    if (start != SIZE_MAX)
        c->before = slice_to(c->before, start);
    return cut_json(c, rest) ||
           (c->front.length == 0 && (cut_python(c, rest) || cut_tags(c, rest)));
}

/* ---- the syntax ---- */

static bool fail_texts(struct error *err)
{
    return fail(err, ERROR_MEMORY, "the texts of a dialect take too much memory");
}

static bool keep(struct slice *text, struct arena *texts)
{
    char *copy = arena_copy(texts, text->data ? *text : slice_of(""));
    text->data = copy;
    return copy != NULL;
}

static bool keep_joined(struct slice *out, struct slice a, struct slice b, struct arena *texts)
{
    char *joined = arena_alloc(texts, a.length + b.length + 1);
    if (!joined)
        return false;
    memcpy(joined, a.data, a.length);
    memcpy(joined + a.length, b.data, b.length);
    *out = (struct slice){ joined, a.length + b.length };
    return true;
}

/* Where two fronts begin to differ, or the id of the only one stands; SIZE_MAX when they do not. */
static size_t find_id(const struct cut_call *a, const struct cut_call *b)
{
    if (!b)
        return find_first(a->front, ID_A);
    size_t same = common_front(a->front, b->front);
    return slice_equal(a->front, b->front) ? SIZE_MAX : same;
}

/* An object's front without the member that is not the same in each call. */
static bool keep_front(struct slice *out, const struct cut_call *a, const struct cut_call *b,
                       struct arena *texts)
{
    struct slice front = a->front;
    size_t id = find_id(a, b), start = id, end = id;
    *out = front;
    if (id == SIZE_MAX)
        return true;
    while (start > 0 && front.data[start - 1] != '{' && front.data[start - 1] != ',')
        start--;
    while (end < front.length && front.data[end] != ',')
        end++;
    if (end == front.length)
        return true; /* it is no member before another */
    struct slice behind = slice_from(front, end + 1);
    if (front.data[start - 1] == '{')
        behind = trim_left(behind);
    return keep_joined(out, slice_to(front, start), behind, texts);
}

/* What follows a name, without an id; the first number of calls that are numbered stays. */
static struct slice common_name_end(struct slice a, struct slice b)
{
    struct slice same = slice_from(a, a.length - common_back(a, b));
    if (slice_equal(a, b) || begins_with(a, ":0"))
        return a;
    size_t tag = size_min(find_first(same, "<"), find_first(same, "["));
    return tag == SIZE_MAX ? same : slice_from(same, tag);
}

/* What calls are recognised by: up to the last tag before anything else; without one, all of it at
 * the beginning of answers only. */
static void set_trigger(struct call_syntax *s)
{
    struct slice text = s->section_open.length ? s->section_open : s->open;
    size_t end = 0;
    bool is_tag = text.length > 1 && (text.data[0] == '<' || text.data[0] == '[') &&
                  text.data[1] != '{' && text.data[1] != '"';
    for (size_t i = 0; is_tag && i < text.length && text.data[i] != '{'; i++)
        if (text.data[i] == '>' || text.data[i] == ']')
            end = i + 1;
    s->is_only_first = end == 0;
    s->trigger = end ? slice_to(text, end) : text;
}

/* From what stands around one call, or around two (`b` is the second, `last` what follows). */
static bool set_syntax(struct call_syntax *s, const struct cut_call *a, const struct cut_call *b,
                       struct slice last, struct arena *texts)
{
    static const char closing[] = "}}}}}}}}";
    struct slice open = a->before, close = last, front;
    if (a->depth >= (int)sizeof closing)
        return true;
    *s = (struct call_syntax){ .arguments = a->arguments, .is_last = true, .is_single = !b };
    s->name_end = a->name_end;
    s->arg_open = a->arg_open;
    s->arg_name_end = a->arg_name_end;
    s->arg_close = a->arg_close;
    s->arg_between = a->arg_between;
    if (b) {
        size_t same = common_back(a->before, b->before);
        open = from_whole_tag(slice_from(a->before, a->before.length - same));
        struct slice gap = slice_to(b->before, b->before.length - open.length);
        close = trim_right(to_whole_tag(slice_to(gap, common_front(gap, last))));
        s->section_open = slice_to(a->before, a->before.length - open.length);
        s->between = slice_from(gap, close.length);
        s->section_close = slice_from(last, close.length);
        s->name_end = common_name_end(a->name_end, b->name_end);
    }
    if (!keep_front(&front, a, b, texts) || !keep_joined(&s->open, open, front, texts) ||
        !keep_joined(&s->close, slice_to(slice_of(closing), (size_t)a->depth), close, texts))
        return false;
    set_trigger(s);
    struct slice *all[] = { &s->trigger,     &s->section_open, &s->section_close, &s->between,
                            &s->name_end,    &s->arg_open,     &s->arg_name_end,  &s->arg_close,
                            &s->arg_between, &s->quote,        &s->name_again };
    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (!keep(all[i], texts))
            return false;
    return true;
}

/* ---- calls ---- */

/* The answer that consists of these calls; empty when the template refuses. */
static bool render_calls(struct text *out, struct slice *answer, const struct frame *f,
                         const struct chat_template *t, const char *messages, struct error *err)
{
    struct error refusal = { 0 };
    struct think_choice as_usual = { .level = "" };
    text_clear(out);
    *answer = slice_of("");
    if (!render(out, t, messages, f->tools, as_usual, &refusal))
        return is_refusal(&refusal, err);
    unescape(out);
    if (!memchr(out->data, '\0', out->length))
        *answer = trim_left(without_end(f, answer_in(f, text_slice(out))));
    return true;
}

/* Whether a turn ends between two calls: then they are two answers. */
static bool ends_turn(const struct frame *f, struct slice between)
{
    struct slice end = trim_space(f->answer_end);
    size_t tag = find_first(end, ">");
    if (tag != SIZE_MAX)
        end = slice_to(end, tag + 1);
    return end.length > 0 && between.length >= end.length &&
           memmem(between.data, between.length, end.data, end.length);
}

static bool probe_calls(struct call_syntax *out, const struct frame *f,
                        const struct chat_template *t, struct text *prompt, struct arena *texts,
                        struct error *err)
{
    struct cut_call a, b;
    struct slice rest;
    if (!render_calls(prompt, &rest, f, t, TWO_CALLS, err))
        return false;
    bool are_two = cut_call(&a, &rest, NAME_A) && cut_call(&b, &rest, NAME_B) &&
                   a.arguments == b.arguments && !ends_turn(f, b.before);
    if (!are_two) {
        if (!render_calls(prompt, &rest, f, t, ONE_CALL, err))
            return false;
        if (!cut_call(&a, &rest, NAME_A))
            return true;
    }
    if (a.before.length + a.front.length == 0)
        return true; /* nothing says that a call begins */
    return set_syntax(out, &a, are_two ? &b : NULL, rest, texts) || fail_texts(err);
}

static bool probe_calls_beside(struct call_syntax *out, const struct chat_template *t,
                               const char *tools, struct arena *texts, struct error *err)
{
    struct frame f;
    struct text prompt;
    struct error refusal = { 0 };
    text_init(&prompt, PROMPT_BYTES);
    bool ok = frame_open(&f, t, tools, (struct think_choice){ .level = "" }, &refusal)
                  ? probe_calls(out, &f, t, &prompt, texts, err)
                  : is_refusal(&refusal, err);
    text_release(&prompt);
    frame_release(&f);
    return ok;
}

/* Some templates tell tools with the last message only, if that is the user's. */
bool dialect_probe_calls(struct call_syntax *out, const struct chat_template *t,
                         struct arena *texts, struct error *err)
{
    return probe_calls_beside(out, t, TOOLS, texts, err) &&
           (out->arguments != ARGUMENTS_NONE || probe_calls_beside(out, t, NULL, texts, err));
}

/* ---- content ---- */

/* What an answer begins with, before its content, other than thinking. */
static bool set_content_open(struct dialect *out, const struct frame *f, struct arena *texts,
                             struct error *err)
{
    struct slice question = text_slice(&f->question), open = f->answer_front;
    if (!is_front(question, open))
        return true;
    open = slice_from(open, question.length);
    if (trim_space(open).length == 0 || has(open, "think") || has(open, "THINK") ||
        memchr(open.data, '\0', open.length))
        return true;
    out->content_open = open;
    return keep(&out->content_open, texts) || fail_texts(err);
}

bool dialect_probe_content(struct dialect *out, const struct chat_template *t, struct arena *texts,
                           struct error *err)
{
    struct frame f;
    struct error refusal = { 0 };
    bool ok = frame_open(&f, t, NULL, (struct think_choice){ .level = "" }, &refusal)
                  ? set_content_open(out, &f, texts, err)
                  : is_refusal(&refusal, err);
    frame_release(&f);
    return ok;
}

/* ---- thinking ---- */

/* Tags that templates ask for without showing thoughts of earlier answers. */
static const struct {
    const char *open, *close;
} known_tags[] = {
    { "<think>", "</think>" },
    { "[THINK]", "[/THINK]" },
    { "<|START_THINKING|>", "<|END_THINKING|>" },
    { "<seed:think>", "</seed:think>" },
    { "<thinking>", "</thinking>" },
    { "<thought>", "</thought>" },
    { "<reasoning>", "</reasoning>" },
    { "Here are my reasoning steps:", "[BEGIN FINAL RESPONSE]" },
};

static bool find_known(struct dialect *out, struct slice text)
{
    for (size_t i = 0; i < COUNT_OF(known_tags); i++)
        if (has(text, known_tags[i].close) && has(text, known_tags[i].open)) {
            out->think_open = slice_of(known_tags[i].open);
            out->think_close = slice_of(known_tags[i].close);
            return true;
        }
    return false;
}

/* The tag that `text` ends with, with the words in it; all of the text when there is none. */
static struct slice last_tag(struct slice text)
{
    text = trim_space(text);
    size_t start = size_min(find_last(text, "<"), text.length);
    size_t bracket = find_last(text, "[");
    if (bracket != SIZE_MAX && (start == text.length || bracket > start))
        start = bracket;
    return start < text.length ? slice_from(text, start) : text;
}

static bool cut_thinking(struct dialect *out, struct slice answer, struct slice front,
                         struct arena *texts, struct error *err)
{
    struct slice before, between, rest = answer;
    if (!cut_before(&before, &rest, THOUGHT) || !cut_before(&between, &rest, CONTENT))
        return true;
    struct slice open = last_tag(before.length ? before : front), close = trim_space(between);
    if (open.length == 0 || close.length == 0 || memchr(open.data, '\0', open.length) ||
        memchr(close.data, '\0', close.length))
        return true;
    out->think_open = open;
    out->think_close = close;
    return (keep(&out->think_open, texts) && keep(&out->think_close, texts)) || fail_texts(err);
}

static bool probe_thinking(struct dialect *out, const struct frame *f,
                           const struct chat_template *t, struct text *prompt, struct arena *texts,
                           struct error *err)
{
    struct think_choice on = { true, true, "" };
    struct error refusal = { 0 };
    if (find_known(out, text_slice(&f->question)))
        return true;
    if (!render(prompt, t, THINKING, NULL, on, &refusal))
        return is_refusal(&refusal, err);
    struct slice answer = answer_in(f, text_slice(prompt));
    struct slice front = slice_to(text_slice(prompt), prompt->length - answer.length);
    return cut_thinking(out, answer, front, texts, err);
}

bool dialect_probe_thinking(struct dialect *out, const struct chat_template *t, struct arena *texts,
                            struct error *err)
{
    struct frame f;
    struct text prompt;
    struct error refusal = { 0 };
    struct think_choice on = { true, true, "" };
    if (!chat_template_facts(t).can_think || find_known(out, chat_template_source(t)))
        return true;
    text_init(&prompt, PROMPT_BYTES);
    bool ok = frame_open(&f, t, NULL, on, &refusal)
                  ? probe_thinking(out, &f, t, &prompt, texts, err)
                  : is_refusal(&refusal, err);
    text_release(&prompt);
    frame_release(&f);
    return ok;
}

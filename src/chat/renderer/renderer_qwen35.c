/* Qwen 3.5, Qwen 3.8 and Ornith: <|im_start|> turns, calls in XML, thoughts opened in the prompt.
 */
#include "chat/renderer/renderer_json.h"

struct variant {
    bool always_shows_thoughts; /* an empty block in turns without */
    bool has_efforts;           /* Qwen 3.8: one system turn, which tells how hard to think */
};

static struct slice content_of(struct prompt *p, const struct message *m, size_t *n_images)
{
    if (p->image_tags)
        return trim_space(image_tagged(p, m->content, m, n_images));
    return trim_space(
        image_padded(p, m->content, m, "<|vision_start|><|image_pad|><|vision_end|>"));
}

/* ---- Qwen 3.8's conditions ---- */

static bool is_instruction(const struct message *m)
{
    return is_role(m, "system") || is_role(m, "developer");
}

/* The texts of all instructions, empty ones aside. */
static struct slice instructions(struct prompt *p)
{
    struct text all;
    bool ok = true;
    text_init(&all, SIZE_MAX);
    for (size_t i = 0; ok && i < p->n_messages; i++) {
        struct slice text = trim_space(p->messages[i].content);
        if (is_instruction(&p->messages[i]) && text.length)
            ok =
                text_append_string(&all, all.length ? "\n\n" : "") && text_append_slice(&all, text);
    }
    if (!ok)
        prompt_refuse(p, ERROR_MEMORY, "the prompt does not fit the memory it may take");
    struct slice whole = text_slice(&all);
    whole = joined(p, &whole, 1);
    text_release(&all);
    return whole;
}

/* All instructions as the one system turn in front that the model knows. */
static void gather_instructions(struct prompt *p)
{
    size_t count = 0;
    for (size_t i = 0; i < p->n_messages; i++) {
        if (!is_instruction(&p->messages[i]))
            continue;
        if (p->messages[i].n_images)
            prompt_refuse(p, ERROR_USAGE, "a system message cannot contain images");
        count++;
    }
    if (count == 0 || (count == 1 && is_role(&p->messages[0], "system")))
        return;
    struct message *all = arena_alloc_array(p->scratch, p->n_messages + 1, sizeof *all);
    if (!all) {
        prompt_refuse(p, ERROR_MEMORY, "the prompt does not fit the memory it may take");
        return;
    }
    size_t n = 0;
    all[n++] = (struct message){ .role = slice_of("system"), .content = instructions(p) };
    for (size_t i = 0; i < p->n_messages; i++)
        if (!is_instruction(&p->messages[i]))
            all[n++] = p->messages[i];
    p->messages = all;
    p->n_messages = n;
}

static const char *effort_instructions(const struct prompt *p)
{
    bool is_low = strcmp(p->think.level, "low") == 0;
    bool is_high = strcmp(p->think.level, "high") == 0 || strcmp(p->think.level, "max") == 0;
    if (is_low)
        return "Reasoning effort is set to low. Keep your thinking brief and focused, moving "
               "directly to the conclusion without unnecessary elaboration.";
    if (is_high || !p->think.is_set)
        return "Reasoning effort is set to xhigh. Please think carefully through the task, "
               "validate key assumptions, consider plausible alternatives, and prioritize "
               "correctness, consistency, and clarity in the final answer.";
    return "";
}

/* ---- turns ---- */

static void put_declarations(struct prompt *p)
{
    put(p, "# Tools\n\nYou have access to the following functions:\n\n<tools>");
    for (size_t i = 0; i < p->n_tools; i++) {
        put(p, "\n");
        put_tool(p, json_at(p->tools, i), (struct json_style){ .spaced = true });
    }
    put(p, "\n</tools>\n\n");
    put(p, function_call_rules);
}

static void put_system(struct prompt *p, struct variant v)
{
    bool has_system = p->n_messages && is_role(&p->messages[0], "system");
    const char *effort = v.has_efforts ? effort_instructions(p) : "";
    size_t n_images = 0;
    struct slice system = has_system ? content_of(p, &p->messages[0], &n_images) : slice_of("");
    bool is_empty = system.length == 0 && *effort == '\0' && (v.has_efforts || !has_system);
    if (p->n_tools == 0 && is_empty)
        return;
    put(p, "<|im_start|>system\n");
    put(p, effort);
    put(p, *effort && (p->n_tools || system.length) ? "\n\n" : "");
    if (p->n_tools)
        put_declarations(p);
    put(p, p->n_tools && system.length ? "\n\n" : "");
    put_between(p, "", system, "<|im_end|>\n");
}

/* Where the present exchange begins: at the last words of the user that are no tool's answer;
 * SIZE_MAX when there are none. */
static size_t last_query(struct prompt *p)
{
    for (size_t i = p->n_messages; i > 0; i--) {
        size_t n_images = 0;
        if (!is_role(&p->messages[i - 1], "user"))
            continue;
        struct slice content = content_of(p, &p->messages[i - 1], &n_images);
        if (!begins_with(content, "<tool_response>") || !ends_with(content, "</tool_response>"))
            return i - 1;
    }
    return SIZE_MAX;
}

/* Thoughts that still stand in the content move out of it. */
static struct slice take_thoughts(struct slice *content)
{
    size_t end = find_first(*content, "</think>");
    if (end == SIZE_MAX)
        return slice_of("");
    struct slice thoughts = slice_to(*content, end);
    size_t begin = find_last(thoughts, "<think>");
    if (begin != SIZE_MAX)
        thoughts = slice_from(thoughts, begin + strlen("<think>"));
    *content = trim_lines_start(slice_from(*content, end + strlen("</think>")));
    return thoughts;
}

static void put_calls(struct prompt *p, const struct message *m, struct slice content)
{
    for (size_t i = 0; i < m->n_calls; i++) {
        const struct json *arguments = call_arguments(m, i);
        put(p, i ? "\n" : trim_space(content).length ? "\n\n" : "");
        put_between(p, "<tool_call>\n<function=", call_name(m, i), ">\n");
        for (const struct json_member *a = json_first(arguments); a; a = json_next(arguments, a)) {
            put_between(p, "<parameter=", json_member_key(a), ">\n");
            put_plain_argument(p, json_member_value(a), (struct json_style){ 0 });
            put(p, "\n</parameter>\n");
        }
        put(p, "</function>\n</tool_call>");
    }
}

static void put_assistant(struct prompt *p, const struct message *m, struct slice content,
                          bool shows_thoughts, bool takes_thoughts)
{
    struct slice thoughts = shows_thoughts ? m->thinking : slice_of("");
    if (thoughts.length == 0 && takes_thoughts)
        thoughts = take_thoughts(&content);
    put(p, "<|im_start|>assistant\n");
    if (shows_thoughts)
        put_between(p, "<think>\n", trim_space(thoughts), "\n</think>\n\n");
    put_slice(p, content);
    put_calls(p, m, content);
}

static void put_turns(struct prompt *p, struct variant v, size_t query, bool thinks)
{
    size_t n_images = 0;
    for (size_t i = 0; i < p->n_messages; i++) {
        const struct message *m = &p->messages[i];
        struct slice content = content_of(p, m, &n_images);
        bool is_last = i + 1 == p->n_messages, is_model = is_role(m, "assistant");
        bool is_present = query == SIZE_MAX ? false : i > query;
        if (is_role(m, "user") || (is_role(m, "system") && i != 0)) {
            put_im_turn(p, m->role, content);
        } else if (is_model) {
            put_assistant(p, m, content, v.always_shows_thoughts || (thinks && is_present),
                          !v.has_efforts);
            put(p, is_last ? "" : "<|im_end|>\n");
        } else if (is_role(m, "tool")) {
            put_im_tool_result(p, i, content);
        } else if (v.has_efforts && !is_role(m, "system")) {
            put_im_turn(p, m->role, content);
        }
        if (is_last && !is_model)
            put(p, thinks ? "<|im_start|>assistant\n<think>\n"
                          : "<|im_start|>assistant\n<think>\n\n</think>\n\n");
    }
}

static void render(struct prompt *p, struct variant v)
{
    if (v.has_efforts)
        gather_instructions(p);
    size_t query = last_query(p);
    if (v.has_efforts && query == SIZE_MAX)
        prompt_refuse(p, ERROR_USAGE, "there is no question of a user among the messages");
    put_system(p, v);
    put_turns(p, v, query, !p->think.is_set || p->think.is_on);
}

void render_qwen35(struct prompt *p)
{
    render(p, (struct variant){ .always_shows_thoughts = false });
}

void render_qwen38(struct prompt *p)
{
    render(p, (struct variant){ .always_shows_thoughts = true, .has_efforts = true });
}

void render_ornith(struct prompt *p)
{
    render(p, (struct variant){ .always_shows_thoughts = true });
}

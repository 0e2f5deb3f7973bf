#include "chat/gotemplate_prompt.h"

#include "chat/gotemplate/go_evaluate.h"
#include "chat/gotemplate/gotemplate_messages.h"

/* One prompt being made. */
struct prompt {
    const struct gotemplate *template;
    const struct json *context;
    struct go_evaluator evaluator;
    struct error *err;
};

/* What one turn of a template without .Messages shows. */
struct turn {
    struct slice system, prompt, response;
};

enum { MAX_NAMES = 8 };

bool gotemplate_names(const struct gotemplate *t, const struct slice **names, size_t *count,
                      struct error *err)
{
    if (t->calls_without_value)
        return fail(err, ERROR_UNSUPPORTED, "the template calls another one without a value");
    *names = t->names;
    *count = t->n_names;
    return true;
}

bool gotemplate_uses(const struct gotemplate *t, const char *name)
{
    for (size_t i = 0; i < t->n_names; i++)
        if (slice_equal(t->names[i], slice_of(name)))
            return true;
    return false;
}

static struct go_member named(const char *name, struct go_value value)
{
    return (struct go_member){ .key = slice_of(name), .value = value };
}

/* The names every form of prompt has, behind the `n` it has for itself; then rendered. */
static bool render(struct prompt *p, struct go_list_of_nodes nodes, struct go_member *members,
                   size_t n)
{
    const struct json *level = json_get(p->context, "think_level");
    members[n++] = named("Think", go_bool(json_flag(json_get(p->context, "think"), false)));
    members[n++] = named("ThinkLevel", go_text(json_text(level)));
    members[n++] =
        named("IsThinkSet", go_bool(json_flag(json_get(p->context, "is_think_set"), false)));
    go_sort_members(members, n);
    return go_evaluate(&p->evaluator, nodes,
                       (struct go_value){ .kind = GO_MAP, .count = n, .members = members });
}

static bool render_suffix_form(struct prompt *p)
{
    struct go_member members[MAX_NAMES] = {
        named("Prompt", go_text(json_text(json_get(p->context, "prompt")))),
        named("Suffix", go_text(json_text(json_get(p->context, "suffix")))),
        named("Response", go_text(slice_of(""))),
    };
    return render(p, p->template->root, members, 3);
}

static bool render_messages(struct prompt *p, const struct go_message *messages, size_t count)
{
    struct arena *arena = p->evaluator.arena;
    struct slice system;
    struct go_value list, tools;
    if (!go_system_text(&system, messages, count, arena, p->err) ||
        !go_messages_value(&list, messages, count, arena, p->err) ||
        !go_tools_value(&tools, json_get(p->context, "tools"), arena, p->err))
        return false;
    struct go_member members[MAX_NAMES] = {
        named("System", go_text(system)),
        named("Messages", list),
        named("Tools", tools),
        named("Response", go_text(slice_of(""))),
    };
    return render(p, p->template->root, members, 4);
}

static bool render_turn(struct prompt *p, struct go_list_of_nodes nodes, struct turn *turn)
{
    struct go_member members[MAX_NAMES] = {
        named("System", go_text(turn->system)),
        named("Prompt", go_text(turn->prompt)),
        named("Response", go_text(turn->response)),
    };
    if (!render(p, nodes, members, 3))
        return false;
    if (p->template->appends_response && !text_append_slice(p->evaluator.out, turn->response))
        return fail(p->err, ERROR_BUDGET, "the prompt does not fit %zu bytes",
                    p->evaluator.out->limit);
    *turn = (struct turn){ { "", 0 }, { "", 0 }, { "", 0 } };
    return true;
}

/* Turns one by one: a turn ends where something comes that belongs in front of what it has. */
static bool render_turns(struct prompt *p, const struct go_message *messages, size_t count)
{
    struct turn turn = { { "", 0 }, { "", 0 }, { "", 0 } };
    for (size_t i = 0; i < count; i++) {
        bool is_system = slice_equal(messages[i].role, slice_of("system"));
        bool is_user = slice_equal(messages[i].role, slice_of("user"));
        bool is_full = turn.response.length > 0 || (is_system && turn.prompt.length > 0);
        if ((is_system || is_user) && is_full && !render_turn(p, p->template->root, &turn))
            return false;
        if (is_system)
            turn.system = messages[i].content;
        else if (is_user)
            turn.prompt = messages[i].content;
        else if (slice_equal(messages[i].role, slice_of("assistant")))
            turn.response = messages[i].content;
    }
    return render_turn(p, p->template->cut, &turn);
}

static bool render_form(struct prompt *p)
{
    struct go_message *messages;
    size_t count;
    if (json_text(json_get(p->context, "prompt")).length > 0 &&
        json_text(json_get(p->context, "suffix")).length > 0)
        return render_suffix_form(p);
    if (!go_merge_messages(&messages, &count, json_get(p->context, "messages"), p->evaluator.arena,
                           p->err))
        return false;
    return gotemplate_uses(p->template, "messages") ? render_messages(p, messages, count)
                                                    : render_turns(p, messages, count);
}

bool gotemplate_prompt_from_context(const struct gotemplate *t, const struct json *context,
                                    int64_t now, struct text *out, struct error *err)
{
    struct prompt p = { .template = t, .context = context, .err = err };
    if (!go_evaluator_init(&p.evaluator, t, now, out, err))
        return false;
    bool ok = render_form(&p);
    go_evaluator_release(&p.evaluator);
    return ok || fail_while(err, "the prompt's template");
}

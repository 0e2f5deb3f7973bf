/* Qwen3 and its models that see: calls are JSON between tags. */
#include "chat/output/call_json.h"
#include "chat/output/tagged_output.h"

static const char *const preserved[] = { "<think>", "</think>", "<tool_call>", "</tool_call>",
                                         NULL };

/* The models that see never repeat the opening tag, and think whatever was asked. */
static const char *const preserved_vl[] = { "</think>", "<tool_call>", "</tool_call>", NULL };

static void begin_content(struct output_parser *p)
{
    tagged_begin(p, false);
}

static void begin_thinking(struct output_parser *p)
{
    tagged_begin(p, !p->options.think.is_set || p->options.think.is_on);
}

static void begin_thinking_vl(struct output_parser *p)
{
    tagged_begin(p, !has_prefilled_content(p));
}

static enum step_result step(struct output_parser *p, struct error *err)
{
    static const struct tagged_syntax syntax = { "<think>", "</think>", "<tool_call>",
                                                 "</tool_call>", emit_json_call };
    return tagged_step(p, &syntax, err);
}

static enum step_result step_vl(struct output_parser *p, struct error *err)
{
    static const struct tagged_syntax syntax = { NULL, "</think>", "<tool_call>", "</tool_call>",
                                                 emit_json_call };
    return tagged_step(p, &syntax, err);
}

const struct output_family output_qwen3 = {
    .facts = { .name = "qwen3", .has_tools = true, .preserved = preserved },
    .state_bytes = sizeof(struct tagged_state),
    .begin = begin_content,
    .step = step,
};

const struct output_family output_qwen3_thinking = {
    .facts = { .name = "qwen3-thinking",
               .has_tools = true,
               .has_thinking = true,
               .preserved = preserved },
    .state_bytes = sizeof(struct tagged_state),
    .begin = begin_thinking,
    .step = step,
};

const struct output_family output_qwen3_vl_instruct = {
    .facts = { .name = "qwen3-vl-instruct", .has_tools = true, .preserved = preserved_vl },
    .state_bytes = sizeof(struct tagged_state),
    .begin = begin_content,
    .step = step_vl,
};

const struct output_family output_qwen3_vl_thinking = {
    .facts = { .name = "qwen3-vl-thinking",
               .has_tools = true,
               .has_thinking = true,
               .preserved = preserved_vl },
    .state_bytes = sizeof(struct tagged_state),
    .begin = begin_thinking_vl,
    .step = step_vl,
};

/* Qwen3-Coder and those who took over how it spells calls: Qwen3.5, Ornith, Nemotron 3. */
#include "chat/output/coder_call.h"
#include "chat/output/tagged_output.h"

static const char *const preserved_coder[] = { "<tool_call>", "</tool_call>", NULL };
static const char *const preserved[] = { "<think>", "</think>", "<tool_call>", "</tool_call>",
                                         NULL };

static void begin_content(struct output_parser *p)
{
    tagged_begin(p, false);
}

static void begin_thinking(struct output_parser *p)
{
    bool is_asked = !p->options.think.is_set || p->options.think.is_on;
    tagged_begin(p, is_asked && !has_prefilled_content(p));
}

static enum step_result step(struct output_parser *p, struct error *err)
{
    static const struct tagged_syntax syntax = { "<think>", "</think>", "<tool_call>",
                                                 "</tool_call>", emit_coder_call };
    return tagged_step(p, &syntax, err);
}

const struct output_family output_qwen3_coder = {
    .facts = { .name = "qwen3-coder", .has_tools = true, .preserved = preserved_coder },
    .state_bytes = sizeof(struct tagged_state),
    .begin = begin_content,
    .step = step,
};

#define THINKING_FAMILY(variable, its_name)         \
    const struct output_family variable = {         \
        .facts = { .name = its_name,                \
                   .has_tools = true,               \
                   .has_thinking = true,            \
                   .preserved = preserved },        \
        .state_bytes = sizeof(struct tagged_state), \
        .begin = begin_thinking,                    \
        .step = step,                               \
    }

THINKING_FAMILY(output_qwen35, "qwen3.5");
THINKING_FAMILY(output_ornith, "ornith");
THINKING_FAMILY(output_nemotron3, "nemotron-3-nano");
THINKING_FAMILY(output_nemotron35, "nemotron-3.5-nano");

#include "chat/dialect/dialect_families.h"

/* Where the parser of a family reads more than calls and thinking between tags, it reads the whole
 * answer; all others are read by their texts, which cannot be mistaken for what a string holds. */

#define S(text)                \
    {                          \
        text, sizeof(text) - 1 \
    }

/* The tags that most models think in. */
#define THINK .think_open = S("<think>"), .think_close = S("</think>")

/* JSON between tags, as Hermes began it. */
#define HERMES_CALLS                             \
    .calls = {                                   \
        .arguments = ARGUMENTS_JSON,             \
        .is_last = true,                         \
        .trigger = S("<tool_call>"),             \
        .open = S("<tool_call>\n{\"name\": \""), \
        .name_end = S("\", \"arguments\": "),    \
        .close = S("}\n</tool_call>"),           \
        .between = S("\n"),                      \
    }

/* Tags for each argument, as Qwen3-Coder has them. */
#define CODER_CALLS                              \
    .calls = {                                   \
        .arguments = ARGUMENTS_RAW,              \
        .is_last = true,                         \
        .trigger = S("<tool_call>"),             \
        .open = S("<tool_call>\n<function="),    \
        .name_end = S(">\n"),                    \
        .close = S("</function>\n</tool_call>"), \
        .between = S("\n"),                      \
        .arg_open = S("<parameter="),            \
        .arg_name_end = S(">\n"),                \
        .arg_close = S("\n</parameter>\n"),      \
    }

/* Keys and values in tags of their own, as GLM has them; `line` is what stands between the tags. */
#define KEY_VALUE_CALLS(line)                               \
    .calls = {                                              \
        .arguments = ARGUMENTS_RAW,                         \
        .is_last = true,                                    \
        .trigger = S("<tool_call>"),                        \
        .open = S("<tool_call>"),                           \
        .name_end = S(line),                                \
        .close = S("</tool_call>"),                         \
        .between = S(line),                                 \
        .arg_open = S("<arg_key>"),                         \
        .arg_name_end = S("</arg_key>" line "<arg_value>"), \
        .arg_close = S("</arg_value>" line),                \
    }

/* DeepSeek's tags, around what `before` and `behind` spell in them. */
#define DEEPSEEK_CALLS(before_name, behind_name, behind_arguments, between_calls) \
    .calls = {                                                                    \
        .arguments = ARGUMENTS_JSON,                                              \
        .is_last = true,                                                          \
        .trigger = S("<｜tool▁calls▁begin｜>"),                                   \
        .section_open = S("<｜tool▁calls▁begin｜>"),                              \
        .open = S("<｜tool▁call▁begin｜>" before_name),                           \
        .name_end = S(behind_name),                                               \
        .close = S(behind_arguments "<｜tool▁call▁end｜>"),                       \
        .between = S(between_calls),                                              \
        .section_close = S("<｜tool▁calls▁end｜>"),                               \
    }

#define DEEPSEEK_CODE_CALLS DEEPSEEK_CALLS("function<｜tool▁sep｜>", "\n```json\n", "\n```", "\n")

#define COHERE_CALLS                                              \
    .calls = {                                                    \
        .arguments = ARGUMENTS_JSON,                              \
        .is_last = true,                                          \
        .trigger = S("<|START_ACTION|>"),                         \
        .section_open = S("<|START_ACTION|>[\n    "),             \
        .open = S("{\"tool_call_id\": \"0\", \"tool_name\": \""), \
        .name_end = S("\", \"parameters\": "),                    \
        .close = S("}"),                                          \
        .between = S(",\n    "),                                  \
        .section_close = S("\n]<|END_ACTION|>"),                  \
    }

#define COHERE_THINK .think_open = S("<|START_THINKING|>"), .think_close = S("<|END_THINKING|>")

#define GEMMA4_CALLS                    \
    .calls = {                          \
        .arguments = ARGUMENTS_QUOTED,  \
        .is_last = true,                \
        .trigger = S("<|tool_call>"),   \
        .open = S("<|tool_call>call:"), \
        .name_end = S("{"),             \
        .close = S("}<tool_call|>"),    \
        .arg_name_end = S(":"),         \
        .arg_between = S(","),          \
        .quote = S("<|\"|>"),           \
    }

/* Calls as Python spells them. */
#define PYTHON_CALLS(first, after_argument, after_call, last) \
    .calls = { .arguments = ARGUMENTS_PYTHON,                 \
               .is_last = true,                               \
               .trigger = S(first),                           \
               .name_end = S("("),                            \
               .close = S(")"),                               \
               .between = S(after_call),                      \
               .arg_name_end = S("="),                        \
               .arg_between = S(after_argument),              \
               .section_close = S(last),

#define LFM2_CALLS                                                                       \
    PYTHON_CALLS("<|tool_call_start|>", ", ", ", ", "]<|tool_call_end|>").section_open = \
        S("<|tool_call_start|>["),                                                       \
    }

#define OLMO3_CALLS                                                                  \
    PYTHON_CALLS("<function_calls>", ", ", "\n", "</function_calls>").section_open = \
        S("<function_calls>"),                                                       \
    }

#define MINISTRAL_CALLS               \
    .calls = {                        \
        .arguments = ARGUMENTS_JSON,  \
        .is_last = true,              \
        .trigger = S("[TOOL_CALLS]"), \
        .open = S("[TOOL_CALLS]"),    \
        .name_end = S("[ARGS]"),      \
    }

#define BRACKET_THINK .think_open = S("[THINK]"), .think_close = S("[/THINK]")

const struct dialect_family dialect_families[] = {
    { "passthrough", .dialect = { .family = NULL } },

    /* Messages with a header each: what opens one closes the one before it. */
    { "harmony",
      .marks = { "<|channel|>", "<|message|>", "commentary" },
      .is_certain = true,
      .dialect = {
          .family = "harmony",
          .think_open = S("<|channel|>analysis<|message|>"),
          .think_close = S("<|end|><|start|>assistant"),
          .content_open = S("<|channel|>final<|message|>"),
          .calls = {
              .arguments = ARGUMENTS_JSON,
              .is_only_first = true,
              .is_last = true,
              .is_single = true,
              .trigger = S("<|channel|>commentary to="),
              .open = S("<|channel|>commentary to=functions."),
              .name_end = S(" <|constrain|>json<|message|>"),
          },
      } },
    { "glimmer",
      .marks = { "<|eom|>", "<atem:function_calls>", "<atem:invoke" },
      .is_certain = true,
      .dialect = {
          .family = "glimmer",
          .think_open = S(" to=self<|message|>"),
          .think_close = S("<|eom|><|start|>assistant"),
          .content_open = S(" to=user<|message|>"),
          .calls = {
              .arguments = ARGUMENTS_RAW,
              .is_only_first = true,
              .is_last = true,
              .trigger = S(" to="),
              .open = S(" to="),
              .name_again = S("<|message|><atem:function_calls>\n<atem:invoke name=\""),
              .name_end = S("\">\n"),
              .close = S("</atem:invoke>\n</atem:function_calls>"),
              .between = S("<|eom|><|start|>assistant"),
              .arg_open = S("<atem:parameter name=\""),
              .arg_name_end = S("\">"),
              .arg_close = S("</atem:parameter>\n"),
          },
      } },

    { "gemma4",
      .marks = { "<|tool_call>", "<tool_call|>", "<|channel>" },
      .is_certain = true,
      .dialect = { .family = "gemma4",
                   .think_open = S("<|channel>thought\n"),
                   .think_close = S("<channel|>"),
                   GEMMA4_CALLS } },
    { "gemma4-no-thinking", .dialect = { .family = "gemma4-no-thinking", GEMMA4_CALLS } },
    { "functiongemma",
      .marks = { "<start_function_call>" },
      .is_certain = true,
      .dialect = { .calls = {
                       .arguments = ARGUMENTS_QUOTED,
                       .is_last = true,
                       .trigger = S("<start_function_call>"),
                       .open = S("<start_function_call>call:"),
                       .name_end = S("{"),
                       .close = S("}<end_function_call>"),
                       .arg_name_end = S(":"),
                       .arg_between = S(","),
                       .quote = S("<escape>"),
                   } } },

    { "cohere",
      .marks = { "<|START_ACTION|>", "<|START_TEXT|>" },
      .is_certain = true,
      .dialect = { .family = "cohere",
                   COHERE_THINK,
                   .content_open = S("<|START_TEXT|>"),
                   .content_close = S("<|END_TEXT|>"),
                   COHERE_CALLS } },
    { NULL,
      .marks = { "<|START_ACTION|>", "<|START_RESPONSE|>" },
      .is_certain = true,
      .dialect = { .family = "cohere",
                   COHERE_THINK,
                   .content_open = S("<|START_RESPONSE|>"),
                   .content_close = S("<|END_RESPONSE|>"),
                   COHERE_CALLS } },

    { "qwen3", .dialect = { HERMES_CALLS } },
    { "qwen3-vl-instruct", .dialect = { HERMES_CALLS } },
    { "qwen3-vl-thinking", .dialect = { THINK, HERMES_CALLS } },
    { "qwen3-coder", .dialect = { CODER_CALLS } },
    { "qwen3.5", .dialect = { THINK, CODER_CALLS } },
    { "ornith", .dialect = { THINK, CODER_CALLS } },
    { "nemotron-3-nano",
      .marks = { "<tool_call>", "<function=", "<parameter=" },
      .dialect = { THINK, CODER_CALLS } },
    { "nemotron-3.5-nano", .dialect = { THINK, CODER_CALLS } },

    { "glm-ocr", .dialect = { THINK, KEY_VALUE_CALLS("") } },
    { "laguna", .dialect = { .family = "laguna", THINK, KEY_VALUE_CALLS("\n") } },
    { "poolside-v1", .dialect = { .family = "poolside-v1", THINK, KEY_VALUE_CALLS("") } },
    { "glm-4.7", .marks = { "<arg_key>", "<arg_value>" }, .dialect = { THINK, KEY_VALUE_CALLS("") } },
    { "qwen3-thinking",
      .marks = { "<tool_call>", "</tool_call>" },
      .dialect = { THINK, HERMES_CALLS } },

    { "cogito",
      .marks = { "<｜tool▁calls▁begin｜>", "```json" },
      .dialect = { THINK, DEEPSEEK_CODE_CALLS } },
    { "deepseek3",
      .marks = { "<｜tool▁calls▁begin｜>" },
      .dialect = { THINK, DEEPSEEK_CALLS("", "<｜tool▁sep｜>", "", "") } },

    { "olmo3-think", .dialect = { THINK } },
    { "olmo3", .marks = { "<function_calls>", "<functions>" }, .dialect = { OLMO3_CALLS } },
    { "lfm2", .dialect = { LFM2_CALLS } },
    { "lfm2-thinking",
      .marks = { "<|tool_list_start|>" },
      .dialect = { THINK, LFM2_CALLS } },
    { "ministral",
      .marks = { "[TOOL_CALLS]", "[ARGS]" },
      .dialect = { BRACKET_THINK, MINISTRAL_CALLS } },

    /* Kimi numbers the calls; a number that is not the right one does no harm. */
    { NULL,
      .marks = { "<|tool_calls_section_begin|>", "<|tool_call_argument_begin|>" },
      .dialect = { .calls = {
                       .arguments = ARGUMENTS_JSON,
                       .is_last = true,
                       .trigger = S("<|tool_calls_section_begin|>"),
                       .section_open = S("<|tool_calls_section_begin|>"),
                       .open = S("<|tool_call_begin|>functions."),
                       .name_end = S(":0<|tool_call_argument_begin|>"),
                       .close = S("<|tool_call_end|>"),
                       .section_close = S("<|tool_calls_section_end|>"),
                   } } },
    { .name = NULL },
};

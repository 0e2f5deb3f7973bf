#include "chat/template/chat_switches.h"

#include "base/json_members.h"

enum chat_level chat_level_of(struct think_choice choice)
{
    static const char *const names[N_LEVELS] = {
        [LEVEL_LOW] = "low", [LEVEL_MEDIUM] = "medium", [LEVEL_HIGH] = "high", [LEVEL_MAX] = "max"
    };
    if (!choice.is_on)
        return LEVEL_OFF;
    for (size_t i = LEVEL_LOW; choice.level && i < N_LEVELS; i++)
        if (strcmp(choice.level, names[i]) == 0)
            return (enum chat_level)i;
    return LEVEL_ON;
}

/* True or false. */
static const char *const flags[] = {
    "enable_thinking", /* Qwen 3, GLM 4.5 and later, SmolLM 3, Nemotron, Gemma 4, EXAONE 4 */
    "thinking",        /* DeepSeek 3.1, Granite 3.2 and later, Kimi K2 */
    "reasoning",       /* Command A */
};
static const char BUDGET[] = "thinking_budget"; /* of Seed-OSS: 0 for none */
/* A level: gpt-oss (low, medium, high), Mistral (none, high), Command A. */
static const char EFFORT[] = "reasoning_effort";

bool chat_write_switches(struct text *out, const struct chat_switches *switches,
                         struct think_choice choice, const struct json *variables)
{
    if (!choice.is_set)
        return true;
    const char *effort = switches->effort[chat_level_of(choice)];
    bool ok = true;
    for (size_t i = 0; ok && i < COUNT_OF(flags); i++)
        if (!json_get(variables, flags[i]))
            ok = write_name(out, flags[i]) &&
                 text_append_string(out, choice.is_on ? "true" : "false");
    if (ok && !choice.is_on && !json_get(variables, BUDGET))
        ok = write_name(out, BUDGET) && text_append_byte(out, '0');
    if (ok && effort && !json_get(variables, EFFORT))
        ok = write_text_member(out, EFFORT, slice_of(effort));
    return ok;
}

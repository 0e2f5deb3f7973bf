#include "cli/model_talents.h"

#include "cli/model_summary.h"

#include <stdio.h>

static void print_capabilities(const struct dialogue *dialogue)
{
    const struct dialect *dialect = dialogue_dialect(dialogue);
    struct chat_template_facts facts = chat_template_facts(dialogue_template(dialogue));
    const struct {
        const char *name;
        bool is_there;
    } talents[] = {
        { "completion", true },
        { "tools", facts.has_tools && dialect->calls.arguments != ARGUMENTS_NONE },
        { "insert", dialogue_can_fill(dialogue) },
        { "thinking", facts.can_think || dialect->think_close.length },
    };
    section_begin("Capabilities");
    for (size_t i = 0; i < COUNT_OF(talents); i++)
        if (talents[i].is_there)
            printf("    %s\n", talents[i].name);
    putchar('\n');
}

void model_talents_print(const struct weights *weights, const struct tokenizer *tokenizer)
{
    struct error err = { 0 };
    struct dialogue *dialogue;
    bool ok = dialogue_open(&dialogue, weights, tokenizer, NULL, &err);
    if (ok)
        print_capabilities(dialogue);
    section_begin("Template");
    section_row(ok ? "origin" : "unusable",
                slice_of(ok ? chat_template_origin(dialogue_template(dialogue)) : err.message));
    putchar('\n');
    dialogue_close(&dialogue);
}

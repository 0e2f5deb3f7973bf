#include "worker/page_budget.h"

#include "kernels/attention.h"
#include "runtime/hearth_control.h"

static uint64_t pages(size_t n_tokens)
{
    return (n_tokens + KV_PAGE_TOKENS - 1) / KV_PAGE_TOKENS;
}

uint64_t page_budget_need(const struct choice *choice)
{
    size_t n_tokens = 0, n_prompt = job_prompt_tokens(choice->job);
    if (choice->state != CHOICE_OVER)
        (void)session_tokens(choice->session, &n_tokens);
    uint64_t need = pages(n_tokens + KV_PAGE_TOKENS);
    return choice->number > 0 ? need - n_prompt / KV_PAGE_TOKENS : need;
}

uint64_t page_budget_taken(struct choice *const *choices, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        if (choices[i]->state == CHOICE_RUNNING)
            sum += page_budget_need(choices[i]);
    return sum;
}

#include "worker/page_budget.h"

#include "kernels/attention.h"

static uint64_t pages(size_t n_tokens)
{
    return (n_tokens + KV_PAGE_TOKENS - 1) / KV_PAGE_TOKENS;
}

uint64_t page_budget_least(const struct choice *choice)
{
    return pages(choice_n_tokens(choice) + 1);
}

/* Whole pages that it has, or will share when it begins. */
static uint64_t count_held(const struct choice *choice, size_t n_tokens)
{
    if (choice->has_begun)
        return (n_tokens - size_min(n_tokens, choice_n_pending(choice))) / KV_PAGE_TOKENS;
    return choice->session && choice->number > 0 ? job_prompt_tokens(choice->job) / KV_PAGE_TOKENS
                                                 : 0;
}

uint64_t page_budget_more(const struct choice *choice)
{
    size_t n_tokens = choice_n_tokens(choice);
    return pages(n_tokens + KV_PAGE_TOKENS) - count_held(choice, n_tokens);
}

uint64_t page_budget_to_come(struct choice *const *choices, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        if (choices[i]->state == CHOICE_RUNNING)
            sum += page_budget_more(choices[i]);
    return sum;
}

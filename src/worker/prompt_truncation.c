#include "worker/prompt_truncation.h"

#include "base/json_members.h"
#include "base/slice_text.h"

static bool has_role(const struct json *message, const char *role)
{
    return slice_is(json_text(json_get(message, "role")), role);
}

/* Where the part begins that always stays; 0 when there is no user. */
static size_t last_user(const struct json *messages)
{
    for (size_t i = json_size(messages); i-- > 0;)
        if (has_role(json_at(messages, i), "user"))
            return i;
    return 0;
}

/* Results go with the call in front of them. */
static bool begins_step(const struct json *message)
{
    return has_role(message, "user") || has_role(message, "assistant");
}

size_t prompt_truncation_steps(const struct json *messages)
{
    size_t n = 0, end = last_user(messages);
    for (size_t i = 0; i < end; i++)
        n += begins_step(json_at(messages, i));
    return n;
}

bool prompt_truncation_write(struct text *out, const struct json *messages, size_t n_steps)
{
    size_t step = 0, end = last_user(messages);
    if (!text_append_byte(out, '['))
        return false;
    for (size_t i = 0; i < json_size(messages); i++) {
        const struct json *message = json_at(messages, i);
        step += i < end && begins_step(message);
        bool is_gone = i < end && step <= n_steps && !has_role(message, "system");
        if (n_steps && is_gone)
            continue;
        if (!write_comma(out) || !json_write(out, message))
            return false;
    }
    return text_append_byte(out, ']');
}

void prompt_truncation_cut(struct token_list *tokens, size_t n_kept, size_t n_most)
{
    if (tokens->count <= n_most)
        return;
    n_kept = size_min(n_kept, n_most);
    size_t n_last = n_most - n_kept;
    memmove(tokens->ids + n_kept, tokens->ids + tokens->count - n_last,
            n_last * sizeof *tokens->ids);
    tokens->count = n_most;
}

uint32_t prompt_truncation_room(uint32_t n_ctx, int32_t n_predict)
{
    uint32_t room = n_ctx / 4;
    if (n_predict >= 0 && (uint32_t)n_predict < room)
        room = (uint32_t)n_predict;
    return room ? room : 1;
}

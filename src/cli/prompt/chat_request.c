#include "cli/prompt/chat_request.h"

/* Whether the assistant has begun to answer. */
static bool is_answer_begun(const struct conversation *conversation)
{
    const struct json *messages = conversation_messages(conversation);
    size_t n = json_size(messages);
    return n && slice_equal(json_text(json_get(json_at(messages, n - 1), "role")),
                            slice_of("assistant"));
}

bool chat_request_open(struct chat_request *request, struct chat_input *input,
                       const struct dialogue *dialogue, struct slice words, int64_t now,
                       struct error *err)
{
    *request = (struct chat_request){ 0 };
    if (input->flags.suffix)
        return dialogue_fill_prompt(dialogue, words, slice_of(input->flags.suffix),
                                    &request->prompt, err);
    if (chat_input_is_plain(input, dialogue_is_plain(dialogue)))
        return dialogue_raw_prompt(dialogue, words, &request->prompt, err);
    if (!chat_input_conversation(&request->conversation, input, words, err))
        return false;
    struct prompt_request prompt = { .conversation = request->conversation,
                                     .think = input->think,
                                     .now = now,
                                     .continues_answer = is_answer_begun(request->conversation) };
    return dialogue_prompt(dialogue, &prompt, &request->prompt, err);
}

void chat_request_release(struct chat_request *request)
{
    chat_prompt_release(&request->prompt);
    conversation_close(&request->conversation);
}

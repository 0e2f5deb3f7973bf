#include "cli/event_line.h"

#include "base/json.h"

bool event_line_text(struct text *line, bool is_thinking, struct slice text)
{
    return text_append_string(line, is_thinking ? "{\"thinking\":" : "{\"content\":") &&
           json_write_string(line, text) && text_append_byte(line, '}');
}

bool event_line_call(struct text *line, const struct called_tool *call)
{
    bool ok =
        text_append_string(line, "{\"tool_calls\":[{") &&
        (!call->id.data || (text_append_string(line, "\"id\":") &&
                            json_write_string(line, call->id) && text_append_byte(line, ',')));
    return ok && text_printf(line, "\"function\":{\"index\":%" PRIu32 ",\"name\":", call->index) &&
           json_write_string(line, call->name) && text_append_string(line, ",\"arguments\":") &&
           text_append_slice(line, call->arguments) && text_append_string(line, "}}]}");
}

bool event_line_done(struct text *line, const struct answer_counts *counts)
{
    return text_printf(line,
                       "{\"done\":true,\"reason\":\"%s\",\"prompt_tokens\":%" PRIu32
                       ",\"answer_tokens\":%" PRIu32 ",\"thinking_tokens\":%" PRIu32 "}",
                       counts->reason, counts->prompt_tokens, counts->answer_tokens,
                       counts->thinking_tokens);
}

#include "cli/run/event_line.h"

#include "base/json.h"

bool event_line_text(struct text *line, enum output_kind kind, struct slice text)
{
    const char *key = kind == OUTPUT_CONTENT ? "{\"content\":" : "{\"thinking\":";
    return text_append_string(line, key) && json_write_string(line, text) &&
           text_append_byte(line, '}');
}

bool event_line_call(struct text *line, const struct tool_call *call)
{
    bool ok =
        text_append_string(line, "{\"tool_calls\":[{") &&
        (!call->id.data || (text_append_string(line, "\"id\":") &&
                            json_write_string(line, call->id) && text_append_byte(line, ',')));
    return ok && text_printf(line, "\"function\":{\"index\":%" PRIu32 ",\"name\":", call->index) &&
           json_write_string(line, call->name) && text_append_string(line, ",\"arguments\":") &&
           text_append_slice(line, call->arguments) && text_append_string(line, "}}]}");
}

bool event_line_done(struct text *line, const struct turn_event *event, uint32_t prompt_tokens)
{
    return text_printf(line,
                       "{\"done\":true,\"reason\":\"%s\",\"prompt_tokens\":%" PRIu32
                       ",\"answer_tokens\":%" PRIu32 ",\"thinking_tokens\":%" PRIu32 "}",
                       done_reason_name(event->done.reason), prompt_tokens,
                       event->done.answer_tokens, event->thinking_tokens);
}

#include "cli/event_line.h"

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

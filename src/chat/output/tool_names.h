/* tool_names.h: tools under names that are identifiers, for models that are shown them as code.
 *
 * Owns the names: what no identifier has is left out or becomes '_', and names that would be the
 * same then get a number. Leaves the tools as they are; borrows their names. One thread fills it,
 * any may look up afterwards. */
#ifndef TOOL_NAMES_H
#define TOOL_NAMES_H

#include "base/base.h"
#include "base/error.h"
#include "base/json.h"

struct tool_names;

/* `tools` as declared in a request, or NULL; must outlive the names. */
bool tool_names_open(struct tool_names **out, const struct json *tools,
                     struct error *err) MUST_CHECK;
void tool_names_close(struct tool_names **names); /* accepts NULL, leaves NULL */

/* What the tool of this number in the list is called; "" for one without a name. */
struct slice tool_names_shown(const struct tool_names *names, size_t index);

/* The declared name of the tool that is shown as `shown`; `shown` itself when there is none. */
struct slice tool_names_declared(const struct tool_names *names, struct slice shown);

#endif

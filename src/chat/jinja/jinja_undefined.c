#include "chat/jinja/jinja_undefined.h"

bool jinja_fail_undefined(struct jinja_run *run, const struct jinja_value *undefined)
{
    const struct jinja_string *string = undefined->string;
    const char *name =
        string ? printable((struct slice){ string->data, string->length }) : "the element";
    struct jinja_value owner = { .kind = undefined->detail };
    switch (undefined->detail) {
    case JINJA_NO_SUCH_NAME:
        return jinja_fail(run, "'%s' is undefined", name);
    case JINJA_NOT_GIVEN:
        return jinja_fail(run, "parameter '%s' was not given", name);
    case JINJA_FORBIDDEN:
        return jinja_fail(run, "a template may not use the attribute '%s'", name);
    case JINJA_EMPTY:
        return jinja_fail(run, "there is no element, the sequence was empty");
    default:
        if (!string)
            return jinja_fail(run, "a %s has no such element", jinja_type_name(&owner));
        return jinja_fail(run, "a %s has no attribute or element '%s'", jinja_type_name(&owner),
                          name);
    }
}

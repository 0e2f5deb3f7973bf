#include "runtime/grammar/string_format.h"

#define DAY                                                                             \
    "(\\d{4}-((0[13578]|1[02])-(0[1-9]|[12]\\d|3[01])|(0[469]|11)-(0[1-9]|[12]\\d|30)|" \
    "02-(0[1-9]|1\\d|2[0-8])))"
#define CLOCK  "(([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,9})?(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d))"
#define OCTET  "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)"
#define LABEL  "[A-Za-z0-9]([A-Za-z0-9]{0,20}(-[A-Za-z0-9]{1,20}){0,2})?"
#define DOMAIN LABEL "(\\." LABEL "){0,4}"

static const struct {
    const char *name, *pattern;
} formats[] = {
    { "date", "^" DAY "$" },
    { "time", "^" CLOCK "$" },
    { "date-time", "^" DAY "T" CLOCK "$" },
    { "duration", "^P(\\d{1,4}W|(\\d{1,4}D)(T\\d{1,4}H(\\d{1,4}M(\\d{1,4}S)?)?)?|"
                  "T\\d{1,4}(H|M|S))$" },
    { "uuid", "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$" },
    { "ipv4", "^" OCTET "\\." OCTET "\\." OCTET "\\." OCTET "$" },
    { "ipv6", "^([0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}$" },
    { "hostname", "^" DOMAIN "$" },
    { "email", "^[A-Za-z0-9_+-]{1,30}(\\.[A-Za-z0-9_+-]{1,20}){0,3}@" DOMAIN "\\.[a-z]{2,6}$" },
    { "uri", "^https?://" DOMAIN "(:[1-9]\\d{0,3})?(/[A-Za-z0-9._~-]{0,200}){0,20}"
             "(\\?[A-Za-z0-9._~=&-]*)?(#[A-Za-z0-9._~-]*)?$" },
    { "uri-reference", "^(https?://" DOMAIN ")?(/[A-Za-z0-9._~-]{0,200}){0,20}$" },
    { "regex", "^[A-Za-z0-9 _-]*$" },
};

const char *string_format_pattern(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(formats); i++)
        if (slice_equal(name, slice_of(formats[i].name)))
            return formats[i].pattern;
    return NULL;
}

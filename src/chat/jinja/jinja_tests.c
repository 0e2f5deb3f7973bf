/* What stands behind `is`: questions that are answered with true or false. */
#include "chat/jinja/jinja_builtin.h"
#include "chat/jinja/jinja_compare.h"
#include "chat/jinja/jinja_integer.h"
#include "chat/jinja/jinja_iterate.h"
#include "chat/jinja/jinja_operate.h"
#include "chat/jinja/jinja_print.h"
#include "chat/jinja/jinja_unicode.h"

#define TEST_FUNCTION(name) \
    static bool name(struct jinja_run *run, const struct jinja_call *call, struct jinja_value *out)

static bool answer(struct jinja_value *out, bool holds)
{
    *out = jinja_bool(holds);
    return true;
}

static bool is_multiple(struct jinja_run *run, const struct jinja_value *v,
                        const struct jinja_value *of, bool *holds)
{
    struct jinja_value rest, zero = jinja_integer(0);
    return jinja_operate(run, OPERATOR_MODULO, v, of, &rest) &&
           jinja_equal(run, &rest, &zero, holds);
}

TEST_FUNCTION(test_even)
{
    bool holds;
    struct jinja_value two = jinja_integer(2);
    return is_multiple(run, &call->self, &two, &holds) && answer(out, holds);
}

TEST_FUNCTION(test_odd)
{
    struct jinja_value rest, one = jinja_integer(1), two = jinja_integer(2);
    bool holds;
    return jinja_operate(run, OPERATOR_MODULO, &call->self, &two, &rest) &&
           jinja_equal(run, &rest, &one, &holds) && answer(out, holds);
}

TEST_FUNCTION(test_divisibleby)
{
    bool holds;
    return is_multiple(run, &call->self, &call->arguments[0], &holds) && answer(out, holds);
}

TEST_FUNCTION(test_defined)
{
    (void)run;
    return answer(out, call->self.kind != JINJA_UNDEFINED);
}

TEST_FUNCTION(test_undefined)
{
    (void)run;
    return answer(out, call->self.kind == JINJA_UNDEFINED);
}

TEST_FUNCTION(test_filter)
{
    (void)run;
    return answer(out, call->self.kind == JINJA_STRING &&
                           jinja_find_filter(jinja_slice(&call->self)) != NULL);
}

TEST_FUNCTION(test_test)
{
    (void)run;
    return answer(out, call->self.kind == JINJA_STRING &&
                           jinja_find_test(jinja_slice(&call->self)) != NULL);
}

TEST_FUNCTION(test_none)
{
    (void)run;
    return answer(out, call->self.kind == JINJA_NONE);
}

TEST_FUNCTION(test_boolean)
{
    (void)run;
    return answer(out, call->self.kind == JINJA_BOOL);
}

TEST_FUNCTION(test_true)
{
    (void)run;
    return answer(out, call->self.kind == JINJA_BOOL && call->self.boolean);
}

TEST_FUNCTION(test_false)
{
    (void)run;
    return answer(out, call->self.kind == JINJA_BOOL && !call->self.boolean);
}

TEST_FUNCTION(test_integer)
{
    (void)run;
    return answer(out, call->self.kind == JINJA_INTEGER || call->self.kind == JINJA_BIG);
}

TEST_FUNCTION(test_float)
{
    (void)run;
    return answer(out, call->self.kind == JINJA_FLOAT);
}

TEST_FUNCTION(test_number)
{
    (void)run;
    return answer(out, jinja_is_number(&call->self));
}

TEST_FUNCTION(test_string)
{
    (void)run;
    return answer(out, call->self.kind == JINJA_STRING);
}

TEST_FUNCTION(test_mapping)
{
    (void)run;
    return answer(out, call->self.kind == JINJA_DICT);
}

/* What has a length and elements by number or key. */
TEST_FUNCTION(test_sequence)
{
    size_t length;
    (void)run;
    return answer(out, jinja_length(&call->self, &length) && call->self.kind != JINJA_VIEW);
}

TEST_FUNCTION(test_iterable)
{
    (void)run;
    return answer(out, jinja_is_iterable(&call->self));
}

TEST_FUNCTION(test_callable)
{
    (void)run;
    switch (call->self.kind) {
    case JINJA_UNDEFINED:
    case JINJA_MACRO:
    case JINJA_FUNCTION:
    case JINJA_METHOD:
    case JINJA_JOINER:
    case JINJA_LOOP:
        return answer(out, true);
    default:
        return answer(out, false);
    }
}

TEST_FUNCTION(test_sameas)
{
    (void)run;
    return answer(out, jinja_same(&call->self, &call->arguments[0]));
}

TEST_FUNCTION(test_escaped)
{
    (void)run;
    return answer(out, call->self.kind == JINJA_STRING && call->self.detail);
}

/* Whether the text has letters with a case and all of them have this one. */
static bool test_case(struct jinja_run *run, const struct jinja_call *call, bool upper,
                      struct jinja_value *out)
{
    struct jinja_value text;
    bool any = false;
    if (!jinja_to_string(run, &call->self, &text) || !jinja_spend(run, text.string->length / 4))
        return false;
    struct slice s = jinja_slice(&text);
    for (size_t n, i = 0; i < s.length; i += n) {
        uint32_t c = jinja_point(s.data + i, s.length - i, &n);
        bool is_upper = jinja_is_upper(c), is_lower = jinja_is_lower(c);
        if (jinja_is_title(c) || (upper ? is_lower : is_upper))
            return answer(out, false);
        any = any || is_upper || is_lower;
    }
    return answer(out, any);
}

TEST_FUNCTION(test_lower)
{
    return test_case(run, call, false, out);
}

TEST_FUNCTION(test_upper)
{
    return test_case(run, call, true, out);
}

static bool test_compare(struct jinja_run *run, const struct jinja_call *call,
                         enum jinja_operator op, struct jinja_value *out)
{
    bool holds;
    return jinja_compare(run, op, &call->self, &call->arguments[0], &holds) && answer(out, holds);
}

TEST_FUNCTION(test_equal)
{
    return test_compare(run, call, OPERATOR_EQUAL, out);
}

TEST_FUNCTION(test_not_equal)
{
    return test_compare(run, call, OPERATOR_NOT_EQUAL, out);
}

TEST_FUNCTION(test_less)
{
    return test_compare(run, call, OPERATOR_LESS, out);
}

TEST_FUNCTION(test_less_equal)
{
    return test_compare(run, call, OPERATOR_LESS_EQUAL, out);
}

TEST_FUNCTION(test_greater)
{
    return test_compare(run, call, OPERATOR_GREATER, out);
}

TEST_FUNCTION(test_greater_equal)
{
    return test_compare(run, call, OPERATOR_GREATER_EQUAL, out);
}

TEST_FUNCTION(test_in)
{
    return test_compare(run, call, OPERATOR_IN, out);
}

#define PLAIN(name, function)     \
    {                             \
        name, function, 0, false, \
        {                         \
            NULL                  \
        }                         \
    }
#define WITH(name, function, parameter) \
    {                                   \
        name, function, 1, false,       \
        {                               \
            parameter                   \
        }                               \
    }
static const struct jinja_builtin test_rows[] = {
    PLAIN("boolean", test_boolean),
    PLAIN("callable", test_callable),
    PLAIN("defined", test_defined),
    WITH("divisibleby", test_divisibleby, "num"),
    PLAIN("escaped", test_escaped),
    PLAIN("even", test_even),
    PLAIN("false", test_false),
    PLAIN("filter", test_filter),
    PLAIN("float", test_float),
    WITH("in", test_in, "seq"),
    PLAIN("integer", test_integer),
    PLAIN("iterable", test_iterable),
    PLAIN("lower", test_lower),
    PLAIN("mapping", test_mapping),
    PLAIN("none", test_none),
    PLAIN("number", test_number),
    PLAIN("odd", test_odd),
    WITH("sameas", test_sameas, "other"),
    PLAIN("sequence", test_sequence),
    PLAIN("string", test_string),
    PLAIN("test", test_test),
    PLAIN("true", test_true),
    PLAIN("undefined", test_undefined),
    PLAIN("upper", test_upper),
    WITH("==", test_equal, "other"),
    WITH("eq", test_equal, "other"),
    WITH("equalto", test_equal, "other"),
    WITH("!=", test_not_equal, "other"),
    WITH("ne", test_not_equal, "other"),
    WITH("<", test_less, "other"),
    WITH("lt", test_less, "other"),
    WITH("lessthan", test_less, "other"),
    WITH("<=", test_less_equal, "other"),
    WITH("le", test_less_equal, "other"),
    WITH(">", test_greater, "other"),
    WITH("gt", test_greater, "other"),
    WITH("greaterthan", test_greater, "other"),
    WITH(">=", test_greater_equal, "other"),
    WITH("ge", test_greater_equal, "other"),
};
const struct jinja_builtins jinja_tests = { test_rows, COUNT_OF(test_rows) };

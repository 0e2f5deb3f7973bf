#include "test.h"

#include "base/late_library.h"

#include <math.h>

TEST(its_functions_are_found_where_they_are_wanted)
{
    struct error err = { 0 };
    __typeof__(cos) *cosine = NULL;
    __typeof__(fma) *multiply_and_add = NULL;
    const struct late_function functions[] = { { "cos", &cosine }, { "fma", &multiply_and_add } };
    assert_ok(late_library_load("libm.so.6", functions, COUNT_OF(functions), &err), err);
    assert_ok(late_library_load("libm.so.6", functions, COUNT_OF(functions), &err), err);
    assert_true(cosine(0.0) == 1.0);
    assert_true(multiply_and_add(2.0, 3.0, 4.0) == 10.0);
}

TEST(what_is_missing_is_named)
{
    struct error err = { 0 };
    void *function = NULL;
    const struct late_function functions[] = { { "no_such_function", &function } };
    assert_false(late_library_load("libnosuch.so.1", functions, 1, &err));
    assert_int_equal(err.code, ERROR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "libnosuch.so.1"));
    assert_false(late_library_load("libm.so.6", functions, 1, &err));
    assert_string_equal(err.message, "library 'libm.so.6' has no function 'no_such_function'");
    assert_null(function);
}

#include "test.h"

#include "base/memory.h"
#include "base/text.h"

TEST(text_grows_up_to_its_limit_and_stays_whole)
{
    struct text text;
    text_init(&text, 10);
    assert_true(text_append_string(&text, "12345"));
    assert_true(text_printf(&text, "%d", 678));
    assert_false(text_append_string(&text, "xyz"));
    assert_string_equal(text.data, "12345678");
    assert_true(text_append(&text, "90", 2));
    assert_false(text_append_byte(&text, '!'));
    assert_int_equal(text.length, 10);
    text_clear(&text);
    assert_int_equal(text.length, 0);
    text_release(&text);
}

TEST(text_survives_a_failing_allocation)
{
    struct text text;
    text_init(&text, 1 << 20);
    memory_fail_after(0);
    assert_false(text_append_string(&text, "x"));
    memory_fail_after(-1);
    assert_int_equal(text.length, 0);
    assert_true(text_append_string(&text, "x"));
    text_release(&text);
}

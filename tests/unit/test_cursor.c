#include "test.h"

#include "base/cursor.h"

TEST(cursor_reads_little_endian_values_and_stops_at_the_end)
{
    static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
    struct cursor c = cursor_over(bytes, sizeof bytes, "some file");
    struct error err = { 0 };
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    const uint8_t *rest;
    assert_ok(cursor_u8(&c, &u8, &err), err);
    assert_ok(cursor_u16(&c, &u16, &err), err);
    assert_ok(cursor_u32(&c, &u32, &err), err);
    assert_ok(cursor_u64(&c, &u64, &err), err);
    assert_int_equal(u8, 1);
    assert_int_equal(u16, 0x0302);
    assert_int_equal(u32, 0x07060504);
    assert_int_equal(u64, 0x0f0e0d0c0b0a0908);
    assert_false(cursor_u16(&c, &u16, &err));
    assert_non_null(strstr(err.message, "some file"));
    assert_false(cursor_bytes(&c, UINT64_MAX, &rest, &err));
    assert_ok(cursor_bytes(&c, 1, &rest, &err), err);
    assert_int_equal(rest[0], 16);
    assert_int_equal(cursor_left(&c), 0);
}

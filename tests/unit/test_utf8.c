#include "test.h"

#include "base/utf8.h"

static size_t length_of(const char *bytes)
{
    return utf8_length((const uint8_t *)bytes, strlen(bytes));
}

TEST(utf8_accepts_what_rfc_3629_allows_and_nothing_else)
{
    assert_int_equal(length_of("a"), 1);
    assert_int_equal(length_of("\xc2\x80"), 2);
    assert_int_equal(length_of("\xe2\x82\xac"), 3);
    assert_int_equal(length_of("\xf4\x8f\xbf\xbf"), 4);
    assert_int_equal(length_of("\xc0\x80"), 0);         /* overlong */
    assert_int_equal(length_of("\xe0\x9f\xbf"), 0);     /* overlong */
    assert_int_equal(length_of("\xed\xa0\x80"), 0);     /* surrogate */
    assert_int_equal(length_of("\xf4\x90\x80\x80"), 0); /* above U+10FFFF */
    assert_int_equal(length_of("\x80"), 0);
    assert_int_equal(length_of("\xe2\x82"), 0);
    assert_int_equal(utf8_length((const uint8_t *)"", 0), 0);
}

TEST(utf8_round_trips_every_code_point)
{
    for (uint32_t c = 0; c <= 0x10ffff; c++) {
        char bytes[4];
        if (c >= 0xd800 && c <= 0xdfff)
            continue;
        size_t n = utf8_encode(c, bytes);
        assert_int_equal(utf8_length((const uint8_t *)bytes, n), n);
        assert_int_equal(utf8_decode((const uint8_t *)bytes, n), c);
    }
}

TEST(utf8_knows_how_much_of_a_sequence_is_missing)
{
    const uint8_t euro[] = { 'x', 0xe2, 0x82, 0xac };
    assert_int_equal(utf8_incomplete_tail(euro, 1), 0);
    assert_int_equal(utf8_incomplete_tail(euro, 2), 1);
    assert_int_equal(utf8_incomplete_tail(euro, 3), 2);
    assert_int_equal(utf8_incomplete_tail(euro, 4), 0);
    assert_int_equal(utf8_incomplete_tail((const uint8_t *)"\x80\x80\x80\x80", 4), 0);
    assert_int_equal(utf8_incomplete_tail((const uint8_t *)"\xed\xa0", 2), 0);
}

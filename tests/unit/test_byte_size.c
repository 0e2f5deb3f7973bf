#include "test.h"

#include "server/config/byte_size.h"

TEST(byte_size_knows_powers_of_1000_and_1024)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } rows[] = {
        { "0", 0 },
        { "4096", 4096 },
        { "12B", 12 },
        { "8GB", 8000000000 },
        { "8gb", 8000000000 },
        { "8 GB", 8000000000 },
        { "8GiB", 8589934592 },
        { "8G", 8589934592 },
        { "1.5GB", 1500000000 },
        { ".5k", 512 },
        { "2TiB", 2199023255552 },
        { "9007199254740992", 9007199254740992 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct error err = { 0 };
        uint64_t bytes = 1;
        assert_ok(byte_size_read(slice_of(rows[i].text), &bytes, &err), err);
        if (bytes != rows[i].bytes)
            fail_msg("%s gives %llu", rows[i].text, (unsigned long long)bytes);
    }
}

TEST(byte_size_refuses_what_is_no_size)
{
    static const char *const texts[] = {
        "",    "GB", "-1GB",      "1XB",   "1GBB", "1.2.3GB", "90%",
        "1e9", ".",  "8192.1TiB", "1 G B", "inf",  "nan",     "999999999999999999999999"
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct error err = { 0 };
        uint64_t bytes;
        if (byte_size_read(slice_of(texts[i]), &bytes, &err))
            fail_msg("'%s' was taken", texts[i]);
        assert_int_equal(err.code, ERROR_USAGE);
    }
}

TEST(byte_share_is_a_part_of_the_whole_or_a_size)
{
    struct error err = { 0 };
    uint64_t bytes;
    assert_ok(byte_share_read(slice_of("90%"), 1000, &bytes, &err), err);
    assert_int_equal(bytes, 900);
    assert_ok(byte_share_read(slice_of("12.5 %"), 1000, &bytes, &err), err);
    assert_int_equal(bytes, 125);
    assert_ok(byte_share_read(slice_of("2k"), 1000, &bytes, &err), err);
    assert_int_equal(bytes, 2048);
    assert_false(byte_share_read(slice_of("101%"), 1000, &bytes, &err));
    assert_false(byte_share_read(slice_of("%"), 1000, &bytes, &err));
}

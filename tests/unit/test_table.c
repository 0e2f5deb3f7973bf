#include "test.h"

#include "base/table.h"

enum { KEYS = 5000 };

TEST(table_finds_what_was_put_and_nothing_else)
{
    static char keys[KEYS][12];
    struct table table;
    assert_true(table_init(&table, 0));
    for (size_t i = 0; i < KEYS; i++) {
        snprintf(keys[i], sizeof keys[i], "key %zu", i);
        assert_true(table_put(&table, slice_of(keys[i]), i));
    }
    uint64_t value;
    for (size_t i = 0; i < KEYS; i++) {
        assert_true(table_get(&table, slice_of(keys[i]), &value));
        assert_int_equal(value, i);
    }
    assert_false(table_get(&table, slice_of("key 5000"), NULL));
    assert_false(table_get(&table, slice_of(""), NULL));
    assert_int_equal(table.count, KEYS);
    table_release(&table);
}

TEST(table_tells_keys_with_nul_bytes_apart_and_replaces_values)
{
    struct table table;
    uint64_t value = 0;
    assert_true(table_init(&table, 4));
    assert_true(table_put(&table, (struct slice){ "a\0b", 3 }, 1));
    assert_true(table_put(&table, (struct slice){ "a\0c", 3 }, 2));
    assert_true(table_put(&table, (struct slice){ "a\0b", 3 }, 3));
    assert_true(table_get(&table, (struct slice){ "a\0b", 3 }, &value));
    assert_int_equal(value, 3);
    assert_int_equal(table.count, 2);
    table_release(&table);
}

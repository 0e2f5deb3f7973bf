#include "test.h"

#include "base/arena.h"

TEST(arena_gives_zeroed_memory_that_does_not_overlap)
{
    struct arena *arena = arena_new(1 << 20);
    unsigned char *pieces[100];
    for (size_t i = 0; i < 100; i++) {
        pieces[i] = arena_alloc(arena, 1000);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        for (size_t b = 0; b < 1000; b++)
            assert_int_equal(pieces[i][b], 0);
        memset(pieces[i], (int)i + 1, 1000);
    }
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(pieces[i][999], i + 1);
    assert_int_equal(arena_used(arena), 100000);
    arena_free(&arena);
    assert_null(arena);
}

TEST(arena_refuses_more_than_its_limit)
{
    struct arena *arena = arena_new(1000);
    assert_non_null(arena_alloc(arena, 900));
    assert_null(arena_alloc(arena, 101));
    assert_non_null(arena_alloc(arena, 100));
    assert_null(arena_alloc_array(arena, SIZE_MAX / 2, 4));
    assert_null(arena_alloc(arena, SIZE_MAX));
    arena_free(&arena);
}

TEST(arena_keeps_small_chunks_usable_after_a_large_piece)
{
    struct arena *arena = arena_new(1 << 24);
    char *before = arena_copy(arena, slice_of("before"));
    assert_non_null(arena_alloc(arena, 1 << 20));
    char *after = arena_printf(arena, "%s %d", "after", 1);
    assert_string_equal(before, "before");
    assert_string_equal(after, "after 1");
    arena_free(&arena);
}

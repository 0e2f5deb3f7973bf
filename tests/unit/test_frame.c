#include "test.h"

#include "base/memory.h"
#include "worker/frame.h"
#include "worker/protocol.h"

static const struct frame samples[] = {
    { FRAME_OPEN, 0, 0, { "{\"path\":\"x.gguf\"}", 17 } },
    { FRAME_CANCEL, 0, 7, { "", 0 } },
    { FRAME_CONTENT, 3, UINT64_MAX, { "a\0b\xff", 4 } },
    { FRAME_END, UINT16_MAX, 1, { NULL, 0 } },
};

static void write_samples(struct text *out)
{
    struct error err = { 0 };
    for (size_t i = 0; i < COUNT_OF(samples); i++)
        assert_ok(frame_write(out, &samples[i], &err), err);
}

static void check_sample(const struct frame *frame, size_t i)
{
    assert_int_equal(frame->kind, samples[i].kind);
    assert_int_equal(frame->choice, samples[i].choice);
    assert_int_equal(frame->request, samples[i].request);
    assert_true(slice_equal(frame->payload, samples[i].payload));
}

TEST(frames_come_back_as_they_were_however_the_bytes_were_cut)
{
    struct text bytes;
    struct error err = { 0 };
    text_init(&bytes, 4096);
    write_samples(&bytes);
    for (size_t piece = 1; piece <= bytes.length; piece++) {
        struct frame_reader reader;
        struct frame frame;
        size_t n = 0;
        frame_reader_init(&reader);
        for (size_t at = 0; at < bytes.length; at += piece) {
            struct slice part = { bytes.data + at, size_min(piece, bytes.length - at) };
            assert_ok(frame_reader_add(&reader, part, &err), err);
            while (frame_reader_next(&reader, &frame)) {
                assert_true(n < COUNT_OF(samples));
                check_sample(&frame, n++);
            }
        }
        assert_int_equal(n, COUNT_OF(samples));
        frame_reader_release(&reader);
    }
    text_release(&bytes);
}

TEST(frames_are_not_given_before_they_are_whole)
{
    struct text bytes;
    struct frame_reader reader;
    struct frame frame;
    struct error err = { 0 };
    text_init(&bytes, 4096);
    assert_ok(frame_write(&bytes, &samples[0], &err), err);
    assert_int_equal(bytes.length, FRAME_HEAD_BYTES + samples[0].payload.length);
    frame_reader_init(&reader);
    assert_false(frame_reader_next(&reader, &frame));
    assert_ok(frame_reader_add(&reader, (struct slice){ bytes.data, bytes.length - 1 }, &err), err);
    assert_false(frame_reader_next(&reader, &frame));
    struct slice last = { bytes.data + bytes.length - 1, 1 };
    assert_ok(frame_reader_add(&reader, last, &err), err);
    assert_true(frame_reader_next(&reader, &frame));
    check_sample(&frame, 0);
    assert_false(frame_reader_next(&reader, &frame));
    frame_reader_release(&reader);
    text_release(&bytes);
}

/* The head of a frame that claims `length` bytes. */
static struct slice claim(uint32_t length)
{
    static char head[FRAME_HEAD_BYTES];
    memcpy(head, &length, sizeof length);
    return (struct slice){ head, sizeof head };
}

TEST(frames_longer_than_possible_are_an_error_wherever_they_stand)
{
    struct frame_reader reader;
    struct frame frame;
    struct error err = { 0 };
    frame_reader_init(&reader);
    assert_false(frame_reader_add(&reader, claim(FRAME_MOST_BYTES + 1), &err));
    assert_int_equal(err.code, ERROR_FORMAT);
    assert_non_null(strstr(err.message, "268435457"));
    frame_reader_release(&reader);

    /* behind a good one, seen when that one was given out */
    struct text bytes;
    text_init(&bytes, 4096);
    assert_ok(frame_write(&bytes, &samples[1], &err), err);
    assert_true(text_append_slice(&bytes, claim(UINT32_MAX)));
    frame_reader_init(&reader);
    assert_ok(frame_reader_add(&reader, text_slice(&bytes), &err), err);
    assert_true(frame_reader_next(&reader, &frame));
    assert_false(frame_reader_next(&reader, &frame));
    assert_false(frame_reader_add(&reader, (struct slice){ "x", 1 }, &err));
    assert_int_equal(err.code, ERROR_FORMAT);
    frame_reader_release(&reader);

    frame_reader_init(&reader);
    assert_ok(frame_reader_add(&reader, claim(FRAME_MOST_BYTES), &err), err);
    assert_false(frame_reader_next(&reader, &frame));
    frame_reader_release(&reader);
    text_release(&bytes);
}

TEST(frames_that_do_not_fit_leave_nothing_behind)
{
    struct text bytes;
    struct error err = { 0 };
    text_init(&bytes, FRAME_HEAD_BYTES + 20);
    assert_ok(frame_write(&bytes, &samples[0], &err), err);
    size_t before = bytes.length;
    assert_false(frame_write(&bytes, &samples[1], &err));
    assert_int_equal(err.code, ERROR_BUDGET);
    assert_int_equal(bytes.length, before);

    struct frame huge = { FRAME_REQUEST, 0, 1, { NULL, (size_t)FRAME_MOST_BYTES + 1 } };
    assert_false(frame_write(&bytes, &huge, &err));
    assert_int_equal(err.code, ERROR_BUDGET);
    assert_int_equal(bytes.length, before);
    text_release(&bytes);
}

TEST(frames_survive_that_memory_runs_out)
{
    struct error err = { 0 };
    for (int64_t n = 0; n < 2; n++) {
        struct text bytes;
        struct frame_reader reader;
        struct frame frame;
        text_init(&bytes, 4096);
        frame_reader_init(&reader);
        memory_fail_after(n);
        bool is_written = frame_write(&bytes, &samples[0], &err);
        bool is_read = is_written && frame_reader_add(&reader, text_slice(&bytes), &err);
        memory_fail_after(-1);
        assert_int_equal(is_written, n > 0);
        assert_false(is_read);
        assert_int_equal(frame_reader_next(&reader, &frame), is_read);
        frame_reader_release(&reader);
        text_release(&bytes);
    }
}

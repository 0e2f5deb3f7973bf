/* Any bytes, cut at any places (the first byte says where): the same frames come out as when they
 * arrive at once, or an error; and what was read can be written again, byte for byte. */
#include "worker/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_WRITTEN = 1 << 20 };

/* All whole frames in front of the first error, written one after another. */
static void read_frames(struct slice bytes, size_t piece, struct text *out)
{
    struct frame_reader reader;
    struct error err = { 0 };
    frame_reader_init(&reader);
    for (size_t at = 0; at < bytes.length; at += piece) {
        struct slice part = { bytes.data + at, size_min(piece, bytes.length - at) };
        if (!frame_reader_add(&reader, part, &err)) {
            assert(err.code == ERROR_FORMAT);
            break;
        }
        for (struct frame frame; frame_reader_next(&reader, &frame);)
            if (!frame_write(out, &frame, &err))
                assert(err.code == ERROR_BUDGET);
    }
    frame_reader_release(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > MOST_WRITTEN)
        return 0;
    struct slice bytes = { (const char *)data + 1, size - 1 };
    struct text whole, cut;
    text_init(&whole, MOST_WRITTEN);
    text_init(&cut, MOST_WRITTEN);
    read_frames(bytes, size, &whole);
    read_frames(bytes, (size_t)data[0] + 1, &cut);
    assert(slice_equal(text_slice(&whole), text_slice(&cut)));
    assert(whole.length <= bytes.length &&
           (whole.length == 0 || memcmp(whole.data, bytes.data, whole.length) == 0));
    text_release(&whole);
    text_release(&cut);
    return 0;
}

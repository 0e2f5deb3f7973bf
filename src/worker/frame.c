#include "worker/frame.h"

struct head {
    uint32_t length;
    uint16_t kind, choice;
    uint64_t request;
};
static_assert(sizeof(struct head) == FRAME_HEAD_BYTES, "a head has no holes");

bool frame_write(struct text *out, const struct frame *frame, struct error *err)
{
    size_t before = out->length;
    if (frame->payload.length > FRAME_MOST_BYTES)
        return fail(err, ERROR_BUDGET, "a message of %zu bytes, at most %d are possible",
                    frame->payload.length, FRAME_MOST_BYTES);
    struct head head = { (uint32_t)frame->payload.length, frame->kind, frame->choice,
                         frame->request };
    if (text_append(out, &head, sizeof head) && text_append_slice(out, frame->payload))
        return true;
    text_truncate(out, before);
    return fail(err, ERROR_BUDGET, "%zu bytes of messages wait to be sent, at most %zu may", before,
                out->limit);
}

void frame_reader_init(struct frame_reader *reader)
{
    *reader = (struct frame_reader){ 0 };
    text_init(&reader->bytes, 2 * (size_t)FRAME_MOST_BYTES);
}

void frame_reader_release(struct frame_reader *reader)
{
    text_release(&reader->bytes);
}

/* The head at the front of what was not given out; false: it is not all there. */
static bool peek_head(const struct frame_reader *reader, struct head *head)
{
    if (reader->bytes.length - reader->n_given < sizeof *head)
        return false;
    memcpy(head, reader->bytes.data + reader->n_given, sizeof *head);
    return true;
}

bool frame_reader_add(struct frame_reader *reader, struct slice bytes, struct error *err)
{
    struct head head;
    if (reader->n_given) {
        size_t rest = reader->bytes.length - reader->n_given;
        memmove(reader->bytes.data, reader->bytes.data + reader->n_given, rest);
        text_truncate(&reader->bytes, rest);
        reader->n_given = 0;
    }
    if (!text_append_slice(&reader->bytes, bytes))
        return fail(err, ERROR_FORMAT, "%zu bytes arrived and no whole message is among them",
                    reader->bytes.length);
    if (peek_head(reader, &head) && head.length > FRAME_MOST_BYTES)
        return fail(err, ERROR_FORMAT, "a message of %" PRIu32 " bytes, at most %d are possible",
                    head.length, FRAME_MOST_BYTES);
    return true;
}

bool frame_reader_next(struct frame_reader *reader, struct frame *frame)
{
    struct head head;
    if (!peek_head(reader, &head) ||
        reader->bytes.length - reader->n_given - sizeof head < head.length)
        return false;
    const char *payload = reader->bytes.data + reader->n_given + sizeof head;
    *frame = (struct frame){ head.kind, head.choice, head.request, { payload, head.length } };
    reader->n_given += sizeof head + head.length;
    return true;
}

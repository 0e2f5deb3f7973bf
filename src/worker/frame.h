/* frame.h: messages between server and worker, cut out of a stream of bytes.
 *
 * Owns the frame's layout: 16 bytes of head (length of the payload, kind, choice, request; this
 * machine's byte order, both ends are the same program), then the payload. Leaves to protocol.h
 * what payloads mean. One thread a reader. */
#ifndef FRAME_H
#define FRAME_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"

/* A longer frame is a broken peer. */
enum { FRAME_HEAD_BYTES = 16, FRAME_MOST_BYTES = 256 << 20 };

struct frame {
    uint16_t kind;   /* enum frame_kind */
    uint16_t choice; /* of several answers to one request, from 0 */
    uint64_t
        request; /* chosen by the server, never twice for one worker; 0: of the worker itself */
    struct slice payload;
};

/* Append a whole frame. ERROR_BUDGET when the payload is over FRAME_MOST_BYTES. */
bool frame_write(struct text *out, const struct frame *frame, struct error *err) MUST_CHECK;

struct frame_reader {
    struct text bytes; /* arrived, and not given out */
    size_t n_given;
};
void frame_reader_init(struct frame_reader *reader);
void frame_reader_release(struct frame_reader *reader);

/* Bytes as they arrived, in pieces of any length. ERROR_FORMAT for a head that makes no sense,
 * after which the stream cannot be read on. */
bool frame_reader_add(struct frame_reader *reader, struct slice bytes,
                      struct error *err) MUST_CHECK;

/* The next whole frame; its payload is valid until the next frame_reader_add. False: none yet. */
bool frame_reader_next(struct frame_reader *reader, struct frame *frame);

#endif

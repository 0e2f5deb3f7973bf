/* call_reader.h: one call after another, by the texts of a dialect, in text that grows.
 *
 * Owns the spellings of dialect.h and what is forgiven of them: white space, a missing end, other
 * names for "arguments", more members than expected. No byte is searched twice for the same, so
 * that reading byte by byte costs no more. Private to the parsers. */
#ifndef CALL_READER_H
#define CALL_READER_H

#include "chat/output/call_arguments.h"
#include "chat/dialect/call_literals.h"
#include "chat/output/call_value.h"
#include "chat/dialect.h"
#include "chat/dialect/loose_match.h"
#include "chat/output/output_family.h"

enum call_reading {
    CALL_READ,
    CALL_UNFINISHED, /* more text must arrive */
    CALL_UNREADABLE, /* it is no call */
    CALL_FAILED,
};

struct call_reader {
    const struct call_syntax *syntax;
    size_t object_at;  /* of a call that is one JSON object: where it begins within `open` */
    size_t close_at;   /* and where what follows it begins within `close` */
    bool is_object;    /* it is one */
    bool is_undecided; /* the text may be none: only a known tool's name makes it a call */
    /* the call that is being read */
    int phase;
    size_t at, searched; /* offsets: done with, looked at for what ends the part that is read */
    bool is_strict;      /* this argument began as the texts say, so it ends so */
    struct bracket_scan brackets;
    struct literal_scan literals;
    struct call_arguments pairs;
    struct text name, id, key, arguments; /* complete once CALL_READ */
};

void call_reader_init(struct call_reader *r, const struct call_syntax *syntax);
void call_reader_release(struct call_reader *r);

/* Before each call; `is_first` of those that follow each other. */
void call_reader_begin(struct call_reader *r, bool is_first);

/* `text` is all that arrived since the call began; when it is read, *n_bytes is its length. A call
 * that is unfinished in the last text is unreadable. */
enum call_reading call_reader_read(struct call_reader *r, const struct output_parser *p,
                                   struct slice text, size_t *n_bytes, struct error *err);

#endif

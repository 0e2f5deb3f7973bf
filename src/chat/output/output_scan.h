/* output_scan.h: what the state machines of output families look for: tags, and the white space
 * around them.
 *
 * Owns nothing; works on the pending text of a parser. Whatever could still become a tag, or white
 * space that a tag would swallow, waits. */
#ifndef OUTPUT_SCAN_H
#define OUTPUT_SCAN_H

#include "chat/output/output_family.h"
#include "base/slice_text.h"
#include "chat/white_space.h"

/* Whether `text` is a beginning of `tag`, but not all of it; empty text is one. */
bool may_become(struct slice text, const char *tag);

/* Text of one kind, up to one of several tags. */
struct text_until {
    enum output_kind kind;
    const char *const *tags;
    size_t n_tags;
    bool is_silent;  /* the text is read, but not emitted */
    unsigned trims;  /* bit i: white space before tags[i] is not part of the text */
    unsigned stays;  /* bit i: tags[i], and white space that it trims, are not consumed */
    bool drops_rest; /* what waits for a tag is lost when the answer ends without it */
    bool trims_end;  /* white space at the end of the answer is lost */
};

enum { NO_TAG = -1, SCAN_FAILED = -2 };

/* Emit what is certain. Returns the index of the first tag, consumed (unless it stays); NO_TAG when
 * more text must arrive; SCAN_FAILED when the receiver failed. */
int scan_text(struct output_parser *p, const struct text_until *until, struct error *err);

/* The same for text that is read as one piece: *body is what stands before the first of the tags
 * (found at its index), once that has arrived. Nothing is consumed; no byte is searched twice, so
 * all calls up to then must name the same tags. */
int scan_piece(struct output_parser *p, const char *const *tags, size_t n_tags, struct slice *body);

/* Consume white space; true when something else follows (or the answer is over). */
bool scan_past_space(struct output_parser *p);

/* Whether the text begins with a tag, apart from white space: n_bytes of both. Unsure: more text
 * must arrive, or nothing but a beginning of it is all there is. */
enum tag_place { TAG_HERE, TAG_ELSEWHERE, TAG_UNSURE };
enum tag_place opening_tag(const struct output_parser *p, const char *tag, size_t *n_bytes);

#endif
